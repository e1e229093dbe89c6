"""The stages of a fast Fourier transform as instructions to Numba: each a loop over waves, written in LLVM's words.

The arithmetic is that of `butterfly`, on whole vectors; `transform` puts the stages together.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from convista.grid.fourier.butterfly import SMALL
from convista.grid.fourier.waves import Wave, Waves, instruct, instruction, mask, steps, whole

LAST = (4, 8)
"""What the last stage can be; three and five come before it."""


def each_radix(builder: Any, radix: Any, write: Callable[[int], None], choice: Sequence[int]) -> None:
    """Write the code for each radix of `choice`, and at run time take the one that is meant."""
    for number in choice:
        with builder.if_then(builder.icmp_signed("==", radix, whole(number))):
            write(number)


def _legs(builder: Any, at: Any, step: Any, radix: int) -> list[Any]:
    return [builder.add(at, builder.mul(step, whole(leg))) for leg in range(radix)]


def _stage(sign: int) -> Callable[..., None]:
    """Return who writes one stage: butterflies over each span, and the turning factors after or before them."""

    def write(b: Any, waves: Waves, start: Any, length: Any, radix: Any, span: Any, factors: Waves, first: Any) -> None:
        size = whole(2 * waves.count)

        def loops(number: int) -> None:
            apart = b.sdiv(span, whole(number))  # waves between two legs
            leg = b.mul(apart, size)
            with (
                steps(b, start, b.sdiv(length, span), b.mul(span, size)) as block,
                cgutils.for_range(b, apart) as inner,
            ):
                at = b.add(block, b.mul(inner.index, size))
                turn = b.add(first, b.mul(inner.index, whole(2 * number - 2)))
                turns = [factors.spread(b.add(turn, whole(2 * k))) for k in range(number - 1)]
                _butterfly(waves, _legs(b, at, leg, number), turns, sign)

        each_radix(b, radix, loops, tuple(SMALL))

    return write


def _butterfly(waves: Waves, places: list[Any], turns: list[Wave], sign: int) -> None:
    """Write one butterfly in place: down turns what comes out, up (the inverse) turns back what goes in."""
    x = [waves.load(place) for place in places]
    if sign > 0 and turns:
        x[1:] = [wave.times(turn, sign) for wave, turn in zip(x[1:], turns, strict=True)]
    y = SMALL[len(x)](x, sign)
    if sign < 0 and turns:
        y[1:] = [wave.times(turn) for wave, turn in zip(y[1:], turns, strict=True)]
    for wave, place in zip(y, places, strict=True):
        waves.store(wave, place)


def _neighbours(sign: int) -> Callable[..., None]:
    """Return who writes the stage whose legs are neighbours: there is nothing to turn."""

    def write(b: Any, waves: Waves, start: Any, length: Any, radix: Any) -> None:
        def loop(number: int) -> None:
            size = whole(2 * waves.count)
            with steps(b, start, b.sdiv(length, whole(number)), whole(2 * waves.count * number)) as at:
                _butterfly(waves, _legs(b, at, size, number), [], sign)

        each_radix(b, radix, loop, LAST)

    return write


def _filter(b: Any, waves: Waves, start: Any, length: Any, radix: Any, spectrum: Waves, first: Any) -> None:
    """Write the innermost step of a convolution: last stage down, times the spectrum, first stage up."""

    def loop(number: int) -> None:
        size, group = whole(2 * waves.count), whole(2 * waves.count * number)
        with cgutils.for_range(b, b.sdiv(length, whole(number))) as loop:
            moved = b.mul(loop.index, group)
            places, factors = (_legs(b, b.add(base, moved), size, number) for base in (start, first))
            down = SMALL[number]([waves.load(place) for place in places], -1)
            product = [wave.times(spectrum.load(place)) for wave, place in zip(down, factors, strict=True)]
            for wave, place in zip(SMALL[number](product, 1), places, strict=True):
                waves.store(wave, place)

    each_radix(b, radix, loop, LAST)


def _mix(b: Any, total: Waves, into: Any, waves: Waves, start: Any, length: Any, spectrum: Waves, first: Any) -> None:
    """Write total += waves x spectrum."""
    with cgutils.for_range(b, length) as loop:
        moved = b.mul(loop.index, whole(2 * waves.count))
        product = waves.load(b.add(start, moved)).times(spectrum.load(b.add(first, moved)))
        place = b.add(into, moved)
        total.store(total.load(place) + product, place)


def _transpose(b: Any, source: Waves, start: Any, target: Waves, into: Any) -> None:
    """Write a square of waves to another place, its lanes and waves exchanged: halves of halves change places."""
    size = 2 * source.count
    for part in (0, source.count):
        places = [whole(size * k + part) for k in range(source.count)]
        square = [source.load_vector(b.add(start, place)) for place in places]
        for vector, place in zip(_exchanged(b, square), places, strict=True):
            target.store_vector(vector, b.add(into, place))


def _exchanged(builder: Any, square: list[Any]) -> list[Any]:
    count = len(square)
    lane = range(count)
    apart = count // 2
    while apart:
        low = mask([k if not k & apart else k - apart + count for k in lane])
        high = mask([k + apart if not k & apart else k + count for k in lane])
        for k in (k for k in lane if not k & apart):
            a, b = square[k], square[k + apart]
            square[k], square[k + apart] = builder.shuffle_vector(a, b, low), builder.shuffle_vector(a, b, high)
        apart //= 2
    return square


@instruct
def down(_context: Any, waves: Any, start: Any, length: Any, radix: Any, span: Any, factors: Any, first: Any) -> Any:
    """Do one stage of the transform of `length` waves from element `start` on, with turning factors from `first` on."""
    return instruction(_stage(-1), waves, start, length, radix, span, factors, first)


@instruct
def up(_context: Any, waves: Any, start: Any, length: Any, radix: Any, span: Any, factors: Any, first: Any) -> Any:
    """Undo `down` of one stage, but for a factor of `radix`."""
    return instruction(_stage(1), waves, start, length, radix, span, factors, first)


@instruct
def last_down(_context: Any, waves: Any, start: Any, length: Any, radix: Any) -> Any:
    """Do the last stage of the transform: neighbours, nothing to turn."""
    return instruction(_neighbours(-1), waves, start, length, radix)


@instruct
def first_up(_context: Any, waves: Any, start: Any, length: Any, radix: Any) -> Any:
    """Undo `last_down`, but for a factor of `radix`."""
    return instruction(_neighbours(1), waves, start, length, radix)


@instruct
def last_times_first(_context: Any, waves: Any, start: Any, length: Any, radix: Any, spectrum: Any, at: Any) -> Any:
    """Do `last_down`, multiply by the spectrum from element `at` on, and do `first_up`."""
    return instruction(_filter, waves, start, length, radix, spectrum, at)


@instruct
def add_product(
    _context: Any, total: Any, into: Any, waves: Any, start: Any, length: Any, spectrum: Any, at: Any
) -> Any:
    """Add waves x spectrum, `length` of them, to `total`."""
    return instruction(_mix, total, into, waves, start, length, spectrum, at)


def _strip(
    b: Any, address: Any, way: Any, waves: Waves, start: Any, table: Waves, levels: Any, factors: Waves,
    spectrum: Waves, at: Any,
) -> None:  # fmt: skip
    """Write the call of a function at an address that has the arguments of `transform._strip`."""
    _call(b, address, way, waves.place(start), table.data, levels, factors.data, spectrum.place(at))


def _turn(
    b: Any, address: Any, source: Waves, start: Any, step: Any, target: Waves, into: Any, wide: Any, count: Any
) -> None:
    """Write the call of a function at an address that has the arguments of `transform._turn`."""
    _call(b, address, source.place(start), step, target.place(into), wide, count)


def _call(builder: Any, address: Any, *arguments: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
    builder.call(builder.inttoptr(address, kind.as_pointer()), arguments)


@instruct
def strip(
    _context: Any, address: Any, way: Any, waves: Any, start: Any, table: Any, levels: Any, factors: Any, spectrum: Any,
    at: Any,
) -> Any:  # fmt: skip
    """Call `transform._strip` at its address."""
    return instruction(_strip, address, way, waves, start, table, levels, factors, spectrum, at)


@instruct
def turn(
    _context: Any, address: Any, source: Any, start: Any, from_step: Any, target: Any, into: Any, to_step: Any,
    count: Any,
) -> Any:  # fmt: skip
    """Call `transform._turn` at its address."""
    return instruction(_turn, address, source, start, from_step, target, into, to_step, count)


@instruct
def transpose(_context: Any, source: Any, start: Any, target: Any, into: Any) -> Any:
    """Copy a square of waves, as many as there are lanes, with lanes and waves exchanged."""
    return instruction(_transpose, source, start, target, into)
