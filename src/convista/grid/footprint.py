"""Which pixels of one axis a run of stops sees: how an image that is not all there is cut without changing a sum.

The numbers beyond the edge are those of `border`: a footprint at the edge of a circular image also names pixels of
the far side, and one of a reflected image says in which order its pixels are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convista.grid.border import border_index
from convista.window import Pair, reach

if TYPE_CHECKING:
    from convista.grid.problem import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Footprint:
    """The pixels that the windows of some stops cover, along one axis."""

    spans: tuple[Pair, ...]
    """First and past-the-last pixel of each stretch, from left to right and apart."""
    order: NDArray[np.intp] | None
    """Which of those pixels stands where under the windows; None where they stand as they are."""
    pads: Pair
    """Fill values before and after them, with padding_mode "zeros"."""

    @property
    def size(self) -> int:
        """How many pixels the stretches have."""
        return sum(last - first for first, last in self.spans)

    @property
    def length(self) -> int:
        """How many stand in a row under the windows, those repeated at a border included, fill values not."""
        return self.size if self.order is None else len(self.order)


@dataclass(frozen=True, slots=True)
class Steps:
    """How windows follow each other along one axis."""

    reach: int
    """Pixels from a window's first to its last."""
    stride: int
    pads: Pair
    mode: str

    def footprint(self, size: int, first: int, last: int) -> Footprint:
        """Return what the stops `first` to ``last - 1`` see of an axis of `size` pixels.

        >>> Steps(3, 1, (1, 1), "zeros").footprint(10, 0, 4)
        Footprint(spans=((0, 5),), order=None, pads=(1, 0))
        >>> Steps(3, 1, (1, 1), "circular").footprint(10, 0, 4)
        Footprint(spans=((0, 5), (9, 10)), order=array([5, 0, 1, 2, 3, 4]), pads=(0, 0))
        """
        begin = first * self.stride - self.pads[0]
        end = (last - 1) * self.stride - self.pads[0] + self.reach
        if self.mode == "zeros":
            before = min(max(-begin, 0), end - begin)
            after = min(max(end - size, 0), end - begin)
            on_image = min(max(begin, 0), size), min(max(end, 0), size)  # empty where all stops see nothing but fill
            return Footprint((on_image,), None, (before, after))
        seen = border_index(size, (-begin, end - size), self.mode)
        return _as_they_come(seen) or _in_order(seen)

    def shares(self, chunks: Sequence[int], stops: int) -> list[Pair]:
        """Return the first and past-the-last stop of each chunk: those whose window's middle lies in it.

        Stops in the padding go to the nearest chunk; chunks without a stop are left out.

        >>> Steps(3, 1, (1, 1), "zeros").shares((4, 4, 2), 10), Steps(3, 3, (0, 0), "zeros").shares((4, 1, 5), 3)
        ([(0, 4), (4, 8), (8, 10)], [(0, 1), (1, 2), (2, 3)])
        """
        middle = (self.reach - 1) // 2 - self.pads[0]  # of the window at stop 0
        ends = np.cumsum(np.asarray(chunks, np.int64))[:-1].tolist()
        edges = [0, *(min(max(-((middle - end) // self.stride), 0), stops) for end in ends), stops]
        return [(first, last) for first, last in pairwise(edges) if first < last]


def steps_of(problem: Problem) -> tuple[Steps, Steps]:
    """Return how the windows of a convolution move along rows and cols."""
    each = zip(problem.kernel, problem.dilation, problem.stride, problem.pads, strict=True)
    rows, cols = (Steps(reach(k, d), stride, pads, problem.padding_mode) for k, d, stride, pads in each)
    return rows, cols


def plain_footprint(first: int, last: int) -> Footprint:
    """Return some pixels of an axis along which no window moves.

    >>> plain_footprint(0, 3)
    Footprint(spans=((0, 3),), order=None, pads=(0, 0))
    """
    return Footprint(((first, last),), None, (0, 0))


def arrange(tile: NDArray[Any], footprints: Sequence[Footprint]) -> NDArray[Any]:
    """Return the pixels of some footprints, an axis each, in the order in which the windows see them."""
    for axis, footprint in enumerate(footprints):
        if footprint.order is not None:
            tile = tile.take(footprint.order, axis)
    return tile


def _as_they_come(seen: NDArray[np.intp]) -> Footprint | None:
    begin, end = int(seen[0]), int(seen[0]) + len(seen)
    return plain_footprint(begin, end) if np.array_equal(seen, np.arange(begin, end)) else None


def _in_order(seen: NDArray[np.intp]) -> Footprint:
    used, order = np.unique(seen, return_inverse=True)
    stretches = np.split(used, np.flatnonzero(np.diff(used) > 1) + 1)
    return Footprint(tuple((int(each[0]), int(each[-1]) + 1) for each in stretches), order, (0, 0))
