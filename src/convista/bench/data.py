"""The numbers of a cell: an image and weights, the same in each run."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from convista.bench.cell import Cell
from convista.bench.contender import Array


@dataclass(frozen=True, slots=True)
class Data:
    """An image as its layout says, and weights (filters, channels a group, rows, cols)."""

    image: Array
    weights: Array

    @property
    def kernel(self) -> Array:
        """The weights of a single kernel: (rows, cols)."""
        kernel: Array = self.weights[0, 0]
        return kernel


def make(cell: Cell) -> Data:
    """Return the data of a cell."""
    random = np.random.default_rng(zlib.crc32(cell.name.encode()))
    sizes = dict(zip("nchw", cell.image, strict=True))
    shape = tuple(sizes[axis] for axis in cell.layout)
    if cell.dtype == "uint8":
        image: Array = random.integers(0, 256, shape, np.uint8)
    else:
        image = random.standard_normal(shape, np.float32)
        image += np.float32(cell.offset)
    return Data(image, WEIGHTS[cell.weights](cell.kernel, random))


def nchw(image: Array, layout: str) -> Array:
    """Return a view of an image, or of a result in the same layout, as (images, channels, rows, cols).

    >>> nchw(np.zeros((5, 7, 3)), "hwc").shape, nchw(np.zeros((2, 5, 7)), "nhw").shape
    ((1, 3, 5, 7), (2, 1, 5, 7))
    """
    order = [layout.index(axis) for axis in "nchw" if axis in layout]
    view: Array = image.transpose(order)[tuple(slice(None) if axis in layout else None for axis in "nchw")]
    return view


def sigma(side: int) -> float:
    """Return the sigma that OpenCV takes for a Gaussian of `side` weights when none is named."""
    return ((side - 1) * 0.5 - 1) * 0.3 + 0.8


def gaussian_weights(side: int) -> Array:
    """Return the weights of one axis of a Gaussian, float64.

    >>> gaussian_weights(3).round(3).tolist()
    [0.239, 0.522, 0.239]
    """
    bell = np.exp(-((np.arange(side) - side // 2) ** 2) / (2 * sigma(side) ** 2))
    return np.asarray(bell / bell.sum())


def _normal(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    return random.standard_normal(shape, np.float32)


def _sharp(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return weights that keep the brightness, so that few grey levels saturate."""
    weights = random.standard_normal(shape, np.float32) / np.float32(2 * shape[-1])
    weights[..., shape[-2] // 2, shape[-1] // 2] += 1 - weights.sum()
    return weights


def _flat(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return weights whose mean is zero."""
    weights = random.standard_normal(shape)
    return np.asarray(weights - weights.mean(), np.float32)


def _gaussian(shape: tuple[int, ...], _: np.random.Generator) -> Array:
    line = gaussian_weights(shape[-1])
    return np.outer(line, line).astype(np.float32)[None, None]


def _outer(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return kernels of rank 1 that are no Gaussians."""
    down, across = random.standard_normal((*shape[:3], 1)), random.standard_normal((*shape[:2], 1, shape[3]))
    return (down * across).astype(np.float32)


def _box(shape: tuple[int, ...], _: np.random.Generator) -> Array:
    return np.full(shape, 1 / (shape[-2] * shape[-1]), np.float32)


def _sobel(shape: tuple[int, ...], _: np.random.Generator) -> Array:
    smooth, slope = {3: ([1, 2, 1], [-1, 0, 1]), 5: ([1, 4, 6, 4, 1], [-1, -2, 0, 2, 1])}[shape[-1]]
    return np.outer(smooth, slope).astype(np.int32)[None, None]


WEIGHTS: dict[str, Callable[[tuple[int, ...], np.random.Generator], Array]] = {
    "normal": _normal, "sharp": _sharp, "gaussian": _gaussian, "outer": _outer, "box": _box, "sobel": _sobel,
    "flat": _flat,
}  # fmt: skip
