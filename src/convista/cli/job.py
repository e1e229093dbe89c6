"""What `convista apply` does with one image: a sum written out, a file, or a picture in the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import convista as cx
from convista.cli.picture import NUMBER_ENDINGS, as_picture, span
from convista.cli.printing import terminal_width
from convista.kernel import Kernel

LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in a grey picture: ITU-R BT.601, as Pillow and OpenCV have them."""
CHANNELS = ("red", "green", "blue")


@dataclass(frozen=True)
class Job:
    """A kernel and how to apply it."""

    kernel: Kernel
    terms: dict[str, Any]
    """Arguments of `conv2d`."""
    clip: bool = False
    grey: bool = False

    def read(self, path: Path) -> NDArray[Any]:
        """Return the image, as grey where that was asked for: (rows, cols) or (rows, cols, 3)."""
        image = cx.read_image(path)
        return grey(image) if self.grey and image.ndim == 3 else image

    def stops(self, path: Path, row: int, col: int) -> dict[str, cx.Stop]:
        """Return the sum at one place, of each channel."""
        image = self.read(path)
        weights: Any = self.kernel
        if self.terms["flip"]:
            weights = Kernel(f"{self.kernel.name}, flipped", self.kernel.weights[::-1, ::-1])
        if image.ndim == 2:
            return {"grey": cx.apply_kernel(image, row, col, weights)}
        return {name: cx.apply_kernel(image[..., i], row, col, weights) for i, name in enumerate(CHANNELS)}

    def result(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return the kernel's answer at every place, each channel on its own."""
        kind = None if not self.clip else image.dtype if image.dtype.kind == "u" else np.uint8
        result: NDArray[Any] = cx.conv2d(image, self.kernel, dtype=kind, channels_last=image.ndim == 3, **self.terms)
        return result

    def write(self, path: Path, target: Path) -> str:
        """Write the result, and return what was done."""
        image = self.read(path)
        values, channels = self.result(image), ", each channel on its own" if image.ndim == 3 else ""
        picture, shown = self.shown(values, image.dtype, target)
        cx.write_image(target, picture)
        size = " x ".join(map(str, picture.shape))
        return f"{target}: {self.kernel.name} on {path}{channels}; {size}; {shown}"

    def shown(self, values: NDArray[Any], kind: np.dtype[Any], target: Path) -> tuple[NDArray[Any], str]:
        """Return what is written into `target`, and how it shows the values."""
        ending = target.suffix.lower()
        if ending in NUMBER_ENDINGS:
            return values, f"{values.dtype} {span(values)} as they are"
        if self.clip:
            return values, f"values rounded and clipped to 0..{np.iinfo(values.dtype).max}"
        deep = kind == np.uint16 and ending == ".png" and values.ndim == 2
        picture, said = as_picture(values, 65535 if deep else None if kind.kind == "f" else 255)
        photo = abs(float(self.kernel.weights.sum()) - 1) < 1e-6  # a flat area keeps its brightness
        return picture, said + ("; for a picture like the photo add --clip" if photo and values.min() < 0 else "")

    def draw(self, path: Path) -> str:
        """Return the result as text for the terminal: a picture, or numbers where there is no colour."""
        from convista.picture.terminal import has_colour, terminal_image

        image = self.read(path)
        values, colour = self.result(image), has_colour()
        channels_last = True if values.ndim == 3 else None
        if not colour:
            return terminal_image(values, terminal_width(), colour=False, channels_last=channels_last)
        picture = values if values.ndim == 2 else as_picture(values, None if image.dtype.kind == "f" else 255)[0]
        drawn = terminal_image(picture, terminal_width(), colour=True, channels_last=channels_last)
        return f"{drawn}\n{self.kernel.name} on {path}: {span(values)}"


def grey(image: NDArray[Any]) -> NDArray[Any]:
    """Return the grey picture of a colour one, in its own numbers.

    >>> grey(np.array([[[255, 255, 255], [0, 255, 0]]], np.uint8))
    array([[255, 150]], dtype=uint8)
    """
    values: NDArray[Any] = image @ np.array(LUMA)  # (rows, cols)
    return (values if image.dtype.kind == "f" else values.round()).astype(image.dtype)
