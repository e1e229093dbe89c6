"""What is to be done with an image on the disk, and one piece of it: read, convolve, write, seal."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convista import _version, window
from convista.grid import conv2d, plan
from convista.grid.footprint import Footprint, arrange, plain_footprint, steps_of
from convista.grid.problem import Problem, read_kernel_argument
from convista.kernel import Kernel, as_kernel
from convista.store.source import Source, Stamp, open_source, stamp
from convista.window import Pair

Array: TypeAlias = NDArray[Any]
Place: TypeAlias = tuple[int, ...]

MOST_PIXELS = 2**24
"""Pixels of a piece from which it is cut in two, so that what is in memory stays bounded."""


@dataclass(frozen=True, slots=True)
class Job:
    """A kernel over all of an image on the disk. It can be sent to another process."""

    image: Path
    stamp: Stamp
    kernel: Kernel | Array
    bias: float | None
    terms: dict[str, Any]
    """Arguments of `conv2d`."""
    axes: Pair
    """Which of the image's axes are the rows and the cols; along all others each plane is on its own."""
    problem: Problem
    """Of one whole plane."""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    piece: tuple[int, ...]
    """How much of the result is made, and written into one file, at once."""
    chunks: tuple[int, ...]
    """Of the result; smaller than a piece where a file holds several."""

    @property
    def source(self) -> Source:
        """The image."""
        return open_source(self.image, self.stamp)

    @property
    def grid(self) -> tuple[int, ...]:
        """How many pieces there are along each axis."""
        return tuple(-(-size // piece) for size, piece in zip(self.shape, self.piece, strict=True))

    @property
    def places(self) -> Iterator[Place]:
        """All pieces, row by row."""
        return product(*map(range, self.grid))

    @property
    def piece_bytes(self) -> int:
        """About what is in memory while a piece is made: pixels, their working copy, sums and result."""
        work = self.problem.precision.work.itemsize
        return math.prod(self.piece) * (2 * work + 2 * self.dtype.itemsize + self.source.dtype.itemsize)

    def result(self, place: Place) -> tuple[tuple[slice, ...], Array]:
        """Return one piece of the result, and where it goes."""
        bounds = [(i * n, min((i + 1) * n, size)) for i, n, size in zip(place, self.piece, self.shape, strict=True)]
        seen = [self._seen(axis, *bound) for axis, bound in enumerate(bounds)]
        pixels = arrange(self._read(seen), seen)
        padding = tuple(seen[axis].pads for axis in self.axes)
        told = self.terms | {"padding": padding, "padding_mode": "zeros", "threads": 1, "batch": True}
        planes = np.moveaxis(pixels, self.axes, (-2, -1))
        others, size = planes.shape[:-2], planes.shape[-2:]
        sums = conv2d(planes.reshape(math.prod(others), *size), self.kernel, self.bias, **told)
        result = np.moveaxis(sums.reshape(*others, *sums.shape[1:]), (-2, -1), self.axes)
        return tuple(slice(*bound) for bound in bounds), result

    def _seen(self, axis: int, first: int, last: int) -> Footprint:
        if axis not in self.axes:
            return plain_footprint(first, last)
        which = self.axes.index(axis)
        return steps_of(self.problem)[which].footprint(self.problem.size[which], first, last)

    def _read(self, seen: Sequence[Footprint]) -> Array:
        spans = [footprint.spans for footprint in seen]
        try:
            return self.source.read(spans)
        except Exception as error:  # whatever zarr, a codec or tifffile make of damaged data
            where = ", ".join(f"{first}..{last - 1}" for (first, last), *_ in spans)
            raise RuntimeError(f'image (="{self.image}") can\'t be read at {where}: {error}') from error

    def identity(self) -> dict[str, Any]:
        """Return what tells this job from another, in JSON's own kinds."""
        source, weights = self.source, read_kernel_argument(self.kernel).array
        return {
            "convista": _version.__version__,
            "image": {"path": str(self.image.resolve()), "shape": list(source.shape), "dtype": source.dtype.str,
                      "chunks": list(source.chunks)} | asdict(self.stamp),
            "kernel": {"shape": list(weights.shape), "dtype": weights.dtype.str,
                       "sha256": hashlib.sha256(np.ascontiguousarray(weights).tobytes()).hexdigest()},
            "terms": self._terms(),
            "result": {"shape": list(self.shape), "dtype": self.dtype.str, "piece": list(self.piece),
                       "chunks": list(self.chunks)},
        }  # fmt: skip

    def description(self) -> dict[str, Any]:
        """Return where the numbers come from, to be kept with them."""
        name = self.kernel.name if isinstance(self.kernel, Kernel) else "array"
        return {"version": _version.__version__, "kernel": name, "image": self.image.name, "terms": self._terms()}

    def _terms(self) -> dict[str, Any]:
        plain = (int, float, bool, type(None))
        told = {name: value if isinstance(value, plain) else str(value) for name, value in self.terms.items()}
        return told | {"bias": self.bias}


def read_job(path: Path, kernel: Any, bias: float | None, channels: str | None, terms: dict[str, Any]) -> Job:
    """Return the job, with everything checked that can be before a pixel is read."""
    seen, weights = stamp(path), _kernel(kernel)
    source = open_source(path, seen)
    axes = source.rows_and_cols(channels)
    rows, cols = (source.shape[axis] for axis in axes)
    whole = plan((rows, cols), weights, bias, **terms).problem
    reaches = [window.reach(k, d) for k, d in zip(whole.kernel, whole.dilation, strict=True)]
    told = terms | {"padding": "valid", "stride": 1, "padding_mode": "zeros"}
    numbers = plan(np.zeros(reaches, source.dtype), weights, bias, **told).problem.precision
    problem = replace(whole, precision=numbers)
    shape = _with(source.shape, axes, whole.output_size)
    piece, chunks = _piece(source, axes, problem)
    return Job(path, seen, weights, bias, terms, axes, problem, shape, numbers.result, piece, chunks)


def _kernel(kernel: Any) -> Kernel | Array:
    """Return one kernel in a form that another process can read."""
    found = as_kernel(kernel) if isinstance(kernel, (str, os.PathLike)) else kernel
    found = found if isinstance(found, Kernel) else read_kernel_argument(found).array
    if len(found.shape) != 2:
        raise ValueError(f"kernel (shape {found.shape}) must be one kernel (rows, cols), which each plane meets alone")
    return found


def _with(shape: tuple[int, ...], axes: Pair, size: Pair) -> tuple[int, ...]:
    """Return `shape` with other rows and cols."""
    sizes = dict(zip(axes, size, strict=True))
    return tuple(sizes.get(axis, old) for axis, old in enumerate(shape))


def _piece(source: Source, axes: Pair, problem: Problem) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return pieces of the result that lie over the image's own, and the chunks in them; large ones are cut."""
    down = _with((1,) * len(source.shape), axes, problem.stride)
    chunks = tuple(-(-chunk // step) for chunk, step in zip(source.chunks, down, strict=True))
    piece = source.shards if source.shards and problem.stride == (1, 1) else chunks
    while math.prod(piece) > MOST_PIXELS:
        largest = piece.index(max(piece))
        piece = chunks = (*piece[:largest], -(-piece[largest] // 2), *piece[largest + 1 :])
    return piece, chunks
