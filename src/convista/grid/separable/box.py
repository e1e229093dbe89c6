"""Equal weights from bytes to bytes: every sum is a whole number of 16 bits, so nothing is rounded before the end.

The sums down the columns slide: the row that comes in is added, the row that goes out subtracted. With floats that
would drift, and one NaN would never leave; whole numbers come back to what they were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from convista.grid.border import OUTSIDE
from convista.grid.compiling import compiled, for_such, inlined, instruction
from convista.grid.direct import maps
from convista.grid.direct.geometry import across_of, geometry_of, lies_past_cache
from convista.grid.lanes import vector_bytes
from convista.grid.memory import INDEX
from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.grid.scale import WORD, Scale
from convista.grid.separable.passes import fill_ends
from convista.grid.vectors import Kind, Vectors

BYTE, SUM = Kind(types.uint8), Kind(types.uint16)
LANES = vector_bytes() // SUM.bytes
TOGETHER = 4
"""Vectors along a row that one step between weights serves."""
SUMS = np.dtype(np.uint16)


def suits(problem: Problem, image: Array, out: Array) -> bool:
    """Whether vectors can read and write these memories in place, and sums can slide from row to row."""
    across = across_of(problem, image, out)
    neighbours = across > 1 or image.strides[3] == out.strides[3] == 1
    slides = problem.dilation[0] == 1 or problem.kernel[0] == 1
    return neighbours and slides and min(problem.size[1], problem.output_size[1]) * across >= LANES


class Box:
    """What the compiled loops are told about memory of one kind."""

    def __init__(self, problem: Problem, scale: Scale, image: Array, out: Array) -> None:
        across = across_of(problem, image, out)
        geometry = _geometry(problem, image, out, across)
        row_map, col_map = maps(problem, across)
        steps = np.arange(problem.kernel[1]) * problem.dilation[1] * across * SUMS.itemsize
        nothing, beyond = np.zeros(geometry[0]["cols"], np.uint8), np.full(geometry[0]["cols"], problem.fill, np.uint8)
        self.lines = int(problem.images * problem.filters // across * problem.output_size[0])
        numbers = scale.multiplier, scale.added, scale.shift
        self._arguments = SUMS, geometry, nothing, beyond, steps, row_map, col_map, *numbers
        self._sweep = for_such(sweep_box, (*self._arguments, 0, 0, 0, 0))

    def sweep(self, source: int, target: int, first: int, last: int) -> None:
        """Compute lines first..last of the image at one address to the place at another."""
        self._sweep(*self._arguments, source, target, first, last)


def _geometry(problem: Problem, image: Array, out: Array, across: int) -> Any:
    """Return the sizes and steps, with rows of sums to hold."""
    geometry = geometry_of(problem, image, out, SUMS, across)
    g = geometry[0]
    g["held_cols"] = -(-(g["out_cols"] + g["reach_right"] - 1 + LANES) // LANES) * LANES
    g["past_cache"] = g["out_at"] % LANES == 0 and lies_past_cache(g, out)
    return geometry


@compiled
def sweep_box(
    sums: Any,  # dtype of a sum
    geometry: Any,  # one record with all sizes and steps
    nothing: Any,  # a row of zeros, where no row goes out
    beyond: Any,  # a row of the fill value
    steps: Any,  # between the weights of a row, in bytes of sums: (kernel cols,)
    row_map: Any,  # the pixel at each place of the padded image
    col_map: Any,
    multiplier: int,  # of the scale
    added: int,
    shift: int,
    image: int,  # addresses
    out: int,
    first: int,
    last: int,
) -> None:
    """Compute lines first..last of all results; a line is one row of one filter of one image."""
    g = geometry[0]
    held = np.zeros(3 * g.held_cols + LANES, sums)
    pitch, held_at = g.held_cols * 2, np.int64(held.ctypes.data)
    held_at += -held_at % (2 * LANES)
    zeros = held_at + 2 * pitch
    steps_at, nothing_at = np.int64(steps.ctypes.data), np.int64(nothing.ctypes.data)
    beyond_at = np.int64(beyond.ctypes.data)
    filters = g.groups * g.filters_per_group
    line, here, side = first, held_at, 1
    while line < last:
        plane, row = divmod(line, g.out_rows)
        number, f = divmod(plane, filters)
        source = image + number * g.image_step + f // g.filters_per_group * g.channel_step
        target = out + number * g.out_image_step + f * g.out_filter_step + row * g.out_row_step
        starts = line == first or row == 0
        for k in range(0 if starts else g.kernel_rows - 1, g.kernel_rows):
            comes = _row_at(g, beyond_at, source, row_map, row + k)
            goes = nothing_at if starts else _row_at(g, beyond_at, source, row_map, row - 1)
            then = zeros if starts and k == 0 else here
            here, side = held_at + side * pitch, 1 - side
            slide(then + 2 * g.left, comes, goes, here + 2 * g.left, g.cols)
        fill_ends(sums, g, col_map, g.fill * g.kernel_rows, here)
        smooth(here, steps_at, g.kernel_cols, multiplier, added, shift, target, g.out_cols, g.past_cache)
        line += 1
    held[0] = 0  # Numba frees an array after its last use, whoever holds its address


@inlined
def _row_at(g: Any, beyond: int, source: int, row_map: Any, place: int) -> Any:
    """Return where the row at a place of the padded image lies."""
    at = row_map[place]
    return beyond if at == OUTSIDE else source + at * g.row_step


@instruction
def slide(_: Any, then: Any, comes: Any, goes: Any, here: Any, cols: Any) -> Any:
    """Make the sums of a row from those of the row above: one row of pixels comes in, one goes out."""

    def generate(_: Any, builder: Any, __: Any, values: Sequence[Any]) -> None:
        v = Vectors(builder, LANES)
        then, comes, goes, here, cols = values

        def at(col: Any) -> None:
            place = builder.mul(col, INDEX(SUM.bytes))
            before = v.load(builder.add(then, place), SUM, SUM)
            new, old = (v.load(builder.add(row, col), BYTE, SUM) for row in (comes, goes))
            sums = builder.sub(builder.add(before, new), old)
            v.store(sums, builder.add(here, place), SUM, past_cache=False)

        _for_all(builder, cols, at)

    return types.void(then, comes, goes, here, cols), generate


@instruction
def smooth(
    _: Any, sums: Any, steps: Any, kernel_cols: Any, multiplier: Any, added: Any, shift: Any, target: Any, cols: Any,
    past_cache: Any,
) -> Any:  # fmt: skip
    """Add up the sums under a row of the kernel at every stop, scale them, and store them."""
    arguments = (sums, steps, kernel_cols, multiplier, added, shift, target, cols, past_cache)

    def generate(_: Any, builder: Any, __: Any, values: Sequence[Any]) -> None:
        _Smooth(builder, *values[:6]).generate(*values[6:])

    return types.void(*arguments), generate


class _Smooth:
    """Writes the instructions of the pass along a row."""

    def __init__(
        self, builder: Any, sums: Any, steps: Any, kernel_cols: Any, multiplier: Any, added: Any, shift: Any
    ) -> None:
        self.b, self.v = builder, Vectors(builder, LANES)
        self.sums, self.steps, self.kernel_cols = sums, steps, kernel_cols
        numbers = (builder.trunc(each, SUM.llvm) for each in (multiplier, added, shift))
        self.multiplier, self.added, self.shift = map(self.v.spread, numbers)
        self.held = [cgutils.alloca_once(builder, self.v.of(SUM.llvm)) for _ in range(TOGETHER)]

    def generate(self, target: Any, cols: Any, past_cache: Any) -> None:
        b = self.b
        with b.if_else(b.icmp_unsigned("!=", past_cache, INDEX(0))) as (then, otherwise):
            for way, past in ((then, True), (otherwise, False)):
                with way:
                    self._row(target, cols, past_cache=past)

    def _row(self, target: Any, cols: Any, *, past_cache: bool) -> None:
        """Go along a row in blocks, then in single vectors, of which the last is laid over."""
        b, size = self.b, INDEX(TOGETHER * LANES)
        whole = b.mul(b.sdiv(cols, size), size)
        with cgutils.for_range_slice(b, INDEX(0), whole, size) as (col, _):
            self._block(col, target, TOGETHER, past_cache=past_cache)
        last = b.sub(cols, INDEX(LANES))
        with cgutils.for_range_slice(b, whole, last, INDEX(LANES)) as (col, _):
            self._block(col, target, 1, past_cache=past_cache)
        with b.if_then(b.icmp_signed("<", whole, cols)):
            self._block(last, target, 1, past_cache=False)

    def _block(self, col: Any, target: Any, vectors: int, *, past_cache: bool) -> None:
        b, held = self.b, self.held[:vectors]
        for place in held:
            b.store(self.added, place)
        start = b.add(self.sums, b.mul(col, INDEX(SUM.bytes)))
        with cgutils.for_range(b, self.kernel_cols) as loop:
            step = self.v.load_number(b.add(self.steps, b.mul(loop.index, INDEX(8))), INDEX, 8)
            for number, place in enumerate(held):
                address = b.add(b.add(start, step), INDEX(number * LANES * SUM.bytes))
                b.store(b.add(b.load(place), self.v.load(address, SUM, SUM)), place)
        for number, place in enumerate(held):
            address = b.add(b.add(target, col), INDEX(number * LANES))
            self.v.store(self._scaled(b.load(place)), address, BYTE, past_cache=past_cache)

    def _scaled(self, sums: Any) -> Any:
        """Return the upper half of the product, shifted: LLVM knows the one instruction that this is."""
        b, wide = self.b, self.v.of(ir.IntType(2 * WORD))
        product = b.mul(b.zext(sums, wide), b.zext(self.multiplier, wide))
        upper = b.trunc(b.lshr(product, self.v.constant(ir.IntType(2 * WORD), WORD)), self.v.of(SUM.llvm))
        return b.trunc(b.lshr(upper, self.shift), self.v.of(BYTE.llvm))


def _for_all(b: Any, cols: Any, at: Callable[[Any], None]) -> None:
    """Go along a row in vectors; the last is laid over."""
    last = b.sub(cols, INDEX(LANES))
    with cgutils.for_range_slice(b, INDEX(0), last, INDEX(LANES)) as (col, _):
        at(col)
    at(last)
