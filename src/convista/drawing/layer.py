"""A live torch layer as a picture: where its kernel lands, and the numbers it made of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convista import window
from convista.errors import one_of
from convista.grid import Stop
from convista.image import as_array
from convista.picture.diagram.arithmetic import picture_of
from convista.picture.diagram.channels import Channels, channels_scene, told_of
from convista.picture.diagram.landing import Axis, Convolution
from convista.picture.diagram.picture import Picture
from convista.picture.diagram.reading import hanging_over
from convista.picture.diagram.sum import sum_scene

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
VIEWS = ("stops", "matrix", "channels")


def has_window(module: object) -> bool:
    """Return whether a module is one layer whose kernel stops at places: a convolution or a pooling."""
    return isinstance(module, (*CONVOLUTIONS, *POOLS))


def draw_layer(
    layer: Any, image: Any, input_size: int | Sequence[int] | None, *, view: str | None, channel: int, language: str,
    animated: bool,
) -> Picture:  # fmt: skip
    """Draw the stops of a layer, or its matrix or channels; with an image of one channel a group, all numbers."""
    one_of("view", view or "stops", VIEWS)
    looks: dict[str, Any] = {"language": language, "animated": animated}
    if view == "channels":
        return Picture(channels_scene(channels_of(layer), language=language), animated)
    if image is None:
        notes = (told_of(channels_of(layer), language),) if isinstance(layer, CONVOLUTIONS) else ()
        return picture_of(plan_of(layer, _sizes(layer, input_size)), view=view or "stops", notes=notes, **looks)
    pixels, output = _run(layer, image)
    plan = plan_of(layer, pixels.shape[1:])
    numbers, bias = _numbers(layer, pixels, output, channel)
    return picture_of(plan, numbers, bias, view=view or "stops", **looks)


def draw_sum(layer: Any, image: Any, at: tuple[int, ...], *, language: str, animated: bool) -> Picture:
    """Draw one number of a layer's output as the sum it is, with all channels."""
    if not isinstance(layer, nn.Conv2d) or image is None or len(at) != 3:
        raise ValueError(
            f"at (={at}) must be (channel, row, col) of a Conv2d's output, and image be given; "
            "leave it out to draw the layer's stops"
        )
    pixels, _ = _run(layer, image)
    return Picture(sum_scene(stop_of(layer, image, at), pixels, language=language), animated)


def plan_of(layer: Any, sizes: Sequence[int]) -> Convolution:
    """Return where a layer's kernel lands on an input of these sizes.

    >>> plan_of(nn.Conv2d(3, 8, 3, stride=2, padding=1), (28, 28)).output
    (14, 14)
    >>> plan_of(nn.MaxPool2d(2, ceil_mode=True), (5, 5)).output
    (3, 3)
    """
    dims = len(sizes)
    kernels, strides = _each(layer.kernel_size, dims), _each(layer.stride, dims)
    dilations = _each(getattr(layer, "dilation", 1), dims)
    more = _each(getattr(layer, "output_padding", 0), dims)
    transposed = bool(getattr(layer, "transposed", False))
    axes = []
    for n, k, s, d, extra, p in zip(sizes, kernels, strides, dilations, more, _paddings(layer, dims), strict=True):
        before, after = window.pads(p, k, s, d)
        if getattr(layer, "ceil_mode", False):
            after += hanging_over(n, k, s, (before, after), d)
        axes.append(Axis(n, k, s, before, after, d, transposed, extra))
    plan = Convolution(tuple(axes))
    _ = plan.output  # for its error
    return plan


def channels_of(layer: Any) -> Channels:
    """Return how a convolution's channels hang together.

    >>> channels_of(nn.Conv2d(4, 8, 3, groups=4)).weights
    9
    """
    if not isinstance(layer, CONVOLUTIONS):
        raise TypeError('view (="channels") is for convolutions; pooling leaves every channel on its own')
    weights = layer.in_channels // layer.groups * int(np.prod(layer.kernel_size))
    return Channels(layer.in_channels, layer.out_channels, layer.groups, weights)


def stop_of(layer: nn.Conv2d, image: Any, at: tuple[int, ...]) -> Stop:
    """Return one number of a layer's output as a sum; its total is the layer's own number."""
    pixels, output = _run(layer, image)
    channel, row, col = at
    if not all(0 <= place < size for place, size in zip(at, output.shape, strict=True)):
        raise IndexError(f"at (={at}) must be inside the layer's output of shape {output.shape}")
    axes = plan_of(layer, pixels.shape[1:]).axes
    rows, cols = (_span(axis, place) for axis, place in zip(axes, (row, col), strict=True))
    under = [list(axis.taps(place)) for axis, place in zip(axes, (row, col), strict=True)]
    read = list(channels_of(layer).reads(channel))
    seen = _padded(layer, pixels, axes)[np.ix_(read, *under)]
    weights = layer.weight.detach()[channel].numpy()
    bias = 0.0 if layer.bias is None else float(layer.bias.detach()[channel])
    products = seen.astype(np.float64) * weights.astype(np.float64)
    name = "×".join(map(str, layer.kernel_size))
    return Stop(name, row, col, rows, cols, seen, weights, products, bias, float(output[at]))


def _span(axis: Axis, stop: int) -> range:
    start = stop * axis.stride - axis.before
    return range(start, start + axis.kernel * axis.dilation, axis.dilation)


def _run(layer: Any, image: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the image as (channels, ...), and what the layer makes of it."""
    dims = len(_each(layer.kernel_size, _dims(layer)))
    array = np.asarray(as_array(image))
    if array.ndim == dims:
        array = array[None]
    if array.ndim == dims + 2 and len(array) == 1:
        array = array[0]
    if array.ndim != dims + 1:
        raise ValueError(f"image (shape {array.shape}) must have {dims} axes, with the channels in front {dims + 1}")
    weight = getattr(layer, "weight", None)
    kind = weight.dtype if isinstance(weight, Tensor) else torch.float32
    with torch.no_grad():
        made = layer(torch.from_numpy(np.ascontiguousarray(array)).to(kind)[None])[0]
    return torch.from_numpy(np.ascontiguousarray(array)).to(kind).numpy(), made.numpy()


def _numbers(
    layer: Any, pixels: NDArray[Any], output: NDArray[Any], channel: int
) -> tuple[tuple[NDArray[Any], NDArray[Any], NDArray[Any]], float]:
    """Return image, kernel and output of one output channel that reads one input channel, and its bias."""
    if not isinstance(layer, CONVOLUTIONS):
        raise TypeError("image can't be drawn under a pooling layer, which has no weights; give input_size instead")
    read = channels_of(layer).reads(channel)
    if len(read) != 1:
        raise ValueError(
            f"image has {len(read)} channels that each number of the output adds up; draw one of them with "
            f"at=({channel}, row, col), or the layer without numbers with input_size={pixels.shape[1:]}"
        )
    if layer.padding_mode != "zeros":
        raise ValueError(
            f'padding_mode (="{layer.padding_mode}") has other numbers than zeros around the image; '
            "pad the image first, and draw a layer without padding"
        )
    weights = layer.weight.detach().numpy()
    each = layer.out_channels // layer.groups
    kernel = weights[read[0], channel % each] if layer.transposed else weights[channel, 0]
    bias = 0.0 if layer.bias is None else float(layer.bias.detach()[channel])
    return (pixels[read[0]], kernel, output[channel]), bias


def _padded(layer: nn.Conv2d, pixels: NDArray[Any], axes: Sequence[Axis]) -> NDArray[Any]:
    edges = [(0, 0), *((axis.before, axis.after) for axis in axes)]
    modes = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    padded: NDArray[Any] = np.pad(pixels, edges, mode=modes[layer.padding_mode])  # type: ignore[call-overload]
    return padded


def _sizes(layer: Any, input_size: int | Sequence[int] | None) -> tuple[int, ...]:
    dims = _dims(layer)
    if input_size is None:
        raise ValueError(f"input_size (=None) must be given, or an image: {dims} numbers, such as {(5,) * dims}")
    several = (input_size,) * dims if isinstance(input_size, int) else tuple(input_size)
    if not dims <= len(several) <= dims + 2:
        raise ValueError(f"input_size (={input_size}) must be {dims} numbers, with the channels in front {dims + 1}")
    return several[-dims:]


def _dims(layer: Any) -> int:
    return int(type(layer).__name__[-2]) if type(layer).__name__[-2:] in ("1d", "2d", "3d") else _by_class(layer)


def _by_class(layer: Any) -> int:
    """Return the axes of a subclass by the class of torch that it comes from."""
    return next(int(kind.__name__[-2]) for kind in (*CONVOLUTIONS, *POOLS) if isinstance(layer, kind))


def _each(value: Any, dims: int) -> tuple[int, ...]:
    return (int(value),) * dims if isinstance(value, int) else tuple(int(one) for one in value)


def _paddings(layer: Any, dims: int) -> Sequence[Any]:
    return (layer.padding,) * dims if isinstance(layer.padding, str) else _each(layer.padding, dims)
