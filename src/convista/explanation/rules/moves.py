"""Numbers that stay what they are and change their place: views, slices, padding, concatenation, pixel shuffle.

One rule for all of them: the op is run once more on numbers that are all different, and what comes out says where each
number comes from. Resizing, which is linear without being a move, is run backwards: the gradient of one number is its
weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from convista.explanation.aliases import Origins, numbered, origins_of
from convista.explanation.node import CONSTANT, INPUT, REWRITTEN, Node, Ref
from convista.explanation.records import PADDING, Parts, Terms
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, named, number, place

MOVES = frozenset((
    "view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "ravel", "squeeze", "unsqueeze", "permute",
    "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t", "T", "mT", "getitem", "select", "narrow", "slice",
    "chunk", "split", "split_with_sizes", "tensor_split", "hsplit", "vsplit", "unbind", "expand", "expand_as",
    "broadcast_to", "contiguous", "clone", "detach", "data", "alias", "stack", "hstack", "vstack", "dstack", "flip",
    "fliplr", "flipud", "roll", "rot90", "repeat", "repeat_interleave", "tile", "pixel_shuffle", "pixel_unshuffle",
    "channel_shuffle", "index_select", "gather", "take", "unfold", "tril", "triu", "diagonal", "setitem", "zero",
    "copy", "masked_fill", "where", "pad", "constant_pad_nd", "fill",
))  # fmt: skip
TYPES = frozenset(("to", "type", "float", "double", "half", "bfloat16", "int", "long", "bool", "cpu", "cuda", "type_as",
                   "requires_grad"))  # fmt: skip
"""They change the type of a number, or where it is kept."""
JOINED = frozenset(("cat", "concat", "concatenate"))
RESIZED = frozenset(("interpolate", "upsample", "upsample_bilinear", "upsample_nearest", "upsample_bilinear2d",
                     "upsample_nearest2d", "upsample_bicubic2d"))  # fmt: skip
FILLS = {"pad": (3,), "constant_pad_nd": (2,), "masked_fill": (2,), "fill": (1,), "setitem": (2,), "where": (1, 2)}
"""Which arguments may be a plain number that becomes part of the result."""
PADS = ("pad", "constant_pad_nd", "unfold")
SAME = "the same number, from there"


@rule(*MOVES, REWRITTEN)
def moved(call: Call, *_: Any, **__: Any) -> Parts:
    """The same number, from there."""
    if any(isinstance(arg, torch.dtype) for arg in call.node.args):
        raise NotImplementedError("the same bits as another type")
    where = origins(call.node, call.slot)
    argument, spot = int(where.argument[call.index]), int(where.place[call.index])
    if argument < 0:  # from none of the tensors: padding, or what a fill was told
        name = PADDING if call.node.kind in PADS else CONSTANT
        words = "padding: not from the image" if name == PADDING else "a number that the op was told"
        return Parts(Terms([named(name, call.value)]), words)
    return Parts(Terms([call.group(call.node.refs[argument], [spot], [1.0])]), SAME)


@rule(*JOINED)
def joined(call: Call, tensors: Any = None, dim: int = 0, *_: Any, axis: int | None = None, **__: Any) -> Parts:
    """The same number, from the tensor that has it."""
    axis = (dim if axis is None else axis) % len(call.index)
    at = call.index[axis]
    for ref in call.node.refs:
        shape = tuple(ref.tensor.shape)
        if len(shape) != len(call.index):  # torch lets empty tensors of one axis pass
            continue
        if at < shape[axis]:
            spot = place(shape, (*call.index[:axis], at, *call.index[axis + 1 :]))
            return Parts(Terms([call.group(ref, [spot], [1.0])]), SAME)
        at -= shape[axis]
    raise NotImplementedError("of these shapes")


@rule(*TYPES)
def retyped(call: Call, input: Ref, *_: Any, **__: Any) -> Parts:
    """The same number, as the other type can hold it."""
    x, dtype = number(input, call.index), call.node.dtypes[call.slot]
    spots = [place(tuple(input.tensor.shape), call.index)]
    total = None
    if not dtype.is_floating_point and np.isfinite(x):
        total = float(x != 0) if dtype == torch.bool else float(int(x))
    return Parts(Terms([call.group(input, spots, [1.0])]), f"the same number as {str(dtype)[6:]}", total)


@rule("embedding")
def embedding(call: Call, input: Ref, weight: Ref, padding_idx: Any = None, max_norm: Any = None, *_: Any) -> Parts:
    """A row of the table, looked up."""
    if max_norm is not None:
        raise NotImplementedError("max_norm")
    row = int(number(input, call.index[:-1]))
    spot = place(tuple(weight.tensor.shape), (row, call.index[-1]))
    return Parts(Terms([call.group(weight, [spot], [1.0])]), f"row {row} of the table", notes=(("row", row),))


@rule(INPUT)
def given(call: Call) -> Parts:
    """What the model was given."""
    return Parts(Terms([named("given", call.value)]), "given to the model")


@rule(
    "zeros", "ones", "full", "arange", "tensor", "zeros_like", "ones_like", "full_like", "eye", "linspace", "new_zeros",
    "rand", "randn", "rand_like", "randn_like", "normal", "new_ones", "new_full", "scalar_tensor", "as_tensor",
)  # fmt: skip
def constant(call: Call, *_: Any, **__: Any) -> Parts:
    """A number that the model makes without asking anything."""
    return Parts(Terms([named(call.node.kind, call.value)]), "made by the model itself")


@rule(*RESIZED)
def resized(call: Call, input: Ref, *args: Any, **kwargs: Any) -> Parts:
    """The numbers around the place x their shares: the gradient of this number, in the type that computed it."""
    if call.node.function is None or not input.tensor.is_floating_point():
        raise NotImplementedError("of whole numbers")
    shape = tuple(input.tensor.shape)
    rough = input.tensor.dtype in (torch.float16, torch.bfloat16)  # computed in float32
    probe = torch.zeros((1, 1, *shape[2:]), dtype=torch.float32 if rough else input.tensor.dtype, requires_grad=True)
    with torch.enable_grad():
        again = call.node.function(probe, *args, **kwargs)
        (weights,) = torch.autograd.grad(again[(0, 0, *call.index[2:])], probe)
    shares = weights.numpy().ravel()
    spots = np.flatnonzero(shares)
    start = (call.index[0] * shape[1] + call.index[1]) * shares.size
    return Parts(
        Terms([call.group(input, start + spots, shares[spots])]), "the numbers around the place x their shares"
    )


def origins(node: Node, slot: int) -> Origins:
    """Return where all numbers of a result come from; found once."""
    if slot not in node.origins:
        tensors = numbered([ref.tensor for ref in node.refs])
        told = [
            mine if at == _moved_first(node) or ref.tensor.is_floating_point() else ref.tensor
            for at, (ref, mine) in enumerate(zip(node.refs, tensors, strict=True))
        ]
        made = [leaf for leaf in tree_leaves(_again(node, told)) if isinstance(leaf, torch.Tensor)]
        # An op that writes into its first argument may give nothing back, as `x[0] = y`.
        result = made[slot] if made else told[0]
        node.origins[slot] = origins_of(result.to(torch.float64), tensors)
    return node.origins[slot]


def _moved_first(node: Node) -> int:
    """Return the number of the first tensor whose numbers are moved, also where they are whole: not a condition."""
    return 1 if node.kind == "where" else 0


def _again(node: Node, tensors: list[torch.Tensor]) -> Any:
    """Run an op with other tensors in the places of its own, and -1 for a plain number that becomes part of it."""
    if node.function is None:
        raise NotImplementedError("it can't be run again")
    told = iter(tensors)
    args, kwargs = tree_map_only(Ref, lambda _: next(told), (node.args, node.kwargs))
    fills = FILLS.get(node.kind, ())
    args = tuple(-1.0 if at in fills and isinstance(arg, (int, float)) else arg for at, arg in enumerate(args))
    if isinstance(kwargs.get("value"), (int, float)):
        kwargs = {**kwargs, "value": -1.0}
    return node.function(*args, **kwargs)
