"""Functions of one number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convista.explanation.node import Ref
from convista.explanation.records import Parts
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, number
from convista.explanation.rules.gates import shaped


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
    "log": (lambda x: math.log(x) if x else -math.inf, "log(x)"),
    "sqrt": (math.sqrt, "the square root of x"),
    "rsqrt": (lambda x: 1 / math.sqrt(x), "1 / the square root of x"),
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
    total = _safe(applied, x)
    return shaped(call, input, total, words, scale=abs(total) + _steepness(applied, x))


def _steepness(applied: Callable[[float], float], x: float) -> float:
    """Return |x f'(x)|: how far f moves when x is a rounding away."""
    step = 1e-6
    rise = _safe(applied, x * (1 + step)) - _safe(applied, x * (1 - step))
    return abs(rise) / (2 * step) if math.isfinite(rise) else 0.0


def _safe(applied: Callable[[float], float], x: float) -> float:
    if math.isnan(x):
        return x
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
        share = 0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
        return shaped(call, input, x * share, "x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2", (("gate", share),))
    share = 0.5 * (1 + math.erf(x / math.sqrt(2)))
    return shaped(call, input, x * share, "x times the share of a normal distribution below x", (("gate", share),))


@rule("elu", "celu")
def elu(call: Call, input: Ref, alpha: float = 1.0, inplace: bool = False) -> Parts:
    """Negative numbers bend towards -alpha."""
    x = number(input, call.index)
    width = alpha if call.node.kind == "celu" else 1.0
    bent = alpha * math.expm1(min(x, 0) / width)
    inner = "x" if width == 1 else f"x / {width:g}"
    return shaped(call, input, x if x > 0 else bent, f"x if it is positive, else {alpha:g} (exp({inner}) - 1)")


@rule("softplus")
def softplus_rule(call: Call, input: Ref, beta: float = 1.0, threshold: float = 20.0) -> Parts:
    """A smooth relu."""
    x = number(input, call.index)
    words = "log(1 + exp(x))" if beta == 1 else f"log(1 + exp({beta:g} x)) / {beta:g}"
    return shaped(call, input, x if x * beta > threshold else softplus(beta * x) / beta, words)


@rule("pow")
def power(call: Call, input: Ref, exponent: Any) -> Parts:
    """X to a power."""
    n = number(exponent, call.index)
    x = number(input, call.index)
    total = _safe(lambda base: math.pow(base, n), x)
    return shaped(call, input, total, f"x to the power {n:g}", scale=(1 + abs(n)) * abs(total))


GATES = frozenset((
    *FUNCTIONS, "relu", "leaky_relu", "prelu", "hardtanh", "relu6", "clamp", "clip", "clamp_min", "clamp_max",
    "threshold", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout", "alpha_dropout", "hardswish",
    "hardsigmoid", "gelu", "elu", "celu", "softplus", "pow",
))  # fmt: skip
"""Ops each number of whose result is made from the one number at its place."""
