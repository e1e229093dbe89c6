"""Image files to 8-bit arrays of one size, large ones in parallel; each file is used or left out with a reason."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from convista.dataset.records import LeftOut
from convista.image import ImageFileError, eight_bit, read_image, resized

Size: TypeAlias = tuple[int, int]
T = TypeVar("T")
R = TypeVar("R")

MAX_BYTES = 2**32
"""What all images may take in memory; more would make a usual laptop swap."""
KEPT_BYTES = 2**30
"""What images may take together while their common size isn't known yet; larger ones are decoded again."""
SMALL_PIXELS = 64 * 64
"""Images up to this size, as the first ones tell, are decoded by one thread: two would mostly wait for each other."""
_AT_ONCE = 32  # files for one thread at a time: enough to spare overhead, few enough to stop soon after Ctrl-C


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that was decoded."""

    path: str
    size: Size
    """Its rows and cols in the file."""
    narrowed: bool
    """Whether it had 16 bits."""
    image: NDArray[np.uint8] | None  # (rows, cols) or (rows, cols, 3)
    """None where it was too large to keep before its size was known."""


def decode(root: str, paths: Sequence[str], size: Size | None) -> tuple[list[Picture], list[LeftOut]]:
    """Return the pictures of the files below `root`, in order, of `size` if it is known, and the files left out."""
    work = partial(_decoded, root, size, KEPT_BYTES // max(1, len(paths)))
    first, rest = [work(path) for path in paths[:_AT_ONCE]], paths[_AT_ONCE:]
    large = any(isinstance(one, Picture) and one.size[0] * one.size[1] > SMALL_PIXELS for one in first)
    return _sorted_out([*first, *(_parallel(work, rest) if large else map(work, rest))])


def bring_to(size: Size, root: str, pictures: Sequence[Picture]) -> tuple[list[Picture], list[LeftOut]]:
    """Return the pictures, all of one size, and those left out because their files have changed meanwhile."""
    return _sorted_out(_parallel(partial(_brought_to, size, root), pictures))


def common_size(pictures: Iterable[Picture]) -> Size:
    """Return the most common size; of equals the smaller one.

    >>> common_size(Picture("", size, False, None) for size in [(8, 9), (2, 3), (4, 1), (2, 3), (4, 1)])
    (4, 1)
    """
    counts = Counter(one.size for one in pictures)
    return min(counts, key=lambda size: (-counts[size], size[0] * size[1], size))


def bytes_of(count: int, channels: int, size: Size) -> int:
    """Return how much memory so many images take."""
    return count * channels * size[0] * size[1]


def _decoded(root: str, size: Size | None, keep: int, path: str) -> Picture | LeftOut:
    try:
        stored = read_image(os.path.join(root, path))  # noqa: PTH118  names may be other than UTF-8
        image = eight_bit(stored)
    except ImageFileError as error:
        return LeftOut(path, error.reason)
    except FileNotFoundError:
        return LeftOut(path, "it has vanished meanwhile")
    except ValueError as error:  # eight_bit's
        return LeftOut(path, str(error))
    kept = resized(image, size) if size else image if image.nbytes <= keep else None
    return Picture(path, (image.shape[0], image.shape[1]), stored.dtype == np.uint16, kept)


def _brought_to(size: Size, root: str, one: Picture) -> Picture | LeftOut:
    if one.image is None:
        return _decoded(root, size, 0, one.path)
    return one if one.image.shape[:2] == size else replace(one, image=resized(one.image, size))


def _sorted_out(results: Sequence[Picture | LeftOut]) -> tuple[list[Picture], list[LeftOut]]:
    return [one for one in results if isinstance(one, Picture)], [one for one in results if isinstance(one, LeftOut)]


def _parallel(work: Callable[[T], R], things: Sequence[T]) -> list[R]:
    chunks = [things[start : start + _AT_ONCE] for start in range(0, len(things), _AT_ONCE)]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return list(chain.from_iterable(pool.map(lambda chunk: [work(thing) for thing in chunk], chunks)))
