"""Normalisation: a number brought to its group's mean and spread, then scaled and shifted; and softmax."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convista.explanation.node import Ref
from convista.explanation.records import BIAS, Parts, Terms
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, Floats, Ints, array, named, number, place
from convista.explanation.rules.windows import along


@rule("batch_norm")
def batch_norm(
    call: Call, input: Ref, running_mean: Ref | None = None, running_var: Ref | None = None, weight: Ref | None = None,
    bias: Ref | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5, *_: Any,
) -> Parts:  # fmt: skip
    """By the channel's running mean and variance, in training by those of the batch."""
    channel = call.index[1]
    scale, shift = affine(weight, bias, channel)
    if not training and running_mean is not None and running_var is not None:
        mean, var = (float(array(ref.tensor)[channel]) for ref in (running_mean, running_var))
        return normalised(call, input, mean, var, eps, scale, shift, "the running ones of the channel")
    axes = [axis for axis in range(input.tensor.ndim) if axis != 1]
    values = channel_values(input, along(tuple(input.tensor.shape), axes, (channel,), False))
    return by_group(call, input, values, eps, scale, shift)


@rule("torch.batch_norm", "aten::batch_norm")
def lower_batch_norm(
    call: Call, input: Ref, weight: Ref | None, bias: Ref | None, running_mean: Ref | None, running_var: Ref | None,
    *rest: Any,
) -> Parts:  # fmt: skip
    """The same, with the arguments in the order that torch has below its functional form."""
    return batch_norm(call, input, running_mean, running_var, weight, bias, *rest)


@rule("instance_norm")
def instance_norm(
    call: Call, input: Ref, running_mean: Any = None, running_var: Any = None, weight: Ref | None = None,
    bias: Ref | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5, *_: Any,
) -> Parts:  # fmt: skip
    """By the mean and variance of one channel of one sample."""
    if not use_input_stats:
        return batch_norm(call, input, running_mean, running_var, weight, bias, eps=eps)
    axes = list(range(2, input.tensor.ndim))
    values = channel_values(input, along(tuple(input.tensor.shape), axes, call.index[:2], False))
    return by_group(call, input, values, eps, *affine(weight, bias, call.index[1]))


@rule("torch.instance_norm", "aten::instance_norm")
def lower_instance_norm(
    call: Call, input: Ref, weight: Ref | None, bias: Ref | None, running_mean: Ref | None, running_var: Ref | None,
    *rest: Any,
) -> Parts:  # fmt: skip
    """The same, in the order below the functional form."""
    return instance_norm(call, input, running_mean, running_var, weight, bias, *rest)


@rule("group_norm")
def group_norm(
    call: Call, input: Ref, num_groups: int, weight: Ref | None = None, bias: Ref | None = None, eps: float = 1e-5,
    *_: Any,
) -> Parts:  # fmt: skip
    """By the mean and variance of a group of channels of one sample."""
    shape = tuple(input.tensor.shape)
    per_group = shape[1] // num_groups
    first = call.index[1] // per_group * per_group
    start = place(shape, (call.index[0], first, *(0 for _ in shape[2:])))
    values = channel_values(input, start + np.arange(per_group * int(np.prod(shape[2:]))))
    return by_group(call, input, values, eps, *affine(weight, bias, call.index[1]))


@rule("layer_norm")
def layer_norm(
    call: Call, input: Ref, normalized_shape: Any, weight: Ref | None = None, bias: Ref | None = None,
    eps: float = 1e-5, *_: Any,
) -> Parts:  # fmt: skip
    """By the mean and variance over the last axes."""
    dims = len(normalized_shape) if not isinstance(normalized_shape, int) else 1
    lead, own = call.index[: len(call.index) - dims], call.index[len(call.index) - dims :]
    axes = list(range(input.tensor.ndim - dims, input.tensor.ndim))
    values = channel_values(input, along(tuple(input.tensor.shape), axes, lead, False))
    scale = 1.0 if weight is None else float(array(weight.tensor)[own])
    shift = 0.0 if bias is None else float(array(bias.tensor)[own])
    return by_group(call, input, values, eps, scale, shift)


@rule("softmax", "log_softmax")
def softmax(call: Call, input: Ref, dim: int | None = None, *_: Any, dtype: Any = None, **__: Any) -> Parts:
    """The exponential's share of the sum of all exponentials along an axis, or that share's logarithm."""
    if dim is None:
        raise NotImplementedError("without dim")
    shape = tuple(input.tensor.shape)
    rest = tuple(at for axis, at in enumerate(call.index) if axis != dim % len(shape))
    spots = along(shape, dim, rest, False)
    values, x = channel_values(input, spots), number(input, call.index)
    shift = float(values.max())
    with np.errstate(invalid="ignore"):
        exps = np.exp(values - shift)
    whole, own = math.fsum(exps), float(np.exp(x - shift)) if math.isfinite(shift) else math.nan
    terms = Terms([call.group(input, spots, products=exps)])
    notes = (("largest input, subtracted from all", shift), ("sum of the exponentials", whole))
    if call.node.kind == "log_softmax":
        size = abs(x) + abs(shift) + abs(math.log(whole)) if math.isfinite(x) else 0.0
        words = "x - the largest input - log(the sum of all exp(input - largest))"
        return Parts(terms, words, x - shift - math.log(whole), size, notes)
    total = own / whole
    # An exponential's relative error is the absolute one of what it is raised to.
    size = total * (1 + abs(x - shift)) if total else 0.0
    notes = (*notes, ("its own exponential", own))
    return Parts(terms, "exp(x - largest) / the sum of all exp(input - largest)", total, size, notes)


def normalised(
    call: Call, input: Ref, mean: float, var: float, eps: float, scale: float, shift: float, words: str
) -> Parts:
    """Return (x - mean) / sqrt(var + eps) x weight + bias as terms: a line through x."""
    slope = slope_of(scale, var, eps)
    terms = [
        call.group(input, [place(tuple(input.tensor.shape), call.index)], [slope]),
        named("mean", mean, -slope), named(BIAS, shift),
    ]  # fmt: skip
    notes = (
        ("mean", mean), ("variance", var), ("eps", eps), ("weight", scale),
        ("as one line (folded)", f"{slope:.9g} x + {shift - mean * slope:.9g}"),
    )  # fmt: skip
    return Parts(
        Terms(terms), f"(x - mean) / sqrt(variance + eps) x weight + bias; mean and variance: {words}", notes=notes
    )


def by_group(call: Call, input: Ref, values: Floats, eps: float, scale: float, shift: float) -> Parts:
    """Return the same with the mean and the biased variance of these values."""
    with np.errstate(invalid="ignore", over="ignore"):
        mean, var = float(values.mean()), float(values.var())
    parts = normalised(call, input, mean, var, eps, scale, shift, f"of {values.size:,} numbers")
    # Mean and variance are sums themselves: their roundings grow with the largest number, not with x.
    slope = abs(slope_of(scale, var, eps))
    largest = float(np.abs(values).max(initial=0))
    return Parts(parts.terms, parts.formula, scale=slope * largest * 2 + abs(shift), notes=parts.notes)


def slope_of(scale: float, var: float, eps: float) -> float:
    """Return weight / sqrt(variance + eps)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(scale) / np.sqrt(np.float64(var + eps)))


def affine(weight: Ref | None, bias: Ref | None, channel: int) -> tuple[float, float]:
    """Return the channel's weight and bias; 1 and 0 where there are none."""
    scale = 1.0 if weight is None else float(array(weight.tensor)[channel])
    return scale, 0.0 if bias is None else float(array(bias.tensor)[channel])


def channel_values(input: Ref, spots: Ints) -> Floats:
    """Return the numbers at places of the flattened tensor."""
    values = array(input.tensor)
    return np.asarray(values[np.unravel_index(spots, values.shape)], np.float64)
