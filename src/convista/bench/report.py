"""A run on the terminal, in 80 columns: a line for each cell, then each goal with its verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from convista.bench.goals import GROUPS, Goal, figures, is_more_exact, middle
from convista.bench.record import OURS, Record, Result

WIDTH = 80
LABEL = 38
WORST = 10
MORE_EXACT = "*"

LEGEND = """Each cell: our time for one call and our error; then each peer's time as a multiple of ours, the
quickest first, with the quartiles of the rounds: over 1 means ours is quicker. A * means the peer is more exact."""


def cell_lines(result: Result, number: int, total: int) -> Iterator[str]:
    """Yield what came out of a cell: our time, each peer as a multiple of it, who was left out and why."""
    yield f"[{number}/{total}] {result.cell}, {_threads(result.threads)}: {_ours(result)}"
    yield from _wrapped(", ".join(_peer(name, result) for name in _by_ratio(result)))
    yield from _wrapped("; ".join(_left_out(name, why) for name, why in result.left_out.items() if name != OURS))


def goal_lines(record: Record) -> Iterator[str]:
    """Yield the table of goals: what must be reached, what was, and the verdict."""
    yield f"{'theirs / ours (over 1: we are quicker)':<{LABEL}} thr  worst median verdict"
    for name, group in GROUPS.items():
        for threads in record.threads():
            results = record.of(name, threads)
            for goal in group.goals or (Goal(least=0),) if results else ():
                yield from _goal(group.title, goal, results, threads, has_goal=bool(group.goals))


def worst_lines(record: Record, group: str = "planner") -> Iterator[str]:
    """Yield the worst cells of a group, and the share that reached the goal."""
    (goal,) = GROUPS[group].goals
    for threads in record.threads():
        found = [(figure, result) for result in record.of(group, threads)
                 if (figure := goal.figure(result)) is not None]  # fmt: skip
        if not found:
            continue
        share = sum(goal.is_met(figure) for figure, _ in found) / len(found)
        yield f"{GROUPS[group].title}, {_threads(threads)}: {share:.0%} of {len(found)} within 10 %:"
        for figure, result in sorted(found, key=lambda pair: pair[0])[:WORST]:
            yield f"  {figure:5.2f}  {result.cell}: {result.best}"


def head_lines(machine: dict[str, str], versions: dict[str, str]) -> Iterator[str]:
    """Yield the machine, the versions and how to read the lines below."""
    facts = [f"{name}: {value}" for name, value in machine.items()]
    yield from textwrap.wrap("; ".join(facts), WIDTH)
    yield from textwrap.wrap(", ".join(f"{name} {value}" for name, value in versions.items()), WIDTH)
    yield from textwrap.wrap(LEGEND, WIDTH)


def quantity(value: float, unit: str) -> str:
    """Return a number with its unit.

    >>> quantity(0.0123, "s"), quantity(4.2e-6, "s"), quantity(1.3, "s"), quantity(1.17, "x")
    ('12.3 ms', '4.20 us', '1.30 s', '1.17 x')
    """
    if unit == "s":
        value, unit = next(
            (value * times, name)
            for times, name in ((1, "s"), (1e3, "ms"), (1e6, "us"))
            if value * times >= 1 or times == 1e6
        )
    return f"{value:#.3g} {unit}".replace(". ", " ")


def _goal(title: str, goal: Goal, results: list[Result], threads: int, *, has_goal: bool) -> Iterator[str]:
    found = figures(goal, results)
    label = f"{title}{goal.about}"
    numbers = f"{goal.worst(found):6.2f} {middle(found):6.2f}" if found else f"{'-':>6} {'-':>6}"
    first, *more = textwrap.wrap(label, LABEL)
    yield f"{first:<{LABEL}} {threads:>3} {numbers} {_verdict(goal, found, results) if has_goal else 'no goal'}"
    yield from (f"  {line}" for line in more)
    missing = sum(OURS in result.left_out for result in results)
    if found and missing:
        yield f"  {missing} of {len(results)} cells not measured"


def _verdict(goal: Goal, found: list[float], results: list[Result]) -> str:
    nobody = goal.as_exact and not found and any(result.ratios for result in results)
    return "no peer is as exact" if nobody else goal.verdict(found)


def _ours(result: Result) -> str:
    if OURS in result.left_out:
        return f"not measured: {result.left_out[OURS]}"
    error = f", error {result.errors[OURS]:.1e}" if OURS in result.errors else ""
    return f"{quantity(result.values[OURS].median, _unit(result))}{error}"


def _peer(name: str, result: Result) -> str:
    ratio = result.ratios[name]
    mark = MORE_EXACT if is_more_exact(name, result) else ""
    return f"{name} {ratio.median:.3g}{mark} ({ratio.low:.3g}-{ratio.high:.3g})"


def _left_out(name: str, why: str) -> str:
    return f"{name} left out: {why}"


def _by_ratio(result: Result) -> list[str]:
    return sorted(result.ratios, key=lambda name: result.ratios[name].median)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def _unit(result: Result) -> str:
    return GROUPS[result.group].unit


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count != 1)}"
