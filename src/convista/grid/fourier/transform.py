"""The fast Fourier transform of many columns at once, down (forward) and up (back), in place.

A *strip* is N waves on top of each other (`waves`): as many columns as a vector has lanes, N rows long. Down goes
from the large to the small butterflies and leaves its result in an order of its own; up undoes it step by step. The
order never matters, since the kernel's spectrum is made by the same steps and has the same one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numba import cfunc, types
from numba.np.numpy_support import from_dtype
from numpy.typing import NDArray

from convista.grid.compiling import kept
from convista.grid.fourier import stages as step

DOWN, UP, FILTER = range(3)

SIZES = (16, 32, 48, 64, 80, 96, 128, 160, 192, 240, 256, 320, 384, 480, 512, 640, 768, 1024, 1280, 1536, 2048, 4096)
"""Lengths of a strip: products of 4 and 8, and at most one 3 and one 5."""


def radices(size: int) -> list[int]:
    """Return the butterflies that make up a transform, the largest step first.

    >>> radices(64), radices(96), radices(160)
    ([8, 8], [3, 8, 4], [5, 8, 4])
    """
    odd = [radix for radix in (3, 5) if size % radix == 0]
    twos = (size // (3 if 3 in odd else 1) // (5 if 5 in odd else 1)).bit_length() - 1
    fours = -twos % 3
    return odd + [8] * ((twos - 2 * fours) // 3) + [4] * fours


@lru_cache(maxsize=64)
def tables(size: int, sums: str) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return (radix, span, place of its first factor) of each stage, and all turning factors as pairs of numbers."""
    table, factors, span, place = [], [], size, 0
    for radix in radices(size):
        table.append((radix, span, place))
        apart = span // radix
        turns = np.exp(-2j * np.pi / span * np.outer(np.arange(apart), np.arange(1, radix)))  # (apart, radix - 1)
        factors.append(turns.ravel().view(np.float64))
        place += factors[-1].size
        span = apart
    return np.array(table, np.int64).ravel(), np.concatenate(factors).astype(sums)


def _strip(way: int, waves: Any, table: Any, levels: int, factors: Any, spectrum: Any) -> None:
    """Transform one strip: down, up, or down, times the spectrum, and up. Compiled by `addresses`."""
    length, last = table[1], table[3 * (levels - 1)]
    if way != UP:
        for level in range(levels - 1):
            step.down(waves, 0, length, table[3 * level], table[3 * level + 1], factors, table[3 * level + 2])
    if way == DOWN:
        step.last_down(waves, 0, length, last)
    elif way == UP:
        step.first_up(waves, 0, length, last)
    else:
        step.last_times_first(waves, 0, length, last, spectrum, 0)
    if way != DOWN:
        for level in range(levels - 2, -1, -1):
            step.up(waves, 0, length, table[3 * level], table[3 * level + 1], factors, table[3 * level + 2])


def _turn(source: Any, from_step: int, target: Any, to_step: int, count: int) -> None:
    """Copy `count` squares of waves with lanes and waves exchanged; steps are the numbers between two squares."""
    for square in range(count):
        step.transpose(source, square * from_step, target, square * to_step)


@lru_cache(maxsize=2)
def addresses(sums: str) -> tuple[int, int]:
    """Return the addresses of `_strip` and `_turn` in machine code.

    An address keeps compilers from optimising the same large code again in each function that calls it.
    """
    pointer: Any = types.CPointer
    number, index = pointer(from_dtype(np.dtype(sums))), types.int64
    strip = types.void(index, number, pointer(index), index, number, number)
    turn = types.void(number, index, number, index, index)
    functions = [_in_folder(kind, body) for kind, body in ((strip, _strip), (turn, _turn))]
    _alive.extend(functions)
    return functions[0].address, functions[1].address


def _in_folder(kind: Any, body: Any) -> Any:
    return kept(lambda cache: cfunc(kind, cache=cache)(body))


_alive: list[Any] = []  # machine code lives as long as the object that holds it
