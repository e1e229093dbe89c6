"""Libraries on NumPy arrays and pictures: SciPy, scikit-image, Pillow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convista.bench.cell import Cell
from convista.bench.contender import Array, Contender, UnfitError
from convista.bench.data import Data, gaussian_weights, nchw, sigma

MODES: dict[str, Any] = {"zeros": "constant", "reflect": "mirror", "symmetric": "reflect", "replicate": "nearest",
                         "circular": "wrap"}  # fmt: skip
NUMPY_MODES: dict[str, Any] = {"zeros": "constant", "reflect": "reflect", "symmetric": "symmetric", "replicate": "edge",
               "circular": "wrap"}  # fmt: skip


def correlate(cell: Cell, data: Data, _: int) -> Contender:
    """Return scipy.ndimage.correlate, on a stack with a kernel of one image, in colour with one of one channel."""
    from scipy import ndimage

    kernel = {"hw": data.kernel, "nhw": data.kernel[None], "hwc": data.kernel[..., None]}[cell.layout]
    return _ndimage(cell, data, lambda output: ndimage.correlate(data.image, kernel, output, MODES[cell.mode]))


def correlate1d(cell: Cell, data: Data, _: int) -> Contender:
    """Return scipy.ndimage.correlate1d down and then across."""
    from scipy import ndimage

    line, mode = gaussian_weights(cell.side), MODES[cell.mode]

    def both(output: Any) -> Any:
        down = ndimage.correlate1d(data.image, line, 0, mode=mode)
        return ndimage.correlate1d(down, line, 1, output, mode)

    return _ndimage(cell, data, both)


def gaussian_filter(cell: Cell, data: Data, _: int) -> Contender:
    """Return scipy.ndimage.gaussian_filter."""
    from scipy import ndimage

    width, radius, mode = sigma(cell.side), cell.side // 2, MODES[cell.mode]
    return _ndimage(
        cell, data, lambda output: ndimage.gaussian_filter(data.image, width, output=output, mode=mode, radius=radius)
    )


def fftconvolve(cell: Cell, data: Data, threads: int) -> Contender:
    """Return scipy.signal.fftconvolve with the turned kernel, on an image padded in the call."""
    from scipy import signal

    return _by_spectrum(cell, data, threads, signal.fftconvolve)


def oaconvolve(cell: Cell, data: Data, threads: int) -> Contender:
    """Return scipy.signal.oaconvolve, the same in overlapping blocks."""
    from scipy import signal

    return _by_spectrum(cell, data, threads, signal.oaconvolve)


def skimage_gaussian(cell: Cell, data: Data, _: int) -> Contender:
    """Return skimage.filters.gaussian."""
    from skimage import filters

    width, mode = sigma(cell.side), MODES[cell.mode]
    reach = cell.side // 2 / width
    return _ndimage(
        cell, data, lambda _: filters.gaussian(data.image, width, mode=mode, truncate=reach, preserve_range=True)
    )


def pillow_kernel(cell: Cell, data: Data, _: int) -> Contender:
    """Return PIL's ImageFilter.Kernel, whose rows are from the bottom up and which leaves the edge as it is."""
    from PIL import Image, ImageFilter

    if cell.side > 5:
        raise UnfitError("has 3x3 and 5x5 kernels only")
    picture = Image.fromarray(data.image)
    kernel = ImageFilter.Kernel((cell.side, cell.side), data.kernel[::-1].ravel().tolist(), 1)
    return Contender(
        "", lambda: picture.filter(kernel), lambda result: np.asarray(result)[None, None], margin=cell.side // 2
    )


def _ndimage(cell: Cell, data: Data, call: Callable[[Any], Any]) -> Contender:
    output = np.empty(data.image.shape, cell.result) if cell.out else np.dtype(cell.result)
    if cell.padded:
        return Contender("", lambda: call(output), lambda result: nchw(result, cell.layout))
    (top, left), (rows, cols) = (side // 2 for side in cell.kernel[2:]), cell.output_size
    return Contender(
        "",
        lambda: call(output),
        lambda result: nchw(result, cell.layout)[:, :, top : top + rows, left : left + cols],
    )


def _by_spectrum(cell: Cell, data: Data, threads: int, convolve: Callable[..., Array]) -> Contender:
    from scipy import fft

    turned, mode = np.ascontiguousarray(data.kernel[::-1, ::-1]), NUMPY_MODES[cell.mode]
    pads = tuple((pad, pad) for pad in cell.pads)

    def run() -> Array:
        with fft.set_workers(threads):
            return convolve(np.pad(data.image, pads, mode), turned, mode="valid")

    return Contender("", run, lambda result: nchw(result, cell.layout))
