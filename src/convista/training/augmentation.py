"""Every batch a little different: each image turned, stretched, slanted and shifted at random, in one pass.

No flips: a mirrored 3 is no digit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Affine:
    """How far images may be moved, each by its own uniform draw between minus and plus these."""

    rotation: float
    """Degrees."""
    zoom: float
    """Of the logarithm of the size, rows and columns each on their own: 0.1 is about ten per cent."""
    shear: float
    """Pixels sideways per pixel down."""
    shift: float
    """Pixels, rows and columns each on their own."""

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the images moved; `images` float (count, channels, rows, cols), and so is the result.

        What comes in from outside the image continues its edge.
        """
        count, _, rows, cols = images.shape
        moves = _to_unit_squares(self.matrices(count, generator), rows, cols)  # (count, 2, 3)
        grid = functional.affine_grid(moves, list(images.shape), align_corners=False)  # (count, rows, cols, 2)
        return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)

    def matrices(self, count: int, generator: torch.Generator) -> Tensor:
        """Return `count` matrices (count, 2, 3) that say where each pixel comes from: (x, y, 1) to (x, y) in pixels.

        The origin is the middle of the image; x goes right, y goes down.
        """
        draws = 2 * torch.rand(6, count, generator=generator) - 1
        turn, slant, shift = draws[0] * math.radians(self.rotation), draws[1] * self.shear, draws[2:4] * self.shift
        wide, high = torch.exp(draws[4:] * self.zoom)
        cos, sin = torch.cos(turn), torch.sin(turn)
        across = torch.stack([wide * cos, slant - sin, shift[0]], dim=1)
        down = torch.stack([sin, high * cos, shift[1]], dim=1)
        return torch.stack([across, down], dim=1)


def _to_unit_squares(matrices: Tensor, rows: int, cols: int) -> Tensor:
    """Return the matrices in torch's coordinates, where an image of any shape spans -1 to 1 both ways."""
    ratio = cols / rows
    scale = torch.tensor([[1, 1 / ratio, 2 / cols], [ratio, 1, 2 / rows]])  # new = old * half size in, / out
    return matrices * scale
