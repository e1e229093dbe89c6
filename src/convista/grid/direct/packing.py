"""A window of the padded image copied out, in the type that sums are made in; and results put where they belong.

What the direct engine can't do in place goes through here: stops whose window hangs over the edge, steps that are not
1, images whose columns are not neighbours in memory. Columns that a stride visits in turn are laid side by side, so
that vectors load neighbours whatever the stride: of stride 2 first all even columns, then all odd ones.

Everything is an address or a number of bytes: views would be counted by Numba, row by row, which takes longer than a
short row. Columns are looked up by unsigned numbers, which Numba doesn't take for places counted from the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convista.grid.border import OUTSIDE
from convista.grid.compiling import compiled, inlined
from convista.grid.memory import FEWEST_MOVED, move, move_row, put


@compiled
def pack(
    pixel: Any,  # dtypes: of a pixel,
    sums: Any,  # of a sum
    g: Any,  # the record of sizes and steps
    source: int,
    row_map: Any,  # the pixel at each place of the padded image
    col_map: Any,
    top: int,
    left: int,
    rows: int,
    cols: int,
    packed: int,  # address of (channels, rows, phases, segment)
) -> None:
    """Copy rows x cols of the padded image from (top, left) on, all channels of a group."""
    pitch = g.packed_cols * g.sums_bytes
    first = min(max(g.left - left, 0), cols)  # before it and from `last` on, pixels repeat beyond the edges
    last = max(min(g.left + g.cols - left, cols), first)
    together = g.phases == 1 and g.col_step == g.pixel_bytes and last - first >= FEWEST_MOVED
    for channel in range(g.per_group):
        plane, line = source + channel * g.channel_step, packed + channel * g.packed_rows * pitch
        for row in range(rows):
            at = row_map[np.uint64(top + row)]
            if at == OUTSIDE:
                for col in range(cols):
                    put(sums, g.fill, line + _place(g, col) * g.sums_bytes)
            elif together:
                _pack_row(pixel, sums, g, plane + at * g.row_step, col_map, left, first, last, cols, line)
            else:
                for col in range(cols):
                    _pack_one(pixel, sums, g, plane + at * g.row_step, col_map[np.uint64(left + col)],
                              line + _place(g, col) * g.sums_bytes)  # fmt: skip
            line += pitch


@inlined
def _pack_row(
    pixel: Any, sums: Any, g: Any, source: int, col_map: Any, left: int, first: int, last: int, cols: int, target: int
) -> None:
    """Copy neighbours by vectors, and what repeats beyond the edges one by one."""
    move_row(pixel, sums, source + (left + first - g.left) * g.col_step, target + first * g.sums_bytes, last - first)
    for col in range(first):
        _pack_one(pixel, sums, g, source, col_map[np.uint64(left + col)], target + col * g.sums_bytes)
    for col in range(last, cols):
        _pack_one(pixel, sums, g, source, col_map[np.uint64(left + col)], target + col * g.sums_bytes)


@inlined
def _pack_one(pixel: Any, sums: Any, g: Any, source: int, at: int, target: int) -> None:
    """Copy the pixel of a column, or the fill value."""
    if at == OUTSIDE:
        put(sums, g.fill, target)
    else:
        move(pixel, sums, source + at * g.col_step, target)


@inlined
def _place(g: Any, col: int) -> int:
    """Return where a column lies in a packed row."""
    return col if g.phases == 1 else col % g.phases * g.segment + col // g.phases


@compiled
def unpack(
    result: Any, g: Any, laid: int, pitch: int, rows: int, cols: int, target: int, row_step: int, col_step: int
) -> None:  # fmt: skip
    """Put rows x cols of results where they belong."""
    for row in range(rows):
        if col_step == g.result_bytes and cols >= FEWEST_MOVED:
            move_row(result, result, laid + row * pitch, target + row * row_step, cols)
        else:
            for col in range(cols):
                place = target + row * row_step + col * col_step
                move(result, result, laid + row * pitch + col * g.result_bytes, place)
