"""The float64 sum, made without any engine, and how far a result is from it. Equal before fast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from convista.bench.cell import Cell
from convista.bench.contender import Array, Contender
from convista.bench.data import Data, nchw

CROP = 40
"""Rows and cols of each place that is checked."""

NUMPY_MODES: dict[str, Any] = {"reflect": "reflect", "symmetric": "symmetric", "replicate": "edge", "circular": "wrap"}
OUTSIDE = -1

TOLERANCE = {"float32": 1e-4, "float64": 1e-10, "int16": 0.0, "uint8": 1.0}
"""The largest error that is timed: of floats over rms(output); of uint8 one grey level, since libraries round halves
differently and OpenCV smooths bytes in fixed point."""


OFFSET_TOLERANCE = 0.1
"""The same where an offset takes digits away: what is left is what the cell is about."""


def tolerance(cell: Cell) -> float:
    """Return the largest error of a contender that is timed."""
    return OFFSET_TOLERANCE if cell.offset else TOLERANCE[cell.result]


def exact_sum(cell: Cell, data: Data, images: Array, rows: Array, cols: Array) -> Array:
    """Return the result at some images, rows and cols, in float64: (images, filters, rows, cols)."""
    pixels = _padded_part(cell, data, images, rows, cols)  # (images, channels, rows + kernel - 1, cols + kernel - 1)
    reach = [(side - 1) * cell.dilation + 1 for side in cell.kernel[2:]]
    windows = sliding_window_view(pixels, reach, axis=(2, 3))[
        ..., :: cell.dilation, :: cell.dilation
    ]  # (images, channels, rows, cols, kernel rows, kernel cols)
    windows = windows[:, :, :: cell.stride, :: cell.stride]
    weights = data.weights.astype(np.float64)
    if cell.layout == "hwc":
        return np.asarray(np.einsum("nchwij,ij->nchw", windows, weights[0, 0]))
    return np.asarray(np.einsum("nchwij,fcij->nfhw", windows, weights, optimize=True))


def _padded_part(cell: Cell, data: Data, images: Array, rows: Array, cols: Array) -> Array:
    """Return the pixels that the windows of those rows and cols hold; beyond the edge by the cell's mode."""
    view = nchw(data.image, cell.layout)[images]
    kept = []
    for axis, stops in ((2, rows), (3, cols)):
        first = int(stops[0]) * cell.stride
        last = int(stops[-1]) * cell.stride + (cell.kernel[axis] - 1) * cell.dilation + 1
        kept.append(_border_index(view.shape[axis], cell.pads[axis - 2], cell.mode)[first:last])
    part = view[:, :, kept[0].clip(0)][..., kept[1].clip(0)].astype(np.float64)
    part[:, :, kept[0] == OUTSIDE] = 0
    part[..., kept[1] == OUTSIDE] = 0
    return part


def _border_index(size: int, pad: int, mode: str) -> Array:
    """Return the pixel that each position of a padded axis shows, by NumPy's own padding."""
    places = np.arange(size)
    if mode == "zeros":
        return np.pad(places, pad, constant_values=OUTSIDE)
    return np.asarray(np.pad(places, pad, mode=NUMPY_MODES[mode]))


def expected(cell: Cell, sums: Array) -> Array:
    """Return the sums as the result's dtype shows them: integers rounded and saturated."""
    dtype = np.dtype(cell.result)
    if dtype.kind == "f":
        return sums
    limits = np.iinfo(dtype)
    rounded: Array = np.rint(sums).clip(limits.min, limits.max)
    return rounded


def error(cell: Cell, data: Data, contender: Contender, result: Array) -> float:
    """Return the largest error at the corners, in the middle and somewhere else; of floats over rms(output).

    A wrong shape or a number that isn't finite is an infinite error.
    """
    shape = (cell.image[0], cell.filters, *cell.output_size)
    if result.shape != shape:
        return float("inf")
    worst, squares, count = 0.0, 0.0, 0
    images = np.unique([0, cell.image[0] - 1])
    for rows, cols in _places(cell, contender.margin):
        wanted = expected(cell, exact_sum(cell, data, images, rows, cols))
        given = result[images][:, :, rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1].astype(np.float64)
        if not np.isfinite(given).all():
            return float("inf")
        worst = max(worst, float(np.abs(given - wanted).max(initial=0)))
        squares, count = squares + float((wanted**2).sum()), count + wanted.size
    rms = (squares / max(count, 1)) ** 0.5
    return worst / (rms or 1) if np.dtype(cell.result).kind == "f" else worst


def _places(cell: Cell, margin: int) -> Iterator[tuple[Array, Array]]:
    """Yield rows and cols of the parts to be checked."""
    high, wide = cell.output_size
    for share_down, share_across in ((0, 0), (1, 1), (0.5, 0.5), (0.31, 0.77)):
        yield _stretch(high, share_down, margin), _stretch(wide, share_across, margin)


def _stretch(size: int, share: float, margin: int) -> Array:
    length = max(min(CROP, size - 2 * margin), 1)
    start = margin + round((size - 2 * margin - length) * share)
    return np.arange(start, start + length)
