"""interop.cv2 against OpenCV itself; what it refuses, and its outputs, are tested without OpenCV too."""

import inspect
import re
from functools import partial

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convista as cx
from convista.grid import planner
from convista.interop import cv2 as ours

BORDERS = (ours.BORDER_CONSTANT, ours.BORDER_REPLICATE, ours.BORDER_REFLECT, ours.BORDER_REFLECT_101)
PAIRS = [(dtype, depth) for dtype, depths in ours.RESULTS.items() for depth in (-1, *depths)]
COMPILED = [
    ("uint8", -1),
    ("uint8", ours.CV_32F),
    ("uint16", -1),
    ("int16", -1),
    ("float32", -1),
    ("float64", -1),
]
"""Of these a large image goes to the compiled engine: each image and each result, but not each with each, since a
pair takes seconds to compile."""

ANY_DEPTH = range(-1, 7)

SMALL = np.arange(12, dtype=np.uint8).reshape(3, 4)
EDGE = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])


@pytest.fixture(scope="session")
def opencv():
    return pytest.importorskip("cv2")


@pytest.fixture(scope="module", autouse=True)
def fresh():
    """As in a process that has compiled nothing yet: NumPy computes small images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner, "compiled_is_loaded", lambda: False)
        yield


def memory(array, layout):
    """The same numbers, laid out in another way."""
    wide = np.repeat(array, 2, axis=1)
    frozen = array.copy()
    frozen.flags.writeable = False
    return (array, np.asfortranarray(array), wide[:, ::2], array[::-1, ::-1].copy()[::-1, ::-1], frozen)[layout]


def drawn_image(rng, dtype, shape):
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return (rng.normal(size=shape) * 30).astype(kind)
    limits = np.iinfo(kind)
    return rng.integers(limits.min, limits.max, shape, endpoint=True).astype(kind)


def drawn_anchor(rng, rows, cols):
    return int(rng.integers(-1, cols)), int(rng.integers(-1, rows))


# A size of 0 stands for no axis of channels. Kernels stay below 50 weights, from which OpenCV works in Fourier space.
shapes = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, 5)).map(lambda s: s if s[2] else s[:2])
kernels = st.tuples(st.integers(1, 9), st.integers(1, 9)).filter(lambda s: s[0] * s[1] < 50)
common = {
    "shape": shapes, "kernel": kernels, "border": st.sampled_from(BORDERS), "isolated": st.booleans(),
    "layout": st.integers(0, 4), "seed": st.integers(0, 2**16),
}  # fmt: skip


def test_the_arguments_stand_in_opencvs_order(opencv):
    signature = opencv.filter2D.__doc__.splitlines()[0]
    names = re.findall(r"\w+", signature.split("->")[0])[1:]
    assert list(inspect.signature(ours.filter2D).parameters) == names


def test_the_constants_are_opencvs(opencv):
    names = [name for name in dir(ours) if name.startswith(("CV_", "BORDER_"))]
    assert len(names) == 16
    assert {name: getattr(ours, name) for name in names} == {name: getattr(opencv, name) for name in names}


@given(dtype=st.sampled_from(["uint8", "uint16", "int16"]), pick=st.integers(0, 99), **common)
@settings(max_examples=150)
def test_whole_numbers_give_identical_results(opencv, dtype, pick, shape, kernel, border, isolated, layout, seed):
    rng = np.random.default_rng(seed)
    image = memory(drawn_image(rng, dtype, shape), layout)
    most = 9 if dtype == "uint8" else 4  # sums stay below 2**24
    weights = memory(rng.integers(-most, most, kernel, endpoint=True).astype("float32"), layout)
    depths = ours.RESULTS[dtype]
    arguments = (depths[pick % len(depths)], weights, None, drawn_anchor(rng, *kernel), int(rng.integers(-50, 50)))
    theirs = opencv.filter2D(image, *arguments, border + 16 * isolated)
    result = ours.filter2D(image, *arguments, border + 16 * isolated)
    assert (result.dtype, result.shape) == (theirs.dtype, theirs.shape)
    np.testing.assert_array_equal(result, theirs)


@given(pair=st.sampled_from(PAIRS), wide_kernel=st.booleans(), special=st.booleans(), **common)
@settings(max_examples=300)
def test_floats_agree_within_rounding(
    opencv, pair, wide_kernel, special, shape, kernel, border, isolated, layout, seed
):
    rng = np.random.default_rng(seed)
    image, depth = drawn_image(rng, pair[0], shape), pair[1]
    weights = rng.normal(size=kernel).astype("float64" if wide_kernel else "float32")
    if special:
        weights.flat[rng.integers(weights.size)] = 0
        assume(weights.any())  # of nothing but zeros OpenCV applies the first
        if image.dtype.kind == "f":
            image.flat[rng.integers(image.size)] = rng.choice([np.nan, np.inf, -np.inf])
    arguments = (depth, weights, None, drawn_anchor(rng, *kernel), float(rng.normal() * 9))
    theirs = opencv.filter2D(memory(image, layout), *arguments, border + 16 * isolated)
    result = ours.filter2D(memory(image, layout), *arguments, border + 16 * isolated)
    assert (result.dtype, result.shape) == (theirs.dtype, theirs.shape)
    pixel = np.abs(image[np.isfinite(image)].astype(float)).max(initial=0)
    eps = 2.0**-52 if np.float64 in (image.dtype, result.dtype) else 2.0**-23
    rounding = (weights.size + 2) * eps * (float(np.abs(weights).sum()) * pixel + 50)
    if result.dtype.kind == "f":
        np.testing.assert_allclose(result, theirs, rtol=0, atol=rounding, equal_nan=True)
    else:
        assert np.abs(result.astype(int) - theirs.astype(int)).max() <= 1


@given(shape=shapes, kernel=kernels, border=st.sampled_from(BORDERS), seed=st.integers(0, 2**16))
@settings(max_examples=80)
def test_a_sum_clear_of_a_half_is_rounded_as_opencv_does(opencv, shape, kernel, border, seed):
    rng = np.random.default_rng(seed)
    image = drawn_image(rng, "uint8", shape[:2])
    weights = (rng.random(kernel) / np.prod(kernel)).astype("float32")
    theirs, result = (module.filter2D(image, -1, weights, borderType=border) for module in (opencv, ours))
    mode = {0: "constant", 1: "nearest", 2: "reflect", 4: "mirror"}[border]
    exact = scipy.ndimage.correlate(image.astype(float), weights.astype(float), mode=mode)
    clear = np.abs(exact - np.floor(exact) - 0.5) > 1e-3
    np.testing.assert_array_equal(result[clear], theirs[clear])
    np.testing.assert_array_equal(result[clear], np.rint(exact)[clear])


@pytest.mark.parametrize(("dtype", "depth"), PAIRS)
def test_an_image_large_enough_for_the_compiled_engine(opencv, dtype, depth, monkeypatch):
    engine = "auto" if (dtype, depth) in COMPILED else "plain"
    monkeypatch.setattr(ours, "conv2d", partial(cx.conv2d, engine=engine))
    rng = np.random.default_rng(5)
    image = drawn_image(rng, dtype, (90, 77, 3))
    weights = rng.integers(-4, 5, (5, 4))
    theirs, result = (module.filter2D(image, depth, weights.astype("float32")) for module in (opencv, ours))
    assert result.dtype == theirs.dtype
    np.testing.assert_allclose(result, theirs, rtol=0, atol=1e-3 if image.dtype == "float32" else 1e-10)


@pytest.mark.parametrize("size", [12, 15])
def test_kernels_that_opencv_takes_to_fourier_space(opencv, size):
    rng = np.random.default_rng(size)
    image = drawn_image(rng, "uint8", (40, 50))
    whole, smooth = np.ones((size, size)), rng.random((size, size)) / size**2
    np.testing.assert_array_equal(ours.filter2D(image, 3, whole), opencv.filter2D(image, 3, whole))
    theirs, result = (module.filter2D(image, -1, smooth).astype(int) for module in (opencv, ours))
    assert np.abs(result - theirs).max() <= 1


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "int32", "float16", "float32", "float64"])
@pytest.mark.parametrize("depth", ANY_DEPTH)
def test_what_opencv_refuses_is_refused(opencv, dtype, depth):
    image = np.ones((4, 5), dtype)
    try:
        theirs = opencv.filter2D(image, depth, EDGE).dtype
    except opencv.error:
        with pytest.raises((ValueError, TypeError)):
            ours.filter2D(image, depth, EDGE)
    else:
        assert ours.filter2D(image, depth, EDGE).dtype == theirs


def test_one_channel_is_none_as_in_opencv(opencv):
    image = SMALL[..., None]
    result, theirs = ours.filter2D(image, -1, EDGE[..., None]), opencv.filter2D(image, -1, EDGE[..., None])
    assert result.shape == theirs.shape == (3, 4)
    np.testing.assert_array_equal(result, theirs)


def test_a_big_endian_image_is_read_by_its_numbers():
    image = (SMALL * 100).astype(">u2")
    result = ours.filter2D(image, -1, np.ones((1, 1)))
    assert result.dtype == np.dtype("uint16")
    np.testing.assert_array_equal(result, image)


def test_halves_are_rounded_to_even_and_the_ends_saturate():
    image = np.array([[1, 3, 5, 7]], np.uint8)
    assert ours.filter2D(image, -1, np.array([[0.5]])).tolist() == [[0, 2, 2, 4]]
    assert ours.filter2D(image, -1, np.array([[100.0]])).tolist() == [[100, 255, 255, 255]]
    assert ours.filter2D(image, ours.CV_16S, np.array([[-1e10]])).tolist() == [[-32768] * 4]
    assert ours.filter2D(image, -1, np.array([[np.nan]])).tolist() == [[0] * 4]


def test_delta_and_anchor():
    image = np.array([[1, 2, 3, 4]], np.uint8)
    shift = np.array([[1.0, 0.0, 0.0]])
    assert ours.filter2D(image, -1, shift).tolist() == [[2, 1, 2, 3]]
    assert ours.filter2D(image, -1, shift, anchor=(0, 0)).tolist() == [[1, 2, 3, 4]]
    assert ours.filter2D(image, -1, shift, None, (2, -1), 10, ours.BORDER_REPLICATE).tolist() == [[11, 11, 11, 12]]
    assert ours.filter2D(image, -1, shift, delta=2.5).tolist() == [[4, 4, 4, 6]]  # halves, rounded to even


def test_sums_are_made_in_float32_as_in_opencv(opencv):
    image, tenths = np.array([[95]], np.uint8), np.array([[0.3]])  # 28.5 in float64, a little more in float32
    assert ours.filter2D(image, -1, tenths).tolist() == opencv.filter2D(image, -1, tenths).tolist() == [[29]]
    assert ours.filter2D(image, ours.CV_64F, tenths).tolist() == [[28.5]]


def test_the_engine_computes_finite_images_under_kernels_with_zeros(monkeypatch):
    monkeypatch.delattr(ours, "_without_zeros")
    assert ours.filter2D(SMALL.astype("float32"), -1, EDGE).any()
    assert np.isnan(ours.filter2D(np.full((3, 3), np.nan), -1, np.ones((3, 3)))).all()


def test_zeros_keep_infinity_from_becoming_nan():
    image = np.array([[1.0, np.inf, 2.0, np.nan]])
    weights = np.array([[1.0, 0.0, 0.0]])
    result = ours.filter2D(image, -1, weights, borderType=ours.BORDER_CONSTANT)
    assert result.tolist() == [[0.0, 1.0, np.inf, 2.0]]


def test_a_named_kernel_can_be_given():
    np.testing.assert_array_equal(
        ours.filter2D(SMALL, ours.CV_16S, cx.kernels.sobel_x), ours.filter2D(SMALL, ours.CV_16S, -EDGE)
    )


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 1)])
def test_a_dst_that_fits_is_filled_and_returned(shape):
    dst = np.zeros(shape, np.int16)
    result = ours.filter2D(SMALL, ours.CV_16S, EDGE, dst)
    assert result is dst
    np.testing.assert_array_equal(dst.reshape(3, 4), ours.filter2D(SMALL, ours.CV_16S, EDGE))
    assert dst.any()


@pytest.mark.parametrize("dst", [np.zeros((3, 4), "float32"), np.zeros((4, 3), "uint8"), np.zeros((3, 4, 3), "uint8")])
def test_a_dst_that_does_not_fit_is_left_alone_as_in_opencv(opencv, dst):
    for module in (opencv, ours):
        result = module.filter2D(SMALL, -1, -EDGE, dst)
        assert result is not dst
        assert result.any()
        assert not dst.any()


def test_dst_may_be_src():
    image = SMALL.copy()
    assert ours.filter2D(image, -1, -EDGE, image) is image
    np.testing.assert_array_equal(image, ours.filter2D(SMALL, -1, -EDGE))


READ_ONLY = np.zeros((3, 4), np.uint8)
READ_ONLY.flags.writeable = False
BORDER_RULE = (
    "must be BORDER_CONSTANT, BORDER_REPLICATE, BORDER_REFLECT or BORDER_REFLECT_101, alone or with BORDER_ISOLATED"
)


@pytest.mark.parametrize(
    ("changed", "error", "sentence"),
    [
        ({"src": SMALL.astype("int32")}, TypeError,
         "src (dtype int32) must be one of uint8, uint16, int16, float32, float64; convert it with src.astype()"),
        ({"src": SMALL[0]}, ValueError,
         "src (shape (4,)) must be (rows, cols) or (rows, cols, channels), one of each at least"),
        ({"src": SMALL[:0]}, ValueError,
         "src (shape (0, 4)) must be (rows, cols) or (rows, cols, channels), one of each at least"),
        ({"ddepth": ours.CV_8S}, ValueError,
         "ddepth (=CV_8S) can't be had from src (dtype uint8); OpenCV's filter2D gives "
         "CV_8U, CV_16U, CV_16S, CV_32F, CV_64F, or -1 for the image's own"),
        ({"ddepth": 99, "src": SMALL.astype("float64")}, ValueError,
         "ddepth (=99) can't be had from src (dtype float64); OpenCV's filter2D gives CV_64F, or -1 for the image's own"),
        ({"ddepth": np.uint8}, TypeError,
         "ddepth (=<class 'numpy.uint8'>) must be a constant such as CV_8U, or -1 for the image's own depth"),
        ({"kernel": EDGE * 1j}, TypeError, "kernel (dtype complex128) must hold integers or floats"),
        ({"kernel": EDGE[0]}, ValueError,
         "kernel (shape (3,)) must be (rows, cols) with one weight at least; it meets every channel on its own, "
         "so filter channels apart to give each another kernel"),
        ({"kernel": EDGE[:0]}, ValueError,
         "kernel (shape (0, 3)) must be (rows, cols) with one weight at least; it meets every channel on its own, "
         "so filter channels apart to give each another kernel"),
        ({"anchor": (3, 0)}, ValueError,
         "anchor (=(3, 0)) must lie within the kernel: col 0 to 2, row 0 to 2, or -1 for the centre"),
        ({"anchor": (0, 3)}, ValueError,
         "anchor (=(0, 3)) must lie within the kernel: col 0 to 2, row 0 to 2, or -1 for the centre"),
        ({"anchor": (0, -2)}, ValueError,
         "anchor (=(0, -2)) must lie within the kernel: col 0 to 2, row 0 to 2, or -1 for the centre"),
        ({"anchor": 1}, TypeError, "anchor (=1) must be two whole numbers, the weight's col and its row"),
        ({"anchor": (1.0, 1)}, TypeError, "anchor (=(1.0, 1)) must be two whole numbers, the weight's col and its row"),
        ({"delta": "1"}, TypeError, "delta (='1') must be a number; it is added to every sum"),
        ({"borderType": ours.BORDER_WRAP}, ValueError,
         f'borderType (=BORDER_WRAP) {BORDER_RULE}; for a border that wraps: convista.conv2d with '
         'padding_mode="circular"'),
        ({"borderType": ours.BORDER_TRANSPARENT + ours.BORDER_ISOLATED}, ValueError, f"borderType (=21) {BORDER_RULE}"),
        ({"borderType": "reflect"}, ValueError, f"borderType (='reflect') {BORDER_RULE}"),
        ({"dst": [[0]]}, TypeError, "dst (a list) must be an array, or None"),
        ({"dst": READ_ONLY}, ValueError, "dst is read-only; give a writable array, or None"),
    ],
    ids=lambda value: str(next(iter(value))) if isinstance(value, dict) else "",
)  # fmt: skip
def test_bad_input_is_answered_by_a_sentence(changed, error, sentence):
    with pytest.raises(error) as caught:
        ours.filter2D(**{"src": SMALL, "ddepth": -1, "kernel": EDGE, **changed})
    assert str(caught.value) == sentence
