"""Numbers to a picture file, and the sentence that says how: nothing is lost without a word."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

GREY = 128
"""What zero becomes where there are negative values."""

NUMBER_ENDINGS = (".npy", ".tif", ".tiff")
"""Files that hold any numbers."""


def as_picture(values: NDArray[Any], whole: int | None) -> tuple[NDArray[np.uint8 | np.uint16], str]:
    """Return `values` as a picture file can hold them, and how they are shown.

    Parameters
    ----------
    values
        Rows, cols and perhaps channels of numbers.
    whole
        The largest value that may stay as it is, 255 or 65535; None where values are to be scaled in any case.

    Examples
    --------
    >>> as_picture(np.array([[-10, 0, 20]]), 255)
    (array([[ 64, 128, 255]], dtype=uint8), 'values -10..20 shown as 128 + value * 127 / 20; zero is grey 128')
    >>> as_picture(np.array([[0, 1000]]), 255)
    (array([[  0, 255]], dtype=uint8), 'values 0..1000 shown as value * 255 / 1000')
    >>> as_picture(np.array([[0.2, 17.5]]), 255)
    (array([[ 0, 18]], dtype=uint8), 'values 0.2..17.5 written as they are, rounded')
    """
    low, high, odd = _limits(values)
    said = span(values)
    if low < 0:
        most = max(-low, high)
        picture = _bytes(GREY + values * (127 / most), GREY)
        return picture, f"{said} shown as 128 + value * 127 / {number(most)}; zero is grey 128{odd}"
    if whole is not None and high <= whole:
        rounded = ", rounded" if values.dtype.kind == "f" else ""
        kind = np.uint8 if whole <= 255 else np.uint16
        return _bytes(values, 0, kind), f"{said} written as they are{rounded}{odd}"
    return _bytes(values * (255 / (high or 1)), 0), f"{said} shown as value * 255 / {number(high)}{odd}"


def span(values: NDArray[Any]) -> str:
    """Return the lowest and the highest value, of those that are finite.

    >>> span(np.array([2, -1, 7]))
    'values -1..7'
    """
    low, high, _ = _limits(values)
    return f"values {number(low)}..{number(high)}"


def number(value: Any) -> str:
    """Return a number as short as it is clear: 20, 17.5, 0.333333."""
    return str(int(value)) if float(value).is_integer() else f"{float(value):.6g}"


def _bytes(values: NDArray[Any], for_nan: int, kind: type[np.unsignedinteger[Any]] = np.uint8) -> NDArray[Any]:
    filled = (
        np.nan_to_num(values, nan=for_nan, posinf=np.iinfo(kind).max, neginf=0) if values.dtype.kind == "f" else values
    )
    rounded: NDArray[Any] = np.rint(filled)
    return rounded.astype(kind)


def _limits(values: NDArray[Any]) -> tuple[float, float, str]:
    """Return the lowest and the highest finite value, zeros if there is none, and how many are not finite."""
    finite = values[np.isfinite(values)]
    odd = values.size - finite.size
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return low, high, f"; {odd:,} values are no finite numbers" if odd else ""
