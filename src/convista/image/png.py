"""The plainest PNG files: small, 8 bits, grey or RGB, packed fast and not filtered, nothing else inside.

Our data sets are made of them, and Pillow takes three times as long for each. Whatever is not as plain as that, or is
damaged, is left to Pillow, so that one rule holds for all; a test compares the two.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_HEADER = struct.Struct(">8sI4sIIBBBBBII4s")  # as far as the name of the second chunk
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PACKED_FAST = b"x\x01"  # how zlib's lowest level, which we use, begins; those who use others filter, too
_CHANNELS = {0: 1, 2: 3}  # by PNG's colour type


def plain_png(data: bytes, max_pixels: int) -> NDArray[np.uint8] | None:
    """Return the image (rows, cols) or (rows, cols, 3) in the bytes of a PNG file; None if Pillow is to read it."""
    if data[_HEADER.size : _HEADER.size + 2] != _PACKED_FAST:
        return None
    signature, size, header, cols, rows, depth, colour, *methods, crc, length, second = _HEADER.unpack_from(data)
    end = _HEADER.size + length
    if (signature, size, header, second) != (_SIGNATURE, 13, b"IHDR", b"IDAT") or data[end + 8 : end + 12] != b"IEND":
        return None
    if depth != 8 or colour not in _CHANNELS or any(methods) or zlib.crc32(data[12:29]) != crc:
        return None
    if not 0 < rows * cols <= max_pixels:
        return None
    lines = _lines(data[_HEADER.size : end], rows, 1 + cols * _CHANNELS[colour])
    return None if lines is None else lines[:, 1:].reshape((rows, cols, 3) if colour else (rows, cols)).copy()


def _lines(packed: bytes, rows: int, length: int) -> NDArray[np.uint8] | None:
    """Return the lines of pixels, each after the number of its filter, if that is 0, none, for all."""
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(packed, rows * length + 1)
    except zlib.error:
        return None
    if len(raw) != rows * length or not unpacking.eof or any(raw[::length]):
        return None
    return np.frombuffer(raw, np.uint8).reshape(rows, length)
