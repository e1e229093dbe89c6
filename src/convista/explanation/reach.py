"""Which numbers an output depends on: a mask of a result taken back to masks of the op's inputs.

The arithmetic alone counts, not what the weights happen to be: a weight of zero still reads its pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils._pytree import tree_leaves, tree_map_only

from convista.explanation.recording import REWRITTEN, Node, Ref
from convista.explanation.rules.moves import LINEAR, MOVES, origins
from convista.explanation.rules.pointwise import GATES

Mask = NDArray[np.bool_]

POOLS = {f"max_pool{n}d": getattr(functional, f"avg_pool{n}d") for n in (1, 2, 3)}
ADAPTIVE = {f"adaptive_max_pool{n}d": getattr(functional, f"adaptive_avg_pool{n}d") for n in (1, 2, 3)}
FUNCTIONAL = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div}
"""In place of ops that may write into their first argument, which is a leaf here."""
SUMS = frozenset((
    "conv1d", "conv2d", "conv3d", "convolution", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "linear",
    "matmul", "bmm", "mm", "mv", "dot", "addmm", "baddbmm", "einsum", "mean", "sum", "avg_pool1d", "avg_pool2d",
    "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "add", "radd", "sub", "subtract",
    "rsub", "mul", "multiply", "rmul", "div", "divide", "true_divide", "rdiv", "maximum", "minimum", *POOLS, *ADAPTIVE,
    *LINEAR,
))  # fmt: skip
"""Ops whose every product counts where all numbers are one, so that a gradient tells what they read."""
ALONG = ("softmax", "log_softmax", "max", "amax", "min", "amin", "cumsum", "sort")


def back(node: Node, masks: dict[int, Mask]) -> dict[tuple[int, int], Mask]:
    """Return what an op's results of these masks (by slot) depend on: masks by (node, slot).

    An op whose arithmetic is not known is taken to depend on all of its inputs.
    """
    found: dict[tuple[int, int], Mask] = {}
    for slot, mask in masks.items():
        for ref, own in _of_slot(node, slot, mask):
            if ref.node is not None:
                key = ref.node, ref.slot
                found[key] = found[key] | own if key in found else own
    return found


def _of_slot(node: Node, slot: int, mask: Mask) -> list[tuple[Ref, Mask]]:
    refs = node.refs
    if node.kind in MOVES or node.kind == REWRITTEN:
        return _moved(node, slot, mask)
    if node.kind in ("batch_norm", "instance_norm", "group_norm", "layer_norm"):
        return [(refs[0], _normalised(node, mask))] if refs else []
    if node.kind in ALONG and mask.ndim == len(refs[0].tensor.shape):
        return [(refs[0], _along(node, mask))]
    if node.kind in GATES:
        return [(refs[0], mask)]
    if node.kind in SUMS:
        return list(zip(refs, _by_gradient(node, slot, mask), strict=True))
    return [(ref, np.ones(tuple(ref.tensor.shape), bool)) for ref in refs]


def _moved(node: Node, slot: int, mask: Mask) -> list[tuple[Ref, Mask]]:
    """Mark the places that the marked numbers come from."""
    where = origins(node, slot)
    result = []
    for number, ref in enumerate(node.refs):
        own = np.zeros(ref.tensor.numel(), bool)
        own[where.place[mask & (where.argument == number)]] = True
        result.append((ref, own.reshape(tuple(ref.tensor.shape))))
    return result


def _normalised(node: Node, mask: Mask) -> Mask:
    """Mark the whole group wherever its statistics are the batch's own."""
    shape = mask.shape
    training = node.kind == "batch_norm" and _argument(node, "training", 5, False)
    if node.kind == "batch_norm":
        return _spread(mask, tuple(axis for axis in range(mask.ndim) if axis != 1)) if training else mask
    if node.kind == "instance_norm":
        return _spread(mask, tuple(range(2, mask.ndim)))
    if node.kind == "group_norm":
        groups = _argument(node, "num_groups", 1, 1)
        grouped = mask.reshape(shape[0], groups, -1)
        return np.broadcast_to(grouped.any(axis=2, keepdims=True), grouped.shape).reshape(shape)
    own = _argument(node, "normalized_shape", 1, ())
    dims = 1 if isinstance(own, int) else len(own)
    return _spread(mask, tuple(range(mask.ndim - dims, mask.ndim)))


def _along(node: Node, mask: Mask) -> Mask:
    axis = _argument(node, "dim", 1, None)
    return _spread(mask, tuple(range(mask.ndim)) if axis is None else (axis,))


def _spread(mask: Mask, axes: tuple[int, ...]) -> Mask:
    return np.broadcast_to(mask.any(axis=axes, keepdims=True), mask.shape).copy()


def _by_gradient(node: Node, slot: int, mask: Mask) -> list[Mask]:
    """Run the op on ones, where every product counts, and ask which inputs the marked numbers have a gradient of."""
    function, args, kwargs = _averaged(node)
    ones: list[Tensor] = []

    def one(ref: Ref) -> Tensor:
        if not ref.tensor.is_floating_point():
            return ref.tensor
        ones.append(torch.ones(ref.tensor.shape, dtype=torch.float64, requires_grad=True))
        return ones[-1]

    told_args, told_kwargs = tree_map_only(Ref, one, (args, kwargs))
    with torch.enable_grad():
        result = [leaf for leaf in tree_leaves(function(*told_args, **told_kwargs)) if isinstance(leaf, Tensor)][slot]
        wanted = torch.from_numpy(mask.astype(np.float64)).reshape(result.shape)
        gradients = torch.autograd.grad(result, ones, wanted, allow_unused=True)
    floats = iter(gradients)
    masks = []
    for ref in node.refs:
        gradient = next(floats) if ref.tensor.is_floating_point() else None
        shape = tuple(ref.tensor.shape)
        masks.append(np.zeros(shape, bool) if gradient is None else (gradient.detach().numpy() != 0).reshape(shape))
    return masks


def _averaged(node: Node) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """Return the op itself, and of one that picks a winner the one that asks all."""
    if node.kind in POOLS:
        names = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
        told = dict(zip(names, node.args, strict=False)) | node.kwargs
        return _dilated_sum, (told["input"],), {"node": node, **{name: told.get(name) for name in names[1:5]}}
    if node.kind in ADAPTIVE:
        told = dict(zip(("input", "output_size"), node.args, strict=False)) | node.kwargs
        return ADAPTIVE[node.kind], (told["input"], told["output_size"]), {}
    return FUNCTIONAL.get(node.kind, node.function), node.args, node.kwargs  # type: ignore[return-value]


def _dilated_sum(x: Tensor, *, node: Node, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Tensor:
    """Sum the windows that max pooling looks at, each channel on its own; windows past the edge see what is inside."""
    dims = node.outputs[0].ndim - 2 if node.outputs[0] is not None else len(node.shape) - 2
    kernel = (kernel_size,) * dims if isinstance(kernel_size, int) else tuple(kernel_size)
    steps = kernel if stride in (None, [], ()) else (stride,) * dims if isinstance(stride, int) else tuple(stride)
    spread = (dilation or 1,) * dims if isinstance(dilation or 1, int) else tuple(dilation)
    before = (padding or 0,) * dims if isinstance(padding or 0, int) else tuple(padding)
    needed = [(o - 1) * s + d * (k - 1) + 1 for o, s, d, k in zip(node.shape[2:], steps, spread, kernel, strict=True)]
    edges = [(b, max(n - size - b, 0)) for b, n, size in zip(before, needed, x.shape[2:], strict=True)]
    padded = functional.pad(x, [side for pair in reversed(edges) for side in pair])
    convolve = getattr(functional, f"conv{dims}d")
    weight = torch.ones((x.shape[1], 1, *kernel), dtype=x.dtype)
    summed: Tensor = convolve(padded, weight, stride=steps, dilation=spread, groups=x.shape[1])
    return summed[tuple(slice(size) for size in node.shape)]


def _argument(node: Node, name: str, position: int, default: Any) -> Any:
    return node.kwargs.get(name, node.args[position] if len(node.args) > position else default)
