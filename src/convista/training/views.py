"""Test-time averaging: an image seen in several ways, moved a little and mirrored where training mirrored it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from convista.training.settings import Settings

SHARE = 32
"""An image is moved by one pixel for each so many of its longer side, and by at least one."""
PLACES = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))


@dataclass(frozen=True, slots=True)
class View:
    """A way to see an image."""

    down: int = 0
    """Pixels by which it is moved."""
    right: int = 0
    mirrored: bool = False
    """Left to right."""
    upturned: bool = False

    def __call__(self, images: Tensor) -> Tensor:
        """Return images (count, channels, rows, cols) seen so; what comes in from outside continues the edge.

        >>> image = torch.tensor([[[[1, 2, 3]]]])
        >>> View(right=1)(image).tolist(), View(mirrored=True)(image).tolist()
        ([[[[1, 1, 2]]]], [[[[3, 2, 1]]]])
        """
        if self == STRAIGHT:
            return images
        rows, cols = images.shape[2:]
        moved = images[:, :, (torch.arange(rows) - self.down).clamp(0, rows - 1)]
        moved = moved[:, :, :, (torch.arange(cols) - self.right).clamp(0, cols - 1)]
        axes = [axis for axis, turned in ((3, self.mirrored), (2, self.upturned)) if turned]
        return moved.flip(axes)


STRAIGHT = View()


def views(settings: Settings, image_shape: tuple[int, int, int]) -> tuple[View, ...]:
    """Return the views of the settings' test-time averaging: the image itself first, then the others nearest to it.

    Only what training did is done: no mirroring where it mirrored nothing, no shifts where it moved nothing. So there
    may be fewer than were asked for.

    >>> [(view.right, view.mirrored) for view in views(Settings(tta=4, flip="horizontal"), (3, 32, 32))]
    [(0, False), (0, True), (1, False), (1, True)]
    >>> len(views(Settings(tta=36, flip="none", shift=0), (1, 28, 28))), len(views(Settings(tta=36), (1, 28, 28)))
    (1, 9)
    """
    pixels = max(1, round(max(image_shape[1:]) / SHARE))
    places = PLACES if settings.shift else PLACES[:1]
    mirrored = (False, True) if settings.flip in ("horizontal", "both") else (False,)
    upturned = (False, True) if settings.flip == "both" else (False,)
    found = [
        View(down * pixels, right * pixels, *turns) for (down, right), *turns in product(places, mirrored, upturned)
    ]
    return tuple(found[: settings.tta])
