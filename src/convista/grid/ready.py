"""A problem made ready for a compiled engine: the same call, again and again, on images that lie alike in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np

from convista.grid.memory import address
from convista.grid.precision import Array, Precision
from convista.grid.threads import share_out

LINE = 64
"""Bytes of a cache line: results are stored in another way where they begin on one."""
EXACT = ((2**15, "int16"), (2**24, "float32"), (2**53, "float64"))
"""Below which bound every sum is exact in a type whose products and sums are quicker than those of wider integers."""


class Way(Protocol):
    """What compiled loops do with memory of one kind."""

    lines: int
    """In how many lines the work falls; each can be done on its own."""

    def sweep(self, source: int, target: int, first: int, last: int) -> None:
        """Compute lines first..last of the image at one address to the place at another."""


class Ready:
    """Call it with an image (images, channels, rows, cols) and a place (images, filters, rows, cols), lying anyhow.

    How they lie is looked at once for each kind of memory, and remembered.
    """

    def __init__(self, way: Callable[[Array, Array], Way], multiply_adds: int, threads: int) -> None:
        self._way, self._multiply_adds, self._threads = way, multiply_adds, threads
        self._known: dict[Any, Way] = {}

    def __call__(self, image: Array, out: Array) -> None:
        """Fill `out` from `image`."""
        image = readable(image)
        source, target = address(image), address(out)
        key = image.strides, out.strides, image.dtype, target % LINE
        way = self._known.get(key)
        if way is None:
            way = self._known[key] = self._way(image, out)

        if self._threads == 1:
            way.sweep(source, target, 0, way.lines)
        else:
            share_out(partial(way.sweep, source, target), way.lines, self._multiply_adds, self._threads)


def sums_of(precision: Precision) -> np.dtype[Any]:
    """Return the type that sums are made in: for integers the quickest in which none is rounded or wraps.

    >>> sums_of(Precision(np.dtype("int32"), np.dtype("int32"), np.dtype("int32"), largest=4 * 255))
    dtype('int16')
    """
    if precision.work.kind == "f":
        return precision.sums
    return next((np.dtype(name) for most, name in EXACT if precision.largest < most), precision.work)


def readable(image: Array) -> Array:
    """Return an image whose numbers the compiled code can read; only unusual ones are copied."""
    kind = image.dtype
    if kind.isnative and image.flags.aligned and kind.char not in "?e":
        return image
    if kind.kind == "b":
        return image.view(np.uint8)
    return image.astype(np.float32 if kind.itemsize == 2 and kind.kind == "f" else kind.newbyteorder("="))
