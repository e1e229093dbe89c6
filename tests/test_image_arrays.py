from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from image_files import GREY, RGB, palette_image
from numpy.typing import NDArray
from PIL import Image

import convista.image.reading as reading
from convista.image import as_array


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.arange(24).reshape(4, 6)[::2, ::-3],
        np.asfortranarray(np.ones((2, 3), np.float16)),
        np.zeros((0, 3), np.float32),
        np.ones((2, 2), complex),
        np.array([[True]]),
    ],
)
def test_arrays_pass_unchanged(array: NDArray[Any]) -> None:
    array.flags.writeable = False
    assert as_array(array) is array


def test_tensors_share_their_memory() -> None:
    tensor = torch.arange(6.0).reshape(2, 3)
    array = as_array(tensor)
    tensor[0, 0] = 9
    assert array[0, 0] == 9
    assert array.dtype == np.float32
    assert as_array(torch.nn.Parameter(tensor)).tolist() == tensor.tolist()
    assert as_array(tensor.to(torch.uint8)).dtype == np.uint8


def test_pil_images_follow_the_rule_and_are_not_turned() -> None:
    image = Image.fromarray(RGB)
    image.getexif()[274] = 6
    np.testing.assert_array_equal(as_array(image), RGB)
    np.testing.assert_array_equal(as_array(Image.fromarray(GREY > 99)), (GREY > 99) * 255)
    np.testing.assert_array_equal(as_array(palette_image([(9, 9, 9), (200, 200, 200), (77, 77, 77)])), [[9, 200, 77]])


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float32, torch.bool])
def test_lists_of_single_numbers_of_a_tensor(dtype: torch.dtype) -> None:
    tensor = torch.tensor([[0, 200, 3], [4, 5, 255]]).to(dtype)
    lists = [[tensor[row, col] for col in range(3)] for row in range(2)]
    array = as_array(lists)
    assert array.dtype == tensor.numpy().dtype
    assert array.tolist() == tensor.tolist()


def test_lists_tuples_and_foreign_arrays() -> None:
    assert as_array([[1, 2.5], (3, 4)]).tolist() == [[1, 2.5], [3, 4]]
    assert as_array([np.array([1, 2], np.uint8), np.array([3, 4], np.uint8)]).dtype == np.uint8

    class Foreign:
        def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[np.uint8]:
            return np.array([[7]], np.uint8)

    assert as_array(Foreign()).tolist() == [[7]]


@pytest.mark.parametrize(
    ("thing", "error", "message"),
    [
        (None, TypeError, "image (a NoneType) must be an array, a tensor, a PIL image or nested lists"),
        (5, TypeError, "image (a int) must be an array, a tensor, a PIL image or nested lists"),
        ("a.png", TypeError, 'image (="a.png") is a path; read the file first: read_image("a.png")'),
        (Path("a.png"), TypeError, 'image (="a.png") is a path; read the file first: read_image("a.png")'),
        (np.array([["a"]]), TypeError, "image (dtype <U1) must hold numbers"),
        ([[None, 1]], TypeError, "image (dtype object) must hold numbers"),
        (np.array([1], "M8[s]"), TypeError, "image (dtype datetime64[s]) must hold numbers"),
        (
            np.ma.masked_array([1], [True]),
            TypeError,
            "image (a masked array) has no number where it is masked; fill it: image.filled(0)",
        ),
        (
            [[1, 2, 3], [4, 5]],
            ValueError,
            "image (nested lists) must be rectangular: row 0 has 3 entries, row 1 has 2",
        ),
        ([[1, 2], 3], ValueError, "image (nested lists) must be rectangular: row 0 has 2 entries, row 1 has 1"),
        (
            torch.zeros(2, dtype=torch.bfloat16),
            TypeError,
            "image (a tensor, torch.bfloat16, torch.strided) has no NumPy form: Got unsupported ScalarType BFloat16; "
            "try image.float()",
        ),
        (
            torch.zeros(2, device="meta"),
            TypeError,
            "image (a tensor on meta) must be on the CPU; pass image.cpu()",
        ),
        (
            [[torch.zeros(()).bfloat16()]],
            TypeError,
            "image (nested lists) can't become one array: Got unsupported ScalarType BFloat16",
        ),
    ],
)
def test_what_is_no_image_is_refused(thing: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        as_array(thing)
    assert str(caught.value) == message


def test_the_caller_names_the_argument() -> None:
    with pytest.raises(TypeError, match=r"^kernel \(a int\) must be"):
        as_array(1, "kernel")


def test_every_reader_is_asked_for_by_name() -> None:
    assert len(reading._READERS) == 10
    assert not any(signature.startswith(b"%!") for signature, _ in reading._READERS)
