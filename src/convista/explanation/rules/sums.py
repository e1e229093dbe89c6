"""Window x weights + bias: convolutions, their transposes, linear layers, matrix products, means and sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from convista.explanation.node import Ref
from convista.explanation.records import Group, Index, Parts, Terms
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, Ints, array, place, spread
from convista.explanation.rules.windows import (
    along,
    batched,
    biases,
    channel_places,
    index_of,
    pads,
    per_axis,
    window_places,
)  # fmt: skip

PLUS = " + bias"


@rule("conv1d", "conv2d", "conv3d")
def convolution(
    call: Call, input: Ref, weight: Ref, bias: Ref | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Parts:  # fmt: skip
    """One window of the input, all channels of the filter's group, times the filter: cross-correlation."""
    kernel = tuple(weight.tensor.shape[2:])
    dims = len(kernel)
    strides, dilations = per_axis(stride, dims), per_axis(dilation, dims)
    before = pads(padding, kernel, dilations)
    _, channels, *sizes = batched(input, dims)
    sample, filter_, *where = index_of(call, dims)
    per_group = channels // groups
    first = filter_ // (weight.tensor.shape[0] // groups) * per_group
    axes = [
        np.arange(k) * d + w * s - b for k, d, w, s, b in zip(kernel, dilations, where, strides, before, strict=True)
    ]
    places = window_places(sizes, axes)  # (taps): in one channel, -1 outside
    spots = channel_places(places, range(first, first + per_group), sizes) + sample * channels * int(np.prod(sizes))
    spots = np.where(np.broadcast_to(places, (per_group, places.size)) < 0, -1, spots)
    factor = call.factor(weight, lambda all_: all_[filter_])
    terms = [call.group(input, spots, array(weight.tensor[filter_]), factor=factor), *biases(bias, filter_)]
    words = f"{'x'.join(map(str, kernel))} window of {per_group} channel{'s' * (per_group != 1)} x weights"
    return Parts(Terms(terms), words + PLUS * (bias is not None))


@rule("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed(
    call: Call, input: Ref, weight: Ref, bias: Ref | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Parts:  # fmt: skip
    """Every input pixel whose stamp of the kernel covers this place: i = s y + d a - p."""
    kernel = tuple(weight.tensor.shape[2:])
    dims = len(kernel)
    strides, dilations, before = (per_axis(value, dims) for value in (stride, dilation, padding))
    _, channels, *sizes = batched(input, dims)
    sample, out, *where = index_of(call, dims)
    per_group, filters = channels // groups, weight.tensor.shape[1]
    group = out // filters
    taps = [
        [(a, (w + p - a * d) // s) for a in range(k) if (w + p - a * d) % s == 0 and 0 <= (w + p - a * d) // s < size]
        for k, d, w, s, p, size in zip(kernel, dilations, where, strides, before, sizes, strict=True)
    ]
    pixels = window_places(sizes, [np.array([y for _, y in axis], np.int64) for axis in taps])
    spots = channel_places(pixels, range(group * per_group, (group + 1) * per_group), sizes)
    spots = spots + sample * channels * int(np.prod(sizes))
    own = (slice(group * per_group, (group + 1) * per_group), out - group * filters)
    grid = np.ix_(range(per_group), *([a for a, _ in axis] for axis in taps))
    factor = call.factor(weight, lambda all_: all_[own][grid])
    terms = [call.group(input, spots, array(weight.tensor[own])[grid], factor=factor), *biases(bias, out)]
    words = f"the {pixels.size * per_group} inputs whose {'x'.join(map(str, kernel))} stamp lands here x weights"
    return Parts(Terms(terms), words + PLUS * (bias is not None))


@rule("linear")
def linear(call: Call, input: Ref, weight: Ref, bias: Ref | None = None) -> Parts:
    """A row of the weights times the input."""
    if weight.tensor.ndim == 1:
        raise NotImplementedError("weights of one row")
    *rest, out = call.index
    size = input.tensor.shape[-1]
    start = place(tuple(input.tensor.shape), (*rest, 0))
    factor = call.factor(weight, lambda all_: all_[out])
    row = call.group(input, start + np.arange(size), array(weight.tensor[out]), factor=factor)
    return Parts(Terms([row, *biases(bias, out)]), f"{size} inputs x weights" + PLUS * (bias is not None))


@rule("matmul", "bmm", "mm", "mv", "dot")
def product(call: Call, input: Ref, other: Ref) -> Parts:
    """A row times a column."""
    return Parts(Terms([_row_by_column(call, input, other, call.index)]), "row x column")


@rule("addmm", "baddbmm")
def added_product(call: Call, input: Ref, first: Ref, second: Ref, *, beta: float = 1, alpha: float = 1) -> Parts:
    """A number plus a row times a column."""
    shape = tuple(input.tensor.shape)
    own = call.group(input, [place(shape, spread(shape, call.index))], [float(beta)])
    row = _row_by_column(call, first, second, call.index, float(alpha))
    return Parts(Terms([own, row]), "a number + row x column")


def _row_by_column(call: Call, left: Ref, right: Ref, index: Index, factor: float = 1.0) -> Group:
    """Return the terms of one number of a matrix product, stacked or not."""
    a, b = tuple(left.tensor.shape), tuple(right.tensor.shape)
    inner = np.arange(a[-1])
    stack = index[: len(index) - (len(a) > 1) - (len(b) > 1)]
    row = index[len(stack) : len(stack) + 1] if len(a) > 1 else ()
    col = index[-1:] if len(b) > 1 else ()
    there, here = spread(a[:-2], stack), spread(b[:-2], stack)
    start = place(a, (*there, *row, 0))
    at: tuple[Any, ...] = (*here, slice(None), *col)
    weights = np.asarray(array(right.tensor)[at], np.float64) * factor
    return call.group(left, start + inner, weights, factor=call.factor(right, lambda all_: all_[at]))


@rule("einsum")
def einsum(call: Call, equation: str, *operands: Any) -> Parts:
    """The products that the equation sums for this number, of two tensors or of one."""
    refs = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else list(operands)
    if "->" not in equation or "..." in equation or len(refs) > 2:
        raise NotImplementedError(f"einsum {equation!r}")
    spots = _summed(equation.replace(" ", ""), [tuple(ref.tensor.shape) for ref in refs], call.index)
    words = f"the products of {equation} for this number"
    if len(refs) == 1:
        return Parts(Terms([call.group(refs[0], spots[0])]), words)
    weights = array(refs[1].tensor).reshape(-1)[spots[1]]
    factor = call.factor(refs[1], lambda all_: all_.ravel()[spots[1]])
    return Parts(Terms([call.group(refs[0], spots[0], weights, factor=factor)]), words)


def _summed(equation: str, shapes: list[Index], index: Index) -> list[Ints]:
    """Return for each operand the places of the numbers that meet in one number of the result, in the same order.

    >>> [places.tolist() for places in _summed("ij,jk->ik", [(2, 3), (3, 2)], (1, 0))]
    [[3, 4, 5], [0, 2, 4]]
    """
    left, _, right = equation.partition("->")
    words = left.split(",")
    sizes = {
        letter: size
        for word, shape in zip(words, shapes, strict=True)
        for letter, size in zip(word, shape, strict=True)
    }
    inner = [letter for letter in sizes if letter not in right]
    grid = np.indices([sizes[letter] for letter in inner]).reshape(len(inner), -1)
    at = dict(zip(right, index, strict=True)) | dict(zip(inner, grid, strict=True))
    count = grid.shape[1] if inner else 1
    return [
        np.asarray(np.ravel_multi_index([np.broadcast_to(at[letter], count) for letter in word], shape)) if word
        else np.zeros(count, np.int64)
        for word, shape in zip(words, shapes, strict=True)
    ]  # fmt: skip


@rule("mean", "sum")
def reduction(
    call: Call, input: Ref, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None
) -> Parts:
    """All numbers along the axes, each times one over their count for a mean."""
    shape = tuple(input.tensor.shape)
    spots = along(shape, axis if dim is None else dim, call.index, keepdim)
    weight = 1 / spots.size if call.node.kind == "mean" else 1.0
    words = f"{'mean' if call.node.kind == 'mean' else 'sum'} of {spots.size} numbers"
    notes = (("divisor", spots.size),) if call.node.kind == "mean" else ()
    return Parts(Terms([call.group(input, spots, np.full(spots.size, weight))]), words, notes=notes)
