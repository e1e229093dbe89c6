"""Vectors in LLVM's words: load, convert, multiply and add, store. `microkernel` is written with these."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

INT32 = ir.IntType(32)
BYTES = ir.IntType(8).as_pointer()
READ, SECOND_LEVEL, DATA = INT32(0), INT32(2), INT32(1)
"""What a prefetch is told: for what, into which cache, and that it isn't code."""
REALS = {32: ir.FloatType(), 64: ir.DoubleType()}
DIGITS = {32: 24, 64: 53}
"""Binary digits of a float of so many bits: it holds every whole number with as many."""


class Kind:
    """The type of numbers in memory."""

    def __init__(self, numba: Any) -> None:
        self.real = isinstance(numba, types.Float)
        self.signed = self.real or bool(numba.signed)
        self.bits = numba.bitwidth
        self.bytes = self.bits // 8
        self.llvm = REALS[self.bits] if self.real else ir.IntType(self.bits)

    @property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest number of an integer type."""
        return (-(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1) if self.signed else (0, 2**self.bits - 1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kind) and (self.llvm, self.signed) == (other.llvm, other.signed)

    def __hash__(self) -> int:
        return hash((str(self.llvm), self.signed))


class Vectors:
    """Writes instructions on vectors of so many lanes."""

    def __init__(self, builder: Any, lanes: int) -> None:
        self.b, self.lanes = builder, lanes

    def of(self, number: Any) -> Any:
        """Return LLVM's type of a vector."""
        return ir.VectorType(number, self.lanes)

    def constant(self, number: Any, value: float) -> Any:
        """Return a vector of a number that is known now."""
        return ir.Constant(self.of(number), [number(value)] * self.lanes)

    def spread(self, number: Any) -> Any:
        """Return a vector of one number."""
        empty = ir.Constant(self.of(number.type), ir.Undefined)
        first = self.b.insert_element(empty, number, INT32(0))
        return self.b.shuffle_vector(first, empty, self.constant(INT32, 0))

    def load_number(self, address: Any, number: Any, size: int) -> Any:
        """Load one number that nothing writes meanwhile, so that it may stay in a register."""
        loaded = self.b.load(self.b.inttoptr(address, number.as_pointer()), align=size)
        loaded.set_metadata("invariant.load", self.b.module.add_metadata([]))
        return loaded

    def load(self, address: Any, kind: Kind, wanted: Kind) -> Any:
        """Load a vector of `kind`, from an address that needn't be aligned, as `wanted`."""
        pointer = self.b.inttoptr(address, self.of(kind.llvm).as_pointer())
        return self._widened(self.b.load(pointer, align=1), kind, wanted)

    def store(self, numbers: Any, address: Any, kind: Kind, *, past_cache: bool) -> None:
        """Store a vector; past the cache it must lie on a multiple of its size."""
        pointer = self.b.inttoptr(address, self.of(kind.llvm).as_pointer())
        stored = self.b.store(numbers, pointer, align=self.lanes * kind.bytes if past_cache else 1)
        if past_cache:
            stored.set_metadata("nontemporal", self.b.module.add_metadata([INT32(1)]))

    def prefetch(self, address: Any) -> None:
        """Ask for what lies at an address, which may be any."""
        kind = ir.FunctionType(ir.VoidType(), [BYTES, INT32, INT32, INT32])
        function = cgutils.get_or_insert_function(self.b.module, kind, "llvm.prefetch.p0")
        self.b.call(function, [self.b.inttoptr(address, BYTES), READ, SECOND_LEVEL, DATA])

    def multiply_add(self, one: Any, other: Any, added: Any, kind: Kind) -> Any:
        """Return one x other + added: rounded once, or exact for integers."""
        if not kind.real:
            return self.b.add(self.b.mul(one, other), added)
        return self._call("llvm.fma", kind, one, other, added)

    def convert(self, numbers: Any, kind: Kind, wanted: Kind) -> Any:
        """Return sums as results: rounded half to even and clipped to what the wanted type holds; NaN becomes 0."""
        if kind == wanted:
            return numbers
        if wanted.real:
            return self._widened(numbers, kind, wanted)
        if kind.real:
            return self._rounded(numbers, kind, wanted)
        return self._clipped(numbers, kind, wanted)

    def _call(self, name: str, kind: Kind, *values: Any) -> Any:
        vector = self.of(kind.llvm)
        function = ir.FunctionType(vector, [vector] * len(values))
        full_name = f"{name}.v{self.lanes}f{kind.bits}"
        return self.b.call(cgutils.get_or_insert_function(self.b.module, function, full_name), values)

    def _widened(self, numbers: Any, kind: Kind, wanted: Kind) -> Any:
        vector, b = self.of(wanted.llvm), self.b
        if kind.real and wanted.real:
            return numbers if kind == wanted else (b.fpext if wanted.bits > kind.bits else b.fptrunc)(numbers, vector)
        if wanted.real:
            return (b.sitofp if kind.signed else b.uitofp)(numbers, vector)
        if wanted.bits == kind.bits:
            return numbers
        if wanted.bits < kind.bits:  # the caller knows that they fit
            return b.trunc(numbers, vector)
        return (b.sext if kind.signed else b.zext)(numbers, vector)

    def _rounded(self, numbers: Any, kind: Kind, wanted: Kind) -> Any:
        b = self.b
        least, most = wanted.ends
        if wanted.bits + 2 <= DIGITS[kind.bits]:
            return self._rounded_by_adding(numbers, kind, wanted)
        inside = most - most % max(1, 2 ** (most.bit_length() - DIGITS[kind.bits]))  # the last that the float holds
        number = self._without_nan(numbers, kind)
        limits = [self.constant(kind.llvm, float(end)) for end in (least, inside)]
        whole = self._call("llvm.rint", kind, b.select(b.fcmp_ordered("<", number, limits[0]), limits[0], number))
        if inside == most:
            whole = b.select(b.fcmp_ordered(">", whole, limits[1]), limits[1], whole)
        wide = ir.IntType(32 if wanted.bits + (not wanted.signed) <= 32 else 64)
        integers = (b.fptosi if wanted.signed or wanted.bits < 64 else b.fptoui)(whole, self.of(wide))
        if inside != most:
            integers = b.select(b.fcmp_ordered(">", whole, limits[1]), self.constant(wide, most), integers)
        return integers if wide.width == wanted.bits else b.trunc(integers, self.of(wanted.llvm))

    def _rounded_by_adding(self, numbers: Any, kind: Kind, wanted: Kind) -> Any:
        """Add 1.5 x 2^(digits - 1), beside which a float has no fraction: its last bits are then the whole number.

        The addition itself rounds half to even, where `llvm.rint` and a conversion are two steps more.
        """
        b, digits = self.b, DIGITS[kind.bits]
        least, most = (self.constant(kind.llvm, float(end)) for end in wanted.ends)
        if wanted.signed:
            numbers = self._without_nan(numbers, kind)
        raised = b.select(b.fcmp_ordered(">", numbers, least), numbers, least)  # NaN becomes 0, the least unsigned
        inside = b.select(b.fcmp_ordered("<", raised, most), raised, most)
        whole = b.fadd(inside, self.constant(kind.llvm, 1.5 * 2.0 ** (digits - 1)))
        return b.trunc(b.bitcast(whole, self.of(ir.IntType(kind.bits))), self.of(wanted.llvm))

    def _without_nan(self, numbers: Any, kind: Kind) -> Any:
        nothing = self.b.fcmp_unordered("uno", numbers, numbers)
        return self.b.select(nothing, self.constant(kind.llvm, 0), numbers)

    def _clipped(self, numbers: Any, kind: Kind, wanted: Kind) -> Any:
        b = self.b
        compare = b.icmp_signed if kind.signed else b.icmp_unsigned
        for order, end, own in zip("<>", wanted.ends, kind.ends, strict=True):
            if (end > own) if order == "<" else (end < own):
                limit = self.constant(kind.llvm, end)
                numbers = b.select(compare(order, numbers, limit), limit, numbers)
        if wanted.bits <= kind.bits:
            return numbers if wanted.bits == kind.bits else b.trunc(numbers, self.of(wanted.llvm))
        return self._widened(numbers, kind, wanted)
