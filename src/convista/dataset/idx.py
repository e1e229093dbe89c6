"""IDX, the format of MNIST's files: a type, the sizes of the axes, and the numbers, big-endian, plain or gzip'd.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", which describes it.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from convista.dataset.records import Dataset, Split
from convista.dataset.remarks import resized_remark
from convista.image import resized, shown

MAX_BYTES = 2**32
"""What a file may promise at most; a small .gz can promise anything."""

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_STEMS = {"train": "train", "valid": "t10k"}
_MOST_AXES = 64  # of a NumPy array


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Return the array in an IDX file, plain or gzip'd, with any number of axes, in the machine's byte order.

    Parameters
    ----------
    path
        Whether it is gzip'd is told by its first bytes, not by its ending.

    Raises
    ------
    ValueError
        It isn't an IDX file, is damaged, or holds more or fewer numbers than its header says.
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "labels"
    >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    >>> read_idx(path)
    array([5, 0, 4], dtype=uint8)
    """
    place = Path(path)
    if not place.is_file():
        raise FileNotFoundError(f'path (="{shown(place)}") is not a file')
    try:
        with _opened(place) as file:
            return _array(file)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(
            f'path (="{shown(place)}") can\'t be read as IDX: its gzip data are damaged ({error})'
        ) from error
    except _IdxError as error:
        raise ValueError(f'path (="{shown(place)}") can\'t be read as IDX: {error}') from None


class _IdxError(Exception):
    """A reason, on its way to where the path is known."""


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb")


def _array(file: IO[bytes]) -> NDArray[Any]:
    dtype, axes = _type_and_axes(file.read(4))
    sizes = file.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise _IdxError(f"it ends before the sizes of its {axes} axes")
    shape = struct.unpack(f">{axes}I", sizes)
    wanted = math.prod(shape) * dtype.itemsize
    promise = f"its header promises {' x '.join(f'{size:,}' for size in shape)} numbers, {wanted:,} bytes"
    if wanted > MAX_BYTES:
        raise _IdxError(f"{promise}, over the limit of {MAX_BYTES:,}")
    data = file.read(wanted + 1)
    if len(data) != wanted:
        raise _IdxError(f"{promise}; it holds {'more' if len(data) > wanted else f'{len(data):,}'}")
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _type_and_axes(magic: bytes) -> tuple[np.dtype[Any], int]:
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or magic[3] > _MOST_AXES:
        types = ", ".join(f"{code:02x}" for code in _TYPES)
        raise _IdxError(
            f"it begins with {magic.hex(' ') or 'nothing'}, not with 00 00, a type ({types}) and the number of axes"
        )
    return np.dtype(_TYPES[magic[2]]), magic[3]


# A data set of four files --------------------------------------------------------------------------------------------


def holds_idx(folder: Path) -> bool:
    """Tell whether a folder holds training images named as MNIST's are."""
    return _file(folder, "train", "images-idx3") is not None


def load_idx(name: str, folder: Path, size: tuple[int, int] | None) -> Dataset:
    """Return the labelled images of the four files named as MNIST's are; see `convista.dataset.load_dataset`."""
    raw = {split: _images_and_labels(name, folder, split) for split in _STEMS}
    numbers = np.unique(np.concatenate([labels for _, labels in raw.values()]))
    if len(numbers) < 2:
        raise ValueError(f'data (="{shown(name)}") must have at least two classes; its labels are {numbers.tolist()}')
    target = size or raw["train"][0].shape[1:]
    train, valid = (_split(stem, *raw[split], numbers, target) for split, stem in _STEMS.items())
    count = sum(len(images) for images, _ in raw.values() if images.shape[1:] != target)
    remarks = resized_remark(count, len(train.labels) + len(valid.labels), target)
    return Dataset(
        name, folder, tuple(map(str, numbers.tolist())), train, valid, remarks, "as the four IDX files of MNIST"
    )


def _images_and_labels(name: str, folder: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    images, labels = (read_idx(_needed(name, folder, split, content)) for content in ("images-idx3", "labels-idx1"))
    if images.ndim != 3 or images.dtype != np.uint8 or images.size == 0:
        raise ValueError(
            f'data (="{shown(name)}") must have {split} images (count, rows, cols) of uint8, not {images.shape} of '
            f"{images.dtype}"
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f'data (="{shown(name)}") must have a whole number for each of the {len(images):,} {split} images, not '
            f"{labels.shape} of {labels.dtype}"
        )
    return images, labels


def _needed(name: str, folder: Path, split: str, content: str) -> Path:
    path = _file(folder, split, content)
    if path is None:
        raise FileNotFoundError(
            f'data (="{shown(name)}") must hold the four files of MNIST; {_STEMS[split]}-{content}-ubyte is missing, '
            "with .gz and without"
        )
    return path


def _file(folder: Path, split: str, content: str) -> Path | None:
    plain = folder / f"{_STEMS[split]}-{content}-ubyte"
    return next((path for path in (plain, plain.with_name(f"{plain.name}.gz")) if path.is_file()), None)


def _split(
    stem: str, images: NDArray[np.uint8], labels: NDArray[Any], numbers: NDArray[Any], target: tuple[int, ...]
) -> Split:
    rows, cols = target
    if images.shape[1:] != target:
        images = np.stack([resized(image, (rows, cols)) for image in images])
    paths = tuple(f"{stem}-images-idx3-ubyte#{index}" for index in range(len(labels)))
    return Split(images[:, None], np.searchsorted(numbers, labels).astype(np.int64), paths)  # (count, 1, rows, cols)
