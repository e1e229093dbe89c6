"""A box over bytes: sums of equal weights are whole numbers, and one integer multiplication makes a result of each.

The sum S of the pixels fits 16 bits, and so does the scale. For a box of 3 x 3, (S + 4) x 58255 / 2^19, rounded down,
is S / 9, rounded to the nearest. Whether this holds is not argued but tried, once for each kernel, for every sum that
there can be; a kernel for which it doesn't hold keeps its float sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from convista.grid.precision import Array, saturate
from convista.grid.problem import Problem

WORD = 16
"""Bits of a sum."""
BRIGHTEST = 255


@dataclass(frozen=True, slots=True)
class Scale:
    """``(sum + added) * multiplier >> 16 + shift``, which 16-bit lanes compute in three steps."""

    multiplier: int
    added: int
    shift: int

    def __call__(self, sums: Array) -> Array:
        """Return the results of sums.

        >>> Scale(58255, 4, 3)(np.array([0, 4, 5, 9, 2295]))
        array([  0,   0,   1,   1, 255])
        """
        return (sums.astype(np.int64) + self.added) * self.multiplier >> WORD + self.shift


def scale_of(problem: Problem, weights: Array, bias: Array) -> Scale | None:
    """Return the scale of equal weights from bytes to bytes, or None where there is none that is right for every sum.

    Right is the exact sum, rounded half to even.
    """
    precision, byte = problem.precision, np.dtype(np.uint8)
    most = BRIGHTEST * problem.kernel[0] * problem.kernel[1]
    bytes_only = problem.pixels == precision.result == byte and problem.fill in range(BRIGHTEST + 1)
    if not bytes_only or most >= 2**WORD or bias.any() or (weights != weights.flat[0]).any():
        return None
    each = float(weights.flat[0])
    if not 0 < each < 1:
        return None
    sums = np.arange(most + 1)
    wanted = saturate(sums * each, byte)  # exact: 16 bits times the 24 of a float32
    if sums[-1] * each > BRIGHTEST + 0.5:
        return None
    return next((found for found in _candidates(each, most) if np.array_equal(found(sums), wanted)), None)


def _candidates(each: float, most: int) -> list[Scale]:
    """Return scales next to the weight, with as many digits as 16 bits hold, that no sum can overflow."""
    shift = min(int(-np.log2(each)), WORD - 1)
    exact, half = each * 2.0 ** (WORD + shift), 0.5 / each
    multipliers = [m for m in (int(exact), int(exact) + 1) if m < 2**WORD]
    halves = [h for h in (int(half), int(half) + 1) if most + h < 2**WORD]
    return [Scale(m, h, shift) for m, h in product(multipliers, halves)]
