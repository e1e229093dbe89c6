"""Memory by address: where an array's numbers begin, and numbers moved and converted on their way."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from convista.grid.compiling import instruction
from convista.grid.lanes import vector_bytes
from convista.grid.vectors import Kind, Vectors

INDEX = ir.IntType(64)
FEWEST_MOVED = 4
"""Neighbours that are moved as a vector."""
_POINTER = object.__basicsize__
"""Where NumPy's arrays hold the address of their numbers: right behind what all objects begin with."""


def _slow_address(array: np.ndarray[Any, Any]) -> int:
    return array.ctypes.data


def _quick_address(array: np.ndarray[Any, Any]) -> int:
    """Read the address from the array's C structure, which takes a tenth of the time that `array.ctypes` does."""
    return ctypes.c_void_p.from_address(id(array) + _POINTER).value or 0


_probe = np.zeros(1)
address = _quick_address if _quick_address(_probe) == _slow_address(_probe) else _slow_address


@instruction
def move(_: Any, kind: Any, wanted: Any, source: Any, target: Any) -> Any:
    """Read one number of the dtype `kind` and write it in that of `wanted`."""

    def generate(_: Any, builder: Any, signature: Any, values: Sequence[Any]) -> None:
        one, other = (Kind(each.dtype) for each in signature.args[:2])
        _move(Vectors(builder, 1), one, other, *values[2:])

    return types.void(kind, wanted, source, target), generate


@instruction
def move_row(_: Any, kind: Any, wanted: Any, source: Any, target: Any, count: Any) -> Any:
    """Do so with `count` neighbours, `FEWEST_MOVED` at least, by vectors; the last one is laid over."""

    def generate(_: Any, builder: Any, signature: Any, values: Sequence[Any]) -> None:
        one, other = (Kind(each.dtype) for each in signature.args[:2])
        _move_row(builder, one, other, *values[2:])

    return types.void(kind, wanted, source, target, count), generate


@instruction
def put(_: Any, wanted: Any, value: Any, target: Any) -> Any:
    """Write a float64 in the dtype `wanted`."""

    def generate(_: Any, builder: Any, signature: Any, values: Sequence[Any]) -> None:
        v, kind = Vectors(builder, 1), Kind(signature.args[0].dtype)
        v.store(v.convert(v.spread(values[1]), Kind(types.float64), kind), values[2], kind, past_cache=False)

    return types.void(wanted, value, target), generate


def _move(v: Vectors, kind: Kind, wanted: Kind, source: Any, target: Any) -> None:
    v.store(v.load(source, kind, wanted), target, wanted, past_cache=False)


def _move_row(b: Any, kind: Kind, wanted: Kind, source: Any, target: Any, count: Any) -> None:
    whole = vector_bytes() // max(kind.bytes, wanted.bytes)
    with b.if_else(b.icmp_signed("<", count, INDEX(whole))) as (few, enough):
        with few:
            _move_by(b, min(whole, FEWEST_MOVED), kind, wanted, source, target, count)
        with enough:
            _move_by(b, whole, kind, wanted, source, target, count)


def _move_by(b: Any, lanes: int, kind: Kind, wanted: Kind, source: Any, target: Any, count: Any) -> None:
    v = Vectors(b, lanes)

    def move_from(first: Any) -> None:
        places = [b.add(at, b.mul(first, INDEX(size))) for at, size in ((source, kind.bytes), (target, wanted.bytes))]
        _move(v, kind, wanted, *places)

    last = b.sub(count, INDEX(lanes))
    with cgutils.for_range_slice(b, INDEX(0), last, INDEX(lanes)) as (first, _):
        move_from(first)
    move_from(last)
