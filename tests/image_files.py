"""Small image files of many kinds, as bytes, for the tests of the room `image` and of data sets."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from convista.image import ImageFileError, read_image

GREY = np.arange(0, 240, 4, dtype=np.uint8).reshape(6, 10)
RGB = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff_of(array: NDArray[Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(rows: int, cols: int, depth: int, colour: int, data: bytes, extra: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", cols, rows, depth, colour, 0, 0, 0)
    tail = chunk(b"IDAT", zlib.compress(data, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + tail


def palette_image(colours: list[tuple[int, int, int]]) -> Image.Image:
    image = Image.frombytes("P", (3, 1), bytes([0, 1, 2]))
    image.putpalette([part for colour in colours for part in colour])
    return image


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(ImageFileError) as caught:
        read_image(path, **options)
    return str(caught.value)


FILES = {
    "png grey": encoded(Image.fromarray(GREY), "PNG"),
    "png rgb": encoded(Image.fromarray(RGB), "PNG"),
    "png 16": encoded(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG"),
    "jpeg": encoded(Image.fromarray(RGB), "JPEG"),
    "jpeg progressive": encoded(Image.fromarray(RGB), "JPEG", progressive=True),
    "webp": encoded(Image.fromarray(RGB), "WEBP"),
    "webp lossless": encoded(Image.fromarray(RGB), "WEBP", lossless=True),
    "tiff": encoded(Image.fromarray(RGB), "TIFF"),
    "tiff lzw": encoded(Image.fromarray(RGB), "TIFF", compression="tiff_lzw"),
    "tiff float rgb": tiff_of(RGB.astype(np.float32), photometric="rgb"),
    "tiff 16-bit rgb": tiff_of(RGB.astype(np.uint16), photometric="rgb", compression="zlib"),
    "bmp": encoded(Image.fromarray(RGB), "BMP"),
    "gif": encoded(Image.fromarray(GREY), "GIF"),
    "gif colour": encoded(Image.fromarray(RGB).quantize(8), "GIF"),
}
