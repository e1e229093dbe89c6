"""What happens to an image, with everything checked and decided; and doing it, a block of images at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convista import grid
from convista.errors import one_of
from convista.features.bank import for_channels, read_bank
from convista.features.pooling import POOLINGS, RECTIFIERS, pooled
from convista.window import Pair, pads_of_both, pair, whole

Array: TypeAlias = NDArray[Any]

BLOCK_BYTES = 2**25
"""What the answers to one block of images may take: with their copies small beside X, large enough for the engine."""


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """What happens to an image."""

    image_shape: tuple[int, int, int]  # (rows, cols, channels)
    weights: Array  # (filters, channels / groups, rows, cols)
    groups: int
    steps: Mapping[str, Any]
    """What else `conv2d` is told."""
    grid_size: Pair
    """Rows and cols of a kernel's answers to an image."""
    rectify: str
    pool: Pair
    pooling: str
    names: tuple[str, ...]
    """One for each grid: kernel, channel, sign."""

    @classmethod
    def read(
        cls, image_shape: tuple[int, ...], *, kernels: Any, rectify: str | None, pool: Any, pooling: str, **steps: Any
    ) -> Recipe:
        """Check what is asked for images of this shape, `steps` are those of `conv2d`."""
        rows, cols, channels = (*image_shape, 1)[:3]
        rectify = one_of("rectify", "none" if rectify is None else rectify, RECTIFIERS)
        pool, pooling = _pool(pool), one_of("pooling", pooling, POOLINGS)
        names, weights, groups = for_channels(*read_bank(kernels), image_shape)
        names = tuple(f"{name}{sign}" for name in names for sign in RECTIFIERS[rectify])
        pads = pads_of_both(steps["padding"], (weights.shape[2], weights.shape[3]))  # of stride 1, so "same" has one
        steps = {**steps, "padding": pads}
        plan = grid.plan((1, channels, rows, cols), weights, groups=groups, **steps)  # refuses what doesn't fit
        size = plan.problem.output_size
        return cls((rows, cols, channels), weights, groups, steps, size, rectify, pool, pooling, names)

    @property
    def pooled_size(self) -> Pair:
        """Rows and cols that are left of a grid."""
        rows, cols = (-(-size // step) for size, step in zip(self.grid_size, self.pool, strict=True))
        return rows, cols

    def features(self, images: Array) -> Array:
        """Return (samples, features) of (samples, columns), a block of images at a time."""
        dtype = np.result_type(images.dtype, np.float32)
        numbers = np.empty((len(images), len(self.names) * math.prod(self.pooled_size)), dtype)
        bytes_an_image = len(self.weights) * math.prod(self.grid_size) * dtype.itemsize
        step = max(1, BLOCK_BYTES // bytes_an_image)
        for first in range(0, len(images), step):
            self._fill(numbers[first : first + step], images[first : first + step].astype(dtype, copy=False))
        return numbers

    def _fill(self, numbers: Array, images: Array) -> None:
        pixels = np.moveaxis(images.reshape(-1, *self.image_shape), 3, 1)  # (samples, channels, rows, cols)
        answers = grid.conv2d(pixels, self.weights.astype(images.dtype), groups=self.groups, **self.steps)
        rectifiers = RECTIFIERS[self.rectify].values()
        by_grid = numbers.reshape(len(images), answers.shape[1], len(rectifiers), *self.pooled_size)
        for sign, rectified in enumerate(rectifiers):
            by_grid[:, :, sign] = pooled(rectified(answers), self.pool, self.pooling)


def _pool(size: Any) -> Pair:
    rows, cols = pair("pool", 1 if size is None else size)
    return whole("pool", rows, 1), whole("pool", cols, 1)
