"""Progressive resizing: the first epochs see small images, the last ones those of full size.

Source: J. Howard's fastai course, and M. Tan, Q. Le, "EfficientNetV2", arXiv:2104.00298, section 4.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from convista.network import Network
from convista.network.model import evaluating
from convista.training.settings import Settings

LARGE = 64
SMALLER = 2 / 3


def sizes_for(settings: Settings, network: Network) -> str:
    """Return the settings' sizes; "auto": if the images are over 64 pixels, two thirds of that first, then all of it.

    A network that takes images of one size only gets all of them so.
    """
    longest = max(network.image_shape[1:])
    if settings.sizes != "auto":
        return settings.sizes
    small = round(longest * SMALLER)
    return f"{small},{longest}" if longest > LARGE and _fits(network, small) else "none"


def side_at(sides: tuple[int, ...], epoch: int, epochs: int) -> int:
    """Return the longer side of the images in an epoch, counted from 0: equal parts, the later ones longer by one.

    >>> [side_at((32, 64, 96), epoch, 7) for epoch in range(7)]
    [32, 32, 64, 64, 96, 96, 96]
    >>> side_at((64, 96), 0, 1)
    96
    """
    return sides[len(sides) - 1 - (epochs - 1 - epoch) * len(sides) // epochs]


def resized(images: Tensor, side: int) -> Tensor:
    """Return float images (count, channels, rows, cols) whose longer side is `side`, and whose form is the same."""
    rows, cols = images.shape[2:]
    if side == max(rows, cols):
        return images
    size = [max(1, round(length * side / max(rows, cols))) for length in (rows, cols)]
    return functional.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def check_sizes(sides: tuple[int, ...], network: Network) -> None:
    """Refuse sizes beyond that of the images, and those for which the network has no one number a class."""
    longest, words = max(network.image_shape[1:]), ",".join(map(str, sides))
    if max(sides, default=0) > longest:
        raise ValueError(f"sizes (={words}) must not exceed the images' {longest} pixels; give a larger size, too")
    for side in sides:
        if not _fits(network, side):
            raise ValueError(
                f'sizes (={words}): the network (="{network.text}") does not give one number a class for images of '
                f'{side} pixels; end it with "mean", or leave that size out'
            )


def _fits(network: Network, side: int) -> bool:
    """Return whether the network gives one number a class for images of this size."""
    image = resized(torch.zeros(1, *network.image_shape), side)
    try:
        with evaluating(network):
            return tuple(network(image).shape) == (1, len(network.classes))
    except RuntimeError:
        return False
