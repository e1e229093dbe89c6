"""A number that passes, whole, in part or not at all: rectifiers, limits, dropout."""

from __future__ import annotations

import math
from typing import Any

from convista.explanation.node import Ref
from convista.explanation.records import Notes, Parts, Terms
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, array, number, place


def gate(x: float, factor: float, words: str, call: Call, input: Ref) -> Parts:
    """Return what passes a gate: the number times a factor."""
    terms = [
        call.group(input, [place(tuple(input.tensor.shape), call.index)], [factor], [x * factor if factor else 0.0])
    ]
    return Parts(Terms(terms), words, total=math.nan if math.isnan(x) else None, scale=abs(x))


def shaped(
    call: Call, input: Ref, total: float, words: str, notes: Notes = (), scale: float | None = None
) -> Parts:  # fmt: skip
    """Return a function's value of one number; unless told, its roundings are relative to the larger of the two."""
    x = number(input, call.index)
    terms = [call.group(input, [place(tuple(input.tensor.shape), call.index)], products=[total])]
    return Parts(Terms(terms), words, total, max(abs(x), abs(total)) if scale is None else scale, notes)


@rule("relu")
def relu(call: Call, input: Ref, inplace: bool = False) -> Parts:
    """Positive numbers pass, others become 0."""
    x = number(input, call.index)
    return gate(x, 1.0 if x > 0 or math.isnan(x) else 0.0, "the number if it is positive, else 0", call, input)


@rule("threshold")
def threshold(call: Call, input: Ref, threshold: float, value: float, inplace: bool = False) -> Parts:
    """Numbers above a threshold pass, others become a fixed one."""
    x = number(input, call.index)
    return shaped(
        call, input, value if x <= threshold else x, f"the number if it is over {threshold:g}, else {value:g}"
    )


@rule("leaky_relu")
def leaky_relu(call: Call, input: Ref, negative_slope: float = 0.01, inplace: bool = False) -> Parts:
    """Negative numbers pass by a slope."""
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
    kept = call.value != 0
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
