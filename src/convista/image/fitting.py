"""Images to the one form that a network takes: 8 bits, so many channels, so many rows and cols.

8 bits: of 16-bit numbers the high byte is taken. Floats have no known range, so they are refused.
Channels: grey becomes three equal channels; colour becomes grey as Rec. 601 weighs it, 0.299 R + 0.587 G + 0.114 B.
Size: the image is scaled, up or down, until it just fits inside, its aspect kept, each new pixel a weighted mean of
all old ones below it (Pillow's bilinear filter). It stands in the middle; what is left over on two sides is filled
with the mean of the scaled image's outermost pixels. Nothing is ever cut off.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def fitted(image: NDArray[Any], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return an image, (rows, cols) or (rows, cols, 3), in the shape (channels, rows, cols), as uint8.

    >>> fitted(np.array([[7, 200]], np.uint16), (1, 1, 2)).tolist()
    [[[0, 0]]]
    >>> fitted(np.array([[10, 20], [30, 40]], np.uint8), (3, 2, 4))[0].tolist()
    [[25, 10, 20, 25], [25, 30, 40, 25]]
    """
    channels, rows, cols = shape
    return with_channels(resized(eight_bit(image), (rows, cols)), channels)


def eight_bit(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an image as uint8, or a ValueError whose text is a clause about "it".

    >>> eight_bit(np.array([[0x1234]], np.uint16)).tolist() == [[0x12]]
    True
    """
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)):
        raise ValueError(f"it has shape {image.shape}, not (rows, cols) or (rows, cols, 3)")
    if image.dtype == np.uint16:
        return (image >> 8).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ValueError(f"it holds {image.dtype} numbers, whose black and white are not known; save it as 8 or 16 bit")
    return image


def resized(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return an image, (rows, cols) or (rows, cols, 3), of `size` (rows, cols), its aspect kept; only to be read.

    >>> resized(np.full((1, 2), 9, np.uint8), (2, 2)).tolist()
    [[9, 9], [9, 9]]
    """
    if image.shape[:2] == size:
        return image
    rows, cols = inside(image.shape[:2], size)
    scaled = np.asarray(Image.fromarray(image).resize((cols, rows), Image.Resampling.BILINEAR))
    if (rows, cols) == size:
        return scaled
    result = np.empty((*size, *image.shape[2:]), np.uint8)
    result[:] = _border_mean(scaled)
    top, left = (size[0] - rows) // 2, (size[1] - cols) // 2
    result[top : top + rows, left : left + cols] = scaled
    return result


def with_channels(image: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Return an image, (rows, cols) or (rows, cols, 3), as (channels, rows, cols), with 1 or 3 channels."""
    if channels == 1 and image.ndim == 3:
        image = np.asarray(Image.fromarray(image).convert("L"))
    if image.ndim == 3:
        return np.ascontiguousarray(image.transpose(2, 0, 1))
    return np.repeat(image[None], channels, axis=0)


def without_colour(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a colour image whose three channels are equal as a grey one (rows, cols), any other as it is.

    >>> without_colour(np.array([[[7, 7, 7]]], np.uint8)), without_colour(np.array([[[7, 7, 8]]], np.uint8)).shape
    (array([[7]], dtype=uint8), (1, 1, 3))
    """
    if image.ndim == 2:
        return image
    for part in (image[::16, ::16], image):  # most colour images show in the few pixels that they are
        if (part != part[..., :1]).any():
            return image
    return np.ascontiguousarray(image[..., 0])


def inside(size: tuple[int, ...], room: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size of the same aspect inside `room`.

    >>> inside((100, 50), (28, 28)), inside((1, 5000), (28, 28))
    ((28, 14), (1, 28))
    """
    scale = min(room[0] / size[0], room[1] / size[1])
    rows, cols = (min(most, max(1, round(length * scale))) for length, most in zip(size, room, strict=True))
    return rows, cols


def _border_mean(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the mean of the outermost pixels, each counted once: one number, or one a channel."""
    inner = image[1:-1, 1:-1]
    count = image.shape[0] * image.shape[1] - inner.shape[0] * inner.shape[1]
    total = image.sum(axis=(0, 1), dtype=np.int64) - inner.sum(axis=(0, 1), dtype=np.int64)
    return np.asarray(np.rint(total / count), np.uint8)
