"""Where weights land: every stop, computed from what a diagram shows, is torch's own number."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from convista.picture.diagram.formula import facts, formula, formulas, remarks, title
from convista.picture.diagram.landing import Axis
from convista.picture.diagram.matrix import convolution_matrix
from convista.picture.diagram.reading import convolution
from convista.picture.diagram.words import WORDS


@st.composite
def axes(draw, transposed):
    kernel, stride, dilation = (draw(st.integers(1, 4)) for _ in range(3))
    padding, size = draw(st.integers(0, 4)), draw(st.integers(1, 9))
    more = draw(st.integers(0, max(stride, dilation) - 1)) if transposed else 0
    span = dilation * (kernel - 1) + 1
    if transposed:
        size = max(size, -(-(2 * padding + 1 - span - more) // stride) + 1, 1)
    else:
        size = max(size, span - 2 * padding, 1)
    return Axis(size, kernel, stride, padding, padding, dilation, transposed, more)


def by_torch(axis, image, weights):
    image, weights = (torch.tensor(array, dtype=torch.float64)[None, None] for array in (image, weights))
    if axis.transposed:
        made = F.conv_transpose1d(image, weights, None, axis.stride, axis.before, axis.output_padding, 1, axis.dilation)
    else:
        made = F.conv1d(image, weights, None, axis.stride, axis.before, axis.dilation)
    return made[0, 0].numpy()


def on_the_board(axis, image, weights):
    board = [0 if axis.source(cell) is None else image[axis.source(cell)] for cell in range(axis.board)]
    laid = [weights[axis.weight(place)] for place in range(axis.kernel)]
    return [sum(board[cell] * w for cell, w in zip(axis.taps(stop), laid, strict=True)) for stop in range(axis.output)]


@given(st.booleans().flatmap(axes))
def test_what_lies_under_the_window_gives_torch_s_numbers(axis):
    image, weights = np.arange(1, axis.size + 1), np.array([3, -5, 7, 11][: axis.kernel])
    expected = by_torch(axis, image, weights).tolist()
    assert on_the_board(axis, image, weights) == expected
    gathered = [sum(image[n] * weights[w] for n, w in axis.reads(stop)) for stop in range(axis.output)]
    assert gathered == expected


@given(st.booleans().flatmap(axes))
def test_a_formula_says_the_size(axis):
    said, _, result = formula(axis).rpartition(" = ")
    value = eval(said.replace("·", "*").replace("/", "//"), {"floor": int})
    assert value == int(result) == axis.output


def test_a_transposed_one_may_be_cropped_more_on_one_side():
    whole, cropped = Axis(4, 3, 2, transposed=True), Axis(4, 3, 2, 1, 0, transposed=True)
    image, weights = np.arange(1, 5), np.array([3, -5, 7])
    assert on_the_board(cropped, image, weights) == on_the_board(whole, image, weights)[1:]


def test_a_board_has_numbers_zeros_and_padding():
    plain, spread = Axis(3, 2, before=1, after=2), Axis(3, 3, 2, transposed=True)
    assert [plain.kind(cell) for cell in range(plain.board)] == ["padding", *["input"] * 3, *["padding"] * 2]
    assert [spread.kind(cell)[0] for cell in range(spread.board)] == list("ppizizipp")


@pytest.mark.parametrize(
    ("axis", "count"), [(Axis(6, 3, 2), 1), (Axis(5, 3, 2), 0), (Axis(10, 2, 4), 0), (Axis(8, 2, 4, after=1), 2)]
)
def test_what_is_left_over_at_the_end_is_counted(axis, count):
    assert axis.left_over == count


def test_remarks_say_what_a_shape_hides():
    assert remarks(convolution((6, 5), 3, 2), "en") == ["No window reads the last 1 row of the input."]
    assert remarks(convolution((9,), 3, 2, dilation=2), "en") == ["A kernel of 3 with dilation 2 spans 5."]
    assert remarks(convolution(5, 3), "en") == []


def test_facts_name_what_is_not_by_default():
    plan = convolution((8, 9), (3, 5), (2, 1), ((1, 0), (2, 2)), (1, 2))
    assert title(plan, "en") == "8 × 9 to 4 × 5, kernel 3 × 5, padding (1 + 0) × (2 + 2), stride 2 × 1, dilation 1 × 2"
    assert facts(convolution(4, 3, 2, 1, transposed=True, output_padding=1), "en") == [
        "transposed convolution", "kernel 3 × 3", "padding 1", "stride 2", "output padding 1",
    ]  # fmt: skip


def test_axes_of_one_size_share_a_line():
    assert formulas(convolution(5, 3), "en") == ["rows, cols: 5 - 3 + 1 = 3"]
    assert formulas(convolution((5, 6), 3), "en") == ["rows: 5 - 3 + 1 = 3", "cols: 6 - 3 + 1 = 4"]
    assert formulas(convolution((3, 5, 5), 3), "zh-Hans") == ["深度: 3 - 3 + 1 = 1", "行，列: 5 - 3 + 1 = 3"]


@pytest.mark.parametrize(
    ("plan", "shape"),
    [(convolution((4, 5), (3, 2), (1, 2), 1), (1, 1)), (convolution((3, 2), 3, 2, 1, transposed=True), (1, 1)),
     (convolution((9,), 3, 2, 2, 2), (1,))],
)  # fmt: skip
def test_the_matrix_times_the_input_is_the_output(plan, shape):
    rng = np.random.default_rng(0)
    image, weights = rng.integers(-9, 9, plan.size), rng.integers(-9, 9, plan.kernel)
    product = convolution_matrix(plan, weights) @ image.ravel()
    name = f"conv{'_transpose' if plan.transposed else ''}{len(shape)}d"
    steps = {key: tuple(getattr(axis, own) for axis in plan.axes) for key, own in
             (("stride", "stride"), ("padding", "before"), ("dilation", "dilation"))}  # fmt: skip
    arrays = (torch.tensor(array, dtype=torch.float64)[None, None] for array in (image, weights))
    assert product.tolist() == getattr(F, name)(*arrays, **steps).ravel().tolist()


def test_transposing_a_convolution_transposes_its_matrix():
    weights = np.arange(1, 10).reshape(3, 3)
    forward, back = convolution(5, 3, 2, 1), convolution(3, 3, 2, 1, transposed=True)
    assert (convolution_matrix(back, weights) == convolution_matrix(forward, weights).T).all()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (((2, 3, 4, 5), 3), "size (=(2, 3, 4, 5)) must be one to three numbers: (cols,), (rows, cols) or (depth, rows, cols)"),
        ((5, (3, 3, 3)), "kernel (=(3, 3, 3)) must be one number or 2, one for each axis of size"),
        ((5, 3, 1, (1, 1, 1)), "padding (=(1, 1, 1)) must be one number or 2, one for each axis of size"),
        ((5, 0), "kernel (=0) must be 1 or more"),
    ],
)  # fmt: skip
def test_what_can_t_be_is_said_in_a_sentence(arguments, told):
    with pytest.raises(ValueError) as error:
        convolution(*arguments)
    assert str(error.value) == told


def test_a_transposed_convolution_takes_no_word_for_its_padding():
    with pytest.raises(ValueError) as error:
        convolution(5, 3, padding="same", transposed=True)
    assert str(error.value) == (
        'padding (="same") of a transposed convolution must be numbers: what it crops on each side'
    )


def test_both_languages_have_the_same_values():
    for english, chinese in WORDS.values():
        assert sorted(re.findall(r"{(\w+)}", english)) == sorted(re.findall(r"{(\w+)}", chinese))
