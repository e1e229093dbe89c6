"""What a network says of images, and of many image files, some of which may not be images."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convista.image import ImageFileError, fitted, read_image

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says of one image."""

    label: str
    """The class it takes it for."""
    probability: float
    """What it gives that class, 0 to 1."""


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What a network says of one image file, or why it says nothing."""

    path: PathLike
    prediction: Prediction | None
    probabilities: NDArray[np.float32] | None = field(compare=False)  # (classes,)
    reason: str = ""
    """A clause about "it", where it can't be read."""


class FileRead(NamedTuple):
    """An image file as a network takes it, (channels, rows, cols), or the reason why not."""

    path: PathLike
    image: NDArray[np.uint8] | None
    reason: str


def read_in_groups(paths: Sequence[PathLike], image_shape: tuple[int, int, int], size: int) -> Iterator[list[FileRead]]:
    """Yield the files in their order, `size` at a time.

    By one thread: two read no more files a second, since Pillow's settings are shared by all.
    """
    for start in range(0, len(paths), size):
        yield [_read(path, image_shape) for path in paths[start : start + size]]


def _read(path: PathLike, image_shape: tuple[int, int, int]) -> FileRead:
    try:
        return FileRead(path, fitted(read_image(path), image_shape), "")
    except FileNotFoundError:
        return FileRead(path, None, "it is not there")
    except ImageFileError as error:
        return FileRead(path, None, error.reason)
    except ValueError as error:  # its numbers are no pixels: a clause about "it"
        return FileRead(path, None, str(error))
