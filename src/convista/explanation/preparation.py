"""From an image file's pixels to what a network is given, step by step, each step a node like the network's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from convista.explanation.node import INPUT
from convista.image import as_array, eight_bit, read_image, resized, with_channels
from convista.image.fitting import inside

if TYPE_CHECKING:
    from convista.explanation.recording import Recorder

PREPARATION = "preparation"
"""What the op of such a node is called."""

Pixels = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One of them."""

    name: str
    kind: str
    tensor: Tensor
    """(1, channels, rows, cols) after it."""
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An image on its way into a network; `convista.trace` takes it for an input."""

    steps: tuple[Step, ...]
    """The first holds the image's own pixels."""

    @property
    def tensor(self) -> Tensor:
        """What the network is given: (1, channels, rows, cols)."""
        return self.steps[-1].tensor

    def record(self, recorder: Recorder, given: Tensor) -> None:
        """Take the steps down; the last one's result is what the network is given."""
        made: Tensor | None = None
        for step in self.steps:
            args = () if made is None else (recorder.ref(made),)
            made = given if step is self.steps[-1] else step.tensor
            node = recorder.add(step.kind, PREPARATION, None, args, step.told, [made])
            node.name = step.name


def prepare(image: object, shape: tuple[int, int, int] | None = None, *, divisor: float = 1.0) -> Prepared:
    """Bring an image to a network's form as training and prediction do, and keep every step.

    Parameters
    ----------
    image
        A path, an array (rows, cols) or (rows, cols, 3), or a PIL image.
    shape
        ``(channels, rows, cols)``; None: as it is.
    divisor
        Of the pixels, which become float32 by it; 1: they stay bytes, as the networks of convista want them.

    Examples
    --------
    >>> prepared = prepare(np.zeros((56, 40, 3), np.uint8), (1, 28, 28))
    >>> [step.name for step in prepared.steps]
    ['image', 'image.cols', 'image.rows', 'image.frame', 'image.grey', 'input']
    >>> prepared.tensor.shape
    torch.Size([1, 1, 28, 28])
    """
    pixels = read_image(image) if isinstance(image, (str, os.PathLike)) else as_array(image, "image")
    try:
        byte = eight_bit(pixels)
    except ValueError as error:
        raise ValueError(f"image can't be prepared: {error}") from None
    steps = [Step("image", INPUT, _tensor(pixels))]
    if byte is not pixels:
        steps.append(Step("image.high_byte", "high_byte", _tensor(byte)))
    if shape is not None:
        steps += _fitted(byte, shape)
    last = steps[-1].tensor
    if divisor != 1:
        last = last.float() / divisor
        steps.append(Step("image.scaled", "scaled", last, {"divisor": divisor}))
    return Prepared((*steps, Step("input", "prepared", last.clone())))


def _fitted(image: Pixels, shape: tuple[int, int, int]) -> Iterator[Step]:
    """Yield what `convista.image.fitted` does: Pillow scales along the rows first, then down the columns."""
    channels, *size = shape
    rows, cols = inside(image.shape[:2], (size[0], size[1]))
    for name, axis, goal in (("image.cols", 3, (image.shape[0], cols)), ("image.rows", 2, (rows, cols))):
        if image.shape[:2] != goal:
            image = np.asarray(Image.fromarray(image).resize(goal[::-1], Image.Resampling.BILINEAR))
            yield Step(name, "resize", _tensor(image), {"axis": axis})
    if [rows, cols] != size:
        place = {"top": (size[0] - rows) // 2, "left": (size[1] - cols) // 2}
        image = resized(image, (size[0], size[1]))
        yield Step("image.frame", "frame", _tensor(image), place)
    if channels == 1 and image.ndim == 3:
        yield Step("image.grey", "grey", torch.from_numpy(with_channels(image, 1))[None])
    elif channels != 1 and image.ndim == 2:
        yield Step("image.channels", "channels", torch.from_numpy(with_channels(image, channels))[None])


def _tensor(image: Pixels) -> Tensor:
    """Return an image, (rows, cols) or (rows, cols, 3), as (1, channels, rows, cols)."""
    last = np.ascontiguousarray(image[None] if image.ndim == 2 else image.transpose(2, 0, 1))
    if last.dtype == np.uint16:  # torch knows few ops of it
        last = last.astype(np.int32)
    return torch.from_numpy(last.copy())[None]
