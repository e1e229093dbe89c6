"""Numbers as text in aligned columns, with the numbers of their rows and columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray


def number_format(values: NDArray[Any], decimals: int = 2) -> Callable[[Any], str]:
    """Return the one format that all of `values` are written in.

    Whole numbers stay whole. Floats get `decimals` digits after the point; where that would show many digits or
    only zeros, they are written with a power of ten.

    >>> number_format(np.array([3, 250]))(250), number_format(np.array([0.5, -1.25]))(0.5)
    ('250', '0.50')
    >>> number_format(np.array([2e-5, 1e-6]))(2e-5), number_format(np.array([3e9]))(3e9)
    ('2.00e-05', '3.00e+09')
    """
    if values.dtype.kind != "f":
        return lambda value: str(int(value))
    sizes = np.abs(values[np.isfinite(values)])
    largest = float(sizes.max(initial=0))
    plain = largest == 0 or 10.0**-decimals <= largest < 1e7
    code = f"z.{decimals}{'f' if plain else 'e'}"
    return lambda value: format(float(value), code)


def text_table(
    values: NDArray[Any], rows: Sequence[int], cols: Sequence[int], *, decimals: int = 2, width: int | None = None
) -> str:
    """Return `values` (rows, cols) in right-aligned columns under their numbers.

    Parameters
    ----------
    values
        One number per cell.
    rows, cols
        The numbers to write beside the rows and above the columns.
    decimals
        Digits after the point of floats.
    width
        Characters a line may have; columns that don't fit are left out and counted. None: no limit.

    Examples
    --------
    >>> print(text_table(np.array([[0, 250], [9, 17]]), [4, 5], [6, 7]))
         6   7
    4    0 250
    5    9  17
    """
    write = number_format(values, decimals)
    most = len(cols) if width is None else width // 2
    heads = [str(col) for col in cols[:most]]
    cells = [[write(value) for value in row[:most]] for row in values]
    side = max(len(str(row)) for row in rows)
    longest = list(accumulate((max(map(len, column)) for column in zip(heads, *cells, strict=True)), max))
    shown = len(cols) if width is None else _that_fit(longest, width - side - 1)
    size = longest[shown - 1]
    lines = [_line("", heads[:shown], side, size)]
    lines += [_line(str(row), line[:shown], side, size) for row, line in zip(rows, cells, strict=True)]
    return "\n".join(lines + left_out(len(cols) - shown, "column"))


def left_out(count: int, noun: str) -> list[str]:
    """Return the line that says how many are not shown, or no line.

    >>> left_out(12, "column"), left_out(1, "row"), left_out(0, "row")
    (['... 12 more columns'], ['... 1 more row'], [])
    """
    return [f"... {count:,} more {noun}{'s' * (count > 1)}"] if count else []


def _that_fit(longest: list[int], room: int) -> int:
    """Return how many columns, at least one, fit; `longest[n - 1]` is the longest text of the first n."""
    return max(sum(count * (size + 1) <= room for count, size in enumerate(longest, 1)), 1)


def _line(head: str, cells: list[str], side: int, size: int) -> str:
    return head.rjust(side) + " " + "".join(f" {cell:>{size}}" for cell in cells)
