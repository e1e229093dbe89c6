"""A convolution from whole numbers: one for all axes, or one each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from convista import window
from convista.picture.diagram.landing import Axis, Convolution
from convista.window import Padding, whole

Whole: TypeAlias = int | Sequence[int]


def convolution(
    size: Whole,
    kernel: Whole,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    *,
    transposed: bool = False,
    output_padding: Whole = 0,
    ceil_mode: bool = False,
) -> Convolution:
    """Return where a kernel lands on each of one to three axes.

    Parameters
    ----------
    size
        (cols,), (rows, cols) or (depth, rows, cols); one number: a square.
    kernel, stride, dilation, output_padding
        One number for all axes or one each.
    padding
        A word of `convista.window`, a number, one each, or a pair (before, after) each; a transposed convolution takes
        numbers.
    ceil_mode
        Whether the last window may hang over the end, where what it lacks is drawn as padding.

    Examples
    --------
    >>> convolution(28, 3, stride=2, padding=1).output, convolution((8, 12), (3, 5), padding="same").output
    ((14, 14), (8, 12))
    >>> convolution((14,), 3, 2, 1, transposed=True, output_padding=1).output
    (28,)
    """
    sizes = (size, size) if isinstance(size, int) else tuple(size)
    if not 1 <= len(sizes) <= 3:
        raise ValueError(f"size (={size!r}) must be one to three numbers: (cols,), (rows, cols) or (depth, rows, cols)")
    dims = len(sizes)
    kernels, strides = _each("kernel", kernel, dims, 1), _each("stride", stride, dims, 1)
    dilations, more = _each("dilation", dilation, dims, 1), _each("output_padding", output_padding, dims, 0)
    edges = _edges(padding, kernels, strides, dilations, transposed)
    if ceil_mode:
        ends = map(hanging_over, sizes, kernels, strides, edges, dilations)
        edges = [(before, after + more) for (before, after), more in zip(edges, ends, strict=True)]
    axes = tuple(
        Axis(whole("size", n, 1), k, s, before, after, d, transposed, extra)
        for n, k, s, (before, after), d, extra in zip(sizes, kernels, strides, edges, dilations, more, strict=True)
    )
    plan = Convolution(axes)
    _ = plan.output  # for its error
    return plan


def _each(name: str, value: Whole, dims: int, least: int) -> tuple[int, ...]:
    several = (value,) * dims if isinstance(value, int) else tuple(value)
    if len(several) != dims:
        raise ValueError(f"{name} (={value!r}) must be one number or {dims}, one for each axis of size")
    return tuple(whole(name, number, least) for number in several)


def _edges(
    padding: Padding, kernels: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...], transposed: bool
) -> list[tuple[int, int]]:
    if transposed and isinstance(padding, str):
        raise ValueError(
            f'padding (="{padding}") of a transposed convolution must be numbers: what it crops on each side'
        )
    each: Sequence[Padding] = (padding,) * len(kernels) if isinstance(padding, (str, int)) else tuple(padding)
    if len(each) != len(kernels):
        raise ValueError(f"padding (={padding!r}) must be one number or {len(kernels)}, one for each axis of size")
    return [window.pads(p, k, s, d) for p, k, s, d in zip(each, kernels, strides, dilations, strict=True)]


def hanging_over(size: int, kernel: int, stride: int, edges: tuple[int, int], dilation: int) -> int:
    """Return what has to be added at the end for the last, incomplete window; it must begin before that end.

    >>> hanging_over(5, 2, 2, (0, 0), 1), hanging_over(6, 2, 3, (0, 0), 1), hanging_over(2, 2, 3, (0, 0), 1)
    (1, 0, 0)
    """
    before, after = edges
    span = window.reach(kernel, dilation)
    stops = -(-(size + before + after - span) // stride) + 1
    if (stops - 1) * stride >= size + before:
        stops -= 1
    return max((stops - 1) * stride + span - size - before - after, 0)
