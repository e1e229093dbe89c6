"""Where the numbers of a window, or of a row, lie in a flattened tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convista.explanation.node import Ref
from convista.explanation.records import Group, Index
from convista.explanation.rules.call import Call, Ints, array, bias_group


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
