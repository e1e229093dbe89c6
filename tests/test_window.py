"""The integer arithmetic of windows, against torch and against counting."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from convista import window

small = st.integers(1, 6)


@given(size=st.integers(1, 30), kernel=small, stride=small, padding=st.integers(0, 6), dilation=small)
def test_the_size_is_the_number_of_places_where_a_window_lies_whole(size, kernel, stride, padding, dilation):
    starts = range(-padding, size + padding, stride)
    stops = sum(start + dilation * (kernel - 1) < size + padding for start in starts)
    if stops == 0:
        with pytest.raises(ValueError, match="the largest kernel that fits is"):
            window.output_size(size, kernel, stride, padding, dilation)
    else:
        assert window.output_size(size, kernel, stride, padding, dilation) == stops


@given(size=small, kernel=small, stride=small, padding=st.integers(0, 3), more=st.integers(0, 5), dilation=small)
def test_the_transposed_size_is_torchs(size, kernel, stride, padding, more, dilation):
    terms = dict(stride=stride, padding=padding, output_padding=more, dilation=dilation)
    try:
        expected = F.conv_transpose1d(torch.zeros(1, 1, size), torch.zeros(1, 1, kernel), **terms).shape[-1]
    except (RuntimeError, ValueError):
        with pytest.raises(ValueError, match="must be smaller|crops more"):
            window.transposed_output_size(size, kernel, **terms)
    else:
        assert window.transposed_output_size(size, kernel, **terms) == expected


@given(size=st.integers(6, 40), kernel=small, stride=small, padding=st.integers(0, 3))
def test_a_transposed_size_comes_back_by_the_convolution(size, kernel, stride, padding):
    try:
        down = window.output_size(size, kernel, stride, padding)
        back = window.transposed_output_size(down, kernel, stride, padding)
    except ValueError:
        return
    assert window.output_size(back, kernel, stride, padding) == down


@given(
    layers=st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2)), min_size=1, max_size=4
    )
)
def test_the_receptive_field_is_where_a_gradient_of_ones_arrives(layers):
    field = window.receptive_field(layers)
    size = field.size + 4 * field.jump + 40
    x = torch.zeros(1, 1, size, dtype=torch.float64, requires_grad=True)
    y = x
    for kernel, stride, padding, dilation in layers:
        y = F.conv1d(
            y, torch.ones(1, 1, kernel, dtype=torch.float64), stride=stride, padding=padding, dilation=dilation
        )
    middle = -(-(max(0, -field.start)) // field.jump)  # the first number whose window lies inside
    y[0, 0, middle].backward()
    seen = x.grad[0, 0].nonzero().ravel().tolist()
    assert (seen[0], seen[-1] - seen[0] + 1) == (field.start + middle * field.jump, field.size)


def test_pairs_answer_with_pairs():
    assert window.output_size((28, 20), 3) == (26, 18)
    assert window.output_size((28, 20), (3, 1), stride=(2, 1), padding=((1, 0), (0, 0))) == (14, 20)
    assert window.output_size([9, 9], [2, 3], padding="full") == (10, 11)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: window.output_size(2, 5), "kernel (=5) with dilation 1 spans 5 pixels, but there are 2 + padding 0 + 0; "
         "the largest kernel that fits is 2, the least padding in all 3"),
        (lambda: window.output_size(28, 3, stride=0), "stride (=0) must be 1 or more"),
        (lambda: window.output_size(28, 3, padding="same", stride=2), 'padding (="same") keeps the size only with stride 1, not 2 '
         "(libraries disagree on what it should mean there); give numbers: padding=1 gives size/2, rounded"),
        (lambda: window.output_size(28, 3, padding=(1, 2, 3)), "padding (=(1, 2, 3)) must be one number or two, not 3"),
        (lambda: window.receptive_field([{"kernal": 3}]),
         'layer (="kernal") must be one of kernel, stride, padding, dilation; did you mean "kernel"?'),
    ],
)  # fmt: skip
def test_impossible_requests_are_refused_with_the_nearest_that_works(call, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        call()


def test_a_number_that_is_not_whole_is_refused():
    with pytest.raises(TypeError, match=re.escape("kernel (=2.5) must be a whole number, 1 or more")):
        window.output_size(28, 2.5)
