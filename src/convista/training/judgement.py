"""How a network does on images it was not trained on: its loss, its confusions, its worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from convista.dataset import Dataset, Split
from convista.network import Network
from convista.network.model import evaluating
from convista.training.facts import Mistake, Sample
from convista.training.start import tensors
from convista.training.views import STRAIGHT, View

_BATCH = 512  # the memory it takes stays small, and larger is no faster


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a network said of a split."""

    loss: float
    """As in training, label smoothing included, so that the two can be compared."""
    logits: NDArray[np.float32]  # (images, classes)
    probabilities: NDArray[np.float32]  # (images, classes)
    labels: NDArray[np.int64]  # (images,)

    @property
    def accuracy(self) -> float:
        """Share of the images that were right."""
        return float((self.predicted == self.labels).mean())

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The number of the class it takes each image for."""
        best: NDArray[np.int64] = np.argmax(self.probabilities, axis=1)
        return best

    @property
    def confusion(self) -> NDArray[np.int64]:
        """How many images of each class (row) it took for each class (column)."""
        classes = self.probabilities.shape[1]
        pairs = self.labels * classes + self.predicted
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def judge(network: Network, split: Split, label_smoothing: float = 0.0, view: View = STRAIGHT) -> Judgement:
    """Let the network, in evaluation mode, say what it thinks of every image of a split, seen so."""
    images, labels = tensors(split)
    with evaluating(network):
        logits = torch.cat([network(view(batch)) for batch in torch.split(images, _BATCH)])
        loss = functional.cross_entropy(logits, labels, label_smoothing=label_smoothing)
        return Judgement(loss.item(), logits.numpy(), logits.softmax(dim=1).numpy(), split.labels)


def judge_views(network: Network, split: Split, seen: Sequence[View]) -> Judgement:
    """Let the network say what it thinks of every image seen in several ways; its answer is their mean."""
    judgements = [judge(network, split, view=view) for view in seen]
    mean: NDArray[np.float32] = np.mean([one.probabilities for one in judgements], axis=0, dtype=np.float32)
    truth = np.take_along_axis(mean, split.labels[:, None], axis=1).astype(np.float64)
    loss = float(-np.log(truth.clip(np.finfo(np.float32).tiny)).mean())
    return Judgement(loss, np.log(mean.clip(np.finfo(np.float32).tiny)), mean, split.labels)


def worst_mistakes(judgement: Judgement, dataset: Dataset, most: int = 24) -> tuple[Mistake, ...]:
    """Return the validation images that were wrong, those with the least probability for the truth first."""
    truth = np.take_along_axis(judgement.probabilities, judgement.labels[:, None], axis=1)[:, 0]  # (images,)
    wrong = np.flatnonzero(judgement.predicted != judgement.labels)
    worst = wrong[np.argsort(truth[wrong], kind="stable")][:most]
    return tuple(_mistake(judgement, dataset, int(number)) for number in worst)


def sample(dataset: Dataset, split: Split, number: int) -> Sample:
    """Return one image of a split with its label; a copy, so that the record doesn't keep them all in memory."""
    return Sample(split.paths[number], dataset.classes[split.labels[number]], split.images[number].copy())


def _mistake(judgement: Judgement, dataset: Dataset, number: int) -> Mistake:
    row, predicted = judgement.probabilities[number], judgement.predicted[number]
    truth = judgement.labels[number]
    return Mistake(
        sample(dataset, dataset.valid, number), dataset.classes[predicted], float(row[predicted]), float(row[truth])
    )
