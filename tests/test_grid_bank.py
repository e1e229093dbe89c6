"""Filters in the lanes of vectors, against the plain engine: many filters, narrow rows, strides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convista as cx
from convista.grid import direct, recall
from convista.grid.border import MODES
from convista.grid.direct import bank
from convista.grid.lanes import vector_bytes, vector_registers

LANES = vector_bytes() // 4


@pytest.fixture
def always_in_lanes(monkeypatch):
    """Lay filters into lanes even where stops would do better."""
    monkeypatch.setattr(direct, "suits", lambda *_: True)
    monkeypatch.setattr(bank, "STOPS", (8, 7))  # each other number is compiled anew
    recall.forget()
    yield
    recall.forget()


def drawn(seed, shape, dtype):
    numbers = np.random.default_rng(seed).normal(size=shape) * 40
    return numbers.clip(0, 255).astype(dtype) if np.dtype(dtype).kind == "u" else numbers.astype(dtype)


def check(image, kernel, bias=None, *, engine="direct", **terms):
    """The result is the oracle's: exact for integers, else within the rounding of so many terms."""
    result = cx.conv2d(image, kernel, bias, engine=engine, **terms)
    expected = cx.conv2d(image, kernel, bias, **terms | {"engine": "plain", "out": None})
    assert result.dtype == expected.dtype
    if result.dtype.kind == "f":
        products = kernel[0].size * np.finfo(result.dtype).eps * np.nanmax(np.abs(image), initial=1)
        np.testing.assert_allclose(result, expected, rtol=0, atol=2 * products * np.nanmax(np.abs(kernel)))
    else:
        assert np.array_equal(result, expected)


@pytest.mark.usefixtures("always_in_lanes")
@given(
    images=st.integers(1, 3), groups=st.sampled_from([1, 1, 1, 2, 3]), channels=st.integers(1, 4),
    filters=st.sampled_from([3, LANES - 3, LANES, LANES + 1]), size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 5)), stride=st.tuples(st.integers(1, 3), st.integers(1, 2)),
    dilation=st.sampled_from([1, 1, 2, (3, 1)]), padding=st.sampled_from([0, 1, 2, ((0, 3), (2, 0)), "full"]),
    mode=st.sampled_from(["zeros", *MODES]), fill=st.sampled_from([0, 0, -2]), seed=st.integers(0, 9999),
    dtype=st.sampled_from(["float32", "float32", "uint8"]), innermost=st.booleans(), threads=st.sampled_from([1, 2]),
)  # fmt: skip
@settings(max_examples=150)
def test_filters_in_lanes_are_the_oracle_at_every_place(
    images, groups, channels, filters, size, kernel, stride, dilation, padding, mode, fill, seed, dtype, innermost,
    threads,
):  # fmt: skip
    image = drawn(seed, (images, groups * channels, *size), dtype)
    if innermost:
        image = np.ascontiguousarray(image.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    weights = drawn(seed + 1, (groups * filters, channels, *kernel), "float32")
    weights = np.rint(weights / 20).astype("int8") if dtype == "uint8" else weights
    bias = np.arange(groups * filters, dtype=weights.dtype)
    terms = dict(
        stride=stride, dilation=dilation, padding=padding, groups=groups, padding_mode=mode, threads=threads,
        fill=fill if mode == "zeros" else 0,
    )  # fmt: skip
    try:
        cx.plan(image, weights, bias, **terms)
    except ValueError:  # the kernel doesn't fit
        return
    check(image, weights, bias, **terms)


@pytest.mark.usefixtures("always_in_lanes")
@pytest.mark.parametrize("padding", [0, 1])
def test_results_go_where_they_are_wanted(padding):
    image, kernel = drawn(0, (2, 3, 12, 30), "float32"), drawn(1, (LANES + 4, 3, 3, 3), "float32")
    shape = (2, LANES + 4, 10 + 2 * padding, 28 + 2 * padding)
    around = np.full((2, LANES + 4, 16, 40), 7.0, "float32")
    inside = around[:, :, 2 : 2 + shape[2], 3 : 3 + shape[3]]
    turned = np.empty((2, *shape[2:], LANES + 4), "float32").transpose(0, 3, 1, 2)
    for out in (inside, turned, np.empty(shape[::-1], "float32").T):
        check(image, kernel, padding=padding, out=out)
    inside[...] = 7
    assert (around == 7).all()  # nothing was written beside it


@pytest.mark.usefixtures("always_in_lanes")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_meet_the_zeros_around_as_well(value):
    image, kernel = drawn(0, (9, 21), "float32"), drawn(1, (LANES, 3, 3), "float32")
    kernel[2, 0, 1] = value
    result = cx.conv2d(image, kernel, padding=1, engine="direct")
    assert np.isnan(result[2, 0]).all()  # no number times zero is none
    assert np.array_equal(np.isnan(result), np.isnan(cx.conv2d(image, kernel, padding=1, engine="plain")))


@pytest.mark.usefixtures("always_in_lanes")
def test_a_pixel_that_is_no_number_stays_in_its_windows():
    image, kernel = drawn(0, (2, 20, 21), "float32"), drawn(1, (LANES, 2, 3, 3), "float32")
    image[1, 10, 11] = np.nan
    seen = np.zeros((20, 21), bool)
    seen[9:12, 10:13] = True
    assert np.array_equal(np.isnan(cx.conv2d(image, kernel, padding=1, engine="direct")), [seen] * LANES)


def test_numbers_are_those_of_the_other_way_to_the_last_digit(monkeypatch):
    image, kernel = drawn(0, (3, 24, 40), "float32"), drawn(1, (LANES, 3, 3, 3), "float32")
    found = []
    for lanes_of_filters in (True, False):
        monkeypatch.setattr(direct, "suits", lambda *_, answer=lanes_of_filters: answer)
        recall.forget()
        found.append(cx.conv2d(image, kernel, engine="direct"))
    assert np.array_equal(*found)


@pytest.mark.parametrize(
    ("shape", "kernel", "terms", "expected"),
    [
        ((512, 512), (1, 3, 3), {}, False),  # one filter, wide rows: stops in lanes
        ((512, 512), (LANES // 2, 3, 3), {}, True),
        ((512, 512), (LANES // 4, 3, 3), {}, False),
        ((2 * LANES, 2 * LANES), (LANES // 4, 3, 3), {"padding": 1}, True),  # narrow rows
        ((512, 512), (LANES // 4, 1, 1), {}, True),  # no pixel serves two rows
        ((512, 512), (1, 3, 3), {"stride": 2}, True),
        ((512, 512), (1, 11, 11), {"stride": 2}, False),
        ((2048, 2048), (LANES // 2, 3, 3), {}, False),  # storing is all there is to do
        ((64, 20, 20), (64, 1, 3, 3), {"groups": 64}, False),
    ],
)  # fmt: skip
def test_filters_lie_in_lanes_where_that_is_quicker(shape, kernel, terms, expected):
    problem = cx.plan(shape, np.ones(kernel, "float32"), **terms).problem
    assert bank.suits(problem, np.dtype("float32")) is expected


def test_lanes_and_stops_fit_filters_and_registers():
    assert [bank.lanes_of(filters, 4) for filters in (1, 5, 1000)] == [4, min(8, LANES), LANES]
    assert all(bank.stops_of(cols) < vector_registers() for cols in range(1, 100))


@pytest.mark.usefixtures("always_in_lanes")
@pytest.mark.parametrize(
    ("kernel", "terms"),
    [
        ((3, 3), {"padding": 1}),
        ((3, 3), {"padding": 1, "stride": 2}),
        ((1, 3), {"padding": ((0, 0), (1, 1))}),
        ((3, 3), {"padding": ((2, 2), (2, 2)), "dilation": (2, 1)}),  # two stops miss their pixels: copied out
        ((5, 5), {"padding": 2, "stride": 2}),
    ],
)  # fmt: skip
def test_nothing_is_read_beyond_the_edges(kernel, terms):
    around = np.full((2, 3, 20, 30), np.nan, "float32")
    image = around[:, :, 4:16, 6:23]
    image[...] = drawn(0, image.shape, "float32")
    check(image, drawn(1, (LANES, 3, *kernel), "float32"), **terms)


@pytest.mark.parametrize(
    ("size", "kernel", "terms", "expected"),
    [
        ((28, 28), 3, {}, True),
        ((28, 28), 3, {"padding": 1}, True),
        ((28, 28), 3, {"padding": 1, "stride": 2}, True),
        ((28, 28), 5, {"padding": 2}, False),  # the second stop misses a pixel, too
        ((28, 28), 5, {"padding": 2, "stride": 2}, True),
        ((28, 28), 3, {"padding": 1, "padding_mode": "reflect"}, False),
        ((28, 28), 3, {"padding": 1, "fill": 2}, False),
        ((28, 28), 1, {"padding": 1}, False),  # there, channels take the place of cols
        ((28, 5), 3, {"padding": 1}, False),  # a block is longer than the row
    ],
)  # fmt: skip
def test_pixels_are_read_in_place_where_only_outer_stops_miss_any(size, kernel, terms, expected):
    problem = cx.plan((2, *size), np.ones((LANES, 2, kernel, kernel), "float32"), **terms).problem
    assert bank.is_read_in_place(problem) is expected


def test_an_image_of_other_numbers_is_copied_out():
    image, kernel = drawn(0, (2, 12, 30), "uint8"), drawn(1, (LANES, 2, 3, 3), "float32")
    check(image, kernel, padding=1)
    check(image[:, :, ::2].astype("float32"), kernel, padding=1)
