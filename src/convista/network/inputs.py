"""Whatever a user calls an image, or several, to arrays of a network's shape."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.image import IMAGE_ENDINGS, as_array, fitted, read_image, shown


def images_of(things: object, image_shape: tuple[int, int, int]) -> Iterator[NDArray[np.uint8]]:
    """Yield each image as (channels, rows, cols), read or converted only when its turn comes."""
    for name, image in _each(things):
        try:
            yield fitted(image, image_shape)
        except ValueError as error:
            raise ValueError(f"{name} can't be judged: {error}") from None


def _each(things: object) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield each image, (rows, cols) or (rows, cols, 3), with what it is called in an error."""
    if isinstance(things, str | os.PathLike):
        for path in image_files(Path(things)):
            yield f'path (="{shown(path)}")', read_image(path)
    elif hasattr(things, "__array__") or hasattr(things, "__array_interface__"):  # the second: PIL images
        for picture in _pictures(as_array(things, "things")):
            yield f"things (dtype {picture.dtype})", _pixels(picture)
    elif isinstance(things, Iterable):
        for thing in things:
            yield from _each(thing)
    else:
        raise TypeError(
            f"things (a {type(things).__name__}) must be a path, an array, a PIL image, or several of these"
        )


def count_of(things: object) -> int | None:
    """Return how many images these are; None of what tells only when its end has come.

    >>> count_of([np.zeros((5, 3, 8, 8)), np.zeros((8, 8)), "a.png"]), count_of(iter(["a.png"]))
    (7, None)
    """
    if isinstance(things, str | os.PathLike):
        return len(image_files(Path(things)))
    if hasattr(things, "shape"):
        return things.shape[0] if len(things.shape) == 4 else 1
    if not isinstance(things, list | tuple):
        return 1 if hasattr(things, "__array_interface__") else None
    counts = [count_of(thing) for thing in things]
    return None if None in counts else sum(filter(None, counts))


def image_files(path: Path) -> list[Path]:
    """Return the path of an image, or those of all images in a folder, sorted; hidden ones and links out left aside."""
    if not path.is_dir():
        return [path]
    root = path.resolve()
    found = [
        file
        for file in sorted(path.rglob("*"))
        if file.suffix.lower() in IMAGE_ENDINGS
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and file.is_file()
        and file.resolve().is_relative_to(root)
    ]
    if not found:
        raise FileNotFoundError(
            f'path (="{shown(path)}") is a folder without images ({", ".join(sorted(IMAGE_ENDINGS))})'
        )
    return found


def _pictures(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    if array.ndim == 4 and array.shape[1] in (1, 3):
        yield from (_channels_last(image) for image in array)
    elif array.ndim == 3:
        yield _of_three_axes(array)
    elif array.ndim == 2:
        yield array
    else:
        raise _no_image(array, "no reading fits")


def _of_three_axes(array: NDArray[Any]) -> NDArray[Any]:
    first, last = array.shape[0] in (1, 3), array.shape[2] in (1, 3)
    if first and last:
        raise _no_image(array, "two readings fit; give (1, channels, rows, cols)")
    if not first and not last:
        raise _no_image(array, "no reading fits; many grey images are images[:, None]")
    return _channels_last(array) if first else array.squeeze(2) if array.shape[2] == 1 else array


def _pixels(array: NDArray[Any]) -> NDArray[Any]:
    """Return numbers of any kind as pixels 0..255, rounded; 8 and 16 bits are a file's kinds, and stay."""
    if array.dtype in (np.uint8, np.uint16):
        return array
    if array.dtype == bool:
        return np.where(array, np.uint8(255), np.uint8(0))
    low, high = array.min(initial=0), array.max(initial=0)
    if not (low >= 0 and high <= 255):
        raise ValueError(f"things (dtype {array.dtype}, {low:g} to {high:g}) must hold pixels from 0 to 255")
    if 0 < high <= 1 and array.dtype.kind == "f":
        what = f"things (dtype {array.dtype}, at most {high:g})"
        raise ValueError(f"{what} must hold pixels from 0 to 255, not 0 to 1: multiply by 255")
    pixels: NDArray[np.uint8] = np.rint(array).astype(np.uint8)
    return pixels


def _channels_last(image: NDArray[Any]) -> NDArray[Any]:
    """(channels, rows, cols) to (rows, cols) or (rows, cols, channels)."""
    return image[0] if len(image) == 1 else image.transpose(1, 2, 0)


def _no_image(array: NDArray[Any], fault: str) -> ValueError:
    return ValueError(
        f"things (shape {array.shape}) must be an image (rows, cols), (rows, cols, 3) or (channels, rows, cols), or "
        f"images (images, channels, rows, cols), with 1 or 3 channels: {fault}"
    )
