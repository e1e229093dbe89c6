"""An op's call, as a rule sees it: the index asked for, its arguments as arrays, and groups of terms made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from convista.explanation.recording import Node, Ref
from convista.explanation.records import BIAS, Group, Index

Floats = NDArray[np.float64]


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
    def result(self) -> NDArray[Any]:
        """The result that the number belongs to."""
        tensor = self.node.outputs[self.slot]
        if tensor is None:
            raise LookupError(f'the values of "{self.node.name}" were not kept')
        return array(tensor)

    def name(self, ref: Ref) -> str:
        """Return what a tensor is called: its node's name, or the model's own for it."""
        return ref.name if ref.node is None else self.names[ref.node]

    def group(
        self, ref: Ref, places: ArrayLike, weights: ArrayLike | None = None, products: ArrayLike | None = None
    ) -> Group:
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
        """
        flat = np.asarray(places, np.int64).ravel()
        values = array(ref.tensor)
        where = np.unravel_index(np.maximum(flat, 0), values.shape) if values.ndim else ()
        inputs = np.where(flat < 0, 0.0, np.asarray(values[where], np.float64))
        factors = None if weights is None else np.broadcast_to(np.asarray(weights, np.float64).ravel(), flat.shape)
        if products is None:
            products = inputs if factors is None else inputs * factors
        made = np.broadcast_to(np.asarray(products, np.float64).ravel(), flat.shape)
        return Group(self.name(ref), inputs, made, factors, flat if ref.node is not None else None, values.shape)


def named(name: str, value: float, weight: float | None = None, product: float | None = None) -> Group:
    """Return one term that is no node's: a bias, a mean."""
    product = value * (1.0 if weight is None else weight) if product is None else product
    weights = None if weight is None else np.array([weight])
    return Group(name, np.array([value]), np.array([product]), weights)


def bias_group(value: float) -> Group:
    """Return the bias as a term."""
    return named(BIAS, value)


def array(tensor: torch.Tensor) -> NDArray[Any]:
    """Return a tensor's numbers; those of types that NumPy has not as float32, which holds them all."""
    tensor = tensor.detach().cpu()
    if tensor.dtype in (torch.bfloat16, torch.float16):
        tensor = tensor.float()
    return tensor.numpy()


def number(ref: Ref | float, index: Index) -> float:
    """Return one number of a tensor that is spread over the result's shape, as torch spreads it; of a plain number, it.

    >>> number(Ref(torch.tensor([[1.0], [2.0]]), None), (7, 1, 3))
    2.0
    """
    if not isinstance(ref, Ref):
        return float(ref)
    return float(array(ref.tensor)[spread(ref.tensor.shape, index)])


def spread(shape: tuple[int, ...], index: Index) -> Index:
    """Return the index in a tensor of `shape` that is spread over a larger one.

    >>> spread((1, 5), (2, 0, 4))
    (0, 4)
    """
    last = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else place for size, place in zip(shape, last, strict=True))


def place(shape: tuple[int, ...], index: Index) -> int:
    """Return an index as a place in the flattened tensor.

    >>> place((2, 3, 4), (1, 0, 2))
    14
    """
    return int(np.ravel_multi_index(index, shape)) if shape else 0
