"""The path of the largest contributions, from one number back to the input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convista.explanation.node import INPUT
from convista.explanation.printing import route_text
from convista.explanation.records import Explanation, Index, Terms
from convista.explanation.rules.call import place

if TYPE_CHECKING:
    from convista.explanation.trace import Trace

Shares = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Places in a node's flattened result, and the share of each."""


@dataclass(frozen=True, slots=True)
class Step:
    """One number on the way."""

    explanation: Explanation
    share: float
    """Of the number asked about, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Route:
    """The numbers that made one number what it is, node by node, from it to the input."""

    steps: tuple[tuple[Step, ...], ...]
    """For each node that was passed, the latest first: its numbers, the largest share first."""

    @property
    def pixels(self) -> tuple[Step, ...]:
        """The numbers of the input that the route ends at."""
        return tuple(step for level in self.steps for step in level if step.explanation.kind == INPUT)

    def __str__(self) -> str:
        return route_text([[(step.share, step.explanation) for step in level] for level in self.steps])


def follow(trace: Trace, start: tuple[int, int], whole: Index, top: int) -> Route:
    """Return the route from one number; nodes are left in the reverse of the order in which they were computed."""
    shape = trace.nodes[start[0]].shapes[start[1]]
    waiting: dict[tuple[int, int], list[Shares]] = {start: [(np.array([place(shape, whole)]), np.ones(1))]}
    levels: list[tuple[Step, ...]] = []
    while waiting:
        key = max(waiting)
        shape = trace.nodes[key[0]].shapes[key[1]]
        level = tuple(
            Step(trace.explanation(*key, _index(spot, shape)), share) for spot, share in _largest(waiting.pop(key), top)
        )
        for step in level:
            for name, shares in _passed_on(step):
                if shares[0].size:
                    waiting.setdefault(trace.slot(name), []).append(shares)
        levels.append(level)
    return Route(tuple(levels))


def _passed_on(step: Step) -> Iterator[tuple[str, Shares]]:
    """Yield for each node what its numbers have of a number's share."""
    explained = step.explanation
    terms = explained.sensitivity if explained.unknown else explained.terms
    weights, start = _weights(terms) * step.share, 0
    for group in terms.groups:
        own = weights[start : start + len(group)]
        start += len(group)
        if group.factor is not None:  # the two factors of a product have alike shares
            own = own / 2
            yield group.factor.name, (group.factor.spots[own > 0], own[own > 0])
        if group.places is not None:
            counted = (group.places >= 0) & (own > 0)
            yield group.name, (group.places[counted], own[counted])


def _weights(terms: Terms) -> NDArray[np.float64]:
    """Return each term's part of the sum of all |products|; where all are 0, they share alike."""
    sizes = np.where(np.isfinite(terms.products), np.abs(terms.products), 0.0)
    whole = float(sizes.sum())
    return sizes / whole if whole else np.full(len(terms), 1 / max(len(terms), 1))


def _largest(parts: list[Shares], top: int) -> list[tuple[int, float]]:
    """Return the places with the largest shares, each place once.

    >>> _largest([(np.array([4, 7]), np.array([0.2, 0.5])), (np.array([4]), np.array([0.4]))], 1)[0][0]
    4
    """
    places, which = np.unique(np.concatenate([spots for spots, _ in parts]), return_inverse=True)
    shares = np.bincount(which, np.concatenate([shares for _, shares in parts]))
    order = np.argsort(-shares, kind="stable")[:top]
    return [(int(places[at]), float(shares[at])) for at in order]


def _index(spot: int, shape: Index) -> Index:
    return tuple(int(part) for part in np.unravel_index(spot, shape)) if shape else ()
