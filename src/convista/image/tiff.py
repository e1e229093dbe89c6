"""TIFF: what Pillow can hold by Pillow, the rest (float colour, 16-bit colour, many channels) by tifffile."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile

from convista.errors import silent_logger
from convista.image.arrays import array_of, settled
from convista.image.guards import UnreadableError, check_numbers, check_size, silent_pillow

if TYPE_CHECKING:
    from tifffile import TiffPage

_BITS, _KINDS, _EXTRA, _ORIENTATION = 258, 339, 338, 274  # the tags' numbers
_UNSIGNED, _SIGNED = 1, 2  # kinds of numbers
_NO_ALPHA = 0  # of extra channels


def read_tiff(file: IO[bytes], max_pixels: int) -> NDArray[Any]:
    """Return the first page."""
    with silent_pillow(max_pixels), silent_logger("PIL.TiffImagePlugin"):
        file.seek(0)
        try:
            image = TiffImageFile(file)
        except SyntaxError:  # what Pillow calls a kind of TIFF that it doesn't know
            return _beyond_pillow(file, max_pixels)
        check_size(image.height, image.width, max_pixels)
        if _pillow_misreads(image):
            return _beyond_pillow(file, max_pixels)
        image.load()  # turns it upright as well
    return array_of(image)


def _pillow_misreads(image: TiffImageFile) -> bool:
    """Tell whether Pillow would cut 16-bit colour to 8 bits, take one sign for the other, or drop channels."""
    bits, kinds = image.tag_v2.get(_BITS), image.tag_v2.get(_KINDS, (_UNSIGNED,))
    wrong_sign = (bits, kinds) in (((32,), (_UNSIGNED,)), ((8,), (_SIGNED,)))
    return bits == (16, 16, 16) or wrong_sign or _NO_ALPHA in image.tag_v2.get(_EXTRA, ())


def _beyond_pillow(file: IO[bytes], max_pixels: int) -> NDArray[Any]:
    import tifffile

    file.seek(0)
    with silent_logger("tifffile"), tifffile.TiffFile(file) as tiff:
        page = tiff.pages.first
        check_size(int(page.imagelength), int(page.imagewidth), max_pixels)  # tuples in damaged files
        check_numbers(page.size, max_pixels)
        if page.axes not in ("YX", "YXS", "SYX"):
            raise UnreadableError(f"its first page has axes {page.axes}, not rows, cols and channels")
        array = _pixels(page)
        tag = page.tags.get(_ORIENTATION)
    if page.axes == "SYX":
        array = np.moveaxis(array, 0, -1)  # (rows, cols, channels)
    return settled(_upright(array, int(tag.value) if tag else 1))


def _pixels(page: TiffPage) -> NDArray[Any]:
    try:
        return page.asarray()
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        raise UnreadableError(f"tifffile says: {error}", "type: pip install imagecodecs") from error


def _upright(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn an array upright; EXIF's eight cases are a transposition (5 and over) and two mirrors.

    >>> _upright(np.array([[1, 2], [3, 4]]), 6)
    array([[3, 1],
           [4, 2]])
    """
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    mirror_rows, mirror_cols = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return array[:: -1 if mirror_rows else 1, :: -1 if mirror_cols else 1]
