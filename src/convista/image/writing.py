"""Arrays to image files, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convista.errors import did_you_mean
from convista.files import whole_file
from convista.image.arrays import as_array
from convista.image.reading import PathLike, name_of, shown


class _Pillow(NamedTuple):
    """How Pillow writes a kind of picture."""

    name: str
    longest: int
    """Most rows or cols that the format can count."""
    options: Mapping[str, Any]


_JPEG = _Pillow("JPEG", 65_500, {"quality": 95, "subsampling": 0})
_PILLOW_WRITES: Mapping[str, _Pillow] = MappingProxyType(
    {
        ".png": _Pillow("PNG", 2**31 - 1, {}),
        ".jpg": _JPEG,
        ".jpeg": _JPEG,
        ".webp": _Pillow("WEBP", 16_383, {"lossless": True}),
        ".bmp": _Pillow("BMP", 2**31 - 1, {}),
    }
)
_WRITES = (*_PILLOW_WRITES, ".tif", ".tiff", ".npy")


def write_image(path: PathLike, array: object) -> None:
    """Write an image to the file that the ending of `path` names, whole or not at all.

    Parameters
    ----------
    path
        Ends in .png, .jpg, .jpeg (quality 95), .webp (lossless), .bmp, .tif, .tiff (uncompressed) or .npy.
    array
        (rows, cols) or (rows, cols, 3), or what `as_array` makes into that. Pictures hold uint8, PNG also uint16
        grey; .tif and .npy hold any real numbers, and `read_image` gives back the same values.

    Raises
    ------
    ValueError
        The ending is unknown, the shape is none of these, or the numbers don't fit into the format.
    FileNotFoundError
        The folder doesn't exist.
    """
    name = name_of(path)
    ending = Path(name).suffix.lower()
    if ending not in _WRITES:
        suggestion = did_you_mean(ending, _WRITES) if ending else ""
        raise ValueError(f'path (="{shown(name)}") must end in one of {", ".join(_WRITES)}{suggestion}')
    pixels = _plain(as_array(array, "array"))
    if ending in _PILLOW_WRITES:
        _check_fit(pixels, ending)
    if not Path(name).parent.is_dir():
        raise FileNotFoundError(f'path (="{shown(name)}") lies in a folder that doesn\'t exist; make the folder first')
    with whole_file(name) as temporary:
        _write(temporary, pixels, ending)


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array contiguous, in the machine's byte order, in one of the shapes and kinds that are written."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]  # (rows, cols)
    if array.size == 0 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
        raise ValueError(f"array (shape {array.shape}) must be (rows, cols) or (rows, cols, 3), with pixels in it")
    if array.dtype.kind == "c":
        raise ValueError(f"array ({array.dtype}) must hold real numbers; write its .real, .imag or np.abs of it")
    if array.dtype.kind == "b":
        array = array * np.uint8(255)
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def _check_fit(array: NDArray[Any], ending: str) -> None:
    longest = _PILLOW_WRITES[ending].longest
    if max(array.shape) > longest:
        raise ValueError(f"array (shape {array.shape}) is too long for a {ending} file, which holds at most {longest:,}"
                         " rows and cols; write .png or .tif")  # fmt: skip
    if not (array.dtype == np.uint8 or (ending == ".png" and array.dtype == np.uint16 and array.ndim == 2)):
        raise ValueError(_does_not_fit(array, ending))


def _does_not_fit(array: NDArray[Any], ending: str) -> str:
    holds = "uint8, or uint16 if grey" if ending == ".png" else "uint8"
    colour = " colour" if array.ndim == 3 else ""
    return (
        f"array ({array.dtype}{colour}) doesn't fit into a {ending} file, which holds {holds}; to keep the numbers "
        f'write .tif or .npy, to make a picture bring them to 0..255 and pass array.round().astype("uint8")'
    )


def _write(path: Path, pixels: NDArray[Any], ending: str) -> None:
    if ending in _PILLOW_WRITES:
        writer = _PILLOW_WRITES[ending]
        encoded = BytesIO()  # Pillow, given a file, may not notice that a full disk took a part of it only
        Image.fromarray(pixels).save(encoded, writer.name, **writer.options)
        path.write_bytes(encoded.getvalue())
    elif ending == ".npy":
        with path.open("wb") as file:
            np.save(file, pixels, allow_pickle=False)
    else:
        import tifffile

        photometric = "rgb" if pixels.ndim == 3 else "minisblack"
        tifffile.imwrite(path, pixels, photometric=photometric, metadata=None)
