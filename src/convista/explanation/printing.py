"""Explanations and their relatives as plain text of 80 columns."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convista.explanation.records import SHOWN, Explanation, Source, Term, Terms

if TYPE_CHECKING:
    from convista.explanation.node import Node

WIDTH = 80
FROM = 34
"""Columns for where a number comes from."""


def explanation_text(e: Explanation) -> str:
    """Return the sum written out, the largest terms first, and the check at the end."""
    return "\n".join(_lines(e))


def number(value: float) -> str:
    """Return a number to seven figures, a column wide.

    >>> number(-0.1234567891), number(1234567.0), number(float("nan"))
    ('  -0.1234568', '     1234567', '         nan')
    """
    return f"{value:12.7g}"


def short(source: Source | str, width: int) -> str:
    """Return where a number comes from; of a long path the end.

    >>> short(Source("layer2.0.downsample.0", (17, 3, 4)), 20)
    '...ample.0[17, 3, 4]'
    """
    text = str(source)
    return text if len(text) <= width else f"...{text[3 - width :]}"


def _lines(e: Explanation) -> Iterator[str]:
    yield from textwrap.wrap(f"{e.source} = {e.value:.9g}   ({e.kind}, {e.dtype})", WIDTH)
    if e.unknown:
        yield from _unknown(e)
        return
    yield from _wrapped(e.formula)
    yield f"  {'input':>12}   {'weight':>12}   {'product':>12}   from"
    yield from _terms(e.terms)
    yield from _notes(e)
    yield f"  {'total':<14}{e.total:.17g}   (float64)"
    yield f"  {'model':<14}{e.value:.9g}   ({e.dtype})"
    yield f"  {'difference':<14}{e.difference:.3g}, bound {e.bound:.3g}: {'within the bound' if e.ok else 'OUTSIDE IT'}"
    if not e.ok:
        yield from _wrapped("This sum is not how the number came about: don't trust it.")


def _unknown(e: Explanation) -> Iterator[str]:
    yield from _wrapped(e.unknown)
    yield from _notes(e)
    if e.sensitivity:
        yield from _wrapped("How it would change with its inputs (sensitivity, no arithmetic):")
        yield f"  {'input':>12}   {'gradient':>12}   {'product':>12}   from"
        yield from map(_term, e.sensitivity.largest(SHOWN))


def _notes(e: Explanation) -> Iterator[str]:
    for name, value in e.notes:
        shown = f"{value:.9g}" if isinstance(value, float) else str(value)
        yield from _wrapped(f"{name}: {shown}", more="  ")


def _terms(terms: Terms) -> Iterator[str]:
    whole = len(terms) <= SHOWN + 1
    shown = terms[:] if whole else terms.largest(SHOWN)
    yield from map(_term, shown)
    if not whole:
        rest = float(terms.products.sum()) - math.fsum(term.product for term in shown)
        yield f"  {'':>12}   {'':>12}   {number(rest)}   the other {len(terms) - len(shown):,} together"


def _term(term: Term) -> str:
    sign = "x" if term.weight is not None else " "
    weight = number(term.weight) if term.weight is not None else " " * 12
    return f"  {number(term.input)} {sign} {weight} = {number(term.product)}   {short(term.source, FROM - 1)}"


def _wrapped(text: str, more: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent=f"  {more}")


def route_text(levels: Sequence[Sequence[tuple[float, Explanation]]]) -> str:
    """Return a route, each node's numbers a step farther in."""
    lines = [
        f"{100 * share:5.1f} %  {'  ' * min(depth, 6)}{short(e.source, 40)} = {e.value:.6g}"
        f"  ({'by sensitivity' if e.unknown else e.kind})"
        for depth, level in enumerate(levels)
        for share, e in level
    ]
    return "\n".join(lines)


def nodes_text(nodes: Sequence[Node], mode: str, difference: float) -> str:
    """Return all nodes, and how the model was run."""
    rows = [("node", "kind", "shape")]
    rows += [(short(node.name, 42), short(node.kind, 18), " x ".join(map(str, node.shape))) for node in nodes]
    same = "bit for bit" if difference == 0 else f"but for up to {difference:.3g}"
    said = f"In {mode} mode; the output is the model's own without the recording, {same}."
    return "\n".join([table(rows, "<<<"), "", *textwrap.wrap(said, WIDTH)])


def table(rows: Sequence[tuple[str, ...]], sides: str) -> str:
    """Return rows as columns, each to its side: < left, > right.

    >>> print(table([("node", "terms"), ("conv1", "28")], "<>"))
    node   terms
    conv1     28
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{c:{s}{w}}" for c, s, w in zip(row, sides, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)
