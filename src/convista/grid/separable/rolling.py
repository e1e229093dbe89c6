"""Bytes along the rows first, then down the columns: the sums of a few rows are kept, and the oldest makes room.

Sums are whole numbers of 16 bits where these are exact, see `whole`; else float32, where results are bytes again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convista.grid.border import OUTSIDE
from convista.grid.compiling import compiled, for_such, inlined
from convista.grid.direct import maps
from convista.grid.direct.geometry import PAGE, PAST_CACHE, across_of, geometry_of
from convista.grid.direct.packing import unpack
from convista.grid.memory import FEWEST_MOVED, address, move, move_row
from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.grid.separable.parts import BLOCK, roll
from convista.grid.whole import BRIGHTEST, BYTE

LARGEST = 2**15 - 1
"""The largest sum that 16 bits hold."""
TURNED = 3
"""Products a stop that keeping a row of sums, and making bytes or numbers of them in the end, takes."""
KEPT = 12 * 1024
"""Bytes of the rows kept, about: they and what is read and written beside them lie in the nearest cache."""

APART = 13 * BLOCK
"""Bytes modulo a page between two rows kept: a load waits for an earlier store that lies as far into another page."""


def suits(problem: Problem, columns: Array, rows: Array, bias: Array) -> bool:
    """Whether float sums over bytes become bytes again, and none of them leaves 16 bits on the way there."""
    precision = problem.precision
    bytes_only = problem.pixels == precision.result == BYTE and problem.fill in range(BRIGHTEST + 1)
    if not bytes_only or columns.dtype != np.float32 or not _unrolled(problem):
        return False
    sizes = np.abs(columns).sum(axis=1) * np.abs(rows).sum(axis=1)
    return bool((BRIGHTEST * sizes + np.abs(bias)).max(initial=0) < LARGEST)


class Rolling:
    """What the compiled loops are told about memory of one kind."""

    def __init__(self, problem: Problem, numbers: tuple[Array, ...], unit: float, image: Array, out: Array) -> None:
        columns, rows, bias = numbers
        across = across_of(problem, image, out)
        if across > 1:
            columns, rows, bias = columns[:1], rows[:1], bias[:1]
        geometry = _geometry(problem, image, out, columns.itemsize, across)
        row_map, col_map = maps(problem, across)
        steps = np.arange(problem.kernel[1]) * problem.dilation[1] * across
        self.lines = int(problem.images * len(columns) * problem.output_size[0])
        beyond = np.full(geometry[0]["packed_cols"], problem.fill, BYTE)
        scale: Any = 1 if unit == 1 else np.float64(unit)  # another type, another way to end
        shift = max(0, -int(np.floor(np.log2(unit))))
        self._arguments = (
            BYTE, columns.dtype, out.dtype, geometry, columns, rows, bias, scale, shift, steps, beyond, row_map,
            col_map,
        )  # fmt: skip
        self._sweep = for_such(sweep_rolling, (*self._arguments, 0, 0, 0, 0))

    def sweep(self, source: int, target: int, first: int, last: int) -> None:
        """Compute lines first..last of the image at one address to the place at another."""
        self._sweep(*self._arguments, source, target, first, last)


def _geometry(problem: Problem, image: Array, out: Array, sum_bytes: int, across: int) -> Any:
    """Return the sizes and steps, with the tiles of columns that are done from top to bottom."""
    geometry = geometry_of(problem, image, out, BYTE, across)
    g = geometry[0]
    most = max(4 * BLOCK, KEPT // (int(g["reach_down"]) * sum_bytes))
    tiles = -(-g["out_cols"] // most)
    g["tile"] = -(-g["out_cols"] // tiles // BLOCK) * BLOCK if tiles else BLOCK
    g["pitch"] = g["tile"] * sum_bytes
    g["pitch"] += (APART - g["pitch"]) % PAGE
    g["packed_cols"] = g["segment"] = -(-(g["tile"] + g["reach_right"] - 1) // BLOCK) * BLOCK + BLOCK
    g["packed_rows"] = 1
    g["as_it_lies"] = g["left"] == 0 and g["col_step"] == 1 and g["out_cols"] + g["reach_right"] - 1 <= g["cols"]
    g["unrolled"] = _unrolled(problem) if across == 1 else 0
    steps = address(out), g["out_row_step"], g["out_filter_step"], g["out_image_step"]
    g["past_cache"] = out.nbytes >= PAST_CACHE and not any(step % BLOCK for step in steps)
    return geometry


def _unrolled(problem: Problem) -> int:
    rows, cols = problem.kernel
    return rows if rows == cols and rows in (3, 5) and problem.dilation[1] == 1 else 0


@compiled
def sweep_rolling(
    byte: Any,  # dtypes: of a pixel,
    sums: Any,  # of a sum,
    result: Any,  # of a result
    geometry: Any,  # one record with all sizes and steps
    columns: Any,  # (filters, kernel rows), of the type of a sum
    rows: Any,  # (filters, kernel cols)
    bias: Any,  # (filters,)
    unit: Any,  # of a sum, an integer where it is 1
    shift: int,
    steps: Any,  # between the weights of a row, in bytes: (kernel cols,)
    beyond: Any,  # a row of the fill value
    row_map: Any,  # the pixel at each place of the padded image
    col_map: Any,
    image: int,  # addresses
    out: int,
    first: int,
    last: int,
) -> None:
    """Compute lines first..last of all results; a line is one row of one filter of one image."""
    g = geometry[0]
    kept = np.empty(g.reach_down * g.pitch + BLOCK, byte)
    packed = np.empty(2 * g.packed_cols + BLOCK, byte)
    laid = np.empty(g.tile, result)
    slots = np.empty(g.kernel_rows, np.int64)
    kept_at, packed_at, laid_at = np.int64(kept.ctypes.data), np.int64(packed.ctypes.data), np.int64(laid.ctypes.data)
    kept_at += -kept_at % BLOCK
    packed_at += (-packed_at - g.left) % BLOCK
    steps_at, slots_at = np.int64(steps.ctypes.data), np.int64(slots.ctypes.data)
    beyond_at = np.int64(beyond.ctypes.data)
    filters, line, side = len(columns), first, 0
    while line < last:
        plane, row = divmod(line, g.out_rows)
        number, f = divmod(plane, filters)
        height = min(g.out_rows - row, last - line)
        source = image + number * g.image_step + f // g.filters_per_group * g.channel_step
        target = out + number * g.out_image_step + f * g.out_filter_step + row * g.out_row_step
        column_at = np.int64(columns.ctypes.data) + f * columns.strides[0]
        row_at = np.int64(rows.ctypes.data) + f * rows.strides[0]
        for col in range(0, g.out_cols, g.tile):
            cols, place = min(g.tile, g.out_cols - col), 0
            straight = cols >= BLOCK and g.out_col_step == g.result_bytes
            then = _pixels(byte, g, beyond_at, source, row_map, col_map, row, col, cols,
                           packed_at + side * g.packed_cols)  # fmt: skip
            for at in range(1 - g.reach_down, height):  # the row that is complete with the pixels that come in
                here, side = then, 1 - side
                if at + 1 < height:  # copied a row ahead: what was just written can't be read at another place at once
                    then = _pixels(byte, g, beyond_at, source, row_map, col_map, row + at + g.reach_down, col,
                                   cols, packed_at + side * g.packed_cols)  # fmt: skip
                for k in range(g.kernel_rows):
                    slot = place + 1 + k * g.holes_down
                    slots[k] = kept_at + (slot if slot < g.reach_down else slot - g.reach_down) * g.pitch
                place = place + 1 if place + 1 < g.reach_down else 0
                there = target + at * g.out_row_step + col * g.out_col_step
                direct = straight and at >= 0
                _row(sums, result, g, here, steps_at, row_at, slots_at, column_at, bias[f], unit, shift,
                     there if direct else laid_at, max(cols, BLOCK), g.past_cache if direct else 0)  # fmt: skip
                if at >= 0 and not straight:
                    unpack(result, g, laid_at, 0, 1, cols, there, 0, g.out_col_step)
        line += height
    kept[0] = packed[0] = laid[0] = slots[0] = 0  # Numba frees an array after its last use, whoever holds its address


@inlined
def _pixels(
    byte: Any, g: Any, beyond: int, source: int, row_map: Any, col_map: Any, row: int, col: int, cols: int, packed: int
) -> Any:
    """Return the address of a row of the padded image: where it lies, if vectors can read it there, else a copy."""
    at = row_map[row]
    if at == OUTSIDE:
        return beyond
    pixels = source + at * g.row_step
    if g.as_it_lies and cols >= BLOCK:
        return pixels + col
    seen = cols + g.reach_right - 1
    first = min(max(g.left - col, 0), seen)  # before it and from `last` on, pixels repeat beyond the edges
    last = max(min(g.left + g.cols - col, seen), first)
    if g.col_step == 1 and last - first >= FEWEST_MOVED:
        move_row(byte, byte, pixels + col + first - g.left, packed + first, last - first)
    else:
        last = first
    for place in range(first):
        there = col_map[col + place]
        move(byte, byte, beyond if there == OUTSIDE else pixels + there * g.col_step, packed + place)
    for place in range(last, seen):
        there = col_map[col + place]
        move(byte, byte, beyond if there == OUTSIDE else pixels + there * g.col_step, packed + place)
    return packed


@inlined
def _row(
    sums: Any, result: Any, g: Any, source: int, steps: int, row: int, slots: int, column: int, bias: Any, unit: Any,
    shift: int, target: int, stops: int, past_cache: int,
) -> None:  # fmt: skip
    if g.unrolled == 3:
        roll(3, sums, result, source, steps, row, g.kernel_cols, slots, column, g.kernel_rows, bias, unit, shift,
             target, stops, past_cache)  # fmt: skip
    elif g.unrolled == 5:
        roll(5, sums, result, source, steps, row, g.kernel_cols, slots, column, g.kernel_rows, bias, unit, shift,
             target, stops, past_cache)  # fmt: skip
    else:
        roll(0, sums, result, source, steps, row, g.kernel_cols, slots, column, g.kernel_rows, bias, unit, shift,
             target, stops, past_cache)  # fmt: skip
