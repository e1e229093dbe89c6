"""Arrays of labelled images to an image folder ``train|valid/<class>/<index>.png``.

The PNG encoder is a few lines of our own because Pillow's takes ten times as long for images this small.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convista.progress import Progress

_GREY, _RGB = 0, 2  # PNG's colour types


class Part(NamedTuple):
    """Some labelled images of one split."""

    split: str
    """`train` or `valid`."""
    images: NDArray[np.uint8]  # (count, rows, cols) or (count, rows, cols, 3)
    names: Sequence[str]
    """The class of each image, as its folder is called."""
    indices: Sequence[int] | NDArray[Any]
    """The number of each image, as its file is called."""


def write_images(folder: Path, parts: Iterable[Part], label: str) -> None:
    """Write each image of `parts` to its place below `folder`."""
    for part in parts:
        places = {name: folder / part.split / name for name in set(part.names)}
        for place in places.values():
            place.mkdir(parents=True, exist_ok=True)
        with Progress(f"{label}: writing {part.split}", len(part.images)) as progress:
            for image, name, index in zip(part.images, part.names, part.indices, strict=True):
                (places[name] / f"{index}.png").write_bytes(png_bytes(image))
                progress.step()


def png_bytes(image: NDArray[np.uint8]) -> bytes:
    r"""Return a PNG file with the pixels of `image`: 8 bit, grey (rows, cols) or colour (rows, cols, 3).

    >>> png_bytes(np.zeros((2, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    rows, cols = image.shape[:2]
    lines = image.reshape(rows, -1)  # (rows, cols * channels)
    filtered = np.zeros((rows, 1 + lines.shape[1]), np.uint8)  # each line starts with its filter's number; 0 is none
    filtered[:, 1:] = lines
    header = struct.pack(">IIBBBBB", cols, rows, 8, _GREY if image.ndim == 2 else _RGB, 0, 0, 0)
    data = zlib.compress(filtered.tobytes(), 1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
