"""What onnxruntime answers on a split, beside what torch answers: the proof that an export is the same network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convista.dataset import Split
from convista.errors import need
from convista.exchange.graph import INPUT, PROBABILITIES

_BATCH = 512


@dataclass(frozen=True, slots=True)
class Score:
    """Two networks on the same images."""

    images: int
    right_before: int
    """By torch."""
    right_after: int
    """By the exported file, in onnxruntime."""
    other: int
    """Images whose prediction is another."""
    difference: float
    """The largest between two probabilities of one class for one image."""


def score(before: NDArray[np.float32], after: NDArray[np.float32], labels: NDArray[np.int64]) -> Score:
    """Compare the probabilities (images, classes) that two networks gave.

    >>> before, after = np.float32([[0.6, 0.4], [0.1, 0.9]]), np.float32([[0.4, 0.6], [0.1, 0.9]])
    >>> found = score(before, after, np.array([0, 1]))
    >>> found.images, found.right_before, found.right_after, found.other, round(found.difference, 3)
    (2, 2, 1, 1, 0.2)
    """
    first, second = before.argmax(axis=1), after.argmax(axis=1)
    return Score(
        images=len(labels),
        right_before=int((first == labels).sum()),
        right_after=int((second == labels).sum()),
        other=int((first != second).sum()),
        difference=float(np.abs(before - after).max(initial=0)),
    )


def answers(file: Path, split: Split) -> NDArray[np.float32]:
    """Return the probabilities (images, classes) that onnxruntime computes from an ONNX file."""
    runtime = need("onnxruntime", "onnx", "scoring an ONNX file")
    session = runtime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    groups = range(0, len(split.images), _BATCH)
    return np.concatenate([session.run([PROBABILITIES], {INPUT: split.images[i : i + _BATCH]})[0] for i in groups])
