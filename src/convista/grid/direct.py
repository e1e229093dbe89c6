"""The direct engine: the sum itself, compiled by Numba, one row of stops at a time.

For each weight the whole row of the result gains weight x (the row of pixels that this weight meets): the inner
loop runs over neighbouring pixels, which is what vector units want. Rows are independent, so threads share them out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from convista.grid.border import pad
from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.grid.threads import share_out


def convolve(problem: Problem, image: Array, weights: Array, bias: Array, threads: int) -> Array:
    """Return the sum of window x weights + bias at every stop, in the working dtype.

    Shapes are those of `plain.convolve`.
    """
    padded = np.ascontiguousarray(pad(image, problem.pads, problem.padding_mode, problem.fill))
    kernels = np.ascontiguousarray(weights)
    sums = np.empty(problem.output_nchw, problem.precision.work)
    images, filters, rows, _ = sums.shape

    def work(first: int, last: int) -> None:
        _rows(padded, kernels, bias, sums, first, last, *problem.stride, *problem.dilation, filters // problem.groups)

    share_out(work, images * filters * rows, problem.multiply_adds, threads)
    return sums


@njit(nogil=True, cache=True)
def _rows(
    padded: Any,  # (images, channels, rows, cols)
    kernels: Any,  # (filters, channels / groups, rows, cols)
    bias: Any,  # (filters,)
    sums: Any,  # (images, filters, rows, cols)
    first: int,
    last: int,
    down: int,
    right: int,
    holes_down: int,
    holes_right: int,
    filters_per_group: int,
) -> None:
    filters, rows, cols = sums.shape[1:]
    per_group = kernels.shape[1]
    for line in range(first, last):  # one line is one row of one result
        image, rest = divmod(line, filters * rows)
        f, row = divmod(rest, rows)
        total = sums[image, f, row]
        total[:] = bias[f]
        for c in range(per_group):
            source = padded[image, f // filters_per_group * per_group + c]
            for i in range(kernels.shape[2]):
                pixels = source[row * down + i * holes_down]
                for j in range(kernels.shape[3]):
                    weight = kernels[f, c, i, j]
                    start = j * holes_right
                    if right == 1:
                        seen = pixels[start : start + cols]
                        for col in range(cols):
                            total[col] += weight * seen[col]
                    else:
                        for col in range(cols):
                            total[col] += weight * pixels[start + col * right]
