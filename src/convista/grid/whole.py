"""A kernel over bytes whose sums are whole numbers of 16 bits: exact in lanes half as wide as those of float32.

Weights are whole numbers, or whole multiples of one unit: those of a Gaussian of 1 2 1 over 16 are multiples of 1/16.
Additions and products of 16 bits may wrap on the way; where the sum itself fits, it is right all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.kernel.factors import factors_of

BRIGHTEST = 255
"""The largest pixel."""
BYTE = np.dtype(np.uint8)
RESULTS = tuple(map(np.dtype, ("uint8", "int16", "int32", "float32")))
"""What results can be made of such sums."""
MOST_DIGITS = 16
"""Of a weight counted in units: no sum fits 16 bits if a weight doesn't."""


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """Columns (filters, kernel rows), rows (filters, kernel cols), bias (filters,): a result is a sum times `unit`."""

    columns: Array
    rows: Array
    bias: Array
    unit: float
    sums: np.dtype[Any]
    """int16, or uint16 where no sum is negative and int16 is too small."""


def whole_of(problem: Problem, weights: Array, bias: Array) -> Whole | None:
    """Return the sums in whole numbers, or None where they are none, don't fit, or don't make the result exactly.

    Weights are (filters, 1, kernel rows, kernel cols).
    """
    precision = problem.precision
    bytes_only = problem.pixels == BYTE and problem.fill in range(BRIGHTEST + 1) and precision.result in RESULTS
    if not bytes_only or weights.shape[1] != 1 or 1 in problem.kernel:  # others are as quick in one pass
        return None
    if precision.work.kind == "i":
        return _fitting(weights[:, 0].astype(np.int64), bias.astype(np.int64), 1.0)
    if precision.work != np.float32 or bias.any():
        return None
    for unit in _units(weights.astype(np.float32).astype(np.float64), binary=precision.result != np.float32):
        found = _fitting(np.rint(weights[:, 0] / unit).astype(np.int64), bias.astype(np.int64), unit)
        if found is not None:
            return found
    return None


def _units(weights: Array, *, binary: bool) -> list[float]:
    """Return what weights may be multiples of: a power of two, at most 1; unless `binary`, the smallest weight."""
    sizes = np.abs(weights[weights != 0])
    if sizes.size == 0 or not np.isfinite(sizes).all() or sizes.max() >= 2**MOST_DIGITS:
        return []
    least = min(0, int(np.frexp(sizes.max())[1]) - MOST_DIGITS)
    powers = [2.0**power for power in range(0, least - 1, -1)]
    units = [unit for unit in powers if (sizes % unit == 0).all()][:1]
    if not binary and (sizes % sizes.min() == 0).all():
        units.append(float(sizes.min()))
    return units


def _fitting(weights: Array, bias: Array, unit: float) -> Whole | None:
    """Return the factors of whole weights (filters, rows, cols), where there are some and every sum fits."""
    half = 1 / (2 * unit)  # what rounding may add
    most = BRIGHTEST * weights.clip(0, None).sum(axis=(1, 2)) + bias + half
    least = BRIGHTEST * weights.clip(None, 0).sum(axis=(1, 2)) + bias
    kind = next((kind for kind in ("int16", "uint16") if _holds(np.iinfo(kind), least.min(), most.max())), None)
    if kind is None:
        return None
    found = [factors_of(each) for each in weights]
    kept = [each for each in found if each is not None]
    if len(kept) < len(found):
        return None
    columns, rows = (np.stack(each).astype(kind) for each in zip(*kept, strict=True))
    return Whole(columns, rows, bias.astype(kind), unit, np.dtype(kind))


def _holds(limits: Any, least: float, most: float) -> bool:
    return bool(limits.min <= least and most <= limits.max)
