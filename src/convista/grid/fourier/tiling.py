"""How a convolution is cut into tiles: the size whose transforms cost least for the results that they give."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from convista.grid.fourier.transform import SIZES
from convista.grid.fourier.waves import lanes
from convista.window import Pair

BAND = 256
"""Columns that are read or written together, so that memory is met in pieces of a kilobyte."""

NEAR = 1 << 17
"""Bytes of a tile from which each doubling makes a transform slower by a seventh, as its memory moves away."""


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
def choose(planes: int, output: Pair, span: Pair, itemsize: int) -> Tiling:
    """Return the cheapest tiling for `planes` results of one size under a kernel that spans `span` pixels.

    The number of threads has no say: the same numbers come out for any.

    >>> choose(planes=1, output=(18, 18), span=(15, 15), itemsize=4)
    Tiling(rows=32, cols=32, down=18, right=18, tiles_down=1, tiles_right=1)
    """
    sizes = [[size for size in SIZES if size >= least] for least in span]
    candidates = [_tiling(rows, cols, output, span) for rows in sizes[0] for cols in sizes[1]]
    return min(candidates, key=lambda tiling: cycles(tiling, planes, itemsize))


def _tiling(rows: int, cols: int, output: Pair, span: Pair) -> Tiling:
    down, right = (min(size - reach + 1, out) for size, reach, out in zip((rows, cols), span, output, strict=True))
    return Tiling(rows, cols, down, right, -(-output[0] // down), -(-output[1] // right))


def cycles(tiling: Tiling, planes: int, itemsize: int) -> float:
    """Return an estimate in cycles: the transforms of all pairs of tiles, and that of the kernel."""
    waves = tiling.rows * tiling.cols / lanes(itemsize)
    away = max(math.log2(2 * tiling.rows * tiling.cols * itemsize / NEAR), 0)
    one = waves * (90 + 40 * tiling.right / tiling.cols) * (1 + away / 7) + 6000
    pairs = (planes * tiling.tiles + 1) // 2
    return (pairs + 0.4) * one
