"""Numbers as a person reads them, the same in both languages but for the units of time."""

from __future__ import annotations

import math

from convista.studio.words import say

_MINUS = "\N{MINUS SIGN}"
_THIN = "\N{NARROW NO-BREAK SPACE}"


def count(number: int) -> str:
    """Return a whole number with its thousands apart.

    >>> count(12396)
    '12,396'
    """
    return f"{number:,}"


def percent(share: float) -> str:
    r"""Return a share of 0 to 1 in per cent; only 0 and 1 themselves are called 0 and 100 %.

    >>> [percent(share).replace("\u202f", " ") for share in (2035 / 2038, 0.99999, 1.0, 0.00001, 0.0)]
    ['99.85 %', '> 99.99 %', '100 %', '< 0.01 %', '0 %']
    """
    if share in (0, 1):
        return f"{share * 100:.0f}{_THIN}%"
    digits = f"{share * 100:.2f}"
    return {"100.00": "> 99.99", "0.00": "< 0.01"}.get(digits, digits) + f"{_THIN}%"


def weight(number: float, largest: float) -> str:
    """Return `number` to two figures of the `largest` beside it, with a true minus sign.

    >>> weight(-0.1234, 0.62), weight(0.004, 0.031), weight(3.2, 12.0), weight(-0.001, 0.62)
    ('−0.12', '0.004', '3', '0.00')
    """
    decimals = max(0, 1 - math.floor(math.log10(largest))) if 0 < largest < math.inf else 2
    return f"{number:z.{decimals}f}".replace("-", _MINUS)


def shape(sizes: tuple[int, ...]) -> str:
    r"""Return sizes with signs of multiplication between, on one line.

    >>> shape((8, 14, 14)).replace("\xa0", " ")
    '8 × 14 × 14'
    """
    return "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}".join(map(count, sizes))


def duration(seconds: float) -> str:
    """Return a time in the two units that matter, as HTML in both languages.

    >>> duration(134.2)
    '<span lang="en">2 min 14 s</span><span lang="zh-Hans">2 分 14 秒</span>'
    """
    whole = round(seconds)
    if whole >= 3600:
        return say("hours", hours=whole // 3600, minutes=whole % 3600 // 60)
    if whole >= 60:
        return say("minutes", minutes=whole // 60, seconds=whole % 60)
    return say("seconds", seconds=f"{seconds:.1f}")


def wilson(right: int, total: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of the share ``right / total`` by Wilson's score.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", J. Am. Stat.
    Assoc. 22 (1927), which stays inside 0 to 1 and is not empty where all are right.

    >>> [round(end, 4) for end in wilson(2035, 2038)], [round(end, 4) for end in wilson(10, 10)]
    ([0.9957, 0.9995], [0.7225, 1.0])
    """
    z = 1.959963984540054  # the normal distribution's 97.5 % point
    share, weight_of_z = right / total, z * z / total
    middle = share + weight_of_z / 2
    reach = math.sqrt(weight_of_z * (share * (1 - share) + weight_of_z / 4))
    return max(0.0, (middle - reach) / (1 + weight_of_z)), min(1.0, (middle + reach) / (1 + weight_of_z))
