"""What an explanation says: terms, their sum, the model's own number, and the bound between the two."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

PADDING, BIAS = "padding", "bias"
SHOWN = 12
"""So many terms are printed; the rest stands as one line, so that the sum still adds up."""
ROUNDINGS = 8
"""How many roundings of the whole sum a model's number may be away from ours: sums in other orders, Winograd, FMA."""

Index = tuple[int, ...]
Notes = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A number of a node: whose it is, and where in it."""

    node: str
    """The node's name."""
    index: Index
    """Without the sample: as `Trace.explain` takes it."""
    sample: int = 0

    def __str__(self) -> str:
        return f"{self.node}[{', '.join(map(str, self.index))}]"


@dataclass(frozen=True, slots=True)
class Term:
    """One summand."""

    source: Source | str
    """Where the input comes from: a node's number, a named tensor of the model, "padding" or "bias"."""
    input: float
    weight: float | None
    """None where the term is no product: a function of the input."""
    product: float
    factor: Source | None = None
    """Where the weight comes from, where that is another node's number: a gate, the other side of a matrix product."""


@dataclass(frozen=True, slots=True)
class Places:
    """Numbers of one node, by their places in its flattened result."""

    name: str
    shape: Index
    spots: NDArray[np.int64]

    def source(self, number: int) -> Source:
        """Return one of them."""
        return source(self.name, self.shape, int(self.spots[number]))


@dataclass(frozen=True, slots=True)
class Group:
    """Terms whose inputs come from one tensor, as arrays: a sum of thousands costs no thousands of objects."""

    name: str
    """The node's, or the tensor's; "padding" and "bias" are their own."""
    inputs: NDArray[np.float64]
    products: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None
    places: NDArray[np.int64] | None = None
    """Places in the flattened tensor; -1: padding. None where the tensor is no node."""
    shape: Index = ()
    """Of the tensor."""
    factor: Places | None = None
    """Where the weights come from, where that is a node, too."""

    def __len__(self) -> int:
        return self.products.size

    def term(self, number: int) -> Term:
        """Return one of them."""
        weight = None if self.weights is None else float(self.weights[number])
        factor = None if self.factor is None else self.factor.source(number)
        return Term(self.source(number), float(self.inputs[number]), weight, float(self.products[number]), factor)

    def source(self, number: int) -> Source | str:
        """Return where one of them comes from."""
        if self.places is None:
            return self.name
        place = int(self.places[number])
        return PADDING if place < 0 else source(self.name, self.shape, place)


def source(name: str, shape: Index, place: int) -> Source:
    """Return a place of a flattened tensor as a node's number.

    >>> source("conv1", (1, 4, 3, 3), 14)
    Source(node='conv1', index=(1, 1, 2), sample=0)
    """
    index = tuple(int(part) for part in np.unravel_index(place, shape)) if shape else ()
    return Source(name, index[1:], index[0] if index else 0)


class Terms(Sequence[Term]):
    """All terms of an explanation, made one by one as they are asked for."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = tuple(group for group in groups if len(group))
        self._ends = np.cumsum([len(group) for group in self.groups])

    def __len__(self) -> int:
        return int(self._ends[-1]) if self.groups else 0

    @overload
    def __getitem__(self, number: int) -> Term: ...
    @overload
    def __getitem__(self, number: slice) -> tuple[Term, ...]: ...
    def __getitem__(self, number: int | slice) -> Term | tuple[Term, ...]:
        if isinstance(number, slice):
            return tuple(self[place] for place in range(*number.indices(len(self))))
        place = range(len(self))[number]
        which = int(np.searchsorted(self._ends, place, side="right"))
        return self.groups[which].term(place - int(self._ends[which]) + len(self.groups[which]))

    def __iter__(self) -> Iterator[Term]:
        return (group.term(number) for group in self.groups for number in range(len(group)))

    @property
    def products(self) -> NDArray[np.float64]:
        """Of all terms in a row."""
        return np.concatenate([group.products.ravel() for group in self.groups]) if self.groups else np.zeros(0)

    def largest(self, most: int) -> tuple[Term, ...]:
        """Return the terms of the largest products, of any sign, the largest first."""
        order = np.argsort(-np.abs(self.products), kind="stable")[:most]
        return tuple(self[int(number)] for number in order)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a rule makes of one number: the terms, their sum where it is more than that, and what else to know."""

    terms: Terms
    formula: str
    """In words: "window x weights + bias"."""
    total: float | None = None
    """Where it is not the sum of the products."""
    scale: float | None = None
    """What roundings are relative to, where it is not the sum of all |products|."""
    notes: Notes = ()
    """Named numbers beside the sum: a divisor, the winner, mean and variance."""
    slack: float = 0.0
    """How much farther the model's number may be away: what is rounded to whole numbers is."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One number of a model, taken apart and checked; printed, it is the sum written out."""

    source: Source
    """Whose number it is, and where."""
    kind: str
    """The op in a word."""
    formula: str
    """In words: "window x weights + bias"."""
    terms: Terms
    """All of them; none where the arithmetic is not known."""
    value: float
    """The model's own number."""
    total: float
    """The float64 sum of the terms, or the float64 value of the formula; NaN where the arithmetic is not known."""
    bound: float
    """|value - total| may be as large: eight roundings of the whole sum, in the type that computed it."""
    dtype: str
    """The type of the model's number."""
    notes: Notes = ()
    """Named numbers beside the sum: a divisor, the winner, mean and variance."""
    unknown: str = ""
    """Why nothing is known of the arithmetic; empty where it is."""
    sensitivity: Terms = field(default_factory=lambda: Terms(()))
    """Where the arithmetic is not known: the inputs with a gradient, as (input, gradient, their product). They are no
    summands: they say how the number would change, not how it came about."""

    @property
    def difference(self) -> float:
        """|value - total|; NaN where nothing is known."""
        if math.isnan(self.value) and math.isnan(self.total) and not self.unknown:
            return 0.0
        return 0.0 if self.value == self.total else abs(self.value - self.total)

    @property
    def ok(self) -> bool:
        """Whether the sum is the model's number, within the bound."""
        return not self.unknown and (self.difference == 0 or self.difference <= self.bound)

    @property
    def parents(self) -> tuple[tuple[str, Index], ...]:
        """The numbers of other nodes that it is made from, as (node, index): `Trace.explain` takes them.

        Of an op whose arithmetic is not known those with a gradient. The sample is in `Source.sample` of the terms; it
        is another one only where a model mixes its samples.
        """
        terms = self.sensitivity if self.unknown else self.terms
        return tuple(dict.fromkeys((found.node, found.index) for found in _sources(terms)))

    def __str__(self) -> str:
        from convista.explanation.printing import explanation_text

        return explanation_text(self)


def _sources(terms: Terms) -> Iterator[Source]:
    for group in terms.groups:
        if group.places is not None:
            yield from (source(group.name, group.shape, int(place)) for place in group.places[group.places >= 0])
        if group.factor is not None:
            yield from map(group.factor.source, range(len(group)))
