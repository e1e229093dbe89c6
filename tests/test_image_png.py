from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from image_files import GREY, RGB, chunk, png_of
from numpy.typing import NDArray

import convista.image.reading as reading
from convista.image import read_image
from convista.image.png import plain_png


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "photo.png"


def lines_of(image: NDArray[np.uint8], filter_number: int = 0) -> bytes:
    return b"".join(bytes([filter_number]) + row.tobytes() for row in image)


PLAIN = {"grey": png_of(6, 10, 8, 0, lines_of(GREY)), "rgb": png_of(6, 10, 8, 2, lines_of(RGB))}


@pytest.mark.parametrize(("name", "image"), [("grey", GREY), ("rgb", RGB)])
def test_plain_png_files_go_the_short_way_to_the_same_array(
    file: Path, name: str, image: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(PLAIN[name])
    short = plain_png(PLAIN[name], 60)
    assert short is not None
    monkeypatch.setattr(reading, "SMALL", 16)  # Pillow's way, and from a file that counts as large
    for array in (short, read_image(file)):
        np.testing.assert_array_equal(array, image)
        assert array.flags.writeable
        assert array.flags.owndata
        assert array.flags.c_contiguous


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def with_header_byte(data: bytes, at: int, value: int) -> bytes:
    header = bytearray(data[16:29])
    header[at] = value
    return data[:8] + chunk(b"IHDR", bytes(header)) + data[33:]


PACKED = zlib.compress(lines_of(GREY), 1)


@pytest.mark.parametrize(
    "data",
    [
        png_of(6, 10, 8, 0, lines_of(GREY, 1)),  # filtered
        png_of(6, 10, 8, 3, lines_of(GREY), chunk(b"PLTE", bytes(768))),
        png_of(6, 10, 8, 0, lines_of(GREY), chunk(b"tRNS", b"\0\5")),
        png_of(6, 10, 16, 0, lines_of(GREY.astype(np.uint16))),
        png_of(2, 1, 4, 0, b"\0\x10\0\xf0"),  # as long as if it had 8 bits
        PLAIN["grey"].replace(chunk(b"IDAT", PACKED), chunk(b"IDAT", zlib.compress(lines_of(GREY)))),
        with_header_byte(PLAIN["grey"], 12, 1),  # interlaced
        PLAIN["grey"].replace(chunk(b"IDAT", PACKED), chunk(b"IDAT", PACKED[:-4])),  # without its checksum
        png_of(5, 10, 8, 0, lines_of(GREY)),  # a line too many
        png_of(7, 10, 8, 0, lines_of(GREY)),  # one missing
        png_of(0, 10, 8, 0, b""),
        changed(PLAIN["grey"], 20),  # the width
        changed(PLAIN["grey"], 30),  # the header's checksum
        changed(PLAIN["grey"], -18),  # the checksum of the packed lines
        PLAIN["grey"][:-8],
        PLAIN["grey"][:40],
        b"",
    ],
)
def test_anything_else_is_left_to_pillow(data: bytes) -> None:
    assert plain_png(data, 10**6) is None


def test_the_short_way_keeps_the_limit() -> None:
    assert plain_png(PLAIN["grey"], 59) is None
