"""What a picture's axes mean: one channel, or red, green and blue. Never guessed from an ambiguous shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.image import as_array


def picture_array(image: object, channels_last: bool | None = None, argument: str = "image") -> NDArray[Any]:
    """Return `image` as (rows, cols) for one channel or (rows, cols, 3) for colour.

    Parameters
    ----------
    image
        An array, tensor, PIL image or nested list: (rows, cols), (1, rows, cols), (3, rows, cols) or
        (rows, cols, 3).
    channels_last
        Where the channels of three axes are. None: where the shape leaves only one reading.
    argument
        What the error calls it.

    Raises
    ------
    ValueError
        When the shape is none of these, or is two of them.

    Examples
    --------
    >>> picture_array(np.zeros((1, 28, 28))).shape, picture_array(np.zeros((3, 20, 30))).shape
    ((28, 28), (20, 30, 3))
    >>> picture_array(np.zeros((3, 5, 3)))
    Traceback (most recent call last):
    ValueError: image has shape (3, 5, 3), which can be read as 3 channels of 5 rows x 3 cols or as 3 rows x 5 cols
    of 3 channels; say channels_last=False or channels_last=True
    """
    array = numbers(image, argument)
    if array.ndim == 2:
        return array
    if array.ndim != 3:
        raise ValueError(f"{argument} {_shape(array)}; it must be (rows, cols) or colour with 1 or 3 channels"
                         f"{_fewer_axes(array, argument)}")  # fmt: skip
    if not _channels_are_last(array, channels_last, argument):
        array = np.moveaxis(array, 0, -1)  # (rows, cols, channels)
    return array[:, :, 0] if array.shape[2] == 1 else array


def plane(image: object, argument: str = "image") -> NDArray[Any]:
    """Return `image` as (rows, cols), or say how to choose one channel.

    >>> plane(np.zeros((1, 28, 28))).shape
    (28, 28)
    >>> plane(np.zeros((3, 20, 30)))
    Traceback (most recent call last):
    ValueError: image has shape (3, 20, 30), but one channel (rows, cols) is shown here; take one: image[0]
    """
    array = numbers(image, argument)
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim != 2:
        take = "[:, :, 0]" if array.ndim == 3 and array.shape[2] in (1, 3, 4) else "[0]" * max(array.ndim - 2, 0)
        hint = f"; take one: {argument}{take}" if take else ""
        raise ValueError(f"{argument} {_shape(array)}, but one channel (rows, cols) is shown here{hint}")
    return array


def numbers(thing: object, argument: str) -> NDArray[Any]:
    """Return `thing` as an array of at least one real number, in this machine's byte order."""
    array: NDArray[Any] = as_array(thing, argument)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{argument} has dtype {array.dtype}, which has no one brightness; give real numbers")
    if array.size == 0:
        raise ValueError(f"{argument} {_shape(array)}: there is no pixel to show")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _channels_are_last(array: NDArray[Any], channels_last: bool | None, argument: str) -> bool:
    first, last = array.shape[0] in (1, 3), array.shape[2] in (1, 3)
    if channels_last is None and first and last:
        a, b, c = array.shape
        raise ValueError(
            f"{argument} {_shape(array)}, which can be read as {a} channels of {b} rows x {c} cols or as "
            f"{a} rows x {b} cols of {c} channels; say channels_last=False or channels_last=True"
        )
    answer = last if channels_last is None else channels_last
    if not (last if answer else first):
        raise ValueError(f"{argument} {_shape(array)}; {_where(channels_last)} must be 1 or 3 channels"
                         f"{_fewer_axes(array, argument)}")  # fmt: skip
    return answer


def _where(channels_last: bool | None) -> str:
    if channels_last is None:
        return "its first or its last axis"
    return f"with channels_last={channels_last} its {'last' if channels_last else 'first'} axis"


def _fewer_axes(array: NDArray[Any], argument: str) -> str:
    if array.ndim == 4:
        return f"; one picture is {argument}[0]"
    if array.ndim == 3 and array.shape[2] == 4:
        return f'; without its transparency it is {argument}[:, :, :3], as a PIL image {argument}.convert("RGB")'
    if array.ndim == 3:
        return f"; many maps are drawn by show_grid, one is {argument}[0]"
    return ""


def _shape(array: NDArray[Any]) -> str:
    return f"has shape {array.shape}"
