"""A kernel as the product of a column and a row, where it is one: two short passes instead of one long one."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Factors: TypeAlias = tuple[NDArray[Any], NDArray[Any]]

TOLERANCE = 8 * float(np.finfo(np.float64).eps)
LEAST_DIGITS = 1e-3
MOST_WHOLE = 2**23
"""Up to which multiples of a weight are looked for."""


def factors_of(weights: NDArray[Any], tolerance: float = TOLERANCE) -> Factors | None:
    """Return ``(column, row)`` with ``weights == np.outer(column, row)``, or None where there are no such two.

    Whole numbers are factored exactly, into whole numbers. Other weights are rounded, and may differ from their
    products by `tolerance` times the largest weight, by default eight units in the last place of a float64; but
    no weight by more than a thousandth of itself, so that none is lost beside a large one.

    >>> factors_of(np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]))
    (array([1, 2, 1]), array([-1,  0,  1]))
    >>> factors_of(np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])) is None
    True
    """
    if not np.isfinite(weights).all():
        return None
    if not weights.any():
        return np.zeros_like(weights[:, 0]), np.zeros_like(weights[0])
    return _whole_factors(weights) if weights.dtype.kind in "iu" else _rounded_factors(weights, tolerance)


def _whole_factors(weights: NDArray[Any]) -> Factors | None:
    """Divide the first row that is not all zero by what its numbers have in common: each row must be a multiple."""
    largest = max(-int(weights.min()), int(weights.max()))
    exact = weights if largest < 2**31 else weights.astype(object)  # products must not overflow
    first = exact[np.flatnonzero(weights.any(axis=1))[0]]
    row = first // np.gcd.reduce(first)
    place = np.flatnonzero(row != 0)[0]
    column = exact[:, place] // row[place]
    if row.sum() < 0 or (row.sum() == 0 and column.sum() < 0):
        column, row = -column, -row  # the smoothing factor is the positive one
    if not (np.outer(column, row) == exact).all():
        return None
    return column.astype(weights.dtype), row.astype(weights.dtype)


def _rounded_factors(weights: NDArray[Any], tolerance: float) -> Factors | None:
    """Take the row and the column through the largest weight, and share its size between them."""
    exact = _multiples(weights)
    if exact is not None:
        return exact
    i, j = np.unravel_index(np.abs(weights).argmax(), weights.shape)
    share = np.sqrt(np.abs(weights[i, j]))
    column, row = weights[:, j] / share * np.sign(weights[i, j]), weights[i, :] / share
    error, size = np.abs(np.outer(column, row) - weights), np.abs(weights)
    # What is smaller than the tolerance's square no sum with the largest weight in it can notice.
    unnoticed = np.maximum(LEAST_DIGITS * size, tolerance**2 * size.max())
    return (column, row) if (error <= np.minimum(tolerance * size.max(), unnoticed)).all() else None


def _multiples(weights: NDArray[Any]) -> Factors | None:
    """Factor whole multiples of the smallest weight exactly, as those of a box or a binomial kernel are."""
    unit = np.abs(weights[weights != 0]).min()
    if np.abs(weights).max() / MOST_WHOLE >= unit:  # a quotient could overflow
        return None
    whole = np.rint(weights / unit)
    if (whole * unit != weights).any():
        return None
    found = _whole_factors(whole.astype(np.int64))
    if found is None:
        return None
    column, row = found[0].astype(weights.dtype) * unit, found[1].astype(weights.dtype)
    return (column, row) if (np.outer(column, row) == weights).all() else None
