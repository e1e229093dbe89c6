"""Everything that the report says, gathered when training is over."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from convista.dataset import Dataset, Split
from convista.network import Network
from convista.training import anatomy
from convista.training.calibration import calibration
from convista.training.course import Course
from convista.training.diagnosis import diagnose
from convista.training.facts import Averaged, Facts, Sample
from convista.training.judgement import judge, judge_views, sample, worst_mistakes
from convista.training.machine import machine, versions
from convista.training.settings import Settings
from convista.training.signs import Evidence
from convista.training.views import views

SAMPLES = 120  # in all, but at most 12 and at least 1 of each class


def gather(dataset: Dataset, network: Network, course: Course, started: datetime) -> Facts:
    """Judge the trained network once more, and return the facts of the run."""
    settings = course.settings
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
        history=tuple(course.history),
        steps=course.steps(),
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
        statistics=course.probe.statistics if course.probe else None,
        findings=diagnose(evidence_of(course)),
        averaged=_averaged(dataset, network, settings),
    )


def evidence_of(course: Course) -> Evidence:
    """Return what a diagnosis rests on."""
    statistics = course.probe.statistics if course.probe else None
    steps, classes = course.steps(), len(course.network.classes)
    return Evidence(course.settings, classes, steps, tuple(course.history), statistics, course.gentler)


def _averaged(dataset: Dataset, network: Network, settings: Settings) -> Averaged | None:
    """Judge each image seen in several ways."""
    if not settings.tta:
        return None
    seen = views(settings, network.image_shape)
    judged = judge_views(network, dataset.valid, seen)
    wrong = int((judged.predicted != judged.labels).sum())
    pixels = max(max(abs(view.down), abs(view.right)) for view in seen)
    mirrored = any(view.mirrored or view.upturned for view in seen)
    return Averaged(len(seen), pixels, mirrored, wrong, judged.accuracy)


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
