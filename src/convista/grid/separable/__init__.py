"""The separable engine: a kernel that is a column times a row goes down all columns and along all rows, one by one.

k x k products a stop become 2 k. `passes` does so with any numbers; `rolling` with bytes, whose sums are whole numbers
of 16 bits where those are exact; `box` with equal weights over bytes, where the sums down a column slide from row to
row.
"""

from __future__ import annotations

import numpy as np

from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.grid.ready import Ready, Way, sums_of
from convista.grid.scale import Scale
from convista.grid.separable import box, passes, rolling
from convista.grid.whole import Whole


def prepare(
    problem: Problem, columns: Array, rows: Array, bias: Array, scale: Scale | None, whole: Whole | None, threads: int
) -> Ready:
    """Return the problem made ready; columns (filters, kernel rows), rows (filters, kernel cols), bias (filters,).

    `scale` is that of a box over bytes, where the kernel is one; `whole` the kernel in whole numbers, where sums fit
    16 bits.
    """
    sums = sums_of(problem.precision)
    kept = tuple(np.ascontiguousarray(each, sums) for each in (columns, rows, bias))
    to_bytes = rolling.suits(problem, *kept)

    def way(image: Array, out: Array) -> Way:
        if scale is not None and box.suits(problem, image, out):
            return box.Box(problem, scale, image, out)
        if whole is not None:
            return rolling.Rolling(problem, (whole.columns, whole.rows, whole.bias), whole.unit, image, out)
        if to_bytes:
            return rolling.Rolling(problem, kept, 1.0, image, out)
        return passes.Passes(problem, kept, image, out)

    steps = sum(problem.kernel) + (rolling.TURNED if whole is not None or to_bytes else 0)
    return Ready(way, problem.multiply_adds // (problem.kernel[0] * problem.kernel[1]) * steps, threads)
