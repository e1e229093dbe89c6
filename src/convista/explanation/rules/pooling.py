"""Windows of which one number wins, or all count alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from convista.explanation.node import Ref
from convista.explanation.records import Index, Parts, Terms
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, Ints
from convista.explanation.rules.pairs import larger
from convista.explanation.rules.windows import along, batched, index_of, per_axis, window_places


@rule(
    "max_pool1d", "max_pool2d", "max_pool3d", "max_pool1d_with_indices", "max_pool2d_with_indices",
    "max_pool3d_with_indices",
)  # fmt: skip
def max_pool(
    call: Call, input: Ref, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,  # they change the shape, not a number
) -> Parts:  # fmt: skip
    """The largest number of a window; the first of several alike; padding never wins, NaN does."""
    dims = _dims(call)
    kernel, dilations, before = (per_axis(value, dims) for value in (kernel_size, dilation, padding))
    strides = per_axis(stride, dims) if stride not in (None, [], ()) else kernel
    sizes, where = batched(input, dims)[2:], index_of(call, dims)
    axes = [
        np.arange(k) * d + w * s - b
        for k, d, w, s, b in zip(kernel, dilations, where[2:], strides, before, strict=True)
    ]
    places = window_places(sizes, axes)
    return _best(call, input, _spots(input, places, sizes, where), places)


@rule(
    "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d_with_indices",
)  # fmt: skip
def adaptive_max_pool(call: Call, input: Ref, output_size: Any, return_indices: bool = False) -> Parts:
    """The largest number of a window whose size varies."""
    dims = _dims(call)
    sizes, where = batched(input, dims)[2:], index_of(call, dims)
    places = window_places(sizes, _adaptive(call, sizes, where[2:]))
    return _best(call, input, _spots(input, places, sizes, where), places)


@rule("max", "amax", "min", "amin")
def extreme(call: Call, input: Ref, dim: Any = None, keepdim: bool = False) -> Parts:
    """The largest, or the smallest, number along an axis."""
    if isinstance(dim, Ref):  # torch.max of two tensors
        return larger(call, input, dim)
    spots = along(tuple(input.tensor.shape), dim, call.index, keepdim)
    return _best(call, input, spots, np.arange(spots.size), smallest="min" in call.node.kind)


@rule("avg_pool1d", "avg_pool2d", "avg_pool3d")
def avg_pool(
    call: Call, input: Ref, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Parts:  # fmt: skip
    """The mean of a window; the divisor says whether padding counts."""
    dims = _dims(call)
    kernel, before = per_axis(kernel_size, dims), per_axis(padding, dims)
    strides = per_axis(stride, dims) if stride not in (None, [], ()) else kernel
    sizes, where = batched(input, dims)[2:], index_of(call, dims)
    starts = [w * s - b for w, s, b in zip(where[2:], strides, before, strict=True)]
    # With ceil_mode a window may run past the padded edge, and what is there doesn't count even as padding.
    ends = [min(start + k, size + b) for start, k, size, b in zip(starts, kernel, sizes, before, strict=True)]
    places = window_places(sizes, [np.arange(start, end) for start, end in zip(starts, ends, strict=True)])
    divisor = divisor_override or (places.size if count_include_pad else int((places >= 0).sum()))
    rule_of = (
        "divisor_override" if divisor_override else "padding counts" if count_include_pad else "padding doesn't count"
    )
    return _mean(call, input, places, sizes, where, divisor, f"{divisor} ({rule_of}{', ceil_mode' * ceil_mode})")


@rule("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
def adaptive_avg_pool(call: Call, input: Ref, output_size: Any) -> Parts:  # the result's shape says it
    """The mean of a window whose size varies."""
    dims = _dims(call)
    sizes, where = batched(input, dims)[2:], index_of(call, dims)
    places = window_places(sizes, _adaptive(call, sizes, where[2:]))
    return _mean(call, input, places, sizes, where, places.size, f"{places.size} (the window's size)")


def _dims(call: Call) -> int:
    return int(call.node.kind.partition("d_with")[0].rstrip("d")[-1])


def _adaptive(call: Call, sizes: Index, where: Index) -> list[Ints]:
    """Return the windows floor(i H / O) .. ceil((i + 1) H / O)."""
    outs = call.node.shape[-len(sizes) :]
    return [
        np.arange(at * size // out, -(-(at + 1) * size // out))
        for at, size, out in zip(where, sizes, outs, strict=True)
    ]


def _spots(input: Ref, places: Ints, sizes: Index, where: Index) -> Ints:
    """Return places in one channel as places in the whole tensor."""
    channels = batched(input, len(sizes))[1]
    start = (where[0] * channels + where[1]) * int(np.prod(sizes))
    return np.where(places < 0, -1, places + start)


def _mean(call: Call, input: Ref, places: Ints, sizes: Index, where: Index, divisor: int, words: str) -> Parts:
    terms = [call.group(input, _spots(input, places, sizes, where), np.full(places.size, 1 / divisor))]
    return Parts(Terms(terms), f"mean of a window: its numbers / {divisor}", notes=(("divisor", words),))


def _best(call: Call, input: Ref, spots: Ints, numbers: Ints, *, smallest: bool = False) -> Parts:
    """Return the window with the weight 1 for who wins, 0 for all others; padding is as low as can be.

    The second result of such an op is the winner's number, out of `numbers`.
    """
    inside = spots >= 0
    values = call.group(input, spots).inputs
    own = np.flatnonzero(inside)
    ranked = -values[own] if smallest else values[own]
    best = int(own[np.argmax(ranked)])  # of NumPy's argmax, too, the first of several alike and NaN win
    weights = np.zeros(spots.size)
    weights[best] = 1
    group = call.group(input, spots, weights, np.where(weights > 0, values, 0.0))
    shown = replace(group, inputs=np.where(inside, values, -np.inf))
    notes = (("winner", f"{values[best]:.9g} from {shown.source(best)}"),)
    if call.slot:
        return Parts(Terms([shown]), "where the winner is", float(numbers[best]), notes=notes)
    return Parts(Terms([shown]), f"the {'smallest' if smallest else 'largest'} of {int(inside.sum())} numbers",
                 notes=notes)  # fmt: skip
