"""What labelled images are: two splits of one data set, and what was odd about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convista.image import shown

_TOLD = 20
"""Classes whose images are counted in a sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The images to learn from, or those to judge by."""

    images: NDArray[np.uint8]  # (count, channels, rows, cols)
    labels: NDArray[np.int64]  # (count,)
    """The place of each image's class among the data set's classes."""
    paths: tuple[str, ...]
    """Relative to the data set's folder, with slashes; names that aren't UTF-8 by surrogateescape."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that isn't used."""

    path: str
    """Relative to the data set's folder, as in `Split.paths`."""
    reason: str
    """A clause about "it"."""
    harmless: bool = False
    """Whether nobody would miss it: it is hidden, no image by its name, or lies outside of what is read."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Labelled images in memory."""

    name: str
    """As it was given: a data set's name, or a folder."""
    folder: Path
    classes: tuple[str, ...]
    """Sorted by name; numbers by their value where they come from an IDX file."""
    train: Split
    valid: Split
    remarks: tuple[str, ...]
    """What was left out, resized or missing, a sentence each; `convista.bilingual.in_chinese` gives it in Chinese."""
    reading: str = ""
    """How the files were read and split, in a clause: "as ..."."""
    left_out: tuple[LeftOut, ...] = ()
    """The files that aren't used, and why."""

    @property
    def summary(self) -> str:
        """How many images there are, and how they were read, in a sentence."""
        learned, judged = len(self.train.labels), len(self.valid.labels)
        how = f"; read {self.reading}" if self.reading else ""
        return f"{learned:,} images of {len(self.classes)} classes to learn from, {judged:,} to judge by{how}"

    @property
    def counts(self) -> str:
        """How many images each class has in both splits, in a sentence; of many classes the first."""
        numbers = [np.bincount(split.labels, minlength=len(self.classes)) for split in (self.train, self.valid)]
        told = [
            f"{shown(name)} {learned:,} + {judged:,}"
            for name, learned, judged in zip(self.classes[:_TOLD], *numbers, strict=False)
        ]
        beyond = [f"{len(self.classes) - _TOLD:,} more classes"] if len(self.classes) > _TOLD else []
        return f"to learn from + to judge by: {', '.join(told + beyond)}"


@dataclass(frozen=True, slots=True)
class Place:
    """What the place of an image, or a line of a CSV, says about it."""

    path: str
    """As in `Split.paths`."""
    label: str
    split: str
    """"train", "valid" or "test"; empty where it isn't said."""
