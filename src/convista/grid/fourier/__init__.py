"""The Fourier engine: large kernels, tile by tile, through the fast Fourier transform (overlap-save).

A multiplication of spectra costs the same for any kernel. The image is never padded nor copied as a whole: a thread
has the memory of a few tiles. Reading order: `tiling` (how large the tiles are), `overlap` (a pair of tiles, all the
way), `tile` (pixels in and out), `transform`, `stages`, `butterfly` (the transform), `waves`, `pixels` (vectors).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.grid.border import border_index
from convista.grid.fourier import overlap, tiling
from convista.grid.fourier.overlap import Axis, Kernels, Maps, Scratch, Side, Work
from convista.grid.fourier.tile import NOWHERE, SAMPLES
from convista.grid.fourier.transform import SIZES, addresses, tables
from convista.grid.fourier.waves import lanes
from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.grid.ready import readable
from convista.grid.threads import share_out
from convista.window import Pair, reach

APART = {4: 2.0**14, 8: 2.0**40}
"""A pixel so many times farther from the others than they lie apart would drown them, by bytes of a float."""

PRODUCT, FAR_PRODUCT, FAR = 16, 40, 2**24
"""Cycles of a vector's products of spectra, where there are several channels or filters; more where so many bytes of
kernels' spectra come from far memory for each pair of tiles."""

POINT = 100
"""Multiply-adds of a direct sum that take as long as one point of a pair of tiles, there and back."""


def refusal(problem: Problem, weights: Array) -> str:
    """Return why this engine can't do it, or nothing."""
    result = problem.precision.result
    if problem.stride != (1, 1):
        return f"it computes every stop, and stride (={problem.stride}) leaves some out"
    if problem.precision.work.kind == "i":
        return f"integer sums ({problem.precision.work}) are made exactly by the plain and the direct engine"
    if not result.isnative or result == np.float16:
        return f"a result of {result.str} is not one that its compiled code writes"
    if max(_span(problem)) > SIZES[-1]:
        return f"the kernel spans {max(_span(problem))} pixels, more than its largest tile ({SIZES[-1]})"
    if not np.isfinite(weights).all():
        return "a weight that is not finite would spread over whole tiles"
    return ""


def prepare(problem: Problem, weights: Array, bias: Array, threads: int) -> Callable[[Array, Array], None]:
    """Return what fills (images, filters, rows, cols) from (images, channels, rows, cols), the kernel's spectrum made.

    Parameters
    ----------
    problem : Problem
        One that `refusal` has nothing against.
    weights : array
        (filters, channels / groups, rows, cols)
    bias : array
        (filters,)
    """
    sums = problem.precision.sums
    weights = np.ascontiguousarray(weights, sums)
    alike = _alike(problem, weights)
    weights = weights[:1] if alike else weights
    work = _work(problem, sums, sheets=problem.channels if alike else 1)
    axes = tuple(Axis(*addresses(sums.str), *tables(size, sums.str)) for size in (work.rows, work.cols))
    kernels = _kernels(weights, bias, work, axes)
    maps = _maps(problem, work, weights)
    units = weights.shape[0] // work.filters_per_group * (-(-work.planes * work.tiles_down * work.tiles_right // 2))
    each = work.rows * work.cols * POINT * (work.per_group + work.filters_per_group) // 2

    def job(image: Array, out: Array) -> None:
        image = readable(image)
        kinds = (_kind(image), _kind(out))
        sides = (_side(image), _side(out))

        def some(first: int, last: int) -> None:
            overlap.pairs(kinds, *sides, work, axes, maps, kernels, _scratch(work, sums), first, last)

        share_out(some, units, units * each, threads)

    return job


def cycles(problem: Problem) -> float:
    """Return an estimate of all transforms' length in cycles of a processor with vectors of 64 bytes, on one thread."""
    itemsize, channels = problem.precision.sums.itemsize, problem.channels // problem.groups
    filters = problem.filters // problem.groups
    tiles = tiling.choose(problem.images, problem.output_size, _span(problem), itemsize)
    transforms = (channels + filters) / 2 * tiling.cycles(tiles, problem.images, itemsize)  # there, and back
    pairs = (problem.images * tiles.tiles + 1) // 2
    points = tiles.rows * tiles.cols
    product = FAR_PRODUCT if channels * filters * points * 2 * itemsize > FAR else PRODUCT
    products = (channels * filters - 1) * pairs * product * points / lanes(itemsize)
    return problem.groups * (transforms + products)


def _span(problem: Problem) -> Pair:
    rows, cols = (reach(size, dilation) for size, dilation in zip(problem.kernel, problem.dilation, strict=True))
    return rows, cols


def _alike(problem: Problem, weights: Array) -> bool:
    """Whether each channel meets the same kernel on its own; then a channel is as good as an image."""
    alone = problem.channels == problem.groups == problem.filters
    return alone and bool((weights == weights[:1]).all())


def _work(problem: Problem, sums: np.dtype[Any], sheets: int) -> Work:
    planes = problem.images * sheets
    tiles = tiling.choose(planes, problem.output_size, _span(problem), sums.itemsize)
    groups = problem.groups // sheets or 1
    return Work(
        lanes(sums.itemsize), max(tiling.BAND // lanes(sums.itemsize), 1), *tiles, *problem.output_size, planes, sheets,
        problem.channels // sheets // groups, problem.filters // sheets // groups, *problem.dilation,
    )  # fmt: skip


def _kernels(weights: Array, bias: Array, work: Work, axes: tuple[Axis, ...]) -> Kernels:
    spectra = _aligned(weights.shape[0] * weights.shape[1] * 2 * work.rows * work.cols, weights.dtype)
    overlap.spectra(weights, work, axes, _aligned(2 * work.lanes * work.rows, weights.dtype), spectra)
    return Kernels(weights, weights.sum(axis=(2, 3), dtype=np.float64), np.asarray(bias, np.float64), spectra)


def _maps(problem: Problem, work: Work, weights: Array) -> Maps:
    """Return which pixel stands where, up to the end of the last tile, and how large a pixel may be."""
    ends = ((work.tiles_down - 1) * work.down + work.rows, (work.tiles_right - 1) * work.right + work.cols)
    rows, cols = (
        _map(size, pads, problem.padding_mode, end)
        for size, pads, end in zip(problem.size, problem.pads, ends, strict=True)
    )
    largest = max(float(np.abs(weights).sum(axis=(1, 2, 3), dtype=np.float64).max()), 1.0)
    ceiling = float(np.finfo(weights.dtype).max) / (16.0 * work.rows * work.cols * largest)
    return Maps(rows, cols, np.array([problem.fill, ceiling, APART[weights.itemsize]], weights.dtype))


@lru_cache(maxsize=16)
def _map(size: int, pads: Pair, mode: str, end: int) -> NDArray[np.int64]:
    index = border_index(size, pads, mode)
    filled = np.full(max(end, index.size), NOWHERE, np.int64)
    filled[: index.size] = index
    return filled


def _scratch(work: Work, sums: np.dtype[Any]) -> Scratch:
    numbers = 2 * work.rows * work.cols
    several = work.per_group * work.filters_per_group > 1
    most = numbers * work.per_group  # every pixel may be a stray; memory that is not touched costs nothing
    return Scratch(
        _aligned(work.band * work.rows * 2 * work.lanes, sums),
        _aligned(work.per_group * numbers, sums),
        _aligned(numbers if several else 0, sums),
        np.zeros((2, work.per_group, 2 + SAMPLES**2), sums),
        np.zeros((2, 4), np.int64),
        (np.empty((most + 1, 4), np.int32), np.empty(most + 1, sums)),
    )


def _aligned(size: int, dtype: np.dtype[Any]) -> Array:
    """Return an array whose memory begins where a vector may."""
    room = np.empty(size + 64 // dtype.itemsize, dtype)
    skipped = -room.__array_interface__["data"][0] % 64 // dtype.itemsize
    return room[skipped : skipped + size]


def _kind(array: Array) -> Array:
    """Return an empty array that tells the type of pixels; a bool is a byte."""
    return np.empty(0, np.uint8 if array.dtype == np.bool_ else array.dtype)


def _side(array: Array) -> Side:
    return Side(array.__array_interface__["data"][0], *array.strides)
