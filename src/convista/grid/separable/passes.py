"""Down all columns, and then along all rows, with any numbers.

The sums of the first pass stay in a few rows of scratch memory, near the processor; what stands beyond the left and
the right edge is filled in there, since sums repeat there as pixels do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convista.grid.border import OUTSIDE
from convista.grid.compiling import compiled, for_such, inlined
from convista.grid.direct import maps
from convista.grid.direct.geometry import PAGE, across_of, geometry_of, lies_past_cache
from convista.grid.direct.packing import pack, unpack
from convista.grid.direct.sweep import band
from convista.grid.memory import move, put
from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.grid.ready import LINE
from convista.grid.separable.shifting import VECTORS, shifted_block

HELD = 2**13
"""Numbers held between the passes, about: what the nearest cache holds, where rows are short."""


class Passes:
    """What the compiled loops are told about memory of one kind."""

    def __init__(self, problem: Problem, numbers: tuple[Array, ...], image: Array, out: Array) -> None:
        columns, rows, bias = numbers
        across = across_of(problem, image, out)
        if across > 1:
            columns, rows, bias = columns[:1], rows[:1], bias[:1]
        geometry = _geometry(problem, image, out, columns.dtype, across)
        row_map, col_map = maps(problem, across)
        steps = np.arange(problem.kernel[1]) * problem.dilation[1] * across * columns.itemsize
        beyond = (columns.sum(axis=1) * columns.dtype.type(problem.fill)).astype(np.float64)
        self.lines = int(problem.images * len(columns) * problem.output_size[0])
        self._arguments = (
            image.dtype, columns.dtype, out.dtype, geometry, columns, rows, bias, beyond, np.zeros(1, np.int64), steps,
            row_map, col_map,
        )  # fmt: skip
        self._sweep = for_such(sweep_passes, (*self._arguments, 0, 0, 0, 0))

    def sweep(self, source: int, target: int, first: int, last: int) -> None:
        """Compute lines first..last of the image at one address to the place at another."""
        self._sweep(*self._arguments, source, target, first, last)


def _geometry(problem: Problem, image: Array, out: Array, sums: np.dtype[Any], across: int) -> Any:
    """Return the sizes and steps, with rows to hold between the passes."""
    geometry = geometry_of(problem, image, out, sums, across)
    g = geometry[0]
    lanes = g["lanes"]
    g["held_cols"] = -(-(g["out_cols"] + g["reach_right"] - 1 + lanes) // lanes) * lanes
    g["held_cols"] += lanes if g["held_cols"] * sums.itemsize % PAGE == 0 else 0
    g["block_rows"] = min(max(HELD // g["held_cols"] // 4 * 4, 4), 32, problem.output_size[0])
    g["packed_rows"] = g["block_rows"] - 1 + g["reach_down"]
    g["segment"] = g["packed_cols"] = g["held_cols"]
    g["laid_cols"] = max(g["out_cols"], lanes)
    straight, vector = g["out_col_step"] == out.itemsize, lanes * out.itemsize
    head = -g["out_at"] % vector // out.itemsize  # rows begin at col 0 here, not at `inner_left`
    whole = (g["out_at"] + head * out.itemsize) % vector == 0 and g["out_cols"] >= lanes + head
    g["past_cache"] = straight and whole and lies_past_cache(g, out)
    g["head"] = head if g["past_cache"] else 0  # in the cache, vectors that cross lines cost less than one more a row
    g["shifts"] = lanes * sums.itemsize == LINE and sums.kind == "f" and across == problem.dilation[1] == 1
    in_place = g["col_step"] == image.itemsize and g["cols"] >= lanes
    bottom = image.shape[2] - g["reach_down"] + g["top"] + 1
    g["inner_top"], g["inner_bottom"] = (g["top"], bottom) if in_place and bottom > g["top"] else (g["out_rows"],) * 2
    return geometry


@compiled
def sweep_passes(
    pixel: Any,  # dtypes: of a pixel,
    sums: Any,  # of a sum,
    result: Any,  # of a result
    geometry: Any,  # one record with all sizes and steps
    columns: Any,  # (filters, kernel rows), of the type of a sum
    rows: Any,  # (filters, kernel cols)
    bias: Any,  # (filters,)
    beyond: Any,  # what the first pass makes of the fill value: (filters,)
    no_steps: Any,  # of the first pass, which has one weight a row
    steps: Any,  # between the weights of the second pass, in bytes: (kernel cols,)
    row_map: Any,  # the pixel at each place of the padded image
    col_map: Any,
    image: int,  # addresses
    out: int,
    first: int,
    last: int,
) -> None:
    """Compute lines first..last of all results; a line is one row of one filter of one image."""
    g = geometry[0]
    held = np.empty(g.block_rows * g.held_cols + 2 * g.lanes, sums)
    packed = np.empty(g.packed_rows * g.packed_cols, sums)
    laid = np.empty(g.laid_cols, result)
    zero = np.zeros(1, sums)[0]
    held_at, packed_at, laid_at = np.int64(held.ctypes.data), np.int64(packed.ctypes.data), np.int64(laid.ctypes.data)
    held_at += -held_at % (g.lanes * g.sums_bytes) + -g.left % g.lanes * g.sums_bytes
    steps_at, no_steps_at = np.int64(steps.ctypes.data), np.int64(no_steps.ctypes.data)
    filters = len(columns)
    line = first
    while line < last:
        plane, row = divmod(line, g.out_rows)
        number, f = divmod(plane, filters)
        height = min(g.out_rows - row, last - line, g.block_rows)
        inside = g.inner_top <= row < g.inner_bottom
        if row < g.inner_bottom:
            height = min(height, (g.inner_bottom if inside else g.inner_top) - row)
        source = image + number * g.image_step + f // g.filters_per_group * g.channel_step
        column_at = np.int64(columns.ctypes.data) + f * columns.strides[0]
        if inside:
            _down(pixel, sums, g, source + (row - g.top) * g.row_step, g.row_step, g.pixel_bytes, no_steps_at,
                  column_at, zero, held_at, height, g.ahead)  # fmt: skip
        else:
            pack(pixel, sums, g, source, row_map, col_map, row, g.left, height - 1 + g.reach_down, g.cols, packed_at)
            _down(sums, sums, g, packed_at, g.packed_cols * g.sums_bytes, g.sums_bytes, no_steps_at, column_at, zero,
                  held_at, height, 0)  # fmt: skip
        target = out + number * g.out_image_step + f * g.out_filter_step + row * g.out_row_step
        row_at = np.int64(rows.ctypes.data) + f * rows.strides[0]
        _along(sums, result, g, steps_at, row_at, bias[f], beyond[f], col_map, held_at, target, laid_at, height)
        line += height
    held[0] = packed[0] = laid[0] = 0  # Numba frees an array after its last use, whoever holds its address


@inlined
def _down(
    pixel: Any, sums: Any, g: Any, source: int, row_step: int, pixel_bytes: int, no_steps: int, column: int,
    zero: Any, held: int, height: int, ahead: int,
) -> None:  # fmt: skip
    """Make the first pass, down the columns, into the middle of the held rows."""
    pitch, cols, row = g.held_cols * g.sums_bytes, max(g.cols, g.lanes), 0
    while row < height:
        pixels, target = source + row * row_step, held + g.left * g.sums_bytes + row * pitch
        if g.shares_rows and height - row >= 4:
            band(4, 0, pixel, sums, sums, g, pixels, pixel_bytes, row_step, 0, no_steps, column, zero, target,
                 g.sums_bytes, pitch, cols, 0, 0, ahead, g.kernel_rows, 1)  # fmt: skip
            row += 4
        else:
            band(1, 0, pixel, sums, sums, g, pixels, pixel_bytes, row_step * g.holes_down, 0, no_steps, column, zero,
                 target, g.sums_bytes, pitch, cols, 0, 0, 0, g.kernel_rows, 1)  # fmt: skip
            row += 1


@inlined
def _along(
    sums: Any, result: Any, g: Any, steps: int, weights: int, bias: Any, beyond: float, col_map: Any, held: int,
    target: int, laid: int, height: int,
) -> None:  # fmt: skip
    """Make the second pass, along the held rows, into the results."""
    straight, cols = g.out_col_step == g.result_bytes and g.out_cols >= g.lanes, max(g.out_cols, g.lanes)
    for row in range(height):
        sums_at, place = held + row * g.held_cols * g.sums_bytes, target + row * g.out_row_step
        fill_ends(sums, g, col_map, beyond, sums_at)
        _row(sums, result, g, sums_at, steps, weights, bias, place if straight else laid, cols)
        if not straight:
            unpack(result, g, laid, 0, 1, g.out_cols, place, 0, g.out_col_step)


@inlined
def _row(
    sums: Any, result: Any, g: Any, source: int, steps: int, weights: int, bias: Any, target: int, cols: int
) -> None:  # fmt: skip
    """Compute a row of results: by shifted blocks as far as they go, where weights are neighbours, then by a band."""
    col, block = g.head, VECTORS * g.lanes
    while g.shifts and col <= cols - block:
        shifted_block(sums, result, source + col * g.sums_bytes, weights, g.kernel_cols, bias,
                      target + col * g.result_bytes, g.past_cache)  # fmt: skip
        col += block
    done = 0 if g.head > 0 else col  # a band that begins at a head goes back for what lies before it
    band(1, 0, sums, sums, result, g, source + done * g.sums_bytes, g.sums_bytes, 0, 0, steps, weights, bias,
         target + done * g.result_bytes, g.result_bytes, 0, cols - done, col - done, g.past_cache, 0, 1,
         g.kernel_cols)  # fmt: skip


@compiled
def fill_ends(sums: Any, g: Any, col_map: Any, beyond: float, held: int) -> None:
    """Put what stands beyond the edges around the sums of a row."""
    for part in range(2):
        start = 0 if part == 0 else g.left + g.cols
        stop = g.left if part == 0 else g.out_cols + g.reach_right - 1
        for col in range(start, stop):
            at = col_map[col]
            if at == OUTSIDE:
                put(sums, beyond, held + col * g.sums_bytes)
            else:
                move(sums, sums, held + (g.left + at) * g.sums_bytes, held + col * g.sums_bytes)
