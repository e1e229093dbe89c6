from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_files import FILES, GREY, RGB, chunk, encoded, palette_image, png_of, refusal, tiff_of
from PIL import Image

from convista.image import read_image


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "photo.png"


@pytest.mark.parametrize("name", ["png grey", "gif"])
def test_grey_files_give_rows_and_cols(file: Path, name: str) -> None:
    file.write_bytes(FILES[name])
    np.testing.assert_array_equal(read_image(file), GREY)


@pytest.mark.parametrize("name", ["png rgb", "webp lossless", "tiff", "tiff lzw", "bmp"])
def test_colour_files_give_rows_cols_and_three_channels(file: Path, name: str) -> None:
    file.write_bytes(FILES[name])  # the ending says .png: the first bytes count
    np.testing.assert_array_equal(read_image(file), RGB)


def test_jpeg_is_near_its_source(file: Path) -> None:
    smooth = np.add.outer(np.arange(64), np.arange(48)).astype(np.uint8)
    file.write_bytes(encoded(Image.fromarray(smooth), "JPEG", quality=95))
    assert np.abs(read_image(file).astype(int) - smooth).max() <= 2


def test_arrays_are_native_writable_and_own_their_memory(file: Path) -> None:
    for data in FILES.values():
        file.write_bytes(data)
        array = read_image(file)
        assert array.flags.writeable
        assert array.flags.owndata
        assert array.dtype.isnative


def over_white(colour: int, alpha: int) -> int:
    return round((colour * alpha + 255 * (255 - alpha)) / 255)


RED_GREEN_BLUE = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
GREYS = [(9, 9, 9), (200, 200, 200), (77, 77, 77)]

RULE: dict[str, tuple[bytes, list[Any], str]] = {
    "1-bit": (encoded(Image.fromarray(np.array([[True, False, True]])), "PNG"), [[255, 0, 255]], "uint8"),
    "1-bit tiff": (encoded(Image.fromarray(np.array([[True, False]])), "TIFF"), [[255, 0]], "uint8"),
    "4-bit grey": (png_of(1, 2, 4, 0, b"\0\x1f"), [[17, 255]], "uint8"),
    "16-bit grey": (
        encoded(Image.fromarray(np.array([[1, 300, 65535]], np.uint16)), "PNG"),
        [[1, 300, 65535]],
        "uint16",
    ),
    "16-bit big-endian tiff": (tiff_of(np.array([[1, 300]], ">u2"), byteorder=">"), [[1, 300]], "uint16"),
    "16-bit grey, a transparent value": (
        png_of(1, 2, 16, 0, b"\0\0\x05\x01\x00", chunk(b"tRNS", b"\0\x05")),
        [[65535, 256]],
        "uint16",
    ),
    "float": (
        encoded(Image.fromarray(np.array([[0.5, -2, np.inf]], np.float32)), "TIFF"),
        [[0.5, -2, np.inf]],
        "float32",
    ),
    "float16": (tiff_of(np.array([[0.5, -2]], np.float16)), [[0.5, -2]], "float32"),
    "float64": (tiff_of(np.array([[0.1, 1e300]])), [[0.1, 1e300]], "float64"),
    "signed 16-bit": (tiff_of(np.array([[-7, 12]], np.int16)), [[-7, 12]], "float64"),
    "signed 32-bit": (tiff_of(np.array([[-7, 2**31 - 1]], np.int32)), [[-7, 2**31 - 1]], "float64"),
    "unsigned 32-bit": (tiff_of(np.array([[7, 2**32 - 1]], np.uint32)), [[7, 2**32 - 1]], "float64"),
    "palette": (encoded(palette_image(RED_GREEN_BLUE), "PNG"), [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], "uint8"),
    "palette of greys": (encoded(palette_image(GREYS), "PNG"), [[9, 200, 77]], "uint8"),
    "palette, one entry transparent": (
        encoded(palette_image(RED_GREEN_BLUE), "PNG", transparency=1),
        [[[255, 0, 0], [255, 255, 255], [0, 0, 255]]],
        "uint8",
    ),
    "palette, entries half transparent": (
        encoded(palette_image(GREYS), "PNG", transparency=b"\xff\x80\x00"),
        [[9, over_white(200, 128), 255]],
        "uint8",
    ),
    "gif with transparency": (
        encoded(palette_image(RED_GREEN_BLUE), "GIF", transparency=2),
        [[[255, 0, 0], [0, 255, 0], [255, 255, 255]]],
        "uint8",
    ),
    "rgb and alpha": (
        encoded(Image.fromarray(np.array([[[10, 20, 30, 255], [10, 20, 30, 100], [10, 20, 30, 0]]], np.uint8)), "PNG"),
        [[[10, 20, 30], [over_white(10, 100), over_white(20, 100), over_white(30, 100)], [255, 255, 255]]],
        "uint8",
    ),
    "grey and alpha": (
        encoded(Image.fromarray(np.array([[[10, 255], [10, 100], [10, 0]]], np.uint8)), "PNG"),
        [[10, over_white(10, 100), 255]],
        "uint8",
    ),
    "grey times alpha": (
        tiff_of(np.array([[[10, 255], [40, 100], [0, 0]]], np.uint8), extrasamples=["assocalpha"], photometric=1),
        [[10, 40 + 155, 255]],
        "uint8",
    ),
    "grey, a transparent value": (
        png_of(1, 2, 8, 0, b"\0\x05\x06", chunk(b"tRNS", b"\0\x05")),
        [[255, 6]],
        "uint8",
    ),
    "rgb, a transparent colour": (
        png_of(1, 2, 8, 2, b"\0\x01\x02\x03\x04\x05\x06", chunk(b"tRNS", b"\0\x01\0\x02\0\x03")),
        [[[255, 255, 255], [4, 5, 6]]],
        "uint8",
    ),
    "16-bit rgb png": (png_of(1, 1, 16, 2, b"\0\x12\xff\x34\xff\x56\xff"), [[[0x12, 0x34, 0x56]]], "uint8"),
    "16-bit rgb tiff": (
        tiff_of(np.array([[[1, 300, 65535]]], np.uint16), photometric="rgb"),
        [[[1, 300, 65535]]],
        "uint16",
    ),
    "float rgb tiff": (tiff_of(np.array([[[0.5, -1, 2]]], np.float32), photometric="rgb"), [[[0.5, -1, 2]]], "float32"),
    "planar float rgb tiff": (
        tiff_of(np.array([[[1]], [[2]], [[3]]], np.float32), photometric="rgb", planarconfig="separate"),
        [[[1, 2, 3]]],
        "float32",
    ),
    "five channels": (
        tiff_of(np.array([[[1, 2, 3, 4, 5]]], np.uint8), photometric="minisblack", planarconfig="contig"),
        [[[1, 2, 3, 4, 5]]],
        "uint8",
    ),
    "two channels": (
        tiff_of(np.array([[[1, 2]]], np.uint8), photometric="minisblack", planarconfig="contig"),
        [[[1, 2]]],
        "uint8",
    ),
    "rgb and a channel that isn't alpha": (
        tiff_of(np.array([[[1, 2, 3, 4]]], np.uint8), photometric="rgb", extrasamples=["unspecified"]),
        [[[1, 2, 3, 4]]],
        "uint8",
    ),
    "rgb and alpha tiff": (
        tiff_of(np.array([[[1, 2, 3, 0]]], np.uint8), photometric="rgb", extrasamples=["unassalpha"]),
        [[[255, 255, 255]]],
        "uint8",
    ),
    "cmyk tiff": (
        encoded(Image.merge("CMYK", [Image.new("L", (1, 1), v) for v in (255, 0, 0, 0)]), "TIFF"),
        [[[0, 255, 255]]],
        "uint8",
    ),
}


@pytest.mark.parametrize("name", RULE)
def test_each_kind_follows_the_stated_rule(file: Path, name: str) -> None:
    data, expected, dtype = RULE[name]
    file.write_bytes(data)
    array = read_image(file)
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, np.array(expected, dtype))


def test_cmyk_jpeg_becomes_rgb(file: Path) -> None:
    file.write_bytes(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    np.testing.assert_allclose(read_image(file)[4, 4], [255, 0, 0], atol=3)


def test_the_first_frame_of_a_gif_counts(file: Path) -> None:
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    file.write_bytes(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2))
    np.testing.assert_array_equal(read_image(file), GREY)


UPRIGHT = {
    1: GREY,
    2: np.fliplr(GREY),
    3: np.rot90(GREY, 2),
    4: np.flipud(GREY),
    5: GREY.T,
    6: np.rot90(GREY, -1),
    7: np.rot90(GREY, 2).T,
    8: np.rot90(GREY),
}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "16-bit PNG", "float TIFF"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_files_are_turned_as_their_orientation_says(file: Path, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    if kind == "float TIFF":
        rgb = np.repeat(GREY[..., None], 3, axis=2).astype(np.float32)
        file.write_bytes(tiff_of(rgb, photometric="rgb", extratags=[(274, "H", 1, orientation, True)]))
    elif kind == "16-bit PNG":
        file.write_bytes(encoded(Image.fromarray(GREY.astype(np.uint16)), "PNG", exif=exif))
    else:
        file.write_bytes(encoded(Image.fromarray(GREY), kind, exif=exif, lossless=True))
    array = read_image(file)
    np.testing.assert_array_equal(array if array.ndim == 2 else array[..., 1], UPRIGHT[orientation])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_image_whose_exif_is_damaged_is_read_as_it_lies_without_a_warning(file: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[274], exif[282] = 6, 72.0
    damaged = exif.tobytes()[:-9]
    file.write_bytes(encoded(Image.fromarray(GREY), kind, exif=damaged, lossless=True))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        array = read_image(file)
    assert caught == []
    assert sorted(array.shape[:2]) == sorted(GREY.shape)


def test_nothing_is_logged_about_a_damaged_tiff(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = FILES["tiff float rgb"]
    for cut in range(8, len(data), 5):
        file.write_bytes(data[:cut])
        refusal(file)
    assert caplog.records == []
