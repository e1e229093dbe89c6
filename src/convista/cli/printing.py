"""JSON for programs, tables for people."""

from __future__ import annotations

import json
import math
import shutil
from typing import TYPE_CHECKING, Any, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console


def examples(*lines: str) -> str:
    """Return the end of a help text."""
    return "\n".join(("Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)))


def console() -> Console:
    """Return a rich console on standard output that leaves numbers and brackets as they are.

    Of several processes that train together one speaks.
    """
    from rich.console import Console

    from convista.training.launch import speaks

    return Console(highlight=False, markup=False, emoji=False, quiet=not speaks())


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = (), cut: Sequence[str] = ()
) -> None:
    """Print rows under the columns' names; those in `right` are numbers, those in `cut` give way where it is narrow."""
    from rich import box
    from rich.table import Table

    out, table = console(), Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    widths = {
        column: max(len(text) for text in (column, *texts)) for column, *texts in zip(columns, *rows, strict=True)
    }
    giving = [column for column in columns if column in cut]
    fixed = sum(width + 2 for column, width in widths.items() if column not in giving)
    for column, width in widths.items():
        side: Literal["left", "right"] = "right" if column in right else "left"
        if column in giving:
            most = max((out.width - fixed) // len(giving) - 2, 10)
            table.add_column(column, justify=side, width=min(width, most), no_wrap=True, overflow="ellipsis")
        else:
            table.add_column(column, justify=side, min_width=width if giving else None, overflow="fold")
    for row in rows:
        table.add_row(*row)
    out.print(table)


def print_json(thing: Any) -> None:
    """Print one JSON value on one line; NaN and infinities, which JSON has not, as null."""
    typer.echo(json.dumps(_plain(thing), allow_nan=False))


def percent(share: float) -> str:
    """Return a share as people read it.

    >>> percent(0.99853)
    '99.85 %'
    """
    return f"{100 * share:.2f} %"


def terminal_width() -> int:
    """Return how many characters a line of the terminal has; 80 where there is none."""
    return shutil.get_terminal_size((80, 24)).columns


def _plain(thing: Any) -> Any:
    """Return `thing` in JSON's own kinds: arrays to lists, NumPy's numbers to Python's, ranges and tuples to lists."""
    if hasattr(thing, "tolist"):
        thing = thing.tolist()
    if isinstance(thing, dict):
        return {str(key): _plain(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple, range)):
        return [_plain(value) for value in thing]
    if isinstance(thing, float):
        return thing if math.isfinite(thing) else None
    return thing if thing is None or isinstance(thing, (bool, int, str)) else str(thing)
