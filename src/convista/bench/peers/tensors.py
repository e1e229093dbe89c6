"""torch in both memory layouts, and kornia, which is made of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from convista.bench.cell import Cell
from convista.bench.contender import Array, Contender, UnfitError
from convista.bench.data import Data, gaussian_weights, nchw

BORDERS = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def torch_nchw(cell: Cell, data: Data, threads: int) -> Contender:
    """Return torch.nn.functional.conv2d on tensors as torch makes them."""
    image, weights = _tensor(nchw(data.image, cell.layout)), _weights(cell, data)
    return _convolution(cell, image, weights, threads)


def torch_channels_last(cell: Cell, data: Data, threads: int) -> Contender:
    """Return the same with channels innermost.

    With one channel both layouts are the same memory, and `contiguous` changes nothing: the strides of the weights
    decide which code oneDNN takes, and that makes a factor of four to ten. So they are written out.
    """
    weights = _innermost(_weights(cell, data))
    image = _tensor(nchw(data.image, cell.layout))
    if cell.image[1] > 1:
        image = image.contiguous(memory_format=torch.channels_last)
    return _convolution(cell, image, weights, threads)


def torch_two_passes(cell: Cell, data: Data, threads: int) -> Contender:
    """Return a pass down and a pass across with the factors of a Gaussian."""
    image = _tensor(nchw(data.image, cell.layout))
    line = torch.from_numpy(gaussian_weights(cell.side).astype(np.float32))
    down, across = (_innermost(line.reshape(shape)) for shape in ((1, 1, -1, 1), (1, 1, 1, -1)))
    (rows, cols), border = cell.pads, _border(cell)

    def run() -> torch.Tensor:
        padded = F.pad(image, (cols, cols, rows, rows), mode=border)
        return F.conv2d(F.conv2d(padded, down), across)

    return _contender(threads, run)


def kornia_filter2d(cell: Cell, data: Data, threads: int) -> Contender:
    """Return kornia.filters.filter2d."""
    from kornia.filters import filter2d

    image, kernel = _tensor(nchw(data.image, cell.layout)), torch.from_numpy(data.kernel)[None]
    border = _border(cell)
    return _contender(threads, lambda: filter2d(image, kernel, border_type=border))


def _contender(threads: int, run: Callable[[], torch.Tensor]) -> Contender:
    torch.set_num_threads(threads)

    def quietly() -> torch.Tensor:
        with torch.inference_mode():
            return run()

    return Contender("", quietly, lambda result: result.numpy())


def _convolution(cell: Cell, image: torch.Tensor, weights: torch.Tensor, threads: int) -> Contender:
    """Return conv2d; zeros are its own padding, other borders are put around in the call."""
    (rows, cols), border = cell.pads, _border(cell)
    stride, dilation, groups, around = cell.stride, cell.dilation, cell.groups, (cols, cols, rows, rows)
    if cell.mode == "zeros" or cell.pads == (0, 0):
        return _contender(threads, lambda: F.conv2d(image, weights, None, stride, cell.pads, dilation, groups))
    return _contender(
        threads,
        lambda: F.conv2d(F.pad(image, around, mode=border), weights, None, stride, 0, dilation, groups),
    )


def _border(cell: Cell) -> str:
    if cell.mode not in BORDERS:
        raise UnfitError(f"has no {cell.mode} border")
    return BORDERS[cell.mode]


def _tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def _weights(cell: Cell, data: Data) -> torch.Tensor:
    weights = data.weights.astype(np.float32)
    if cell.layout == "hwc":
        weights = np.broadcast_to(weights, (cell.filters, 1, *cell.kernel[2:]))
    return _tensor(weights)


def _innermost(weights: torch.Tensor) -> torch.Tensor:
    """Return (filters, channels, rows, cols) with channels innermost in memory, in its strides as well."""
    filters, channels, rows, cols = weights.shape
    strides = (rows * cols * channels, 1, cols * channels, channels)
    return torch.empty_strided((filters, channels, rows, cols), strides).copy_(weights)
