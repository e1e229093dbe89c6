"""The direct engine: every product is made and added, in registers, straight from the caller's memory.

`microkernel` computes a block of stops of one filter, `sweep` leads it over the image; `bank_kernel` and `bank_sweep`
do so for many filters at once, and for strides; `bank` says when. `packing` copies out what can't be read in place,
`geometry` decides which is which. Here a problem is made ready once, for any number of images.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convista.grid.border import OUTSIDE, border_index
from convista.grid.compiling import for_such
from convista.grid.direct.bank import BankWay, cost, suits
from convista.grid.direct.geometry import across_of, geometry_of
from convista.grid.direct.sweep import sweep
from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.grid.ready import Ready, sums_of


def prepare(problem: Problem, weights: Array, bias: Array, threads: int) -> Ready:
    """Return the problem made ready; weights (filters, channels / groups, rows, cols), bias (filters,)."""
    sums = sums_of(problem.precision)
    kept = np.ascontiguousarray(weights, sums), np.ascontiguousarray(bias, sums)
    in_lanes = suits(problem, sums)
    way, work = (BankWay, int(cost(problem, sums))) if in_lanes else (_Way, problem.multiply_adds)
    return Ready(lambda image, out: way(problem, *kept, image, out), work, threads)


class _Way:
    """What the compiled loops are told about memory of one kind."""

    def __init__(self, problem: Problem, weights: Array, bias: Array, image: Array, out: Array) -> None:
        across = across_of(problem, image, out)
        if across > 1:
            weights, bias = weights[:1], bias[:1]
        geometry = geometry_of(problem, image, out, weights.dtype, across)
        g = geometry[0]
        row_map, col_map = maps(problem, across)
        steps = np.arange(problem.kernel[1]) * problem.dilation[1] * across
        packed_steps = steps % g["right"] * g["segment"] + steps // g["right"]
        taps = np.stack([steps * image.itemsize, packed_steps * weights.itemsize])  # (2, kernel cols)
        self.lines = int(problem.images * g["groups"] * g["out_rows"])
        self._arguments = (
            image.dtype, weights.dtype, out.dtype, geometry, weights, bias, taps,
            *_columns(g, weights, bias, steps, col_map), row_map, col_map,
        )  # fmt: skip
        self._sweep = for_such(sweep, (*self._arguments, 0, 0, 0, 0))

    def sweep(self, source: int, target: int, first: int, last: int) -> None:
        """Compute lines first..last of the image at one address to the place at another."""
        self._sweep(*self._arguments, source, target, first, last)


def maps(problem: Problem, across: int) -> tuple[Array, Array]:
    """Return the row and the column that each place of the padded image shows; channels side by side are columns."""
    row_map, col_map = (
        border_index(size, pads, problem.padding_mode) for size, pads in zip(problem.size, problem.pads, strict=True)
    )
    if across > 1:
        spread = col_map[:, None] * across + np.arange(across)  # (cols, channels)
        col_map = np.where(col_map[:, None] == OUTSIDE, OUTSIDE, spread).ravel()
    return row_map, col_map


def _columns(g: Any, weights: Array, bias: Array, steps: Array, col_map: Array) -> tuple[Array, Array, Array]:
    """Return each column at an edge with the taps that lie on the image, and its weights and bias for every filter.

    A tap beyond the edge adds weight x fill, which no pixel changes: it goes into the bias.
    """
    cols = [*range(g["inner_left"]), *range(g["inner_right"], g["out_cols"])] if g["columns"] else []
    columns = np.zeros((len(cols), 2 + len(steps)), np.int64)
    kept = np.zeros((len(weights), len(cols), weights[0].size), weights.dtype)
    shifted = np.zeros((len(weights), len(cols)), weights.dtype)
    for c, col in enumerate(cols):
        seen = col_map[col + steps]
        on_image = seen != OUTSIDE
        taps = int(on_image.sum())
        columns[c, :2] = col * g["result_bytes"], taps
        columns[c, 2 : 2 + taps] = seen[on_image] * g["col_step"]
        own = weights[..., on_image].reshape(len(weights), -1)
        kept[:, c, : own.shape[1]] = own
        shifted[:, c] = bias + _outside(weights[..., ~on_image], g["fill"])
    return columns, kept, shifted


def _outside(weights: Array, fill: float) -> Any:
    """Return what the weights beyond the edge add for each filter; none of them, nothing, even if the fill is NaN."""
    return (weights * weights.dtype.type(fill)).sum(axis=(1, 2, 3))
