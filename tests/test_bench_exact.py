"""The float64 sum that everyone is checked against, itself checked against torch."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from bench_fakes import TINY
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from convista.bench.cell import Cell
from convista.bench.contender import Contender
from convista.bench.data import make, nchw
from convista.bench.exact import error, exact_sum

PADS = {"zeros": "constant", "reflect": "reflect", "symmetric": "symmetric", "replicate": "edge", "circular": "wrap"}


@st.composite
def a_cell(draw):
    layout = draw(st.sampled_from(("hw", "nhw", "hwc", "nchw")))
    images, channels = {"hw": (1, 1), "nhw": (3, 1), "hwc": (1, 3), "nchw": (2, 3)}[layout]
    filters, each = (2, 3) if layout == "nchw" else (1, 1)
    return Cell(
        "any", "k3", (), (images, channels, draw(st.integers(9, 14)), draw(st.integers(9, 14))),
        (filters, each, draw(st.sampled_from((1, 3, 5))), draw(st.sampled_from((1, 3, 4)))), layout=layout,
        padded=draw(st.booleans()), mode=draw(st.sampled_from(tuple(PADS))), stride=draw(st.integers(1, 3)),
        dilation=draw(st.integers(1, 2)),
    )  # fmt: skip


def by_torch(cell, data):
    (top, left), image = cell.pads, nchw(data.image, cell.layout).astype("float64")
    around = np.pad(image, ((0, 0), (0, 0), (top, top), (left, left)), PADS[cell.mode])
    weights = np.broadcast_to(data.weights, (cell.filters, *cell.kernel[1:])).astype("float64")
    return F.conv2d(
        torch.from_numpy(around), torch.from_numpy(weights), None, cell.stride, 0, cell.dilation, cell.groups
    ).numpy()


@given(a_cell())
def test_the_sum_is_torchs(cell):
    data = make(cell)
    wanted = by_torch(cell, data)
    assert wanted.shape == (cell.image[0], cell.filters, *cell.output_size)
    rows, cols = (np.arange(size // 3, size) for size in cell.output_size)
    found = exact_sum(cell, data, np.arange(cell.image[0]), rows, cols)
    np.testing.assert_allclose(found, wanted[:, :, rows[0] :, cols[0] :], atol=1e-12)


def found_error(cell, change, margin=0):
    data = make(cell)
    right = by_torch(cell, data)
    return error(cell, data, Contender("", lambda: None, margin=margin), change(right.copy()))


def test_the_right_result_has_no_error():
    assert found_error(TINY, lambda right: right) < 1e-14


@pytest.mark.parametrize("place", [(0, 0), (11, 14), (5, 7), (0, 14)])
def test_one_wrong_pixel_is_found(place):
    def spoil(right):
        right[0, 0, *place] += 1
        return right

    assert found_error(TINY, spoil) > 0.1


def test_a_large_image_is_checked_at_its_corners_and_within():
    large = replace(TINY, image=(1, 1, 300, 300))
    for place in ((0, 0), (299, 299), (150, 150), (90, 220)):

        def spoil(right, place=place):
            right[0, 0, *place] += 1
            return right

        assert found_error(large, spoil) > 0.1


def test_wrong_shapes_and_nan_are_infinitely_wrong():
    assert found_error(TINY, lambda right: right[:, :, 1:]) == float("inf")
    assert found_error(TINY, lambda right: right * np.nan) == float("inf")


def test_an_edge_that_a_contender_leaves_alone_is_not_checked():
    def spoil(right):
        right[:, :, 0] = 9
        return right

    assert found_error(TINY, spoil) > 0.1
    assert found_error(TINY, spoil, margin=1) < 1e-14


def test_bytes_are_rounded_and_saturated_and_their_error_is_in_grey_levels():
    cell = replace(TINY, dtype="uint8", result="uint8", weights="sharp", mode="reflect")
    assert found_error(cell, lambda right: np.rint(right).clip(0, 255)) == 0
    assert found_error(cell, lambda right: np.rint(right).clip(0, 255) + 1) == 1
