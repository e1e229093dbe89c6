"""Arithmetic of two numbers, one of which may be a plain one."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from convista.explanation.node import CONSTANT, Ref
from convista.explanation.records import Group, Parts, Places, Terms
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, named, number, place, spread


def operand(call: Call, thing: Any, weight: float = 1.0, other: Any = None) -> Group:
    """Return a number of a tensor, or a plain one, times a weight, which may come from a node, too."""
    factor = spot(call, other) if isinstance(other, Ref) else None
    if isinstance(thing, Ref):
        shape = tuple(thing.tensor.shape)
        return call.group(thing, [place(shape, spread(shape, call.index))], [weight], factor=factor)
    return replace(named(CONSTANT, float(thing), weight), factor=factor)


def spot(call: Call, ref: Ref) -> Places | None:
    """Return where the number of a tensor is that meets the one asked for; None of a tensor that is no node's."""
    shape = tuple(ref.tensor.shape)
    if ref.node is None:
        return None
    return Places(call.name(ref), shape, np.array([place(shape, spread(shape, call.index))]))


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
    # The term is a node's number, if one of the two is, and the other its weight.
    swapped = not isinstance(input, Ref) or (input.node is None and isinstance(other, Ref))
    first, second = (other, input) if swapped else (input, other)
    return Parts(Terms([operand(call, first, number(second, call.index), second)]), "one number x another")


@rule("div", "divide", "true_divide")
def divide(call: Call, input: Any, other: Any, *, rounding_mode: str | None = None) -> Parts:
    """One number over another."""
    if rounding_mode is not None:
        raise NotImplementedError(f"rounding_mode={rounding_mode!r}")
    return _quotient(call, input, other)


@rule("rdiv", "rtruediv")
def divide_by(call: Call, input: Any, other: Any) -> Parts:
    """The other number over this one."""
    return _quotient(call, other, input)


def _quotient(call: Call, above: Any, below: Any) -> Parts:
    """Return x / y as x times 1 / y, but with the total of a division, which is rounded once."""
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = np.float64(number(above, call.index)), np.float64(number(below, call.index))
        total, share = float(x / y), float(1 / y)
    parts = Terms([operand(call, above, share, below)])
    return Parts(parts, "one number / another", total, abs(total), (("divisor", float(y)),))


COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "gt": (operator.gt, ">"), "ge": (operator.ge, ">="), "lt": (operator.lt, "<"), "le": (operator.le, "<="),
    "eq": (operator.eq, "="), "ne": (operator.ne, "not ="),
}  # fmt: skip


@rule(*COMPARISONS)
def compare(call: Call, input: Any, other: Any) -> Parts:
    """1 where a comparison holds, 0 where it doesn't."""
    holds, sign = COMPARISONS[call.node.kind]
    total = float(holds(number(input, call.index), number(other, call.index)))
    kept = [replace(operand(call, thing), products=np.full(1, part)) for thing, part in ((input, total), (other, 0.0))]
    return Parts(Terms(kept), f"1 if one number {sign} another, else 0")


@rule("maximum", "minimum")
def larger(call: Call, input: Ref, other: Ref) -> Parts:
    """The larger, or the smaller, of two numbers; the first of two alike; NaN wins."""
    x, y, largest = number(input, call.index), number(other, call.index), call.node.kind.startswith("max")
    wins = math.isnan(x) or (not math.isnan(y) and (x >= y if largest else x <= y))
    groups = [operand(call, thing, float(own)) for thing, own in ((input, wins), (other, not wins))]
    kept = [replace(group, products=np.where(group.weights == 0, 0.0, group.inputs)) for group in groups]
    return Parts(Terms(kept), f"the {'larger' if largest else 'smaller'} of two numbers")
