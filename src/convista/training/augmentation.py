"""Every batch a little different: each image turned, stretched, slanted, shifted and mirrored at random, in one pass.

A mirrored 3 is no digit, so whether images are mirrored is a choice.
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
    mirrored: tuple[bool, bool] = (False, False)
    """Whether half of the images are turned left to right, and half of them upside down."""

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the images moved; `images` float (count, channels, rows, cols), and so is the result.

        What comes in from outside the image continues its edge.
        """
        count, _, rows, cols = images.shape
        grid = _grid(self.matrices(count, generator), rows, cols)  # (count, rows, cols, 2)
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
        matrices = torch.stack([across, down], dim=1)
        for axis, wanted in enumerate(self.mirrored):
            if wanted:
                matrices[:, :, axis] *= 1 - 2 * torch.randint(2, (count, 1), generator=generator)
        return matrices


def _grid(matrices: Tensor, rows: int, cols: int) -> Tensor:
    """Return where each pixel comes from (count, rows, cols, 2), in torch's terms: an image spans -1 to 1 both ways.

    One matrix product for all images; torch's affine_grid makes one for each, which takes ten times as long.
    """
    down, across = (torch.arange(size, dtype=torch.float32) - (size - 1) / 2 for size in (rows, cols))
    y, x = torch.meshgrid(down, across, indexing="ij")
    places = torch.stack([x.flatten(), y.flatten(), torch.ones(rows * cols)])  # (3, pixels), in pixels
    halves = torch.tensor([[2 / cols], [2 / rows]])
    sources = (matrices * halves).flatten(0, 1) @ places  # (count * 2, pixels)
    return sources.reshape(-1, 2, rows, cols).permute(0, 2, 3, 1)
