"""Boxes over bytes: the scale is right for every sum, and the sliding sums are the oracle's at every place."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import convista as cx
from convista.grid import recall
from convista.grid.border import MODES
from convista.grid.recall import Terms
from convista.grid.separable import box

sizes = st.tuples(st.integers(1, 40), st.sampled_from([5, 31, 32, 33, 64, 83, 130, 300]))
BYTES = {"dtype": "uint8", "threads": 1}


def bytes_of(shape, seed=0):
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    image[..., :9] = 255  # the largest sum there is
    return image


def box_of(rows, cols, dtype="float32"):
    return np.full((rows, cols), 1 / (rows * cols), dtype)


def work_of(kernel, dtype="uint8", image="uint8", bias=None, **terms):
    settled = dict(
        stride=1, padding="valid", dilation=1, groups=1, padding_mode="zeros", fill=0, flip=False, dtype=dtype,
        batch=False, channels_last=False, precision="standard",
    )  # fmt: skip
    return recall.read(np.zeros((40, 80), image), kernel, bias, Terms(**(settled | terms)), 1)


@given(
    size=sizes, kernel=st.tuples(st.integers(1, 9), st.integers(1, 9)), mode=st.sampled_from(MODES),
    fill=st.sampled_from([0, 7, 255]), padding=st.sampled_from(["same", "valid", "full", (3, 0), ((0, 2), (5, 1))]),
    dilation=st.sampled_from([1, 1, (1, 2), (2, 1)]), colours=st.sampled_from([0, 3, 4]), kind=st.sampled_from(["float32", "float64"]),
    threads=st.sampled_from([1, 2]), seed=st.integers(0, 9999),
)  # fmt: skip
@example(
    size=(20, 64), kernel=(3, 3), mode="reflect", fill=0, padding="valid", dilation=(2, 1), colours=0, kind="float32",
    threads=1, seed=0,
)  # fmt: skip
@settings(max_examples=150)
def test_a_box_over_bytes_is_the_oracle_at_every_place(
    size, kernel, mode, fill, padding, dilation, colours, kind, threads, seed
):
    image = bytes_of((*size, colours) if colours else size, seed)
    terms = dict(
        padding=padding, dilation=dilation, padding_mode=mode, fill=fill if mode == "zeros" else 0, dtype="uint8",
        channels_last=bool(colours), threads=threads,
    )  # fmt: skip
    try:
        cx.plan(image, box_of(*kernel, kind), **terms)
    except ValueError:  # the kernel doesn't fit
        return
    results = [cx.conv2d(image, box_of(*kernel, kind), engine=engine, **terms) for engine in ("separable", "plain")]
    area = kernel[0] * kernel[1]
    if area % 2 or area & (area - 1) == 0:  # no sum lies at a half, or all numbers are exact
        assert np.array_equal(*results)
    else:
        assert np.abs(results[0].astype(int) - results[1]).max(initial=0) <= 1


@pytest.mark.parametrize("rows", range(1, 17))
@pytest.mark.parametrize("cols", range(1, 17))
def test_a_scale_gives_each_sum_its_result(rows, cols):
    scale = work_of(box_of(rows, cols)).scale
    if rows * cols == 1:
        assert scale is None  # a weight of 1 is no fraction
        return
    sums = np.arange(255 * rows * cols + 1)
    exact = [divmod(2 * int(each) + rows * cols, 2 * rows * cols) for each in sums[:: max(1, len(sums) // 500)]]
    assert scale is not None or (rows * cols) % 2 == 0
    if (rows * cols) % 2:  # an integer rule, which shares nothing with the floats that the search compares with
        assert [whole for whole, _ in exact] == scale(sums)[:: max(1, len(sums) // 500)].tolist()


@pytest.mark.parametrize(
    ("kernel", "terms"),
    [
        (np.array([[1, 2, 1]], "float32") / 4, {}),
        (box_of(3, 3), {"dtype": None}),
        (box_of(3, 3), {"image": "int8"}),
        (box_of(3, 3), {"image": "float32"}),
        (box_of(3, 3), {"bias": 0.5}),
        (box_of(3, 3), {"fill": 256}),
        (box_of(3, 3), {"fill": 0.5}),
        (box_of(3, 3), {"fill": np.nan}),
        (box_of(17, 17), {}),
        (-box_of(3, 3), {}),
        (3 * box_of(3, 3), {}),
        (np.full((3, 3), np.nan, "float32"), {}),
        (np.zeros((3, 3), "float32"), {}),
    ],
)
def test_no_other_kernel_has_a_scale(kernel, terms):
    assert work_of(box_of(3, 3)).scale is not None
    assert work_of(kernel, **terms).scale is None


def test_a_dim_box_and_rows_of_a_stack_keep_to_themselves():
    image = bytes_of((3, 50, 90))
    for kernel in (box_of(5, 3) * np.float32(0.37), box_of(7, 1)):
        results = [
            cx.conv2d(image, kernel, batch=True, padding="same", engine=engine, **BYTES)
            for engine in ("separable", "plain")
        ]
        assert np.array_equal(*results)


def test_a_box_finds_pixels_however_they_lie_and_writes_nothing_beside_them(monkeypatch):
    asked = []
    monkeypatch.setattr(box, "suits", lambda *all, suits=box.suits: asked.append(suits(*all)) or asked[-1])
    whole = bytes_of((60, 400))
    frame = np.full((64, 500), 9, np.uint8)
    for image in (whole[::2, 3:200], whole[::-1], whole[:, ::2], whole[:, ::-1], np.asfortranarray(whole)):
        frame[:] = 9
        out = frame[2 : 2 + image.shape[0], 5 : 5 + image.shape[1]]
        cx.conv2d(image, box_of(3, 3), padding="same", out=out, engine="separable", **BYTES)
        expected = cx.conv2d(image, box_of(3, 3), padding="same", engine="plain", **BYTES)
        assert np.array_equal(out, expected)
        assert (frame != 9).sum() == (expected != 9).sum()
    assert asked == [True, True, False, False, False]


def test_a_large_box_goes_past_the_cache_and_is_the_same():
    image = bytes_of((2100, 4096))
    result = cx.conv2d(image, box_of(3, 3), padding="same", padding_mode="reflect", **BYTES)
    assert np.array_equal(
        result, cx.conv2d(image, box_of(3, 3), padding="same", padding_mode="reflect", engine="plain", **BYTES)
    )


def test_the_planner_slides_boxes_of_bytes_and_says_so():
    image = bytes_of((1024, 1024))
    cx.conv2d(image, box_of(3, 3), engine="direct", **BYTES)  # so that an engine has been compiled
    plan = cx.plan(image, box_of(3, 3), **BYTES)
    assert plan.engine == "separable"
    assert plan.why == "3 x 3 equal weights: exact sums of bytes slide down the columns and are scaled once"
