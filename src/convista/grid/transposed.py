"""The verb the other way: each pixel lays the kernel down, and where kernels overlap their numbers add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convista import window
from convista.grid import kinds
from convista.grid.precision import Array, Precision, decide
from convista.grid.problem import read_bias, read_kernel_argument
from convista.window import Pair

AXES = {2: "hw", 3: "chw", 4: "nchw"}


def conv_transpose2d(
    image: Any,
    kernel: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """Lay the kernel, times a pixel, down at every pixel's place, and add up: torch's transposed convolution.

    It answers to `conv2d` with the same stride, padding and dilation as a matrix does to its transpose.

    Parameters
    ----------
    image : array_like
        (rows, cols), (channels, rows, cols) or (images, channels, rows, cols); any kind that `conv2d` takes.
    kernel : array_like
        (rows, cols) for an image (rows, cols), else (channels, filters / groups, rows, cols), as in torch.
    bias : array_like, optional
        One number, or one a filter.
    stride, dilation : int or (int, int)
        Places between two pixels laid down, and between two weights.
    padding : int or (int, int)
        Pixels cropped from each side of the result: the padding of the convolution it transposes.
    output_padding : int or (int, int)
        Rows and cols more at the end, to choose among the sizes that the convolution brings to this one.
    groups : int
        The channels are split into so many groups.

    Returns
    -------
    array
        ``(size - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1 + output_padding`` rows and cols.

    Examples
    --------
    >>> conv_transpose2d([[1, 2], [3, 4]], [[1, 1], [1, 1]], stride=2)
    [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    """
    steps = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    pairs = {name: window.pair(name, value) for name, value in steps.items()}
    if kinds.needs_torch(image, kernel, bias):
        return _by_torch(image, kernel, bias, groups=groups, **pairs)
    arrived = kinds.arrive(image)
    weights, biases = read_kernel_argument(kernel), read_bias(bias)
    pixels, weights4 = _four_axes(arrived.array, weights.array, groups)
    filters = weights4.shape[1] * groups
    if biases is not None and biases.array.shape not in ((), (filters,)):
        raise ValueError(f"bias (shape {biases.array.shape}) must be one number or {filters}, one a filter")
    precision = decide(pixels, type(weights)(weights4.swapaxes(0, 1), weights.weak), biases, 0, None)
    sums = _lay_down(pixels, weights4, precision, groups=groups, **pairs)
    if biases is not None:
        sums = sums + biases.array.astype(sums.dtype).reshape(-1, 1, 1)
    result = sums.astype(precision.result, copy=False)
    return arrived.hand_back(np.ascontiguousarray(result.reshape(result.shape[4 - arrived.array.ndim :])))


def _four_axes(image: Array, kernel: Array, groups: int) -> tuple[Array, Array]:
    """Return (images, channels, rows, cols) and (channels, filters / groups, rows, cols)."""
    axes = AXES.get(image.ndim)
    if axes is None:
        raise ValueError(
            f"image (shape {image.shape}) must have 2, 3 or 4 axes: "
            "(rows, cols), (channels, rows, cols) or (images, channels, rows, cols)"
        )
    if kernel.ndim != (2 if image.ndim == 2 else 4):
        raise ValueError(
            f"kernel (shape {kernel.shape}) must be (rows, cols) for an image (rows, cols), "
            "else (channels, filters / groups, rows, cols)"
        )
    pixels = image[(None,) * (4 - image.ndim)]
    weights = kernel[(None,) * (4 - kernel.ndim)]
    channels = pixels.shape[1]
    if channels % window.whole("groups", groups, 1):
        raise ValueError(f"groups (={groups}) must divide the channels (={channels})")
    if weights.shape[0] != channels:
        raise ValueError(f"kernel (shape {kernel.shape}) is for {weights.shape[0]} channels; the image has {channels}")
    return pixels, weights


def _lay_down(
    pixels: Array, weights: Array, precision: Precision, *, stride: Pair, padding: Pair, output_padding: Pair,
    dilation: Pair, groups: int,
) -> Array:  # fmt: skip
    """Add each weight's picture of the pixels at its place; floats are summed in float64."""
    images, _, *size = pixels.shape
    wide = np.dtype(np.float64) if precision.work.kind == "f" else precision.work
    both = zip(size, weights.shape[2:], stride, padding, output_padding, dilation, strict=True)
    rows, cols = (window.transposed_output_size(*each) for each in both)
    filters = weights.shape[1] * groups
    room = [n + 2 * p + s for n, p, s in zip((rows, cols), padding, stride, strict=True)]  # a margin to crop
    sums = np.zeros((images, filters, *room), wide)
    parts = np.split(pixels.astype(wide), groups, axis=1)
    kernels = np.split(weights.astype(wide), groups)
    for i, j in np.ndindex(*weights.shape[2:]):
        placed = [np.einsum("nchw,cf->nfhw", part, k[:, :, i, j]) for part, k in zip(parts, kernels, strict=True)]
        down = slice(i * dilation[0], i * dilation[0] + (size[0] - 1) * stride[0] + 1, stride[0])
        right = slice(j * dilation[1], j * dilation[1] + (size[1] - 1) * stride[1] + 1, stride[1])
        sums[:, :, down, right] += np.concatenate(placed, axis=1)
    return sums[:, :, padding[0] : padding[0] + rows, padding[1] : padding[1] + cols]


def _by_torch(image: Any, kernel: Any, bias: Any, *, groups: int, **pairs: Pair) -> Any:
    import torch

    from convista.grid.gradient import as_tensors

    pixels, weights, biases = as_tensors(image, kernel, bias)
    flat = weights.ndim == 2  # (rows, cols), as for arrays
    result: torch.Tensor = torch.conv_transpose2d(
        pixels[None] if flat else pixels, weights[None, None] if flat else weights,
        None if biases is None else biases.reshape(-1), groups=groups, **pairs,
    )  # fmt: skip
    return result[0] if flat else result
