"""Nice numbers for an axis: 1, 2 or 5 times a power of ten, and their texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise


def linear_ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Return about `most` evenly spaced nice numbers or fewer, from `low` or just below to `high` or just above.

    >>> linear_ticks(0.3, 9.1, most=6)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    >>> linear_ticks(1, 3, most=8, whole=True)
    [1.0, 2.0, 3.0]
    >>> linear_ticks(5, 5, most=4)
    [4.5, 5.0, 5.5]
    """
    size = max(abs(low), abs(high))
    if high - low <= max(1e-12 * size, 1e-290):  # floats would not tell the ticks apart
        gap = size * 0.1 if size > 1e-280 else 1.0
        low, high = low - gap, high + gap
    step = _nice_step((high - low) / max(most - 1, 1))
    if whole:
        step = max(step, 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, -_exponent(step)) for number in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Return about `most` nice positive numbers or fewer, evenly spread on a logarithmic axis.

    >>> log_ticks(0.03, 0.4, most=6), log_ticks(0.003, 40, most=6)
    ([0.02, 0.05, 0.1, 0.2, 0.5], [0.001, 0.01, 0.1, 1.0, 10.0, 100.0])
    """
    if low == high:
        low, high = low / 2, high * 2
    first, last = _exponent(low), _exponent(high) + 1
    for digits, every in ((1, 2, 5), 1), *(((1,), n) for n in range(1, last - first + 1)):
        numbers = [float(f"{digit}e{power}") for power in range(first, last + every, every) for digit in digits]
        inside = _enclosing(numbers, low, high)
        if len(inside) <= most:
            break
    return inside


def tick_texts(ticks: Sequence[float]) -> list[str]:
    """Return the texts of evenly spaced numbers, all with the same digits after the point.

    >>> tick_texts([0.0, 0.5, 1.0]), tick_texts([0.0, 5000.0, 10000.0]), tick_texts([0.0, 2e-7, 4e-7])
    (['0.0', '0.5', '1.0'], ['0', '5,000', '10,000'], ['0', '2e-7', '4e-7'])
    """
    largest = max(map(abs, ticks))
    step = min((b - a for a, b in pairwise(ticks)), default=largest or 1.0)
    digits = -_exponent(step)
    if largest < 1e7 and digits <= 4:
        return [f"{tick:,.{max(digits, 0)}f}" for tick in ticks]
    return [_power(tick, _exponent(largest) + digits) for tick in ticks]


def log_tick_text(tick: float) -> str:
    """Return the text of a number on a logarithmic axis.

    >>> log_tick_text(0.002), log_tick_text(50000.0), log_tick_text(2e-7)
    ('0.002', '50,000', '2e-7')
    """
    if not 1e-4 <= tick < 1e6:
        return _power(tick, 0)
    return f"{tick:,.{max(-_exponent(tick), 0)}f}"


def value_text(value: float) -> str:
    """Return a number with four digits.

    >>> value_text(0.02213), value_text(1e-5), value_text(12345)
    ('0.02213', '1e-5', '12,345')
    """
    if value and not 1e-4 <= abs(value) < 1e7:
        mantissa, _, power = f"{value:.3e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    return f"{round(value):,}" if abs(value) >= 1000 else f"{value:.4g}"


def _nice_step(least: float) -> float:
    power = _exponent(least)
    steps = (float(f"{digit}e{power}") for digit in (1, 2, 5, 10))
    return next(step for step in steps if step >= least * (1 - 1e-9))


def _exponent(number: float) -> int:
    """Return the power of ten in a number's scientific notation."""
    return int(f"{number:.6e}".partition("e")[2])


def _enclosing(numbers: list[float], low: float, high: float) -> list[float]:
    first = max(i for i, number in enumerate(numbers) if number <= low or i == 0)
    last = min(i for i, number in enumerate(numbers) if number >= high or i == len(numbers) - 1)
    return numbers[first : last + 1]


def _power(number: float, digits: int) -> str:
    mantissa, _, power = f"{number:.{max(digits, 0)}e}".partition("e")
    return f"{mantissa}e{int(power)}" if number else "0"
