"""Small discrete Fourier transforms, 3 to 8 numbers at once, as plain arithmetic.

``y[k] = sum of x[q] * exp(sign * 2 pi i * k * q / n)``; sign -1 is the transform, +1 its inverse times n. They work on
anything that can be added, subtracted, multiplied by a real number, and `turned` (multiplied by sign x i): here on
the vectors of `lanes`, in the tests on complex numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Small: TypeAlias = Callable[[Sequence[Any], int], list[Any]]

HALF_ROOT = math.sqrt(0.5)


def three(x: Sequence[Any], sign: int) -> list[Any]:
    """Return the transform of three numbers."""
    both, across = x[1] + x[2], ((x[1] - x[2]) * math.sqrt(0.75)).turned(sign)
    middle = x[0] - both * 0.5
    return [x[0] + both, middle + across, middle - across]


def four(x: Sequence[Any], sign: int) -> list[Any]:
    """Return the transform of four numbers: additions only."""
    a, b, c, d = x[0] + x[2], x[0] - x[2], x[1] + x[3], (x[1] - x[3]).turned(sign)
    return [a + c, b + d, a - c, b - d]


def five(x: Sequence[Any], sign: int) -> list[Any]:
    """Return the transform of five numbers."""
    cos, sin = ([f(0.4 * math.pi * k) for k in (1, 2)] for f in (math.cos, math.sin))
    near, far, d, e = x[1] + x[4], x[2] + x[3], x[1] - x[4], x[2] - x[3]
    a, b = x[0] + near * cos[0] + far * cos[1], x[0] + near * cos[1] + far * cos[0]
    c, f = (d * sin[0] + e * sin[1]).turned(sign), (d * sin[1] - e * sin[0]).turned(sign)
    return [x[0] + near + far, a + c, b + f, b - f, a - c]


def eight(x: Sequence[Any], sign: int) -> list[Any]:
    """Return the transform of eight numbers: two of four, and the eighth roots of one between them."""
    even, odd = four(x[0::2], sign), four(x[1::2], sign)
    odd[1] = (odd[1] + odd[1].turned(sign)) * HALF_ROOT
    odd[2] = odd[2].turned(sign)
    odd[3] = (odd[3].turned(sign) - odd[3]) * HALF_ROOT
    pairs = list(zip(even, odd, strict=True))
    return [a + b for a, b in pairs] + [a - b for a, b in pairs]


SMALL: dict[int, Small] = {3: three, 4: four, 5: five, 8: eight}
