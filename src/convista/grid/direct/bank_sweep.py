"""The compiled loops that lead `bank_kernel` over an image: from packed windows, in place where nothing is padded."""

from __future__ import annotations

from typing import Any

import numpy as np

from convista.grid.compiling import compiled, inlined
from convista.grid.direct.bank_kernel import compute_bank
from convista.grid.direct.packing import pack, unpack


@compiled
def sweep_bank(
    stops: Any,  # a tuple as long as there are stops in a block,
    lanes: Any,  # one as long as there are filters in it,
    stride: Any,  # one as long as there are pixels between two stops
    pixel: Any,  # dtypes: of a pixel,
    sums: Any,  # of a sum,
    result: Any,  # of a result
    geometry: Any,  # one record with all sizes and steps
    in_place: bool,  # whether pixels are read where they are
    weights: Any,  # (groups, blocks of filters, channels / groups, rows, cols, lanes), of the type of a sum
    bias: Any,  # (groups, blocks of filters, lanes), of the type of a sum
    row_map: Any,  # the pixel at each place of the padded image
    col_map: Any,
    image: int,  # addresses
    out: int,
    first: int,
    last: int,
) -> None:
    """Compute lines first..last; a line is one row of the results of all filters of a group, of one image."""
    g = geometry[0]
    beyond = len(stops) * g.right + 2 * g.lanes
    packed = np.empty(0 if in_place else g.per_group * g.packed_rows * g.packed_cols + beyond, sums)
    laid = np.empty(len(stops) * len(lanes), result)
    packed_at, laid_at = np.int64(packed.ctypes.data), np.int64(laid.ctypes.data)
    pitch = g.packed_cols * g.sums_bytes
    row_step, channel_step = (g.row_step, g.channel_step) if in_place else (pitch, g.packed_rows * pitch)
    line = first
    while line < last:
        plane, row = divmod(line, g.out_rows)
        stop = min(g.out_rows, row + last - line)
        line += stop - row
        number, group = divmod(plane, g.groups)
        source = image + number * g.image_step + group * g.per_group * g.channel_step
        target = out + number * g.out_image_step + group * g.filters_per_group * g.out_filter_step
        for at in range(row, stop, g.block_rows):
            rows = min(g.block_rows, stop - at)
            for col in range(0, g.out_cols, g.block_cols):
                cols, place = min(g.block_cols, g.out_cols - col), target + at * g.out_row_step + col * g.out_col_step
                if not in_place:
                    pack(pixel, sums, g, source, row_map, col_map, at * g.down, col * g.right,
                         (rows - 1) * g.down + g.reach_down, (cols - 1) * g.right + g.reach_right,
                         packed_at)  # fmt: skip
                corner = packed_at
                if in_place:
                    corner = source + (at * g.down - g.top) * g.row_step + (col * g.right - g.left) * g.pixel_bytes
                _window(stops, lanes, stride, sums, result, g, corner, row_step, channel_step, weights[group],
                        bias[group], place, at, col, rows, cols, laid_at)  # fmt: skip
    if packed.size:
        packed[0] = 0  # Numba frees an array after its last use, whoever holds its address: this is the last
    laid[0] = 0


@inlined
def _window(
    stops: Any, lanes: Any, stride: Any, sums: Any, result: Any, g: Any, source: int, row_step: int,
    channel_step: int, weights: Any, bias: Any, out: int, top: int, left: int, rows: int, cols: int, laid: int,
) -> None:  # fmt: skip
    """Compute rows x cols stops of all filters of a group; a last block that would hang over is laid back."""
    count, weights_at, bias_at = len(stops), np.int64(weights.ctypes.data), np.int64(bias.ctypes.data)
    channels, taps, tap_step = g.per_group, g.kernel_cols, g.holes_right * g.sums_bytes
    if g.kernel_rows == g.kernel_cols == 1:  # channels are what there are many of
        channels, taps, tap_step = 1, g.per_group, channel_step
    laid_step = count * g.result_bytes
    straight = cols >= count and g.out_col_step == g.result_bytes
    for block in range(len(weights)):
        filters = min(len(lanes), g.filters_per_group - block * len(lanes))
        kept, shift = weights_at + block * weights.strides[0], bias_at + block * bias.strides[0]
        for row in range(rows):
            above = (top + row) * g.down  # rows of the padded image above this window
            skipped = max(0, -(-(g.solid_top - above) // g.holes_down))
            kernel_rows = max(0, min(g.kernel_rows, -(-(g.solid_bottom - above) // g.holes_down)) - skipped)
            line_of_pixels = source + (row * g.down + skipped * g.holes_down) * row_step
            line = out + block * len(lanes) * g.out_filter_step + row * g.out_row_step
            for col in range(0, cols, count):
                at = max(0, min(col, cols - count))
                place = line + at * g.out_col_step
                pixels = line_of_pixels + at * g.right * g.sums_bytes
                lead = g.lead if left + at == 0 else 0
                trail = g.trail if left + at + count >= g.out_cols else taps
                compute_bank(stops, lanes, stride, sums, result, pixels, tap_step, g.holes_down * row_step,
                             channel_step, kept + skipped * weights.strides[2], weights.strides[1], channels,
                             kernel_rows, taps, lead, trail, shift, place if straight else laid,
                             g.out_filter_step if straight else laid_step, filters)  # fmt: skip
                if not straight:
                    unpack(result, g, laid, laid_step, filters, min(count, cols), place,
                           g.out_filter_step, g.out_col_step)  # fmt: skip
