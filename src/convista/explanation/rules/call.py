"""An op's call, as a rule sees it: the index asked for, its arguments as arrays, and groups of terms made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from convista.explanation.node import Node, Ref
from convista.explanation.records import BIAS, Group, Index, Places

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Call:
    """One number of one result of an op."""

    node: Node
    index: Index
    """With the sample in front, as long as the result's rank."""
    names: tuple[str, ...]
    """Of all nodes, by number."""
    slot: int = 0

    @property
    def value(self) -> float:
        """The model's own number."""
        tensor = self.node.outputs[self.slot]
        if tensor is None:
            raise LookupError(f'the values of "{self.node.name}" were not kept')
        return float(tensor[self.index])

    def name(self, ref: Ref) -> str:
        """Return what a tensor is called: its node's name, with the slot, or the model's own name for it."""
        if ref.node is None:
            return ref.name
        return f"{self.names[ref.node]}:{ref.slot}" if ref.slot else self.names[ref.node]

    def group(
        self, ref: Ref, places: ArrayLike, weights: ArrayLike | None = None, products: ArrayLike | None = None,
        factor: Places | None = None,
    ) -> Group:  # fmt: skip
        """Return terms whose inputs are numbers of a tensor.

        Parameters
        ----------
        ref
            The tensor.
        places
            In the flattened tensor; -1 is padding, whose input is 0.
        weights
            As many; the products are then input x weight.
        products
            Where they are something else.
        factor
            Where the weights come from, if from a node.
        """
        flat = np.asarray(places, np.int64).ravel()
        values = array(ref.tensor)
        where = np.unravel_index(np.maximum(flat, 0), values.shape) if values.ndim else ()
        inputs = np.where(flat < 0, 0.0, np.asarray(values[where], np.float64))
        factors = None if weights is None else np.broadcast_to(np.asarray(weights, np.float64).ravel(), flat.shape)
        if products is None:
            with np.errstate(invalid="ignore"):
                products = inputs if factors is None else inputs * factors
        made = np.broadcast_to(np.asarray(products, np.float64).ravel(), flat.shape)
        own = flat if ref.node is not None else None
        return Group(self.name(ref), inputs, made, factors, own, values.shape, factor)

    def factor(self, ref: Ref, chosen: Callable[[Ints], Ints]) -> Places | None:
        """Return where weights come from that are a node's numbers; None where they are the model's own.

        Parameters
        ----------
        ref
            The weights' tensor.
        chosen
            Given the places of all weights, in their shape, returns those of the terms, in their order.
        """
        if ref.node is None:
            return None
        shape = tuple(ref.tensor.shape)
        places = np.arange(ref.tensor.numel(), dtype=np.int64).reshape(shape)
        return Places(self.name(ref), shape, np.asarray(chosen(places), np.int64).ravel())


def named(name: str, value: float, weight: float | None = None) -> Group:
    """Return one term that is no node's: a bias, a mean.

    >>> named("bias", 0.5).term(0)
    Term(source='bias', input=0.5, weight=None, product=0.5, factor=None)
    """
    weights = None if weight is None else np.array([weight])
    return Group(name, np.array([value]), np.array([value * (1.0 if weight is None else weight)]), weights)


def bias_group(value: float) -> Group:
    """Return the bias as a term."""
    return named(BIAS, value)


def array(tensor: torch.Tensor) -> NDArray[Any]:
    """Return a tensor's numbers; those of types that NumPy has not as float32, which holds them all."""
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.dtype not in (torch.float16, torch.float32, torch.float64):
        tensor = tensor.float()
    return tensor.numpy()


def number(thing: Any, index: Index) -> float:
    """Return one number of a tensor that is spread over the result's shape, as torch spreads it; of a plain number, it.

    >>> number(Ref(torch.tensor([[1.0], [2.0]]), None), (7, 1, 3))
    2.0
    """
    if not isinstance(thing, Ref):
        return float(thing)
    return float(thing.tensor[spread(tuple(thing.tensor.shape), index)])


def spread(shape: Index, index: Index) -> Index:
    """Return the index in a tensor of `shape` that is spread over a larger one.

    >>> spread((1, 5), (2, 0, 4))
    (0, 4)
    """
    last = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else place for size, place in zip(shape, last, strict=True))


def place(shape: Index, index: Index) -> int:
    """Return an index as a place in the flattened tensor.

    >>> place((2, 3, 4), (1, 0, 2))
    14
    """
    return int(np.ravel_multi_index(index, shape)) if shape else 0
