"""How much of a convolution is drawn: all of it, or of a large one the first rows and cols."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from convista.picture.diagram.landing import Axis, Convolution

CELLS, NUMBERED, SLICES, STOPS = 32, 12, 6, 200
"""The most cells a side, those with a number in each, the most slices of a depth, the most stops."""

Stop = tuple[int, int, int]


@dataclass(frozen=True)
class View:
    """A convolution with three axes and the part of it that is drawn.

    >>> from convista.picture.diagram.reading import convolution
    >>> view = View(convolution((224, 224), 7, 2, 3), numbered=False)
    >>> view.board, view.output, view.whole
    ((1, 32, 32), (1, 13, 13), False)
    """

    plan: Convolution
    numbered: bool

    @cached_property
    def axes(self) -> tuple[Axis, Axis, Axis]:
        """Depth, rows, cols; those that are not there have one cell."""
        depth, rows, cols = (*(Axis(1),) * (3 - len(self.plan.axes)), *self.plan.axes)
        return depth, rows, cols

    @cached_property
    def board(self) -> Stop:
        """How many cells of the board are drawn."""
        most = (SLICES, *(NUMBERED if self.numbered else CELLS,) * 2)
        # At least one stop is drawn.
        depth, rows, cols = (
            min(axis.board, max(limit, axis.taps(0)[-1] + 1)) for axis, limit in zip(self.axes, most, strict=True)
        )
        return depth, rows, cols

    @cached_property
    def output(self) -> Stop:
        """How many cells of the output are drawn: those whose window is."""
        depth, rows, cols = (
            sum(axis.taps(stop)[-1] < cells for stop in range(axis.output))
            for axis, cells in zip(self.axes, self.board, strict=True)
        )
        return depth, rows, cols

    @cached_property
    def input(self) -> Stop:
        """How many numbers of the input are drawn."""
        depth, rows, cols = (
            sum(axis.source(cell) is not None for cell in range(cells))
            for axis, cells in zip(self.axes, self.board, strict=True)
        )
        return depth, rows, cols

    @property
    def whole(self) -> bool:
        """Whether all of it is drawn."""
        return self.board == tuple(axis.board for axis in self.axes)

    @cached_property
    def stops(self) -> list[Stop]:
        """The stops that are drawn one after the other."""
        return _all(*map(range, self.output))[:STOPS]

    def taps(self, stop: Stop) -> list[Stop]:
        """Return the cells of the board under the weights."""
        return _all(*(axis.taps(place) for axis, place in zip(self.axes, stop, strict=True)))

    def weights(self) -> list[Stop]:
        """Return which weight lies on each of them."""
        return _all(*([axis.weight(place) for place in range(axis.kernel)] for axis in self.axes))

    def source(self, cell: Stop) -> Stop | None:
        """Return which number of the input a cell of the board holds."""
        depth, row, col = (axis.source(place) for axis, place in zip(self.axes, cell, strict=True))
        return None if depth is None or row is None or col is None else (depth, row, col)

    def kind(self, cell: Stop) -> str:
        """Return what a cell of the board is: padding wherever one axis says so, else a zero wherever one does."""
        kinds = {axis.kind(place) for axis, place in zip(self.axes, cell, strict=True)}
        return next(kind for kind in ("padding", "zero", "input") if kind in kinds)


def _all(depth: Iterable[int], rows: Iterable[int], cols: Iterable[int]) -> list[Stop]:
    return list(product(depth, rows, cols))
