"""Vectors of complex numbers for compiled code: what Numba's loops can't say, said to LLVM.

A *wave* is some complex numbers side by side, as many as a vector of 64 bytes has lanes: first their real parts, then
their imaginary parts. An array of waves is a flat float array. The classes here write LLVM's instructions for the
files that need them (`stages`, `pixels`). Vectors of 64 bytes exist on few machines; LLVM splits them on the others.
Floats may be contracted (a * b + c in one step), never reordered, and NaN and infinity are numbers like others.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

VECTOR_BYTES = 64
FUSED = ("contract",)
INDEX = ir.IntType(64)


def lanes(itemsize: int) -> int:
    """Return how many numbers a vector holds.

    >>> lanes(4), lanes(8)
    (16, 8)
    """
    return VECTOR_BYTES // itemsize


class Wave:
    """Complex vectors while LLVM code is being written: an operator writes the instruction and holds its result."""

    def __init__(self, builder: Any, re: Any, im: Any) -> None:
        self.builder, self.re, self.im = builder, re, im

    def __add__(self, other: Wave) -> Wave:
        add = self.builder.fadd
        return Wave(self.builder, add(self.re, other.re, flags=FUSED), add(self.im, other.im, flags=FUSED))

    def __sub__(self, other: Wave) -> Wave:
        sub = self.builder.fsub
        return Wave(self.builder, sub(self.re, other.re, flags=FUSED), sub(self.im, other.im, flags=FUSED))

    def __mul__(self, number: float) -> Wave:
        factor = ir.Constant(self.re.type, [number] * self.re.type.count)
        return self.scaled(factor)

    def scaled(self, factor: Any) -> Wave:
        """Return both parts times a real vector."""
        mul = self.builder.fmul
        return Wave(self.builder, mul(self.re, factor, flags=FUSED), mul(self.im, factor, flags=FUSED))

    def turned(self, sign: int) -> Wave:
        """Return this times sign x i."""
        if sign > 0:
            return Wave(self.builder, self.builder.fneg(self.im), self.re)
        return Wave(self.builder, self.im, self.builder.fneg(self.re))

    def times(self, other: Wave, sign: int = -1) -> Wave:
        """Return the complex product with `other` (sign -1), or with its conjugate (sign +1)."""
        b = self.builder
        mul, add, sub = b.fmul, b.fadd, b.fsub
        re, im = (sub, add) if sign < 0 else (add, sub)
        return Wave(
            b,
            re(mul(self.re, other.re, flags=FUSED), mul(self.im, other.im, flags=FUSED), flags=FUSED),
            im(mul(self.im, other.re, flags=FUSED), mul(self.re, other.im, flags=FUSED), flags=FUSED),
        )


class Waves:
    """Numbers from an address on (of an array, or given as such), seen as waves while LLVM code is being written."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        self.builder = builder
        self.itemsize = kind.dtype.bitwidth // 8
        self.signed = getattr(kind.dtype, "signed", True)
        self.count = lanes(self.itemsize)
        self.number = context.get_value_type(kind.dtype)
        array = isinstance(kind, types.Array)
        self.data = context.make_array(kind)(context, builder, value).data if array else value

    def place(self, at: Any) -> Any:
        """Return the address of element `at`."""
        return self.builder.gep(self.data, [at])

    def vector(self, at: Any, count: int | None = None) -> Any:
        """Return the address of a vector that begins at element `at`."""
        return self.builder.bitcast(self.place(at), ir.VectorType(self.number, count or self.count).as_pointer())

    def load_vector(self, at: Any, count: int | None = None) -> Any:
        """Return the numbers from element `at` on."""
        return self.builder.load(self.vector(at, count), align=self.itemsize)

    def store_vector(self, vector: Any, at: Any) -> None:
        """Put numbers at element `at` and on."""
        self.builder.store(vector, self.vector(at, vector.type.count), align=self.itemsize)

    def load(self, at: Any) -> Wave:
        """Return the wave that begins at element `at`."""
        return Wave(self.builder, self.load_vector(at), self.load_vector(self._imaginary(at)))

    def store(self, wave: Wave, at: Any) -> None:
        """Put a wave at element `at`."""
        self.store_vector(wave.re, at)
        self.store_vector(wave.im, self._imaginary(at))

    def spread(self, at: Any) -> Wave:
        """Return one complex number (two elements) in all lanes."""
        return Wave(self.builder, self._everywhere(at), self._everywhere(self.builder.add(at, whole(1))))

    def _imaginary(self, at: Any) -> Any:
        return self.builder.add(at, whole(self.count))

    def _everywhere(self, at: Any) -> Any:
        number = self.builder.load(self.place(at))
        return splat(self.builder, number, self.count)


def splat(builder: Any, number: Any, count: int) -> Any:
    """Return one number in all lanes."""
    kind = ir.VectorType(number.type, count)
    single = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(single, ir.Constant(kind, ir.Undefined), mask([0] * count))


def whole(number: int) -> Any:
    """Return a whole number of 64 bits as LLVM writes it."""
    return ir.Constant(INDEX, number)


def mask(places: Sequence[int]) -> Any:
    """Return which lanes of two vectors a shuffle takes."""
    return ir.Constant(ir.VectorType(ir.IntType(32), len(places)), list(places))


def instruct(body: Callable[..., Any]) -> Any:
    """Make an instruction to Numba of a function that returns an `instruction`; called in compiled code only."""
    return intrinsic(body)


def instruction(write: Callable[..., Any], *given: Any, result: Any = types.void) -> Any:
    """Return what `intrinsic` wants of an instruction: its types, and who writes its code."""
    wanted = [types.int64 if isinstance(kind, types.Integer) else kind for kind in given]

    def code(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        arguments = [
            Waves(context, builder, kind, value) if isinstance(kind, (types.Array, types.CPointer)) else value
            for kind, value in zip(wanted, values, strict=True)
        ]
        value = write(builder, *arguments)
        return context.get_dummy_value() if result == types.void else value

    return result(*wanted), code


@contextmanager
def steps(builder: Any, start: Any, count: Any, step: Any) -> Iterator[Any]:
    """Write a loop of `count` rounds; the block inside has the running ``start + round * step``."""
    with cgutils.for_range(builder, count) as loop:
        yield builder.add(start, builder.mul(loop.index, step))
