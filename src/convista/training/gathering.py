"""Everything that the report says, gathered when training is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from convista.dataset import Dataset, Split
from convista.network import Network
from convista.training import anatomy
from convista.training.calibration import calibration
from convista.training.facts import Epoch, Facts, Sample, Steps
from convista.training.judgement import judge, sample, worst_mistakes
from convista.training.machine import machine, versions
from convista.training.settings import Settings

SAMPLES = 120  # in all, but at most 12 and at least 1 of each class


def gather(
    dataset: Dataset, network: Network, settings: Settings, history: Sequence[Epoch], steps: Steps, started: datetime
) -> Facts:
    """Judge the trained network once more, and return the facts of the run."""
    judgement = judge(network, dataset.valid, settings.label_smoothing)
    return Facts(
        data=dataset.name,
        folder=dataset.folder,
        classes=dataset.classes,
        counts={"train": _counts(dataset, dataset.train), "valid": _counts(dataset, dataset.valid)},
        image_shape=network.image_shape,
        samples=_samples(dataset),
        remarks=dataset.remarks,
        network=network.text,
        layers=anatomy.layers(network),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        first_kernels=anatomy.first_kernels(network),
        history=tuple(history),
        steps=steps,
        confusion=judgement.confusion,
        mistakes=worst_mistakes(judgement, dataset),
        calibration=calibration(judgement.logits, judgement.labels),
        ema=settings.average > 0,
        went_back=False,  # the caller knows
        settings=settings.words(),
        command="",  # the caller knows
        started=started.isoformat(timespec="seconds"),
        seconds=(datetime.now(started.tzinfo) - started).total_seconds(),
        machine=machine(),
        versions=versions(),
    )


def _counts(dataset: Dataset, split: Split) -> tuple[int, ...]:
    return tuple(np.bincount(split.labels, minlength=len(dataset.classes)).tolist())


def _samples(dataset: Dataset) -> tuple[Sample, ...]:
    """Return training images of each class, evenly spread over it."""
    most = min(12, max(1, SAMPLES // len(dataset.classes)))
    chosen: list[int] = []
    for label in range(len(dataset.classes)):
        members = np.flatnonzero(dataset.train.labels == label)
        spread = np.linspace(0, len(members) - 1, min(most, len(members))).astype(int)
        chosen += members[spread].tolist()
    return tuple(sample(dataset, dataset.train, number) for number in chosen)
