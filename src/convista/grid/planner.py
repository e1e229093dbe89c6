"""Which engine, and why: one sentence for each decision."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from convista.errors import one_of
from convista.grid import plain
from convista.grid.precision import Array
from convista.grid.problem import Problem

SMALL = 30_000
"""Multiply-adds up to which NumPy is done before Numba's first import would be (about 0.3 s)."""

MANY_CHANNELS = 8
"""Input channels a group from which torch's matrix kernels win over a row-by-row sum."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, and why."""

    engine: str
    why: str
    problem: Problem
    threads: int

    @property
    def flops(self) -> int:
        """Multiplications and additions, each counted."""
        return 2 * self.problem.multiply_adds

    @property
    def bytes(self) -> int:
        """The least that must be read and written."""
        return self.problem.bytes

    def __str__(self) -> str:
        problem, precision = self.problem, self.problem.precision
        same = precision.work == precision.result
        numbers = f"{precision.work}" if same else f"{precision.work} to {precision.result}"
        size, threads = " x ".join(map(str, problem.output_shape)), "thread" if self.threads == 1 else "threads"
        intensity = self.flops / max(self.bytes, 1)
        return (
            f"engine  {self.engine}: {self.why}\n"
            f"result  {size}, {numbers}, {self.threads} {threads}\n"
            f"work    {self.flops:,} flops, {self.bytes:,} bytes, {intensity:.1f} flops a byte"
        )


def choose(problem: Problem, engine: str, threads: int) -> Plan:
    """Return the plan for `engine`, or for the best one when it is "auto"."""
    one_of("engine", engine, ("auto", *ENGINES))
    if engine != "auto":
        refusal = _refusal(engine, problem)
        if refusal:
            raise ValueError(f'engine (="{engine}") can\'t do this: {refusal}; use engine="auto"')
        return Plan(engine, "asked for", problem, threads)
    return Plan(*_best(problem), problem, threads)


def run(plan: Plan, image: Array, weights: Array, bias: Array) -> Array:
    """Do what the plan says. Arrays are in the working dtype, shapes those of `plain.convolve`."""
    return ENGINES[plan.engine](plan, image, weights, bias)


def _best(problem: Problem) -> tuple[str, str]:
    if problem.multiply_adds <= SMALL:
        return "plain", f"{problem.multiply_adds:,} multiply-adds are done before a compiled engine is loaded"
    per_group = problem.channels // problem.groups
    if per_group >= MANY_CHANNELS and not _refusal("torch", problem) and "torch" in sys.modules:
        return "torch", f"{per_group} channels meet each filter, and torch's matrix kernels share them best"
    return "direct", "the sum itself, compiled by Numba, a row of stops at a time"


def _refusal(engine: str, problem: Problem) -> str:
    if engine != "torch":
        return ""
    if problem.precision.work.kind == "i":
        return f"integer sums ({problem.precision.work}) are made exactly by the plain and the direct engine"
    return "" if find_spec("torch") else "torch is not installed"


def _plain(plan: Plan, image: Array, weights: Array, bias: Array) -> Array:
    return plain.convolve(plan.problem, image, weights, bias)


def _direct(plan: Plan, image: Array, weights: Array, bias: Array) -> Array:
    from convista.grid import direct  # loads numba

    return direct.convolve(plan.problem, image, weights, bias, plan.threads)


def _torch(plan: Plan, image: Array, weights: Array, bias: Array) -> Array:
    from convista.grid import by_torch  # loads torch

    return by_torch.convolve(plan.problem, image, weights, bias)


ENGINES: dict[str, Callable[[Plan, Array, Array, Array], Array]] = {"plain": _plain, "direct": _direct, "torch": _torch}
