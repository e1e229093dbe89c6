"""Answers of kernels, rectified and pooled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convista.window import Pair

Array: TypeAlias = NDArray[Any]

# How answers are rectified: the features made of one answer, by what is added to its kernel's name.
RECTIFIERS: dict[str, dict[str, Callable[[Array], Array]]] = {
    "relu": {"": lambda answers: np.maximum(answers, 0)},
    "abs": {"": np.abs},
    "both": {"_pos": lambda answers: np.maximum(answers, 0), "_neg": lambda answers: np.maximum(-answers, 0)},
    "none": {"": lambda answers: answers},
}
POOLINGS = {"max": np.maximum, "mean": np.add}


def pooled(grids: Array, size: Pair, pooling: str) -> Array:
    """Return (..., rows, cols) with so many rows and cols made into one; at the end, those that are left.

    >>> pooled(np.array([[1.0, 2, 3], [4, 5, 6]]), (2, 2), "mean")
    array([[3. , 4.5]])
    """
    rows, cols = grids.shape[-2:]
    for axis, step in zip((-2, -1), size, strict=True):
        grids = _joined(grids.swapaxes(axis, 0), step, POOLINGS[pooling]).swapaxes(axis, 0)
    return grids if pooling == "max" else grids / np.outer(_counts(rows, size[0]), _counts(cols, size[1]))


def _joined(lines: Array, step: int, join: np.ufunc) -> Array:
    """Join every `step` lines along the first axis: the first of each group with the second, the third ..."""
    if step == 1:
        return lines
    joined = lines[::step].copy(order="K")
    for place in range(1, min(step, len(lines))):
        part = lines[place::step]
        join(joined[: len(part)], part, out=joined[: len(part)])
    return joined


def _counts(size: int, step: int) -> Array:
    """Return how many there are in each group."""
    return np.minimum(step, size - np.arange(0, size, step)).astype(np.float32)  # whole, and keeps the grids' dtype
