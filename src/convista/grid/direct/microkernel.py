"""A block of neighbouring stops computed in registers: the innermost loop of the fast engines, written for LLVM.

Loops that Numba compiles reach a third of what this does from 5 x 5 kernels up, since between two weights the
compiler takes the sums to memory and back. Here a block of R rows by C vectors of stops stays in registers from the
first weight to the last:

    for each channel, each row of pixels that the block sees, each weight of a kernel's row:
        load C vectors of pixels, once
        for each of the block's R rows that this row of pixels reaches: sums += weight * pixels

so that a loaded pixel serves R rows and a loaded weight C vectors. The first and the last R - 1 rows of pixels reach
fewer of the block's rows, and are written out one by one; the loop between them knows all R.

Nothing here names a kind of processor: vectors of any length are LLVM's to map, and `llvm.fma` rounds once everywhere.
No flag lets the compiler assume that there is no NaN. Addresses are whole numbers, steps are in bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from convista.grid.compiling import instruction
from convista.grid.lanes import vector_bytes
from convista.grid.vectors import Kind, Vectors

INDEX = ir.IntType(64)


@instruction
def compute_block(
    _: Any,
    rows: Any,  # R, literal
    vectors: Any,  # C, literal
    narrow: Any,  # whether a vector is a single stop, literal
    unrolled: Any,  # the rows and cols of a kernel of one channel, where they are fixed, literal; else 0
    pixel: Any,  # dtypes: of a pixel,
    sums: Any,  # of a sum,
    result: Any,  # of a result
    source: Any,  # address of the pixel under the first weight at the first stop
    row_step: Any,  # to the pixel under the next row of weights
    channel_step: Any,
    taps: Any,  # address of the steps to the pixel under each weight of a row: int64 (kernel cols,)
    weights: Any,  # address, of the type of a sum: (channels, kernel rows, kernel cols)
    channels: Any,
    kernel_rows: Any,  # at least R - 1
    kernel_cols: Any,
    bias: Any,
    target: Any,  # address of the first stop's result
    target_step: Any,  # to the result a row below
    past_cache: Any,  # whether results go past the cache; `target` must then lie on a cache line
    ahead: Any,  # the step to pixels that will be needed soon, 0 for none
) -> Any:
    """Compute R x C vectors of stops and store them."""
    arguments = (
        rows, vectors, narrow, unrolled, pixel, sums, result, source, row_step, channel_step, taps, weights, channels,
        kernel_rows, kernel_cols, bias, target, target_step, past_cache, ahead,
    )  # fmt: skip
    fixed = [each.literal_value for each in (rows, vectors, narrow, unrolled)]

    def generate(_: Any, builder: Any, signature: Any, values: Sequence[Any]) -> None:
        kinds = [Kind(each.dtype) for each in signature.args[4:7]]
        _Block(builder, *fixed, *kinds).generate(*values[7:])

    return types.void(*arguments), generate


class _Block:
    """Writes the instructions of one block."""

    def __init__(
        self, builder: Any, rows: int, vectors: int, narrow: bool, unrolled: int, pixel: Kind, sums: Kind, result: Kind
    ) -> None:
        self.b, self.rows, self.unrolled = builder, rows, unrolled
        self.pixel, self.sums, self.result = pixel, sums, result
        self.lanes = 1 if narrow else vector_bytes() // sums.bytes
        self.v = Vectors(builder, self.lanes)
        kind = self.v.of(sums.llvm)
        self.held = [[cgutils.alloca_once(builder, kind) for _ in range(vectors)] for _ in range(rows)]

    def generate(
        self, source: Any, row_step: Any, channel_step: Any, taps: Any, weights: Any, channels: Any, kernel_rows: Any,
        kernel_cols: Any, bias: Any, target: Any, target_step: Any, past_cache: Any, ahead: Any,
    ) -> None:  # fmt: skip
        """Write it all; the arguments are those of `compute_block`."""
        b = self.b
        self.row_step, self.taps = row_step, taps
        self.kernel_rows, self.kernel_cols = kernel_rows, kernel_cols
        if self.unrolled:
            kernel_cols = kernel_rows = INDEX(self.unrolled)
        self._start(bias)
        weight_row_bytes = b.mul(kernel_cols, INDEX(self.sums.bytes))
        plane = b.mul(weight_row_bytes, kernel_rows)
        if self.unrolled:  # no loop: all weights then stay in registers from block to block
            self._channel(source, weights, weight_row_bytes)
        else:
            with cgutils.for_range(b, channels) as loop:
                pixels = b.add(source, b.mul(channel_step, loop.index))
                self._channel(pixels, b.add(weights, b.mul(plane, loop.index)), weight_row_bytes)
        self._ask_for(b.add(source, ahead), _is_not_zero(b, ahead))
        with b.if_else(_is_not_zero(b, past_cache)) as (then, otherwise):
            with then:
                self._store(target, target_step, past_cache=True)
            with otherwise:
                self._store(target, target_step, past_cache=False)

    def _start(self, bias: Any) -> None:
        start = self.v.spread(bias)
        for row in self.held:
            for place in row:
                self.b.store(start, place)

    def _channel(self, pixels: Any, weights: Any, weight_row_bytes: Any) -> None:
        """Add one channel's products: row after row of pixels, each reaching some of the block's rows."""
        b, most = self.b, self.rows - 1
        every = range(self.rows)

        def row_of_pixels(row: Any, reached: Iterable[int]) -> None:
            by_row = {r: b.add(weights, b.mul(weight_row_bytes, b.sub(row, INDEX(r)))) for r in reached}
            self._row_of_pixels(b.add(pixels, b.mul(self.row_step, row)), by_row)

        if self.unrolled:
            for row in range(self.unrolled + most):
                row_of_pixels(INDEX(row), [r for r in every if 0 <= row - r < self.unrolled])
            return
        for row in range(most):
            row_of_pixels(INDEX(row), every[: row + 1])
        with cgutils.for_range_slice(b, INDEX(most), self.kernel_rows, INDEX(1)) as (row, _):
            row_of_pixels(row, every)
        for row in range(1, self.rows):
            row_of_pixels(b.add(self.kernel_rows, INDEX(row - 1)), every[row:])

    def _row_of_pixels(self, pixels: Any, weights: dict[int, Any]) -> None:
        if self.unrolled:
            for tap in range(self.unrolled):
                self._tap(pixels, INDEX(tap), weights)
        else:
            with cgutils.for_range(self.b, self.kernel_cols) as loop:
                self._tap(pixels, loop.index, weights)

    def _tap(self, pixels: Any, tap: Any, weights: dict[int, Any]) -> None:
        """Add the products of one weight of each row that is reached."""
        b = self.b
        start = b.add(pixels, self.v.load_number(b.add(self.taps, b.mul(tap, INDEX(8))), INDEX, 8))
        loaded = [self.v.load(each, self.pixel, self.sums) for each in self._vectors_from(start, self.pixel)]
        for row, address in weights.items():
            place = b.add(address, b.mul(tap, INDEX(self.sums.bytes)))
            weight = self.v.spread(self.v.load_number(place, self.sums.llvm, self.sums.bytes))
            for held, seen in zip(self.held[row], loaded, strict=True):
                b.store(self.v.multiply_add(weight, seen, b.load(held), self.sums), held)

    def _ask_for(self, pixels: Any, wanted: Any) -> None:
        """Have the pixels of later rows brought near: as many rows as this block has."""
        with self.b.if_then(wanted):
            for row in range(self.rows):
                line = self.b.add(pixels, self.b.mul(self.row_step, INDEX(row)))
                for each in self._vectors_from(line, self.pixel):
                    self.v.prefetch(each)

    def _store(self, target: Any, target_step: Any, *, past_cache: bool) -> None:
        b = self.b
        for row, vectors in enumerate(self.held):
            line = b.add(target, b.mul(target_step, INDEX(row)))
            for address, held in zip(self._vectors_from(line, self.result), vectors, strict=True):
                numbers = self.v.convert(b.load(held), self.sums, self.result)
                self.v.store(numbers, address, self.result, past_cache=past_cache)

    def _vectors_from(self, address: Any, kind: Kind) -> list[Any]:
        """Return the addresses of a row's vectors."""
        size = self.lanes * kind.bytes
        return [self.b.add(address, INDEX(size * vector)) for vector in range(len(self.held[0]))]


def _is_not_zero(builder: Any, number: Any) -> Any:
    return builder.icmp_unsigned("!=", number, number.type(0))
