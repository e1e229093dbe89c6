"""What each axis of an array means, in letters: n (images), c (channels), h (rows), w (columns).

The number of axes and two flags decide; sizes never do. Where that leaves two readings, the error lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

# (image axes, kernel axes) -> result axes. In a result, c counts the filters.
READINGS: Mapping[tuple[str, str], str] = {
    ("hw", "hw"): "hw",
    ("hw", "fhw"): "chw",
    ("hw", "fchw"): "chw",
    ("chw", "fchw"): "chw",
    ("nhw", "hw"): "nhw",
    ("nhw", "fhw"): "nchw",
    ("nhw", "fchw"): "nchw",
    ("nchw", "fchw"): "nchw",
    ("hwc", "hw"): "hwc",  # each channel on its own
    ("hwc", "fchw"): "hwc",
    ("nhwc", "hw"): "nhwc",  # each channel on its own
    ("nhwc", "fchw"): "nhwc",
}

SPOKEN = {"n": "images", "c": "channels", "f": "filters", "h": "rows", "w": "cols"}

AMBIGUOUS = """image {image} with kernel {kernel} has more than one reading; say which one you mean:
  one image, filters over all its channels:  a kernel (filters, channels, rows, cols){one_filter}
  a stack of images:                         batch=True, image (images, rows, cols)
  each channel on its own:                   channels_last=True, image (rows, cols, channels), kernel (rows, cols)"""


@dataclass(frozen=True, slots=True)
class Layout:
    """The axes of an image, a kernel and the result, as letters."""

    image: str
    kernel: str
    result: str

    @property
    def each_channel(self) -> bool:
        """Whether one kernel meets each channel on its own."""
        return "c" in self.image and self.kernel == "hw"


def read_layout(
    image_shape: tuple[int, ...], kernel_shape: tuple[int, ...], *, batch: bool = False, channels_last: bool = False
) -> Layout:
    """Return what the axes mean.

    >>> read_layout((28, 28), (3, 3))
    Layout(image='hw', kernel='hw', result='hw')
    >>> read_layout((10, 28, 28), (8, 3, 3), batch=True).result
    'nchw'
    """
    image = _image_axes(image_shape, batch=batch, channels_last=channels_last)
    kernel = {2: "hw", 3: "fhw", 4: "fchw"}.get(len(kernel_shape))
    if kernel is None:
        raise ValueError(
            f"kernel (shape {kernel_shape}) must have 2 axes (rows, cols), 3 (filters, rows, cols) or "
            f"4 (filters, channels, rows, cols), not {len(kernel_shape)}"
        )
    result = READINGS.get((image, kernel))
    if result is None:
        one_filter = "; for one filter: kernel[None]" if kernel == "fhw" else ""
        raise ValueError(AMBIGUOUS.format(image=image_shape, kernel=kernel_shape, one_filter=one_filter))
    return Layout(image, kernel, result)


def _image_axes(shape: tuple[int, ...], *, batch: bool, channels_last: bool) -> str:
    axes = {
        (2, False, False): "hw",
        (3, False, False): "chw",
        (3, True, False): "nhw",
        (3, False, True): "hwc",
        (4, False, False): "nchw",
        (4, True, False): "nchw",
        (4, False, True): "nhwc",
        (4, True, True): "nhwc",
    }.get((len(shape), batch, channels_last))
    if axes is None:
        flags = [name for name, on in (("batch", batch), ("channels_last", channels_last)) if on]
        said = f" with {' and '.join(f'{flag}=True' for flag in flags)}" if flags else ""
        raise ValueError(
            f"image (shape {shape}){said} has {len(shape)} axes; it must be (rows, cols), (channels, rows, cols), "
            "(images, channels, rows, cols), (images, rows, cols) with batch=True, "
            "or (rows, cols, channels) with channels_last=True"
        )
    return axes


def spoken(axes: str) -> str:
    """Return axes in words.

    >>> spoken("chw")
    '(channels, rows, cols)'
    """
    return f"({', '.join(SPOKEN[axis] for axis in axes)})"


def to_nchw(array: Any, axes: str) -> Any:
    """Return a view of `array` (NumPy or torch) as (images, channels, rows, cols), missing axes of size 1."""
    order, index = _order_and_index(axes)
    if order is not None:
        array = array.permute(order) if hasattr(array, "permute") else array.transpose(order)
    return array if index is None else array[index]


@cache
def _order_and_index(axes: str) -> tuple[list[int] | None, tuple[slice | None, ...] | None]:
    """Return how to move the axes to the order n, c, h, w, and what adds the missing ones; None for nothing to do."""
    order = [axes.index(axis) for axis in "nchw" if axis in axes]
    index = tuple(slice(None) if axis in axes else None for axis in "nchw")
    return (None if order == sorted(order) else order), (None if None not in index else index)


def from_nchw(array: Any, axes: str) -> Any:
    """Undo `to_nchw`: drop the axes that `axes` lacks, and put the others in its order."""
    kept = [axis for axis in "nchw" if axis in axes]
    dropped = array[tuple(slice(None) if axis in axes else 0 for axis in "nchw")]
    order = [kept.index(axis) for axis in axes]
    return dropped.permute(order) if hasattr(dropped, "permute") else dropped.transpose(order)


def shape_of(axes: str, nchw: tuple[int, int, int, int]) -> tuple[int, ...]:
    """Return the sizes `nchw` in the order of `axes`.

    >>> shape_of("hwc", (1, 3, 28, 20))
    (28, 20, 3)
    """
    sizes = dict(zip("nchw", nchw, strict=True))
    return tuple(sizes[axis] for axis in axes)
