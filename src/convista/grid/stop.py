"""One stop of a kernel on an image: the window, the products and their sum, written out."""

from __future__ import annotations

import math
import os
import textwrap
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np

from convista.grid.precision import Array
from convista.grid.problem import read_bias, read_kernel_argument
from convista.image import as_array
from convista.kernel import Kernel, as_kernel

WIDE = 80
"""Columns of a terminal: a window is written out as a table if it fits."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A kernel laid on one place of an image. ``float()`` and ``int()`` of it give the sum."""

    kernel: str
    """The kernel's name, or its size."""
    row: int
    col: int
    """The pixel under the kernel's centre; of an even kernel, the one before the middle."""
    rows: range
    cols: range
    """The rows and cols of the image that the window covers."""
    pixels: Array
    weights: Array
    products: Array
    """pixels x weights: (rows, cols), or (channels, rows, cols)."""
    bias: int | float
    total: int | float
    """The sum of all products, plus the bias: exact for integers, correctly rounded for floats."""

    def __float__(self) -> float:
        return float(self.total)

    def __int__(self) -> int:
        return int(self.total)

    def __str__(self) -> str:
        head = f"{self.kernel} at row {self.row}, col {self.col} (rows {_span(self.rows)}, cols {_span(self.cols)})"
        rows, cols = len(self.rows), len(self.cols)
        planes = zip(
            *(part.reshape(-1, rows, cols) for part in (self.pixels, self.weights, self.products)), strict=True
        )
        several = self.pixels.ndim > 2
        tables = [
            _table(pixels, weights, products, f"channel {channel}" if several else "")
            for channel, (pixels, weights, products) in enumerate(planes)
        ]
        return "\n\n".join((head, *tables, _sum(self.products.reshape(-1, cols), self.bias, self.total)))


def apply_kernel(image: Any, row: int, col: int, kernel: Any, bias: float = 0) -> Stop:
    """Lay the kernel, centred on (row, col), on the image and return the sum with all its terms.

    Parameters
    ----------
    image : array_like
        (rows, cols), or (channels, rows, cols) with a kernel for as many channels.
    row, col : int
        The pixel under the kernel's centre: of a kernel of size k, weight ``(k - 1) // 2``.
    kernel : array_like, Kernel or str
        (rows, cols) or (channels, rows, cols), a named kernel, or a text.
    bias : number
        Added to the sum.

    Returns
    -------
    Stop
        With ``.pixels .weights .products .bias .total``; ``print()`` writes the sum out.

    Raises
    ------
    IndexError
        When the window would not lie wholly on the image, with the rows and cols that are possible.

    Examples
    --------
    >>> stop = apply_kernel([[0, 0, 0], [1, 2, 3], [200, 210, 220]], 1, 1, "top_edge")
    >>> float(stop)
    630.0
    >>> print(stop)
    top_edge at row 1, col 1 (rows 0-2, cols 0-2)
    <BLANKLINE>
        pixels     x  weights    =    products
      0    0    0    -1  -1  -1      0    0    0
      1    2    3     0   0   0      0    0    0
    200  210  220     1   1   1    200  210  220
    <BLANKLINE>
      0 + 0 + 0 + 0 + 0 + 0 + 200 + 210 + 220
    = 630
    """
    pixels, (name, weights) = as_array(image), _named(kernel)
    if pixels.ndim not in (2, 3) or pixels.shape[:-2] != weights.shape[:-2]:
        raise ValueError(
            f"image (shape {pixels.shape}) and kernel (shape {weights.shape}) must both be (rows, cols), "
            "or both (channels, rows, cols) with as many channels; for a colour photo take one channel: image[..., 0]"
        )
    rows = _covered("row", row, pixels.shape[-2], weights.shape[-2])
    cols = _covered("col", col, pixels.shape[-1], weights.shape[-1])
    if rows is None or cols is None:
        raise IndexError(_impossible(row, col, pixels.shape, weights.shape, name))
    seen = pixels[..., rows.start : rows.stop, cols.start : cols.stop]
    seen, weights, products, shift, total = _multiply(seen, weights, bias)
    return Stop(name, row, col, rows, cols, seen, weights, products, shift, total)


def _named(kernel: Any) -> tuple[str, Array]:
    if isinstance(kernel, (Kernel, str, os.PathLike)):
        known = as_kernel(kernel)
        return known.name, known.weights
    weights = read_kernel_argument(kernel).array
    return f"{weights.shape[-2]}x{weights.shape[-1]} kernel", weights


def _covered(name: str, centre: int, size: int, kernel: int) -> range | None:
    try:
        first = index(centre) - (kernel - 1) // 2
    except TypeError:
        raise TypeError(f"{name} (={centre!r}) must be a whole number") from None
    return range(first, first + kernel) if 0 <= first <= size - kernel else None


def _impossible(row: int, col: int, image: tuple[int, ...], kernel: tuple[int, ...], name: str) -> str:
    limits = [((k - 1) // 2, size - 1 - k // 2) for size, k in zip(image[-2:], kernel[-2:], strict=True)]
    size = f"{image[-2]} rows x {image[-1]} cols"
    if any(low > high for low, high in limits):
        return f"kernel ({kernel[-2]}x{kernel[-1]}) is larger than the image ({size}): no window is complete"
    (top, bottom), (left, right) = limits
    return (
        f"{name} has no complete window at row {row}, col {col} of an image of {size}: "
        f"rows {top} to {bottom} and cols {left} to {right} are possible"
    )


def _multiply(pixels: Array, weights: Array, bias: float) -> tuple[Array, Array, Array, int | float, int | float]:
    """Return pixels, weights, products, bias and total: Python integers where all are whole, else float64."""
    added = read_bias(bias)
    shift = added.array.item() if added is not None and added.array.size == 1 else bias
    if all(kind in "biu" for kind in (pixels.dtype.kind, weights.dtype.kind, np.asarray(shift).dtype.kind)):
        products = pixels.astype(object) * weights.astype(object)  # Python's integers don't wrap
        return pixels.copy(), weights, _narrow(products), int(shift), int(products.sum()) + int(shift)
    with np.errstate(invalid="ignore", over="ignore"):  # infinity times zero is NaN, and is shown as that
        products = pixels.astype(np.float64) * weights.astype(np.float64)
    return pixels.copy(), weights, products, float(shift), _exact_sum([*products.ravel().tolist(), float(shift)])


def _exact_sum(terms: list[float]) -> float:
    """Return the correctly rounded sum; infinities and NaN as IEEE 754 adds them."""
    return math.fsum(terms) if all(map(math.isfinite, terms)) else sum(terms)


def _narrow(products: Array) -> Array:
    try:
        return products.astype(np.int64)
    except OverflowError:
        return products


def _span(covered: range) -> str:
    return f"{covered.start}-{covered.stop - 1}" if len(covered) > 1 else str(covered.start)


def _table(pixels: Array, weights: Array, products: Array, name: str) -> str:
    """Return pixels x weights = products side by side, with as many digits as fit."""
    for digits in (6, 4, 3):
        parts = (("pixels", pixels), ("weights", weights), ("products", products))
        first, *lines = zip(*(_block(title, part, digits) for title, part in parts), strict=True)
        if len("    ".join(first)) <= WIDE:
            written = [f"{first[0]}  x {first[1]}  = {first[2]}", *("    ".join(line) for line in lines)]
            return "\n".join(line.rstrip() for line in ([name, *written] if name else written))
    return f"{name + ': ' if name else ''}{pixels.shape[0]} x {pixels.shape[1]} window, too wide to write out"


def _block(title: str, part: Array, digits: int) -> list[str]:
    """Return a title and the numbers below it, all lines of one width."""
    texts = [[_number(value, digits) for value in row] for row in part.tolist()]
    width = max(len(text) for row in texts for text in row)
    lines = ["  ".join(text.rjust(width) for text in row) for row in texts]
    wide = max(len(title), len(lines[0]))
    return [title.center(wide), *(line.center(wide) for line in lines)]


def _sum(products: Array, bias: float, total: float) -> str:
    terms = [_number(value) for value in products.ravel().tolist()]
    written = _signed(terms) + (f" {_signed(['', _number(bias)]).strip()} (bias)" if bias else "")
    if len(written) > 10 * WIDE:
        kept = _number(products.sum()) if products.dtype != np.float64 else _number(float(products.sum()))
        written = f"{len(terms)} products, together {kept}" + (f", + {_number(bias)} (bias)" if bias else "")
    return f"{_wrap(written)}\n= {_number(total)}"


def _signed(terms: list[str]) -> str:
    rest = "".join(f" - {term[1:]}" if term.startswith("-") else f" + {term}" for term in terms[1:])
    return terms[0] + rest


def _wrap(text: str) -> str:
    return textwrap.fill(text, WIDE, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _number(value: float, digits: int = 6) -> str:
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
