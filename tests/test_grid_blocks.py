"""conv2d of Dask arrays: the same numbers as of NumPy arrays, whatever the chunks, on every scheduler."""

import contextlib
import pickle
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convista as cx

dask = pytest.importorskip("dask", reason="needs dask")
da = pytest.importorskip("dask.array", reason="needs dask[array]")

# layout -> image axes, kernel axes, flags
LAYOUTS = {
    "plane": ("hw", "kk", {}),
    "plane, bank": ("hw", "fkk", {}),
    "channels": ("chw", "fpkk", {}),
    "stack": ("nhw", "kk", {"batch": True}),
    "stack, bank": ("nhw", "fkk", {"batch": True}),
    "batch": ("nchw", "fpkk", {}),
    "photo": ("hwc", "kk", {"channels_last": True}),
    "photo, filters": ("hwc", "fpkk", {"channels_last": True}),
    "photos": ("nhwc", "fpkk", {"channels_last": True}),
}

# Image, kernel and result of what compiled engines are tried on: each kind of sum is compiled, which takes seconds. The
# engines' own tests try more; here the point is how an array falls into chunks.
COMPILED = [
    ("uint8", "int64", None), ("uint8", "int64", "uint8"), ("uint8", "float32", None), ("float32", "int64", None),
    ("float32", "float32", "uint8"), ("float64", "float32", None), ("bool", "int64", "uint8"), ("float16", "float32", None),
]  # fmt: skip
ANY = st.tuples(
    st.sampled_from(["uint8", "int16", ">i2", "int64", "uint64", "bool", "float16", "float32", "float64"]),
    st.sampled_from(["int64", "float32", "float64"]),
    st.sampled_from([None, "uint8", "int16", "float64"]),
)


@st.composite
def chunkings(draw, size):
    """Chunks of an axis of `size`, empty ones among them."""
    edges = draw(st.lists(st.integers(0, size), max_size=4))
    ends = [0, *sorted(edges), size]
    return tuple(b - a for a, b in pairwise(ends))


@st.composite
def problems(draw):
    """An image, a kernel, a bias, chunks and the terms of conv2d."""
    layout = draw(st.sampled_from(sorted(LAYOUTS)))
    image_axes, kernel_axes, flags = LAYOUTS[layout]
    groups, per = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    sizes = {"n": draw(st.integers(0, 3)), "c": groups * per, "h": draw(st.integers(1, 12)), "w": draw(st.integers(1, 12)),
             "f": groups * draw(st.integers(1, 2)), "p": per, "k": draw(st.integers(1, 4))}  # fmt: skip
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    image_shape, kernel_shape = ([sizes[axis] for axis in axes] for axes in (image_axes, kernel_axes))
    kernel_shape[-1] = draw(st.integers(1, 5))
    engine = draw(st.sampled_from(["plain", "auto", "direct"]))
    image_dtype, kernel_dtype, dtype = draw(ANY if engine == "plain" else st.sampled_from(COMPILED))
    image = rng.integers(0, 200 if image_dtype == "uint8" else 900, image_shape).astype(image_dtype)
    kernel = rng.integers(-5, 6, kernel_shape).astype(kernel_dtype)
    mode = draw(st.sampled_from(["zeros", "reflect", "symmetric", "replicate", "circular"]))
    pad = st.tuples(st.integers(0, 9), st.integers(0, 9))
    padding = draw(st.sampled_from(["same", "valid", "full"]) | st.integers(0, 3) | st.tuples(pad, pad))
    step = st.tuples(st.integers(1, 4), st.integers(1, 4))
    terms = dict(
        stride=1 if padding == "same" else draw(step), padding=padding, dilation=draw(step), padding_mode=mode,
        fill=draw(st.sampled_from([0, 2, 2.5, -300])) if mode == "zeros" else 0, flip=draw(st.booleans()),
        dtype=dtype, groups=groups if "p" in kernel_axes else 1, engine=engine,
    )  # fmt: skip
    bias = draw(st.sampled_from([None, 3, 2.5, np.float32(1.5)]))
    return image, kernel, bias, [draw(chunkings(size)) for size in image_shape], terms | flags


@given(problem=problems())
@settings(max_examples=500)
def test_a_dask_array_gives_what_its_numpy_array_gives(problem):
    image, kernel, bias, chunks, terms = problem
    lazy = da.from_array(image, chunks=tuple(chunks))
    try:
        expected = cx.conv2d(image, kernel, bias, **terms)
    except ValueError as refusal:
        with pytest.raises(ValueError, match=f"^{re.escape(str(refusal))}$"):
            cx.conv2d(lazy, kernel, bias, **terms).compute(scheduler="synchronous")
        return
    result = cx.conv2d(lazy, kernel, bias, **terms)
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    computed = result.compute(scheduler="synchronous")
    assert computed.dtype == expected.dtype
    np.testing.assert_array_equal(computed, expected)
    assert all(size > 0 or sum(sizes) == 0 for sizes in result.chunks for size in sizes)


@pytest.mark.parametrize("padding", [((0, 3), (0, 0)), ((9, 0), (0, 0)), ((9, 9), (9, 9))])
def test_a_chunk_of_the_result_may_lie_wholly_beyond_the_image(padding):
    image = np.arange(12).reshape(6, 2)
    terms = dict(stride=(4, 1), padding=padding, fill=7, engine="plain")
    result = cx.conv2d(da.from_array(image, chunks=((5, 1), (2,))), [[1]], **terms)
    assert result.compute(scheduler="synchronous").tolist() == cx.conv2d(image, [[1]], **terms).tolist()


def test_with_same_size_each_chunk_of_the_image_gives_one_of_the_result():
    image = da.zeros((300, 500), chunks=((100, 3, 197), (250, 250)), dtype="uint8")
    for kernel in ("gaussian:31", np.ones((4, 4)), np.ones((1, 600))):
        assert cx.conv2d(image, kernel, padding="same", padding_mode="reflect").chunks == image.chunks
    bank = cx.conv2d(image, np.ones((5, 3, 3)), padding="same")
    assert bank.chunks == ((5,), *image.chunks)
    photo = da.zeros((30, 50, 4), chunks=(10, 25, 2))
    assert cx.conv2d(photo, "box", padding="same", channels_last=True).chunks == photo.chunks
    assert cx.conv2d(photo, np.ones((1, 4, 3, 3)), padding="same", channels_last=True).chunks == (
        *photo.chunks[:2],
        (1,),
    )


def test_other_sizes_get_the_natural_chunks():
    image = da.zeros((40, 40), chunks=10)
    assert cx.conv2d(image, np.ones((5, 5))).chunks == ((8, 10, 10, 8),) * 2
    assert cx.conv2d(image, np.ones((5, 5)), padding="full").chunks == ((12, 10, 10, 12),) * 2
    assert cx.conv2d(image, np.ones((2, 2)), stride=2).chunks == ((5, 5, 5, 5),) * 2
    assert cx.conv2d(image, np.ones((1, 1)), stride=15).chunks == ((1, 1, 1),) * 2  # the chunk of 20..29 has no stop


def weak_and_strong():
    return [
        ("gaussian:5", None),
        (cx.kernels.sobel_x, 0.1),
        ([cx.kernels.sobel_x, cx.kernels.sobel_y], None),
        ("box", 2),
    ]


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize(("kernel", "bias"), weak_and_strong(), ids=str)
def test_named_kernels_follow_the_precision_of_the_image(dtype, kernel, bias):
    image = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(dtype)
    expected = cx.conv2d(image, kernel, bias, padding="full")
    result = cx.conv2d(da.from_array(image, chunks=7), kernel, bias, padding="full").compute(scheduler="synchronous")
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(1).integers(0, 256, (90, 110, 3)).astype("uint8")


@contextlib.contextmanager
def scheduler(name):
    if name != "distributed":
        with dask.config.set(scheduler=name, num_workers=2):
            yield
        return
    distributed = pytest.importorskip("distributed", reason="needs dask.distributed")
    from distributed import Client

    room = dict(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50)
    with distributed.LocalCluster(**room) as cluster, Client(cluster):
        yield


@pytest.mark.parametrize("name", ["synchronous", "threads", "processes", "distributed"])
def test_every_scheduler_gives_the_same_numbers(name, photo):
    terms = dict(padding="same", padding_mode="circular", channels_last=True)
    expected = cx.conv2d(photo, "gaussian:31", **terms)
    lazy = cx.conv2d(da.from_array(photo, chunks=(25, 40, 2)), "gaussian:31", **terms)
    with scheduler(name):
        np.testing.assert_allclose(lazy.compute(), expected, rtol=0, atol=1e-4)  # sums in another order


def test_a_circular_border_takes_its_pixels_from_the_far_side():
    image = np.arange(1, 10).reshape(1, 9)  # dask-image's issue 242
    wrapped = cx.conv2d(
        da.from_array(image, chunks=(1, 5)), [[1, -1, 0, 1, -1]], padding=(0, 2), padding_mode="circular"
    )
    assert wrapped.compute(scheduler="synchronous").tolist() == [[-2, 7, -2, -2, -2, -2, -2, 7, -2]]


def unreadable(shape, dtype, chunks=10):
    """An array whose pixels can't be had."""

    def fail():
        raise AssertionError("a pixel was read")

    return da.map_blocks(
        fail, chunks=da.core.normalize_chunks(chunks, shape), dtype=dtype, meta=np.empty((0, 0), dtype)
    )


@pytest.mark.parametrize("dtype", ["uint8", "int64", "uint64", "float32"])
def test_nothing_is_read_before_it_is_asked_for(dtype):
    image = unreadable((10**6, 10**6), dtype, 10**4)
    result = cx.conv2d(image, "sobel_x", padding="same")
    assert result.dtype == {"uint8": "int32", "float32": "float32"}.get(dtype, "int64")
    assert cx.plan(image, "sobel_x").problem.size == (10_002, 10_002)
    with pytest.raises(AssertionError, match="a pixel was read"):
        result[:1, :1].compute(scheduler="synchronous")


def test_a_chunk_that_would_overflow_says_so_when_it_is_computed():
    image = np.ones((20, 20), np.int64)
    image[15, 15] = 2**62
    result = cx.conv2d(da.from_array(image, chunks=10), [[1, 2, 1]])
    assert result[:5, :5].compute(scheduler="synchronous").tolist() == np.full((5, 5), 4).tolist()
    with pytest.raises(
        ValueError, match=r"^image .dtype int64. under this kernel can reach 1.84e\+19, more than int64"
    ):
        result.compute(scheduler="synchronous")


def test_the_graph_is_small_and_what_is_not_asked_for_falls_out():
    image = da.zeros((1000, 1000), chunks=10, dtype="uint8")  # 100 x 100 chunks
    result = cx.conv2d(image, "gaussian:5", padding="same", padding_mode="circular")
    tasks = len(result.__dask_graph__()) - len(image.__dask_graph__())
    assert tasks == 5 * 100 * 100 + 1  # a chunk, its four strips; and the work that all share
    (corner,) = dask.optimize(result[:10, :10])
    assert len(corner.__dask_graph__()) < 30
    assert len(pickle.dumps(dict(corner.__dask_graph__()))) < 20_000


def test_the_same_call_has_the_same_name_and_another_call_another():
    image = da.zeros((20, 20), chunks=10)
    calls = [dict(kernel="box"), dict(kernel="sharpen"), dict(kernel="box", fill=1), dict(kernel="box", padding_mode="reflect"),
             dict(kernel="box", padding=((0, 2), (1, 1))), dict(kernel="box", padding=((2, 0), (1, 1))), dict(kernel="box", bias=1),
             dict(kernel="box", dtype="uint8"), dict(kernel="box", engine="plain")]  # fmt: skip
    names = [cx.conv2d(image, **{"padding": 1} | call).name for call in calls]
    assert len(set(names)) == len(calls)
    assert cx.conv2d(image, "box", padding=1).name == names[0]


def test_a_task_uses_one_thread_unless_told_otherwise():
    image = da.zeros((2000, 2000), chunks=1000, dtype="float32")
    assert cx.plan(image, "gaussian:5").threads == 1
    assert cx.plan(image, "gaussian:5", threads=3).threads == 3
    lazy = cx.conv2d(image, "gaussian:5", threads=3, engine="plain")
    work = lazy.dask[f"work-{lazy.name}"]
    assert (work.terms["threads"], work.terms["engine"]) == (3, "plain")
    lazy = cx.conv2d(image, "gaussian:5")
    assert lazy.dask[f"work-{lazy.name}"].terms["threads"] == 1


def test_the_plan_is_of_one_chunk_and_says_so():
    plan = cx.plan(da.zeros((400, 600), chunks=200, dtype="uint8"), "gaussian:31", padding="same")
    assert plan.why.endswith("; planned for the largest of 6 chunks")
    assert plan.problem.output_shape == (200, 200)
    assert plan.problem.size == (215, 230)  # the fill values above and below are no pixels


KERNEL = "kernel (a Dask array) must be in memory, since every chunk needs it; pass kernel.compute()"
BIAS = "bias (a Dask array) must be in memory, since every chunk needs it; pass bias.compute()"
OUT = "out can't be given for a Dask array, whose result is computed later; leave it out, and put the result where it belongs with .store(), .to_zarr() or .compute()"
MASKED = "image (a Dask array of numpy.ma.MaskedArray) must be made of NumPy arrays; convert with image.map_blocks"
UNKNOWN = "image (shape (nan, 9)) has chunks of unknown size; call image.compute_chunk_sizes() first"
GRADIENT = "kernel (a tensor that only torch can use) gets no gradient from a Dask array; detach it"
OTHER = "image (a Dask Array) can't be read here; conv2d and plan take Dask arrays, for all else give image.compute(), or parts of it"


def refusals():
    import torch

    image = da.ones((9, 9), chunks=4)
    unknown = image[image[:, 0] > 0]
    return [
        (dict(image=image, kernel=da.ones((3, 3))), TypeError, KERNEL),
        (dict(image=np.ones((9, 9)), kernel=da.ones((3, 3))), TypeError, KERNEL),
        (dict(image=image, kernel="box", bias=da.ones(())), TypeError, BIAS),
        (dict(image=image, kernel="box", out=np.ones((7, 7))), ValueError, OUT),
        (dict(image=da.ma.masked_equal(image, 3), kernel="box"), TypeError, MASKED),
        (dict(image=unknown, kernel="box"), ValueError, UNKNOWN),
        (dict(image=image, kernel=torch.ones(3, 3, requires_grad=True)), TypeError, GRADIENT),
        (dict(image=image, kernel="box", engine="fast"), ValueError, None),
        (dict(image=image, kernel="box", threads=0), ValueError, "threads (=0) must be 1 or more"),
        (dict(image=image.astype("c8"), kernel="box"), TypeError, None),
        (dict(image=image, kernel="box", padding="some"), ValueError, None),
        (dict(image=da.ones((4, 9, 9)), kernel="box"), ValueError, None),
    ]  # fmt: skip


@pytest.mark.parametrize(("terms", "kind", "sentence"), refusals())
def test_bad_input_is_refused_with_a_sentence_before_anything_is_computed(terms, kind, sentence):
    with pytest.raises(kind) as caught:
        cx.conv2d(**terms)
    if sentence is None:  # the sentence of the same call with an array
        with pytest.raises(kind) as plain:
            cx.conv2d(**terms | {"image": terms["image"].compute()})
        sentence = str(plain.value)
    assert str(caught.value) == sentence


def test_the_transposed_convolution_says_that_it_takes_none():
    with pytest.raises(TypeError) as caught:
        cx.conv_transpose2d(da.ones((9, 9)), np.ones((3, 3)))
    assert str(caught.value) == OTHER
