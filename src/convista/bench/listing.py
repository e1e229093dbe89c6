"""What would be measured: the groups with their goals and cells, and the peers with their settings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from convista.bench.cell import Cell, Script
from convista.bench.goals import GROUPS
from convista.bench.peers import PEERS

WIDTH = 80
MOST = 24
"""Names of a group that are listed; the sweep has 200."""


def lines(cells: Sequence[Cell | Script]) -> Iterator[str]:
    """Yield the list, in 80 columns."""
    for name, group in GROUPS.items():
        names = [cell.name for cell in cells if cell.group == name]
        if names:
            goals = "; ".join(goal.text for goal in group.goals) or "no goal"
            yield f"{name}: {group.title}"
            yield f"  goal  {goals}"
            more = [f"{len(names) - MOST} more"] * (len(names) > MOST)
            yield from _wrapped("  cells ", ", ".join(names[:MOST] + more))
    yield "peers"
    for name, peer in PEERS.items():
        missing = "" if peer.is_there else f" (not installed: pip install {peer.package})"
        yield from _wrapped("  ", f"{name}: {peer.setting}{missing}")


def _wrapped(start: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=" " * max(len(start), 4))
