"""What the planner expects of the engines, and whom it chooses by it."""

import numpy as np
import pytest
import torch  # noqa: F401  # it is chosen only where it is loaded
from hypothesis import given
from hypothesis import strategies as st

import convista as cx
from convista.grid import engines, planner
from convista.grid.border import OUTSIDE, border_index
from convista.grid.rates import Rates


@pytest.fixture(autouse=True)
def default_rates(monkeypatch):
    """Expect what the machine needs that the defaults were measured on."""
    monkeypatch.setattr(planner, "rates", Rates)


def seconds(image, kernel, engine="torch", **terms):
    plan = cx.plan(np.empty(image, terms.pop("dtype", "float32")), np.ones(kernel, "float32"), engine=engine, **terms)
    return plan.seconds


@given(
    size=st.integers(1, 12), kernel=st.integers(1, 6), pads=st.tuples(st.integers(0, 7), st.integers(0, 7)),
    stride=st.integers(1, 4), dilation=st.integers(1, 3),
)  # fmt: skip
def test_products_on_the_image_are_counted_as_they_are_made(size, kernel, pads, stride, dilation):
    reach = (kernel - 1) * dilation + 1
    stops = (size + sum(pads) - reach) // stride + 1
    if stops < 1:
        return
    places = border_index(size, pads, "zeros")
    seen = places[np.arange(stops)[:, None] * stride + np.arange(kernel) * dilation] != OUTSIDE
    assert engines._share(size, pads[0], kernel, stride, dilation, stops) == pytest.approx(seen.mean())


def test_torch_leaves_out_the_zeros_around_and_no_other_border():
    layer, rates = ((64, 64, 7, 7), (64, 64, 7, 7)), Rates()
    inside = 64 * 64 * 64 * sum(7 - abs(shift) for shift in range(-3, 4)) ** 2
    bytes_moved = 4 * (2 * 64 * 64 * 49 + 64 * 64 * 49)
    for mode, products in (("zeros", inside), ("replicate", 64 * 64 * 64 * 49 * 49)):
        wanted = rates.torch_call + rates.torch * products + rates.torch_byte * bytes_moved
        assert seconds(*layer, padding=3, padding_mode=mode, threads=1) == pytest.approx(wanted, rel=2e-3)


def test_torch_is_charged_for_lanes_without_a_filter_and_for_float64(monkeypatch):
    image = (8, 32, 28, 28)
    monkeypatch.setattr(planner, "rates", lambda: Rates(torch_byte=0, torch_call=0, memory=0))
    of_16, of_8, of_17 = (seconds(image, (filters, 32, 3, 3), threads=1) for filters in (16, 8, 17))
    assert of_8 == pytest.approx(of_16)
    assert of_17 == pytest.approx(2 * of_16)
    assert seconds(image, (16, 32, 3, 3), threads=1, dtype="float64") == pytest.approx(4 * of_16)


@pytest.mark.parametrize(
    ("image", "kernel", "terms", "engine"),
    [
        ((64, 64, 14, 14), (32, 64, 7, 7), dict(padding=6, dilation=2), "torch"),  # half of the products meet zeros
        ((64, 256, 14, 14), (64, 256, 1, 1), {}, "direct"),  # nothing is padded, so nothing is packed
        ((1, 64, 14, 14), (64, 64, 1, 1), dict(stride=2), "direct"),
        ((64, 3, 56, 56), (64, 3, 3, 3), dict(padding=1), "direct"),
        ((1, 3, 300, 400), (3, 3, 3, 3), dict(stride=2), "direct"),
        ((331, 962), (21, 21), dict(stride=2), "direct"),
        ((1577, 1314), (5, 5), dict(dilation=2), "direct"),
    ],
)
def test_the_engine_that_was_measured_to_be_quickest_is_chosen(image, kernel, terms, engine):
    weights = np.random.default_rng(0).normal(size=kernel).astype("float32")
    assert cx.plan(np.empty(image, "float32"), weights, threads=1, **terms).engine == engine


@pytest.mark.parametrize("engine", ["direct", "fourier"])
def test_work_counts_as_what_it_takes_when_threads_are_woken(engine, monkeypatch):
    from convista.grid import fourier, ready

    told = []
    for module in (ready, fourier):
        monkeypatch.setattr(module, "share_out", lambda work, lines, products, threads: told.append(products))
    image, kernels = np.ones((2, 64, 28, 28), "float32"), np.ones((64, 64, 3, 3), "float32")
    cx.conv2d(image, kernels, engine=engine, threads=2)
    cx.conv2d(image[:, :1], kernels[:1, :1], engine=engine, threads=2)
    many, one = told
    assert many >= 16 * one > 0  # channels and filters are transformed, each; a sum of products meets all pairs


def test_work_falls_into_as_many_parts_for_each_thread():
    from convista.grid.threads import _parts

    assert all(
        _parts(1000, products, threads) % threads == 0 for threads in (2, 3) for products in range(0, 10**8, 10**6)
    )
