"""Which numbers an output depends on: a mask of a result taken back, node by node, to masks of the inputs.

The arithmetic alone counts, not what the weights happen to be: a weight of zero still reads its pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map_only

from convista.explanation.field import Mask
from convista.explanation.node import INPUT, REWRITTEN, Node, Ref
from convista.explanation.rules.functions import GATES
from convista.explanation.rules.moves import JOINED, MOVES, RESIZED, TYPES, origins
from convista.explanation.rules.pairs import COMPARISONS
from convista.explanation.stamps import convolved, pooled, pooled_adaptively, prepared, transposed

Read = list[tuple[Ref, Mask]]
"""What an op's result reads: each tensor with its mask."""
Value = tuple[int, int]
"""A node's number, and which of its results."""

PAIRS = frozenset((
    "add", "radd", "sub", "subtract", "rsub", "mul", "multiply", "rmul", "div", "divide", "true_divide", "rdiv",
    "rtruediv", "maximum", "minimum", *COMPARISONS,
))  # fmt: skip
SUMS = frozenset(("matmul", "bmm", "mm", "mv", "dot", "addmm", "baddbmm", "einsum", *RESIZED))
"""Ops whose every product counts where all numbers are one, so that a gradient tells what they read."""


def read_by(nodes: Sequence[Node], start: Value, mask: Mask) -> dict[Value, Mask]:
    """Return what the marked numbers of one value depend on: the masks of all values before it."""
    masks: dict[Value, Mask] = {start: mask}
    for node in reversed(nodes):
        for slot in range(len(node.shapes)):
            own = masks.get((node.number, slot))
            if own is None or node.kind == INPUT:
                continue
            for ref, found in reads(node, slot, own):
                if ref.node is not None:
                    key = ref.node, ref.slot
                    masks[key] = masks[key] | found if key in masks else found
    return masks


def reads(node: Node, slot: int, mask: Mask) -> Read:
    """Return what the marked numbers of a result read; an op that is not known is taken to read all of its inputs."""
    reader = READERS.get(node.kind)
    found = reader(node, slot, mask) if reader and node.refs else None
    if found is None:
        return [(ref, np.ones(tuple(ref.tensor.shape), bool)) for ref in node.refs]
    return found


# A reader for each kind of op; None: it does not know these arguments -------------------------------------------------


def _one_to_one(node: Node, slot: int, mask: Mask) -> Read:
    """Read the number at the same place."""
    return [(node.refs[0], mask)]


def _pair(node: Node, slot: int, mask: Mask) -> Read:
    """Read the numbers at the same place of both, each spread as it was."""
    return [(ref, _gathered(mask, tuple(ref.tensor.shape))) for ref in node.refs]


def _gathered(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Bring a mask back to a shape that was spread over it."""
    own = mask.any(axis=tuple(range(mask.ndim - len(shape))))
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return np.asarray(own.any(axis=axes, keepdims=True) if axes else own)


def _moved(node: Node, slot: int, mask: Mask) -> Read:
    """Read the places that the marked numbers come from."""
    where = origins(node, slot)
    result = []
    for number, ref in enumerate(node.refs):
        own = np.zeros(ref.tensor.numel(), bool)
        own[where.place[mask & (where.argument == number)]] = True
        result.append((ref, own.reshape(tuple(ref.tensor.shape))))
    return result


def _joined(node: Node, slot: int, mask: Mask) -> Read | None:
    """Read each tensor where it was put."""
    dim = _told(node, "dim", 1, node.kwargs.get("axis", 0)) % mask.ndim
    if any(ref.tensor.ndim != mask.ndim for ref in node.refs):
        return None
    ends = np.cumsum([ref.tensor.shape[dim] for ref in node.refs])
    return list(zip(node.refs, np.split(mask, ends[:-1], axis=dim), strict=True))


def _normalised(node: Node, slot: int, mask: Mask) -> Read:
    """Read the whole group wherever its statistics are the batch's own."""
    ref, ndim = node.refs[0], mask.ndim
    if node.kind == "batch_norm":
        training = _told(node, "training", 5, False)
        return [(ref, _spread(mask, tuple(axis for axis in range(ndim) if axis != 1)) if training else mask)]
    if node.kind == "instance_norm":
        return [(ref, _spread(mask, tuple(range(2, ndim))) if _told(node, "use_input_stats", 5, True) else mask)]
    if node.kind == "group_norm":
        grouped = mask.reshape(mask.shape[0], _told(node, "num_groups", 1, 1), -1)
        return [(ref, _spread(grouped, (2,)).reshape(mask.shape))]
    own = _told(node, "normalized_shape", 1, ())
    dims = 1 if isinstance(own, int) else len(own)
    return [(ref, _spread(mask, tuple(range(ndim - dims, ndim))))]


def _along(node: Node, slot: int, mask: Mask) -> Read:
    """Read all numbers along the axis."""
    axis = _told(node, "dim", 1, None)
    return [(node.refs[0], _spread(mask, tuple(range(mask.ndim)) if axis is None else (axis,)))]


def _reduced(node: Node, slot: int, mask: Mask) -> Read | None:
    """Read all numbers along the axes that are gone."""
    ref, dim = node.refs[0], _told(node, "dim", 1, node.kwargs.get("axis"))
    if isinstance(dim, Ref):
        return _pair(node, slot, mask)
    shape = tuple(ref.tensor.shape)
    axes = range(len(shape)) if dim is None or dim == () else [dim] if isinstance(dim, int) else dim
    gone = {axis % len(shape) for axis in axes} if shape else set()
    kept = mask.reshape(tuple(1 if axis in gone else size for axis, size in enumerate(shape)))
    return [(ref, np.broadcast_to(kept, shape))]


def _last_axis(node: Node, slot: int, mask: Mask) -> Read:
    """Read a whole row of a linear layer's input."""
    others = [(ref, np.ones(tuple(ref.tensor.shape), bool)) for ref in node.refs[1:] if ref.node is not None]
    shape = tuple(node.refs[0].tensor.shape)
    return [(node.refs[0], np.broadcast_to(mask.any(axis=-1, keepdims=True), shape)), *others]


def _by_gradient(node: Node, slot: int, mask: Mask) -> Read | None:
    """Run the op on ones, where every product counts, and ask which inputs the marked numbers have a gradient of."""
    leaves: list[Tensor] = []

    def one(ref: Ref) -> Tensor:
        leaves.append(torch.ones(ref.tensor.shape, dtype=torch.float64, requires_grad=ref.node is not None))
        return leaves[-1]

    if node.function is None:
        return None
    args, kwargs = tree_map_only(Ref, one, (node.args, node.kwargs))
    with torch.enable_grad():
        made = [leaf for leaf in tree_leaves(node.function(*args, **kwargs)) if isinstance(leaf, Tensor)][slot]
    asked = [(ref, leaf) for ref, leaf in zip(node.refs, leaves, strict=True) if leaf.requires_grad]
    wanted = torch.from_numpy(mask.astype(np.float64)).reshape(made.shape)
    gradients = torch.autograd.grad(made, [leaf for _, leaf in asked], wanted, allow_unused=True)
    return [
        (ref, np.zeros(tuple(ref.tensor.shape), bool) if gradient is None else gradient.numpy() != 0)
        for (ref, _), gradient in zip(asked, gradients, strict=True)
    ]


def _spread(mask: Mask, axes: tuple[int, ...]) -> Mask:
    return np.broadcast_to(mask.any(axis=axes, keepdims=True), mask.shape)


def _told(node: Node, name: str, position: int, default: Any) -> Any:
    return node.kwargs.get(name, node.args[position] if len(node.args) > position else default)


def pools(which: str) -> frozenset[str]:
    """Return the names of all pools, adaptive or not."""
    pairs = [(word, more) for word in ("max", "avg") for more in ("", "_with_indices")]
    return frozenset(f"{which}{word}_pool{n}d{more}" for word, more in pairs for n in "123")


Reader = Callable[[Node, int, Mask], Read | None]
KINDS: tuple[tuple[Reader, frozenset[str]], ...] = (
    (_one_to_one, GATES | TYPES),
    (_pair, PAIRS),
    (_moved, MOVES | {REWRITTEN}),
    (_joined, JOINED),
    (_normalised, frozenset(("batch_norm", "instance_norm", "group_norm", "layer_norm"))),
    (_along, frozenset(("softmax", "log_softmax"))),
    (_reduced, frozenset(("mean", "sum", "max", "min", "amax", "amin"))),
    (_last_axis, frozenset(("linear",))),
    (_by_gradient, SUMS),
    (convolved, frozenset(f"conv{n}d" for n in "123")),
    (transposed, frozenset(f"conv_transpose{n}d" for n in "123")),
    (pooled, pools("")),
    (pooled_adaptively, pools("adaptive_")),
    (prepared, frozenset(("resize", "frame", "grey", "channels", "high_byte", "scaled", "prepared"))),
)
READERS: dict[str, Reader] = {kind: reader for reader, kinds in KINDS for kind in kinds}
