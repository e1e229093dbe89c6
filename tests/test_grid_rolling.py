"""Sums over bytes in 16-bit lanes: which kernels have them, and that they are the oracle's at every place, bit by bit."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import convista as cx
from convista.grid import recall
from convista.grid.border import MODES
from convista.grid.recall import Terms

sizes = st.tuples(st.integers(1, 30), st.sampled_from([3, 31, 63, 64, 65, 100, 128, 130, 300]))
RESULTS = ("uint8", "int16", "int32", "float32")
SOBEL = np.outer([1, 2, 1], [-1, 0, 1])
BINOMIAL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])


def bytes_of(shape, seed=0):
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    image[..., :9] = 255  # the largest sums there are
    return image


def work_of(kernel, dtype="int16", image="uint8", **terms):
    settled = dict(
        stride=1, padding="valid", dilation=1, groups=1, padding_mode="zeros", fill=0, flip=False, dtype=dtype,
        batch=False, channels_last=False, precision="standard",
    )  # fmt: skip
    bias = terms.pop("bias", None)
    return recall.read(np.zeros((40, 80), image), kernel, bias, Terms(**(settled | terms)), 1)


@given(
    size=sizes, sides=st.one_of(st.sampled_from([(3, 3), (5, 5)]), st.tuples(st.integers(1, 8), st.integers(1, 8))),
    power=st.sampled_from([0, 0, 2, 5]), signs=st.booleans(), mode=st.sampled_from(MODES),
    fill=st.sampled_from([0, 7, 255]), padding=st.sampled_from(["same", "valid", "full", (3, 0), ((0, 2), (5, 1))]),
    dilation=st.sampled_from([1, 1, (1, 2), (2, 1)]), colours=st.sampled_from([0, 0, 3]),
    result=st.sampled_from(RESULTS), threads=st.sampled_from([1, 2]), seed=st.integers(0, 9999),
)  # fmt: skip
@example(
    size=(20, 130), sides=(3, 3), power=0, signs=True, mode="reflect", fill=0, padding="same", dilation=1, colours=0,
    result="int16", threads=1, seed=0,
)  # fmt: skip
@example(
    size=(20, 130), sides=(5, 5), power=5, signs=True, mode="zeros", fill=7, padding="same", dilation=1, colours=0,
    result="int16", threads=1, seed=1,
)  # fmt: skip
@settings(max_examples=120)
def test_whole_sums_are_the_oracles_at_every_place(
    size, sides, power, signs, mode, fill, padding, dilation, colours, result, threads, seed
):
    random = np.random.default_rng(seed)
    column, row = (random.integers(-2 * signs, 3, side) for side in sides)
    kernel = np.outer(column, row)
    if power:
        kernel = (kernel / 2**power).astype("float32")
    image = bytes_of((*size, colours) if colours else size, seed)
    terms = dict(
        padding=padding, dilation=dilation, padding_mode=mode, fill=fill if mode == "zeros" else 0, dtype=result,
        channels_last=bool(colours), threads=threads,
    )  # fmt: skip
    try:
        cx.plan(image, kernel, **terms)
    except ValueError:  # the kernel doesn't fit
        return
    results = [cx.conv2d(image, kernel, engine=engine, **terms) for engine in ("separable", "plain")]
    assert np.array_equal(*results)


@pytest.mark.parametrize("result", RESULTS)
def test_sums_of_sixteen_bits_without_a_sign_are_not_taken_for_negative(result):
    image = bytes_of((40, 200))
    for kernel in (BINOMIAL, (BINOMIAL / 256).astype("float32")):
        assert work_of(kernel, result).whole.sums == np.uint16
        results = [
            cx.conv2d(image, kernel, dtype=result, engine=engine, threads=1) for engine in ("separable", "plain")
        ]
        assert np.array_equal(*results)


def test_a_unit_that_is_no_power_of_two_is_multiplied_once():
    kernel = (SOBEL * np.float32(1 / 6)).astype("float32")
    assert work_of(kernel, "float32").whole.unit == np.float32(1 / 6)
    assert work_of(kernel, "uint8").whole is None  # a result could be rounded twice
    image = bytes_of((50, 100))
    results = [cx.conv2d(image, kernel, engine=engine, threads=1) for engine in ("separable", "plain")]
    assert np.array_equal(*results)


@pytest.mark.parametrize(
    ("kernel", "terms"),
    [
        (SOBEL * 33, {}),  # 4 x 33 x 255 is more than 2^15
        (SOBEL, {"image": "int8"}),
        (SOBEL, {"image": "float32", "dtype": "float32"}),
        (SOBEL, {"dtype": "int64"}),
        (SOBEL, {"fill": 256}),
        (SOBEL, {"fill": -1}),
        (SOBEL, {"bias": 2**16}),
        (np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]), {}),
        ((SOBEL / 4).astype("float32"), {"bias": 0.5}),
        (SOBEL / 4, {"dtype": "float64"}),
        (np.outer([0.3, 0.4, 0.3], [0.3, 0.4, 0.3]).astype("float32"), {}),
        (np.full((3, 3), np.nan, "float32"), {}),
        (np.zeros((3, 3), "float32"), {}),
    ],
)
def test_no_other_kernel_is_whole(kernel, terms):
    assert work_of(SOBEL).whole is not None
    assert work_of(kernel, **terms).whole is None


def assert_rounded(results, image, weights, bias=0.0):
    """Each byte is what the float64 sum is rounded to; where that is a half but for the rounding of sums, either."""
    sums = cx.conv2d(image.astype("float64"), weights.astype("float64"), padding="same", padding_mode="symmetric")
    assert np.abs(results - (sums + bias).clip(0, 255)).max() < 0.5 + 1e-4


@pytest.mark.parametrize("side", [3, 5])
def test_float_sums_become_the_nearest_bytes(side):
    line = np.linspace(0.1, 0.31, side)
    kernel = np.outer(line, line[::-1]).astype("float32")
    image = bytes_of((40, 201))
    for weights in (
        kernel / kernel.sum(),
        kernel * 3,
        kernel * -1,
        kernel * np.float32([1, -2, 3, -4, 5])[:side, None],
    ):
        assert work_of(weights, dtype="uint8").rolls
        terms = dict(padding="same", padding_mode="symmetric", dtype="uint8", threads=1, bias=np.float32(0.25))
        assert_rounded(cx.conv2d(image, weights, engine="separable", **terms), image, weights, 0.25)


def test_float_sums_past_sixteen_bits_saturate_all_the_same():
    image = bytes_of((40, 201))
    kernel = np.outer([9.3, 8.1, 7.7], [8.3, 9.1, 1.3]).astype("float32")  # 255 x 470 is more than 2^15
    terms = dict(padding="same", padding_mode="symmetric", dtype="uint8", threads=1)
    assert_rounded(cx.conv2d(image, kernel, engine="separable", **terms), image, kernel)


def test_pixels_are_found_however_they_lie_and_nothing_is_written_beside_results():
    whole = bytes_of((60, 400))
    for image in (whole[::2, 3:200], whole[::-1], whole[:, ::2], whole[:, ::-1], np.asfortranarray(whole)):
        for result in RESULTS:
            frame = np.full((64, 500), 9, result)
            out = frame[2 : 2 + image.shape[0], 5 : 5 + image.shape[1]]
            cx.conv2d(image, SOBEL, padding="same", dtype=result, out=out, engine="separable", threads=1)
            expected = cx.conv2d(image, SOBEL, padding="same", dtype=result, engine="plain")
            assert np.array_equal(out, expected)
            assert (frame != 9).sum() == (expected != 9).sum()


def test_many_images_filters_and_tiles_keep_to_themselves():
    stack, wide = bytes_of((3, 12, 90)), bytes_of((7, 5000))
    for image, kernel, terms in (
        (stack, SOBEL, {"batch": True}),
        (wide[:, :700], np.stack([SOBEL, SOBEL.T, SOBEL[::-1] * 2]), {}),
        (wide, SOBEL, {}),
        (wide, BINOMIAL, {}),
    ):
        results = [
            cx.conv2d(image, kernel, padding="same", padding_mode="circular", engine=engine, threads=1, **terms)
            for engine in ("separable", "plain")
        ]
        assert np.array_equal(*results)


def test_large_results_go_past_the_cache_and_are_the_same():
    image = bytes_of((2100, 4096))
    results = [
        cx.conv2d(image, SOBEL, padding="same", dtype="int16", engine=engine) for engine in ("separable", "direct")
    ]
    assert np.array_equal(*results)


@pytest.mark.parametrize(
    ("kernel", "result"), [(SOBEL, "int16"), (SOBEL, "float32"), (SOBEL, "uint8"), (BINOMIAL, "int32")]
)
def test_the_planner_takes_whole_sums_and_says_so(kernel, result):
    image = bytes_of((1024, 1024))
    cx.conv2d(image[:99], SOBEL, engine="direct", threads=1)  # so that an engine has been compiled
    plan = cx.plan(image, kernel, dtype=result, threads=1)
    side = len(kernel)
    assert plan.engine == "separable"
    assert plan.why == (
        f"a column times a row, whole numbers over bytes: {side} + {side} exact products a stop in 16-bit lanes"
    )


OTHER_VECTORS = """
import numpy as np, convista as cx
image = np.random.default_rng(0).integers(0, 256, (20, 131), np.uint8)
sobel, bell = np.outer([1, 2, 1], [-1, 0, 1]), np.outer([.29, .41, .3], [.237, .513, .2501]).astype("float32")
for kernel, result in ((sobel, "int16"), (sobel, "float32"), (sobel, "uint8"), (bell, "uint8")):
    results = [cx.conv2d(image, kernel, dtype=result, padding="same", engine=e) for e in ("separable", "plain")]
    assert np.array_equal(*results), result
from convista.grid.separable import parts
print(parts.BLOCK)
"""


@pytest.mark.parametrize(("features", "width"), [("+avx2,+avx,+fma", 32), ("", 16)])
def test_other_vectors_give_the_same(features, width, tmp_path):
    if not sys.platform.startswith("linux") or os.uname().machine != "x86_64":
        pytest.skip("these are features of x86-64")
    told = os.environ | {
        "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path),
        "NUMBA_NUM_THREADS": "1",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", OTHER_VECTORS], env=told, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{width}\n", "")
