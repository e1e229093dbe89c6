"""A block of stops along a row, whose pixels are loaded or shifted in turns from one weight to the next.

Where a vector is as long as a cache line, all loads but one in sixteen cross a line, and take twice as long. Two
neighbours in registers hold all that the weights of a vector's length need; one shuffle takes out what each sees. But
shuffles keep multiplications waiting, as loads do not: every other weight has its pixels loaded all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from convista.grid.compiling import instruction
from convista.grid.lanes import vector_bytes
from convista.grid.memory import INDEX
from convista.grid.vectors import INT32, Kind, Vectors

VECTORS = 4
"""Vectors in a block."""


@instruction
def shifted_block(
    _: Any,
    sums: Any,  # dtypes: of a sum,
    result: Any,  # of a result
    source: Any,  # address of the sum under the first weight at the first stop
    weights: Any,  # address: (count,), for neighbours
    count: Any,
    bias: Any,
    target: Any,  # address of the first stop's result
    past_cache: Any,  # whether results go past the cache; `target` must then lie on a cache line
) -> Any:
    """Compute a block of stops and store them; a vector more than the stops see is read."""
    arguments = (sums, result, source, weights, count, bias, target, past_cache)

    def generate(_: Any, builder: Any, signature: Any, values: Sequence[Any]) -> None:
        kinds = [Kind(each.dtype) for each in signature.args[:2]]
        _Block(builder, *kinds).generate(*values[2:])

    return types.void(*arguments), generate


class _Block:
    """Writes the instructions of one block."""

    def __init__(self, builder: Any, sums: Kind, result: Kind) -> None:
        self.b, self.sums, self.result = builder, sums, result
        self.lanes = vector_bytes() // sums.bytes
        self.v = Vectors(builder, self.lanes)
        self.held = [cgutils.alloca_once(builder, self.v.of(sums.llvm)) for _ in range(VECTORS)]

    def generate(self, source: Any, weights: Any, count: Any, bias: Any, target: Any, past_cache: Any) -> None:
        """Write it all; the arguments are those of `shifted_block`."""
        b, start = self.b, self.v.spread(bias)
        for place in self.held:
            b.store(start, place)
        with cgutils.for_range_slice(b, INDEX(0), count, INDEX(self.lanes)) as (first, _):
            step = b.mul(first, INDEX(self.sums.bytes))
            pixels = self._vectors_from(b.add(source, step), self.sums, VECTORS + 1)
            seen = [self.v.load(each, self.sums, self.sums) for each in pixels]
            self._taps(pixels, seen, b.add(weights, step), b.sub(count, first), 0)
        with b.if_else(b.icmp_unsigned("!=", past_cache, past_cache.type(0))) as (then, otherwise):
            for way, past in ((then, True), (otherwise, False)):
                with way:
                    self._store(target, past_cache=past)

    def _taps(self, pixels: list[Any], seen: list[Any], weights: Any, count: Any, tap: int) -> None:
        """Add the products of one weight, and of those that follow while there are any."""
        b = self.b
        place = b.add(weights, INDEX(tap * self.sums.bytes))
        weight = self.v.spread(self.v.load_number(place, self.sums.llvm, self.sums.bytes))
        under = self._loaded(pixels, tap) if tap % 2 else self._shifted(seen, tap)
        for held, each in zip(self.held, under, strict=True):
            b.store(self.v.multiply_add(weight, each, b.load(held), self.sums), held)
        if tap + 1 < self.lanes:
            with b.if_then(b.icmp_signed(">", count, INDEX(tap + 1))):
                self._taps(pixels, seen, weights, count, tap + 1)

    def _loaded(self, pixels: list[Any], tap: int) -> list[Any]:
        step = INDEX(tap * self.sums.bytes)
        return [self.v.load(self.b.add(each, step), self.sums, self.sums) for each in pixels[:-1]]

    def _shifted(self, seen: list[Any], tap: int) -> list[Any]:
        order = ir.Constant(self.v.of(INT32), [INT32(tap + lane) for lane in range(self.lanes)])
        return [self.b.shuffle_vector(one, other, order) for one, other in pairwise(seen)]

    def _store(self, target: Any, *, past_cache: bool) -> None:
        places = self._vectors_from(target, self.result, VECTORS)
        for address, held in zip(places, self.held, strict=True):
            numbers = self.v.convert(self.b.load(held), self.sums, self.result)
            self.v.store(numbers, address, self.result, past_cache=past_cache)

    def _vectors_from(self, address: Any, kind: Kind, count: int) -> list[Any]:
        return [self.b.add(address, INDEX(self.lanes * kind.bytes * vector)) for vector in range(count)]
