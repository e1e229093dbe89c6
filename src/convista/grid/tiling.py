"""How a convolution is cut into tiles: the size whose transforms cost least for the results that they give."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from convista.grid.lanes import lanes
from convista.grid.transform import SIZES
from convista.window import Pair

NEAR = 1 << 20
"""Bytes of the second cache (L2) that a tile and its spectrum should fit into."""

BAND = 64
"""Columns that are read or written together, so that memory is met in pieces of a few hundred bytes."""


class Tiling(NamedTuple):
    """The tiles of one result plane."""

    rows: int
    """Size of a tile."""
    cols: int
    down: int
    """Rows of the result that a tile gives."""
    right: int
    tiles_down: int
    tiles_right: int

    @property
    def tiles(self) -> int:
        """All tiles of the plane."""
        return self.tiles_down * self.tiles_right


@lru_cache(maxsize=512)
def choose(planes: int, output: Pair, span: Pair, itemsize: int, threads: int) -> Tiling:
    """Return the cheapest tiling for `planes` results of one size under a kernel that spans `span` pixels.

    >>> choose(1, (1024, 1024), (31, 31), 4, 1).down
    98
    """
    sizes = [[size for size in SIZES if size >= least] for least in span]
    candidates = [_tiling(rows, cols, output, span) for rows in sizes[0] for cols in sizes[1]]
    return min(candidates, key=lambda tiling: _cost(tiling, planes, itemsize, threads))


def _tiling(rows: int, cols: int, output: Pair, span: Pair) -> Tiling:
    down, right = (min(size - reach + 1, out) for size, reach, out in zip((rows, cols), span, output, strict=True))
    return Tiling(rows, cols, down, right, -(-output[0] // down), -(-output[1] // right))


def _cost(tiling: Tiling, planes: int, itemsize: int, threads: int) -> float:
    """Return an estimate in cycles: the transforms of all pairs of tiles, and that of the kernel."""
    waves = tiling.rows * tiling.cols / lanes(itemsize)
    one = waves * (80 + 40 * tiling.right / tiling.cols) + 6000
    near = 4 * tiling.rows * tiling.cols * itemsize
    slow = 1.0 if near <= NEAR else 1.15 if near <= 8 * NEAR else 1.5
    pairs = -(-planes * tiling.tiles // 2)
    return (-(-pairs // threads) + 0.4) * one * slow
