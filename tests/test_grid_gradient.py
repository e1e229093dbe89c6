"""conv2d of tensors that only torch can serve, and what torch's own machinery makes of the others."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

import convista as cx

IMAGE, KERNEL = torch.arange(30.0).reshape(5, 6).sin(), torch.arange(9.0).reshape(3, 3).cos()


def wide(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch's own, in jvp
def test_gradients_of_both_kinds_and_second_ones_are_right():
    terms = dict(stride=2, padding=((1, 0), (2, 1)), padding_mode="reflect", groups=2)
    inputs = wide(2, 4, 5, 6), wide(2, 2, 3, 3), wide(2)
    assert torch.autograd.gradcheck(lambda *given: cx.conv2d(*given, **terms), inputs, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(lambda *given: cx.conv2d(*given, **terms), inputs)
    terms, inputs = dict(stride=2, padding=1, output_padding=1, groups=2), (wide(1, 4, 3, 4), wide(4, 2, 3, 3), wide(4))
    assert torch.autograd.gradcheck(lambda *given: cx.conv_transpose2d(*given, **terms), inputs, check_forward_ad=True)


@pytest.mark.filterwarnings("ignore:`torch.jit.trace:DeprecationWarning")  # torch's own
@pytest.mark.filterwarnings("ignore:.*might cause the trace to be incorrect:torch.jit.TracerWarning")  # sizes are fixed
@pytest.mark.parametrize("verb", [cx.conv2d, cx.conv_transpose2d])
def test_a_trace_is_no_constant(verb):
    traced = torch.jit.trace(lambda image: verb(image, KERNEL), IMAGE)
    assert torch.allclose(traced(IMAGE + 1), verb(IMAGE + 1, KERNEL), atol=1e-5)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch's own
@pytest.mark.filterwarnings(
    "ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning"
)  # torch looks itself
@pytest.mark.parametrize("verb", [cx.conv2d, cx.conv_transpose2d])
@pytest.mark.parametrize("gradient", [False, True])
def test_compiled_code_may_call_it(verb, gradient):
    torch.compiler.reset()
    kernel = KERNEL.clone().requires_grad_(gradient)

    def apply(image):
        return verb(image * 2, kernel) + 1

    result = torch.compile(apply, backend="eager")(IMAGE)
    assert result.requires_grad == gradient
    assert torch.allclose(result, apply(IMAGE), atol=1e-5)


def test_another_function_in_the_place_of_torchs_is_not_called(monkeypatch):
    monkeypatch.setattr(F, "conv2d", None)
    monkeypatch.setattr(F, "conv_transpose2d", None)
    expected = cx.conv2d(IMAGE, KERNEL, engine="plain")
    assert torch.allclose(cx.conv2d(IMAGE, KERNEL, engine="torch"), expected, atol=1e-5)
    for verb in (cx.conv2d, cx.conv_transpose2d):
        assert verb(IMAGE, KERNEL.clone().requires_grad_()).requires_grad


def test_a_gradient_that_needs_the_old_numbers_of_out_is_refused():
    image, out = torch.ones(3, 3, requires_grad=True), torch.ones(3, 3)
    loss = (image * out).sum()
    cx.conv2d(torch.full((3, 3), 7.0), [[1.0]], out=out, dtype="float32")
    with pytest.raises(RuntimeError, match="has been modified by an inplace operation"):
        loss.backward()


def test_out_may_be_a_tensor_of_inference_mode():
    with torch.inference_mode():
        out = torch.zeros(3, 4)
        assert cx.conv2d(IMAGE, KERNEL, out=out) is out
    assert out.any()


def test_a_photo_of_pil_is_read_with_its_channels_last_also_by_a_kernel_that_learns():
    photo = Image.fromarray(np.arange(126, dtype=np.uint8).reshape(6, 7, 3))
    result = cx.conv2d(photo, KERNEL.clone().requires_grad_())
    assert np.allclose(result.detach(), cx.conv2d(photo, KERNEL), atol=1e-4)


def learning(tensor):
    return tensor.requires_grad_()


REFUSED = [
    (learning(IMAGE * 1j), KERNEL, "image (a dense tensor of complex64) must be dense, of integers or floats; convolve its .real and .imag"),
    (IMAGE, learning(KERNEL * 1j), "kernel (a dense tensor of complex64) must be dense, of integers or floats; convolve its .real and .imag"),
    (IMAGE.to_sparse(), KERNEL, "image (a sparse_coo tensor of float32) must be dense, of integers or floats; use image.to_dense()"),
    (IMAGE.to(torch.float8_e4m3fn), KERNEL, "image (a dense tensor of float8_e4m3fn) must be dense, of integers or floats; use image.float()"),
    (
        IMAGE, [learning(KERNEL.clone())] * 2,
        "kernel can't become one array: Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead. "
        "With torch.stack it is one tensor",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("image", "kernel", "sentence"), REFUSED, ids=[sentence[:40] for *_, sentence in REFUSED])
def test_tensors_of_no_plain_numbers_are_refused(image, kernel, sentence):
    with pytest.raises(TypeError) as caught:
        cx.conv2d(image, kernel)
    assert str(caught.value) == sentence
