"""The separable engine: a kernel that is a column times a row goes down all columns first, and then along all rows.

k x k products a stop become 2 k. `passes` does so with any numbers; `box` with equal weights over bytes, where the sums
down a column slide from row to row.
"""

from __future__ import annotations

import numpy as np

from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.grid.ready import Ready, Way, sums_of
from convista.grid.scale import Scale
from convista.grid.separable import box, passes


def prepare(problem: Problem, columns: Array, rows: Array, bias: Array, scale: Scale | None, threads: int) -> Ready:
    """Return the problem made ready; columns (filters, kernel rows), rows (filters, kernel cols), bias (filters,).

    `scale` is that of a box over bytes, where the kernel is one.
    """
    sums = sums_of(problem.precision)
    kept = tuple(np.ascontiguousarray(each, sums) for each in (columns, rows, bias))

    def way(image: Array, out: Array) -> Way:
        if scale is not None and box.suits(problem, image, out):
            return box.Box(problem, scale, image, out)
        return passes.Passes(problem, kept, image, out)

    multiply_adds = problem.multiply_adds // (problem.kernel[0] * problem.kernel[1]) * sum(problem.kernel)
    return Ready(way, multiply_adds, threads)
