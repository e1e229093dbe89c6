"""A whole trace held to its bounds, and how much of it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convista.explanation.node import INPUT, Node
from convista.explanation.printing import short, table
from convista.explanation.records import Explanation
from convista.explanation.rules.book import RULES

if TYPE_CHECKING:
    from convista.explanation.trace import Trace


@dataclass(frozen=True, slots=True)
class Checked:
    """One node of a verification."""

    node: str
    kind: str
    samples: int
    failed: int
    worst: Explanation | None
    """The number that came nearest to its bound, or went farthest past it."""
    unknown: str = ""

    @property
    def ratio(self) -> float:
        """The worst difference as a share of its bound."""
        return share_of_bound(self.worst) if self.worst else 0.0


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of holding a trace to its bounds."""

    rows: tuple[Checked, ...]

    @property
    def ok(self) -> bool:
        """Whether every number whose arithmetic is known is within its bound."""
        return not any(row.failed for row in self.rows)

    @property
    def worst(self) -> Explanation | None:
        """The number nearest to its bound, or farthest past it."""
        known = [row for row in self.rows if row.worst]
        return max(known, key=lambda row: row.ratio).worst if known else None

    @property
    def table(self) -> str:
        """A line for each node: kind, samples, failed, the worst difference as a part of its bound."""
        lines = [("node", "kind", "samples", "failed", "of bound")]
        for row in self.rows:
            shown = "-" if row.unknown else f"{row.ratio:.3f}"
            lines.append((short(row.node, 32), short(row.kind, 18), f"{row.samples}", f"{row.failed}", shown))
        return table(lines, "<<>>>")

    def __str__(self) -> str:
        known = sum(row.samples for row in self.rows if not row.unknown)
        failed = sum(row.failed for row in self.rows)
        return f"{self.table}\n\n{known - failed:,} of {known:,} numbers within their bounds"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a trace is known."""

    known: int
    total: int
    opaque: tuple[tuple[str, str], ...]
    """(node, op) of those whose arithmetic is not."""

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.known / self.total if self.total else 1.0

    def __str__(self) -> str:
        head = f"the arithmetic of {self.known} of {self.total} ops is known ({100 * self.share:.0f} %)"
        return "\n".join([head, *(f"  not known: {node} ({op})" for node, op in self.opaque)])


def verify(trace: Trace, samples: int, seed: int) -> Verification:
    """Explain so many numbers of every node."""
    if samples < 1:
        raise ValueError(f"samples (={samples}) must be 1 or more")
    random = np.random.default_rng(seed)
    slots = ((node, slot) for node in trace.nodes for slot in range(len(node.shapes)))
    return Verification(tuple(_checked(trace, node, slot, samples, random) for node, slot in slots))


def _checked(trace: Trace, node: Node, slot: int, samples: int, random: np.random.Generator) -> Checked:
    """Explain so many numbers of one result."""
    name, shape = node.called(slot), node.shapes[slot]
    size: int = math.prod(shape)
    if not node.is_kept or not size:
        return Checked(name, node.kind, 0, 0, None, "it was not kept, or what it reads was not" if size else "")
    trace.check_weights(node)
    worst: Explanation | None = None
    failed, places = 0, random.choice(size, samples, replace=False) if size > samples else np.arange(size)
    for place in places:
        index = tuple(int(part) for part in np.unravel_index(place, shape)) if shape else ()
        explained = trace.taken_apart(node.number, slot, index)
        if explained.unknown:
            return Checked(name, node.kind, 0, 0, None, explained.unknown)
        failed += not explained.ok
        if worst is None or share_of_bound(explained) > share_of_bound(worst):
            worst = explained
    return Checked(name, node.kind, len(places), failed, worst)


def coverage(trace: Trace) -> Coverage:
    """Return how much is known, from the first number of each op's first result."""
    opaque, ops = [], [node for node in trace.nodes if node.kind != INPUT]
    for node in ops:
        known = node.op in RULES or node.kind in RULES
        if known and node.is_kept and math.prod(node.shape):
            known = not trace.explanation(node.number, 0, (0,) * len(node.shape)).unknown
        if not known:
            opaque.append((node.name, node.op))
    return Coverage(len(ops) - len(opaque), len(ops), tuple(opaque))


def share_of_bound(e: Explanation) -> float:
    """Return a difference as a share of its bound; infinite past a bound of zero, and where one of the two is NaN."""
    if e.difference == 0:
        return 0.0
    return e.difference / e.bound if e.bound and not math.isnan(e.difference) else math.inf
