"""One window's sum: the textbook's numbers, the written sum, and agreement with the whole grid."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

import convista as cx


@pytest.fixture(scope="module")
def three(sample):
    return Image.open(sample / "train" / "3" / "12.png")


@pytest.mark.parametrize(("row", "col", "total"), [(5, 7, 762), (8, 18, -29), (1, 1, 0)])
def test_the_textbooks_numbers(three, row, col, total):
    stop = cx.apply_kernel(three, row, col, cx.kernels.top_edge)
    assert float(stop) == stop.total == total == int(stop)
    assert stop.products.sum() + stop.bias == total
    assert cx.apply_kernel(torch.from_numpy(np.array(three)), row, col, "top_edge").total == total


def test_the_corner_has_no_window(three):
    sentence = (
        "top_edge has no complete window at row 0, col 0 of an image of 28 rows x 28 cols: "
        "rows 1 to 26 and cols 1 to 26 are possible"
    )
    with pytest.raises(IndexError, match=f"^{re.escape(sentence)}$"):
        cx.apply_kernel(three, 0, 0, cx.kernels.top_edge)


def test_a_kernel_larger_than_the_image_has_none():
    sentence = "kernel (5x5) is larger than the image (3 rows x 4 cols): no window is complete"
    with pytest.raises(IndexError, match=f"^{re.escape(sentence)}$"):
        cx.apply_kernel(np.ones((3, 4)), 1, 1, np.ones((5, 5)))


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (4, 5), (1, 6)])
def test_every_stop_is_the_number_of_the_grid_at_the_same_place(size):
    rng = np.random.default_rng(0)
    image, kernel = rng.integers(0, 256, (9, 10)).astype("uint8"), rng.integers(-5, 6, size)
    grid = cx.conv2d(image, kernel, bias=3, padding="same")
    (top, bottom), (left, right) = (((k - 1) // 2, n - 1 - k // 2) for k, n in zip(size, image.shape, strict=True))
    for row in range(top, bottom + 1):
        for col in range(left, right + 1):
            assert cx.apply_kernel(image, row, col, kernel, bias=3).total == grid[row, col]
    for row, col in ((top - 1, left), (bottom + 1, left), (top, left - 1), (top, right + 1)):
        with pytest.raises(IndexError):
            cx.apply_kernel(image, row, col, kernel)


def test_the_sum_is_written_out():
    stop = cx.apply_kernel([[0, 0, 0], [1, 2, 3], [200, 210, 220]], 1, 1, "top_edge", bias=-5)
    assert str(stop) == (
        "top_edge at row 1, col 1 (rows 0-2, cols 0-2)\n\n"
        "    pixels     x  weights    =    products\n"
        "  0    0    0    -1  -1  -1      0    0    0\n"
        "  1    2    3     0   0   0      0    0    0\n"
        "200  210  220     1   1   1    200  210  220\n\n"
        "  0 + 0 + 0 + 0 + 0 + 0 + 200 + 210 + 220 - 5 (bias)\n"
        "= 625"
    )


def test_the_written_terms_add_up_to_the_written_total():
    rng = np.random.default_rng(1)
    stop = cx.apply_kernel(rng.integers(0, 256, (7, 7)), 3, 3, rng.integers(-9, 9, (3, 3)))
    written, total = str(stop).split("\n\n")[-1].rsplit("\n= ", 1)
    assert sum(int(term) for term in re.sub(r" ([+-]) ", r" \1", written).split()) == int(total) == stop.total


def test_several_channels_are_written_one_after_the_other():
    stop = cx.apply_kernel(np.arange(18).reshape(2, 3, 3), 1, 1, np.ones((2, 3, 3), int))
    assert stop.total == sum(range(18))
    assert [line for line in str(stop).splitlines() if line.startswith("channel")] == ["channel 0", "channel 1"]


def test_a_large_window_is_summed_without_filling_the_screen():
    text = str(cx.apply_kernel(np.ones((40, 40)), 20, 20, "gaussian:31"))
    assert "961 products, together 1" in text
    assert max(map(len, text.splitlines())) <= 80


def test_integers_do_not_wrap_and_floats_are_summed_exactly():
    assert cx.apply_kernel(np.full((1, 2), 2**62), 0, 0, [[2, 2]]).total == 2**64
    assert cx.apply_kernel([[1e16, 1.0, -1e16]], 0, 1, [[1.0, 1.0, 1.0]]).total == 1.0
    assert np.isnan(cx.apply_kernel([[np.inf, 1.0]], 0, 0, [[0.0, 1.0]]).total)


def test_the_record_keeps_its_pixels_when_the_image_changes():
    image = np.arange(9).reshape(3, 3)
    stop = cx.apply_kernel(image, 1, 1, "identity")
    image[:] = 0
    assert stop.pixels[1, 1] == 4


def test_a_place_is_two_whole_numbers():
    assert cx.apply_kernel(np.ones((5, 5)), np.int64(2), 2, "box").total == pytest.approx(1)
    with pytest.raises(TypeError, match=r"^row \(=1.5\) must be a whole number$"):
        cx.apply_kernel(np.ones((5, 5)), 1.5, 2, "box")


def test_a_photo_needs_one_channel():
    with pytest.raises(ValueError, match=re.escape("for a colour photo take one channel: image[..., 0]")):
        cx.apply_kernel(np.ones((5, 5, 3)), 1, 1, "top_edge")
