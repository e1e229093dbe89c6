"""A convolution with its weights: what engines are asked about, and made ready for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.grid.scale import Scale, scale_of
from convista.grid.whole import Whole, whole_of
from convista.kernel.factors import TOLERANCE, factors_of

SINGLE = 4 * float(np.finfo(np.float32).eps)
"""By how much of the largest weight a column times a row may miss a weight where sums are made in float32."""

MOST_WHOLE = 2**31
"""Up to which floats that are whole count as integers."""


@dataclass(frozen=True)
class Work:
    """A problem, its weights (filters, channels / groups, rows, cols), its bias (filters,), and how many threads."""

    problem: Problem
    weights: Array
    bias: Array
    threads: int

    @cached_property
    def finite(self) -> bool:
        """Whether every weight is a number."""
        return bool(np.isfinite(self.weights).all())

    @cached_property
    def factors(self) -> tuple[Array, Array] | None:
        """All filters' columns (filters, rows) and rows (filters, cols); None where one filter is no such product."""
        if self.weights.shape[1] != 1 or not self.finite:
            return None
        tolerance = SINGLE if self.problem.precision.sums == np.float32 else TOLERANCE
        numbers = _as_integers(self.weights)  # whole numbers are factored exactly
        kinds = numbers[:1] if self.problem.layout.each_channel else numbers  # there, all are the same
        found = [factors_of(each[0], tolerance) for each in kinds]
        kept = [each for each in found if each is not None]
        if len(kept) < len(found):
            return None
        columns, rows = np.stack([column for column, _ in kept]), np.stack([row for _, row in kept])
        return np.repeat(columns, len(self.weights) // len(kept), 0), np.repeat(rows, len(self.weights) // len(kept), 0)

    @cached_property
    def scale(self) -> Scale | None:
        """What makes results of whole sums, where the kernel is a box over bytes."""
        return scale_of(self.problem, self.weights, self.bias)

    @cached_property
    def whole(self) -> Whole | None:
        """The kernel in whole numbers, where sums over bytes fit 16 bits."""
        return whole_of(self.problem, self.weights, self.bias) if self.scale is None else None

    @cached_property
    def rolls(self) -> bool:
        """Whether float sums over bytes become bytes in one pass over the image."""
        from convista.grid.separable import rolling  # loads numba

        kind = self.problem.precision.work
        return self.factors is not None and rolling.suits(
            self.problem, *(each.astype(kind) for each in (*self.factors, self.bias))
        )


def _as_integers(weights: Array) -> Array:
    """Return whole numbers, of whatever type, as integers; others as they are."""
    if weights.dtype.kind == "b":
        return weights.astype(np.uint8)
    whole = weights.dtype.kind == "f" and (np.rint(weights) == weights).all() and np.abs(weights).max() < MOST_WHOLE
    return weights.astype(np.int64) if whole else weights
