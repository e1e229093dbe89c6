"""Every op that is explained: its sums are the model's own numbers, and its weights are those of autograd."""

import math
import os
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from opened import Function, checked, gradient, last, weights_of
from torch import nn
from torch.nn import functional as F

import convista as cx
from convista.explanation import rules

FEW = settings(max_examples=25)


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def spread(draw, shape):
    """Some index of a shape, its corners as likely as its middle."""
    return tuple(draw(st.sampled_from(sorted({0, size // 2, size - 1}))) for size in shape)


def assert_weights(model, tensor, trace, whole):
    """The weights of an explanation are the derivatives of the number."""
    explained = last(trace, whole[1:], sample=whole[0])
    want = gradient(model, tensor, whole)
    np.testing.assert_allclose(weights_of(explained, "input", want.shape), want, rtol=1e-5, atol=1e-7)


# --- windows ----------------------------------------------------------------------------------------------------


@st.composite
def layers(draw, transposed=False):
    """A convolution of 1, 2 or 3 axes with any parameters, and an input that fits."""
    dims, groups = draw(st.integers(1, 3)), draw(st.sampled_from([1, 1, 2, 3]))

    def each(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(dims))

    kernel, stride, dilation = each(1, 4), each(1, 3), each(1, 2)
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    told = dict(stride=stride, dilation=dilation, groups=groups, bias=draw(st.booleans()))
    if transposed:
        told["padding"] = tuple(draw(st.integers(0, d * (k - 1))) for k, d in zip(kernel, dilation, strict=True))
        told["output_padding"] = tuple(
            draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True)
        )
    elif draw(st.booleans()):
        told |= dict(padding="same", stride=1)
    else:
        told["padding"] = each(0, 3)
    kind = f"Conv{'Transpose' * transposed}{dims}d"
    torch.manual_seed(draw(st.integers(0, 99)))
    layer = getattr(nn, kind)(channels, filters, kernel, **told)
    x = random(draw(st.integers(1, 2)), channels, *each(5, 8))
    return layer, x, spread(draw, layer(x).shape)


@FEW
@given(layers())
def test_a_convolution_is_its_window_times_its_weights(case):
    layer, x, whole = case
    assert_weights(layer, x, checked(layer, x), whole)


@FEW
@given(layers(transposed=True))
def test_a_transposed_convolution_is_the_pixels_whose_stamps_land_there(case):
    layer, x, whole = case
    assert_weights(layer, x, checked(layer, x), whole)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_padding_of_every_mode_comes_from_where_it_was_copied(mode, dims):
    layer = getattr(nn, f"Conv{dims}d")(2, 3, 3, padding=2, padding_mode=mode)
    x = random(2, 2, *(5,) * dims)
    trace = checked(layer, x)
    explained = last(trace, (1, *(0,) * dims), sample=1)
    outside = [term for term in explained.terms if term.source == "padding"]
    assert len(outside) == (2 * (3**dims - 1) if mode == "zeros" else 0)
    assert all(term.input == 0 for term in outside)
    if mode != "zeros":
        spot = explained.terms[0].source
        assert [term.input for term in trace.explain(spot.node, spot.index, sample=1).terms] == [
            explained.terms[0].input
        ]


def test_layouts_and_types_are_all_one():
    layer, x = nn.Conv2d(8, 8, 3, padding=1), random(2, 8, 9, 9)
    checked(layer.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last))
    checked(layer.double(), x.double())
    checked(layer.bfloat16(), x.bfloat16())
    checked(nn.Conv2d(8, 4, 3), random(8, 9, 9))  # without samples


def test_under_autocast_the_bound_is_that_of_the_type_that_computed():
    layer, x = nn.Conv2d(16, 4, 3), random(1, 16, 6, 6)
    with torch.autocast("cpu", torch.bfloat16):
        explained = last(checked(layer, x), (0, 1, 1))
    size = sum(abs(term.product) for term in explained.terms)
    assert explained.dtype == "bfloat16"
    assert explained.bound == pytest.approx(8 * 2**-7 * size)
    assert explained.difference > 8 * 2**-23 * size  # float32's bound would not hold


def test_a_bound_is_eight_roundings_of_the_whole_sum():
    explained = last(checked(nn.Conv2d(2, 2, 3), random(1, 2, 5, 5)), (0, 0, 0))
    assert explained.bound == pytest.approx(8 * 2**-23 * sum(abs(term.product) for term in explained.terms))
    assert explained.difference == abs(explained.value - explained.total)


def test_where_torch_may_multiply_in_a_smaller_type_the_bound_says_so(monkeypatch):
    from convista.explanation.bounds import epsilon

    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        assert epsilon(torch.float32, "linear") == 2**-7
        assert epsilon(torch.float32, "add") == 2**-23
    finally:
        torch.set_float32_matmul_precision(before)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    assert epsilon(torch.float32, "conv2d", "cuda") == 2**-10


@st.composite
def pools(draw):
    """A pool of 1, 2 or 3 axes, max or mean, and an input that fits, with ties."""
    dims, largest = draw(st.integers(1, 3)), draw(st.booleans())
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(dims))
    told = dict(
        stride=draw(st.sampled_from([None, 1, 2, 3])), padding=tuple(draw(st.integers(0, k // 2)) for k in kernel),
        ceil_mode=draw(st.booleans()),
    )  # fmt: skip
    if largest:
        told |= dict(dilation=draw(st.integers(1, 2)), return_indices=draw(st.booleans()))
    else:
        told["count_include_pad"] = draw(st.booleans())
        if dims > 1:
            told["divisor_override"] = draw(st.sampled_from([None, 3]))
    pool = getattr(nn, f"{'Max' if largest else 'Avg'}Pool{dims}d")(kernel, **told)
    x = random(2, 2, *(draw(st.integers(5, 8)) for _ in range(dims))).round()
    return pool, x


@FEW
@given(pools())
def test_a_pool_shows_its_winner_or_its_divisor(case):
    pool, x = case
    trace = checked(pool, x)
    if not getattr(pool, "return_indices", False):
        whole = tuple(size - 1 for size in trace.nodes[-1].shape)
        assert_weights(pool, x, trace, whole)


@pytest.mark.parametrize("word", ["Max", "Avg"])
@pytest.mark.parametrize(("size", "out"), [((7, 9), (3, 4)), ((5, 5), 1), ((4, 6), (None, 5))])
def test_an_adaptive_pool_has_windows_of_its_own(word, size, out):
    pool, x = getattr(nn, f"Adaptive{word}Pool2d")(out), random(2, 3, *size)
    assert_weights(pool, x, checked(pool, x), (1, 2, 0, 0))


def test_of_numbers_alike_the_first_wins_and_the_padding_never():
    trace = checked(nn.MaxPool2d(2, padding=1), torch.full((1, 1, 4, 4), -3.0))
    explained = last(trace, (0, 1, 1))
    assert [term.weight for term in explained.terms] == [1, 0, 0, 0]
    assert dict(explained.notes)["winner"] == "-3 from input[0, 1, 1]"
    corner = last(trace, (0, 0, 0))
    assert [(term.source, term.input) for term in corner.terms[:3]] == [("padding", -math.inf)] * 3
    assert corner.value == -3


def test_nan_wins_a_pool_and_is_passed_on():
    x = torch.tensor([[[1.0, math.nan, 2.0, 3.0]]])
    checked(nn.Sequential(nn.MaxPool1d(2), nn.ReLU(), nn.Conv1d(1, 1, 1)), x)


# --- norms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_batch_norm_by_the_running_figures_and_by_the_batch(train, dims):
    norm = getattr(nn, f"BatchNorm{dims}d")(3)
    norm(random(8, 3, *(4,) * dims) * 3 + 1)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    trace = checked(norm.train(train), random(4, 3, *(5,) * dims) * 2 - 1)
    explained = trace.explain("batch_norm", (1, *(2,) * dims))
    notes = dict(explained.notes)
    assert explained.formula.endswith(f"of {4 * 5**dims:,} numbers" if train else "the running ones of the channel")
    slope, _, shift = re.fullmatch(r"(\S+) x (\+) (\S+)", notes["as one line (folded)"]).groups()
    assert float(slope) * explained.terms[0].input + float(shift) == pytest.approx(explained.value, rel=1e-5)


@pytest.mark.parametrize(
    "norm",
    [
        nn.GroupNorm(2, 6), nn.GroupNorm(3, 6, affine=False), nn.InstanceNorm2d(6), nn.InstanceNorm2d(6, affine=True),
        nn.InstanceNorm2d(6, track_running_stats=True).eval(), nn.LayerNorm(5), nn.LayerNorm((6, 4, 5)),
        nn.LayerNorm(5, elementwise_affine=False), nn.BatchNorm2d(6, affine=False), nn.BatchNorm2d(6, track_running_stats=False),
    ],
    ids=str,
)  # fmt: skip
def test_other_norms(norm):
    for parameter in norm.parameters():
        nn.init.normal_(parameter)
    checked(norm, random(2, 6, 4, 5) * 3 + 5)


def test_torchs_own_batch_norm_has_its_arguments_in_another_order():
    figures = [random(3), random(3), random(3), random(3).abs() + 1]
    checked(lambda x: torch.batch_norm(x, *figures, False, 0.1, 1e-5, False), random(2, 3, 4))


@pytest.mark.parametrize("word", ["softmax", "log_softmax"])
@pytest.mark.parametrize("dim", [1, -1])
def test_softmax_shows_its_shift_its_exponentials_and_their_sum(word, dim):
    function = getattr(F, word)
    x = random(2, 5, 4) * 20
    x[0, 0] = -math.inf
    explained = last(checked(lambda x: function(x, dim=dim), x), (1, 2), sample=1)
    notes = dict(explained.notes)
    values = x[1, :, 2] if dim == 1 else x[1, 1]
    assert notes["largest input, subtracted from all"] == values.max()
    assert notes["sum of the exponentials"] == pytest.approx(float((values.double() - values.max()).exp().sum()))
    assert [term.product for term in explained.terms] == pytest.approx((values.double() - values.max()).exp().tolist())


# --- one number, and two ----------------------------------------------------------------------------------------

SPECIAL = torch.tensor(
    [
        [
            -math.inf,
            -200.0,
            -20.0,
            -3.0,
            -1.0,
            -1e-3,
            -0.0,
            0.0,
            1e-3,
            0.5,
            1.0,
            3.0,
            6.0,
            20.0,
            200.0,
            math.inf,
            math.nan,
        ]
    ]
)
FUNCTIONS = {
    "relu": F.relu, "relu6": F.relu6, "leaky_relu": lambda x: F.leaky_relu(x, 0.2), "hardtanh": F.hardtanh,
    "hardtanh2": lambda x: F.hardtanh(x, -0.5, 2), "sigmoid": torch.sigmoid, "silu": F.silu, "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"), "hardswish": F.hardswish, "hardsigmoid": F.hardsigmoid,
    "elu": F.elu, "elu 2": lambda x: F.elu(x, 2.0), "celu": lambda x: F.celu(x, 0.5), "selu": F.selu, "mish": F.mish,
    "softplus": F.softplus, "softplus 2": lambda x: F.softplus(x, 2, 5), "softsign": F.softsign,
    "logsigmoid": F.logsigmoid, "tanh": torch.tanh, "exp": torch.exp, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt,
    "log": torch.log, "abs": torch.abs, "neg": lambda x: -x, "square": torch.square, "sin": torch.sin,
    "cos": torch.cos, "erf": torch.erf, "reciprocal": torch.reciprocal, "clamp": lambda x: x.clamp(-2, 5),
    "clamp_min": lambda x: x.clamp_min(0.5), "clamp max": lambda x: torch.clamp(x, max=1), "pow": lambda x: x**3,
    "pow half": lambda x: x**0.5, "threshold": lambda x: F.threshold(x, 0.1, -5), "dropout": lambda x: F.dropout(x, 0.5, False),
    "add": lambda x: x + 2, "radd": lambda x: 2 + x, "sub": lambda x: x - 0.5, "rsub": lambda x: 0.5 - x,
    "mul": lambda x: x * 3, "rmul": lambda x: 3 * x, "div": lambda x: x / 7, "rdiv": lambda x: 7 / x,
    "gt": lambda x: (x > 0.5) * 1.0, "to": lambda x: x.to(torch.bfloat16), "double": lambda x: x.double(),
    "to whole": lambda x: x.clamp(-9, 9)[:, :-1].int(),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_one_number(name):
    checked(FUNCTIONS[name], SPECIAL, samples=SPECIAL.numel())
    checked(FUNCTIONS[name], random(1, 300) * 4, samples=300)


@pytest.mark.parametrize("weights", [1, 3])
def test_prelu_has_a_slope_for_each_channel(weights):
    layer = nn.PReLU(weights)
    nn.init.normal_(layer.weight)
    checked(layer, random(2, 3, 4, 4))


PAIRS = {
    "add": torch.add, "add alpha": lambda a, b: torch.add(a, b, alpha=3), "sub": lambda a, b: a - b,
    "sub alpha": lambda a, b: torch.sub(a, b, alpha=2), "rsub": lambda a, b: torch.rsub(a, b), "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b, "maximum": torch.maximum, "minimum": torch.minimum, "max": torch.max,
    "where": lambda a, b: torch.where(a > 0, a, b), "eq": lambda a, b: (a == b).float(),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("shapes", [((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (3, 1)), ((4,), (2, 1, 4))])
def test_arithmetic_of_two_with_spreading(name, shapes):
    if name == "where" and shapes[0] == (4,):
        pytest.skip("a condition of its own")
    checked(PAIRS[name], random(*shapes[0]), random(*shapes[1], seed=1))


def test_both_factors_of_a_product_are_its_parents():
    trace = checked(lambda x: x * x.mean((2, 3), keepdim=True).sigmoid(), random(1, 2, 3, 3))
    explained = trace.explain("mul", (1, 2, 0))
    assert explained.parents == (("input", (1, 2, 0)), ("sigmoid", (1, 0, 0)))
    assert explained.terms[0].factor == cx.explanation.Source("sigmoid", (1, 0, 0))


def test_dropout_in_training_says_what_fell():
    torch.manual_seed(3)
    trace = checked(nn.Dropout(0.4), torch.ones(1, 40))
    fallen = {index: last(trace, (index,)) for index in range(40)}
    assert {float(trace.value("dropout", (index,))) == 0 for index in fallen} == {True, False}
    for explained in fallen.values():
        assert ("dropped" in explained.formula) == (explained.value == 0)


# --- places -----------------------------------------------------------------------------------------------------


def _written(x):
    x = x.clone()
    x[:, 1:, 0] = x[:, :1, 1] * 2
    x[..., -1] = 5
    return x


MOVES = {
    "flatten": lambda x: x.flatten(1), "view": lambda x: x.view(2, 3, 24), "reshape": lambda x: x.permute(0, 2, 1, 3).reshape(2, -1),
    "permute": lambda x: x.permute(0, 3, 1, 2), "transpose": lambda x: x.transpose(1, 3), "slice": lambda x: x[:, 1:, ::2, -2],
    "index": lambda x: x[:, [2, 0]], "mask": lambda x: x[:, torch.tensor([True, False, True])], "cat": lambda x: torch.cat([x, x * 2, x[:, :1]], 1),
    "stack": lambda x: torch.stack([x, -x], 2), "chunk": lambda x: torch.cat(x.chunk(3, 1)[::-1], 1), "split": lambda x: x.split([1, 2], 1)[1],
    "unbind": lambda x: x.unbind(1)[2], "pad": lambda x: F.pad(x, (1, 2, 0, 1), value=4), "pad reflect": lambda x: F.pad(x, (1, 2, 2, 1), "reflect"),
    "pad circular": lambda x: F.pad(x, (1, 2, 2, 1), "circular"), "crop": lambda x: F.pad(x, (-1, -1)), "roll": lambda x: x.roll(1, 2), "flip": lambda x: x.flip(3),
    "repeat": lambda x: x.repeat(1, 2, 1, 1), "expand": lambda x: x[:, :1].expand(-1, 3, -1, -1), "squeeze": lambda x: x[:, :1].squeeze(1).unsqueeze(3),
    "masked_fill": lambda x: x.masked_fill(x > 0, -7), "tril": lambda x: x.tril(), "gather": lambda x: x.gather(1, torch.zeros(2, 1, 4, 6, dtype=torch.long)),
    "index_select": lambda x: x.index_select(2, torch.tensor([3, 0])), "unfold": lambda x: x.unfold(3, 2, 2), "im2col": lambda x: F.unfold(x, 3, padding=1),
    "setitem": _written, "zeros": lambda x: x + torch.zeros_like(x), "fill": lambda x: x.clone().fill_(3), "copy": lambda x: x.clone().copy_(-x),
    "contiguous": lambda x: x.permute(0, 2, 3, 1).contiguous(), "T": lambda x: x[0, 0].T, "repeat_interleave": lambda x: x.repeat_interleave(2, 1),
    "rot90": lambda x: x.rot90(1, (2, 3)), "movedim": lambda x: x.movedim(1, 3), "hstack": lambda x: torch.hstack([x, x]), "narrow": lambda x: x.narrow(2, 1, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_numbers_that_only_change_their_place(name):
    checked(MOVES[name], random(2, 3, 4, 6))


def test_pixels_shuffled():
    checked(nn.Sequential(nn.PixelShuffle(2), nn.PixelUnshuffle(2), nn.ChannelShuffle(4)), random(1, 8, 2, 3))


def test_an_embedding_is_a_look_up():
    trace = checked(nn.Embedding(7, 4), torch.tensor([[3, 1], [6, 0]]))
    assert dict(last(trace, (1, 2), sample=1).notes) == {"row": 0}


@FEW
@given(st.data())
def test_resizing_has_the_weights_that_torch_used(data):
    mode = data.draw(st.sampled_from(["nearest", "nearest-exact", "bilinear", "bicubic", "area"]))
    told = dict(mode=mode)
    if data.draw(st.booleans()) and mode != "area":
        told["scale_factor"] = data.draw(st.sampled_from([2, 0.5, (1.7, 2.3)]))
    else:
        told["size"] = (data.draw(st.integers(1, 9)), data.draw(st.integers(3, 90)))
    if mode in ("bilinear", "bicubic"):
        told |= dict(align_corners=data.draw(st.booleans()), antialias=data.draw(st.booleans()))
    checked(lambda x: F.interpolate(x, **told), random(2, 3, 5, data.draw(st.integers(2, 80))))


# --- products ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5,), (2, 5), (2, 3, 5)])
def test_a_linear_layer(shape):
    checked(nn.Linear(5, 4), random(*shape))


PRODUCTS = {
    "matmul": (torch.matmul, (2, 3, 4), (4, 5)), "stacks": (torch.matmul, (2, 1, 3, 4), (6, 4, 5)), "at": (lambda a, b: a @ b, (3, 4), (4,)),
    "bmm": (torch.bmm, (2, 3, 4), (2, 4, 5)), "mm": (torch.mm, (3, 4), (4, 5)), "mv": (torch.mv, (3, 4), (4,)), "dot": (torch.dot, (4,), (4,)),
    "addmm": (lambda a, b: torch.addmm(a[:, :1], a, b, beta=2, alpha=3), (3, 4), (4, 5)),
    "baddbmm": (lambda a, b: torch.baddbmm(torch.ones(1, 1, 5), a, b), (2, 3, 4), (2, 4, 5)),
    "einsum": (lambda a, b: torch.einsum("bij, bkj -> bik", a, b), (2, 3, 4), (2, 5, 4)),
    "outer": (lambda a, b: torch.einsum("i,j->ij", a, b), (3,), (4,)), "trace": (lambda a, b: torch.einsum("bii->b", a) + b, (2, 3, 3), (2,)),
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_of_matrices_are_rows_times_columns(name):
    function, left, right = PRODUCTS[name]
    trace = checked(function, random(*left), random(*right, seed=1))
    explained = next(
        trace.explain(n.name, (0,) * (len(n.shape) - 1)) for n in trace.nodes if n.kind != "input" and len(n.refs) > 1
    )
    if name not in ("baddbmm", "addmm"):
        assert {name for name, _ in explained.parents} >= ({"input", "input#2"} if name != "trace" else {"input#2"})


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.mean(), lambda x: x.mean((2, 3)), lambda x: x.mean(1, keepdim=True), lambda x: x.sum(-1),
        lambda x: x.sum(), lambda x: x.amax((1, 2)), lambda x: x.max(2).values, lambda x: x.min(1)[1], lambda x: x.max(),
        lambda x: torch.mean(x, dim=[0]),
    ],
)  # fmt: skip
def test_numbers_along_axes(function):
    checked(function, random(2, 3, 4, 5))


# --- what is known, and what isn't ------------------------------------------------------------------------------


def test_the_documents_table_is_the_book_of_rules(request):
    """Renew it with CONVISTA_RENEW=1."""
    path, head, foot = Path(__file__).parents[1] / "docs" / "explanation.md", "<!-- ops -->\n", "<!-- end of ops -->"
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(head)
    written, after = rest.split(foot)
    if os.environ.get("CONVISTA_RENEW"):
        path.write_text(before + head + ops_table() + foot + after, encoding="utf-8")
    else:
        assert written == ops_table()


def ops_table():
    """A row for each file of rules, in the order of its docstring."""
    rows = ["| kind | ops |", "| --- | --- |"]
    for module in ("sums", "pooling", "norms", "gates", "functions", "pairs", "moves"):
        own = [
            kind for kind, rule in rules.RULES.items() if rule.__module__.endswith(f".{module}") and kind.isidentifier()
        ]
        title = (
            import_module(f"convista.explanation.rules.{module}").__doc__.partition(":")[0].partition(".")[0].strip()
        )
        rows.append(f"| {title} | {' '.join(f'`{kind}`' for kind in sorted(own))} |")
    return "\n".join(rows) + "\n"


def test_an_op_called_as_no_rule_knows_is_said_to_be_unknown():
    trace = cx.trace(Function(lambda x: torch.div(x, 2, rounding_mode="floor")), torch.ones(1, 2))
    explained = trace.explain("div", (0,))
    assert explained.unknown == (
        "the arithmetic of `torch.div` with these arguments is not known here (rounding_mode='floor')"
    )
    assert not explained.ok
    assert len(explained.terms) == 0
