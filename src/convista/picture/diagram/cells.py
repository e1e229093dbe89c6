"""The cells of a convolution's panels: plain ones by what they are, numbered ones in the colours of their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from convista.picture.colours import Limits, value_limits
from convista.picture.diagram.grid import Grid
from convista.picture.diagram.numbers import Numbers
from convista.picture.diagram.shapes import Labels, Shape
from convista.picture.diagram.stage import NUMBER, Stage
from convista.picture.diagram.values import painted, short
from convista.picture.diagram.view import View

Look = tuple[str, str, str]
"""The filling, the ink on it, the dashes around it."""
Places = list[tuple[int, int]]


def still_cells(stage: Stage) -> Iterator[Shape]:
    """Yield what is always there: the panels' words and cells."""
    for one in stage.panels:
        yield from one.head()
    yield from _plain_cells(stage) if stage.numbers is None else _all_numbered(stage, stage.numbers)


def all_places(grid: Grid) -> Places:
    """Return every (row, col) of a grid."""
    return [(row, col) for row in range(grid.rows) for col in range(grid.cols)]


def _plain_cells(stage: Stage) -> Iterator[Shape]:
    view = stage.view
    for depth, grid in enumerate(stage.board.grids):
        kinds: dict[str, Places] = {}
        for row, col in all_places(grid):
            kinds.setdefault(view.kind((depth, row, col)), []).append((row, col))
        for kind in ("padding", "zero", "input"):  # the solid edges above the dashed ones
            yield grid.cells(kinds.get(kind, ()), kind, dashes="2 2" if kind == "padding" else "")
    for grid in stage.given.grids if stage.given else ():
        yield grid.cells(all_places(grid), "input")
    for grid in stage.output.grids:
        yield grid.cells(all_places(grid), "output")


def _all_numbered(stage: Stage, numbers: Numbers) -> Iterator[Shape]:
    view = stage.view
    limits = span_of(numbers.image)  # one colour is one number in both panels of the input
    yield from numbered(stage.board.grids, numbers.board(view), limits, view=view)
    if stage.given:
        yield from numbered(stage.given.grids, numbers.image[tuple(map(slice, view.input))], limits)
    if stage.kernel:
        yield from numbered(stage.kernel.grids, numbers.laid(view), fill="window")
    yield from numbered(stage.output.grids, numbers.output[tuple(map(slice, view.output))], span_of(numbers.output))


def span_of(values: NDArray[Any]) -> Limits | None:
    """Return the values at the ends of the colour map, around zero where one is negative; None where all are one.

    >>> import numpy as np
    >>> span_of(np.array([1, 5])), span_of(np.array([-1, 5])), span_of(np.array([3, 3]))
    ((1.0, 5.0), (-5.0, 5.0), None)
    """
    low, high = value_limits(values)
    if low < 0:
        return value_limits(values, center=0)
    return (low, high) if low < high else None


def numbered(
    grids: tuple[Grid, ...], values: NDArray[Any], limits: Limits | None = None, *, view: View | None = None,
    fill: str = "", size: float = NUMBER,
) -> Iterator[Shape]:  # fmt: skip
    """Yield cells with their numbers in them.

    Parameters
    ----------
    grids
        One for each slice of `values` (depth, rows, cols).
    limits
        The values at the ends of the colour map.
    view
        Whose board it is: its padding is dashed, and the zeros that are none of the input's are faint.
    fill
        One filling for all, in place of the colours of the numbers.
    size
        Of the numbers; 0: none.
    """
    fills, inks = painted(values, limits)
    for depth, grid in enumerate(grids):
        looks: dict[Look, Places] = {}
        for row, col in all_places(grid):
            place = depth, row, col
            look = (fill, "ink", "") if fill else (fills[place], inks[place], "")
            kind = view.kind(place) if view else "input"
            if kind != "input":
                look = kind, "faint", "2 2" if kind == "padding" else ""
            looks.setdefault(look, []).append((row, col))
        for (inside, _, dashes), places in sorted(looks.items(), key=lambda item: item[0][2], reverse=True):
            yield grid.cells(places, inside, dashes=dashes)
        if size:
            yield from _texts(grid, values[depth], looks, size)


def _texts(grid: Grid, values: NDArray[Any], looks: dict[Look, Places], size: float) -> Iterator[Labels]:
    inks: dict[str, Places] = {}
    for (_, ink, _), places in looks.items():
        inks.setdefault(ink, []).extend(places)
    for ink, places in inks.items():
        yield grid.texts((((row, col), short(values[row, col].item())) for row, col in sorted(places)), size, ink)
