"""OpenCV: its 2-D filter and its special ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from convista.bench.cell import Cell
from convista.bench.contender import Array, Contender, UnfitError
from convista.bench.data import Data, gaussian_weights, nchw, sigma

BORDERS = {
    "zeros": cv2.BORDER_CONSTANT, "reflect": cv2.BORDER_REFLECT_101, "symmetric": cv2.BORDER_REFLECT,
    "replicate": cv2.BORDER_REPLICATE,
}  # fmt: skip
DEPTHS = {"float32": cv2.CV_32F, "int16": cv2.CV_16S, "uint8": cv2.CV_8U}


def filter2d(cell: Cell, data: Data, threads: int) -> Contender:
    """Return cv2.filter2D; a border that goes round is copied around first, since it has no such mode."""
    kernel, depth = data.kernel.astype(np.float32), DEPTHS[cell.result]
    if cell.mode == "circular":
        return _contender(cell, data, threads, lambda image, **terms: _round_about(cell, image, kernel, depth, terms))
    border = BORDERS[cell.mode]
    return _contender(
        cell, data, threads, lambda image, **terms: cv2.filter2D(image, depth, kernel, borderType=border, **terms)
    )


def sep_filter2d(cell: Cell, data: Data, threads: int) -> Contender:
    """Return cv2.sepFilter2D with the factors of a Gaussian."""
    line, border = gaussian_weights(cell.side).astype(np.float32), BORDERS[cell.mode]
    return _contender(
        cell, data, threads, lambda image, **terms: cv2.sepFilter2D(image, -1, line, line, borderType=border, **terms)
    )


def gaussian_blur(cell: Cell, data: Data, threads: int) -> Contender:
    """Return cv2.GaussianBlur."""
    sizes, width, border = (cell.side, cell.side), sigma(cell.side), BORDERS[cell.mode]
    return _contender(
        cell, data, threads, lambda image, **terms: cv2.GaussianBlur(image, sizes, width, borderType=border, **terms)
    )


def sobel(cell: Cell, data: Data, threads: int) -> Contender:
    """Return cv2.Sobel, across."""
    depth, side, border = DEPTHS[cell.result], cell.side, BORDERS[cell.mode]
    return _contender(
        cell, data, threads,
        lambda image, **terms: cv2.Sobel(image, depth, 1, 0, ksize=side, borderType=border, **terms),
    )  # fmt: skip


def blur(cell: Cell, data: Data, threads: int) -> Contender:
    """Return cv2.blur."""
    sizes, border = (cell.side, cell.side), BORDERS[cell.mode]
    return _contender(cell, data, threads, lambda image, **terms: cv2.blur(image, sizes, borderType=border, **terms))


def stacked(cell: Cell, data: Data, threads: int) -> Contender:
    """Return cv2.filter2D on one tall image; the valid part of each image is a view of the result."""
    kernel, count, (rows, cols) = data.kernel, cell.image[0], cell.image[2:]
    tall = data.image.reshape(count * rows, cols)
    cv2.setNumThreads(threads)
    return Contender(
        "cv2.filter2D, stacked",
        lambda: cv2.filter2D(tall, -1, kernel),
        lambda result: _valid(cell, result.reshape(count, 1, rows, cols)),
    )


def loop(cell: Cell, data: Data, threads: int) -> Contender:
    """Return one call of cv2.filter2D for each image."""
    kernel = data.kernel
    cv2.setNumThreads(threads)
    return Contender(
        "cv2.filter2D, loop",
        lambda: [cv2.filter2D(image, -1, kernel) for image in data.image],
        lambda results: _valid(cell, np.stack(results)[:, None]),
    )


def _contender(cell: Cell, data: Data, threads: int, call: Callable[..., Any]) -> Contender:
    if cell.out and cell.mode == "circular":
        raise UnfitError("has no border that goes round, so no dst= of the image's size")
    cv2.setNumThreads(threads)
    terms = {"dst": np.empty_like(call(data.image))} if cell.out else {}
    return Contender("", lambda: call(data.image, **terms), lambda result: nchw(result, cell.layout))


def _round_about(cell: Cell, image: Array, kernel: Array, depth: int, terms: dict[str, Any]) -> Any:
    rows, cols = cell.pads
    around = cv2.copyMakeBorder(image, rows, rows, cols, cols, cv2.BORDER_WRAP)
    return cv2.filter2D(around, depth, kernel, **terms)[rows : rows + image.shape[0], cols : cols + image.shape[1]]


def _valid(cell: Cell, results: Array) -> Array:
    """Return the part that no border touches: (images, 1, rows, cols)."""
    (top, left), (rows, cols) = (side // 2 for side in cell.kernel[2:]), cell.output_size
    part: Array = results[:, :, top : top + rows, left : left + cols]
    return part
