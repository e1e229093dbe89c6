"""PIL images, tensors and nested lists to one array form; the rule stands at the head of `convista.image`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convista.image.guards import UnreadableError


def as_array(thing: object, argument: str = "image") -> NDArray[Any]:
    """Return `thing` as a NumPy array with its own dtype, without a copy where possible.

    NumPy arrays pass unchanged, big-endian, strided and read-only ones too. Torch tensors on the CPU share their
    memory; one that requires grad is detached, so gradients end here. PIL images become (rows, cols) or
    (rows, cols, 3) by the rule at the head of `convista.image`. Nested lists may hold numbers, 0-d tensors or rows.

    Parameters
    ----------
    thing
        An array, a tensor, a PIL image, nested lists, or anything with ``__array__``.
    argument
        How the caller's user calls it, for the errors.

    Raises
    ------
    TypeError
        It is none of these, or it doesn't hold numbers.
    ValueError
        Nested lists whose rows differ in length.

    Examples
    --------
    >>> as_array([[1, 2], [3, 4]])
    array([[1, 2],
           [3, 4]])
    >>> as_array([[1, 2], [3]])
    Traceback (most recent call last):
    ValueError: image (nested lists) must be rectangular: row 0 has 2 entries, row 1 has 1
    """
    if isinstance(thing, np.ndarray):
        return _numbers(thing, argument)
    if isinstance(thing, Image.Image):
        return array_of(thing)
    if hasattr(thing, "detach"):
        return _of_tensor(thing, argument)
    if isinstance(thing, (list, tuple)):
        return _numbers(_of_lists(thing, argument), argument)
    if hasattr(thing, "__array__"):
        return _numbers(np.asarray(thing), argument)
    if isinstance(thing, (str, os.PathLike)):
        raise TypeError(f'{argument} (="{thing}") is a path; read the file first: read_image("{thing}")')
    raise TypeError(f"{argument} (a {type(thing).__name__}) must be an array, a tensor, a PIL image or nested lists")


def array_of(image: Image.Image) -> NDArray[Any]:
    """Return a PIL image as an array of its own, by the rule at the head of `convista.image`."""
    if image.mode.startswith("I;16"):
        return _grey16(image)
    if image.mode == "I":
        return np.array(image, dtype=np.float64)
    return np.array(image if image.mode == "F" else _grey_or_rgb(image))


def _grey16(image: Image.Image) -> NDArray[np.uint16]:
    array = np.array(image, dtype=np.uint16)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        array[array == transparent] = 65535
    return array


def _grey_or_rgb(image: Image.Image) -> Image.Image:
    """Return the image in mode L or RGB."""
    if image.mode in ("L", "RGB") and "transparency" not in image.info:
        return image
    grey = image.mode in ("1", "L", "LA", "La") or (image.mode in ("P", "PA") and _palette_is_grey(image))
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        image = _over_white(image.convert("RGBA"))
    return image.convert("L" if grey else "RGB")


def _palette_is_grey(image: Image.Image) -> bool:
    entries = np.reshape(image.getpalette("RGB") or (), (-1, 3))  # (entries, channels)
    return bool((entries == entries[:, :1]).all())


def _over_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGB", image.size, "white")
    white.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return white


def _numbers(array: NDArray[Any], argument: str) -> NDArray[Any]:
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{argument} (a masked array) has no number where it is masked; fill it: {argument}.filled(0)")
    if array.dtype.kind not in "buifc":
        raise TypeError(f"{argument} (dtype {array.dtype}) must hold numbers")
    return np.asarray(array)


def _of_tensor(tensor: Any, argument: str) -> NDArray[Any]:
    if tensor.device.type != "cpu":
        raise TypeError(f"{argument} (a tensor on {tensor.device}) must be on the CPU; pass {argument}.cpu()")
    try:
        array: NDArray[Any] = tensor.detach().numpy()
    except (TypeError, RuntimeError) as error:
        kind = f"{tensor.dtype}, {tensor.layout}"
        raise TypeError(f"{argument} (a tensor, {kind}) has no NumPy form: {error}; try {argument}.float()") from error
    return array


def _of_lists(rows: list[Any] | tuple[Any, ...], argument: str) -> NDArray[Any]:
    try:
        return np.asarray(rows)
    except (TypeError, RuntimeError) as error:  # tensors inside
        raise TypeError(f"{argument} (nested lists) can't become one array: {error}") from error
    except ValueError as error:
        lengths = [len(row) if isinstance(row, (list, tuple)) else 1 for row in rows]
        odd = next((i for i, length in enumerate(lengths) if length != lengths[0]), None)
        reason = str(error) if odd is None else f"row 0 has {lengths[0]} entries, row {odd} has {lengths[odd]}"
        raise ValueError(f"{argument} (nested lists) must be rectangular: {reason}") from error


def settled(array: NDArray[Any]) -> NDArray[Any]:
    """Return an own copy in one of the dtypes that images have, without an axis for a single channel.

    >>> settled(np.array([[True, False]])), settled(np.array([[[7]]], ">u2")).dtype, settled(np.int16([[-1]]))
    (array([[255,   0]], dtype=uint8), dtype('uint16'), array([[-1.]]))
    """
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind not in "buif":
        raise UnreadableError(f"it holds {array.dtype} values, not real numbers")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]  # (rows, cols)
    if kind == "b":
        return np.array(array, dtype=np.uint8) * np.uint8(255)
    if kind == "f":
        return np.array(array, dtype=np.float32 if size <= 4 else np.float64)
    return np.array(array, dtype=f"u{size}" if kind == "u" and size <= 2 else np.float64)
