"""A recorded forward pass: its nodes, and any number of any of them taken apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from convista.errors import did_you_mean
from convista.explanation.printing import table
from convista.explanation.reach import Mask, back
from convista.explanation.recording import INPUT, Node, mark
from convista.explanation.records import ROUNDINGS, Explanation, Index, Source, Terms, source
from convista.explanation.route import Route, follow
from convista.explanation.rules import explain
from convista.explanation.rules.book import UnknownArithmeticError
from convista.explanation.rules.call import Call, array
from convista.explanation.verification import Coverage, Verification, coverage, verify


class ChangedWeightsError(ValueError):
    """The model's weights are no longer those that computed the numbers."""


@dataclass(frozen=True)
class Trace:
    """What a model computed from one input, op by op; made by `convista.trace`.

    Examples
    --------
    >>> import torch, convista as cx
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8, 2))
    >>> trace = cx.trace(net, torch.ones(1, 1, 4, 4))
    >>> [(node.name, node.kind) for node in trace.nodes]
    [('input', 'input'), ('0', 'conv2d'), ('1', 'relu'), ('2', 'flatten'), ('3', 'linear')]
    >>> explained = trace.explain("0", (1, 0, 0))
    >>> len(explained.terms), explained.ok
    (10, True)
    """

    nodes: tuple[Node, ...]
    """Every op in the order of execution, the input first."""
    output: Any
    """What the model returned."""
    difference: float
    """The largest difference between the output with and without the recording; 0.0: not a bit."""
    results: dict[str, tuple[int, int]] = field(repr=False)
    parameters: dict[str, torch.nn.Parameter] = field(repr=False)
    mode: str = "evaluation"

    def node(self, name: str) -> Node:
        """Return the node of a name: an op's, or that which made a module's result.

        Raises
        ------
        ValueError
            When there is none; the text names the nearest.
        """
        return self.nodes[self._slot(name)[0]]

    def explain(self, name: str, index: Sequence[int] = (), *, sample: int = 0) -> Explanation:
        """Take one number apart: its terms, their float64 sum, the model's own number and the bound between them.

        Parameters
        ----------
        name
            A node's name (`nodes`), or a module's, whose result is meant.
        index
            Where in the node's result, without the sample: ``(channel, row, col)``.
        sample
            Which image of the batch.

        Returns
        -------
        Explanation
            Of an op whose arithmetic is not known `unknown` says so, and nothing is made up.

        Raises
        ------
        ValueError
            For a name that is none.
        IndexError
            For an index outside the result.
        ChangedWeightsError
            When the op's weights have been changed since.
        """
        number, slot = self._slot(name)
        node = self.nodes[number]
        return self._explain(node, slot, self._whole_index(node, slot, index, sample))

    def value(self, name: str, index: Sequence[int] = (), *, sample: int = 0) -> float:
        """Return the model's own number."""
        number, slot = self._slot(name)
        node = self.nodes[number]
        return float(self._array(node, slot)[self._whole_index(node, slot, index, sample)])

    def map(self, name: str) -> np.ndarray[Any, Any]:
        """Return all numbers of a node: (samples, channels, rows, cols) of a convolution."""
        number, slot = self._slot(name)
        return self._array(self.nodes[number], slot)

    def back(self, name: str, index: Sequence[int] = (), *, top: int = 5, sample: int = 0) -> Route:
        """Follow the largest contributions of one number back, node by node, to the input.

        Of each step the `top` numbers with the largest share are kept. The share of a term is its part of the sum of
        all |products|, times the share of the number it belongs to.

        Parameters
        ----------
        name, index, sample
            As for `explain`.
        top
            How many numbers a step keeps.
        """
        if top < 1:
            raise ValueError(f"top (={top}) must be 1 or more")
        number, slot = self._slot(name)
        return follow(self, number, slot, self._whole_index(self.nodes[number], slot, index, sample), top)

    def receptive_field(self, name: str, index: Sequence[int] = (), *, sample: int = 0) -> Field:
        """Return which numbers of the input one number depends on: the box, and the pixels inside it that matter.

        Parameters
        ----------
        name, index, sample
            As for `explain`.
        """
        number, slot = self._slot(name)
        whole = self._whole_index(self.nodes[number], slot, index, sample)
        mask = np.zeros(self.nodes[number].shapes[slot], bool)
        mask[whole] = True
        masks: dict[tuple[int, int], Mask] = {(number, slot): mask}
        for node in reversed(self.nodes[: number + 1]):
            own = {at: found for (of, at), found in masks.items() if of == node.number}
            if own and node.kind != INPUT:
                for key, found in back(node, own).items():
                    masks[key] = masks[key] | found if key in masks else found
        inputs = [node for node in self.nodes if node.kind == INPUT and (node.number, 0) in masks]
        if not inputs:
            return Field(np.zeros(self.nodes[0].shape[1:], bool))
        return Field(masks[inputs[0].number, 0][sample if inputs[0].shape[0] > sample else 0])

    def verify(self, samples: int = 64, *, seed: int = 0) -> Verification:
        """Explain so many numbers of every node, drawn at random, and hold each to its bound."""
        return verify(self, samples, seed)

    def coverage(self) -> Coverage:
        """Return the share of the ops whose arithmetic is known, and which are not."""
        return coverage(self)

    def __str__(self) -> str:
        rows = [("node", "kind", "shape")]
        rows += [(node.name, node.kind, " x ".join(map(str, node.shape))) for node in self.nodes]
        same = "bit for bit the same as" if self.difference == 0 else f"up to {self.difference:.3g} away from"
        return f"{table(rows, '<<<')}\n\nin {self.mode} mode; {same} the model's output without the recording"

    # How it is done --------------------------------------------------------------------------------------------------

    def _explain(self, node: Node, slot: int, whole: Index) -> Explanation:
        self._check_weights(node)
        value = float(self._array(node, slot)[whole])
        own = Source(node.name, whole[1:], whole[0] if whole else 0)
        dtype = str(node.dtypes[slot]).removeprefix("torch.")
        names = tuple(other.name for other in self.nodes)
        try:
            parts = explain(Call(node, whole, names, slot))
        except UnknownArithmeticError as error:
            parents = tuple((names[ref.node], ()) for ref in node.refs if ref.node is not None)
            return Explanation(own, node.kind, "", Terms(()), value, math.nan, 0.0, dtype, (), str(error), parents)
        products = parts.terms.products
        total = parts.total if parts.total is not None else _sum(products)
        scale = parts.scale if parts.scale is not None else float(np.abs(products[np.isfinite(products)]).sum())
        bound = ROUNDINGS * epsilon(node.dtypes[slot]) * scale
        return Explanation(
            own, node.kind, parts.formula, parts.terms, value, total, bound, dtype, parts.notes, "",
            tuple(_parents(parts.terms)),
        )  # fmt: skip

    def _slot(self, name: str) -> tuple[int, int]:
        for node in self.nodes:
            if node.name == name:
                return node.number, 0
        if name in self.results:
            return self.results[name]
        known = [node.name for node in self.nodes] + list(self.results)
        raise ValueError(
            f'node (="{name}") is none of the {len(self.nodes)} nodes of this trace{did_you_mean(name, known)}; '
            "`print(trace)` lists them"
        )

    def _array(self, node: Node, slot: int) -> np.ndarray[Any, Any]:
        tensor = node.outputs[slot]
        if tensor is None:
            raise ValueError(f'node (="{node.name}"): its numbers were not kept; trace again with it in keep')
        return array(tensor)

    def _whole_index(self, node: Node, slot: int, index: Sequence[int], sample: int) -> Index:
        shape = node.shapes[slot]
        given = (index,) if isinstance(index, int) else tuple(int(part) for part in index)
        whole = given if not shape else (sample, *given)
        if len(whole) != len(shape) or not all(-size <= at < size for at, size in zip(whole, shape, strict=True)):
            sizes = " x ".join(map(str, shape[1:])) or "one number"
            raise IndexError(
                f'index (={given}) of sample {sample} is not in "{node.name}", which has {shape[0] if shape else 1} '
                f"sample{'s' * (bool(shape) and shape[0] != 1)} of {sizes}"
            )
        return tuple(at % size for at, size in zip(whole, shape, strict=True))

    def _check_weights(self, node: Node) -> None:
        for ref in node.refs:
            parameter = self.parameters.get(ref.name) if ref.mark else None
            if parameter is not None and mark(parameter) != ref.mark:
                raise ChangedWeightsError(
                    f'"{ref.name}" has been changed since the trace, and "{node.name}" is not made by it; trace again'
                )


@dataclass(frozen=True, slots=True)
class Field:
    """What one number sees of the input."""

    mask: Mask
    """True where a number of the input is read: (channels, rows, cols), as the input without the sample."""

    @property
    def pixels(self) -> Mask:
        """The same for any channel: (rows, cols)."""
        return np.asarray(self.mask.any(axis=0)) if self.mask.ndim > 2 else self.mask

    @property
    def box(self) -> tuple[range, ...]:
        """The smallest box that holds them all: (rows, cols) as ranges; empty ones where nothing is read."""
        pixels = self.pixels
        if not pixels.any():
            return tuple(range(0) for _ in pixels.shape)
        found = (
            np.flatnonzero(pixels.any(axis=tuple(a for a in range(pixels.ndim) if a != axis)))
            for axis in range(pixels.ndim)
        )
        return tuple(range(int(own[0]), int(own[-1]) + 1) for own in found)

    def __str__(self) -> str:
        words = " x ".join(f"{axis.start}..{axis.stop - 1}" if axis else "none" for axis in self.box)
        inside = math.prod(map(len, self.box))
        return f"{words}: {int(self.pixels.sum()):,} of the {inside:,} pixels in the box are read"


def epsilon(dtype: torch.dtype) -> float:
    """Return how far apart numbers near 1 are in a type; whole numbers are exact."""
    return float(torch.finfo(dtype).eps) if dtype.is_floating_point else 0.0


def _sum(products: np.ndarray[Any, Any]) -> float:
    """Return the exactly rounded sum; of infinities and NaN what IEEE arithmetic makes of them."""
    if np.isfinite(products).all():
        return math.fsum(products.tolist())
    with np.errstate(invalid="ignore"):
        return float(products.sum())


def _parents(terms: Terms) -> Iterator[tuple[str, Index]]:
    for group in terms.groups:
        if group.places is not None:
            for place in dict.fromkeys(group.places[group.places >= 0].tolist()):
                found = source(group.name, group.shape, place)
                yield found.node, found.index
