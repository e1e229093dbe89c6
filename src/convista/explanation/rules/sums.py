"""Window x weights + bias: convolutions, their transposes, linear layers, matrix products, means and sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.explanation.recording import Ref
from convista.explanation.records import Group, Index, Parts, Terms
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, array, bias_group, place

Ints = NDArray[np.int64]


@rule("conv1d", "conv2d", "conv3d", "convolution")
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
    terms = [call.group(input, spots, array(weight.tensor)[filter_]), *biases(bias, filter_)]
    words = "x".join(map(str, kernel))
    return Parts(Terms(terms), f"{words} window of {per_group} channel{'s' * (per_group != 1)} x weights + bias")


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
    own = array(weight.tensor)[group * per_group : (group + 1) * per_group, out - group * filters]
    weights = own[np.ix_(range(per_group), *([a for a, _ in axis] for axis in taps))]
    terms = [call.group(input, spots, weights), *biases(bias, out)]
    return Parts(Terms(terms), f"the {pixels.size} inputs whose {'x'.join(map(str, kernel))} stamp lands here + bias")


@rule("linear")
def linear(call: Call, input: Ref, weight: Ref, bias: Ref | None = None) -> Parts:
    """A row of the weights times the input."""
    *rest, out = call.index
    size = input.tensor.shape[-1]
    start = place(tuple(input.tensor.shape), (*rest, 0))
    row = array(weight.tensor)[out] if weight.tensor.ndim > 1 else array(weight.tensor)
    terms = [call.group(input, start + np.arange(size), row), *biases(bias, out)]
    return Parts(Terms(terms), f"{size} inputs x weights + bias")


@rule("matmul", "bmm", "mm", "mv", "dot")
def product(call: Call, input: Ref, other: Ref) -> Parts:
    """A row times a column."""
    return Parts(Terms([_row_by_column(call, input, other, call.index)]), "row x column")


@rule("addmm", "baddbmm")
def added_product(call: Call, input: Ref, first: Ref, second: Ref, *, beta: float = 1, alpha: float = 1) -> Parts:
    """A number plus a row times a column."""
    from convista.explanation.rules.call import spread

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
    there = _stacked(a[:-2], stack) if len(a) > 2 else ()
    here = _stacked(b[:-2], stack) if len(b) > 2 else ()
    start = place(a, (*there, *row, 0))
    at: tuple[Any, ...] = (*here, slice(None), *col)
    weights = array(right.tensor)[at]
    return call.group(left, start + inner, np.asarray(weights, np.float64) * factor)


def _stacked(shape: Index, index: Index) -> Index:
    own = index[len(index) - len(shape) :] if shape else ()
    return tuple(0 if size == 1 else at for size, at in zip(shape, own, strict=True))


@rule("einsum")
def einsum(call: Call, equation: str, *operands: Any) -> Parts:
    """The products that the equation sums for this number, of two tensors or of one."""
    refs = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else list(operands)
    text = equation.replace(" ", "")
    if "->" not in text or "..." in text or len(refs) > 2:
        raise NotImplementedError(f"einsum {equation!r}")
    left, _, right = text.partition("->")
    letters = left.split(",")
    sizes = {
        letter: size
        for word, ref in zip(letters, refs, strict=True)
        for letter, size in zip(word, ref.tensor.shape, strict=True)
    }
    fixed = dict(zip(right, call.index, strict=True))
    inner = [letter for letter in sizes if letter not in fixed]
    grid = np.meshgrid(*(np.arange(sizes[letter]) for letter in inner), indexing="ij") if inner else []
    at = fixed | dict(zip(inner, (axis.ravel() for axis in grid), strict=True))
    count = int(np.prod([sizes[letter] for letter in inner])) if inner else 1
    spots = [
        np.ravel_multi_index([np.broadcast_to(at[letter], count) for letter in word], tuple(ref.tensor.shape))
        for word, ref in zip(letters, refs, strict=True)
    ]
    weights = None if len(refs) == 1 else array(refs[1].tensor).reshape(-1)[spots[1]]
    return Parts(Terms([call.group(refs[0], spots[0], weights)]), f"the products of {equation} for this number")


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


# What windows have in common ------------------------------------------------------------------------------------------


def per_axis(value: Any, dims: int) -> tuple[int, ...]:
    """Return a number for each axis.

    >>> per_axis(2, 2), per_axis((1, 3), 2), per_axis([4], 2)
    ((2, 2), (1, 3), (4, 4))
    """
    if not isinstance(value, Sequence):
        return (int(value),) * dims
    return tuple(map(int, value)) if len(value) == dims else (int(value[0]),) * dims


def pads(padding: Any, kernel: Index, dilation: Index) -> tuple[int, ...]:
    """Return the padding in front of each axis; of "same" the odd pixel goes behind.

    >>> pads("same", (4,), (1,)), pads("valid", (3,), (1,)), pads(1, (3, 3), (1, 1))
    ((1,), (0,), (1, 1))
    """
    if padding == "same":
        return tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    return per_axis(0 if padding == "valid" else padding, len(kernel))


def batched(ref: Ref, dims: int) -> tuple[int, ...]:
    """Return the shape of a tensor with samples in front, also where there are none."""
    shape = tuple(ref.tensor.shape)
    return shape if len(shape) == dims + 2 else (1, *shape)


def index_of(call: Call, dims: int) -> Index:
    """Return the index with the sample in front, also where there is none."""
    return call.index if len(call.index) == dims + 2 else (0, *call.index)


def window_places(sizes: Sequence[int], axes: Sequence[Ints]) -> Ints:
    """Return the places of a window in one flattened channel, row by row; -1 where it is outside.

    >>> window_places([3, 3], [np.array([-1, 0]), np.array([0, 1])]).tolist()
    [-1, -1, 0, 1]
    """
    places = np.zeros((1,) * len(sizes), np.int64)
    inside = np.ones((1,) * len(sizes), bool)
    for number, (size, axis) in enumerate(zip(sizes, axes, strict=True)):
        shape = [1] * len(sizes)
        shape[number] = axis.size
        places = places * size + axis.reshape(shape)
        inside = inside & ((axis >= 0) & (axis < size)).reshape(shape)
    return np.where(inside, places, -1).ravel()


def channel_places(places: Ints, channels: range, sizes: Sequence[int]) -> Ints:
    """Return the same places in each of these channels: (channels, places)."""
    starts = np.arange(channels.start, channels.stop, dtype=np.int64) * int(np.prod(sizes))
    return starts[:, None] + places


def along(shape: Index, dim: Any, index: Index, keepdim: bool) -> Ints:
    """Return the places that a reduction over `dim` brings to one number.

    >>> along((2, 3), 1, (1,), False).tolist(), along((2, 3), None, (), False).tolist()
    ([3, 4, 5], [0, 1, 2, 3, 4, 5])
    """
    axes = range(len(shape)) if dim is None or dim == () else [dim] if isinstance(dim, int) else dim
    gone = {axis % len(shape) for axis in axes} if shape else set()
    kept = iter(index)
    grid: list[Any] = []
    for axis, size in enumerate(shape):
        at = None if axis in gone and not keepdim else next(kept)
        grid.append(np.arange(size) if axis in gone else np.array([at]))
    return np.ravel_multi_index(np.ix_(*grid), shape).ravel() if shape else np.zeros(1, np.int64)


def biases(bias: Ref | None, number: int) -> list[Group]:
    """Return the bias of a filter as a group, or nothing."""
    return [] if bias is None else [bias_group(float(array(bias.tensor)[number]))]
