"""What a training run knows about itself: small frozen records, without looks. The report is made from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convista.training.statistics import Statistics
from convista.training.sweep import Sweep


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training images, and how the network then did on the validation images."""

    number: int
    train_loss: float
    valid_loss: float
    accuracy: float
    """Share of the validation images that were right, 0 to 1."""
    seconds: float
    """Training and validation together."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The course of training, one entry a batch."""

    loss: tuple[float, ...]
    rate: tuple[float, ...]
    """Learning rate."""
    momentum: tuple[float, ...]
    """AdamW's first beta."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled image."""

    path: str
    """Relative to the data's folder."""
    label: str
    image: NDArray[np.uint8]  # (channels, rows, cols)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A validation image that the network took for another class."""

    sample: Sample
    predicted: str
    probability: float
    """Of the predicted class."""
    truth_probability: float
    """Of the class it is."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A row of the network's table."""

    name: str
    """The module's path, as torch prints it."""
    kind: str
    output_shape: tuple[int, ...]
    """For one image: (channels, rows, cols), or (classes,)."""
    parameters: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that went wrong in training, with its evidence and what to try."""

    rule: str
    """Its name in `convista.training.diagnosis.RULES`."""
    severe: bool
    """Whether the run is of no use."""
    english: str
    chinese: str


@dataclass(frozen=True, slots=True)
class Averaged:
    """How the network did when each validation image was seen in several ways: told beside its accuracy, not for it."""

    views: int
    """How many; the image itself is the first."""
    pixels: int
    """By which an image was moved at most."""
    mirrored: bool
    errors: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """Images in bins of equal width by the probability of their answer: how often each bin is right."""

    counts: tuple[int, ...]
    confidence: tuple[float, ...]
    """The mean probability of a bin's answers; NaN of an empty bin."""
    accuracy: tuple[float, ...]
    """The share of a bin's images that are right; NaN of an empty bin."""
    error: float
    """The expected calibration error: the mean over the images of how far a bin's two numbers are apart."""
    chance: float
    """The error that is expected of so many images where every probability is true."""
    loss: float
    """The mean of -log of the truth's probability."""

    @property
    def images(self) -> int:
        """How many there are in all."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether the network is right as often as it says, on validation images that fitted nothing."""

    before: Reliability
    after: Reliability | None
    """With all answers divided by the temperature; None where none was found."""
    temperature: float | None
    """Fitted on the other validation images."""
    fitted: int
    """How many these are."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the report says."""

    data: str
    """The name or folder as it was given."""
    folder: Path
    classes: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]
    """Images per class, in the order of `classes`, for "train" and "valid"."""
    image_shape: tuple[int, int, int]
    """(channels, rows, cols) as the network sees them."""
    samples: tuple[Sample, ...]
    """Some training images of each class."""
    remarks: tuple[str, ...]
    """What was odd about the data, a sentence each."""

    network: str
    """The line of text that builds it."""
    layers: tuple[Layer, ...]
    parameters: int
    first_kernels: NDArray[np.float32]  # (filters, channels, rows, cols)

    history: tuple[Epoch, ...]
    steps: Steps
    confusion: NDArray[np.int64]  # (true class, predicted class)
    mistakes: tuple[Mistake, ...]
    """The worst first: those with the least probability for the truth."""

    calibration: Calibration
    ema: bool
    """Whether the weights are the moving average of those of all steps."""
    went_back: bool
    """Whether a loss that was no number once sent the run back."""

    settings: dict[str, str]
    """What was chosen, by whom or by which rule; name to value."""
    command: str
    """What to type to repeat it."""
    started: str
    """ISO 8601, with the zone."""
    seconds: float
    """Reading the data, training and judging together."""
    machine: dict[str, str]
    versions: dict[str, str]
    statistics: Statistics | None = None
    """What was seen of activations and gradients; None: nobody looked."""
    findings: tuple[Finding, ...] = ()
    """What went wrong in training, each with its evidence."""
    averaged: Averaged | None = None
    """With test-time averaging, where it was asked for."""
    sweep: Sweep | None = None
    """The sweep that found the learning rate, where that was asked for."""

    @property
    def stops_early(self) -> bool:
        """Whether the validation images decided how long the run went."""
        return self.settings.get("patience", "0") != "0"

    @property
    def accuracy(self) -> float:
        """Share of the validation images that the saved network gets right."""
        return float(np.trace(self.confusion) / self.confusion.sum())

    @property
    def best_epoch(self) -> int:
        """Number of the epoch with the lowest validation loss, the first of equals."""
        return min(self.history, key=lambda epoch: epoch.valid_loss).number

    @property
    def errors(self) -> int:
        """How many validation images the saved network gets wrong."""
        return int(self.confusion.sum() - np.trace(self.confusion))
