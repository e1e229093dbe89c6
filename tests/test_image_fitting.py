from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from image_files import GREY, RGB
from numpy.typing import NDArray

from convista.image import fitted, resized


def test_an_image_of_the_right_form_passes_as_it_is() -> None:
    assert fitted(GREY, (1, 6, 10)).tobytes() == GREY.tobytes()
    np.testing.assert_array_equal(fitted(RGB, (3, 6, 10)), RGB.transpose(2, 0, 1))


def test_grey_becomes_three_equal_channels_and_colour_its_luminance() -> None:
    np.testing.assert_array_equal(fitted(GREY, (3, 6, 10)), [GREY] * 3)
    luminance = RGB @ np.array([0.299, 0.587, 0.114])
    assert np.abs(fitted(RGB, (1, 6, 10))[0] - luminance).max() <= 0.51


def test_sixteen_bits_give_their_high_byte() -> None:
    image = np.array([[0x00FF, 0x12FF, 0xFFFF]], np.uint16)
    assert fitted(image, (1, 1, 3)).tolist() == [[[0, 0x12, 0xFF]]]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            np.zeros((2, 2), np.float32),
            "it holds float32 numbers, whose black and white are not known; save it as 8 or 16 bit",
        ),
        (np.zeros((2, 2, 5), np.uint8), "it has shape (2, 2, 5), not (rows, cols) or (rows, cols, 3)"),
    ],
)
def test_images_without_a_known_range_or_form_are_refused(image: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        fitted(image, (1, 2, 2))
    assert str(caught.value) == message


def test_nothing_is_cut_off_and_the_rest_has_the_borders_mean() -> None:
    image = np.full((8, 4), 100, np.uint8)
    image[0], image[-1] = 0, 250  # the border: 4 of 0, 4 of 250, 12 of 100
    result = resized(image, (8, 9))
    np.testing.assert_array_equal(result[:, 2:6], image)
    assert np.unique(result[:, [0, 1, 6, 7, 8]]).tolist() == [round((4 * 250 + 12 * 100) / 20)]


def test_halving_keeps_the_mean_of_what_lies_below() -> None:
    image = np.array([[0, 200], [100, 40]], np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    small = resized(image, (4, 4))
    assert [small[0, 0], small[0, 3], small[3, 0], small[3, 3]] == [0, 200, 100, 40]
    assert abs(float(small.mean()) - float(image.mean())) <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 2, 3)])
def test_odd_shapes_fit_too(shape: tuple[int, ...]) -> None:
    result = resized(np.full(shape, 77, np.uint8), (28, 20))
    assert result.shape == (28, 20, *shape[2:])
    assert np.unique(result).tolist() == [77]
