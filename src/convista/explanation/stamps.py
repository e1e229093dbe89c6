"""Masks taken back through windows: each marked number stamps the window that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from convista.explanation.field import Mask
from convista.explanation.node import Node, Ref
from convista.explanation.rules.preparing import border, triangle
from convista.explanation.rules.windows import pads, per_axis

Read = list[tuple[Ref, Mask]]


def convolved(node: Node, slot: int, mask: Mask) -> Read:
    """Read each window, in all channels of the filter's group."""
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    told = dict(zip(names, node.args, strict=False)) | node.kwargs
    ref, weight, groups = told["input"], told["weight"], told.get("groups", 1)
    kernel = tuple(weight.tensor.shape[2:])
    dilation = per_axis(told.get("dilation", 1), len(kernel))
    before = pads(told.get("padding", 0), kernel, dilation)
    shape = tuple(ref.tensor.shape)
    own = _grouped(mask.reshape(-1, *mask.shape[-len(kernel) - 1 :]), groups)
    found = stamped(own, kernel, per_axis(told.get("stride", 1), len(kernel)), before, dilation, shape[-len(kernel) :])
    return [(ref, _ungrouped(found, shape)), *_whole(node.refs[1:])]


def transposed(node: Node, slot: int, mask: Mask) -> Read:
    """Read every pixel whose stamp lands on a marked number: a convolution of the mask itself."""
    names = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
    told = dict(zip(names, node.args, strict=False)) | node.kwargs
    ref, weight, groups = told["input"], told["weight"], told.get("groups", 1)
    kernel = tuple(weight.tensor.shape[2:])
    dims = len(kernel)
    strides, before, spread = (
        per_axis(told.get(n, d), dims) for n, d in (("stride", 1), ("padding", 0), ("dilation", 1))
    )
    shape = tuple(ref.tensor.shape)
    own = _grouped(mask.reshape(-1, *mask.shape[-dims - 1 :]), groups)
    needed = [(y - 1) * s + d * (k - 1) + 1 for y, s, d, k in zip(shape[-dims:], strides, spread, kernel, strict=True)]
    edges = [(p, n - p - o) for p, n, o in zip(before, needed, own.shape[2:], strict=True)]
    padded = functional.pad(_floats(own), [side for pair in reversed(edges) for side in pair])
    ones = torch.ones((groups, 1, *kernel))
    found = _by_dims("conv", dims)(padded, ones, stride=strides, dilation=spread, groups=groups).numpy() > 0
    return [(ref, _ungrouped(found, shape)), *_whole(node.refs[1:])]


def pooled(node: Node, slot: int, mask: Mask) -> Read:
    """Read each window, in the same channel."""
    dilated = node.kind.startswith("max")
    names = ("input", "kernel_size", "stride", "padding", "dilation" if dilated else "ceil_mode")
    told = dict(zip(names, node.args, strict=False)) | node.kwargs
    ref, dims = told["input"], int(node.kind.partition("pool")[2][0])
    kernel = per_axis(told["kernel_size"], dims)
    strides = kernel if told.get("stride") in (None, [], ()) else per_axis(told["stride"], dims)
    before, spread = per_axis(told.get("padding", 0), dims), per_axis(told.get("dilation", 1) if dilated else 1, dims)
    shape = tuple(ref.tensor.shape)
    found = stamped(mask.reshape(-1, 1, *mask.shape[-dims:]), kernel, strides, before, spread, shape[-dims:])
    return [(ref, found.reshape(shape))]


def pooled_adaptively(node: Node, slot: int, mask: Mask) -> Read:
    """Read each window, whose size varies."""
    ref, dims = node.refs[0], int(node.kind.partition("pool")[2][0])
    shape, own = tuple(ref.tensor.shape), mask
    for axis in range(mask.ndim - dims, mask.ndim):
        size, out = shape[axis], mask.shape[axis]
        windows = [np.arange(at * size // out, -(-(at + 1) * size // out)) for at in range(out)]
        own = along_axis(own, axis, windows, size)
    return [(ref, own)]


def prepared(node: Node, slot: int, mask: Mask) -> Read:
    """Read what a step of an image's preparation reads."""
    ref = node.refs[0]
    shape = tuple(ref.tensor.shape)
    if node.kind == "resize":
        axis = node.kwargs["axis"]
        windows = [triangle(at, shape[axis], mask.shape[axis])[0] for at in range(mask.shape[axis])]
        return [(ref, along_axis(mask, axis, windows, shape[axis]))]
    if node.kind == "frame":
        top, left = node.kwargs["top"], node.kwargs["left"]
        own = mask[:, :, top : top + shape[2], left : left + shape[3]].copy()
        around = mask.sum(axis=(2, 3)) > own.sum(axis=(2, 3))
        for place in zip(*np.nonzero(around), strict=True):
            own |= border(shape, (int(place[0]), int(place[1])))
        return [(ref, own)]
    if node.kind in ("grey", "channels"):
        return [(ref, np.broadcast_to(mask.any(axis=1, keepdims=True), shape))]
    return [(ref, mask)]


def stamped(
    mask: Mask, kernel: Sequence[int], stride: Sequence[int], before: Sequence[int], dilation: Sequence[int],
    sizes: Sequence[int],
) -> Mask:  # fmt: skip
    """Return which pixels the windows of marked numbers cover, each channel on its own; (samples, channels, ...).

    >>> stamped(np.array([[[False, True]]]), (2,), (2,), (1,), (1,), (4,)).tolist()
    [[[False, True, True, False]]]
    """
    channels, dims = mask.shape[1], len(kernel)
    ones = torch.ones((channels, 1, *kernel))
    stamps = _by_dims("conv_transpose", dims)(
        _floats(mask), ones, stride=tuple(stride), dilation=tuple(dilation), groups=channels
    ).numpy()
    found = np.zeros((*mask.shape[:2], *sizes), bool)
    seen = [
        slice(0, max(min(size, whole - b), 0)) for size, whole, b in zip(sizes, stamps.shape[2:], before, strict=True)
    ]
    cut = [slice(b, b + part.stop) for b, part in zip(before, seen, strict=True)]
    found[(..., *seen)] = stamps[(..., *cut)] > 0
    return found


def along_axis(mask: Mask, axis: int, windows: Sequence[Any], size: int) -> Mask:
    """Return which places along an axis the windows of marked numbers cover.

    >>> along_axis(np.array([True, False]), 0, [[0, 1], [1, 2]], 3).tolist()
    [True, True, False]
    """
    table = np.zeros((len(windows), size), np.float32)
    for at, window in enumerate(windows):
        table[at, window] = 1
    found = np.tensordot(mask.astype(np.float32), table, axes=(axis, 0))
    return np.moveaxis(found, -1, axis) > 0


def _grouped(mask: Mask, groups: int) -> Mask:
    """Mark a group of filters where one of it is marked."""
    return np.asarray(mask.reshape(mask.shape[0], groups, -1, *mask.shape[2:]).any(axis=2))


def _ungrouped(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Mark all channels of a group; `shape` is the input's, with or without samples."""
    dims = mask.ndim - 2
    return np.repeat(mask, shape[-dims - 1] // mask.shape[1], axis=1).reshape(shape)


def _whole(refs: Sequence[Ref]) -> Read:
    """Mark all of the weights that are another node's."""
    return [(ref, np.ones(tuple(ref.tensor.shape), bool)) for ref in refs if ref.node is not None]


def _floats(mask: Mask) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(mask, np.float32))


def _by_dims(word: str, dims: int) -> Any:
    return getattr(functional, f"{word}{dims}d")
