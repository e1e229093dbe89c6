"""What is recorded of a model, and that it is left as it was found."""
# ruff: noqa: NPY002  -- the old random numbers of NumPy are what a model may use

import random
import re

import numpy as np
import pytest
import torch
from opened import Function, checked
from torch import nn
from torch.nn import functional as F

import convista as cx
from convista.explanation import ChangedWeightsError, register_explainer
from convista.explanation.rules import RULES


def names(trace):
    return [node.name for node in trace.nodes]


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class Reused(nn.Module):
    """One activation called twice, in place; a residual add in place; a concatenation; control flow; dropout."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular")
        self.relu, self.drop, self.fc = nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(8, 3)

    def forward(self, x):
        y = self.relu(self.first(x))
        z = self.relu(self.second(y))
        z += y
        if z.sum() > 0:
            z = torch.cat([z, F.relu(-z)], 1)
        return self.fc(self.drop(z).mean((2, 3)))


def test_nodes_are_named_after_the_modules_and_their_calls():
    trace = checked(Reused().eval(), noise(2, 2, 6, 6))
    assert names(trace) == [
        "input", "first", "relu", "second.pad", "second", "relu#2", "add", "sum", "gt", "neg", "relu()", "cat", "drop",
        "mean", "fc",
    ]  # fmt: skip
    assert trace.nodes[2].kind == "relu"
    assert trace.nodes[1].shape == (2, 4, 6, 6)
    assert repr(trace.nodes[1]) == "Node('first', conv2d, 2x4x6x6)"


def test_an_op_in_place_changes_no_value_of_before():
    trace = checked(Reused().eval(), noise(2, 2, 6, 6))
    assert (trace.map("first") < 0).any()
    assert (trace.map("relu") >= 0).all()
    assert not np.array_equal(trace.map("relu#2"), trace.map("add"))


def test_modules_that_hold_others_are_names_of_what_they_return():
    block = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)))
    trace = checked(block, noise(1, 1, 4, 4))
    assert trace.node("1") is trace.node("1.1")
    assert trace.explain("1", (0, 0, 0)).source.node == "1.1"


def test_writes_through_views_reach_whatever_shares_the_memory():
    def function(x):
        y = x * 2
        left, right = y[:, :2], y[:, 2:]
        left.mul_(3)
        right[..., 0] = 7
        y.data[0, 0, 0] += 1
        return y + 1, left, right

    trace = checked(function, noise(1, 4, 2, 2))
    rewritten = [node for node in trace.nodes if node.kind == "rewritten"]
    assert len(rewritten) >= 2


def test_a_part_that_was_not_written_stays_the_same_node():
    def function(x):
        y = x * 2
        left, right = y[:, :2], y[:, 2:]
        left.mul_(3)
        return right + 1

    trace = checked(function, noise(1, 4, 2, 2))
    assert [node.kind for node in trace.nodes] == ["input", "mul", "getitem", "getitem", "mul", "add"]


def test_results_of_one_op_are_told_apart():
    trace = checked(lambda x: torch.sub(*x.chunk(2, 1)), noise(1, 4, 3))
    explained = trace.explain("sub", (1, 2))
    assert explained.parents == (("chunk", (1, 2)), ("chunk:1", (1, 2)))
    assert trace.explain("chunk:1", (1, 2)).parents == (("input", (3, 2)),)
    assert trace.value("chunk:1", (1, 2)) == trace.value("input", (3, 2))


def test_several_inputs_by_place_and_by_name():
    class Two(nn.Module):
        def forward(self, left, right):
            return left - right

    trace = cx.trace(Two(), {"right": torch.ones(1, 2), "left": torch.zeros(1, 2)})
    assert trace.explain("sub", (0,)).value == -1
    assert names(trace) == ["input", "input#2", "sub"]


def test_a_module_with_the_name_of_an_op_keeps_it():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(F.relu(x) - 1)

    assert names(cx.trace(Both(), torch.ones(1, 1))) == ["input", "relu()", "sub", "relu"]


# --- left as found ----------------------------------------------------------------------------------------------


def state_of(model):
    return (
        [module.training for module in model.modules()],
        [(name, buffer.clone(), id(buffer)) for name, buffer in model.named_buffers()],
        [(p.requires_grad, p.grad, p._version) for p in model.parameters()],
        [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in model.modules()],
        len(torch.nn.modules.module._global_forward_hooks), len(torch.nn.modules.module._global_forward_pre_hooks),
    )  # fmt: skip


def chance():
    numpy = np.random.get_state()
    return torch.get_rng_state().tolist(), random.getstate(), numpy[1].tolist(), numpy[2:]


class Restless(nn.Module):
    """Norms in training, a buffer that is replaced, dropout, and random numbers of all three kinds."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.seen = self.seen + 1
        scale = random.random() + float(np.random.rand())
        return self.drop(self.norm(self.conv(x))) * scale + self.seen


@pytest.mark.parametrize("mode", [None, "training", "evaluation"])
def test_the_model_and_all_chance_are_left_as_they_were_found(mode):
    model = Restless()
    model.drop.eval()
    model.conv.weight.requires_grad_(False)
    torch.manual_seed(5), random.seed(5), np.random.seed(5)
    before = str(state_of(model)), chance()
    x = noise(4, 1, 6, 6).requires_grad_()
    trace = checked(model, x, mode=mode)
    assert before == (str(state_of(model)), chance())
    assert x.grad is None
    assert torch.is_grad_enabled()
    assert trace.mode == ("evaluation" if mode == "evaluation" else "training")
    assert f"In {trace.mode} mode" in str(trace)


def test_the_model_is_left_as_found_when_it_fails():
    model = Restless()
    before = str(state_of(model))
    with pytest.raises(RuntimeError, match="to have 1 channel"):
        cx.trace(model, torch.ones(1, 2, 6, 6), mode="evaluation")
    assert str(state_of(model)) == before


def test_a_difference_that_the_recording_makes_is_reported():
    class Counting(nn.Module):
        calls = 0

        def forward(self, x):
            self.calls += 1
            return x * self.calls

    trace = cx.trace(Counting(), torch.full((1, 2), 3.0))
    assert trace.difference == 3
    assert " ".join(str(trace).split()).endswith("the model's own without the recording, but for up to 3.")


# --- what is opened, and what is refused ------------------------------------------------------------------------


def test_wrappers_are_opened(monkeypatch):
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()).eval()
    x = noise(1, 1, 5, 5)
    assert names(checked(nn.DataParallel(net), x)) == ["input", "0", "1"]
    assert names(checked(torch.compile(net, backend="eager"), x)) == ["input", "0", "1"]
    inner = nn.Sequential(torch.compile(net, backend="eager"), nn.Tanh())
    assert [node.kind for node in checked(inner, x).nodes] == ["input", "conv2d", "relu", "tanh"]


def test_graphs_of_fx_and_export_are_models_too():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2, 2)
    )
    x = noise(1, 1, 4, 4)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight), nn.init.normal_(module.bias)
    net.eval()
    assert names(checked(torch.fx.symbolic_trace(net), x)) == ["input", "0", "1", "2", "3", "4", "5"]
    kinds = [node.kind for node in checked(torch.export.export(net, (x,)).module(), x).nodes]
    assert kinds == ["input", "conv2d", "batch_norm", "relu", "max_pool2d", "flatten", "linear"]


def scripted():
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        return torch.jit.trace(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), torch.ones(1, 1, 5, 5))


def test_torchscript_is_refused_as_a_whole_and_opaque_inside():
    script = scripted()
    with pytest.raises(TypeError) as refused:
        cx.trace(script, torch.ones(1, 1, 5, 5))
    assert (
        str(refused.value)
        == "model (=TopLevelTracedModule) is TorchScript, whose ops Python can't see; give its module"
    )
    trace = checked(nn.Sequential(nn.Tanh(), script, nn.Flatten()), noise(1, 1, 5, 5), known=False)
    assert trace.coverage().opaque == (("1", "TopLevelTracedModule"),)
    assert trace.explain("2", (5,)).parents == (("1", (0, 1, 2)),)
    explained = trace.explain("1", (0, 1, 2))
    assert explained.unknown == "the arithmetic of `TopLevelTracedModule` is not known here"
    assert trace.receptive_field("2", (0,)).mask.all()  # it may read anything


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (("net", torch.ones(1, 1)), TypeError, "model (=str) must be a torch.nn.Module"),
        ((nn.ReLU(), [1, 2]), TypeError, "x (=list) must be a tensor, or a tuple or dict with tensors"),
        (
            (nn.ReLU(), "a.png"), TypeError,
            'x (="a.png") is a path, and model (=ReLU) is no network of convista, which knows how images are prepared; '
            "give convista.explanation.prepare(path, shape), or a tensor",
        ),
    ],
)  # fmt: skip
def test_what_can_not_be_traced_gets_a_sentence(arguments, error, sentence):
    with pytest.raises(error) as refused:
        cx.trace(*arguments)
    assert str(refused.value) == sentence


def test_a_mode_that_is_none():
    with pytest.raises(ValueError) as refused:
        cx.trace(nn.ReLU(), torch.ones(1, 1), mode="eval")
    assert str(refused.value) == (
        'mode (="eval") must be evaluation or training; leave it out to take the model as it is'
    )


@pytest.fixture
def small():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))


@pytest.mark.parametrize(
    ("asked", "error", "sentence"),
    [
        (("con", (0,)), ValueError, 'node (="con") is none of the 5 nodes of this trace; `print(trace)` lists them'),
        (("inputs", (0,)), ValueError, 'node (="inputs") is none of the 5 nodes of this trace; did you mean "input"?; `print(trace)` lists them'),
        (("0", (2, 0, 0)), IndexError, 'index (=(2, 0, 0)) of sample 0 is not in "0", which has 1 sample of 2 x 2 x 2'),
        (("0", (0, 0)), IndexError, 'index (=(0, 0)) of sample 0 is not in "0", which has 1 sample of 2 x 2 x 2'),
        (("3", (0.5,)), TypeError, "index (=(0.5,)) must be whole numbers, such as (channel, row, col)"),
    ],
)  # fmt: skip
def test_a_number_that_is_not_there(small, asked, error, sentence):
    trace = cx.trace(small, torch.ones(1, 1, 4, 4))
    with pytest.raises(error) as refused:
        trace.explain(*asked)
    assert str(refused.value) == sentence


def test_an_index_may_count_from_the_end(small):
    trace = cx.trace(small, torch.ones(1, 1, 4, 4))
    assert trace.explain("0", (-1, -1, 0)).source.index == (1, 1, 0)
    assert trace.explain("3", 1).source.index == (1,)
    assert trace.explain("3", np.int64(1)).source.index == (1,)


# --- weights ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["optimizer", "data", "swapped", "flipped"])
def test_weights_changed_since_the_trace_are_refused(small, how):
    trace = cx.trace(small, noise(1, 1, 4, 4))
    weight = small[0].weight
    if how == "optimizer":
        small(torch.ones(1, 1, 4, 4)).sum().backward()
        torch.optim.SGD(small.parameters(), 1e-6).step()
    elif how == "data":
        weight.data[0, 0, 0, 0] += 1e-3
    elif how == "swapped":
        weight.data = weight.data.flip(0)
    else:
        weight.data.copy_(weight.data.clone().flip(3))
    with pytest.raises(ChangedWeightsError) as refused:
        trace.explain("0", (0, 0, 0))
    assert str(refused.value) == (
        'weights (="0.weight") have been changed since the trace, and "0" is not made by them; trace again'
    )
    assert trace.explain("1", (0, 0, 0)).ok  # it has none
    with pytest.raises(ChangedWeightsError):
        trace.verify()


def test_buffers_are_kept_as_they_were():
    norm = nn.BatchNorm1d(2).eval()
    trace = cx.trace(norm, noise(3, 2))
    norm.running_mean += 5
    assert trace.verify().ok


# --- opaque ops -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def library():
    own = torch.library.Library("convista_tests", "DEF")
    own.define("twice_sum(Tensor x) -> Tensor")
    own.impl("twice_sum", lambda x: 2 * x.sum(-1, keepdim=True) + x, "CompositeImplicitAutograd")
    return own


class Opaque(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 2)

    def forward(self, x):
        return torch.ops.convista_tests.twice_sum(self.conv(x)) * 3


def test_an_op_that_is_not_known_says_so_and_is_passed_through(library):
    trace = cx.trace(Opaque(), noise(2, 1, 5))
    explained = trace.explain("twice_sum", (0, 1), sample=1)
    assert explained.unknown == "the arithmetic of `convista_tests::twice_sum` is not known here"
    assert not explained.ok
    assert np.isnan(explained.total)
    assert [term.weight for term in explained.sensitivity] == [2, 3, 2, 2]
    assert explained.parents == tuple(("conv", (0, at)) for at in range(4))
    assert dict(explained.notes)["largest"] == pytest.approx(trace.map("twice_sum").max())
    assert "How it would change with its inputs (sensitivity, no arithmetic):" in str(explained)
    route = trace.back("mul", (0, 1), top=2)
    assert {step.explanation.kind for step in route.pixels} == {"input"}
    assert "(by sensitivity)" in str(route)
    assert str(trace.coverage()).endswith("not known: twice_sum (convista_tests::twice_sum)")
    assert trace.coverage().share == 2 / 3
    assert trace.verify().ok
    assert trace.receptive_field("mul", (0, 1)).pixels.all()


def teach(monkeypatch, op, explainer):
    monkeypatch.setitem(RULES, op, None)
    register_explainer(op, explainer)


def test_an_op_can_be_taught(library, monkeypatch):
    def twice_sum(index, x):
        for at in range(x.shape[-1]):
            yield 0, (*index[:-1], at), 2.0 + (at == index[-1])

    teach(monkeypatch, "convista_tests::twice_sum", twice_sum)
    trace = cx.trace(Opaque(), noise(2, 1, 5))
    assert trace.coverage().share == 1
    assert trace.verify().ok
    assert len(trace.explain("twice_sum", (0, 0)).terms) == 4


@pytest.mark.parametrize("fault", ["stride", "bias", "sign"])
def test_a_wrong_rule_is_marked_and_never_shown_as_fact(monkeypatch, small, fault):
    def wrong(index, x, weight, bias, stride, padding, dilation, groups):
        sample, channel, row, col = index
        step = 2 if fault == "stride" else 1
        for (_, i, j), w in np.ndenumerate(weight[channel]):
            yield 0, (sample, 0, min(row * step + i, 3), min(col * step + j, 3)), -w if fault == "sign" else w
        yield -1, (), bias[channel] * (2 if fault == "bias" else 1)

    teach(monkeypatch, "conv2d", wrong)
    trace = cx.trace(small, noise(1, 1, 4, 4))
    explained = trace.explain("0", (1, 1, 1))
    assert not explained.ok
    assert "OUTSIDE IT" in str(explained)
    assert str(explained).endswith("This sum is not how the number came about: don't trust it.")
    verification = trace.verify()
    assert not verification.ok
    assert verification.worst.source.node == "0"
    assert re.search(r"\n0 +conv2d +8 +[1-8] +", str(verification))


def test_complex_numbers_are_not_taken_apart():
    trace = cx.trace(Function(lambda x: torch.fft.fft2(x).abs()), noise(1, 4, 4))
    assert trace.coverage().share < 1
    assert trace.verify().ok
    assert (
        trace.explain("fft_fft2", (0, 0)).unknown
        == "the arithmetic of `torch.fft.fft2` with complex numbers is not known here"
    )


# --- keeping less -----------------------------------------------------------------------------------------------


def test_a_second_pass_keeps_only_what_a_view_needs(small):
    trace = cx.trace(small, noise(1, 1, 4, 4), keep=["3"])
    assert trace.explain("3", (1,)).ok
    assert trace.value("2", (1,)) == trace.explain("3", (1,)).terms[1].input
    with pytest.raises(ValueError) as refused:
        trace.explain("0", (0, 0, 0))
    assert str(refused.value) == 'node (="0"): its numbers were not kept; trace again with it in keep'
    with pytest.raises(ValueError) as refused:
        trace.explain("2", (1,))
    assert str(refused.value) == 'node (="1"): its numbers were not kept; trace again with it in keep'
    assert trace.node("0").outputs == (None,)
    assert trace.verify().ok
    with pytest.raises(ValueError) as refused:
        cx.trace(small, noise(1, 1, 4, 4), keep=["fc"])
    assert str(refused.value) == 'keep (="fc") is neither a node nor a module of this model'


def test_the_numbers_of_samples_to_verify():
    trace = cx.trace(nn.ReLU(), torch.ones(1, 200))
    assert [row.samples for row in trace.verify(samples=7).rows] == [7, 7]
    with pytest.raises(ValueError, match=re.escape("samples (=0) must be 1 or more")):
        trace.verify(0)
    with pytest.raises(ValueError, match=re.escape("top (=0) must be 1 or more")):
        trace.back("relu", (0,), top=0)
