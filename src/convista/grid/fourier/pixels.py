"""Pixels of any type into waves and out of them, as instructions to Numba: many at once where they lie side by side.

A pixel is found by its address in bytes, so that one compiled function serves every memory layout; an empty array
`kind` tells its type. Nothing is assumed of an address: it may be unaligned.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from convista.grid.border import OUTSIDE
from convista.grid.fourier.waves import Waves, instruct, instruction, splat, whole


def _load(builder: Any, kind: Waves, address: Any, count: int) -> Any:
    place = builder.inttoptr(address, _of(kind.number, count).as_pointer())
    return builder.load(place, align=1)


def _of(number: Any, count: int) -> Any:
    return ir.VectorType(number, count) if count > 1 else number


def _as_float(builder: Any, kind: Waves, pixels: Any, number: Any, count: int) -> Any:
    """Write the conversion of pixels to the float type that sums are made in."""
    target = _of(number, count)
    if isinstance(kind.number, ir.IntType):
        return (builder.sitofp if kind.signed else builder.uitofp)(pixels, target)
    if kind.number == number:
        return pixels
    return (builder.fpext if kind.itemsize == 4 else builder.fptrunc)(pixels, target)


def _from_float(builder: Any, kind: Waves, sums: Any, number: Any, count: int) -> Any:
    """Write the conversion of sums to the type of the result: rounded half to even, saturated, NaN to zero."""
    target = _of(kind.number, count)
    if isinstance(kind.number, ir.IntType):
        name = _suffix(number, count)
        rounded = _call(builder, f"llvm.rint.{name}", sums.type, sums)
        form = "si" if kind.signed else "ui"
        return _call(builder, f"llvm.fpto{form}.sat.{_suffix(kind.number, count)}.{name}", target, rounded)
    if kind.number == number:
        return sums
    return (builder.fptrunc if kind.itemsize == 4 else builder.fpext)(sums, target)


def _suffix(number: Any, count: int) -> str:
    name = f"i{number.width}" if isinstance(number, ir.IntType) else {"float": "f32", "double": "f64"}[str(number)]
    return f"v{count}{name}" if count > 1 else name


def _call(builder: Any, name: str, result: Any, value: Any) -> Any:
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, [value.type]), name)
    return builder.call(function, [value])


def _take(b: Any, kind: Waves, address: Any, waves: Waves, at: Any, offset: Any, limit: Any) -> Any:
    pixels = _as_float(b, kind, _load(b, kind, address, waves.count), waves.number, waves.count)
    return _put(b, pixels, waves, at, offset, limit)


def _gather(
    b: Any, kind: Waves, address: Any, step: Any, waves: Waves, at: Any, sources: Waves, first: Any, fill: Any,
    offset: Any, limit: Any,
) -> Any:  # fmt: skip
    """Write loads lane by lane: the pixel that the map names, the fill value, or nothing (the offset itself)."""
    vector = ir.Constant(_of(waves.number, waves.count), ir.Undefined)
    for lane in range(waves.count):
        source = b.load(sources.place(b.add(first, whole(lane))))
        inside = b.icmp_signed(">=", source, whole(0))
        place = b.add(address, b.mul(b.select(inside, source, whole(0)), step))
        pixel = _as_float(b, kind, _load(b, kind, place, 1), waves.number, 1)
        other = b.select(b.icmp_signed("==", source, whole(OUTSIDE)), fill, offset)
        vector = b.insert_element(vector, b.select(inside, pixel, other), ir.Constant(ir.IntType(32), lane))
    return _put(b, vector, waves, at, offset, limit)


def _put(b: Any, pixels: Any, waves: Waves, at: Any, offset: Any, limit: Any) -> Any:
    """Write the store of pixels less the offset, and the check that none is too far away."""
    moved = b.fsub(pixels, splat(b, offset, waves.count))
    waves.store_vector(moved, at)
    size = _call(b, f"llvm.fabs.{_suffix(waves.number, waves.count)}", moved.type, moved)
    inside = b.bitcast(b.fcmp_ordered("<=", size, splat(b, limit, waves.count)), ir.IntType(waves.count))
    return b.icmp_unsigned("==", inside, ir.Constant(inside.type, 2**waves.count - 1))


def _give(b: Any, kind: Waves, address: Any, waves: Waves, at: Any, base: Any) -> None:
    total = b.fadd(waves.load_vector(at), splat(b, base, waves.count))
    pixels = _from_float(b, kind, total, waves.number, waves.count)
    b.store(pixels, b.inttoptr(address, pixels.type.as_pointer()), align=1)


def _read(b: Any, kind: Waves, address: Any, waves: Waves) -> Any:
    return _as_float(b, kind, _load(b, kind, address, 1), waves.number, 1)


def _write(b: Any, kind: Waves, address: Any, waves: Waves, at: Any, base: Any) -> None:
    total = b.fadd(b.load(b.gep(waves.data, [at])), base)
    pixel = _from_float(b, kind, total, waves.number, 1)
    b.store(pixel, b.inttoptr(address, pixel.type.as_pointer()), align=1)


@instruct
def take(_context: Any, kind: Any, address: Any, waves: Any, at: Any, offset: Any, limit: Any) -> Any:
    """Put a vector of pixels, less `offset`, at element `at`; return whether none is farther away than `limit`."""
    return instruction(_take, kind, address, waves, at, offset, limit, result=types.boolean)


@instruct
def gather(
    _context: Any, kind: Any, address: Any, step: Any, waves: Any, at: Any, sources: Any, first: Any, fill: Any,
    offset: Any, limit: Any,
) -> Any:  # fmt: skip
    """Do the same for the pixels of one row that a map names from element `first` on, `step` bytes from col to col."""
    return instruction(
        _gather, kind, address, step, waves, at, sources, first, fill, offset, limit, result=types.boolean
    )


@instruct
def give(_context: Any, kind: Any, address: Any, waves: Any, at: Any, base: Any) -> Any:
    """Write the vector at element `at`, plus `base`, to neighbouring pixels of the result."""
    return instruction(_give, kind, address, waves, at, base)


@instruct
def read(_context: Any, kind: Any, address: Any, waves: Any) -> Any:
    """Return one pixel in the float type of `waves`."""
    return instruction(_read, kind, address, waves, result=waves.dtype)


@instruct
def write(_context: Any, kind: Any, address: Any, waves: Any, at: Any, base: Any) -> Any:
    """Write the number at element `at`, plus `base`, to one pixel of the result."""
    return instruction(_write, kind, address, waves, at, base)
