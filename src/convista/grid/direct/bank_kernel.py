"""Some neighbouring stops of many filters at once, in registers: the innermost loop where filters are many.

`microkernel` lays stops into the lanes of vectors and does one filter at a time, which suits few filters on wide rows.
Here the lanes are filters:

    for each channel, each row and each col of the kernel:
        load a vector of weights, one lane a filter
        for each of S stops: sums += weights * (the one pixel under this weight, in all lanes)

so that no lane is wasted on narrow rows, any stride reads single pixels, and a loaded pixel serves all filters. In the
end the sums are turned, so that each filter's stops lie beside each other as results do.

Under the outer cols of the kernel the first or the last stop may meet zeros beyond the edge. It is left out there: on
rows of 14 stops that saves a twentieth of the products, and what isn't read needn't be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from convista.grid.compiling import instruction
from convista.grid.vectors import INT32, Kind, Vectors

INDEX = ir.IntType(64)


@instruction
def compute_bank(
    _: Any,
    stops: Any,  # a tuple of S numbers: its type says how many stops,
    lanes: Any,  # another's, how many lanes,
    stride: Any,  # and a third's, how many pixels lie between two stops
    sums: Any,  # dtypes: of pixels, weights and sums,
    result: Any,  # of a result
    source: Any,  # address of the pixel under the first weight at the first stop
    tap_step: Any,  # to the pixel under the next weight of a row
    row_step: Any,  # to the pixel under the next row of weights
    channel_step: Any,
    weights: Any,  # address: (channels, kernel rows, kernel cols, lanes)
    plane: Any,  # the step to the next channel's weights
    channels: Any,
    kernel_rows: Any,
    kernel_cols: Any,
    lead: Any,  # cols of the kernel at the left under which the first stop meets zeros
    trail: Any,  # the col from which the last stop does
    bias: Any,  # address: (lanes,)
    target: Any,  # address of the first filter's result at the first stop
    filter_step: Any,  # to the next filter's result
    filters: Any,  # how many are stored, at most as many as lanes
) -> Any:
    """Compute S stops of as many filters as a vector has lanes, and store them."""
    arguments = (
        stops, lanes, stride, sums, result, source, tap_step, row_step, channel_step, weights, plane, channels,
        kernel_rows, kernel_cols, lead, trail, bias, target, filter_step, filters,
    )  # fmt: skip

    def generate(_: Any, builder: Any, signature: Any, values: Sequence[Any]) -> None:
        kinds = [Kind(each.dtype) for each in signature.args[3:5]]
        _Bank(builder, stops.count, lanes.count, stride.count, *kinds).generate(*values[5:])

    return types.void(*arguments), generate


class _Bank:
    """Writes the instructions."""

    def __init__(self, builder: Any, stops: int, lanes: int, stride: int, sums: Kind, result: Kind) -> None:
        self.b, self.stops, self.lanes = builder, stops, lanes
        self.stop_bytes = stride * sums.bytes
        self.sums, self.result = sums, result
        self.v = Vectors(builder, lanes)
        kind = self.v.of(sums.llvm)
        self.held = [cgutils.alloca_once(builder, kind) for _ in range(stops)]

    def generate(
        self, source: Any, tap_step: Any, row_step: Any, channel_step: Any, weights: Any, plane: Any, channels: Any,
        kernel_rows: Any, kernel_cols: Any, lead: Any, trail: Any, bias: Any, target: Any, filter_step: Any,
        filters: Any,
    ) -> None:  # fmt: skip
        """Write it all; the arguments are those of `compute_bank`."""
        b = self.b
        tap_bytes = INDEX(self.lanes * self.sums.bytes)
        row_bytes = b.mul(kernel_cols, tap_bytes)
        self._start(bias)
        with cgutils.for_range(b, channels) as channel:
            pixels, kept = self._moved(source, channel_step, channel), self._moved(weights, plane, channel)
            with cgutils.for_range(b, kernel_rows) as row:
                line, own = self._moved(pixels, row_step, row), self._moved(kept, row_bytes, row)
                for begin, end, some in self._cols(lead, trail, kernel_cols):
                    with cgutils.for_range(b, end, start=begin) as col:
                        self._tap(self._moved(line, tap_step, col), self._moved(own, tap_bytes, col), some)
        self._store(target, filter_step, filters)

    def _cols(self, lead: Any, trail: Any, kernel_cols: Any) -> list[tuple[Any, Any, range]]:
        """Return the cols of the kernel, from and to, with the stops that meet pixels there."""
        every = range(self.stops)
        return [(INDEX(0), lead, every[1:]), (lead, trail, every), (trail, kernel_cols, every[:-1])]

    def _moved(self, address: Any, step: Any, loop: Any) -> Any:
        return self.b.add(address, self.b.mul(step, loop.index))

    def _start(self, bias: Any) -> None:
        start = self.v.load(bias, self.sums, self.sums)
        for place in self.held:
            self.b.store(start, place)

    def _tap(self, pixels: Any, weights: Any, stops: range) -> None:
        """Add the products of one weight of every filter at so many stops."""
        b, loaded = self.b, self.v.load(weights, self.sums, self.sums)
        for stop in stops:
            held = self.held[stop]
            place = b.add(pixels, INDEX(self.stop_bytes * stop))
            pixel = self.v.spread(self.v.load_number(place, self.sums.llvm, self.sums.bytes))
            b.store(self.v.multiply_add(loaded, pixel, b.load(held), self.sums), held)

    def _store(self, target: Any, filter_step: Any, filters: Any) -> None:
        """Turn the sums and store each filter's, those that are wanted."""
        b = self.b
        for first in range(0, self.stops, self.lanes):
            some = [b.load(held) for held in self.held[first : first + self.lanes]]
            for lane, turned in enumerate(_turned(b, some, self.lanes)):
                with b.if_then(b.icmp_signed("<", INDEX(lane), filters), likely=True):
                    line = b.add(target, b.mul(filter_step, INDEX(lane)))
                    self._put(turned, b.add(line, INDEX(first * self.result.bytes)), len(some))

    def _put(self, sums: Any, target: Any, count: int) -> None:
        some = Vectors(self.b, count)
        if count < self.lanes:
            mask = ir.Constant(ir.VectorType(INT32, count), list(range(count)))
            sums = self.b.shuffle_vector(sums, sums, mask)
        some.store(some.convert(sums, self.sums, self.result), target, self.result, past_cache=False)


def _turned(b: Any, rows: list[Any], lanes: int) -> list[Any]:
    """Return the columns of as many rows as there are lanes: each round interleaves the two halves, as cards are mixed.

    Rows that are missing become lanes that hold nothing.
    """
    kind = rows[0].type
    rows = rows + [ir.Constant(kind, ir.Undefined)] * (lanes - len(rows))
    pairs = [number for lane in range(lanes) for number in (lane, lanes + lane)]
    masks = [ir.Constant(ir.VectorType(INT32, lanes), half) for half in (pairs[:lanes], pairs[lanes:])]
    for _ in range(lanes.bit_length() - 1):
        halves = zip(rows[: lanes // 2], rows[lanes // 2 :], strict=True)
        rows = [b.shuffle_vector(one, other, mask) for one, other in halves for mask in masks]
    return rows
