"""What was seen of activations and gradients on the way: a record of arrays, without torch, and its file."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from convista.files import whole_file

NEAR_ZERO = 0.05
"""What is nearer to zero than this counts as nearly zero, as in fastai's ActivationStats."""
LOWEST, HIGHEST, BINS = -10.0, 10.0, 80
"""Of the histograms: equal bins; the two at the ends hold what lies beyond, too."""
BEFORE, AFTER = 0, 1
"""Of an activation: what goes in, and what comes out."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Activations and gradients in some steps of a run, spread evenly over it.

    The figures of a layer are those of about 4,096 of its numbers in one batch. `every` says which steps were watched:
    the first, and each so many after it.
    """

    every: int
    steps: NDArray[np.int64]  # (watched,)
    """Their numbers, from 1."""
    layers: tuple[str, ...]
    """The activations, in the order of computation; where there are none, the layers with weights."""
    mean: NDArray[np.float32]  # (watched, layers, 2): before and after
    std: NDArray[np.float32]  # (watched, layers, 2)
    near_zero: NDArray[np.float32]  # (watched, layers, 2)
    """Share of the numbers that are nearer to zero than `NEAR_ZERO`."""
    histogram: NDArray[np.int16]  # (watched, layers, 2, BINS)
    """How many numbers were in each bin."""
    weights: tuple[str, ...]
    """The weights of more than one axis: kernels and matrices."""
    gradient: NDArray[np.float32]  # (watched, weights)
    """Length of the gradient, before it is clipped."""
    update: NDArray[np.float32]  # (watched, weights)
    """Length of the step as a share of the length of the weights."""

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write all arrays as a NumPy file (npz), whole or not at all."""
        arrays = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        with whole_file(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `write` wrote."""
        with np.load(Path(path), allow_pickle=False) as arrays:
            found = {field.name: arrays[field.name] for field in fields(cls)}
        names = {name: tuple(found[name].tolist()) for name in ("layers", "weights")}
        return cls(**{**found, **names, "every": int(found["every"])})


def bin_edges() -> NDArray[np.float64]:
    """Return where the bins of the histograms begin and end.

    >>> bin_edges()[[0, 1, -1]].tolist()
    [-10.0, -9.75, 10.0]
    """
    return np.linspace(LOWEST, HIGHEST, BINS + 1)
