"""conv_transpose2d against torch's, and against the transpose of conv2d."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

import convista as cx

two = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(
    size=st.tuples(st.integers(1, 5), st.integers(1, 5)), kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)), stride=two, dilation=two,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)), more=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    groups=st.integers(1, 2), whole=st.booleans(), seed=st.integers(0, 999),
)  # fmt: skip
@settings(max_examples=200)
def test_it_agrees_with_torch(size, kernel, stride, dilation, padding, more, groups, whole, seed):
    rng = np.random.default_rng(seed)
    image, weights, bias = (
        rng.normal(size=(2, 2 * groups, *size)),
        rng.normal(size=(2 * groups, 3, *kernel)),
        rng.normal(size=3 * groups),
    )
    if whole:
        image, weights, bias = ((9 * part).astype("int16") for part in (image, weights, bias))
    terms = dict(stride=stride, padding=padding, output_padding=more, dilation=dilation, groups=groups)
    try:
        expected = F.conv_transpose2d(
            *(torch.from_numpy(np.asarray(part, float)) for part in (image, weights, bias)), **terms
        ).numpy()
    except (RuntimeError, ValueError):
        with pytest.raises(ValueError, match="must be smaller than|crops more than"):
            cx.conv_transpose2d(image, weights, bias, **terms)
        return
    result = cx.conv_transpose2d(image, weights, bias, **terms)
    assert result.dtype == ("int32" if whole else "float64")
    np.testing.assert_allclose(result, expected, rtol=0, atol=0 if whole else 1e-12)


def test_it_is_the_transpose_of_conv2d():
    rng = np.random.default_rng(0)
    x, y, kernel = rng.normal(size=(9, 8)), rng.normal(size=(4, 3)), rng.normal(size=(3, 4))
    forth = cx.conv2d(x, kernel, stride=2, dilation=1)
    back = cx.conv_transpose2d(y, kernel, stride=2, output_padding=0)
    assert np.isclose((forth * y).sum(), (x[: back.shape[0], : back.shape[1]] * back).sum())


def test_numbers_that_only_a_gather_keeps_clean():
    image, kernel = np.array([[1.0, np.nan], [2.0, 3.0]]), np.array([[np.inf, 1.0], [1.0, 1.0]])
    expected = F.conv_transpose2d(torch.from_numpy(image)[None, None], torch.from_numpy(kernel)[None, None], stride=2)[
        0, 0
    ]
    assert np.array_equal(cx.conv_transpose2d(image, kernel, stride=2), expected.numpy(), equal_nan=True)


def test_a_tensor_that_requires_a_gradient_gets_one():
    for shape, kernel in (((3, 4), (2, 2)), ((2, 3, 4), (2, 5, 2, 2))):
        image = torch.randn(shape, requires_grad=True)
        weights = torch.randn(kernel)
        result = cx.conv_transpose2d(image, weights, stride=2)
        assert torch.allclose(result, cx.conv_transpose2d(image.detach(), weights, stride=2), atol=1e-6)
        result.sum().backward()
        assert image.grad.shape == shape


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        (dict(output_padding=1), "output_padding (=1) must be smaller than the stride (=1) or the dilation (=1); with stride 2 it would fit"),
        (dict(padding=2), "padding (=2) crops more than the 4 pixels there are; the largest that leaves one is 1"),
        (dict(groups=2), "groups (=2) must divide the channels (=1)"),
        (dict(bias=[1, 2]), "bias (shape (2,)) must be one number or 1, one a filter"),
        (dict(image=np.ones((1, 3, 3)), kernel=np.ones((2, 1, 2, 2))), "kernel (shape (2, 1, 2, 2)) is for 2 channels; the image has 1"),
        (dict(kernel=np.ones((1, 2, 2, 2))), "kernel (shape (1, 2, 2, 2)) must be (rows, cols) for an image (rows, cols), else (channels, filters / groups, rows, cols)"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_a_sentence(terms, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        cx.conv_transpose2d(**{"image": np.ones((3, 3)), "kernel": np.ones((2, 2)), **terms})
