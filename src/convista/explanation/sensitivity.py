"""How one number of an op whose arithmetic is not known hangs on its inputs: a gradient, which is no arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map_only

from convista.explanation.node import Ref
from convista.explanation.records import Group, Terms
from convista.explanation.rules.call import Call


def sensitivity(call: Call) -> Terms:
    """Return the inputs that a number has a gradient of, each as (input, gradient, their product).

    Empty where torch can't say: the op is not differentiable, or can't be run again.
    """
    leaves: list[tuple[Ref, Tensor]] = []

    def leaf(ref: Ref) -> Tensor:
        tensor = ref.tensor.detach().clone()
        if ref.node is None or not tensor.is_floating_point():
            return tensor
        leaves.append((ref, tensor.requires_grad_()))
        return tensor * 1  # an op may write into what it is given, but not into a leaf

    try:
        with torch.enable_grad(), torch.random.fork_rng(devices=[]):
            number = _again(call, leaf)
            gradients = torch.autograd.grad(number, [at for _, at in leaves], allow_unused=True)
    except (RuntimeError, TypeError, IndexError):
        return Terms(())
    pairs = zip(leaves, gradients, strict=True)
    return Terms([_group(call, ref, gradient) for (ref, _), gradient in pairs if gradient is not None])


def _again(call: Call, leaf: Callable[[Ref], Tensor]) -> Tensor:
    """Run the op once more and return the number asked for."""
    node = call.node
    if node.function is None:
        raise TypeError("it can't be run again")
    args, kwargs = tree_map_only(Ref, leaf, (node.args, node.kwargs))
    results = [part for part in tree_leaves(node.function(*args, **kwargs)) if isinstance(part, Tensor)]
    return results[call.slot][call.index]


def _group(call: Call, ref: Ref, gradient: Tensor) -> Group:
    flat = gradient.detach().double().numpy().ravel()
    spots = np.flatnonzero(flat)
    return call.group(ref, spots, flat[spots])
