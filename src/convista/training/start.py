"""Before the first step: data that can be learned from, a network with its first weights, the number of threads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convista.dataset import Dataset, Split
from convista.network import Network
from convista.training.anatomy import multiplications
from convista.training.settings import Settings
from convista.training.sizes import check_sizes, sizes_for

SIMPLE_UP_TO = 32  # pixels: the five halvings of "simple" leave one number a class
STEPS = 50  # an epoch: fewer are too few to learn from, more cost time without being better for it
SMALLEST, LARGEST = 128, 512  # of a batch by rule: below, a step costs more than its images; above, results get worse
FEWEST_EPOCHS, MOST_EPOCHS = 10, 40
STEPS_IN_ALL = 480  # with fewer a network is not done learning; that small data are seen more often does it no harm
ONE_THREAD_UP_TO = 1_000_000  # multiplications an image: below, sharing the work costs more than it saves


def resolve(dataset: Dataset, settings: Settings, workers: int = 1) -> Settings:
    """Return the settings with what was left open decided: network, sizes, epochs, batch, threads, flips.

    `workers` is how many processes share each batch.

    Raises
    ------
    ValueError
        When nothing can be learned from the data, nothing is left to judge by, or the network does not fit.
    """
    _check(dataset)
    network = new_network(dataset, settings)
    settings = replace(settings, sizes=sizes_for(settings, network))
    check_sizes(settings.sides, network)
    images, batch = len(dataset.train.labels), batch_for(settings, len(dataset.train.labels))
    _check_shares(images // math.ceil(images / batch), workers)
    return replace(
        settings,
        network=network.text,
        epochs=epochs_for(settings, images),
        batch=batch,
        threads=_threads(settings, network),
        flip=flip_for(dataset, settings),
    )


def _check(dataset: Dataset) -> None:
    for name, split in (("training", dataset.train), ("validation", dataset.valid)):
        if not len(split.labels):
            raise ValueError(f'data (="{dataset.name}") has no {name} images; put some into each class of both')
    if len(np.unique(dataset.train.labels)) < 2:
        only = dataset.classes[dataset.train.labels[0]]
        raise ValueError(
            f'data (="{dataset.name}") has training images of one class only, "{only}"; it takes two to tell apart'
        )


def _check_shares(smallest: int, workers: int) -> None:
    if workers > 1 and smallest < 2 * workers:
        raise ValueError(
            f"{workers} processes can't share batches of {smallest} images: each needs at least 2 of them (batch "
            "normalisation); start fewer, or give a larger --batch"
        )


def new_network(dataset: Dataset, settings: Settings) -> Network:
    """Return the network with its first weights, drawn by the seed alone; torch's own draws are left as found."""
    shape = (dataset.train.images.shape[1], dataset.train.images.shape[2], dataset.train.images.shape[3])
    mean, std = _scaling(dataset.train)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(settings.seed)
        return Network(network_for(settings, shape), classes=dataset.classes, image_shape=shape, mean=mean, std=std)


def network_for(settings: Settings, image_shape: tuple[int, int, int]) -> str:
    """Return the settings' network; "auto": "simple" up to 32x32 pixels; above, "small" for grey, "resnet" for colour.

    >>> [network_for(Settings(), shape) for shape in ((1, 28, 28), (1, 64, 64), (3, 72, 96))]
    ['simple', 'small', 'resnet']
    """
    if settings.network != "auto":
        return settings.network
    if max(image_shape[1:]) <= SIMPLE_UP_TO:
        return "simple"
    return "small" if image_shape[0] == 1 else "resnet"


def batch_for(settings: Settings, images: int) -> int:
    """Return the settings' images a step; None: the power of two next to a fiftieth of all, but from 128 to 512.

    An epoch of fewer images than that is one step; otherwise its images are divided into batches of nearly one size,
    so that no small one is left over at the end.

    >>> [batch_for(Settings(), images) for images in (40, 2_015, 12_396, 60_000)]
    [128, 128, 256, 512]
    """
    if settings.batch is not None:
        return settings.batch
    power: int = 2 ** round(math.log2(images / STEPS))
    return min(max(power, SMALLEST), LARGEST)


def epochs_for(settings: Settings, images: int) -> int:
    """Return the settings' epochs; None: 10, but up to 40 if that many are needed for 480 steps.

    >>> [epochs_for(Settings(), images) for images in (40, 2_015, 5_000, 12_396, 60_000)]
    [40, 30, 12, 10, 10]
    """
    if settings.epochs is not None:
        return settings.epochs
    steps = math.ceil(images / batch_for(settings, images))
    return min(max(FEWEST_EPOCHS, math.ceil(STEPS_IN_ALL / steps)), MOST_EPOCHS)


def flip_for(dataset: Dataset, settings: Settings) -> str:
    """Return how images are mirrored; "auto": left to right, if they are coloured and no class is a single sign.

    A mirrored digit or letter is another sign or none; grey images are most often of these.
    """
    if settings.flip != "auto":
        return settings.flip
    signs = dataset.train.images.shape[1] == 1 or any(len(name) == 1 for name in dataset.classes)
    return "none" if signs else "horizontal"


def tensors(split: Split) -> tuple[Tensor, Tensor]:
    """Return the images (count, channels, rows, cols) and labels (count,); copies only of read-only arrays."""
    images, labels = (np.require(array, requirements=["C", "W"]) for array in (split.images, split.labels))
    return torch.from_numpy(images), torch.from_numpy(labels)


def class_weights(labels: Tensor, classes: int) -> Tensor:
    """Return what each class counts in the loss: inversely to its images, so that each image counts 1 on average.

    >>> class_weights(torch.tensor([0, 0, 0, 1]), 2)
    tensor([0.6667, 2.0000])
    """
    counts = torch.bincount(labels, minlength=classes)
    return len(labels) / (classes * counts.clamp(min=1)).float()


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """Have torch use so many threads, and then as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _threads(settings: Settings, network: Network) -> int:
    """Return the settings' threads; None is one for a network of little work per image, else all of torch's."""
    if settings.threads is not None:
        return settings.threads
    return 1 if multiplications(network) <= ONE_THREAD_UP_TO else torch.get_num_threads()


def _scaling(split: Split) -> tuple[list[float], list[float]]:
    """Return each channel's mean and standard deviation; at least one grey level, for images all alike."""
    counts = np.stack([_histogram(channel) for channel in split.images.swapaxes(0, 1)])  # (channels, 256)
    shares, levels = counts / counts.sum(axis=1, keepdims=True), np.arange(256.0)
    mean = shares @ levels
    variance = shares @ levels**2 - mean**2
    return mean.tolist(), np.sqrt(np.maximum(variance, 1.0)).tolist()


def _histogram(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the grey levels of images (count, rows, cols), some at a time: NumPy makes each pixel eight bytes here."""
    step = max(1, 2**22 // images[0].size)
    parts = (images[start : start + step] for start in range(0, len(images), step))
    counts: NDArray[np.int64] = np.sum([np.bincount(part.ravel(), minlength=256) for part in parts], axis=0)
    return counts
