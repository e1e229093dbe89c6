"""A recorded forward pass: its nodes, and any number of any of them taken apart."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from convista.errors import did_you_mean
from convista.explanation.bounds import bound
from convista.explanation.field import Field
from convista.explanation.node import INPUT, Node, mark
from convista.explanation.printing import nodes_text
from convista.explanation.reach import read_by
from convista.explanation.records import Explanation, Index, Notes, Parts, Source, Terms
from convista.explanation.route import Route, follow
from convista.explanation.rules import explain
from convista.explanation.rules.book import UnknownArithmeticError
from convista.explanation.rules.call import Call, array
from convista.explanation.sensitivity import sensitivity
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
    """By a module's name: the node, and which of its results, that its call returned."""
    parameters: dict[str, torch.nn.Parameter] = field(repr=False)
    """The model's own, by which a change is noticed."""
    mode: str = "evaluation"
    """In which the model was run; or "training"."""

    def node(self, name: str) -> Node:
        """Return the node of a name: an op's, or that which made a module's result.

        Raises
        ------
        ValueError
            When there is none; the text names the nearest.
        """
        return self.nodes[self.slot(name)[0]]

    def explain(self, name: str, index: Sequence[int] = (), *, sample: int = 0) -> Explanation:
        """Take one number apart: its terms, their float64 sum, the model's own number and the bound between them.

        Parameters
        ----------
        name
            A node's name (`nodes`), or a module's, whose result is meant. Of an op with several results the first is
            meant, and "chunk:1" is the second.
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
            For a name that is none, and for a node that was not kept.
        IndexError
            For an index outside the result.
        ChangedWeightsError
            When the op's weights have been changed since.
        """
        number, slot, whole = self._place(name, index, sample)
        return self.explanation(number, slot, whole)

    def value(self, name: str, index: Sequence[int] = (), *, sample: int = 0) -> float:
        """Return the model's own number."""
        number, slot, whole = self._place(name, index, sample)
        return _value(self._tensor(self.nodes[number], slot), whole)

    def map(self, name: str) -> NDArray[Any]:
        """Return all numbers of a node: (samples, channels, rows, cols) of a convolution."""
        number, slot = self.slot(name)
        return array(self._tensor(self.nodes[number], slot))

    def back(self, name: str, index: Sequence[int] = (), *, top: int = 5, sample: int = 0) -> Route:
        """Follow the largest contributions of one number back, node by node, to the input.

        Of each node the `top` numbers with the largest share are kept. The share of a term is its part of the sum of
        all |products|, times the share of the number it belongs to. Through an op whose arithmetic is not known the
        way goes on by |gradient x input|, and the step says so.

        Parameters
        ----------
        name, index, sample
            As for `explain`.
        top
            How many numbers of a node are kept.
        """
        if top < 1:
            raise ValueError(f"top (={top}) must be 1 or more")
        number, slot, whole = self._place(name, index, sample)
        return follow(self, (number, slot), whole, top)

    def receptive_field(self, name: str, index: Sequence[int] = (), *, sample: int = 0) -> Field:
        """Return which numbers of the input one number depends on: the box, and the pixels inside it that matter.

        The arithmetic alone counts, not what the weights happen to be: a weight of zero still reads its pixel. An op
        whose arithmetic is not known is taken to read all of its inputs.

        Parameters
        ----------
        name, index, sample
            As for `explain`.
        """
        number, slot, whole = self._place(name, index, sample)
        mask = np.zeros(self.nodes[number].shapes[slot], bool)
        mask[whole] = True
        masks = read_by(self.nodes[: number + 1], (number, slot), mask)
        inputs = [node for node in self.nodes if node.kind == INPUT]
        read = next((node for node in inputs if (node.number, 0) in masks), inputs[0])
        own = masks.get((read.number, 0), np.zeros(read.shape, bool))
        return Field(own[sample if read.shape and read.shape[0] > sample else 0] if own.ndim else own)

    def verify(self, samples: int = 64, *, seed: int = 0) -> Verification:
        """Explain so many numbers of every node, drawn at random, and hold each to its bound."""
        return verify(self, samples, seed)

    def coverage(self) -> Coverage:
        """Return the share of the ops whose arithmetic is known, and which are not."""
        return coverage(self)

    def __str__(self) -> str:
        return nodes_text(self.nodes, self.mode, self.difference)

    # For the rest of the room ----------------------------------------------------------------------------------------

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all nodes, by number."""
        return tuple(node.name for node in self.nodes)

    @cached_property
    def slots(self) -> dict[str, tuple[int, int]]:
        """By name: a node's number, and which of its results; nodes go before modules."""
        own = {node.called(slot): (node.number, slot) for node in self.nodes for slot in range(len(node.shapes))}
        return self.results | own

    def slot(self, name: str) -> tuple[int, int]:
        """Return the number of a node, and which of its results is meant."""
        found = self.slots.get(name)
        if found is None:
            raise ValueError(
                f'node (="{name}") is none of the {len(self.nodes)} nodes of this trace'
                f"{did_you_mean(name, self.slots)}; `print(trace)` lists them"
            )
        return found

    def check_weights(self, node: Node) -> None:
        """Refuse a node whose weights are no longer those that computed it."""
        for ref in node.refs:
            parameter = self.parameters.get(ref.name) if ref.mark else None
            if parameter is not None and mark(parameter) != ref.mark:
                raise ChangedWeightsError(
                    f'weights (="{ref.name}") have been changed since the trace, and "{node.name}" is not made by '
                    "them; trace again"
                )

    def explanation(self, number: int, slot: int, whole: Index) -> Explanation:
        """Return that of a number whose index has the sample in front."""
        self.check_weights(self.nodes[number])
        return self.taken_apart(number, slot, whole)

    def taken_apart(self, number: int, slot: int, whole: Index) -> Explanation:
        """Return the same, of a node whose weights have been checked."""
        node = self.nodes[number]
        tensor = self._tensor(node, slot)
        for ref in node.refs:
            if ref.node is not None:
                self._tensor(self.nodes[ref.node], ref.slot)
        value, call = _value(tensor, whole), Call(node, whole, self.names, slot)
        own = Source(node.called(slot), whole[1:], whole[0] if whole else 0)
        dtype = str(node.dtypes[slot]).removeprefix("torch.")
        try:
            parts = explain(call)
        except UnknownArithmeticError as error:
            nothing, notes = Terms(()), _statistics(tensor)
            return Explanation(own, node.kind, "", nothing, value, math.nan, 0.0, dtype, notes, str(error),
                               sensitivity(call))  # fmt: skip
        total, scale = _sum(parts)
        allowed = bound(node, slot, parts, scale)
        return Explanation(own, node.kind, parts.formula, parts.terms, value, total, allowed, dtype, parts.notes)

    # How it is done --------------------------------------------------------------------------------------------------

    def _place(self, name: str, index: Sequence[int], sample: int) -> tuple[int, int, Index]:
        """Return a node's number, which of its results, and the index with the sample in front."""
        number, slot = self.slot(name)
        shape = self.nodes[number].shapes[slot]
        try:
            given = tuple(map(operator.index, index if isinstance(index, Iterable) else (index,)))
        except TypeError:
            raise TypeError(f"index (={index!r}) must be whole numbers, such as (channel, row, col)") from None
        whole = given if not shape else (sample, *given)
        if len(whole) != len(shape) or not all(-size <= at < size for at, size in zip(whole, shape, strict=True)):
            sizes = " x ".join(map(str, shape[1:])) or "one number"
            count = shape[0] if shape else 1
            raise IndexError(
                f'index (={given}) of sample {sample} is not in "{name}", which has {count} '
                f"sample{'s' * (count != 1)} of {sizes}"
            )
        return number, slot, tuple(at % size for at, size in zip(whole, shape, strict=True))

    def _tensor(self, node: Node, slot: int) -> torch.Tensor:
        tensor = node.outputs[slot]
        if tensor is None:
            raise ValueError(f'node (="{node.name}"): its numbers were not kept; trace again with it in keep')
        return tensor


def _value(tensor: torch.Tensor, whole: Index) -> float:
    """Return one number; of a complex one, which is no float, NaN."""
    return math.nan if tensor.is_complex() else float(tensor[whole])


def _sum(parts: Parts) -> tuple[float, float]:
    """Return the exactly rounded sum, of infinities and NaN what IEEE arithmetic makes of them, and its size."""
    products = parts.terms.products
    finite = products[np.isfinite(products)]
    total = parts.total
    if total is None:
        with np.errstate(invalid="ignore"):
            total = math.fsum(products.tolist()) if finite.size == products.size else float(products.sum())
    return total, float(np.abs(finite).sum()) if parts.scale is None else parts.scale


def _statistics(tensor: torch.Tensor) -> Notes:
    """Return what is left to say of a map whose arithmetic is not known."""
    if tensor.is_complex() or not tensor.numel():
        return ()
    whole = tensor.double()
    return (
        ("smallest of the map", float(whole.min())), ("mean", float(whole.mean())),
        ("largest", float(whole.max())),
    )  # fmt: skip
