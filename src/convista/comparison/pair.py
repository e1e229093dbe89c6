"""Two runs: what they were told otherwise, how each did, and whether the difference is more than chance."""

from __future__ import annotations

import csv
import json
import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.comparison.ladder import differences
from convista.dataset import load_dataset
from convista.run import RunFolderError, load
from convista.run.folder import CONFIG, HISTORY
from convista.training.judgement import judge

LIKELY = 0.05
"""A difference that chance alone makes more often than this says nothing."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two runs."""

    folder: Path
    told: dict[str, Any]
    epochs: int
    accuracy: float
    """On its own validation images, after the last epoch, 0 to 1."""
    seconds: float
    """Of all epochs."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side; printed, it is a table and a sentence."""

    first: Side
    second: Side
    differences: tuple[tuple[str, tuple[Any, ...]], ...]
    """Each setting that they were told otherwise, with both values."""
    only_first_wrong: int | None
    """Validation images that only the first got wrong; None where they were judged by different images."""
    only_second_wrong: int | None
    why_not: str = ""
    """Why they could not be compared image by image."""

    @property
    def chance(self) -> float:
        """Return how often chance alone makes a difference at least as large, 0 to 1; NaN where nobody can say.

        The exact test of two related shares: of the images that only one got wrong, each run would get half.
        Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or
        percentages", Psychometrika 12 (1947).
        """
        if self.only_first_wrong is None or self.only_second_wrong is None:
            return math.nan
        return even_split(self.only_first_wrong, self.only_second_wrong)

    @property
    def sentence(self) -> str:
        """Say what the difference is worth."""
        if math.isnan(self.chance):
            return f"The runs can't be compared image by image: {self.why_not}."
        verdict = (
            "which is more than chance explains" if self.chance <= LIKELY else "so neither is shown to be the better"
        )
        return (
            f"Only the first got {_images(self.only_first_wrong)} wrong, only the second "
            f"{_images(self.only_second_wrong)}: chance alone makes such a difference in {100 * self.chance:.2g} % of "
            f"pairs (exact McNemar test), {verdict}. What another seed would change is not in it."
        )

    def facts(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self) | {"chance": self.chance, "sentence": self.sentence}

    def rows(self) -> list[tuple[str, str, str]]:
        """Return the table's cells: name, first, second."""
        first, second = self.first, self.second
        facts = [
            ("accuracy", f"{100 * first.accuracy:.2f} %", f"{100 * second.accuracy:.2f} %"),
            ("epochs", str(first.epochs), str(second.epochs)),
            ("seconds", f"{first.seconds:.1f}", f"{second.seconds:.1f}"),
        ]
        return facts + [(name.replace("_", " "), str(one), str(other)) for name, (one, other) in self.differences]

    def __str__(self) -> str:
        rows = [("", str(self.first.folder), str(self.second.folder)), *self.rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
        return "\n".join([*table, "", self.sentence])


def compare(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> Comparison:
    """Compare two finished runs: settings, results, and image by image if they were judged by the same images.

    Parameters
    ----------
    first, second
        Run folders.

    Raises
    ------
    convista.run.RunFolderError
        When a folder holds no finished run.
    """
    sides = _side(Path(first)), _side(Path(second))
    differing = tuple(differences([side.told for side in sides]))
    try:
        wrong = [_wrong(side) for side in sides]
    except (OSError, ValueError) as error:
        return Comparison(*sides, differing, None, None, str(error))
    (truth, ours), (other_truth, theirs) = wrong
    if truth != other_truth:
        return Comparison(*sides, differing, None, None, "their validation images are not the same")
    return Comparison(*sides, differing, int((ours & ~theirs).sum()), int((theirs & ~ours).sum()))


def even_split(one: int, other: int) -> float:
    """Return how often so many tosses of a coin fall at least as unevenly.

    >>> even_split(5, 5), even_split(0, 6)
    (1.0, 0.03125)
    """
    total, few = one + other, min(one, other)
    tail = sum(math.comb(total, number) for number in range(few + 1))
    return min(1.0, float(2 * tail / 2**total))


def _side(folder: Path) -> Side:
    try:
        told = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        with (folder / HISTORY).open(encoding="utf-8", newline="") as file:
            epochs = list(csv.DictReader(file))
        seconds = sum(float(epoch["seconds"]) for epoch in epochs)
        return Side(folder, told, len(epochs), float(epochs[-1]["accuracy"]), seconds)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise RunFolderError(f'run (="{folder}") is not the folder of a finished run: {error}') from error


def _wrong(side: Side) -> tuple[list[tuple[str, str]], NDArray[np.bool_]]:
    """Return what the validation images are, by path, and which of them the run's network gets wrong."""
    size, labels = side.told["size"], side.told.get("labels")
    dataset = load_dataset(side.told["data"], size=tuple(size) if isinstance(size, list) else size, labels=labels)
    network, split = load(side.folder), dataset.valid
    if network.classes != dataset.classes:
        raise ValueError(f'the classes in "{side.told["data"]}" are no longer those of "{side.folder}"')
    truth = [(path, dataset.classes[label]) for path, label in zip(split.paths, split.labels, strict=True)]
    return truth, judge(network, split).predicted != split.labels


def _images(number: int | None) -> str:
    return f"{number} image{'s' * (number != 1)}"
