"""A convolution with everything decided: sizes, padding, numbers. Made once, at the door; engines read it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from convista import window
from convista.errors import one_of
from convista.grid.border import MODES
from convista.grid.layout import Layout, read_layout, shape_of
from convista.grid.precision import Array, Precision, Weights, decide
from convista.kernel import Kernel, as_kernel
from convista.window import Padding, Pair


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be computed, in (images, channels, rows, cols)."""

    images: int
    channels: int
    size: Pair
    filters: int
    kernel: Pair
    stride: Pair
    pads: tuple[Pair, Pair]
    dilation: Pair
    groups: int
    padding_mode: str
    fill: float
    layout: Layout
    precision: Precision
    pixels: np.dtype[Any]
    """What the image holds, before it is read as `precision` says."""
    output_size: Pair
    """How many rows and cols the result has."""

    @property
    def has_channels_between(self) -> bool:
        """Whether in memory the other channels lie between a pixel and the next one."""
        return self.channels > 1 and self.layout.image.endswith("c")

    @property
    def output_nchw(self) -> tuple[int, int, int, int]:
        """Sizes of the result: (images, filters, rows, cols)."""
        return (self.images, self.filters, *self.output_size)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Sizes of the result in the order that the caller gets."""
        return shape_of(self.layout.result, self.output_nchw)

    @property
    def multiply_adds(self) -> int:
        """One for each weight at each stop."""
        rows, cols = self.kernel
        return int(np.prod(self.output_nchw)) * (self.channels // self.groups) * rows * cols

    @property
    def bytes(self) -> int:
        """The least that must move: the image once, the weights once, the result once."""
        rows, cols = self.size
        pixels = self.images * self.channels * rows * cols
        weights = self.filters * (self.channels // self.groups) * self.kernel[0] * self.kernel[1]
        results = int(np.prod(self.output_nchw))
        return (pixels + weights) * self.precision.work.itemsize + results * self.precision.result.itemsize


def read_kernel_argument(kernel: Any, *, flip: bool = False) -> Weights:
    """Return the numbers of a `Kernel`, a text, a file, several of them, an array, a tensor or a nested list."""
    if isinstance(kernel, (Kernel, str, os.PathLike)):
        weights = Weights(np.asarray(as_kernel(kernel)), weak=True)
    elif isinstance(kernel, Sequence) and len(kernel) > 0 and all(isinstance(k, (Kernel, str)) for k in kernel):
        weights = Weights(_bank([as_kernel(k) for k in kernel]), weak=True)
    else:
        weights = Weights(_array("kernel", kernel), weak=False)
    if weights.array.ndim >= 2 and 0 in weights.array.shape:
        raise ValueError(f"kernel (shape {weights.array.shape}) has no weights; the smallest is 1x1")
    return Weights(weights.array[..., ::-1, ::-1], weights.weak) if flip else weights


def read_problem(
    image: Array,
    weights: Weights,
    bias: Weights | None,
    *,
    stride: int | Sequence[int],
    padding: Padding,
    dilation: int | Sequence[int],
    groups: int,
    padding_mode: str,
    fill: float,
    dtype: DTypeLike | None,
    batch: bool,
    channels_last: bool,
    precision: str = "standard",
) -> Problem:
    """Check everything that a caller can get wrong, and decide the rest."""
    layout = read_layout(image.shape, weights.array.shape, batch=batch, channels_last=channels_last)
    size = dict(zip(layout.image, image.shape, strict=True))
    channels = size.get("c", 1)
    if channels == 0:
        raise ValueError(f"image (shape {image.shape}) has no channels; give one at least")
    filters = (
        channels if layout.each_channel else dict(zip(layout.kernel, weights.array.shape, strict=True)).get("f", 1)
    )
    groups = channels if layout.each_channel else window.whole("groups", groups, 1)
    _check_channels(layout, channels, filters, groups, weights.array.shape)
    _check_bias(None if bias is None else bias.array, filters, layout)
    kernel = (weights.array.shape[-2], weights.array.shape[-1])
    strides, dilations = window.pair("stride", stride), window.pair("dilation", dilation)
    pads = window.pads_of_both(padding, kernel, strides, dilations)
    _check_border(padding_mode, fill, (size["h"], size["w"]), pads)
    return Problem(
        images=size.get("n", 1),
        channels=channels,
        size=(size["h"], size["w"]),
        filters=filters,
        kernel=kernel,
        stride=strides,
        pads=pads,
        dilation=dilations,
        groups=groups,
        padding_mode=padding_mode,
        fill=fill,
        layout=layout,
        precision=decide(image, weights, bias, fill, dtype, precision),
        pixels=image.dtype,
        output_size=window.output_size((size["h"], size["w"]), kernel, strides, pads, dilations),
    )


def four_axes(problem: Problem, kernel: Any) -> Any:
    """Return a kernel (array or tensor) as (filters, channels / groups, rows, cols)."""
    if kernel.ndim == 4:
        return kernel
    if kernel.ndim == 3:
        return kernel[:, None]
    together = kernel[None, None]
    if not problem.layout.each_channel:
        return together
    shape = (problem.channels, 1, *problem.kernel)  # the same weights for each channel
    return together.expand(shape) if hasattr(kernel, "expand") else np.broadcast_to(together, shape)


def read_bias(bias: Any) -> Weights | None:
    """Return a bias of no or one axis; a Python number has no precision of its own."""
    if bias is None:
        return None
    return Weights(_array("bias", bias), weak=isinstance(bias, (int, float)) and not isinstance(bias, np.generic))


def _array(name: str, thing: Any) -> Array:
    try:
        return np.asarray(thing)
    except ValueError as error:  # a ragged list
        raise ValueError(f"{name} must be an array with rows of equal length: {error}") from None
    except RuntimeError as error:  # a list of tensors that require a gradient
        raise TypeError(f"{name} can't become one array: {error.args[0]} With torch.stack it is one tensor") from None


def _bank(kernels: list[Kernel]) -> Array:
    shapes = {kernel.weights.shape for kernel in kernels}
    if len(shapes) > 1:
        raise ValueError(f"kernel: the kernels of a bank must have one size, not {sorted(shapes)}")
    return np.stack([kernel.weights for kernel in kernels])  # (filters, rows, cols)


def _check_channels(layout: Layout, channels: int, filters: int, groups: int, kernel_shape: tuple[int, ...]) -> None:
    per_filter = kernel_shape[1] if layout.kernel == "fchw" else 1
    if layout.each_channel:
        return
    if channels % groups or filters % groups:
        raise ValueError(f"groups (={groups}) must divide the channels (={channels}) and the filters (={filters})")
    if per_filter * groups != channels:
        raise ValueError(
            f"kernel (shape {kernel_shape}) meets {per_filter} channels a filter in {groups} groups, that is "
            f"{per_filter * groups}; the image has {channels}"
        )


def _check_bias(bias: Array | None, filters: int, layout: Layout) -> None:
    if bias is None or bias.shape == ():
        return
    if layout.each_channel or bias.shape != (filters,):
        wanted = "one number" if layout.each_channel else f"one number or {filters}, one a filter"
        raise ValueError(f"bias (shape {bias.shape}) must be {wanted}")


def _check_border(mode: str, fill: Any, size: Pair, pads: tuple[Pair, Pair]) -> None:
    one_of("padding_mode", mode, MODES)
    if not isinstance(fill, Real):
        raise TypeError(f"fill (={fill!r}) must be a real number")
    if mode != "zeros" and fill != 0:
        raise ValueError(f'fill (={fill}) is used by padding_mode "zeros" only, not by "{mode}"; leave one of them out')
    if 0 in size and mode != "zeros" and any(map(any, pads)):
        raise ValueError(f'image ({size[0]} rows, {size[1]} cols) has no pixel that padding_mode "{mode}" could repeat')
