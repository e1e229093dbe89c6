"""The zeros around an image: products that need not be made, and pixels that need not be there to be read."""

from __future__ import annotations

import numpy as np

from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.window import Pair, reach


def surround(problem: Problem) -> bool:
    """Whether what stands beyond the edges is zero; nothing does where nothing is padded."""
    return not any(map(any, problem.pads)) or (problem.padding_mode == "zeros" and problem.fill == 0)


def add_nothing(problem: Problem, weights: Array) -> bool:
    """Whether products with what stands beyond the edges add nothing; an infinite weight times zero would."""
    return surround(problem) and bool(np.isfinite(weights).all())


def rows_on_image(problem: Problem) -> Pair:
    """Return the first row of the padded image that is one of the image, and the first below it."""
    top, rows = problem.pads[0][0], problem.size[0]
    return top, top + rows


def cols_on_image(problem: Problem) -> Pair:
    """Return the first col of the kernel under which the first stop has a pixel, and where the last stop has none more.

    They are 0 and all cols where the two meet: then no col is common to all stops.
    """
    cols, step, hole = problem.kernel[1], problem.stride[1], problem.dilation[1]
    first = min(-(-problem.pads[1][0] // hole), cols)
    room = problem.size[1] + problem.pads[1][0] - (problem.output_size[1] - 1) * step  # from the last stop on
    end = min(max(-(-room // hole), 0), cols)
    return (first, end) if first <= end else (0, cols)


def allow_reading_in_place(problem: Problem) -> bool:
    """Whether of the stops of a row only the first and the last ever miss a pixel, so that the others find theirs."""
    (left, _), step = problem.pads[1], problem.stride[1]
    over = (problem.output_size[1] - 1) * step + reach(problem.kernel[1], problem.dilation[1]) - left - problem.size[1]
    hang_over = left > 0 or over > 0
    apart = not hang_over or cols_on_image(problem) != (0, problem.kernel[1])
    return surround(problem) and max(left, over) <= step and apart
