from __future__ import annotations

import os
import struct
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from image_files import FILES, GREY, RGB, encoded, png_of, refusal, tiff_of
from PIL import Image, JpegImagePlugin

from convista.image import ImageFileError, read_image


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "photo.png"


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_is_refused_or_right(file: Path, name: str) -> None:
    data = FILES[name]
    file.write_bytes(data)
    whole, missing = read_image(file), []
    for length in range(1, len(data), 7):
        file.write_bytes(data[:length])
        with suppress(ImageFileError):
            np.testing.assert_array_equal(read_image(file), whole)
            missing.append(len(data) - length)
    assert all(count < 40 for count in missing)  # only the marks at the end


def test_a_truncated_file_is_named_with_the_reason(file: Path) -> None:
    file.write_bytes(FILES["png rgb"][:-30])
    assert refusal(file) == (
        f'path (="{file}") can\'t be read as an image: it is cut short or damaged (image file is truncated); '
        "copy or download it again"
    )


def test_an_empty_file(file: Path) -> None:
    file.touch()
    assert refusal(file) == f'path (="{file}") can\'t be read as an image: it is empty (0 bytes)'


@pytest.mark.parametrize("data", [b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"RIFF\x04\0\0\0WAVEfmt ", b"\0" * 99])
def test_what_is_no_image_is_refused_whatever_its_ending(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    assert refusal(file) == (
        f'path (="{file}") can\'t be read as an image: its first bytes are those of no PNG, JPEG, WebP, TIFF, BMP '
        "or GIF file"
    )


def test_formats_that_only_pillow_knows_are_refused(file: Path) -> None:
    for kind in ("PPM", "TGA", "ICO", "SGI", "PCX", "EPS"):
        file.write_bytes(encoded(Image.fromarray(RGB), kind))
        assert "its first bytes are those of no PNG" in refusal(file)


def bomb(name: str) -> bytes:
    """Return a small file whose header speaks of 50,000 x 50,000 pixels."""
    size = 50_000
    if name == "png":
        return png_of(size, size, 8, 2, b"\0" * 99)
    if name == "webp":
        body = b"VP8X" + struct.pack("<II", 10, 0) + 2 * (size - 1).to_bytes(3, "little")
        return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    data = bytearray(FILES[name])
    if name == "gif":
        data[6:10] = struct.pack("<HH", size, size)
    elif name == "bmp":
        data[18:26] = struct.pack("<ii", size, size)
    elif name == "jpeg":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", size, size)
    else:
        for tag, old in ((256, 10), (257, 6)):
            at = next(i for i in range(len(data)) if data[i : i + 4] == struct.pack("<HH", tag, data[i + 2])
                      and struct.unpack_from("<I", data, i + 8)[0] & 0xFFFF == old)  # fmt: skip
            data[at + 2 : at + 12] = struct.pack("<HII", 4, 1, size)
    return bytes(data)


@pytest.mark.parametrize("name", ["png", "jpeg", "bmp", "gif", "tiff", "tiff float rgb"])
def test_a_bomb_is_refused_by_its_header_with_the_limit(file: Path, name: str) -> None:
    file.write_bytes(bomb(name))
    assert refusal(file) == (
        f'path (="{file}") can\'t be read as an image: it has 50,000 rows x 50,000 cols = 2,500,000,000 pixels, over '
        "the limit of 178,956,970; if you trust it, pass max_pixels=2500000000"
    )


def test_a_webp_bomb_is_refused(file: Path) -> None:
    file.write_bytes(bomb("webp"))
    said = "it has more than twice the limit of 178,956,970 pixels"
    assert refusal(file) == f'path (="{file}") can\'t be read as an image: {said}'


def test_the_limit_is_the_largest_that_is_read(file: Path) -> None:
    for data in FILES.values():
        file.write_bytes(data)
        assert read_image(file, max_pixels=60).shape[:2] == (6, 10)
        assert refusal(file, max_pixels=59) == (
            f'path (="{file}") can\'t be read as an image: it has 6 rows x 10 cols = 60 pixels, over the limit of 59; '
            "if you trust it, pass max_pixels=60"
        )


def test_many_channels_count_against_the_limit(file: Path) -> None:
    data = tiff_of(np.zeros((2, 2, 40), np.uint8), photometric="minisblack", planarconfig="contig")
    file.write_bytes(data)
    assert read_image(file, max_pixels=40).shape == (2, 2, 40)
    assert refusal(file, max_pixels=39) == (
        f'path (="{file}") can\'t be read as an image: its channels hold 160 numbers, over four times the limit of '
        "39 pixels; if you trust it, pass max_pixels=40"
    )


@pytest.mark.parametrize("name", ["gif", "gif colour", "webp", "tiff", "png rgb", "jpeg"])
def test_pillows_own_limit_neither_warns_nor_refuses(file: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    file.write_bytes(FILES[name])
    assert read_image(file).shape[:2] == (6, 10)
    assert Image.MAX_IMAGE_PIXELS == 5


def test_many_threads_leave_the_global_settings_as_they_were(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.bin" for i in range(len(FILES))]
    for path, data in zip(paths, FILES.values(), strict=True):
        path.write_bytes(data)
    before = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    with ThreadPoolExecutor(4) as pool:
        assert all(array.shape[:2] == (6, 10) for array in pool.map(read_image, paths * 20))
    assert before == (list(warnings.filters), Image.MAX_IMAGE_PIXELS)


def test_a_packed_tiff_that_tifffile_cannot_unpack_names_the_package(file: Path) -> None:
    data = bytearray(tiff_of(RGB.astype(np.uint16), photometric="rgb"))
    at = data.index(struct.pack("<HHII", 259, 3, 1, 1))
    data[at + 8] = 5  # LZW
    file.write_bytes(data)
    assert refusal(file) == (
        f'path (="{file}") can\'t be read as an image: tifffile says: <COMPRESSION.LZW: 5> requires the '
        "'imagecodecs' package; type: pip install imagecodecs"
    )


def test_a_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "photo.png").touch()
    with pytest.raises(FileNotFoundError) as caught:
        read_image(tmp_path / "phto.png")
    assert str(caught.value) == f'path (="{tmp_path}/phto.png") doesn\'t exist; did you mean "photo.png"?'


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        read_image(tmp_path / "no" / "photo.png")
    assert str(caught.value) == f'path (="{tmp_path}/no/photo.png") doesn\'t exist, nor does its folder'


def test_a_folder_is_no_image(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (
        f'path (="{tmp_path}") can\'t be read as an image: it is a folder; give one of the files in it'
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(file: Path) -> None:
    os.mkfifo(file)
    reason = "it is not a regular file but a pipe, a socket or a device"
    assert refusal(file) == f'path (="{file}") can\'t be read as an image: {reason}'


def test_what_the_system_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    assert refusal(path) == f'path (="{path}") can\'t be read as an image: the system says: File name too long'


def test_a_path_must_be_a_path() -> None:
    with pytest.raises(TypeError) as caught:
        read_image(3)  # type: ignore[arg-type]
    assert str(caught.value) == "path (a int) must be a str or a pathlib.Path"


def test_names_that_are_not_utf8_are_read_and_can_be_printed(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    Path(path).write_bytes(FILES["png grey"])
    np.testing.assert_array_equal(read_image(path), GREY)
    Path(path).write_bytes(b"")
    assert refusal(Path(path)) == f'path (="{tmp_path}/caf�.png") can\'t be read as an image: it is empty (0 bytes)'


def test_memory_that_runs_out_is_not_called_damage(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(image: Image.Image) -> None:
        raise MemoryError

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", load)
    file.write_bytes(FILES["jpeg"])
    with pytest.raises(MemoryError):
        read_image(file)


def test_npy_files_never_run_pickles(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    assert "it is cut short or damaged (" in refusal(tmp_path / "a.npy")


def test_npy_files_of_other_shapes_and_kinds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for array, reason in (
        (np.zeros(3), "its array has shape (3,), not (rows, cols) or (rows, cols, channels)"),
        (np.zeros((2, 2), complex), "it holds complex128 values, not real numbers"),
        (np.zeros((0, 2)), "it has no pixels (0 rows x 2 cols)"),
    ):
        np.save(path, array)
        assert refusal(path) == f'path (="{path}") can\'t be read as an image: {reason}'
