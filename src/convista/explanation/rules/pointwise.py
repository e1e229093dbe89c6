"""Functions of one number, and arithmetic of two."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convista.explanation.recording import CONSTANT, Ref
from convista.explanation.records import Group, Parts, Terms
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, array, named, number, place, spread


def gate(x: float, factor: float, words: str, call: Call, input: Ref) -> Parts:
    """Return what passes a gate: the number times a factor."""
    terms = [
        call.group(input, [place(tuple(input.tensor.shape), call.index)], [factor], [x * factor if factor else 0.0])
    ]
    return Parts(Terms(terms), words, total=math.nan if math.isnan(x) else None, scale=abs(x))


def shaped(call: Call, input: Ref, total: float, words: str, notes: tuple[tuple[str, Any], ...] = ()) -> Parts:
    """Return a function's value of one number; its roundings are relative to the larger of the two."""
    x = number(input, call.index)
    terms = [call.group(input, [place(tuple(input.tensor.shape), call.index)], products=[total])]
    return Parts(Terms(terms), words, total=total, scale=max(abs(x), abs(total)), notes=notes)


# Gates: the number itself, times something ----------------------------------------------------------------------------


@rule("relu", "threshold")
def relu(call: Call, input: Ref, threshold: float = 0.0, value: float = 0.0, inplace: bool = False) -> Parts:
    """Positive numbers pass, others become 0."""
    if call.node.kind == "threshold":
        raise NotImplementedError("a threshold of its own")
    x = number(input, call.index)
    return gate(x, 1.0 if x > 0 or math.isnan(x) else 0.0, "the number if it is positive, else 0", call, input)


@rule("leaky_relu", "rrelu")
def leaky_relu(call: Call, input: Ref, negative_slope: float = 0.01, inplace: bool = False) -> Parts:
    """Negative numbers pass by a slope."""
    if call.node.kind == "rrelu":
        raise NotImplementedError("random slopes")
    x = number(input, call.index)
    return gate(
        x, negative_slope if x < 0 else 1.0, f"the number, times {negative_slope:g} if it is negative", call, input
    )


@rule("prelu")
def prelu(call: Call, input: Ref, weight: Ref) -> Parts:
    """Negative numbers pass by the channel's learned slope."""
    x, slopes = number(input, call.index), array(weight.tensor).ravel()
    slope = float(slopes[call.index[1] if slopes.size > 1 else 0])
    return gate(x, slope if x < 0 else 1.0, "the number, times a learned slope if it is negative", call, input)


@rule("hardtanh", "relu6", "clamp", "clip", "clamp_min", "clamp_max")
def clamp(call: Call, input: Ref, *limits: Any, **named_limits: Any) -> Parts:
    """The nearest number within the limits."""
    x = number(input, call.index)
    low, high = limits_of(call.node.kind, [part for part in limits if not isinstance(part, bool)], named_limits)
    bounds = [None if end is None else number(end, call.index) for end in (low, high)]
    total = x if math.isnan(x) else max(x, bounds[0]) if bounds[0] is not None else x
    total = min(total, bounds[1]) if bounds[1] is not None and not math.isnan(x) else total
    shown = " to ".join("any" if end is None else f"{end:g}" for end in bounds)
    return shaped(call, input, total, f"the nearest number within {shown}")


def limits_of(kind: str, limits: list[Any], told: dict[str, Any]) -> tuple[Any, Any]:
    """Return the lowest and highest number that a clamp lets through; None: no limit.

    >>> limits_of("relu6", [], {}), limits_of("hardtanh", [], {"max_val": 2}), limits_of("clamp_min", [0.5], {})
    ((0, 6), (-1, 2), (0.5, None))
    """
    if kind == "relu6":
        return 0, 6
    if kind in ("clamp_min", "clamp_max"):
        only = limits[0] if limits else told["min" if kind == "clamp_min" else "max"]
        return (only, None) if kind == "clamp_min" else (None, only)
    names, defaults = (("min_val", "max_val"), (-1, 1)) if kind == "hardtanh" else (("min", "max"), (None, None))
    given = dict(zip(names, limits, strict=False)) | told
    low, high = (given.get(name, default) for name, default in zip(names, defaults, strict=True))
    return low, high


@rule("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_dropout")
def dropout(call: Call, input: Ref, p: float = 0.5, training: bool = True, inplace: bool = False) -> Parts:
    """In training some numbers become 0, and the others grow by as much; else all pass."""
    if call.node.kind == "alpha_dropout" and training:
        raise NotImplementedError("in training")
    x = number(input, call.index)
    if not training or p == 0:
        return gate(x, 1.0, "all pass: it is not training", call, input)
    kept = float(call.result[call.index]) != 0
    words = f"{'kept' if kept else 'dropped'} by chance: {p:g} of all become 0, the others are divided by {1 - p:g}"
    return gate(x, 1 / (1 - p) if kept else 0.0, words, call, input)


@rule("hardswish", "hardsigmoid")
def hard(call: Call, input: Ref, inplace: bool = False) -> Parts:
    """A line between two limits, and for hardswish times the number."""
    x = number(input, call.index)
    share = min(max(x + 3, 0.0), 6.0) / 6
    if call.node.kind == "hardsigmoid":
        return shaped(call, input, share, "(x + 3) / 6 within 0 to 1")
    return shaped(call, input, x * share, "x times (x + 3) / 6 within 0 to 1", (("gate", share),))


# Smooth functions -----------------------------------------------------------------------------------------------------


def sigmoid(x: float) -> float:
    """Return 1 / (1 + exp(-x)).

    >>> sigmoid(0.0), sigmoid(-800.0)
    (0.5, 0.0)
    """
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x: float) -> float:
    """Return log(1 + exp(x))."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _either(condition: float, then: float, other: float) -> float:
    return then if condition > 0 else other


FUNCTIONS: dict[str, tuple[Callable[[float], float], str]] = {
    "sigmoid": (sigmoid, "1 / (1 + exp(-x))"),
    "silu": (lambda x: x * sigmoid(x), "x / (1 + exp(-x))"),
    "mish": (lambda x: x * math.tanh(softplus(x)), "x tanh(log(1 + exp(x)))"),
    "tanh": (math.tanh, "tanh(x)"),
    "exp": (math.exp, "exp(x)"),
    "log": (lambda x: math.log(x) if x > 0 else -math.inf if x == 0 else math.nan, "log(x)"),
    "sqrt": (lambda x: math.sqrt(x) if x >= 0 else math.nan, "the square root of x"),
    "rsqrt": (lambda x: 1 / math.sqrt(x) if x > 0 else math.inf, "1 / the square root of x"),
    "abs": (abs, "x without its sign"),
    "neg": (lambda x: -x, "-x"),
    "reciprocal": (lambda x: 1 / x, "1 / x"),
    "square": (lambda x: x * x, "x times x"),
    "sin": (math.sin, "sin(x)"),
    "cos": (math.cos, "cos(x)"),
    "erf": (math.erf, "erf(x)"),
    "softsign": (lambda x: x / (1 + abs(x)), "x / (1 + |x|)"),
    "selu": (lambda x: 1.0507009873554805 * _either(x, x, 1.6732632423543772 * math.expm1(min(x, 0))), "selu(x)"),
    "logsigmoid": (lambda x: -softplus(-x), "-log(1 + exp(-x))"),
}  # fmt: skip


@rule(*FUNCTIONS)
def function(call: Call, input: Ref, inplace: bool = False) -> Parts:
    """A function of one number."""
    applied, words = FUNCTIONS[call.node.kind]
    x = number(input, call.index)
    return shaped(call, input, math.nan if math.isnan(x) else _safe(applied, x), words)


def _safe(applied: Callable[[float], float], x: float) -> float:
    try:
        return applied(x)
    except OverflowError:
        return math.inf
    except (ZeroDivisionError, ValueError):
        return math.nan if x else math.copysign(math.inf, x)


@rule("gelu")
def gelu(call: Call, input: Ref, approximate: str = "none") -> Parts:
    """X times the share of a normal distribution below it."""
    x = number(input, call.index)
    if approximate == "tanh":
        share = 0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        return shaped(call, input, x * share, "x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2", (("gate", share),))
    share = 0.5 * (1 + math.erf(x / math.sqrt(2)))
    return shaped(call, input, x * share, "x times the share of a normal distribution below x", (("gate", share),))


@rule("elu", "celu")
def elu(call: Call, input: Ref, alpha: float = 1.0, inplace: bool = False) -> Parts:
    """Negative numbers bend towards -alpha."""
    x = number(input, call.index)
    bent = alpha * math.expm1(min(x, 0) / (alpha if call.node.kind == "celu" else 1))
    return shaped(call, input, x if x > 0 else bent, f"x if it is positive, else {alpha:g} (exp(x) - 1)")


@rule("softplus")
def softplus_rule(call: Call, input: Ref, beta: float = 1.0, threshold: float = 20.0) -> Parts:
    """A smooth relu."""
    x = number(input, call.index)
    return shaped(call, input, x if x * beta > threshold else softplus(beta * x) / beta, "log(1 + exp(x))")


@rule("pow")
def power(call: Call, input: Ref, exponent: Any) -> Parts:
    """X to a power."""
    n = number(exponent, call.index)
    x = number(input, call.index)
    parts = shaped(call, input, _safe(lambda base: math.pow(base, n), x), f"x to the power {n:g}")
    return Parts(parts.terms, parts.formula, parts.total, abs(n) * abs(parts.total or 0), parts.notes)


# Two numbers ----------------------------------------------------------------------------------------------------------


def operand(call: Call, thing: Any, weight: float = 1.0) -> Group:
    """Return a summand: a number of a tensor, or a plain one."""
    if isinstance(thing, Ref):
        shape = tuple(thing.tensor.shape)
        return call.group(thing, [place(shape, spread(shape, call.index))], [weight])
    return named(CONSTANT, float(thing), weight)


@rule("add", "radd")
def add(call: Call, input: Any, other: Any, *, alpha: float = 1) -> Parts:
    """The sum of two numbers."""
    return Parts(Terms([operand(call, input), operand(call, other, float(alpha))]), "one number + another")


@rule("sub", "subtract")
def subtract(call: Call, input: Any, other: Any, *, alpha: float = 1) -> Parts:
    """The difference of two numbers."""
    return Parts(Terms([operand(call, input), operand(call, other, -float(alpha))]), "one number - another")


@rule("rsub")
def subtract_from(call: Call, input: Any, other: Any, *, alpha: float = 1) -> Parts:
    """The difference the other way round."""
    return Parts(Terms([operand(call, other), operand(call, input, -float(alpha))]), "one number - another")


@rule("mul", "multiply", "rmul")
def multiply(call: Call, input: Any, other: Any) -> Parts:
    """One number times another."""
    first, second = (input, other) if isinstance(input, Ref) else (other, input)
    factor = number(second, call.index)
    terms = [operand(call, first, factor)]
    return Parts(Terms(terms), "one number x another", notes=_factor(call, second, factor))


@rule("div", "divide", "true_divide")
def divide(call: Call, input: Any, other: Any, *, rounding_mode: str | None = None) -> Parts:
    """One number over another."""
    if rounding_mode is not None:
        raise NotImplementedError(f"rounding_mode={rounding_mode!r}")
    x, y = number(input, call.index), number(other, call.index)
    return _quotient(call, input, other, x, y)


@rule("rdiv", "rtruediv")
def divide_by(call: Call, input: Any, other: Any) -> Parts:
    """The other number over this one."""
    return _quotient(call, other, input, number(other, call.index), number(input, call.index))


def _quotient(call: Call, above: Any, below: Any, x: float, y: float) -> Parts:
    total = x / y if y else math.nan if not x or math.isnan(x) else math.copysign(math.inf, x) * math.copysign(1, y)
    first = operand(call, above)
    terms = [Group(first.name, first.inputs, np.array([total]), None, first.places, first.shape)]
    return Parts(Terms(terms), "one number / another", total, abs(total), _factor(call, below, y))


def _factor(call: Call, thing: Any, value: float) -> tuple[tuple[str, Any], ...]:
    """Return where the second number comes from, as a note, since the term names the first."""
    if not isinstance(thing, Ref):
        return (("the other number", value),)
    group = operand(call, thing)
    return (("the other number", f"{value:.9g} from {group.source(0)}"),)


@rule("maximum", "minimum")
def larger(call: Call, input: Ref, other: Ref) -> Parts:
    """The larger, or the smaller, of two numbers; the first of two alike; NaN wins."""
    x, y = number(input, call.index), number(other, call.index)
    wins = math.isnan(x) or (not math.isnan(y) and (x >= y if call.node.kind == "maximum" else x <= y))
    weights = (1.0, 0.0) if wins else (0.0, 1.0)
    groups = [operand(call, thing, w) for thing, w in zip((input, other), weights, strict=True)]
    kept = [
        Group(g.name, g.inputs, np.where(g.weights == 0, 0.0, g.inputs), g.weights, g.places, g.shape) for g in groups
    ]
    return Parts(Terms(kept), f"the {'larger' if call.node.kind == 'maximum' else 'smaller'} of two numbers")


GATES = frozenset((
    *FUNCTIONS, "relu", "leaky_relu", "prelu", "hardtanh", "relu6", "clamp", "clip", "clamp_min", "clamp_max",
    "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout", "hardswish", "hardsigmoid", "gelu", "elu", "celu",
    "softplus", "pow",
))  # fmt: skip
"""Ops each number of whose result is made from the one number at its place."""
