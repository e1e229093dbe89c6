"""A convolution as a matrix: a row for each number of the output, a col for each of the input."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.picture.diagram import formula
from convista.picture.diagram.cells import all_places
from convista.picture.diagram.grid import Grid, Panel, panel
from convista.picture.diagram.landing import Convolution
from convista.picture.diagram.shapes import Label, Labels, Scene, Shape, words
from convista.picture.diagram.stage import MARGIN, TOP
from convista.picture.diagram.values import short
from convista.picture.diagram.words import say, times
from convista.picture.svg import text_width

MOST = 64
"""So many rows and so many cols a matrix may have to be read."""

_NAME, _APART = 9, 36


def convolution_matrix(plan: Convolution, weights: NDArray[Any]) -> NDArray[Any]:
    """Return C (outputs, inputs): C times the input, as one column, is the output as one column.

    The matrix of the transposed convolution with the same numbers is C's transpose.

    >>> from convista.picture.diagram.reading import convolution
    >>> convolution_matrix(convolution((4,), 2, 2), np.array([5, 7])).tolist()
    [[5, 7, 0, 0], [0, 0, 5, 7]]
    """
    matrix = np.zeros((prod(plan.output), prod(plan.size)), weights.dtype)
    for row, col, weight in entries(plan):
        matrix[row, col] = weights[weight]
    return matrix


def entries(plan: Convolution) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yield row, col and the weight's place of each entry of C that is no zero."""
    for row, stop in enumerate(plan.stops):
        for number, weight in plan.reads(stop):
            yield row, int(np.ravel_multi_index(number, plan.size)), weight


def matrix_scene(plan: Convolution, weights: NDArray[Any] | None = None, *, language: str = "en") -> Scene:
    """Return the input and the output, numbered, the kernel, and the matrix between them.

    Parameters
    ----------
    plan
        The convolution: one row or a plane.
    weights
        What stands in the matrix; None: the weights' rows and cols in the kernel.
    """
    _check(plan)
    title = say("matrix_title", language, title=formula.title(plan, language))
    panels = _panels(plan, weights, language)
    matrix = panels[-1]
    filled = list(entries(plan))
    foot = formula.formulas(plan, language)
    width = max([one.right for one in panels] + [MARGIN + text_width(line, 14) * 1.12 for line in (title, *foot)])
    bottom = max(one.bottom for one in panels) + 14
    lines = [words(MARGIN, bottom + 12 + 18 * place, line) for place, line in enumerate(foot)]
    text = say("matrix_told", language, title=title, all=prod(plan.output) * prod(plan.size), filled=len(filled))
    return Scene(
        width + MARGIN, bottom + 10 + 18 * len(foot), title, text,
        (words(MARGIN, 26, title, size=14, bold=True), *_still(plan, panels, weights, filled), *lines),
        still=tuple(_marks(panels, 0, filled)),
        moments=tuple(tuple(_marks(panels, row, filled)) for row in range(matrix.grids[0].rows)),
        language=language,
    )  # fmt: skip


def _check(plan: Convolution) -> None:
    rows, cols = prod(plan.output), prod(plan.size)
    if max(rows, cols) > MOST or len(plan.axes) > 2:
        raise ValueError(
            f"size (={times(plan.size)}) makes a matrix of {rows:,} rows and {cols:,} cols; it is drawn up to {MOST} "
            'each, for one or two axes: give a smaller size, such as 5, or view="stops"'
        )


def _panels(plan: Convolution, weights: NDArray[Any] | None, language: str) -> list[Panel]:
    """Return input, kernel and output one below the other, and the matrix beside them."""
    made, y = [], TOP
    for key, size in (("input", plan.size), ("kernel", plan.kernel), ("output", plan.output)):
        note = times(size) if key == "kernel" else say("numbered", language, size=times(size))
        rows, cols = (1, *size)[-2:]
        side = 24.0 if key != "kernel" else _side(plan, weights)
        made.append(panel(MARGIN, y, (1, rows, cols), side, say(key, language), note))
        y = made[-1].bottom + 16
    rows, cols = prod(plan.output), prod(plan.size)
    note = say("matrix_size", language, rows=rows, cols=cols)
    x = max(one.right for one in made) + _APART
    side = _side(plan, weights)
    low = panel(x + 22, TOP, (1, rows, cols), max(18.0, min(side, 24)), say("matrix", language), note, ("",), wide=side)
    return [*made, low]


def _side(plan: Convolution, weights: NDArray[Any] | None) -> float:
    return max(22.0, max(text_width(name, _NAME) for name in _names(plan, weights).values()) + 4)


def _names(plan: Convolution, weights: NDArray[Any] | None) -> dict[tuple[int, ...], str]:
    """Return what stands for each weight: itself, or its place in the kernel."""
    if weights is None:
        return {place: ",".join(map(str, place)) for place in np.ndindex(*plan.kernel)}
    return {place: short(weights[place].item()) for place in np.ndindex(*plan.kernel)}


def _still(
    plan: Convolution, panels: list[Panel], weights: NDArray[Any] | None, filled: list[tuple[int, int, tuple[int, ...]]]
) -> Iterator[Shape]:
    names = _names(plan, weights)
    for one in panels:
        yield from one.head()
    given, kernel, output, matrix = (one.grids[0] for one in panels)
    for grid, look in ((given, "input"), (output, "output")):
        yield grid.cells(all_places(grid), look)
        yield grid.texts(((place, str(number)) for number, place in enumerate(all_places(grid))), 10, "ink")
    places = dict(zip(all_places(kernel), names.values(), strict=True))
    yield kernel.cells(places, "window")
    yield kernel.texts(places.items(), _NAME, "ink")
    yield matrix.cells(all_places(matrix), "paper", thick=0.5)
    yield matrix.cells([(row, col) for row, col, _ in filled], "window")
    yield matrix.texts((((row, col), names[weight]) for row, col, weight in filled), _NAME, "ink")
    yield from _margins(matrix)


def _margins(matrix: Grid) -> Iterator[Labels]:
    """Yield the numbers of the outputs beside the rows and of the inputs above the cols."""
    beside = tuple(Label(matrix.x - 5, matrix.centre(row, 0)[1] + 3, str(row)) for row in range(matrix.rows))
    above = tuple(Label(matrix.centre(0, col)[0], matrix.y - 5, str(col)) for col in range(matrix.cols))
    yield Labels(beside, "output_line", _NAME, "end")
    yield Labels(above, "input_line", _NAME)


def _marks(panels: list[Panel], row: int, filled: list[tuple[int, int, tuple[int, ...]]]) -> Iterator[Shape]:
    """Yield one row of the matrix and what it stands for."""
    given, _, output, matrix = (one.grids[0] for one in panels)
    read = [divmod(col, given.cols) for at, col, _ in filled if at == row]
    yield given.cells(read, edge="window_line", thick=2)
    yield output.cells([divmod(row, output.cols)], edge="output_line", thick=2.5)
    yield matrix.frame((row, 0), (row, matrix.cols - 1), edge="output_line", thick=2)
