"""interop.functional against torch: the same numbers, the same errors, and torch's own operation where it is needed."""

import copy
import inspect
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from convista.interop import functional as ours

VERBS = ("conv2d", "conv_transpose2d")


def numbers(*shape, dtype=torch.float32, seed=0):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def calls(monkeypatch):
    """Which of torch's own operations are called."""
    made = []
    for verb, module in product(VERBS, (F, torch)):  # ours calls torch's under its other name
        own = getattr(module, verb)
        monkeypatch.setattr(
            module, verb, lambda *args, own=own, verb=verb, **terms: (made.append(verb), own(*args, **terms))[1]
        )
    return made


def memory(tensor, layout):
    """The same numbers, laid out in another way."""
    wide = tensor.repeat_interleave(2, dim=-1)
    return (tensor, tensor.transpose(-1, -2).contiguous().transpose(-1, -2), wide[..., ::2])[layout]


def assert_same(result, theirs, image, weight):
    assert (result.dtype, result.shape, result.requires_grad) == (theirs.dtype, theirs.shape, theirs.requires_grad)
    terms = weight.numel() + 1
    size = image.nan_to_num(posinf=0, neginf=0).abs().max() * weight.abs().sum() + 9
    allowed = float(terms * torch.finfo(result.dtype).eps * size)
    torch.testing.assert_close(result, theirs, rtol=0, atol=allowed, equal_nan=True)


def steps(least, most):
    """A number, or one for rows and one for cols."""
    each = st.integers(least, most)
    return each | st.tuples(each, each) | st.lists(each, min_size=1, max_size=2)


def both(verb, *arguments):
    """Results of torch and of ours, or of both the error."""
    answers = []
    for module in (F, ours):
        try:
            answers.append(getattr(module, verb)(*arguments))
        except (RuntimeError, ValueError, TypeError) as error:
            answers.append(error)
    return answers


common = {
    "images": st.integers(0, 2), "groups": st.integers(1, 2), "per_group": st.integers(1, 3),
    "filters_per_group": st.integers(1, 3), "rows": st.integers(1, 9), "cols": st.integers(1, 9),
    "kernel": st.tuples(st.integers(1, 4), st.integers(1, 4)), "stride": steps(1, 3), "dilation": steps(1, 3),
    "biased": st.booleans(), "wide": st.booleans(), "special": st.booleans(), "layout": st.integers(0, 2),
    "seed": st.integers(0, 2**16),
}  # fmt: skip


def drawn(terms, verb):
    """Image, weight and bias. No images stand for an image without that axis."""
    dtype, seed = torch.float64 if terms["wide"] else torch.float32, terms["seed"]
    channels, filters = (terms["groups"] * terms[name] for name in ("per_group", "filters_per_group"))
    first, second = (filters, terms["per_group"]) if verb == "conv2d" else (channels, terms["filters_per_group"])
    image = numbers(max(terms["images"], 1), channels, terms["rows"], terms["cols"], dtype=dtype, seed=seed)
    if terms["special"]:
        image[0, 0, 0, 0], image[-1, -1, -1, -1] = torch.nan, torch.inf
    weight = numbers(first, second, *terms["kernel"], dtype=dtype, seed=seed + 1)
    bias = numbers(filters, dtype=dtype, seed=seed + 2) if terms["biased"] else None
    return memory(image if terms["images"] else image[0], terms["layout"]), memory(weight, terms["layout"]), bias


@pytest.mark.parametrize("verb", VERBS)
def test_the_arguments_stand_in_torchs_order(verb):
    documented = getattr(F, verb).__doc__.strip().splitlines()[0]
    assert str(inspect.signature(getattr(ours, verb))).split(")")[0].count("=") == documented.count("=")
    parameters = inspect.signature(getattr(ours, verb)).parameters.values()
    defaults = [p.name if p.default is p.empty else f"{p.name}={p.default}" for p in parameters]
    assert documented == f"{verb}({', '.join(defaults)}) -> Tensor"


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")  # torch's own
@given(padding=st.sampled_from(["same", "valid"]) | steps(0, 4), **common)
@settings(max_examples=150)
def test_conv2d_gives_torchs_results_and_errors(padding, **terms):
    image, weight, bias = drawn(terms, "conv2d")
    theirs, result = both("conv2d", image, weight, bias, terms["stride"], padding, terms["dilation"], terms["groups"])
    if isinstance(theirs, Exception):  # the kernel doesn't fit
        assert (type(result), str(result)) == (type(theirs), str(theirs))
    else:
        assert_same(result, theirs, image, weight)


@given(padding=steps(0, 3), output_padding=steps(0, 2), **common)
@settings(max_examples=150)
def test_conv_transpose2d_gives_torchs_results_and_errors(padding, output_padding, **terms):
    image, weight, bias = drawn(terms, "conv_transpose2d")
    arguments = (terms["stride"], padding, output_padding, terms["groups"], terms["dilation"])
    theirs, result = both("conv_transpose2d", image, weight, bias, *arguments)
    if isinstance(theirs, Exception):  # more is cropped than there is, or output_padding is too large
        assert (type(result), str(result)) == (type(theirs), str(theirs))
    else:
        assert_same(result, theirs, image, weight)


@pytest.mark.parametrize("shape", [(1, 61, 67), (2, 3, 40, 41), (1, 16, 24, 24)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_images_large_enough_for_the_compiled_engine(shape, dtype):
    image = numbers(*shape, dtype=dtype)
    weight = numbers(4, shape[-3], 3, 4, dtype=dtype, seed=1)
    bias = numbers(4, dtype=dtype, seed=2)
    assert_same(ours.conv2d(image, weight, bias, 1, (1, 2)), F.conv2d(image, weight, bias, 1, (1, 2)), image, weight)
    weight = weight.transpose(0, 1)
    theirs, result = both("conv_transpose2d", image, weight, bias, 2, 1, 1)
    assert_same(result, theirs, image, weight)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("image", "weight", "bias", "terms"),
    [
        (numbers(2, 2, 5, 6), numbers(2, 2, 3, 2), None, {}),
        (numbers(2, 5, 6), numbers(2, 2, 3, 2), numbers(2), {"stride": 2, "padding": (1, 0), "dilation": [2, 1]}),
        (numbers(4, 2, 3).double(), numbers(4, 1, 1, 1).double(), numbers(4).double(), {"groups": 4}),
        (numbers(1, 2, 5, 6)[..., ::2], numbers(2, 2, 3, 2).transpose(2, 3), None, {}),
        (numbers(1, 2, 5, 6), torch.nn.Parameter(numbers(2, 2, 3, 2)), None, {}),
    ],
)
def test_the_engine_computes_plain_tensors(verb, image, weight, bias, terms, calls):
    with torch.no_grad():
        result = getattr(ours, verb)(image, weight, bias, **terms)
        assert calls == []
        assert_same(result, getattr(F, verb)(image, weight, bias, **terms), image, weight.detach())
    assert result.is_contiguous()
    assert calls == [verb]


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_engine_knows_torchs_words(padding, calls):
    image, weight = numbers(1, 2, 6, 7), numbers(3, 2, 4, 3)
    result = ours.conv2d(image, weight, padding=padding)
    assert calls == []
    assert result.shape[2:] == ((6, 7) if padding == "same" else (3, 5))


class Marked(torch.Tensor):
    """A subclass, whose results torch marks too."""


IMAGE, WEIGHT = numbers(1, 2, 6, 5), numbers(2, 2, 3, 3, seed=1)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("image", "weight"),
    [
        (IMAGE.int(), WEIGHT.int()),
        (IMAGE.half(), WEIGHT.half()),
        (IMAGE.bfloat16(), WEIGHT.bfloat16()),
        (IMAGE * 1j, WEIGHT * 1j),
        (IMAGE.to("meta"), WEIGHT.to("meta")),
        (IMAGE.contiguous(memory_format=torch.channels_last), WEIGHT),
        (IMAGE[:0], WEIGHT),
        (IMAGE.as_subclass(Marked), WEIGHT),
        (torch.view_as_complex(IMAGE.reshape(1, 2, 3, 5, 2)).conj().imag, WEIGHT),
    ],
    ids=["int32", "half", "bfloat16", "complex", "meta", "channels-last", "no images", "subclass", "negated view"],
)
def test_torch_computes_the_rest(verb, image, weight, calls):
    theirs, result = both(verb, image, weight)
    assert calls == [verb] * 2
    if isinstance(theirs, Exception):
        assert (type(result), str(result)) == (type(theirs), str(theirs))
        return
    assert (type(result), result.dtype, result.stride()) == (type(theirs), theirs.dtype, theirs.stride())
    assert result.device == theirs.device
    if not result.is_meta:
        assert torch.equal(result, theirs)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_gradients_flow_through_torchs_operation(verb, which):
    gradients = []
    for module in (F, ours):
        tensors = [IMAGE.clone(), WEIGHT.clone(), numbers(2)]
        tensors[which].requires_grad_()
        getattr(module, verb)(*tensors, 2).square().sum().backward()
        gradients.append(tensors[which].grad)
    assert torch.equal(*gradients)
    assert gradients[0].any()


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch's own, in jvp
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("transform", ["grad", "jvp", "vmap", "dual"])
def test_transforms_of_functions_reach_torchs_operation(verb, transform):
    def apply(module):
        def total(image):
            return getattr(module, verb)(image, WEIGHT).square().sum()

        if transform == "grad":
            return torch.func.grad(total)(IMAGE)
        if transform == "jvp":
            return torch.func.jvp(total, (IMAGE,), (IMAGE,))[1]
        if transform == "vmap":
            return torch.func.vmap(total)(IMAGE[None])
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(IMAGE, IMAGE)
            return torch.autograd.forward_ad.unpack_dual(total(dual)).tangent

    assert torch.equal(apply(ours), apply(F))


@pytest.mark.filterwarnings("ignore:`torch.jit.trace:DeprecationWarning")  # torch's own
@pytest.mark.parametrize("verb", VERBS)
def test_a_trace_holds_torchs_operation(verb):
    traced = torch.jit.trace(lambda image: getattr(ours, verb)(image, WEIGHT), IMAGE)
    assert torch.equal(traced(IMAGE + 1), getattr(F, verb)(IMAGE + 1, WEIGHT))


@pytest.mark.parametrize("verb", VERBS)
def test_autocast_and_modes_see_torchs_operation(verb, calls):
    with torch.autocast("cpu", torch.bfloat16):
        assert getattr(ours, verb)(IMAGE, WEIGHT).dtype == torch.bfloat16

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))

    with Watch():
        getattr(ours, verb)(IMAGE, WEIGHT)
    assert calls == [verb] * 2


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "arguments",
    [
        (IMAGE, WEIGHT[0]),
        (IMAGE[0, 0], WEIGHT),
        (IMAGE[0, 0], WEIGHT[:1, :1]),
        (IMAGE[None], WEIGHT),
        (IMAGE, WEIGHT[:, :, :0]),
        (IMAGE, WEIGHT.double()),
        (IMAGE, numbers(3, 3, 3, 3)),
        (IMAGE, WEIGHT, numbers(3)),
        (IMAGE, WEIGHT, numbers(1, 2)),
        (IMAGE, WEIGHT, torch.tensor(1.0)),
        (IMAGE, WEIGHT, numbers(2).double()),
        (IMAGE, WEIGHT, None, 0),
        (IMAGE, WEIGHT, None, (1, 1, 1)),
        (IMAGE, WEIGHT, None, 1.5),
        (IMAGE, WEIGHT, None, 1, -1),
        (IMAGE, WEIGHT, None, 1, ((1, 0), (0, 1))),
        (IMAGE, WEIGHT, None, 1, "full"),
        (IMAGE, WEIGHT, None, 2, "same"),
        (IMAGE, WEIGHT, None, 1, "smae"),
        (IMAGE, WEIGHT, None, 1, 0, 0),
        (IMAGE, WEIGHT, None, 1, 0, 9),
        (IMAGE, WEIGHT, None, 1, 0, 1, 3),
        (IMAGE, WEIGHT, None, 1, 0, 1, 0),
        (IMAGE.numpy(), WEIGHT),
        (IMAGE, WEIGHT.tolist()),
        (None, WEIGHT),
    ],
    ids=lambda arguments: " ".join(str(getattr(each, "shape", each))[:20] for each in arguments),
)
def test_bad_input_is_answered_by_torch(verb, arguments):
    theirs, result = both(verb, *arguments)
    if isinstance(theirs, Exception):  # torch goes on to list the arguments it got, from us the defaults too
        assert type(result) is type(theirs)
        assert str(result).partition(" - got ")[0] == str(theirs).partition(" - got ")[0]
    else:  # an output_padding of 0, where conv2d has its dilation
        assert_same(result, theirs, IMAGE, WEIGHT)


def test_an_array_shares_no_memory_with_the_result():
    image = torch.from_numpy(np.ones((1, 1, 2, 2), np.float32))
    result = ours.conv2d(image, torch.ones(1, 1, 1, 1))
    result.zero_()
    assert image.all()


class Residual(torch.nn.Module):
    """Two convolutions and a way around them, then a linear layer: a small ResNet."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 8, 5, 2, bias=False)
        self.second = torch.nn.Conv2d(8, 8, 3, padding="same", groups=2, padding_mode="reflect")
        self.around = torch.nn.Conv2d(3, 8, 1, 2, padding=0)
        self.norm, self.last = torch.nn.BatchNorm2d(8), torch.nn.Linear(8, 5)

    def forward(self, images):
        inner = self.second(self.norm(self.first(images)).relu())
        return self.last((inner + self.around(images)[..., 1:-1, 1:-1]).relu().mean((2, 3)))


PHOTOS = numbers(4, 3, 33, 35)


@pytest.fixture
def model():
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return Residual()


def with_ours(monkeypatch, apply):
    """What `apply` returns with torch's convolution, and with ours in its place."""
    theirs = apply()
    monkeypatch.setattr(F, "conv2d", ours.conv2d)
    return theirs, apply()


def after_a_step(model):
    model = copy.deepcopy(model).train()
    torch.nn.functional.cross_entropy(model(PHOTOS), torch.tensor([0, 1, 2, 3])).backward()
    torch.optim.SGD(model.parameters(), 0.1).step()
    return torch.cat([values.flatten().float() for values in model.state_dict().values()])


def second_gradient(model):
    photos = PHOTOS.clone().requires_grad_()
    first = torch.autograd.grad(model(photos).square().sum(), photos, create_graph=True)[0]
    return torch.autograd.grad(first.square().sum(), photos)[0]


@torch.autocast("cpu", torch.bfloat16)
def with_autocast(model):
    return model(PHOTOS)


def of_each_photo(model):
    return torch.func.vmap(lambda photo: model.eval()(photo[None])[0])(PHOTOS)


def with_channels_last(model):
    last = {"memory_format": torch.channels_last}
    return copy.deepcopy(model).eval().to(**last)(PHOTOS.to(**last))


def in_bfloat16(model):
    return copy.deepcopy(model).eval().bfloat16()(PHOTOS.bfloat16())


@pytest.mark.parametrize(
    "use", [after_a_step, second_gradient, with_autocast, of_each_photo, with_channels_last, in_bfloat16]
)
def test_in_torchs_place_a_model_learns_and_is_transformed_as_before(use, model, monkeypatch):
    theirs, result = with_ours(monkeypatch, lambda: use(model))
    assert result.dtype == theirs.dtype
    assert torch.equal(result, theirs)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_in_torchs_place_the_engine_computes_a_model(mode, dtype, model, calls, monkeypatch):
    model = model.eval().to(dtype)

    def answer():
        with mode():
            return model(PHOTOS.to(dtype))

    theirs, result = with_ours(monkeypatch, answer)
    assert 3 <= len(calls) < 6  # those of the first answer, and what the planner hands on
    torch.testing.assert_close(result, theirs)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch's own
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("gradient", [False, True])
def test_a_compiler_sees_one_whole_graph(verb, gradient):
    torch.compiler.reset()
    weight = WEIGHT.clone().requires_grad_(gradient)

    def apply(image, module=ours):
        return getattr(module, verb)(image * 2, weight, None, 2, padding=(1, 0)) + 1

    compiled = torch.compile(apply, backend="eager", fullgraph=True)
    assert torch.equal(compiled(IMAGE), apply(IMAGE, F))


@pytest.mark.parametrize("verb", VERBS)
def test_a_mode_that_watches_operations_sees_torchs(verb):
    from torch.utils.flop_counter import FlopCounterMode

    counts = []
    for module in (F, ours):
        with FlopCounterMode(display=False) as counter:
            getattr(module, verb)(IMAGE, WEIGHT)
        counts.append(counter.get_total_flops())
    assert counts[0] == counts[1] > 0


def test_without_torch_the_import_says_what_to_type():
    code = "import sys; sys.modules['torch'] = None; from convista.interop import functional"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1] == (
        "convista.errors.MissingExtraError: convista.interop.functional needs torch; "
        'type: pip install "convista[train]"'
    )
