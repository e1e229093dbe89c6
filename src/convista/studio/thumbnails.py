"""The data's own images as small pictures inside the page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convista.picture.png import data_uri
from convista.studio.markup import image
from convista.training.facts import Sample

DIGIT = 48
"""Up to this many rows and columns an image is shown with its pixels as squares; a larger one smoothly."""


def thumbnail(sample: Sample, longest: int) -> str:
    """Return the image with 0 black and 255 white or in its colours, shrunk to `longest` pixels if it is larger.

    Photos in their full size would outweigh the rest of the report many times.
    """
    small = shrink(_drawable(sample.image), longest)
    address = data_uri(small, cmap="gray", limits=(0, 255) if small.ndim == 2 else None)
    look = "pixels" if max(small.shape) <= DIGIT else None
    return image(address, sample.path, title=sample.path, class_=look)


def shrink(pixels: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    """Return (rows, cols) or (rows, cols, 3) with blocks of n x n averaged, the least n that fits `longest`.

    Rows and columns at the end that don't fill a block are left out, but never all there are.

    >>> shrink(np.array([[0, 2, 7, 7, 1], [4, 6, 7, 7, 1]], np.uint8), 3).tolist()
    [[3, 7]]
    >>> shrink(np.zeros((300, 200, 3), np.uint8), 112).shape
    (100, 66, 3)
    """
    block = -(-max(pixels.shape[:2]) // longest)
    tall, wide = (min(block, size) for size in pixels.shape[:2])
    rows, cols = pixels.shape[0] // tall, pixels.shape[1] // wide
    blocks = pixels[: rows * tall, : cols * wide].reshape(rows, tall, cols, wide, -1)
    means: NDArray[np.uint8] = blocks.mean(axis=(1, 3)).round().astype(np.uint8)  # (rows, cols, 1 or 3)
    return means.reshape(rows, cols, *pixels.shape[2:])


def _drawable(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (rows, cols, 3) of three channels, else the first channel: there is no colour for two or four."""
    return np.moveaxis(planes, 0, -1) if len(planes) == 3 else planes[0]
