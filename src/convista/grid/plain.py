"""The plain engine: NumPy, a few lines, no cleverness. It is the oracle that the fast engines are tested against."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from convista.grid.border import pad
from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.window import reach


def convolve(problem: Problem, image: Array, weights: Array, bias: Array) -> Array:
    """Return the sum of window x weights + bias at every stop; floats are summed in float64.

    `image` is (images, channels, rows, cols), `weights` (filters, channels / groups, rows, cols), `bias` (filters,).
    """
    padded = pad(image, problem.pads, problem.padding_mode, problem.fill)
    (down, right), (holes_down, holes_right) = problem.stride, problem.dilation
    reaches = (reach(problem.kernel[0], holes_down), reach(problem.kernel[1], holes_right))
    windows = sliding_window_view(padded, reaches, axis=(2, 3))  # (n, c, stops down, stops right, i, j)
    windows = windows[:, :, ::down, ::right, ::holes_down, ::holes_right]
    wide = np.float64 if padded.dtype.kind == "f" else padded.dtype
    by_group = zip(np.split(windows, problem.groups, axis=1), np.split(weights, problem.groups), strict=True)
    sums = [np.einsum("nchwij,fcij->nfhw", part, kernels, dtype=wide) for part, kernels in by_group]
    total: Array = np.concatenate(sums, axis=1) + bias.astype(wide)[:, None, None]  # (n, f, h, w)
    return total
