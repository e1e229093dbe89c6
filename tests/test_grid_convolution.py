"""conv2d against torch and SciPy, over shapes, numbers and memory layouts that hypothesis draws."""

import re
import subprocess
import sys
import warnings
from itertools import product

import numpy as np
import pytest
import scipy.ndimage
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

import convista as cx

ENGINES = ("plain", "direct", "torch")
SCIPY_MODES = {
    "zeros": "constant",
    "reflect": "mirror",
    "symmetric": "reflect",
    "replicate": "nearest",
    "circular": "wrap",
}


def bound(image: np.ndarray, kernel: np.ndarray, eps: float = 2.0**-23) -> float:
    """How far two orders of summation may lie apart: terms x eps x sum |x w|."""
    return kernel[0].size * eps * float(np.abs(image).max(initial=0) * np.abs(kernel).sum(axis=(1, 2, 3)).max()) + 1e-30


def layouts(array: np.ndarray) -> list[np.ndarray]:
    """The same numbers in other memory: Fortran order, strided, reversed, big-endian, read-only."""
    padded = np.zeros((*array.shape[:-1], array.shape[-1] * 2), array.dtype)
    padded[..., ::2] = array
    frozen = array.copy()
    frozen.flags.writeable = False
    turned = array[..., ::-1].copy()[..., ::-1]
    return [np.asfortranarray(array), padded[..., ::2], turned, array.astype(array.dtype.newbyteorder(">")), frozen]


def ends(dtype: str, most: int) -> tuple[int, int]:
    """The smallest and the largest number of an integer type, cut at `most`."""
    if dtype == "bool":
        return 0, 1
    return max(-most, np.iinfo(dtype).min), min(most, np.iinfo(dtype).max)


problems = st.fixed_dictionaries(
    {
        "images": st.integers(1, 2), "per_group": st.integers(1, 3), "groups": st.integers(1, 2),
        "filters_per_group": st.integers(1, 2), "rows": st.integers(1, 9), "cols": st.integers(1, 9),
        "kernel": st.tuples(st.integers(1, 5), st.integers(1, 5)), "stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "dilation": st.tuples(st.integers(1, 2), st.integers(1, 3)), "padding": st.tuples(st.integers(0, 4), st.integers(0, 4)),
        "layout": st.integers(0, 5), "dtype": st.sampled_from(["float32", "float64", "uint8", "int16"]),
        "special": st.booleans(), "seed": st.integers(0, 2**16),
    }
)  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@given(problem=problems)
@settings(max_examples=120)
def test_every_engine_agrees_with_torch(engine, problem):
    rng = np.random.default_rng(problem["seed"])
    channels, filters = (problem["groups"] * problem[name] for name in ("per_group", "filters_per_group"))
    image = rng.integers(-9, 99, (problem["images"], channels, problem["rows"], problem["cols"]))
    image = image.clip(0).astype("uint8") if problem["dtype"] == "uint8" else (image * 1.25).astype(problem["dtype"])
    kernel = rng.normal(size=(filters, problem["per_group"], *problem["kernel"])).astype("float32")
    bias = rng.normal(size=filters).astype("float32")
    if problem["special"] and image.dtype.kind == "f":
        image[..., 0, 0], image[..., -1, -1] = np.nan, np.inf
    image = [image, *layouts(image)][problem["layout"]]
    terms = {name: problem[name] for name in ("stride", "padding", "dilation", "groups")}
    wide = [torch.from_numpy(np.asarray(array, "float64").copy()) for array in (image, kernel, bias)]
    try:
        expected = F.conv2d(*wide, **terms).numpy()
    except RuntimeError:  # the kernel doesn't fit
        with pytest.raises(ValueError, match="spans"):
            cx.conv2d(image, kernel, bias, engine=engine, **terms)
        return
    result = cx.conv2d(image, kernel, bias, engine=engine, **terms)
    assert result.dtype == ("float64" if image.dtype.newbyteorder("=") == "float64" else "float32")
    assert np.array_equal(np.isnan(result), np.isnan(expected))
    assert np.array_equal(np.isposinf(result), np.isposinf(expected))
    finite = np.isfinite(expected)
    largest = np.nan_to_num(np.abs(np.asarray(image, "float64")), posinf=0)
    np.testing.assert_allclose(result[finite], expected[finite], rtol=0, atol=bound(largest, kernel) + 1e-6)


@pytest.mark.parametrize("engine", ["plain", "direct"])
@given(
    image=st.tuples(st.integers(1, 7), st.integers(1, 7)), kernel=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    mode=st.sampled_from(sorted(SCIPY_MODES)), fill=st.integers(-3, 3), seed=st.integers(0, 999),
)  # fmt: skip
@settings(max_examples=120)
def test_every_padding_mode_agrees_with_scipy_even_where_the_kernel_is_larger(engine, image, kernel, mode, fill, seed):
    rng = np.random.default_rng(seed)
    pixels, weights = rng.integers(0, 256, image).astype("uint8"), rng.integers(-9, 10, kernel)
    fill = fill if mode == "zeros" else 0
    (rows, cols) = kernel
    pads = ((rows // 2, rows - 1 - rows // 2), (cols // 2, cols - 1 - cols // 2))  # SciPy's centre of an even kernel
    result = cx.conv2d(pixels, weights, padding=pads, padding_mode=mode, fill=fill, engine=engine)
    expected = scipy.ndimage.correlate(pixels.astype("int64"), weights, mode=SCIPY_MODES[mode], cval=fill)
    assert result.dtype == np.int32
    assert result.tolist() == expected.tolist()


WHOLE = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "int64")
# For each image a kernel, so that there are sums of all kinds: each pair is compiled, which takes seconds.
COMPILED = dict(zip(WHOLE, ("int8", "int16", "int8", "uint32", "int16", "uint8", "int64", "int32"), strict=True))


@pytest.mark.parametrize(("engine", "pairs"), [("plain", [*product(WHOLE, repeat=2)]), ("direct", [*COMPILED.items()])])
@given(data=st.data(), stride=st.integers(1, 2), seed=st.integers(0, 999))
@settings(max_examples=80)
def test_integers_are_exact_at_the_ends_of_their_range(engine, pairs, data, stride, seed):
    rng, dtypes = np.random.default_rng(seed), data.draw(st.sampled_from(pairs))
    image = rng.choice(np.array(ends(dtypes[0], 2**50)), (5, 6)).astype(dtypes[0])
    kernel = rng.choice(np.array(ends(dtypes[1], 2**9)), (2, 3)).astype(dtypes[1])
    result = cx.conv2d(image, kernel, stride=stride, engine=engine)
    pixels, weights = image.astype(object), kernel.astype(object)
    exact = [
        [sum((pixels[r : r + 2, c : c + 3] * weights).ravel().tolist()) for c in range(0, 4, stride)]
        for r in range(0, 4, stride)
    ]
    assert result.dtype in (np.int32, np.int64)
    assert result.tolist() == exact


@pytest.mark.parametrize(("last", "dtype"), [(16384, "int32"), (16385, "int64")])
def test_int64_begins_where_int32_could_overflow(last, dtype):
    result = cx.conv2d(np.full((1, 2), 65535, "uint16"), [[16384, last]], engine="plain")
    assert (result.item(), result.dtype) == (65535 * (16384 + last), dtype)


def test_sums_that_int64_cannot_hold_are_refused():
    image = np.full((3, 3), 2**62)
    message = (
        "image (dtype int64) under this kernel can reach 1.38e+19, more than int64 holds (9.22e+18); "
        "pass image.astype('float64') for a rounded result"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        cx.conv2d(image, [[1, 1, 1]])
    assert cx.conv2d(image, [[1, -0]]).dtype == np.int64


@pytest.mark.parametrize("engine", ["plain", "direct"])
def test_the_kernel_is_not_flipped_unless_asked(engine):
    impulse, kernel = np.zeros((5, 5)), np.arange(1.0, 10).reshape(3, 3)
    impulse[2, 2] = 1
    assert cx.conv2d(impulse, kernel, engine=engine).tolist() == kernel[::-1, ::-1].tolist()
    assert cx.conv2d(impulse, kernel, flip=True, engine=engine).tolist() == kernel.tolist()


def test_shapes_are_read_by_their_axes():
    rng = np.random.default_rng(0)
    plane, colour, stack = rng.normal(size=(6, 7)), rng.normal(size=(6, 7, 3)), rng.normal(size=(4, 6, 7))
    one, bank, full = rng.normal(size=(3, 3)), rng.normal(size=(5, 3, 3)), rng.normal(size=(5, 3, 3, 3))
    alone = cx.conv2d(plane, one)
    assert np.allclose(cx.conv2d(plane, bank)[2], cx.conv2d(plane, bank[2]))
    assert np.allclose(cx.conv2d(stack, one, batch=True)[1], cx.conv2d(stack[1], one))
    assert np.allclose(cx.conv2d(stack, bank, batch=True)[1, 2], cx.conv2d(stack[1], bank[2]))
    each = cx.conv2d(colour, one, channels_last=True)
    assert each.shape == (4, 5, 3)
    assert np.allclose(each[..., 1], cx.conv2d(colour[..., 1], one))
    across = cx.conv2d(colour, full, channels_last=True)
    assert np.allclose(np.moveaxis(across, -1, 0), cx.conv2d(np.moveaxis(colour, -1, 0), full))
    assert np.allclose(cx.conv2d(colour[None], one, channels_last=True)[0], each)
    assert np.allclose(cx.conv2d(plane, one[None, None])[0], alone)


AMBIGUOUS = """image (3, 6, 7) with kernel (3, 3) has more than one reading; say which one you mean:
  one image, filters over all its channels:  a kernel (filters, channels, rows, cols)
  a stack of images:                         batch=True, image (images, rows, cols)
  each channel on its own:                   channels_last=True, image (rows, cols, channels), kernel (rows, cols)"""

REFUSED = [
    (dict(image=np.ones((3, 6, 7)), kernel=np.ones((3, 3))), AMBIGUOUS),
    (
        dict(image=np.ones((6, 7)), kernel=np.ones((3, 3)), batch=True),
        "image (shape (6, 7)) with batch=True has 2 axes; it must be (rows, cols), (channels, rows, cols), "
        "(images, channels, rows, cols), (images, rows, cols) with batch=True, or (rows, cols, channels) with channels_last=True",
    ),
    (
        dict(image=np.ones((6, 7)), kernel=np.ones(3)),
        "kernel (shape (3,)) must have 2 axes (rows, cols), 3 (filters, rows, cols) or 4 (filters, channels, rows, cols), not 1",
    ),
    (
        dict(image=np.ones((4, 6, 7)), kernel=np.ones((2, 3, 3, 3))),
        "kernel (shape (2, 3, 3, 3)) meets 3 channels a filter in 1 groups, that is 3; the image has 4",
    ),
    (
        dict(image=np.ones((4, 6, 7)), kernel=np.ones((2, 2, 3, 3)), groups=3),
        "groups (=3) must divide the channels (=4) and the filters (=2)",
    ),
    (
        dict(image=np.ones((6, 7)), kernel=np.ones((3, 3)), padding_mode="refelct"),
        'padding_mode (="refelct") must be one of zeros, reflect, symmetric, replicate, circular; did you mean "reflect"?',
    ),
    (
        dict(image=np.ones((6, 7)), kernel=np.ones((3, 3)), padding="some"),
        'padding (="some") must be one of valid, same, full; did you mean "same"?',
    ),
    (dict(image=np.ones((6, 7)), kernel=np.ones((3, 3)), stride=0), "stride (=0) must be 1 or more"),
    (dict(image=np.ones((6, 7)), kernel=np.ones((3, 3)), padding=-1), "padding (=-1) must be 0 or more"),
    (
        dict(image=np.ones((6, 7)), kernel=np.ones((9, 3))),
        "kernel (=9) with dilation 1 spans 9 pixels, but there are 6 + padding 0 + 0; "
        "the largest kernel that fits is 6, the least padding in all 3",
    ),
    (
        dict(image=np.ones((0, 7)), kernel=np.ones((3, 3))),
        "size (=0) without padding holds no pixel, so that no kernel fits; the least that does is 1",
    ),
    (dict(image=np.ones((4, 4, 0)), kernel=np.ones((3, 3)), channels_last=True), "image (shape (4, 4, 0)) has no channels; give one at least"),
    (dict(image=np.ones((6, 7)), kernel=np.ones((0, 3))), "kernel (shape (0, 3)) has no weights; the smallest is 1x1"),
    (
        dict(image=np.ones((6, 7)), kernel=np.ones((3, 3)), fill=1, padding_mode="reflect"),
        'fill (=1) is used by padding_mode "zeros" only, not by "reflect"; leave one of them out',
    ),
    (dict(image=np.ones((6, 7)), kernel=np.ones((2, 3, 3)), bias=[1, 2, 3]), "bias (shape (3,)) must be one number or 2, one a filter"),
    (
        dict(image=np.ones((6, 7), int), kernel=np.ones((3, 3), int), engine="torch"),
        'engine (="torch") can\'t do this: integer sums (int64) are made exactly by the plain and the direct engine; '
        'use engine="auto"',
    ),
    (dict(image=np.ones((6, 7)), kernel=np.ones((3, 3)), engine="fast"), 'engine (="fast") must be one of auto, plain, direct, separable, fourier, torch'),
    (
        dict(image=np.ones((6, 7)), kernel=np.ones((3, 3)), out=np.ones((4, 4))),
        "out (shape (4, 4)) must have the result's shape (4, 5)",
    ),
    (
        dict(image=np.ones((6, 7)), kernel=np.ones((3, 3)), out=np.ones((4, 5), "uint8")),
        "out (dtype uint8) must have the result's dtype float64; with dtype='uint8' the result is rounded and saturated to it",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "sentence"), REFUSED, ids=[sentence[:40] for _, sentence in REFUSED])
def test_bad_input_is_refused_with_a_sentence(terms, sentence):
    with pytest.raises(ValueError) as caught:
        cx.conv2d(**terms)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("dtype", "step"), [("complex64", "convolve its .real"), ("U3", "image .dtype <U3. must hold numbers")]
)
def test_numbers_of_another_kind_are_refused(dtype, step):
    with pytest.raises(TypeError, match=step):
        cx.conv2d(np.ones((4, 4)).astype(dtype), [[1]])


def test_a_narrow_dtype_rounds_and_saturates():
    image = np.array([[0, 100, 255]], "uint8")
    assert cx.conv2d(image, [[2]], dtype="uint8").tolist() == [[0, 200, 255]]
    assert cx.conv2d(image, [[-1]], dtype="uint8").tolist() == [[0, 0, 0]]
    assert cx.conv2d(image, [[0.5]], dtype="uint8").tolist() == [[0, 50, 128]]  # 127.5 goes to the even number
    huge = np.array([[3e38, -3e38, np.nan]], "float32")
    assert cx.conv2d(huge, [[1.0]], dtype="int64").tolist() == [[2**63 - 1, -(2**63), 0]]
    assert cx.conv2d(huge, [[1.0]], dtype="int32").tolist() == [[2**31 - 1, -(2**31), 0]]


def test_a_named_kernel_follows_the_precision_of_the_image():
    for image, expected in (("uint8", "float32"), ("float32", "float32"), ("float64", "float64")):
        assert cx.conv2d(np.ones((9, 9), image), "gaussian:5").dtype == expected
        assert cx.conv2d(np.ones((9, 9), image), np.full((3, 3), 0.1)).dtype == "float64"
        assert cx.conv2d(np.ones((9, 9), image), [cx.kernels.sobel_x, cx.kernels.sobel_y]).shape == (2, 7, 7)
    assert cx.conv2d(np.ones((3, 3)), [[1.0]], bias=0.1)[0, 0] == 1.1  # a Python number is not rounded to float32


def test_out_is_filled_and_returned_also_through_a_strided_view():
    image, kernel = np.random.default_rng(0).normal(size=(8, 9)), np.ones((3, 3))
    room = np.zeros((12, 14))
    out = room[::2, ::2]
    assert cx.conv2d(image, kernel, out=out) is out
    assert np.allclose(out, cx.conv2d(image, kernel))
    assert not room[1::2].any()
    pair = np.zeros((5, 5, 2))
    cx.conv2d(pair[..., 0], [[1.0]], out=pair[..., 1])  # interleaved is not overlapping
    with pytest.raises(ValueError, match="^out shares memory with the image or the kernel"):
        cx.conv2d(image, [[1.0]], out=image)
    frozen = np.zeros((6, 7))
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="^out is read-only; give a writable array$"):
        cx.conv2d(image, kernel, out=frozen)


def test_an_empty_batch_gives_an_empty_result():
    for dtype in ("float64", "int64"):  # no pixel overflows int64
        assert cx.conv2d(np.ones((0, 3, 5, 5), dtype), np.ones((2, 3, 3, 3), dtype)).shape == (0, 2, 3, 3)
    with pytest.raises(ValueError, match="no pixel that padding_mode"):
        cx.conv2d(np.ones((0, 5)), np.ones((1, 3)), padding=(1, 0), padding_mode="reflect")
    with pytest.raises(ValueError, match=r"^image \(=-4\) must be 0 or more$"):
        cx.plan((-4, 5), "box")


def test_a_tensor_gives_a_tensor_and_shares_its_memory():
    image = torch.arange(25, dtype=torch.uint8).reshape(5, 5)
    result = cx.conv2d(image, cx.kernels.top_edge)
    assert isinstance(result, torch.Tensor)
    assert result.dtype == torch.int32
    out = torch.zeros((3, 3), dtype=torch.int32)
    assert cx.conv2d(image, cx.kernels.top_edge, out=out) is out
    assert torch.equal(out, result)


@pytest.mark.parametrize(
    ("mode", "fill"), [("zeros", 0), ("zeros", 2.5), ("reflect", 0), ("symmetric", 0), ("circular", 0)]
)
def test_a_tensor_that_requires_a_gradient_gets_one(mode, fill):
    image = torch.randn(2, 3, 6, 7, dtype=torch.float64)
    kernel = torch.randn(4, 3, 3, 3, dtype=torch.float64, requires_grad=True)
    terms = dict(padding=((1, 2), (0, 1)), padding_mode=mode, fill=fill, flip=True)
    result = cx.conv2d(image, kernel, torch.ones(4, dtype=torch.float64), **terms)
    plain = cx.conv2d(image, kernel.detach(), torch.ones(4, dtype=torch.float64), **terms)
    assert torch.allclose(result, plain)
    result.sum().backward()
    assert kernel.grad is not None
    with torch.no_grad():
        assert not cx.conv2d(image, kernel).requires_grad


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # in torch itself
def test_forward_gradients_and_maps_of_torch_are_kept():
    image, kernel = torch.randn(5, 6), torch.randn(3, 3)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(image, torch.ones_like(image))
        tangent = torch.autograd.forward_ad.unpack_dual(cx.conv2d(dual, kernel)).tangent
        assert torch.allclose(tangent, kernel.sum().expand(3, 4), atol=1e-5)
    stack = torch.randn(4, 5, 6)
    each = torch.func.vmap(lambda one: cx.conv2d(one, kernel))(stack)
    assert torch.allclose(each, cx.conv2d(stack, kernel, batch=True), atol=1e-5)


def test_a_tensor_that_requires_a_gradient_is_no_place_for_a_result():
    with pytest.raises(
        TypeError, match="^out .a Tensor. must be a NumPy array, or a tensor on the CPU without gradient$"
    ):
        cx.conv2d(np.ones((3, 3)), [[1.0]], out=torch.ones(3, 3, dtype=torch.float64, requires_grad=True))


def test_steps_may_be_arrays_and_fills_must_be_numbers():
    image = np.arange(30.0).reshape(5, 6)
    assert cx.conv2d(image, [[1.0]], stride=np.array([2, 3])).tolist() == image[::2, ::3].tolist()
    assert cx.conv2d(image, [[1.0]], padding=np.array([1, 0])).shape == (7, 6)
    with pytest.raises(TypeError, match="^fill .='x'. must be a real number$"):
        cx.conv2d(image, [[1.0]], fill="x")
    huge = cx.conv2d(image.astype("float32"), "box", padding=1, fill=1e300, engine="torch")
    assert np.isposinf(huge[0]).all()


def test_a_kernel_that_learns_keeps_its_numbers_whatever_the_image_holds():
    kernel = torch.tensor([[0.25, -0.5]], requires_grad=True)
    for image, dtype in (
        (torch.tensor([[4, 8]], dtype=torch.uint8), torch.float32),
        (np.array([[4.0, 8.0]]), torch.float64),
        (torch.tensor([[4.0, 8.0]], dtype=torch.bfloat16), torch.float32),
    ):
        result = cx.conv2d(image, kernel)
        assert (result.item(), result.dtype) == (-3.0, dtype)
        result.sum().backward()
    assert kernel.grad.tolist() == [[12.0, 24.0]]
    assert cx.conv2d(torch.ones(3, 3, dtype=torch.bfloat16), "box").dtype == torch.bfloat16


def test_a_gradient_flows_to_the_image_in_every_layout():
    for shape, kernel, flags in (((6, 7), (3, 3), {}), ((6, 7, 3), (3, 3), {"channels_last": True}),
                                 ((2, 6, 7), (4, 3, 3), {"batch": True})):  # fmt: skip
        image = torch.randn(shape, requires_grad=True)
        weights = torch.randn(kernel)
        result = cx.conv2d(image, weights, **flags)
        assert torch.allclose(result, cx.conv2d(image.detach(), weights, **flags), atol=1e-5)
        result.sum().backward()
        assert image.grad.shape == shape


def test_a_photo_of_pil_is_read_with_its_channels_last():
    from PIL import Image

    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 7, 3)).astype("uint8"))
    result = cx.conv2d(photo, "sobel_x")
    assert isinstance(result, np.ndarray)
    assert result.shape == (4, 5, 3)
    assert result.tolist() == cx.conv2d(np.asarray(photo), "sobel_x", channels_last=True).tolist()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing(threads):
    image, kernel = np.random.default_rng(0).normal(size=(700, 900)).astype("float32"), np.ones((7, 7), "float32") / 49
    result = cx.conv2d(image, kernel, engine="direct", threads=threads)
    assert result.tobytes() == cx.conv2d(image, kernel, engine="direct", threads=1).tobytes()


def test_the_plan_says_which_engine_and_why():
    plan = cx.plan((512, 512), "laplacian", threads=2)
    assert plan.engine == "direct"
    assert plan.flops == 2 * 9 * 510 * 510
    assert plan.bytes == 4 * (512 * 512 + 9 + 510 * 510)
    lines = str(plan).splitlines()
    assert lines[0] == "engine  direct: 3 x 3 weights a stop, multiplied and added in registers straight from the image"
    assert re.fullmatch(r"time    about [\d.]+ [um]?s; next: \w+, about [\d.]+ [um]?s", lines[1])
    assert lines[2:] == [
        "result  510 x 510, float32, 2 threads",
        "work    4,681,800 flops, 2,089,012 bytes, 2.2 flops a byte",
    ]
    assert cx.plan((512, 512), "top_edge", engine="plain").why == "asked for"
    assert cx.plan((1, 64, 99, 99), np.ones((64, 64, 3, 3), "float32")).engine == "direct"  # torch is loaded here
    wide = cx.plan((512, 512), "gaussian:31")
    assert wide.engine == "separable"
    assert wide.why == "the kernel is a column times a row: 31 + 31 products a stop in place of 961"


def test_before_anything_is_compiled_numpy_serves_small_images():
    program = "import convista as cx; p = cx.plan((28, 28), 'top_edge'); print(p.engine, p.others, p.why)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "plain () 6,084 multiply-adds are done before a compiled engine is loaded\n"


def test_same_padding_puts_the_odd_pixel_last_as_torch_does():
    image = np.random.default_rng(0).normal(size=(1, 1, 6, 7))
    for rows, cols in product((1, 2, 3, 4), (2, 4, 5)):
        kernel = np.random.default_rng(1).normal(size=(1, 1, rows, cols))
        with warnings.catch_warnings(action="ignore"):  # torch says that it copies
            expected = F.conv2d(torch.from_numpy(image), torch.from_numpy(kernel), padding="same")
        assert np.allclose(cx.conv2d(image, kernel, padding="same"), expected)


@pytest.mark.parametrize("engine", ["plain", "direct", "separable", "fourier", "torch"])
def test_numbers_that_the_caller_changes_later_change_no_later_result(engine):
    image = np.random.default_rng(0).normal(size=(40, 50)).astype("float32")
    weights, bias = np.outer([1, 2, 3], [3, 1, 2]).astype("float32"), np.ones(1, "float32")
    kernel, shift = weights.copy(), bias.copy()
    expected = cx.conv2d(image, kernel, shift, engine=engine)
    kernel[:], shift[:] = 0, 9
    assert np.array_equal(cx.conv2d(image, weights, bias, engine=engine), expected)
