"""Image files to 8-bit arrays of one size, large ones in parallel; each file is used or left out with a reason."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convista.bilingual import Bilingual, said
from convista.dataset.likeness import SMALL_ROWS, band, band_of, told_apart, whole
from convista.dataset.records import LeftOut
from convista.image import (
    MAX_PIXELS,
    ImageFileError,
    as_array,
    eight_bit,
    read_stored,
    resized,
    shown,
    without_colour,
)

Size: TypeAlias = tuple[int, int]
T = TypeVar("T")
R = TypeVar("R")

LONGEST = 96
"""Rows or cols, whichever are more, of the size that is chosen where none is given."""
SMALL_PIXELS = 2**15
"""Images up to this size, as the first ones tell, are decoded by one thread: two would mostly wait for each other.

Measured on 2 cores, ms an image by one and by two threads, JPEG: 128 cols .19 and .26, 256 cols .77 and .65, 512 cols
1.7 and 1.2, 3000 cols 83 and 47. Processes take .3 s to start and must not be started by a script that doesn't expect
it; they would save 0.7 s of MNIST's 2.3 s, and the cache saves all of it.
"""
_BROUGHT_DOWN = (
    "{why} brought down to {longest}; the option size gives another",
    "{why}，并缩小到 {longest}；可用选项 size 另行指定",
)
_PHOTO = 2**14  # pixels from which on an array of all of them costs more than a band
_BYTES = {"L": 1, "RGB": 4}
"""Of a pixel in Pillow's memory, by the mode."""
_FIRST = 8  # images that tell whether all are small
_AT_ONCE = 4  # files for one thread at a time: enough to spare overhead, few enough that none waits long for the last
_LARGE = MAX_PIXELS // 4  # pixels that each thread may hold at once; larger images are decoded one after the other
_one_large = threading.Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that was decoded."""

    path: str
    size: Size
    """Its rows and cols in the file."""
    narrowed: bool
    """Whether it had 16 bits."""
    grey: bool
    """Whether it shows no colour."""
    as_colour: bool
    """Whether it is stored as colour all the same."""
    pixels: bytes
    """What tells its pixels, as they are in the file, from all others; empty until `decode` has seen all of them."""
    image: NDArray[np.uint8] | Image.Image | None  # (rows, cols) or (rows, cols, 3)
    """None where it isn't kept, to spare memory."""
    band: bytes = b""
    """What a band of its pixels is told by."""


def decode(root: str, paths: Sequence[str], size: Size | None, keep: int) -> tuple[list[Picture], list[LeftOut]]:
    """Return the pictures of the files below `root`, in order, and the files left out.

    Pictures are kept, brought to `size` if it is known, where all of them together take no more than `keep` bytes.
    """
    work = partial(_decoded, root, size, keep // max(1, len(paths)))
    first = [work(path) for path in paths[:_FIRST]]
    large = _any_large([one for one in first if isinstance(one, Picture)])
    results = [*first, *_each(work, paths[_FIRST:], large)]
    pictures = [one for one in results if isinstance(one, Picture)]
    return _told_apart(root, pictures), [one for one in results if isinstance(one, LeftOut)]


def _told_apart(root: str, pictures: Sequence[Picture]) -> list[Picture]:
    """Return the pictures with what tells each from all others; those that may be equal are decoded once more."""

    def look(number: int) -> bytes:
        path, size, band_ = pictures[number].path, pictures[number].size, pictures[number].band
        if size[0] <= SMALL_ROWS:
            return band_
        try:
            return whole(without_colour(eight_bit(as_array(_read(os.path.join(root, path))))))  # noqa: PTH118
        except (ImageFileError, FileNotFoundError) as error:
            raise _changed(path) from error

    pixels = told_apart([one.band for one in pictures], look)
    return [replace(one, pixels=known) for one, known in zip(pictures, pixels, strict=True)]


def put(pictures: Sequence[Picture], root: str, images: NDArray[np.uint8]) -> None:
    """Put each picture into its place in `images` (count, channels, rows, cols)."""
    size = images.shape[2], images.shape[3]

    def place(numbered: tuple[int, Picture]) -> None:
        number, one = numbered
        found = _decoded(root, size, images.nbytes, one.path) if one.image is None else one
        if isinstance(found, LeftOut) or found.image is None or found.band != one.band:
            raise _changed(one.path)
        image = resized(found.image, size)
        images[number] = image.transpose(2, 0, 1) if image.ndim == 3 else image  # grey: to each channel

    _each(place, list(enumerate(pictures)), _any_large(pictures[:_FIRST]))


def _changed(path: str) -> RuntimeError:
    return RuntimeError(f'"{shown(path)}" has changed while the images were being read; start again')


def _any_large(pictures: Sequence[Picture]) -> bool:
    return any(one.size[0] * one.size[1] > SMALL_PIXELS for one in pictures)


def _each(work: Callable[[T], R], things: Sequence[T], large: bool) -> list[R]:
    """Return what `work` makes of each thing, in order; by several threads where the images are large."""
    if not large:
        return list(map(work, things))
    chunks = [things[start : start + _AT_ONCE] for start in range(0, len(things), _AT_ONCE)]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return list(chain.from_iterable(pool.map(lambda chunk: [work(thing) for thing in chunk], chunks)))


def chosen_size(pictures: Sequence[Picture]) -> tuple[Size, Bilingual]:
    """Return the size for images of these sizes, and in words why it is this one.

    It is the size that more than half of them have, else the median of the rows and that of the cols; and where that
    is longer than `LONGEST`, the same in small.

    >>> [chosen_size([_of_size(size) for size in sizes])[0] for sizes in ([(8, 9)] * 2 + [(5, 3)], [(3000, 4000)])]
    [(8, 9), (72, 96)]
    """
    size, count = Counter(one.size for one in pictures).most_common(1)[0]
    why = Bilingual("the most common size", "最常见的尺寸")
    if 2 * count <= len(pictures):
        why = Bilingual("the median of their rows and of their cols", "行数与列数各自的中位数")
        rows, cols = (sorted(one.size[axis] for one in pictures)[(len(pictures) - 1) // 2] for axis in (0, 1))
        size = rows, cols
    if max(size) <= LONGEST:
        return size, why
    scale = LONGEST / max(size)
    small = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    return small, said(_BROUGHT_DOWN, why=why, longest=LONGEST)


def _of_size(size: Size) -> Picture:
    return Picture("", size, False, False, False, b"", None)


def _decoded(root: str, size: Size | None, keep: int, path: str) -> Picture | LeftOut:
    try:
        stored = _read(os.path.join(root, path))  # noqa: PTH118  names may be other than UTF-8
        if photo := _photo(path, stored, size, keep):
            return photo
        stored = _to_be_read(stored)
        image = eight_bit(stored)
    except ImageFileError as error:
        return LeftOut(path, error.reason)
    except FileNotFoundError:
        return LeftOut(path, "it has vanished meanwhile")
    except ValueError as error:  # eight_bit's
        return LeftOut(path, str(error))
    plain = without_colour(image)
    rows, cols = image.shape[:2]
    wanted = size or (rows, cols)
    kept = resized(plain, wanted) if wanted[0] * wanted[1] * (plain.size // (rows * cols)) <= keep else None
    grey = plain.ndim == 2
    narrowed, as_colour = stored.dtype == np.uint16, grey and image.ndim == 3
    return Picture(path, (rows, cols), narrowed, grey, as_colour, b"", kept, band(plain))


def _to_be_read(stored: Image.Image | NDArray[Any]) -> NDArray[Any]:
    """Return what a file holds as an array, only to be read where that saves a copy."""
    return np.asarray(stored) if isinstance(stored, Image.Image) and _is_plain(stored) else as_array(stored)


def _is_plain(stored: Image.Image) -> bool:
    """Whether the numbers are used as they are stored: no palette, no transparency, 8 bits."""
    return stored.mode in _BYTES and "transparency" not in stored.info


def _photo(path: str, photo: Image.Image | NDArray[Any], size: Size | None, keep: int) -> Picture | None:
    """Return the picture in a large photo without an array of all its pixels, which is a third of the time otherwise.

    None where the rest of the rule must be looked at: palettes, transparency, colour that shows none.
    """
    if isinstance(photo, np.ndarray) or photo.width * photo.height < _PHOTO or not _is_plain(photo):
        return None
    seen = band_of(photo)
    if seen is None:
        return None
    rows, cols = photo.height, photo.width
    wanted = size or (rows, cols)
    kept = None
    if wanted[0] * wanted[1] * _BYTES[photo.mode] <= keep:
        kept = resized(photo, wanted) if size else photo
    return Picture(path, (rows, cols), False, photo.mode == "L", False, b"", kept, seen)


def _read(path: str) -> Image.Image | NDArray[Any]:
    """Return the image in a file; several threads at once hold only images of usual sizes."""
    try:
        return read_stored(path, max_pixels=_LARGE)
    except ImageFileError as error:
        if f"limit of {_LARGE:,}" not in error.reason:
            raise
    with _one_large:
        return read_stored(path)
