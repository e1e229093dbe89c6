"""Explanations and their relatives as plain text of 80 columns."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence

from convista.explanation.records import SHOWN, Explanation, Term

WIDTH = 80


def explanation_text(e: Explanation) -> str:
    """Return the sum written out, the largest terms first, and the check at the end."""
    return "\n".join(_lines(e))


def number(value: float) -> str:
    """Return a number to seven figures, a column wide.

    >>> number(-0.1234567891), number(1234567.0), number(float("nan"))
    ('  -0.1234568', '     1234567', '         nan')
    """
    return f"{value:12.7g}"


def _lines(e: Explanation) -> Iterator[str]:
    yield from textwrap.wrap(f"{e.source} = {e.value:.9g}   ({e.kind}, {e.dtype})", WIDTH)
    if e.unknown:
        yield from textwrap.wrap(e.unknown, WIDTH, initial_indent="  ", subsequent_indent="  ")
        return
    yield from textwrap.wrap(e.formula, WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield from _terms(e)
    for name, value in e.notes:
        shown = f"{value:.9g}" if isinstance(value, float) else str(value)
        yield from textwrap.wrap(f"{name}: {shown}", WIDTH, initial_indent="  ", subsequent_indent="    ")
    yield f"  {'total':<14}{e.total:.17g}   (float64)"
    yield f"  {'model':<14}{e.value:.9g}   ({e.dtype})"
    verdict = "within the bound" if e.ok else "OUTSIDE THE BOUND: this sum is not how the number came about"
    yield f"  {'difference':<14}{e.difference:.3g}, bound {e.bound:.3g}: {verdict}"


def _terms(e: Explanation) -> Iterator[str]:
    whole = len(e.terms) <= SHOWN + 1
    shown = e.terms[:] if whole else e.terms.largest(SHOWN)
    yield f"  {'input':>12}   {'weight':>12}   {'product':>12}   from"
    yield from map(_term, shown)
    if not whole:
        rest = math.fsum(e.terms.products) - math.fsum(term.product for term in shown)
        yield f"  {'':>12}   {'':>12}   {number(rest)}   the other {len(e.terms) - len(shown):,} together"


def _term(term: Term) -> str:
    sign = "x" if term.weight is not None else " "
    weight = number(term.weight) if term.weight is not None else " " * 12
    return f"  {number(term.input)} {sign} {weight} = {number(term.product)}   {term.source}"


def table(rows: Sequence[tuple[str, ...]], sides: str) -> str:
    """Return rows as columns, each to its side: < left, > right.

    >>> print(table([("node", "terms"), ("conv1", "28")], "<>"))
    node   terms
    conv1     28
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{c:{s}{w}}" for c, s, w in zip(row, sides, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)
