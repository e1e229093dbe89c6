"""The path of the largest contributions, from one number back to the input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convista.explanation.recording import INPUT
from convista.explanation.records import Explanation, Index

if TYPE_CHECKING:
    from convista.explanation.trace import Trace


@dataclass(frozen=True, slots=True)
class Step:
    """One number on the way."""

    explanation: Explanation
    share: float
    """Of the number asked about, 0 to 1."""
    whole: Index
    """Its index with the sample in front."""


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
        return "\n".join(_lines(self))


def follow(trace: Trace, number: int, slot: int, whole: Index, top: int) -> Route:
    """Return the route from one number; nodes are left in the reverse of the order in which they were computed."""
    shares: dict[tuple[int, int], dict[Index, float]] = {(number, slot): {whole: 1.0}}
    numbers = {node.name: node.number for node in trace.nodes}
    levels: list[tuple[Step, ...]] = []
    while shares:
        key = max(shares)
        found = sorted(shares.pop(key).items(), key=lambda pair: (-pair[1], pair[0]))[:top]
        node = trace.nodes[key[0]]
        level = []
        for index, share in found:
            explained = trace._explain(node, key[1], index)  # noqa: SLF001  # a part of the same room
            level.append(Step(explained, share, index))
            if node.kind != INPUT:
                _pass_on(explained, share, numbers, trace, key[0], shares)
        levels.append(tuple(level))
    return Route(tuple(levels))


def _pass_on(
    explained: Explanation, share: float, numbers: dict[str, int], trace: Trace, own: int,
    shares: dict[tuple[int, int], dict[Index, float]],
) -> None:  # fmt: skip
    """Give each term that is a node's number its part of the share."""
    whole = float(np.abs(explained.terms.products).sum())
    for group in explained.terms.groups:
        if group.places is None or not whole:
            continue
        ref = next(r for r in trace.nodes[own].refs if r.node == numbers.get(group.name))
        theirs = shares.setdefault((numbers[group.name], ref.slot), {})
        parts = np.abs(group.products) / whole * share
        for number in np.flatnonzero((group.places >= 0) & (parts > 0)):
            index = tuple(int(part) for part in np.unravel_index(group.places[number], group.shape))
            theirs[index] = theirs.get(index, 0.0) + float(parts[number])


def _lines(route: Route) -> Iterator[str]:
    for depth, level in enumerate(route.steps):
        for step in level:
            e = step.explanation
            yield f"{'  ' * min(depth, 8)}{100 * step.share:5.1f} %  {e.source} = {e.value:.6g}  ({e.kind})"
