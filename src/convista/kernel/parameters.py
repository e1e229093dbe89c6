"""The parameters of kernels: checked, read from a kernel's name, and parameter_text into one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

Size: TypeAlias = int | Sequence[int]
Sigma: TypeAlias = float | Sequence[float] | None

LARGEST = 2048
LEAST_SIGMA = 1e-3

_PARAMETER = re.compile(r"(?:(?P<name>[a-z_]+)=)?(?P<value>[^=]+)")


def size_of(size: Size, most: int = LARGEST) -> tuple[int, int]:
    """Return a kernel's size as ``(rows, cols)``.

    >>> size_of(3), size_of((2, 7))
    ((3, 3), (2, 7))
    """
    pair = tuple(size) if isinstance(size, Sequence) else (size, size)
    if len(pair) != 2 or not all(hasattr(each, "__index__") for each in pair):
        raise TypeError(f"size (={size!r}) must be a whole number or (rows, cols)")
    rows, cols = (int(each.__index__()) for each in pair)
    if min(rows, cols) < 1 or max(rows, cols) > most:
        raise ValueError(f"size (={size}) must be from 1 to {most}")
    return rows, cols


def middle_of(size: Size) -> tuple[int, int]:
    """Return the row and col of the pixel in the middle; a size without one is an error."""
    rows, cols = size_of(size)
    if not rows % 2 or not cols % 2:
        raise ValueError(f"size (={size}) must be odd, so that there is a pixel in the middle")
    return rows // 2, cols // 2


def sigma_of(sigma: float) -> float:
    """Return a width in pixels, if it can be one."""
    check_number("sigma", sigma)
    if sigma < LEAST_SIGMA:
        raise ValueError(f"sigma (={sigma}) must be {LEAST_SIGMA} or more, in pixels")
    return float(sigma)


def check_number(name: str, value: Any) -> None:
    """Raise unless `value` is a number that sizes and angles in pictures may have."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} (={value!r}) must be a number")
    if not abs(float(value)) <= 1e6:
        raise ValueError(f"{name} (={value}) must be a number, a million at the most")


def parameter_text(value: Any) -> str:
    """Return a parameter as it stands in a kernel's name: 5, 0.5, 31x15."""
    if isinstance(value, Sequence):
        return "x".join(map(parameter_text, value))
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def parse_parameters(name: str, text: str) -> tuple[list[Any], dict[str, Any]]:
    """Return what stands after the colon of a name: 31 / 31,5 / 31x15 / size=31,sigma=5."""
    values: list[Any] = []
    named: dict[str, Any] = {}
    for part in text.split(","):
        found = _PARAMETER.fullmatch(part.strip())
        value = _value(found["value"]) if found else None
        if not found or value is None or (named and not found["name"]):
            raise ValueError(f'kernel (="{name}"): "{part}" must be a number, a pair such as 31x15, or name=number')
        if found["name"]:
            named[found["name"]] = value
        else:
            values.append(value)
    return values, named


def _value(text: str) -> Any:
    numbers = []
    for part in text.strip().split("x"):
        try:
            numbers.append(int(part))
        except ValueError:
            try:
                numbers.append(float(part))  # type: ignore[arg-type]
            except ValueError:
                return None
    return numbers[0] if len(numbers) == 1 else tuple(numbers)
