"""A row of stops over bytes, in registers: along the row of pixels that comes in, then down the rows that were kept.

Bytes are never moved from lane to lane. A vector of them, read as numbers of 16 bits, holds the even pixels in its
lower bytes and the odd ones in its upper bytes: a mask takes out the first, a shift the others. So a block of stops is
two parts, every other stop in each (four, where sums are float32), and stays so until results are stored: bytes fall
into place by the same shifts, backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from convista.grid.compiling import instruction
from convista.grid.lanes import vector_bytes
from convista.grid.memory import INDEX
from convista.grid.vectors import INT32, Kind, Vectors

BLOCK = vector_bytes()
"""Stops in a block: as many bytes as a vector has."""
BYTE, SHORT = Kind(types.uint8), Kind(types.int16)
MAGIC = 1.5 * 2.0**23
"""Beside it a float32 has no fraction, and its last bits are the whole number."""


@instruction
def roll(
    _: Any,
    unrolled: Any,  # rows and cols of the kernel where they are fixed and its cols neighbours, literal; else 0
    sums: Any,  # dtypes: of a sum,
    result: Any,  # of a result
    source: Any,  # address of the pixel under the first weight at the first stop
    steps: Any,  # address: to the pixel under each weight of a row, (kernel cols,)
    row: Any,  # address of the weights along the row, of the type of a sum
    kernel_cols: Any,
    slots: Any,  # addresses of the rows under the column's weights; the last is where this row goes: (kernel rows,)
    column: Any,  # address of the weights down the column
    kernel_rows: Any,
    bias: Any,
    unit: Any,  # an integer where a sum is its result; else a float that sums are multiplied by
    shift: Any,  # the binary digits that makes
    target: Any,
    stops: Any,  # at least a block
    past_cache: Any,  # whether results go past the cache; `target` must then lie on a vector
) -> Any:
    """Make the sums of a row of pixels, keep them, and compute and store the results that they complete."""
    arguments = (
        unrolled, sums, result, source, steps, row, kernel_cols, slots, column, kernel_rows, bias, unit, shift, target,
        stops, past_cache,
    )  # fmt: skip

    def generate(_: Any, builder: Any, signature: Any, values: Sequence[Any]) -> None:
        given = signature.args
        kinds = [Kind(each.dtype) for each in given[1:3]]
        scaled = isinstance(given[11], types.Float)
        _Roll(builder, unrolled.literal_value, *kinds, scaled=scaled).generate(*values[3:])

    return types.void(*arguments), generate


class _Roll:
    """Writes the instructions for one row."""

    def __init__(self, builder: Any, unrolled: int, sums: Kind, result: Kind, *, scaled: bool) -> None:
        self.b, self.unrolled, self.sums, self.result, self.scaled = builder, unrolled, sums, result, scaled
        self.parts = sums.bytes
        self.v = Vectors(builder, BLOCK // sums.bytes)
        self.raw = ir.IntType(sums.bits)
        kind = self.v.of(sums.llvm)
        self.held = [cgutils.alloca_once(builder, kind) for _ in range(self.parts)]

    def generate(
        self, source: Any, steps: Any, row: Any, kernel_cols: Any, slots: Any, column: Any, kernel_rows: Any,
        bias: Any, unit: Any, shift: Any, target: Any, stops: Any, past_cache: Any,
    ) -> None:  # fmt: skip
        """Write it all; the arguments are those of `roll`."""
        b = self.b
        self.steps, self.row, self.kernel_cols = steps, row, kernel_cols
        self.slots, self.column, self.kernel_rows = slots, column, kernel_rows
        self.source, self.target = source, target
        self.bias = self.v.spread(bias)
        self.last_slot = self._slot(b.sub(kernel_rows, INDEX(1)))
        self.ending = _Ending(self, unit, shift)
        if self.unrolled:
            taps = [INDEX(tap) for tap in range(self.unrolled)]
            self.along, self.down = ([self._weight(each, tap) for tap in taps] for each in (row, column))
            self.kept = [self._slot(tap) for tap in taps]
        past = b.icmp_unsigned("!=", past_cache, past_cache.type(0))
        whole = b.select(past, b.mul(b.sdiv(stops, INDEX(BLOCK)), INDEX(BLOCK)), INDEX(0))
        with cgutils.for_range_slice(b, INDEX(0), whole, INDEX(BLOCK)) as (col, _):
            self._block(col, col, past_cache=True)
        last = b.sub(stops, INDEX(BLOCK))
        with cgutils.for_range_slice(b, whole, stops, INDEX(BLOCK)) as (col, _):
            here = b.select(b.icmp_signed("<", col, last), col, last)  # the last block is laid over
            self._block(here, col, past_cache=False)

    def _block(self, col: Any, place: Any, *, past_cache: bool) -> None:
        """Compute a block of stops from `col` on, whose sums lie at `place` in the rows kept."""
        b = self.b
        pixels, kept = b.add(self.source, col), b.mul(place, INDEX(self.parts))
        sums = (self._along if self.unrolled else self._along_any)(pixels)
        for part, each in enumerate(sums):
            self.v.store(each, self._part(self.last_slot, kept, part), self.sums, past_cache=False)
        total = self._down(sums, kept) if self.unrolled else self._down_any(kept)
        first = b.add(self.target, b.mul(col, INDEX(self.result.bytes)))
        for number, results in enumerate(self.ending.results(total)):
            lanes = Vectors(b, BLOCK // self.result.bytes)
            lanes.store(results, b.add(first, INDEX(number * BLOCK)), self.result, past_cache=past_cache)

    def _along(self, pixels: Any) -> list[Any]:
        """Return the sums along a row whose weights are neighbours: each pixel is taken out once for all parts."""
        loaded: dict[int, Any] = {}
        seen = []
        for offset in range(self.unrolled + self.parts - 1):
            base = min(offset // self.parts * self.parts, self.unrolled - 1)  # nothing past the last stop's is read
            if base not in loaded:
                loaded[base] = self._bytes(self.b.add(pixels, INDEX(base)))
            seen.append(self._taken(loaded[base], offset - base))
        return [self._sum(self.along, seen[part : part + self.unrolled]) for part in range(self.parts)]

    def _along_any(self, pixels: Any) -> list[Any]:
        """Return the sums along a row, weight by weight."""
        self._hold(self.v.constant(self.sums.llvm, 0))
        with cgutils.for_range(self.b, self.kernel_cols) as loop:
            step = self._number(self.steps, loop.index, INDEX)
            loaded, weight = self._bytes(self.b.add(pixels, step)), self._weight(self.row, loop.index)
            self._add(weight, lambda part: self._taken(loaded, part))
        return [self.b.load(held) for held in self.held]

    def _down(self, newest: list[Any], kept: Any) -> list[Any]:
        """Return the sums down the columns, of which the newest row is at hand."""
        earlier = [
            [self.v.load(self._part(slot, kept, part), self.sums, self.sums) for slot in self.kept[:-1]]
            for part in range(self.parts)
        ]
        return [self._sum(self.down, [*rows, new], self.bias) for rows, new in zip(earlier, newest, strict=True)]

    def _down_any(self, kept: Any) -> list[Any]:
        """Return the sums down the columns, weight by weight."""
        self._hold(self.bias)
        with cgutils.for_range(self.b, self.kernel_rows) as loop:
            slot, weight = self._slot(loop.index), self._weight(self.column, loop.index)
            self._add(weight, lambda part: self.v.load(self._part(slot, kept, part), self.sums, self.sums))
        return [self.b.load(held) for held in self.held]

    def _sum(self, weights: list[Any], numbers: list[Any], start: Any = None) -> Any:
        total = start
        for weight, number in zip(weights, numbers, strict=True):
            if total is None:
                total = (self.b.fmul if self.sums.real else self.b.mul)(weight, number)
            else:
                total = self.v.multiply_add(weight, number, total, self.sums)
        return total

    def _hold(self, start: Any) -> None:
        for held in self.held:
            self.b.store(start, held)

    def _add(self, weight: Any, number: Callable[[int], Any]) -> None:
        for part, held in enumerate(self.held):
            self.b.store(self.v.multiply_add(weight, number(part), self.b.load(held), self.sums), held)

    def _bytes(self, address: Any) -> Any:
        """Load a vector of bytes, several to a lane."""
        pointer = self.b.inttoptr(address, self.v.of(self.raw).as_pointer())
        return self.b.load(pointer, align=1)

    def _taken(self, loaded: Any, place: int) -> Any:
        """Return the byte at a place of each lane, as a sum."""
        if place:
            loaded = self.b.lshr(loaded, self.v.constant(self.raw, 8 * place))
        if place < self.parts - 1:
            loaded = self.b.and_(loaded, self.v.constant(self.raw, 255))
        return self.b.sitofp(loaded, self.v.of(self.sums.llvm)) if self.sums.real else loaded

    def _part(self, row: Any, kept: Any, part: int) -> Any:
        return self.b.add(self.b.add(row, kept), INDEX(part * BLOCK))

    def _weight(self, weights: Any, tap: Any) -> Any:
        return self.v.spread(self._number(weights, tap, self.sums.llvm))

    def _slot(self, index: Any) -> Any:
        """Return where a kept row lies; that changes from row to row, so it is no number that nothing writes."""
        address = self.b.add(self.slots, self.b.mul(index, INDEX(8)))
        return self.b.load(self.b.inttoptr(address, INDEX.as_pointer()), align=8)

    def _number(self, numbers: Any, index: Any, kind: Any) -> Any:
        size = 8 if kind is INDEX else self.sums.bytes
        return self.v.load_number(self.b.add(numbers, self.b.mul(index, INDEX(size))), kind, size)


class _Ending:
    """Writes how the parts of a block become results in order."""

    def __init__(self, roll: _Roll, unit: Any, shift: Any) -> None:
        self.b, self.sums, self.result, self.scaled = roll.b, roll.sums, roll.result, roll.scaled
        self.shorts = Vectors(roll.b, BLOCK // 2)
        self.short = ir.IntType(16)
        if self.scaled and not self.sums.real:
            self._prepare(unit, shift)

    def _prepare(self, unit: Any, shift: Any) -> None:
        b = self.b
        if self.result.real:
            self.unit = Vectors(b, BLOCK // 4).spread(b.fptrunc(unit, ir.FloatType()))
            return
        digits = b.trunc(shift, self.short)
        half = b.sub(b.lshr(b.shl(self.short(1), digits), self.short(1)), self.short(1))
        self.digits, self.half = self.shorts.spread(digits), self.shorts.spread(half)

    def results(self, parts: list[Any]) -> list[Any]:
        """Return vectors of results, one after the other."""
        if self.sums.real:
            return [self._bytes(self._rounded(parts), SHORT)]
        if self.scaled and not self.result.real:
            parts = [self._shifted(each) for each in parts]
        if self.result == BYTE:
            return [self._bytes(parts, self.sums)]
        in_order = self._interleaved(parts)
        if self.result.bits == 16:
            return [self.shorts.convert(each, self.sums, self.result) for each in in_order]
        return [self._wide(half) for each in in_order for half in self._halves(each)]

    def _rounded(self, parts: list[Any]) -> list[Any]:
        """Return float sums, which lie within 16 bits, as two parts of whole numbers, rounded half to even."""
        b, lanes = self.b, Vectors(self.b, BLOCK // 4)
        whole = lanes.of(INT32)
        bits = [b.bitcast(b.fadd(each, lanes.constant(ir.FloatType(), MAGIC)), whole) for each in parts]
        low, sixteen = lanes.constant(INT32, 0xFFFF), lanes.constant(INT32, 16)
        pairs = [b.or_(b.and_(one, low), b.shl(other, sixteen)) for one, other in zip(bits[:2], bits[2:], strict=True)]
        return [b.bitcast(each, self.shorts.of(self.short)) for each in pairs]

    def _shifted(self, sums: Any) -> Any:
        """Return sums divided by a power of two, rounded half to even: to an odd quotient one half more is added."""
        b = self.b
        shift = b.ashr if self.sums.signed else b.lshr
        odd = b.and_(shift(sums, self.digits), self.shorts.constant(self.short, 1))
        return shift(b.add(b.add(sums, self.half), odd), self.digits)

    def _bytes(self, parts: list[Any], kind: Kind) -> Any:
        """Return even and odd stops as bytes in order, clipped."""
        b = self.b
        even, odd = (b.zext(self.shorts.convert(each, kind, BYTE), self.shorts.of(self.short)) for each in parts)
        together = b.or_(even, b.shl(odd, self.shorts.constant(self.short, 8)))
        return b.bitcast(together, Vectors(b, BLOCK).of(BYTE.llvm))

    def _interleaved(self, parts: list[Any]) -> list[Any]:
        """Return even and odd stops in order, in two vectors."""
        lanes = BLOCK // 2
        orders = [[half * lanes // 2 + i // 2 + i % 2 * lanes for i in range(lanes)] for half in range(2)]
        even, odd = parts
        return [self._chosen(even, odd, order) for order in orders]

    def _halves(self, numbers: Any) -> list[Any]:
        lanes = BLOCK // 4
        return [self._chosen(numbers, numbers, range(first, first + lanes)) for first in (0, lanes)]

    def _chosen(self, one: Any, other: Any, order: Sequence[int]) -> Any:
        return self.b.shuffle_vector(one, other, ir.Constant(ir.VectorType(INT32, len(order)), list(map(INT32, order))))

    def _wide(self, numbers: Any) -> Any:
        lanes = Vectors(self.b, BLOCK // 4)
        converted = lanes.convert(numbers, self.sums, self.result)
        return self.b.fmul(converted, self.unit) if self.scaled and self.result.real else converted
