"""Which engine, and why: the estimate of each that can do it, and the best of them, in a sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from convista.errors import one_of
from convista.grid.engines import ENGINES, SMALL, Job, compiled_is_loaded
from convista.grid.precision import Array
from convista.grid.problem import Problem, four_axes
from convista.grid.rates import Rates, rates
from convista.grid.work import Work


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, and why."""

    engine: str
    why: str
    problem: Problem
    threads: int
    seconds: float
    """About how long it would take."""
    others: tuple[tuple[str, float], ...]
    """The other engines that can do it, and about how many seconds they would take, the quickest first."""

    @property
    def flops(self) -> int:
        """Multiplications and additions of the sum as it is defined, each counted; an engine may need fewer."""
        return 2 * self.problem.multiply_adds

    @property
    def bytes(self) -> int:
        """The least that must be read and written."""
        return self.problem.bytes

    def __str__(self) -> str:
        problem, precision = self.problem, self.problem.precision
        same = precision.work == precision.sums == precision.result
        numbers = f"{precision.work}" if same else f"{precision.work} to {precision.result}"
        high = " by sums in float64" if precision.sums != precision.work else ""
        size, threads = " x ".join(map(str, problem.output_shape)), "thread" if self.threads == 1 else "threads"
        intensity = self.flops / max(self.bytes, 1)
        lines = [
            f"engine  {self.engine}: {self.why}",
            f"time    about {spoken_time(self.seconds)}" + self._next(),
            f"result  {size}, {numbers}{high}, {self.threads} {threads}",
            f"work    {self.flops:,} flops, {self.bytes:,} bytes, {intensity:.1f} flops a byte",
        ]
        return "\n".join(lines)

    def _next(self) -> str:
        if not self.others:
            return ""
        name, seconds = self.others[0]
        return f"; next: {name}, about {spoken_time(seconds)}"


def work_of(problem: Problem, weights: Array, bias: Array | None, threads: int) -> Work:
    """Return a problem with its numbers, as engines want them."""
    biases = np.zeros(problem.filters) if bias is None else np.broadcast_to(bias, (problem.filters,))
    return Work(problem, four_axes(problem, weights), biases, threads)


def choose(work: Work, engine: str) -> Plan:
    """Return the plan for `engine`, or for the best one when it is "auto"."""
    one_of("engine", engine, ("auto", *ENGINES))
    if engine == "auto" and work.problem.multiply_adds <= SMALL and not compiled_is_loaded():
        plain = ENGINES["plain"]  # asking how fast this machine is would take longer
        return Plan("plain", plain.why(work), work.problem, work.threads, plain.seconds(work, Rates()), ())
    able = {name: each.seconds(work, rates()) for name, each in ENGINES.items() if not each.refusal(work)}
    if engine == "auto":
        chosen = min(able, key=lambda name: able[name])
        why = ENGINES[chosen].why(work)
    else:
        refusal = ENGINES[engine].refusal(work)
        if refusal:
            raise ValueError(f'engine (="{engine}") can\'t do this: {refusal}; use engine="auto"')
        chosen, why = engine, "asked for"
    others = sorted(((name, seconds) for name, seconds in able.items() if name != chosen), key=lambda each: each[1])
    return Plan(chosen, why, work.problem, work.threads, able[chosen], tuple(others))


def prepare(plan: Plan, work: Work) -> Job:
    """Make the plan's engine ready."""
    return ENGINES[plan.engine].prepare(work)


def spoken_time(seconds: float) -> str:
    """Return seconds as people say them.

    >>> spoken_time(0.0000123), spoken_time(0.0456), spoken_time(7.89)
    ('12 us', '46 ms', '7.9 s')
    """
    if seconds == math.inf:
        return "the time to load it"
    for limit, scale, unit in ((1e-3, 1e6, "us"), (1.0, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * scale:.2g} {unit}" if seconds * scale < 100 else f"{seconds * scale:.0f} {unit}"
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds:.0f} s"
