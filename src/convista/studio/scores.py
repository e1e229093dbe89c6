"""What a confusion matrix says of each class, and of pairs of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convista.studio.figures import wilson
from convista.training.facts import Facts


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class did on the validation images; None where there is nothing to divide by."""

    name: str
    images: int
    recall: float | None
    """Share of its images that were taken for it."""
    interval: tuple[float, float] | None
    """Wilson's 95 % interval of the recall."""
    precision: float | None
    """Share of the images taken for it that are of it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Images of one class that were taken for another."""

    truth: str
    predicted: str
    images: int
    share: float
    """Of the class they are."""


def each_class(facts: Facts) -> list[ClassScore]:
    """Return the classes in their order."""
    there, said = facts.confusion.sum(axis=1).tolist(), facts.confusion.sum(axis=0).tolist()
    right = np.diag(facts.confusion).tolist()
    return [
        ClassScore(name, n, r / n if n else None, wilson(r, n) if n else None, r / s if s else None)
        for name, n, s, r in zip(facts.classes, there, said, right, strict=True)
    ]


def confused_pairs(facts: Facts, most: int) -> list[Pair]:
    """Return the pairs that were confused, the most often confused first."""
    wrong = facts.confusion - np.diag(np.diag(facts.confusion))  # (true class, predicted class)
    worst = np.argsort(-wrong, axis=None, kind="stable")[:most]
    places = [divmod(int(place), len(facts.classes)) for place in worst if wrong.flat[place]]
    totals = facts.confusion.sum(axis=1).tolist()
    return [
        Pair(facts.classes[i], facts.classes[j], int(wrong[i, j]), float(wrong[i, j] / totals[i])) for i, j in places
    ]
