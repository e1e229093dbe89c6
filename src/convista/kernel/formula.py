"""The sum that a kernel computes, written out from its weights, so that it can't differ from them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray

MOST_TERMS = 25
MOST_PARTS = 1000


def formula_of(weights: NDArray[Any]) -> str:
    """Return the sum as text: a1, a2, ... are the window's pixels, row by row; what is added comes first.

    Weights that are fractions with a common denominator are written as whole numbers over it. A kernel of more
    than 25 weights, or with weights that are no small fractions, gets a sentence instead: its numbers are
    the formula.

    >>> import numpy as np
    >>> formula_of(np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]))
    'a3 + 2*a6 + a9 - a1 - 2*a4 - a7'
    >>> formula_of(np.full((2, 2), 0.25))
    '(a1 + a2 + a3 + a4) / 4'
    >>> formula_of(np.array([[np.pi, 1.0]]))
    'each of the 2 pixels times its weight, added up'
    """
    sentence = f"each of the {weights.size} pixels times its weight, added up"
    if weights.size > MOST_TERMS:
        return sentence
    parts = [_fraction(float(weight)) for weight in weights.ravel()]
    known = [part for part in parts if part is not None]
    denominator = math.lcm(*(part.denominator for part in known))
    if len(known) < len(parts) or denominator > MOST_PARTS:
        return sentence
    text = _signed_sum([int(part * denominator) for part in known])
    return text if denominator == 1 else f"({text}) / {denominator}"


def _fraction(weight: float) -> Fraction | None:
    """Return the small fraction that is this float, if one is."""
    if not math.isfinite(weight):
        return None
    near = Fraction(weight).limit_denominator(MOST_PARTS)
    return near if float(near) == weight else None


def _signed_sum(counts: list[int]) -> str:
    terms = [(count, f"a{place}") for place, count in enumerate(counts, start=1)]
    plus = [_term(count, pixel) for count, pixel in terms if count > 0]
    minus = [_term(-count, pixel) for count, pixel in terms if count < 0]
    start = " + ".join(plus) if plus else ""
    rest = " - ".join(minus)
    if start and rest:
        return f"{start} - {rest}"
    return start or (f"-{rest}" if rest else "0")


def _term(count: int, pixel: str) -> str:
    return pixel if count == 1 else f"{count}*{pixel}"
