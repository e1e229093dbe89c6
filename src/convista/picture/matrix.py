"""A confusion matrix as SVG text: a square of cells, blue where the class is right, orange where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from convista.picture.svg import block, clipped, element, svg_root, text, text_width

RIGHT, WRONG = "#1a5fb4", "#c4580a"
NUMBERS_UP_TO = 20
"""With more classes than this the cells are too small for numbers."""
NAMES_UP_TO = 60

_SIDE, _TOP, _WIDEST = 480, 66, 120  # pixels of the square, above it, and of the longest name


def matrix_chart(counts: NDArray[np.int64], names: Sequence[str], *, title: str, rows: str, cols: str) -> str:
    """Return counts (classes, classes) as cells that are the deeper the larger they are.

    Those on the diagonal are as deep as their share of the row, the others as their share of the largest of them.

    Parameters
    ----------
    counts
        How many of each class (row) were taken for each class (column).
    names
        Of the classes.
    title, rows, cols
        What it shows, what the rows and what the columns are.

    Examples
    --------
    >>> svg = matrix_chart(np.array([[8, 2], [0, 9]]), ["3", "7"], title="Confusion", rows="is", cols="said")
    >>> svg.count("<rect"), svg.count("<text")
    (3, 10)
    """
    side = _SIDE / len(names)
    named = len(names) <= NAMES_UP_TO and side >= 8
    left = 24 + (min(_WIDEST, max(map(text_width, names))) if named else 0)
    head = [text(8, 22, clipped(title, left + _SIDE, 15), size=15, bold=True)]
    head += [text(8, _TOP - 26, rows), text(left + _SIDE / 2, _TOP - 26, cols, anchor="middle")]
    body = [*_names(names, left, side)] if named else []
    body += _cells(counts, left, side)
    words = element("title", title) + element("desc", f"{rows}; {cols}; {counts.trace():,} of {counts.sum():,} right.")
    return svg_root(left + _SIDE + 16, _TOP + _SIDE + 16, [words, *head, *body])


def _names(names: Sequence[str], left: float, side: float) -> Iterator[str]:
    size = int(min(12, side))
    for number, name in enumerate(names):
        middle = (number + 0.5) * side
        yield text(left - 8, _TOP + middle + 4, clipped(name, _WIDEST, size), anchor="end", size=size)
        yield text(left + middle, _TOP - 6, clipped(name, side - 2, size), anchor="middle", size=size)


def _cells(counts: NDArray[np.int64], left: float, side: float) -> Iterator[str]:
    totals = counts.sum(axis=1)
    most = int((counts - np.diag(np.diag(counts))).max(initial=0))
    gap = min(2.0, side / 8)
    for (row, col), count in np.ndenumerate(counts):
        if not count:
            continue
        colour, deepest = (RIGHT, totals[row]) if row == col else (WRONG, most)
        x, y = left + col * side, _TOP + row * side
        yield block(x, y, side - gap, side - gap, colour, 0.1 + 0.5 * float(count / deepest))
        if len(counts) <= NUMBERS_UP_TO:
            yield text(x + (side - gap) / 2, y + side / 2 + 4, f"{count:,}", anchor="middle", size=11)
