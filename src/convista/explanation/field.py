"""What one number sees of the input."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Field:
    """The numbers of the input that one number of a model reads.

    Examples
    --------
    >>> holes = Field(np.array([[[1, 0, 1, 0]]], bool))
    >>> print(holes)
    rows 0..0, cols 0..2: 2 of the 3 pixels in the box are read
    """

    mask: Mask
    """True where a number of the input is read: (channels, rows, cols), as the input without the sample."""

    @property
    def pixels(self) -> Mask:
        """The same for any channel: (rows, cols)."""
        return np.asarray(self.mask.any(axis=0)) if self.mask.ndim > 2 else self.mask

    @property
    def box(self) -> tuple[range, ...]:
        """The smallest box that holds them all: (rows, cols) as ranges; empty ones where nothing is read."""
        pixels = self.pixels
        return tuple(_extent(pixels, axis) for axis in range(pixels.ndim))

    def __str__(self) -> str:
        box = self.box
        if not self.pixels.any():
            return "no number of the input is read"
        names = ("rows", "cols") if len(box) == 2 else ("",) * len(box)
        words = (f"{name} {axis.start}..{axis.stop - 1}".strip() for name, axis in zip(names, box, strict=True))
        inside, read = math.prod(map(len, box)), int(self.pixels.sum())
        what = "pixels" if len(box) == 2 else "numbers"
        return f"{', '.join(words)}: {read:,} of the {inside:,} {what} in the box are read"


def _extent(mask: Mask, axis: int) -> range:
    found = np.flatnonzero(mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis)))
    return range(int(found[0]), int(found[-1]) + 1) if found.size else range(0)
