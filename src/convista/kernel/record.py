"""Kernel: weights, and what is known about them."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from convista.kernel.factors import Factors, factors_of
from convista.kernel.formula import formula_of

WIDE = 80
SHOWN_WHOLE = 11
SHOWN_EDGE = 3


@dataclass(frozen=True, eq=False, repr=False)
class Kernel:
    """A window with numbers in it: each is the weight of the pixel under it.

    Parameters
    ----------
    name
        What to call it; for a named kernel, what `convista.kernels` finds it by.
    weights
        Rows and cols of numbers; kept as a read-only copy, int64 when all are whole, else float64.
    formula
        What it computes. Left out, it is written from the weights: a1, a2, ... are the window's pixels row by row.
    source
        Where the numbers come from.
    scale
        The factor that brings the response to `unit`: 1/8 for `sobel_x`, whose weights add up eight times the
        brightness change per pixel; 1 for a kernel that smooths.
    unit
        What response times scale is.

    Examples
    --------
    >>> edge = Kernel("edge", [[-1, 1]])
    >>> print(edge)
    edge  1 x 2
      -1  1
    formula  a2 - a1
    scale    1
    factors  column 1, row -1 1
    >>> np.asarray(edge) * 2
    array([[-2,  2]])
    """

    name: str
    weights: NDArray[Any]  # (rows, cols)
    formula: str = ""
    source: str = ""
    scale: float = 1.0
    unit: str = ""

    def __post_init__(self) -> None:
        weights = _numbers(self.weights)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "formula", self.formula or formula_of(weights))

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and cols the window has."""
        rows, cols = self.weights.shape
        return rows, cols

    @cached_property
    def factors(self) -> Factors | None:
        """``(column, row)`` whose outer product is the weights, found from the weights; None where there are none."""
        return factors_of(self.weights)

    @property
    def scale_text(self) -> str:
        """The scale as a fraction where it is one: 1/8."""
        near = Fraction(self.scale).limit_denominator(10_000)
        return str(near) if float(near) == self.scale else f"{self.scale:.6g}"

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.weights, dtype=dtype, copy=copy)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Kernel):
            return NotImplemented
        return (self.name, self.scale) == (other.name, other.scale) and np.array_equal(self.weights, other.weights)

    def __hash__(self) -> int:
        return hash((self.name, self.scale, self.weights.shape, self.weights.tobytes()))

    def __repr__(self) -> str:
        return f"<Kernel {self.name}, {self.shape[0]} x {self.shape[1]}: {self.formula}>"

    def __str__(self) -> str:
        lines = [f"{self.name}  {self.shape[0]} x {self.shape[1]}", *_table(self.weights)]
        lines += [_fact(label, text) for label, text in self._facts() if text]
        return "\n".join(lines)

    def _facts(self) -> list[tuple[str, str]]:
        return [
            ("formula", self.formula),
            ("scale", self.scale_text + (f"; response * scale is {self.unit}" if self.unit else "")),
            ("factors", _factors(self.factors)),
            ("source", self.source),
        ]


def _numbers(thing: ArrayLike) -> NDArray[Any]:
    """Return `thing` as a read-only copy of two axes: int64 where every number is whole, else float64."""
    array = np.array(thing)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"kernel (of type {array.dtype}) must be made of real numbers")
    if array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"kernel (of shape {array.shape}) must have rows and cols, one of each at least; "
            "a single row is written [[1, 0, -1]]"
        )
    numbers = array.astype(np.int64) if _all_whole(array) else array.astype(np.float64)
    numbers.flags.writeable = False
    return numbers


def _all_whole(array: NDArray[Any]) -> bool:
    if array.dtype.kind == "f":  # past 2**53 a float64 no longer tells whole numbers apart
        return bool((np.isfinite(array) & (np.rint(array) == array) & (np.abs(array) <= 2**53)).all())
    return array.dtype != np.uint64 or bool((array <= np.iinfo(np.int64).max).all())


def _table(weights: NDArray[Any]) -> list[str]:
    """Return the weights as aligned lines, with as many digits as fit; of a large kernel the corners."""
    for whole, digits in ((SHOWN_WHOLE, 4), (SHOWN_WHOLE, 3), (0, 3)):
        rows, cols = (_shown(size, whole) for size in weights.shape)
        cells = [["..." if None in (i, j) else _number(weights[i, j], digits) for j in cols] for i in rows]
        width = max(len(cell) for line in cells for cell in line)
        if len(cols) * (width + 2) <= WIDE:
            break
    return ["  " + "  ".join(cell.rjust(width) for cell in line) for line in cells]


def _fact(label: str, text: str) -> str:
    return textwrap.fill(text, WIDE, initial_indent=f"{label:<9}", subsequent_indent=" " * 9, break_on_hyphens=False)


def _shown(size: int, whole: int) -> list[int | None]:
    """Return the places to show, None for those left out."""
    if size <= max(whole, 2 * SHOWN_EDGE):
        return list(range(size))
    return [*range(SHOWN_EDGE), None, *range(size - SHOWN_EDGE, size)]


def _number(weight: Any, digits: int = 4) -> str:
    return str(weight) if isinstance(weight, np.integer) else f"{weight:.{digits}g}"


def _factors(factors: Factors | None) -> str:
    if factors is None or max(map(len, factors)) > SHOWN_WHOLE:
        return "" if factors is None else "a column times a row"
    column, row = (" ".join(map(_number, vector)) for vector in factors)
    return f"column {column}, row {row}"
