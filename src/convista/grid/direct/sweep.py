"""The compiled loops that lead the microkernel over an image: in place where windows lie inside, else over copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from convista.grid.compiling import compiled, inlined
from convista.grid.direct.microkernel import compute_block
from convista.grid.direct.packing import pack, unpack

VECTORS = 4
"""Vectors side by side in a block: with four rows sixteen sums, half of the registers that AVX-512 has."""


@compiled
def sweep(
    pixel: Any,  # dtypes: of a pixel,
    sums: Any,  # of a sum,
    result: Any,  # of a result
    geometry: Any,  # one record with all sizes and steps
    weights: Any,  # (filters, channels / groups, rows, cols), of the type of a sum
    bias: Any,  # (filters,), of the type of a sum
    taps: Any,  # steps to the pixel under each weight of a row, in bytes; in the image, in a packed window: (2, cols)
    columns: Any,  # of columns at an edge: place in a row of results, number of taps, steps to the pixels under them
    column_weights: Any,  # (filters, columns, channels / groups x rows x taps)
    column_bias: Any,  # (filters, columns)
    row_map: Any,  # the pixel at each place of the padded image
    col_map: Any,
    image: int,  # addresses
    out: int,
    first: int,
    last: int,
) -> None:
    """Compute lines first..last; a line is one row of the results of all filters of a group, of one image."""
    g = geometry[0]
    if g.inner_top < g.inner_bottom:
        _inside(pixel, sums, result, g, weights, bias, taps, columns, column_weights, column_bias, image, out, first,
                last)  # fmt: skip
    if g.edges:
        _edges(pixel, sums, result, g, weights, bias, taps, row_map, col_map, image, out, first, last)


@inlined
def _inside(
    pixel: Any, sums: Any, result: Any, g: Any, weights: Any, bias: Any, taps: Any, columns: Any, column_weights: Any,
    column_bias: Any, image: int, out: int, first: int, last: int,
) -> None:  # fmt: skip
    """Compute what lies inside, in place."""
    corner = (g.inner_left - g.left) * g.pixel_bytes
    weights_at, taps_at, filter_bytes = np.int64(weights.ctypes.data), np.int64(taps.ctypes.data), weights.strides[0]
    line = first
    while line < last:
        plane, row = divmod(line, g.out_rows)
        line += min(g.out_rows - row, last - line, g.chunk)
        start, stop = max(row, g.inner_top), min(line - plane * g.out_rows, g.inner_bottom)
        number, group = divmod(plane, g.groups)
        source = image + number * g.image_step + group * g.per_group * g.channel_step + (start - g.top) * g.row_step
        for f in range(group * g.filters_per_group, (group + 1) * g.filters_per_group):
            target = out + number * g.out_image_step + f * g.out_filter_step + start * g.out_row_step
            _stops(pixel, sums, result, g, source + corner, g.pixel_bytes, g.row_step, g.channel_step, taps_at,
                   weights_at + f * filter_bytes, bias[f], target + g.inner_left * g.result_bytes, g.out_row_step,
                   stop - start, g.inner_right - g.inner_left, g.head, g.past_cache, g.ahead)  # fmt: skip
            _columns(pixel, sums, result, g, source, columns, column_weights[f], column_bias[f], target, stop - start)


@inlined
def _edges(
    pixel: Any, sums: Any, result: Any, g: Any, weights: Any, bias: Any, taps: Any, row_map: Any, col_map: Any,
    image: int, out: int, first: int, last: int,
) -> None:  # fmt: skip
    """Compute what is left, from packed windows, block by block."""
    packed = np.empty(g.per_group * g.packed_rows * g.packed_cols + 2 * g.lanes, sums)
    laid = np.empty(g.block_rows * g.laid_cols, result)
    packed_at, laid_at = np.int64(packed.ctypes.data), np.int64(laid.ctypes.data)
    packed_at += -packed_at % (g.lanes * g.sums_bytes) + -g.left % g.lanes * g.sums_bytes
    weights_at, filter_bytes = np.int64(weights.ctypes.data), weights.strides[0]
    taps_at = np.int64(taps.ctypes.data) + taps.strides[0]
    pitch, laid_pitch = g.packed_cols * g.sums_bytes, g.laid_cols * g.result_bytes
    line = first
    while line < last:
        plane, row = divmod(line, g.out_rows)
        stop = min(g.out_rows, row + last - line)
        line += stop - row
        number, group = divmod(plane, g.groups)
        source = image + number * g.image_step + group * g.per_group * g.channel_step
        top = min(stop, max(row, g.inner_top))
        bottom = max(top, min(stop, g.inner_bottom))
        edges = (
            (row, top, 0, g.out_cols), (bottom, stop, 0, g.out_cols),
            (top, bottom, 0, g.strip_left), (top, bottom, g.strip_right, g.out_cols),
        )  # fmt: skip
        for start, end, left, right in edges:
            for at in range(start, end, g.block_rows):
                rows = min(g.block_rows, end - at)
                for col in range(left, right, g.block_cols):
                    cols = min(g.block_cols, right - col)
                    pack(pixel, sums, g, source, row_map, col_map, at * g.down, col * g.right,
                         (rows - 1) * g.down + g.reach_down, (cols - 1) * g.right + g.reach_right,
                         packed_at)  # fmt: skip
                    straight = cols >= g.lanes and g.out_col_step == g.result_bytes
                    for f in range(group * g.filters_per_group, (group + 1) * g.filters_per_group):
                        place = out + number * g.out_image_step + f * g.out_filter_step
                        place += at * g.out_row_step + col * g.out_col_step
                        _stops(sums, sums, result, g, packed_at, g.sums_bytes, pitch, g.packed_rows * pitch, taps_at,
                               weights_at + f * filter_bytes, bias[f], place if straight else laid_at,
                               g.out_row_step if straight else laid_pitch, rows, max(cols, g.lanes), 0, 0,
                               0)  # fmt: skip
                        if not straight:
                            unpack(result, g, laid_at, laid_pitch, rows, cols, place, g.out_row_step, g.out_col_step)
    packed[0] = laid[0] = 0  # Numba frees an array after its last use, whoever holds its address: this is the last


@inlined
def _stops(
    pixel: Any, sums: Any, result: Any, g: Any, source: int, pixel_bytes: int, row_step: int, channel_step: int,
    taps: int, weights: int, bias: Any, target: int, target_step: int, rows: int, cols: int, head: int,
    past_cache: int, ahead: int,
) -> None:  # fmt: skip
    """Compute rows x cols stops of one filter, in bands of as many rows as share pixels."""
    row = 0
    while row < rows:
        pixels, results = source + row * g.down * row_step, target + row * target_step
        if g.square_of_three and rows - row >= 3:
            band(3, 3, pixel, sums, result, g, pixels, pixel_bytes, row_step, channel_step, taps, weights, bias,
                 results, g.result_bytes, target_step, cols, head, past_cache, ahead, 3, 3)  # fmt: skip
            row += 3
        elif g.shares_rows and rows - row >= 4:
            band(4, 0, pixel, sums, result, g, pixels, pixel_bytes, row_step, channel_step, taps, weights, bias,
                 results, g.result_bytes, target_step, cols, head, past_cache, ahead, g.kernel_rows,
                 g.kernel_cols)  # fmt: skip
            row += 4
        else:
            band(1, 0, pixel, sums, result, g, pixels, pixel_bytes, g.holes_down * row_step, channel_step, taps,
                 weights, bias, results, g.result_bytes, target_step, cols, head, past_cache, ahead, g.kernel_rows,
                 g.kernel_cols)  # fmt: skip
            row += 1


@inlined
def band(
    rows: int, unrolled: int, pixel: Any, sums: Any, result: Any, g: Any, source: int, pixel_bytes: int,
    kernel_step: int, channel_step: int, taps: int, weights: int, bias: Any, target: int, result_bytes: int,
    target_step: int, cols: int, head: int, past_cache: int, ahead: int, kernel_rows: int, kernel_cols: int,
) -> None:  # fmt: skip
    """Compute a band of rows from left to right: blocks of four vectors, then single ones, the last laid over.

    `head` is how many stops lie before the first cache line of results; a single vector covers them.
    """
    lanes, channels = g.lanes, g.per_group
    col = head
    while col <= cols - VECTORS * lanes:  # a loop of its own, so that weights can stay in registers all along
        compute_block(rows, VECTORS, 0, unrolled, pixel, sums, result, source + col * pixel_bytes, kernel_step,
                      channel_step, taps, weights, channels, kernel_rows, kernel_cols, bias,
                      target + col * result_bytes, target_step, past_cache, ahead)  # fmt: skip
        col += VECTORS * lanes
    end = cols + lanes if head > 0 else cols
    while col < end:
        at = min(col, cols - lanes) if col < cols else 0
        compute_block(rows, 1, 0, unrolled, pixel, sums, result, source + at * pixel_bytes, kernel_step, channel_step,
                      taps, weights, channels, kernel_rows, kernel_cols, bias, target + at * result_bytes,
                      target_step, False, ahead)  # fmt: skip
        col += lanes


@inlined
def _columns(
    pixel: Any, sums: Any, result: Any, g: Any, source: int, columns: Any, weights: Any, bias: Any, target: int,
    rows: int,
) -> None:  # fmt: skip
    """Compute rows of the columns at the edges, each with the taps that lie on the image."""
    columns_at, weights_at = np.int64(columns.ctypes.data), np.int64(weights.ctypes.data)
    for c in range(g.columns):
        taps, kept = columns_at + c * columns.strides[0] + 16, weights_at + c * weights.strides[0]
        place, row = target + columns[c, 0], 0
        while row < rows:
            pixels, results = source + row * g.row_step, place + row * g.out_row_step
            if rows - row >= 3 and g.square_of_three and columns[c, 1] == 3:  # none hangs over: written out
                compute_block(3, 1, 1, 3, pixel, sums, result, pixels, g.row_step, g.channel_step, taps, kept,
                              g.per_group, 3, 3, bias[c], results, g.out_row_step, False, 0)  # fmt: skip
                row += 3
            elif rows - row >= 3:
                compute_block(3, 1, 1, 0, pixel, sums, result, pixels, g.row_step, g.channel_step, taps, kept,
                              g.per_group, g.kernel_rows, columns[c, 1], bias[c], results, g.out_row_step, False,
                              0)  # fmt: skip
                row += 3
            else:
                compute_block(1, 1, 1, 0, pixel, sums, result, pixels, g.row_step, g.channel_step, taps, kept,
                              g.per_group, g.kernel_rows, columns[c, 1], bias[c], results, g.out_row_step, False,
                              0)  # fmt: skip
                row += 1
