"""Which numbers go in and come out: integers stay exact, nothing wraps, a narrower dtype saturates.

===================================  =====================================================
image and kernel                     sums and result
===================================  =====================================================
both integers (or bool)              int32, or int64 where int32 could overflow; exact
otherwise                            float32, or float64 where either array is float64
===================================  =====================================================

With ``precision="high"`` the sums of floats are made in float64, whatever goes in and comes out.

A named `Kernel`, a text and a Python number have no precision of their own and follow the image's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from convista.errors import one_of

Array: TypeAlias = NDArray[Any]

PRECISIONS = ("standard", "high")
INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Weights:
    """The numbers of a kernel or a bias, and whether their dtype counts."""

    array: Array
    weak: bool
    """True for numbers written by hand or by a formula: they take the image's precision."""


@dataclass(frozen=True, slots=True)
class Precision:
    """Which numbers go in, are added up, and come out."""

    work: np.dtype[Any]
    """What image and kernel are read as."""
    sums: np.dtype[Any]
    """What sums are made in."""
    result: np.dtype[Any]
    largest: int = 0
    """Of integers, a bound on every partial sum and on the fill."""
    by_values: bool = False
    """Whether that bound holds for this image only, not for all of its dtype."""


def decide(
    image: Array,
    weights: Weights,
    bias: Weights | None,
    fill: float,
    dtype: DTypeLike | None,
    precision: str = "standard",
) -> Precision:
    """Return the precision of a convolution, by the table above; `dtype` asks for another result."""
    one_of("precision", precision, PRECISIONS)
    for name, array in (("image", image), ("kernel", weights.array), ("bias", None if bias is None else bias.array)):
        if array is not None:
            _check_kind(name, array.dtype)
    if _all_whole(image, weights, bias, fill):
        work, largest, by_values = _integer_work(image, weights.array, bias, fill)
        largest = max(largest, abs(int(fill)))  # a fill that only meets weights of 0 must not become infinite
        return Precision(work, work, work if dtype is None else _asked(dtype), largest, by_values)
    work = _float_work(image, weights, bias)
    result = work if dtype is None else _asked(dtype)
    if result == np.float64:
        work = result
    return Precision(work, np.dtype(np.float64) if precision == "high" else work, result)


def saturate(array: Array, dtype: np.dtype[Any]) -> Array:
    """Return `array` in `dtype`: rounded half to even and clipped to its range, as OpenCV does; NaN becomes 0.

    >>> saturate(np.array([-3.0, 0.5, 1.5, 300.0, np.nan]), np.dtype("uint8"))
    array([  0,   0,   2, 255,   0], dtype=uint8)
    """
    if array.dtype == dtype or dtype.kind == "f":
        with np.errstate(over="ignore"):  # a float too large becomes infinite, as IEEE 754 says
            return array.astype(dtype, copy=False)
    least, most = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    if array.dtype.kind == "i":
        own = np.iinfo(array.dtype)
        return array.clip(max(least, int(own.min)), min(most, int(own.max))).astype(dtype)
    rounded = np.rint(array.astype(np.float64))  # float32 has no 2**31 - 1
    inside = (rounded > least) & (rounded < most)
    exact = np.where(inside, rounded, 0).astype(dtype)
    return np.where(rounded >= most, most, np.where(rounded <= least, least, exact)).astype(dtype)


def _check_kind(name: str, dtype: np.dtype[Any]) -> None:
    if dtype.kind in "biu" or (dtype.kind == "f" and dtype.itemsize <= 8):
        return
    ways = {
        "c": "convolve its .real and .imag, or use convista.interop.ndimage, which hands complex to SciPy",
        "f": f"{name}.astype('float64') is the widest",
    }
    step = ways.get(dtype.kind, "convert it to numbers first")
    raise TypeError(f"{name} (dtype {dtype}) must hold integers or floats up to 64 bits; {step}")


def _asked(dtype: DTypeLike) -> np.dtype[Any]:
    asked = np.dtype(dtype)
    if asked.kind not in "iuf" or asked.itemsize > 8:
        raise TypeError(f"dtype (={asked}) must be an integer or float type up to 64 bits, e.g. 'uint8' or 'float32'")
    return asked


def _all_whole(image: Array, weights: Weights, bias: Weights | None, fill: float) -> bool:
    arrays = [image, weights.array] + ([] if bias is None else [bias.array])
    return all(array.dtype.kind in "biu" for array in arrays) and float(fill).is_integer()


def _integer_work(image: Array, kernel: Array, bias: Weights | None, fill: float) -> tuple[np.dtype[Any], int, bool]:
    """Return int32 if no image of this dtype can overflow it, else int64 if this image can't, else refuse.

    Also return a bound on all sums, and whether the image's own numbers went into it.
    """
    widest = _largest(kernel, bias, fill, *_limits(image.dtype))
    if widest <= INT32_MAX:
        return np.dtype(np.int32), widest, False
    by_values = widest > INT64_MAX
    if by_values:
        least, most = (int(image.min()), int(image.max())) if image.size else (0, 0)
        widest = _largest(kernel, bias, fill, least, most)
    if widest > INT64_MAX:
        raise ValueError(
            f"image (dtype {image.dtype}) under this kernel can reach {widest:.3g}, more than int64 holds "
            f"({INT64_MAX:.3g}); pass image.astype('float64') for a rounded result"
        )
    return np.dtype(np.int64), widest, by_values


def _largest(kernel: Array, bias: Weights | None, fill: float, least: int, most: int) -> int:
    """Return a bound on every partial sum, a little too large rather than too small."""
    pixel = max(abs(least), abs(most), abs(int(fill)))
    filters = kernel.shape[0] if kernel.ndim > 2 else 1
    per_filter = np.abs(kernel.astype(np.float64)).reshape(filters, -1).sum(axis=1)
    weight = float(per_filter.max(initial=0.0)) * (1 + 1e-12)
    shift = 0 if bias is None else max((abs(int(b)) for b in bias.array.ravel()), default=0)
    return int(pixel * weight) + shift


def _limits(dtype: np.dtype[Any]) -> tuple[int, int]:
    return (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))


def _float_work(image: Array, weights: Weights, bias: Weights | None) -> np.dtype[Any]:
    counted = [image.dtype] + [each.array.dtype for each in (weights, bias) if each is not None and not each.weak]
    wide = any(dtype.kind == "f" and dtype.itemsize == 8 for dtype in counted)
    return np.dtype(np.float64 if wide else np.float32)
