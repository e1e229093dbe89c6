"""interop.ndimage against SciPy: the same numbers, the same types, the same errors."""

import inspect
import itertools
from functools import partial

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st

import convista as cx
from convista.grid import engines
from convista.interop import ndimage

VERBS = ("correlate", "convolve")
MODES = ("reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "grid-wrap", "wrap")
IMAGES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64", ">i2", ">f4")
OUTPUTS = (None, "uint8", "float32", np.float64, np.int8, np.dtype("uint16"), np.dtype(">i4"), int, float, "uint64")

COMPILED = ("uint8", "float64")
"""Of these also small images go to the compiled engine, where each kind of numbers takes seconds to compile."""

SMALL = np.arange(12).reshape(3, 4)
EDGE = np.array([[1, 0, -1], [2, 0, -2]])


class NotOursError(Exception):
    """Raised by a stand-in, to show who was called."""


def refuse(*_, **__):
    raise NotOursError


@pytest.fixture(scope="module", autouse=True)
def fresh():
    """As in a process that has compiled nothing yet: NumPy computes small images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "COMPILED", "no module")
        yield


@pytest.fixture
def no_scipy(monkeypatch):
    for verb in VERBS:
        monkeypatch.setattr(scipy.ndimage, verb, refuse)


@pytest.fixture
def no_engine(monkeypatch):
    monkeypatch.setattr(ndimage, "conv2d", refuse)


def memory(array, layout):
    """The same numbers, laid out in another way."""
    wide = np.repeat(array, 2, axis=-1)
    frozen = array.copy()
    frozen.flags.writeable = False
    return (array, np.asfortranarray(array), wide[..., ::2], array[::-1, ::-1].copy()[::-1, ::-1], frozen)[layout]


def bound(image, weights, cval, dtype):
    """How far two orders of summation in float64 may lie apart, and a rounding to float32 each."""
    size = np.abs(np.append(image.astype(float), cval))
    largest = size[np.isfinite(size)].max(initial=0) * np.abs(weights[np.isfinite(weights)]).sum()
    return float(weights.size * np.finfo(float).eps * largest) + (largest * 2.0**-23 if dtype == np.float32 else 0)


def assert_same(ours, theirs, allowed=0.0):
    assert type(ours) is type(theirs)
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    if ours.dtype.kind == "f":
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=allowed, equal_nan=True)
    else:
        np.testing.assert_array_equal(ours, theirs)


def drawn_image(rng, dtype, rows, cols, *, special):
    kind = np.dtype(dtype)
    if kind.kind == "f":
        image = (rng.normal(size=(rows, cols)) * 30).astype(kind)
        if special:
            image.flat[rng.integers(image.size)] = rng.choice([np.nan, np.inf, -np.inf])
        return image
    limits, most = np.iinfo(kind), 2 ** int(rng.integers(3, 63))
    return rng.integers(max(limits.min, -most), min(limits.max, most), (rows, cols)).astype(kind)


def drawn_weights(rng, rows, cols, *, whole, special):
    weights = rng.integers(-9, 10, (rows, cols)) if whole else rng.normal(size=(rows, cols))
    if special:
        weights = weights.astype(float)
        weights.flat[rng.integers(weights.size)] = rng.choice([0, np.nan, np.inf, 1e-17, -np.inf])
    return weights


@pytest.mark.parametrize("verb", VERBS)
def test_the_signature_is_scipys(verb):
    ours, theirs = (inspect.signature(getattr(module, verb)).parameters.values() for module in (ndimage, scipy.ndimage))
    assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in theirs]


# A kernel four times as long as the image and more meets a defect of SciPy's, see below.
sizes = st.integers(1, 8).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, min(9, 4 * size))))


@pytest.mark.filterwarnings("ignore:(invalid value|overflow) encountered:RuntimeWarning")  # SciPy's casts
@given(
    verb=st.sampled_from(VERBS), mode=st.sampled_from(MODES), dtype=st.sampled_from(IMAGES), rows=sizes, cols=sizes,
    output=st.sampled_from(OUTPUTS), cval=st.sampled_from([0, 0.0, 7, -2.5, np.float32(3), 1e30, np.nan]),
    layout=st.integers(0, 4), whole=st.booleans(), special=st.booleans(), seed=st.integers(0, 2**16),
)  # fmt: skip
@settings(max_examples=500)
def test_results_are_scipys(verb, mode, dtype, rows, cols, output, cval, layout, whole, special, seed):
    rng = np.random.default_rng(seed)
    image = memory(drawn_image(rng, dtype, rows[0], cols[0], special=special), layout)
    weights = memory(drawn_weights(rng, rows[1], cols[1], whole=whole, special=special), layout)
    origin = tuple(int(rng.integers(-(size // 2), (size + 1) // 2)) for size in weights.shape)
    arguments = (image, weights, output, mode, cval, origin)
    with pytest.MonkeyPatch.context() as patch:
        if dtype in COMPILED:
            patch.setattr(ndimage, "conv2d", partial(cx.conv2d, engine="direct"))
        ours, theirs = (getattr(module, verb)(*arguments) for module in (ndimage, scipy.ndimage))
    assert_same(ours, theirs, bound(image, weights, cval, theirs.dtype))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("verb", VERBS)
def test_every_place_of_even_and_odd_kernels(verb, mode):
    for rows, cols in itertools.product((1, 2, 3, 4), repeat=2):
        weights = np.arange(1, 1 + rows * cols).reshape(rows, cols)
        for origin in itertools.product(range(-2, 2), repeat=2):
            if all(-(size // 2) <= o <= (size - 1) // 2 for o, size in zip(origin, (rows, cols), strict=True)):
                terms = {"mode": mode, "cval": 5, "origin": origin}
                ours, theirs = (getattr(m, verb)(SMALL, weights, **terms) for m in (ndimage, scipy.ndimage))
                assert_same(ours, theirs)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
@pytest.mark.parametrize("verb", VERBS)
def test_an_image_large_enough_for_the_compiled_engine(verb, dtype):
    rng = np.random.default_rng(3)
    image = (rng.integers(0, 250, (97, 121))).astype(dtype)
    whole, smooth = rng.integers(-9, 10, (4, 5)), rng.random((5, 4))
    weights = smooth if np.dtype(dtype).kind == "f" else whole
    terms = {"mode": "mirror", "origin": (1, -1)}
    ours, theirs = (getattr(module, verb)(image, weights, **terms) for module in (ndimage, scipy.ndimage))
    assert_same(ours, theirs, bound(image, weights, 0, theirs.dtype))


@pytest.mark.parametrize(
    ("image", "weights", "terms"),
    [
        (SMALL, EDGE, {}),
        (SMALL.tolist(), EDGE.tolist(), {}),
        (SMALL.astype("uint8"), EDGE, {"output": "int8"}),
        (SMALL.astype("uint8"), EDGE / 7, {"output": float}),
        (SMALL, EDGE, {"mode": "constant", "cval": np.float32(2.5), "output": "f4"}),
        (SMALL / 3, EDGE == 1, {"origin": (-1, 1)}),
        (SMALL.astype("float32"), EDGE.astype("float16"), {"origin": [0, np.int64(-1)]}),
        (np.where(SMALL == 5, np.nan, SMALL), np.full((3, 3), 1 / 9), {}),
        (SMALL, cx.kernels.sobel_x, {}),
    ],
)
@pytest.mark.parametrize("verb", VERBS)
def test_the_engine_computes_plain_images(verb, image, weights, terms, monkeypatch):
    theirs = getattr(scipy.ndimage, verb)(image, weights, **terms)
    monkeypatch.setattr(scipy.ndimage, verb, refuse)
    assert_same(getattr(ndimage, verb)(image, weights, **terms), theirs, 1e-5)


def rest(**changed):
    return {"input": SMALL, "weights": EDGE, **changed}


@pytest.mark.parametrize(
    "terms",
    [
        rest(input=SMALL[0], weights=EDGE[0]),
        rest(input=np.stack([SMALL, SMALL]), weights=EDGE[None]),
        rest(input=np.stack([SMALL, SMALL]), axes=(1, 2)),
        rest(axes=(0, 1)),
        rest(input=SMALL * 1j),
        rest(weights=EDGE * 1j),
        rest(input=SMALL > 3),
        rest(output=bool),
        rest(input=SMALL * 0.5, output=int),
        rest(weights=EDGE / 3),
        rest(mode="constant", cval=0.5),
        rest(input=SMALL + 2**31, output="int32"),
        rest(input=SMALL + 2**29, output="int32"),  # sums of up to 6 * 2**29
        rest(input=SMALL.astype("int16"), weights=[[2**16]], output="int32"),  # of -2**15 it would be -2**31
        rest(mode="constant", cval=1e30),
        rest(input=SMALL + 2**53),
        rest(input=np.where(SMALL == 5, np.inf, SMALL)),
        rest(input=SMALL / 3, mode="constant", cval=np.nan),
        rest(input=SMALL[:0]),
        rest(input=np.ma.masked_equal(SMALL, 3), output=np.ma.masked_equal(SMALL * 0, 3)),
    ],
    ids=lambda terms: ", ".join(f"{name}={np.asarray(value)!r:.20}" for name, value in terms.items()),
)
@pytest.mark.parametrize("verb", VERBS)
def test_scipy_computes_the_rest(verb, terms, no_engine):
    with np.errstate(invalid="ignore"):
        theirs = getattr(scipy.ndimage, verb)(**terms)
        assert_same(getattr(ndimage, verb)(**terms), theirs)


@pytest.mark.parametrize(
    "terms",
    [
        rest(mode="symmetric"),
        rest(mode=["reflect", "wrap"]),
        rest(mode=None),
        rest(origin=2),
        rest(origin=(0, -2)),
        rest(origin=(0, 0, 0)),
        rest(origin=0.5),
        rest(weights=EDGE[0]),
        rest(weights=EDGE[:0]),
        rest(output=np.zeros((3, 3))),
        rest(output=np.broadcast_to(0.0, SMALL.shape)),  # read-only
        rest(output="complex64"),
        rest(output="S4"),
        rest(output="flaot32"),
        rest(output=3),
        rest(cval="x"),
        rest(cval=None),
        rest(axes=(0, 5)),
        rest(input=SMALL.astype("float16")),
        rest(input=SMALL.astype("longdouble")),
        rest(input=SMALL.astype(object)),
        rest(input=SMALL.astype(str)),
        rest(weights=[["a"]]),
        rest(input=[[1], [1, 2]]),
    ],
    ids=lambda terms: ", ".join(f"{name}={value!r:.20}" for name, value in terms.items()),
)
@pytest.mark.parametrize("verb", VERBS)
def test_errors_are_scipys_own(verb, terms):
    answers = []
    for module in (scipy.ndimage, ndimage):
        with pytest.raises(Exception) as caught:
            getattr(module, verb)(**terms)
        answers.append((caught.type, str(caught.value)))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("dtype", ["uint8", "float32", ">i2", "int64"])
@pytest.mark.parametrize("layout", range(4))
def test_an_output_array_is_filled_and_returned(dtype, layout, no_scipy):
    target = memory(np.zeros(SMALL.shape, dtype), layout)
    result = ndimage.correlate(SMALL, EDGE, output=target)
    assert result is target
    expected = ndimage.correlate(SMALL, EDGE, output=np.int64)
    np.testing.assert_array_equal(target, expected.astype(dtype))
    assert expected.any()


@pytest.mark.parametrize("verb", VERBS)
def test_the_output_may_be_the_image(verb):
    image = SMALL.copy()
    expected = getattr(scipy.ndimage, verb)(SMALL, EDGE)
    assert getattr(ndimage, verb)(image, EDGE, output=image) is image
    np.testing.assert_array_equal(image, expected)


def test_narrow_integers_wrap_as_scipys_do(no_scipy):
    bright = np.full((2, 2), 200, "uint8")
    assert ndimage.correlate(bright, [[1, 1]]).tolist() == [[144, 144], [144, 144]]  # 400 - 256
    assert ndimage.correlate(bright, [[-1]]).tolist() == [[56, 56], [56, 56]]  # 256 - 200


def test_weights_that_scipy_leaves_out_are_left_out(no_scipy):
    weights = np.array([[np.nan, 1.0, 1e-16, np.finfo(float).eps]])
    assert ndimage.correlate([[1e30, 2.0, 3.0, 4.0]], weights, mode="constant").tolist() == [[0, 1e30, 2, 3]]


def test_scipys_reflection_reads_outside_the_image_and_ours_does_not(no_scipy):
    image, weights = np.array([[1.0, 2.0]]), np.eye(1, 17)
    beyond = np.pad(image[0], 8, mode="symmetric")[:2]  # pixels -8 and -7
    assert ndimage.correlate(image, weights).tolist() == [beyond.tolist()] == [[1, 2]]
