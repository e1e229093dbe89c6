"""What is done to a batch beside moving its images: light, grey rectangles, and images mixed with their labels.

Sources: H. Zhang, M. Cisse, Y. Dauphin, D. Lopez-Paz, "mixup", arXiv:1710.09412; S. Yun and others, "CutMix",
arXiv:1905.04899; Z. Zhong and others, "Random erasing data augmentation", arXiv:1708.04896.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

Rectangle = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Mixing:
    """How much of each; nothing of any changes nothing, and draws no random number."""

    colour: float = 0.0
    erase: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0

    @property
    def mixes_labels(self) -> bool:
        """Whether an image may come out with the labels of two."""
        return bool(self.mixup or self.cutmix)

    def __call__(self, images: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return a batch changed: `images` float (count, channels, rows, cols), `targets` (count, classes).

        Where no labels are mixed, `targets` may be of any form.
        """
        if self.colour:
            images = _in_other_light(images, self.colour, generator)
        if self.erase:
            images = _erased(images, self.erase, generator)
        if self.mixup:
            images, targets = _mixed(images, targets, self.mixup, generator)
        if self.cutmix:
            images, targets = _cut(images, targets, self.cutmix, generator)
        return images, targets


def _in_other_light(images: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """Change each image's contrast around its mean, and then its brightness, by up to the share `most`."""
    contrast, brightness = 1 + most * (2 * torch.rand(2, len(images), 1, 1, 1, generator=generator) - 1)
    middle = images.mean(dim=(1, 2, 3), keepdim=True)
    lit: Tensor = ((images - middle) * contrast + middle) * brightness
    return lit


def _erased(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Make a rectangle of so many images grey, as grey as the image is on average."""
    chosen = torch.rand(len(images), generator=generator) < share
    images = images.clone()
    for number in chosen.nonzero().flatten().tolist():
        rows, cols = _rectangle(images, 0.05 + 0.25 * _draw(generator), generator)
        images[number, :, rows, cols] = images[number].mean()
    return images


def _mixed(images: Tensor, targets: Tensor, alpha: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    share, others = _beta(alpha, generator), torch.randperm(len(images), generator=generator)
    return _between(images, images[others], share), _between(targets, targets[others], share)


def _cut(images: Tensor, targets: Tensor, alpha: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    rows, cols = _rectangle(images, 1 - _beta(alpha, generator), generator)
    others = torch.randperm(len(images), generator=generator)
    cut = images.clone()
    cut[:, :, rows, cols] = images[others][:, :, rows, cols]
    kept = 1 - images[0, 0, rows, cols].numel() / images[0, 0].numel()
    return cut, _between(targets, targets[others], kept)


def _between(one: Tensor, other: Tensor, share: float) -> Tensor:
    return share * one + (1 - share) * other


def _rectangle(images: Tensor, area: float, generator: torch.Generator) -> Rectangle:
    """Return a rectangle of that share of the area, of the image's own form, anywhere in it."""
    places = []
    for size in images.shape[2:]:
        length = round(size * area**0.5)
        start = int(torch.randint(size - length + 1, (1,), generator=generator))
        places.append(slice(start, start + length))
    return places[0], places[1]


def _beta(alpha: float, generator: torch.Generator) -> float:
    """Draw from Beta(alpha, alpha); torch's own beta draws take no generator, so it gives NumPy the seed."""
    seed = int(torch.randint(2**62, (1,), generator=generator))
    return float(np.random.default_rng(seed).beta(alpha, alpha))


def _draw(generator: torch.Generator) -> float:
    return float(torch.rand(1, generator=generator, dtype=torch.float64))
