from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from image_files import GREY, RGB
from numpy.typing import NDArray

from convista.image import IMAGE_ENDINGS, read_image, write_image


@pytest.mark.parametrize("ending", [".png", ".webp", ".bmp", ".tif", ".tiff", ".npy", ".PNG", ".NPY"])
def test_uint8_comes_back_as_it_was_written(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    write_image(path, RGB)
    np.testing.assert_array_equal(read_image(path), RGB)
    write_image(path, GREY)
    array = read_image(path)
    np.testing.assert_array_equal(array if array.ndim == 2 else array[..., 0], GREY)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".jpg", ".jpeg"])
def test_jpeg_comes_back_nearly(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    write_image(path, RGB)
    assert np.abs(read_image(path).astype(int) - RGB).mean() < 3


@pytest.mark.parametrize("ending", [".tif", ".npy"])
@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int8", "int32", "uint16", "uint32", "int64", ">f4"]
)
@pytest.mark.parametrize("image", [GREY, RGB], ids=["grey", "rgb"])
def test_tif_and_npy_keep_every_number(tmp_path: Path, ending: str, dtype: str, image: NDArray[Any]) -> None:
    path, numbers = tmp_path / f"a{ending}", (image / 4 - (0 if "u" in dtype else 20)).astype(dtype)
    write_image(path, numbers)
    array = read_image(path)
    assert array.dtype in ("uint16", "float32", "float64")
    np.testing.assert_array_equal(array, numbers)


@pytest.mark.parametrize("array", [np.array([[1, 300]], np.uint16), np.array([[1, 300]], ">u2")])
def test_png_holds_16_bit_grey(tmp_path: Path, array: NDArray[Any]) -> None:
    write_image(tmp_path / "a.png", array)
    back = read_image(tmp_path / "a.png")
    assert back.dtype == np.uint16
    np.testing.assert_array_equal(back, array)


def test_bools_and_strided_arrays_and_one_channel_are_written(tmp_path: Path) -> None:
    for array, expected in (
        (GREY > 99, (GREY > 99) * 255),
        (RGB[::-1, ::2], RGB[::-1, ::2]),
        (np.asfortranarray(GREY), GREY),
        (GREY[..., None], GREY),
        (torch.from_numpy(GREY), GREY),
    ):
        write_image(tmp_path / "a.png", array)
        np.testing.assert_array_equal(read_image(tmp_path / "a.png"), expected)


@pytest.mark.parametrize(
    ("array", "name", "message"),
    [
        (
            np.zeros((2, 2), np.float32),
            "a.png",
            "array (float32) doesn't fit into a .png file, which holds uint8, or uint16 if grey; to keep the numbers "
            'write .tif or .npy, to make a picture bring them to 0..255 and pass array.round().astype("uint8")',
        ),
        (
            np.zeros((2, 2, 3), np.uint16),
            "a.png",
            "array (uint16 colour) doesn't fit into a .png file, which holds uint8, or uint16 if grey; to keep the "
            "numbers write .tif or .npy, to make a picture bring them to 0..255 and pass "
            'array.round().astype("uint8")',
        ),
        (
            np.zeros((2, 2), np.int64),
            "a.jpg",
            "array (int64) doesn't fit into a .jpg file, which holds uint8; to keep the numbers write .tif or .npy, "
            'to make a picture bring them to 0..255 and pass array.round().astype("uint8")',
        ),
        (
            np.zeros((3, 4, 5), np.uint8),
            "a.png",
            "array (shape (3, 4, 5)) must be (rows, cols) or (rows, cols, 3), with pixels in it",
        ),
        (
            np.zeros((0, 5), np.uint8),
            "a.png",
            "array (shape (0, 5)) must be (rows, cols) or (rows, cols, 3), with pixels in it",
        ),
        (
            np.zeros((2, 2), complex),
            "a.npy",
            "array (complex128) must hold real numbers; write its .real, .imag or np.abs of it",
        ),
        (
            np.zeros((1, 16_384), np.uint8),
            "a.webp",
            "array (shape (1, 16384)) is too long for a .webp file, which holds at most 16,383 rows and cols; write "
            ".png or .tif",
        ),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, array: NDArray[Any], name: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        write_image(tmp_path / name, array)
    assert str(caught.value) == message
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending_is_refused_with_the_nearest(tmp_path: Path) -> None:
    endings = ".png, .jpg, .jpeg, .webp, .bmp, .tif, .tiff, .npy"
    for name, tail in (("a.pgn", '; did you mean ".png"?'), ("a", "")):
        with pytest.raises(ValueError) as caught:
            write_image(tmp_path / name, GREY)
        assert str(caught.value) == f'path (="{tmp_path}/{name}") must end in one of {endings}{tail}'


def test_writing_into_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_image(tmp_path / "no" / "a.png", GREY)
    text = f'path (="{tmp_path}/no/a.png") lies in a folder that doesn\'t exist; make the folder first'
    assert str(caught.value) == text


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    write_image(path, GREY)

    def write_half(to: Path, data: bytes) -> None:
        with to.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="disk full"):
        write_image(path, RGB)
    np.testing.assert_array_equal(read_image(path), GREY)
    assert list(tmp_path.iterdir()) == [path]


def test_the_endings_of_images_are_lower_case() -> None:
    assert {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif"} <= IMAGE_ENDINGS
    assert all(ending == ending.lower() for ending in IMAGE_ENDINGS)
