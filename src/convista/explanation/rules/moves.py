"""Numbers that stay what they are and change their place: views, slices, padding, concatenation, pixel shuffle.

One rule for all of them: the op is run once more on numbers that are all different, and what comes out says where each
number comes from. Ops that are linear without being moves, such as bilinear interpolation, are run backwards: the
gradient of one number is its weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from convista.explanation.aliases import Origins, numbered, origins_of
from convista.explanation.recording import REWRITTEN, Node, Ref
from convista.explanation.records import Group, Parts, Terms
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, named

MOVES = (
    "view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "ravel", "squeeze", "unsqueeze", "permute",
    "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t", "T", "mT", "getitem", "select", "narrow", "slice",
    "chunk", "split", "split_with_sizes", "tensor_split", "unbind", "expand", "expand_as", "broadcast_to", "contiguous",
    "clone", "detach", "alias", "cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "flip", "fliplr",
    "flipud", "roll", "rot90", "repeat", "repeat_interleave", "tile", "pixel_shuffle", "pixel_unshuffle",
    "channel_shuffle", "index_select", "gather", "take", "embedding", "unfold", "tril", "triu", "diagonal", "setitem",
    "zero", "copy", "masked_fill", "where", "pad", "constant_pad_nd", "adaptive_identity", "identity", "as_tensor",
    "to", "float", "double", "type", "type_as", "half", "bfloat16", "cpu", "requires_grad", "fill", "hsplit", "vsplit",
)  # fmt: skip
LINEAR = ("interpolate", "upsample", "upsample_bilinear", "upsample_nearest", "fold", "grid_sample")
TYPES = ("to", "type", "float", "double", "half", "bfloat16", "cpu", "type_as", "requires_grad", "as_tensor")
"""They change the type, which numbers that are all different would not survive."""
FILLS = {"pad": (3,), "constant_pad_nd": (2,), "masked_fill": (2,), "fill": (1,), "setitem": (2,), "where": (1, 2)}
"""Which arguments may be a plain number that becomes part of the result."""
INDICES_FIRST = ("embedding", "where")
"""Their first tensor says which numbers are taken, and gives none."""


@rule(*MOVES)
def moved(call: Call, *_: Any, **__: Any) -> Parts:
    """The same number, from there."""
    where = origins(call.node, call.slot)
    argument, place = int(where.argument[call.index]), int(where.place[call.index])
    if argument < 0:
        return _made(call)
    ref = call.node.refs[argument]
    return Parts(Terms([call.group(ref, [place], [1.0])]), "the same number, from there")


@rule(REWRITTEN)
def rewritten(call: Call, *_: Any) -> Parts:
    """The same number, from whoever wrote it last."""
    return moved(call)


@rule("input")
def given(call: Call) -> Parts:
    """What the model was given."""
    value = float(call.result[call.index])
    return Parts(Terms([named("given", value)]), "given to the model")


@rule(
    "zeros", "ones", "full", "arange", "tensor", "zeros_like", "ones_like", "full_like", "eye", "linspace", "new_zeros",
    "empty", "rand", "randn", "rand_like", "randn_like", "normal", "new_ones", "new_full", "scalar_tensor",
)  # fmt: skip
def constant(call: Call, *_: Any, **__: Any) -> Parts:
    """A number that the model makes without asking anything."""
    return Parts(Terms([named(call.node.kind, float(call.result[call.index]))]), "made by the model itself")


@rule(*LINEAR)
def linear_map(call: Call, *_: Any, **__: Any) -> Parts:
    """Weights x inputs; the weights are the gradient of this number, which a linear op has wherever it stands."""
    own = call.node.refs[0]
    probe = torch.zeros(own.tensor.shape, dtype=torch.float64, requires_grad=True)
    with torch.enable_grad():
        others = [r.tensor.double() if r.tensor.is_floating_point() else r.tensor for r in call.node.refs[1:]]
        results = _leaves(_again(call.node, [probe, *others]))
        (weights,) = torch.autograd.grad(results[call.slot][call.index], probe)
    flat = weights.numpy().ravel()
    spots = np.flatnonzero(flat)
    return Parts(Terms([call.group(own, spots, flat[spots])]), "the numbers around the place x their shares")


def _made(call: Call) -> Parts:
    """A number that comes from none of the tensors: padding, or what a fill was told."""
    value = float(call.result[call.index])
    group = Group("padding", np.array([value]), np.array([value]))
    return Parts(Terms([group]), "padding: not from the image")


def origins(node: Node, slot: int) -> Origins:
    """Return where all numbers of a result come from; found once for a node of one result."""
    if node.origins is not None and slot == 0:
        return node.origins
    refs = node.refs
    tensors = numbered([ref.tensor for ref in refs])
    given_ = [
        mine if ref.tensor.is_floating_point() or (number == 0 and node.kind not in INDICES_FIRST) else ref.tensor
        for number, (ref, mine) in enumerate(zip(refs, tensors, strict=True))
    ]
    result = _again(node, given_)
    made = _leaves(result)
    # An op that writes into its first argument and gives nothing back, as `x[0] = y`.
    out = made[slot] if made else given_[0]
    found = origins_of(out.to(torch.float64), tensors)
    if slot == 0:
        node.origins = found
    return found


def _again(node: Node, tensors: list[torch.Tensor]) -> Any:
    """Run an op with other tensors in the places of its own; types, which `to` was told, are left as they are."""
    if node.function is None:
        raise NotImplementedError("an op that can't be run again")
    given_ = iter(tensors)
    args, kwargs = tree_map_only(Ref, lambda _: next(given_), (node.args, node.kwargs))
    if node.kind in TYPES:
        return args[0]
    fills = FILLS.get(node.kind, ())
    args = tuple(-1.0 if at in fills and isinstance(arg, (int, float)) else arg for at, arg in enumerate(args))
    if isinstance(kwargs.get("value"), (int, float)):
        kwargs = {**kwargs, "value": -1.0}
    return node.function(*args, **kwargs)


def _leaves(result: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
