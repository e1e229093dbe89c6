"""Image files to arrays: known by their first bytes, measured by their header, decoded whole or refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from convista.errors import did_you_mean
from convista.image.arrays import array_of, settled
from convista.image.guards import MAX_PIXELS, UnreadableError, check_numbers, check_size, silent_pillow
from convista.image.png import plain_png
from convista.image.tiff import read_tiff

PathLike: TypeAlias = str | os.PathLike[str]

IMAGE_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".gif"})
"""Endings of image files, in lower case. What a file holds is told by its first bytes, never by these."""

SMALL = 1 << 16
"""Files of fewer bytes are read at once."""
_CONTROLS = dict.fromkeys([*range(32), *range(127, 160)], "\ufffd")
_NPY = b"\x93NUMPY"

# What may carry an orientation; asking Pillow for it is slow, and most small images have none.
_EXIF_KEYS = frozenset({"exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp"})


class ImageFileError(ValueError):
    """A file that can't be read as an image: `path`, `reason` (a clause about "it"), `hint` (what to do)."""

    def __init__(self, path: str, reason: str, hint: str = "") -> None:
        super().__init__(path, reason, hint)
        self.path, self.reason, self.hint = path, reason, hint

    def __str__(self) -> str:
        """Return the whole sentence.

        >>> print(ImageFileError("a.png", "it is empty (0 bytes)"))
        path (="a.png") can't be read as an image: it is empty (0 bytes)
        """
        tail = f"; {self.hint}" if self.hint else ""
        return f'path (="{shown(self.path)}") can\'t be read as an image: {self.reason}{tail}'


def read_image(path: PathLike, *, max_pixels: int = MAX_PIXELS) -> NDArray[Any]:
    """Return the image in a file, converted by the rule at the head of `convista.image`.

    Parameters
    ----------
    path
        A PNG, JPEG, WebP, TIFF, BMP or GIF file, whatever its ending; or .npy, as `write_image` makes it.
    max_pixels
        rows times cols, read from the header before anything is decoded. Larger images are refused.

    Returns
    -------
    array
        (rows, cols) or (rows, cols, 3), uint8, uint16, float32 or float64, writable and owned by the caller;
        other numbers of channels only from TIFF and .npy.

    Raises
    ------
    ImageFileError
        The file is empty, cut short, damaged, too large or no image; a ValueError.
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> import tempfile
    >>> from convista.image import write_image
    >>> path = Path(tempfile.mkdtemp()) / "corner.png"
    >>> write_image(path, [[False, False], [False, True]])
    >>> read_image(path)
    array([[  0,   0],
           [  0, 255]], dtype=uint8)
    """
    with _in_words(path) as name:
        stored = _read(name, max_pixels)
        return array_of(stored) if isinstance(stored, Image.Image) else stored


def read_stored(path: PathLike, *, max_pixels: int = MAX_PIXELS) -> Image.Image | NDArray[Any]:
    """Return the image in a file, decoded whole and upright, for those who don't need all of its pixels as an array.

    What Pillow decodes is an image of Pillow, of which `as_array` makes what `read_image` returns; all else is that
    already. Errors are those of `read_image`.
    """
    with _in_words(path) as name:
        return _read(name, max_pixels)


@contextmanager
def _in_words(path: PathLike) -> Iterator[str]:
    """Yield a path's name; whatever is wrong with its file becomes a sentence."""
    name = name_of(path)
    try:
        yield name
    except UnreadableError as error:
        raise ImageFileError(name, error.reason, error.hint) from error.__cause__
    except (FileNotFoundError, MemoryError):
        raise
    except Exception as error:  # inside the libraries a damaged file can raise nearly anything
        said = " ".join(str(error).split()) or type(error).__name__
        raise ImageFileError(name, f"it is cut short or damaged ({said})", "copy or download it again") from error


def name_of(path: PathLike) -> str:
    """Return `path` as str, or say that it must be one."""
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError(f"path (a {type(path).__name__}) must be a str or a pathlib.Path") from None


def shown(path: PathLike) -> str:
    r"""Return `path` as text that any terminal takes: bytes that aren't UTF-8, and control characters, become U+FFFD.

    >>> shown("two\nlines.png") == "two\ufffdlines.png"
    True
    """
    return os.fsencode(path).decode("utf-8", "replace").translate(_CONTROLS)


def _read(name: str, max_pixels: int) -> Image.Image | NDArray[Any]:
    with _opened(name) as file:
        start = file.read(SMALL)
        # Pillow asks a file time and again where it stands, each time a call of the system: memory is faster.
        in_memory = len(start) < SMALL and not start.startswith(_NPY)
        return _reader_of(start)(BytesIO(start) if in_memory else file, max_pixels)


def _opened(name: str) -> IO[bytes]:
    # Neither call by way of pathlib, which is a tenth of the time that a small file takes.
    try:
        _check_status(os.stat(name))  # noqa: PTH116  before opening: to open a pipe is to wait for its other end
        return open(name, "rb")  # noqa: PTH123
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(_missing(Path(name))) from None
    except OSError as error:
        raise UnreadableError(f"the system says: {error.strerror}") from error


def _check_status(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableError("it is a folder", "give one of the files in it")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError("it is not a regular file but a pipe, a socket or a device")
    if status.st_size == 0:
        raise UnreadableError("it is empty (0 bytes)")


def _missing(path: Path) -> str:
    if not path.parent.is_dir():
        return f'path (="{shown(path)}") doesn\'t exist, nor does its folder'
    with os.scandir(path.parent) as entries:
        siblings = [shown(entry.name) for entry in islice(entries, 10_000)]
    return f'path (="{shown(path)}") doesn\'t exist{did_you_mean(shown(path.name), siblings)}'


_Reader: TypeAlias = Callable[[IO[bytes], int], "Image.Image | NDArray[Any]"]


def _reader_of(start: bytes) -> _Reader:
    """Tell the format by the first bytes."""
    if start.startswith(b"RIFF") and start[8:12] != b"WEBP":
        start = b""  # sound or film
    for signature, reader in _READERS:
        if start.startswith(signature):
            return reader
    raise UnreadableError("its first bytes are those of no PNG, JPEG, WebP, TIFF, BMP or GIF file")


def _by_pillow(reader: type[ImageFile.ImageFile]) -> _Reader:
    """Return how to read a format. Each is asked for by name: of Pillow's others none ever runs (EPS, for one)."""

    def read(file: IO[bytes], max_pixels: int) -> Image.Image:
        file.seek(0)
        with silent_pillow(max_pixels):
            image = reader(file)
        return _finished(image, max_pixels)

    return read


def _read_png(file: IO[bytes], max_pixels: int) -> Image.Image | NDArray[Any]:
    image = plain_png(file.getvalue(), max_pixels) if isinstance(file, BytesIO) else None
    if image is not None:
        return image
    file.seek(0)
    # Pillow's PNG reader, alone of all, neither warns nor checks the size: silence would cost a tenth of its speed.
    return _finished(PngImageFile(file), max_pixels)


def _finished(image: Image.Image, max_pixels: int) -> Image.Image:
    """Decode an image whose header has been read."""
    check_size(image.height, image.width, max_pixels)
    image.load()
    if image.info.keys() & _EXIF_KEYS:
        # An orientation that can't be read says nothing against the pixels: they stay as they are.
        with suppress(Exception), silent_pillow(max_pixels):
            ImageOps.exif_transpose(image, in_place=True)
    return image


def _read_npy(file: IO[bytes], max_pixels: int) -> NDArray[Any]:
    array = np.load(file.name, mmap_mode="r", allow_pickle=False)  # mapped: its sizes come before its numbers
    if array.ndim not in (2, 3):
        raise UnreadableError(f"its array has shape {array.shape}, not (rows, cols) or (rows, cols, channels)")
    check_size(array.shape[0], array.shape[1], max_pixels)
    check_numbers(array.size, max_pixels)
    return settled(array)


_READERS: tuple[tuple[bytes, _Reader], ...] = (
    (b"\x89PNG\r\n\x1a\n", _read_png),
    (b"\xff\xd8\xff", _by_pillow(JpegImageFile)),
    (b"RIFF", _by_pillow(WebPImageFile)),
    (b"II*\0", read_tiff),
    (b"MM\0*", read_tiff),
    (b"II+\0", read_tiff),  # over 4 GB
    (b"MM\0+", read_tiff),
    (b"BM", _by_pillow(BmpImageFile)),
    (b"GIF8", _by_pillow(GifImageFile)),
    (_NPY, _read_npy),
)
