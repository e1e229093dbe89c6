"""The network that takes pixels: its layers, its classes, and the scaling of its training images."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convista.network.answers import FileAnswer, FileRead, PathLike, Prediction, read_in_groups
from convista.network.description import Description, describe
from convista.network.inputs import count_of, images_of
from convista.network.layers import build
from convista.network.own import is_own, own_layers
from convista.progress import Progress
from convista.window import output_size


class Network(nn.Module):
    """A small CNN from pixels 0..255 to one number a class, with the scaling of the pixels inside.

    Parameters
    ----------
    text
        A network's name or line of text; see `build`. Or module:function, which makes a torch module of one's own.
    classes
        The names of the classes, in the order of the answer.
    image_shape
        ``(channels, rows, cols)`` of its images; `predict` brings other images to it.
    mean, std
        Of the training images, per channel, in units of a pixel; subtracted and divided by in front of the layers.

    Examples
    --------
    >>> net = Network("simple", classes=("3", "7"), image_shape=(1, 28, 28), mean=[33], std=[78])
    >>> net(torch.zeros(5, 1, 28, 28, dtype=torch.uint8)).shape
    torch.Size([5, 2])
    >>> print(net.text)
    3x3/2 8, 3x3/2 16, 3x3/2 32, 3x3/2 64, 3x3/2 classes
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        text: str,
        *,
        classes: Sequence[str],
        image_shape: tuple[int, int, int],
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        super().__init__()
        channels = image_shape[0]
        self.text = text.strip() if is_own(text) else str(_fitting(text, image_shape))
        self.classes = tuple(classes)
        self.image_shape = image_shape
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).reshape(channels, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).reshape(channels, 1, 1))
        self.layers: nn.Module = (
            own_layers(self.text, image_shape, len(self.classes))
            if self.is_own
            else build(self.text, channels, len(self.classes))
        )

    @property
    def is_own(self) -> bool:
        """Whether its layers are made by a function of the user's own."""
        return is_own(self.text)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (images, classes) for `images` (images, channels, rows, cols), uint8 or float, 0..255."""
        pixels = images.to(self.mean.dtype)
        logits: Tensor = self.layers((pixels - self.mean) / self.std)
        return logits

    def predict(self, things: object, batch: int = 256) -> list[Prediction]:
        """Return what the network says of each image, in order.

        Parameters
        ----------
        things
            A path, a folder (its image files, sorted by path), an array or tensor, a PIL image, or several of these.
            Arrays hold pixels 0..255: (rows, cols), (rows, cols, channels), (channels, rows, cols), or many images
            (images, channels, rows, cols). Images of another size or number of channels are brought to the network's
            as the training images were.
        batch
            How many images at a time.

        Raises
        ------
        FileNotFoundError, convista.image.ImageFileError
            For a path that is not there or not an image.
        ValueError
            For an array of another shape.

        Notes
        -----
        A line on stderr says how far it is, where stderr is a terminal.
        """
        return [self._prediction(row) for row in self.probabilities(things, batch)]

    def probabilities(self, things: object, batch: int = 256) -> NDArray[np.float32]:
        """Return the probability of each class for each image, (images, classes); `things` is as in `predict`.

        >>> net = Network("simple", classes=("3", "7"), image_shape=(1, 28, 28), mean=[33], std=[78])
        >>> net.probabilities(np.zeros((5, 1, 28, 28))).shape
        (5, 2)
        """
        _check_batch(batch)
        rows, images = [np.empty((0, len(self.classes)), np.float32)], images_of(things, self.image_shape)
        with Progress("predicting", count_of(things) or 0) as progress:
            while group := list(islice(images, batch)):
                rows.append(self._judged(group))
                progress.step(len(group))
        return np.concatenate(rows)

    def predict_files(
        self, paths: Sequence[str | os.PathLike[str]], batch: int = 256, scheduler: str | None = None
    ) -> Iterator[FileAnswer]:
        """Yield what the network says of each image file, in order; one that can't be read has a reason instead.

        A line on stderr says how far it is, where stderr is a terminal.

        Parameters
        ----------
        paths
            Image files.
        batch
            How many images at a time.
        scheduler
            The address of a dask.distributed scheduler, whose workers see the same files; or "local", for as many
            workers as this machine has cores (a script must then begin its work below ``if __name__ == "__main__":``).

        Raises
        ------
        ValueError
            For a scheduler that is not there.
        RuntimeError
            For a cluster without workers, or one that is lost on the way.

        Examples
        --------
        >>> net = Network("simple", classes=("3", "7"), image_shape=(1, 28, 28), mean=[33], std=[78])
        >>> [answer.reason for answer in net.predict_files(["nowhere.png"])]
        ['it is not there']
        """
        _check_batch(batch)
        with Progress("predicting", len(paths)) as progress:
            for group in self._groups(paths, batch, scheduler):
                yield from group
                progress.step(len(group))

    def _groups(self, paths: Sequence[PathLike], batch: int, scheduler: str | None) -> Iterator[list[FileAnswer]]:
        if scheduler is None:
            return map(self.answers, read_in_groups(paths, self.image_shape, batch))
        from convista.network.workers import answers_of_cluster  # it imports this file

        return answers_of_cluster(scheduler, self, paths, batch)

    def answers(self, files: Sequence[FileRead]) -> list[FileAnswer]:
        """Return what the network says of files that were read, as one batch."""
        images = [file.image for file in files if file.image is not None]
        rows = iter(self._judged(images) if images else ())
        chances = [None if file.image is None else next(rows) for file in files]
        return [
            FileAnswer(file.path, None if row is None else self._prediction(row), row, file.reason)
            for file, row in zip(files, chances, strict=True)
        ]

    def logits(self, images: NDArray[np.uint8], batch: int = 512) -> Tensor:
        """Return the logits (images, classes) of images that have the network's own shape, in evaluation mode.

        >>> net = Network("simple", classes=("3", "7"), image_shape=(1, 28, 28), mean=[33], std=[78])
        >>> net.logits(np.zeros((5, 1, 28, 28), np.uint8)).shape
        torch.Size([5, 2])
        """
        with evaluating(self):
            pixels = torch.from_numpy(np.require(images, requirements=["C", "W"]))  # (images, channels, rows, cols)
            return torch.cat([self(part.to(self.mean.device)).cpu() for part in torch.split(pixels, batch)])

    def _judged(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the probabilities (images, classes) of one batch."""
        chances: NDArray[np.float32] = self.logits(np.stack(images)).softmax(dim=1).numpy()
        return chances

    def _prediction(self, row: NDArray[np.float32]) -> Prediction:
        best = int(row.argmax())
        return Prediction(self.classes[best], float(row[best]))


def _check_batch(batch: int) -> None:
    if batch < 1:
        raise ValueError(f"batch (={batch}) must be 1 or more")


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Hold the network in evaluation mode, without gradients; afterwards each module has its mode back."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def _fitting(text: str, image_shape: tuple[int, int, int]) -> Description:
    """Parse a text, and refuse a network without "mean" that leaves more than one number a class."""
    description, size = describe(text), image_shape[1:]
    for layer in description.convolutions:
        size = output_size(size, layer.kernel, (layer.stride, layer.stride), layer.padding)
    if size != (1, 1) and not description.mean:
        rows, cols = image_shape[1:]
        raise ValueError(
            f'network (="{text}") leaves {size[0]}x{size[1]} numbers for each class of images of {rows}x{cols} pixels, '
            f'not one; end it with "mean", or give it more layers of stride 2'
        )
    return description
