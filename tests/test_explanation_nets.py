"""Whole networks, known and random ones: all numbers within their bounds, all ops known, and what reads what."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import NETS, opaque_vit
from opened import Function, checked
from torch import nn
from torch.nn import functional as F

import convista as cx


def noise(shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(7)


@pytest.mark.parametrize("train", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize("name", NETS)
def test_a_network_is_explained_from_end_to_end(name, train):
    build, shape = NETS[name]
    net = build()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -1, 1), nn.init.uniform_(module.running_var, 0.5, 2)
    trace = checked(net.train(train), noise(shape), samples=6)
    index = (0,) * (len(trace.nodes[-1].shape) - 1)
    assert trace.back(trace.nodes[-1].name, index, top=2).pixels


@pytest.mark.parametrize("text", ["chapter", "simple", "small", "resnet", "no norm, 5x5/2 4, 3x3 classes, mean"])
def test_our_own_networks(text):
    checked(cx.build(text, channels=1, classes=3).eval(), noise((2, 1, 28, 28)), samples=6)


def test_attention_as_one_op_is_opaque_but_passed_through():
    trace = checked(opaque_vit().eval(), noise((1, 3, 32, 32)), known=False, samples=4)
    assert [op for _, op in trace.coverage().opaque] == ["torch.nn.functional.multi_head_attention_forward"]
    assert trace.back("fc", (0,), top=2).pixels
    assert trace.receptive_field("fc", (0,)).mask.all()


# --- receptive fields -------------------------------------------------------------------------------------------


def positive(net):
    """The same net with weights that all count, so that a gradient of ones tells what is read."""
    for parameter in net.parameters():
        nn.init.constant_(parameter, 0.01)
    return net.eval()


class Branches(nn.Module):
    """Residual, concatenation, dilation, groups, strides, resizing and transposed convolution."""

    def __init__(self, pool):
        super().__init__()
        self.a, self.b = nn.Conv2d(2, 4, 3, padding=2, dilation=2), nn.Conv2d(4, 4, 3, 2, 1, groups=2)
        self.c, self.up = (
            nn.Conv2d(4, 4, (1, 3), padding=(0, 1), padding_mode="reflect"),
            nn.ConvTranspose2d(4, 2, 3, 2, 1, 1),
        )
        self.pool = pool

    def forward(self, x):
        y = F.relu(self.a(x))
        z = self.b(y)
        z = z + self.c(z)
        low = F.interpolate(self.pool(z), size=tuple(z.shape[2:]), mode="bilinear")
        return torch.cat([self.up(torch.cat([z[:, :2], low[:, 2:]], 1)), y[:, ::2, :, :]], 1)


@pytest.mark.parametrize("index", [(0, 0, 0), (1, 7, 6), (0, 11, 11), (2, 5, 5), (3, 0, 11)])
def test_a_receptive_field_is_the_gradient_of_ones(index):
    """Of max pooling the whole window counts, so that the oracle has a mean in its place."""
    x = torch.ones(2, 2, 12, 12, requires_grad=True)
    (wanted,) = torch.autograd.grad(positive(Branches(nn.AvgPool2d(2)))(x)[(1, *index)], x)
    trace = cx.trace(positive(Branches(nn.MaxPool2d(2))), x)
    field = trace.receptive_field(trace.nodes[-1].name, index, sample=1)
    np.testing.assert_array_equal(field.mask, wanted[1].numpy() != 0)
    assert not wanted[0].any()


READERS = {
    "conv1d": (nn.Conv1d(2, 4, 3, 2, 1, 2, 2), (1, 2, 9)), "conv3d": (nn.Conv3d(2, 2, 2, 1, 1), (1, 2, 3, 4, 3)),
    "same": (nn.Conv2d(2, 2, (4, 3), padding="same", dilation=(1, 2)), (1, 2, 6, 7)),
    "transposed": (nn.ConvTranspose2d(4, 4, 3, (2, 3), 2, 1, 2, dilation=2), (1, 4, 4, 4)), "transposed1d": (nn.ConvTranspose1d(2, 2, 4, 3), (1, 2, 4)),
    "avg": (nn.AvgPool2d(3, 2, 1, ceil_mode=True), (1, 2, 6, 7)), "adaptive": (nn.AdaptiveAvgPool2d((3, 2)), (1, 2, 7, 5)),
    "linear": (nn.Linear(4, 3), (2, 3, 4)), "mean": (Function(lambda x: x.mean((1, 3))), (1, 2, 3, 4)), "keepdim": (Function(lambda x: x.mean(2, keepdim=True)), (1, 2, 3)),
    "matmul": (Function(lambda x: x @ x.transpose(1, 2)), (1, 3, 4)), "mul": (Function(lambda x: x * x.mean(2, keepdim=True)), (2, 3, 4)),
    "spread": (Function(lambda x: x[:, :1] - x[:, :, :1]), (1, 3, 4)), "einsum": (Function(lambda x: torch.einsum("bij,bkj->bik", x, x)), (1, 3, 4)),
    "bicubic": (Function(lambda x: F.interpolate(x, size=9, mode="linear")), (1, 2, 5)), "pad": (Function(lambda x: F.pad(x, (2, 3), "circular")), (1, 2, 5)),
    "cat": (Function(lambda x: torch.cat([x[..., 1:], x], -1)), (1, 2, 5)), "chunk": (Function(lambda x: x.chunk(2, 1)[1]), (1, 4, 3)),
    "sum": (Function(lambda x: x.sum()), (2, 3)), "unbatched": (nn.Conv2d(2, 2, 3), (2, 5, 5)), "resized": (Function(lambda x: F.interpolate(x, scale_factor=2)), (1, 2, 3)),
    "written": (Function(lambda x: _half(x * 1)), (1, 4, 3)), "stack": (Function(lambda x: torch.stack([x, x * 2], 1)), (1, 2)),
}  # fmt: skip


def _half(x):
    x[:, :2] *= x[:, 2:]
    return x


@pytest.mark.parametrize("name", READERS)
def test_what_each_op_reads_is_what_has_a_gradient(name):
    model, shape = READERS[name]
    x = torch.ones(shape, requires_grad=True)
    made = positive(model)(x)
    trace = cx.trace(model, x)
    for place in {0, made.numel() // 2, made.numel() - 1}:
        whole = tuple(int(part) for part in np.unravel_index(place, made.shape)) if made.shape else ()
        (wanted,) = torch.autograd.grad(made[whole], x, retain_graph=True)
        sample = whole[0] if whole else 0
        field = trace.receptive_field(trace.nodes[-1].name, whole[1:], sample=sample)
        np.testing.assert_array_equal(field.mask, wanted[sample].numpy() != 0)


@pytest.mark.parametrize(
    "norm", [nn.BatchNorm1d(4), nn.BatchNorm1d(4).eval(), nn.InstanceNorm1d(4), nn.GroupNorm(2, 4), nn.LayerNorm(5), nn.LayerNorm((4, 5)), nn.Softmax(1), nn.Softmax(2)],
    ids=str,
)  # fmt: skip
def test_norms_read_whatever_their_figures_are_of(norm):
    x = noise((2, 4, 5)).requires_grad_()
    (wanted,) = torch.autograd.grad(norm(x)[1, 2, 3], x)
    trace = cx.trace(norm, x)
    np.testing.assert_array_equal(
        trace.receptive_field(trace.nodes[-1].name, (2, 3), sample=1).mask, wanted[1].numpy() != 0
    )


def test_the_holes_of_dilation_are_no_part_of_a_field():
    field = cx.trace(nn.Conv2d(1, 1, 3, dilation=2), torch.ones(1, 1, 9, 9)).receptive_field("conv2d", (0, 1, 2))
    assert field.box == (range(1, 6), range(2, 7))
    assert int(field.pixels.sum()) == 9
    assert str(field) == "rows 1..5, cols 2..6: 9 of the 25 pixels in the box are read"
    assert field.mask.shape == (1, 9, 9)


def test_what_reads_no_input_has_an_empty_field():
    trace = cx.trace(Function(lambda x: torch.zeros_like(x) + 1), torch.ones(1, 2))
    field = trace.receptive_field("add", (0,))
    assert not field.mask.any()
    assert str(field) == "no number of the input is read"


# --- routes -----------------------------------------------------------------------------------------------------


def test_a_route_keeps_the_largest_shares_and_they_add_up():
    net = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
    trace = cx.trace(net, noise((1, 1, 3, 3)))
    route = trace.back("3", (1,), top=100)
    assert [{step.explanation.source.node for step in level} for level in route.steps] == [
        {"3"},
        {"2"},
        {"1"},
        {"0"},
        {"input"},
    ]
    shares = [[step.share for step in level] for level in route.steps]
    assert shares[0] == [1]
    assert all(level == sorted(level, reverse=True) for level in shares)
    terms = trace.explain("3", (1,)).terms
    whole = sum(abs(term.product) for term in terms)
    biggest = terms.largest(9)
    wanted = {term.source.index: abs(term.product) / whole for term in biggest if term.source != "bias"}
    assert {step.explanation.source.index: step.share for step in route.steps[1]} == pytest.approx(
        {index: share for index, share in wanted.items() if share}
    )
    few = trace.back("3", (1,), top=2)
    assert all(len(level) <= 2 for level in few.steps)
    assert [step.share for step in few.steps[1]] == [step.share for step in route.steps[1][:2]]

    assert str(few).splitlines()[0].startswith("100.0 %  3[1] = ")


def test_the_factors_of_a_product_share_alike():
    route = cx.trace(Function(lambda x: x[:, 0] * x[:, 1]), torch.tensor([[2.0, 5.0]])).back("mul", ())
    assert [step.share for step in route.pixels] == [0.5, 0.5]


# --- random networks --------------------------------------------------------------------------------------------

STEPS = (
    "conv",
    "relu",
    "relu_",
    "add_",
    "iadd",
    "slice",
    "cat",
    "mul",
    "pool",
    "view",
    "permute",
    "branch",
    "detach",
    "chunk",
    "out",
)


class Drawn(nn.Module):
    """Steps drawn at random, on two tensors of the same shape; modules and tensors are used again."""

    def __init__(self, steps):
        super().__init__()
        self.steps, self.conv, self.relu = steps, nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(inplace=True)

    def forward(self, x):
        x = x * 1
        y = self.conv(x)
        for step in self.steps:
            x, y = getattr(self, f"_{step}")(x, y), x
        return x + y

    def _conv(self, x, y):
        return self.conv(x)

    def _relu(self, x, y):
        return F.relu(x) - 0.1

    def _relu_(self, x, y):
        return self.relu(x)

    def _add_(self, x, y):
        return x.add_(y, alpha=0.5)

    def _iadd(self, x, y):
        x += y.mean(1, keepdim=True)
        return x

    def _slice(self, x, y):
        x[:, 1:3, ::2] = y[:, :2, ::2] * 2
        return x

    def _cat(self, x, y):
        return torch.cat([x[:, 2:], y[:, :2]], 1)

    def _mul(self, x, y):
        return x * torch.sigmoid(y)

    def _pool(self, x, y):
        return F.max_pool2d(x, 3, 1, 1)

    def _view(self, x, y):
        x.contiguous().view(-1)[3:9].mul_(0.5)
        return x

    def _permute(self, x, y):
        return x.permute(0, 1, 3, 2)

    def _branch(self, x, y):
        return x if x.sum() > y.sum() else y.clone()

    def _detach(self, x, y):
        x.detach()[:, 0].neg_()
        return x

    def _chunk(self, x, y):
        a, b = x.chunk(2, 1)
        b.add_(1)
        return torch.cat([b, a], 1)

    def _out(self, x, y):
        torch.add(x, y, out=x)
        return x


@settings(max_examples=60)
@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=6), st.integers(0, 99))
def test_any_small_network_is_explained(steps, seed):
    torch.manual_seed(seed)
    net = Drawn(steps)
    trace = checked(net, noise((1, 4, 4, 4), seed), samples=5)
    field = trace.receptive_field(trace.nodes[-1].name, (1, 2, 3))
    if not {"out", "detach", "relu_", "chunk"} & set(steps):  # autograd can't follow these
        x = noise((1, 4, 4, 4), seed).requires_grad_()
        (gradient,) = torch.autograd.grad(net(x)[0, 1, 2, 3], x)
        assert not (gradient[0].numpy().astype(bool) & ~field.mask).any()
