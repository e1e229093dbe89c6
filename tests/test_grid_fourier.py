"""The Fourier engine against the plain one, its transform against NumPy's, and what it must not let through."""

import ctypes
import dataclasses
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_grid_convolution import layouts

from convista.grid import fourier, plain
from convista.grid.fourier import butterfly, tiling, transform
from convista.grid.fourier.waves import lanes
from convista.grid.precision import Weights, saturate
from convista.grid.problem import read_problem

MODES = ("zeros", "reflect", "symmetric", "replicate", "circular")
TERMS = dict(
    stride=1,
    padding=0,
    dilation=1,
    groups=1,
    padding_mode="zeros",
    fill=0,
    dtype=None,
    batch=False,
    channels_last=False,
)


def read(image, weights, *, high=False, **terms):
    """A problem, its sums in float64 where high precision is asked for."""
    problem = read_problem(image, Weights(weights, weak=False), None, **TERMS | terms)
    sums = np.dtype("float64") if high else problem.precision.work
    return dataclasses.replace(problem, precision=dataclasses.replace(problem.precision, sums=sums))


def transformed(problem, image, weights, bias=0.0, threads=1):
    """What the engine makes of (images, channels, rows, cols), in a result that held something else before."""
    assert fourier.refusal(problem, weights) == ""
    out = np.full(problem.output_nchw, 77).astype(problem.precision.result)
    job = fourier.prepare(
        problem, weights.astype(problem.precision.work), np.broadcast_to(bias, problem.filters), threads
    )
    job(image, out)
    return out


def exact(problem, image, weights, bias=0.0):
    """The plain engine's sums of float64."""
    wide = [np.asarray(array, "float64") for array in (image, weights, np.broadcast_to(bias, problem.filters))]
    with np.errstate(all="ignore"):
        return plain.convolve(problem, *wide)


def error(result, expected):
    """The largest difference, over the root mean square of the result."""
    return float(np.abs(result - expected).max() / np.sqrt((expected**2).mean()))


class Number(complex):
    """A complex number with what `butterfly` asks for."""

    def __add__(self, other):
        return Number(complex(self) + complex(other))

    def __sub__(self, other):
        return Number(complex(self) - complex(other))

    def __mul__(self, other):
        return Number(complex(self) * other)

    def turned(self, sign):
        return Number(complex(self) * sign * 1j)


@pytest.mark.parametrize("size", sorted(butterfly.SMALL))
def test_a_butterfly_is_a_small_transform(size):
    numbers = np.random.default_rng(size).normal(size=(size, 2)).view(complex).ravel()
    x = [Number(number) for number in numbers]
    np.testing.assert_allclose(butterfly.SMALL[size](x, -1), np.fft.fft(numbers), atol=1e-14)
    np.testing.assert_allclose(butterfly.SMALL[size](x, 1), np.fft.ifft(numbers) * size, atol=1e-14)


def order(radices):
    """Which frequency stands where after the stages down."""
    if not radices:
        return [0]
    return [first + radices[0] * rest for first in range(radices[0]) for rest in order(radices[1:])]


def strip(way, waves, size, spectrum=None):
    """Call the machine code of one strip."""
    table, factors = transform.tables(size, waves.dtype.str)
    address, _ = transform.addresses(waves.dtype.str)
    arrays = [waves, table, factors, waves if spectrum is None else spectrum]
    waves_at, table_at, factors_at, spectrum_at = (array.ctypes.data for array in arrays)
    kinds = [ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p]
    call = ctypes.CFUNCTYPE(None, *kinds)(address)
    call(way, waves_at, table_at, table.size // 3, factors_at, spectrum_at)


@pytest.mark.parametrize("sums", ["float32", "float64"])
@pytest.mark.parametrize("size", transform.SIZES)
def test_a_strip_is_transformed_and_comes_back(size, sums):
    assert np.prod(transform.radices(size)) == size
    lane = lanes(np.dtype(sums).itemsize)
    start = np.random.default_rng(size).normal(size=(size, 2, lane)).astype(sums)
    waves, again = start.copy(), start.copy()
    strip(transform.DOWN, waves, size)
    expected = np.fft.fft(start[:, 0].astype(float) + 1j * start[:, 1], axis=0)[order(transform.radices(size))]
    eps = np.finfo(sums).eps
    np.testing.assert_allclose(waves[:, 0] + 1j * waves[:, 1], expected, rtol=0, atol=40 * eps * size**0.5)
    strip(transform.UP, waves, size)
    np.testing.assert_allclose(waves / size, start, rtol=0, atol=40 * eps)
    turned = np.zeros_like(start)
    turned[:, 1] = 1 / size  # a spectrum that is i everywhere multiplies by i
    strip(transform.FILTER, again, size, turned)
    np.testing.assert_allclose(again[:, 1], start[:, 0], rtol=0, atol=40 * eps)
    np.testing.assert_allclose(again[:, 0], -start[:, 1], rtol=0, atol=40 * eps)


problems = st.fixed_dictionaries(
    {
        "images": st.integers(1, 3), "per_group": st.integers(1, 3), "groups": st.integers(1, 3),
        "filters_per_group": st.integers(1, 2), "rows": st.integers(1, 70), "cols": st.integers(1, 70),
        "kernel": st.tuples(st.integers(1, 20), st.integers(1, 70)), "dilation": st.tuples(st.integers(1, 3), st.integers(1, 2)),
        "padding": st.tuples(*[st.tuples(st.integers(0, 75), st.integers(0, 75))] * 2), "mode": st.sampled_from(MODES),
        "fill": st.sampled_from([0, -2.5]), "layout": st.integers(0, 5), "high": st.booleans(), "threads": st.integers(1, 2),
        "dtype": st.sampled_from(["float32", "float64", "uint8", "int16", "int64", "bool"]), "offset": st.sampled_from([0, 100]),
        "seed": st.integers(0, 2**16),
    }
)  # fmt: skip


def drawn(problem):
    """The arrays and terms of a drawn problem; the kernel cut to what fits."""
    rng = np.random.default_rng(problem["seed"])
    groups, size = problem["groups"], (problem["rows"], problem["cols"])
    room = [n + sum(pads) for n, pads in zip(size, problem["padding"], strict=True)]
    kernel = [min(k, (r - 1) // d + 1) for k, r, d in zip(problem["kernel"], room, problem["dilation"], strict=True)]
    image = rng.normal(problem["offset"], 9, (problem["images"], groups * problem["per_group"], *size))
    image = (image.clip(0, 255) if problem["dtype"] == "uint8" else image).astype(problem["dtype"])
    wide = "float64" if problem["dtype"] == "float64" else "float32"
    weights = rng.normal(size=(groups * problem["filters_per_group"], problem["per_group"], *kernel)).astype(wide)
    bias = rng.normal(size=len(weights)).astype(wide)
    terms = dict(padding=problem["padding"], dilation=problem["dilation"], groups=groups, padding_mode=problem["mode"])
    return image, weights, bias, terms | dict(fill=problem["fill"] if problem["mode"] == "zeros" else 0)


def arranged(image, layout):
    """The image in another memory layout, in the machine's own byte order."""
    other = [image, *layouts(image)][layout]
    return other if other.dtype.isnative else other.byteswap().view(image.dtype)[..., ::-1, :][..., ::-1, :]


@given(drawing=problems)
@settings(max_examples=250)
def test_it_agrees_with_the_plain_engine(drawing):
    image, weights, bias, terms = drawn(drawing)
    problem = read(image, weights, high=drawing["high"], **terms)
    result = transformed(problem, arranged(image, drawing["layout"]), weights, bias, drawing["threads"])
    assert result.dtype == ("float64" if image.dtype == "float64" else "float32")
    expected = exact(problem, image, weights, bias)
    eps = 2.0**-53 if image.dtype == "float64" else 2.0**-24
    largest = max(float(np.abs(image.astype("float64")).max()), abs(terms["fill"]))
    power = largest * np.sqrt(weights[0].size) * float(np.abs(weights).max())
    np.testing.assert_allclose(result, expected, rtol=0, atol=16 * eps * (power + np.abs(expected).max()))


@given(
    drawing=problems, values=st.lists(st.sampled_from([np.nan, np.inf, -np.inf, 1e30, -3e38]), min_size=1, max_size=6)
)
@settings(max_examples=150)
def test_a_pixel_that_is_not_finite_reaches_its_windows_and_no_other(drawing, values):
    image, weights, bias, terms = drawn(drawing | {"dtype": ["float32", "float64"][drawing["images"] % 2], "offset": 0})
    rng = np.random.default_rng(drawing["seed"])
    spoiled = image.copy()
    if image[0, 0].size < 400:  # finite ones must be rare
        values = [value for value in values if not np.isfinite(value)]
    for value in values:
        spoiled[tuple(rng.integers(0, size) for size in image.shape)] = value
    problem = read(image, weights, high=drawing["high"], **terms)
    result, expected = transformed(problem, spoiled, weights, bias), exact(problem, spoiled, weights, bias)
    expected = saturate(expected, result.dtype)
    touched = exact(problem, (image != spoiled).astype("float64"), np.ones_like(weights), 0)
    if terms["padding_mode"] == "zeros" and terms["fill"]:
        touched -= exact(problem, np.zeros_like(image), np.ones_like(weights), 0)
    far = np.abs(touched) < 0.5  # no stray in the window: not a trace of one
    np.testing.assert_allclose(result[far], expected[far], rtol=0, atol=5e-3)
    if not np.isin(np.abs(values), [3e38]).any():  # partial sums of those may overflow in one order, not in another
        assert np.array_equal(np.isnan(result), np.isnan(expected))
        assert np.array_equal(result[np.isinf(expected)], expected[np.isinf(expected)])
        near = np.isfinite(expected) & ~far
        np.testing.assert_allclose(result[near], expected[near], rtol=1e-5, atol=1e25)


def test_infinity_times_zero_is_nan_but_a_hole_of_dilation_is_no_weight():
    image = np.zeros((1, 1, 9, 9), "float32")
    image[0, 0, 4, 4] = np.inf
    weights = np.array([[[[1, 0], [1, 1]]]], "float32")
    result = transformed(read(image, weights, padding=2, dilation=2), image, weights)[0, 0]
    assert np.isnan(result).sum() == 1
    assert np.isposinf(result).sum() == 3
    assert np.isnan(result[6, 4])


def test_a_padding_of_nan_reaches_the_windows_at_the_border():
    image, weights = np.ones((1, 1, 40, 50), "float32"), np.ones((1, 1, 7, 5), "float32")
    result = transformed(read(image, weights, padding=(3, 2), fill=np.nan), image, weights)[0, 0]
    assert np.isnan(result[:3]).all()
    assert np.isnan(result[-3:]).all()
    assert np.isnan(result[:, :2]).all()
    assert np.isnan(result[:, -2:]).all()
    np.testing.assert_allclose(result[3:-3, 2:-2], 35, rtol=1e-6)


@pytest.mark.parametrize(("high", "most"), [(False, 2e-6), (True, 2.5e-7)])
@pytest.mark.parametrize("offset", [0, 1e4])
@pytest.mark.parametrize("size", [15, 31, 63])
def test_a_bright_image_loses_nothing(size, offset, high, most):
    rng = np.random.default_rng(size)
    image = rng.normal(offset, 1, (1, 1, 300, 280)).astype("float32")
    weights = rng.normal(size=(1, 1, size, size))
    weights = (weights - weights.mean()).astype("float32")
    problem = read(image, weights, high=high, padding=size // 2, padding_mode="reflect")
    assert error(transformed(problem, image, weights), exact(problem, image, weights)) < most


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"])
def test_a_result_of_integers_is_rounded_half_to_even_and_saturated(dtype):
    values = np.array(
        [0.5, 1.5, 2.5, -0.5, -1.5, 126.5, 254.4, 300, -300, 7e4, -7e4, 3e9, -3e9, 2e19, -2e19, np.nan], "float32"
    )
    image = np.zeros((1, 1, 20, 21), "uint8")
    weights = np.zeros((len(values), 1, 3, 3), "float32")
    for high in (False, True):
        problem = read(image, weights, high=high, dtype=dtype)
        result = transformed(problem, image, weights, values)
        assert result.dtype == dtype
        with np.errstate(invalid="ignore"):
            assert result[0, :, 5, 5].tolist() == saturate(values, np.dtype(dtype)).tolist()
        assert (result == result[:, :, :1, :1]).all()


def test_a_result_goes_into_memory_of_any_kind():
    rng = np.random.default_rng(0)
    image, weights = (
        rng.normal(size=(2, 1, 90, 100)).astype("float32"),
        rng.normal(size=(2, 1, 15, 15)).astype("float32"),
    )
    problem = read(image, weights)
    expected = transformed(problem, image, weights)
    job = fourier.prepare(problem, weights, np.zeros(2), 1)
    for axes in ((0, 1, 2, 3), (3, 2, 1, 0), (2, 3, 0, 1)):
        room = np.full([2 * expected.shape[axis] for axis in axes], -5, "float32")
        out = room[::2, ::-2, ::2, ::-2].transpose(np.argsort(axes))
        job(image, out)
        assert out.tobytes() == expected.tobytes()
        assert (room[1::2] == -5).all()
    odd = np.zeros(expected.nbytes + 1, "uint8")[1:].view("float32").reshape(expected.shape)  # not aligned
    job(image, odd)
    assert odd.tobytes() == expected.tobytes()


def test_one_preparation_serves_many_images_and_threads():
    rng = np.random.default_rng(1)
    images, weights = (
        rng.normal(size=(4, 1, 1, 200, 150)).astype("float32"),
        rng.normal(size=(1, 1, 21, 21)).astype("float32"),
    )
    problem = read(images[0], weights, padding=10, padding_mode="symmetric")
    job = fourier.prepare(problem, weights, np.zeros(1), 2)
    results = [np.zeros(problem.output_nchw, "float32") for _ in images]
    threads = [threading.Thread(target=job, args=pair) for pair in zip(images, results, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for image, result in zip(images, results, strict=True):
        assert error(result, exact(problem, image, weights)) < 2e-6


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_nothing(threads):
    rng = np.random.default_rng(2)
    image, weights = (
        rng.normal(size=(1, 1, 700, 650)).astype("float32"),
        rng.normal(size=(1, 1, 25, 25)).astype("float32"),
    )
    problem = read(image, weights)
    assert (
        transformed(problem, image, weights, threads=threads).tobytes()
        == transformed(problem, image, weights).tobytes()
    )


def test_one_kernel_for_each_channel_is_the_same_as_one_for_each_image():
    rng = np.random.default_rng(3)
    image, kernel = rng.normal(size=(2, 3, 50, 60)).astype("float32"), rng.normal(size=(9, 9)).astype("float32")
    weights = np.broadcast_to(kernel, (3, 1, 9, 9))
    problem = read(image, weights, groups=3)
    bias = np.array([1.0, 2.0, 3.0])
    result = transformed(problem, image, weights, bias)
    assert error(result, exact(problem, image, weights, bias)) < 2e-6
    each = read(image.reshape(6, 1, 50, 60), weights[:1])
    alone = transformed(each, image.reshape(6, 1, 50, 60), weights[:1])
    np.testing.assert_allclose(result, alone.reshape(result.shape) + bias[:, None, None], rtol=0, atol=1e-4)


def test_filters_that_are_alike_still_meet_all_channels():
    image = np.random.default_rng(4).normal(size=(1, 2, 40, 40)).astype("float32")
    weights = np.ones((2, 2, 7, 7), "float32")
    problem = read(image, weights)
    assert error(transformed(problem, image, weights), exact(problem, image, weights)) < 2e-6


def test_the_memory_is_that_of_some_tiles():
    image, weights = np.ones((1, 1, 3000, 2500), "float32"), np.ones((1, 1, 31, 31), "float32")
    problem = read(image, weights, padding=15, padding_mode="reflect")
    out = np.zeros(problem.output_nchw, "float32")
    fourier.prepare(problem, weights, np.zeros(1), 1)(image, out)  # compiled
    tracemalloc.start()
    fourier.prepare(problem, weights, np.zeros(1), 1)(image, out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < image.nbytes / 4
    assert out[0, 0, 20, 20] == pytest.approx(961, rel=1e-5)


def test_an_empty_batch_is_nothing_to_do():
    image, weights = np.ones((0, 2, 9, 9), "float32"), np.ones((3, 2, 5, 5), "float32")
    assert transformed(read(image, weights), image, weights).shape == (0, 3, 5, 5)


@given(
    output=st.tuples(st.integers(1, 5000), st.integers(1, 5000)), span=st.tuples(st.integers(1, 600), st.integers(1, 600)),
    planes=st.integers(0, 9), itemsize=st.sampled_from([4, 8]),
)  # fmt: skip
@settings(max_examples=60)
def test_the_tiles_cover_the_result_and_leave_the_kernel_room(output, span, planes, itemsize):
    chosen = tiling.choose(planes, output, span, itemsize)
    assert chosen.down + span[0] - 1 <= chosen.rows
    assert chosen.right + span[1] - 1 <= chosen.cols
    assert (chosen.tiles_down - 1) * chosen.down < output[0] <= chosen.tiles_down * chosen.down
    assert (chosen.tiles_right - 1) * chosen.right < output[1] <= chosen.tiles_right * chosen.right


def test_small_results_get_small_tiles():
    assert tiling.choose(1, (10, 10), (7, 7), 4).rows == 16
    assert tiling.choose(1, (4096, 4096), (15, 15), 4).tiles_down > 10


whole, square = np.ones((1, 1, 9, 9), "uint8"), np.ones((1, 1, 5, 5), "float32")
REFUSED = [
    (dict(image=square, weights=square, stride=2), "it computes every stop, and stride (=(2, 2)) leaves some out"),
    (dict(image=whole, weights=whole), "integer sums (int32) are made exactly by the plain and the direct engine"),
    (dict(image=square, weights=square * np.inf), "a weight that is not finite would spread over whole tiles"),
    (dict(image=square, weights=square, dtype="float16"), "a result of <f2 is not one that its compiled code writes"),
    (dict(image=square, weights=square, padding=3000, dilation=1024), "the kernel spans 4097 pixels, more than its largest tile (4096)"),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "sentence"), REFUSED, ids=[sentence[:30] for _, sentence in REFUSED])
def test_what_it_cannot_do_is_said(terms, sentence):
    weights = terms["weights"]
    assert fourier.refusal(read(**terms), weights) == sentence
