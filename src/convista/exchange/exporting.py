"""A run's network to an ONNX file, whole or absent, and what was found on the run's validation images."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convista.dataset import Dataset
from convista.errors import need
from convista.exchange.graph import onnx_bytes
from convista.exchange.integers import quantize
from convista.exchange.scoring import Score, answers, score
from convista.files import whole_file
from convista.run import dataset_of, load

BOUND = 1e-3
"""No probability may differ by more: float32 sums in another order differ by a millionth."""
INT8_LOSS = 0.01
"""With 8 bits no larger share of the validation images may be lost."""


class ExportError(RuntimeError):
    """The exported network doesn't answer as it did."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported network."""

    path: Path
    bytes: int
    score: Score
    """Of the file that was written, beside the run's network."""
    int8: bool


def export_onnx(run: str | os.PathLike[str], path: str | os.PathLike[str], *, int8: bool = False) -> Exported:
    """Write a run's network as an ONNX file, after onnxruntime gave the same answers on the run's validation images.

    The file takes pixels 0..255 (uint8: images, channels, rows, cols) and gives `logits` and `probabilities`; the
    scaling is inside. Its metadata hold the classes and the rule by which images come to that size.

    Parameters
    ----------
    run
        The folder of a finished run, whose data are where they were.
    path
        The file; written whole or not at all.
    int8
        Whether convolutions and products are of 8 bits, by onnxruntime's static quantization on training images.

    Raises
    ------
    ExportError
        When a probability differs by more than 0.001, or 8 bits lose more than 1 % of the images; nothing is written.
    convista.errors.MissingExtraError
        When onnx or onnxruntime is not installed.
    """
    for package in ("onnx", "onnxruntime"):
        need(package, "onnx", "export to ONNX")
    network, dataset, target = load(run), dataset_of(run), Path(path)
    with whole_file(target) as temporary:
        temporary.write_bytes(onnx_bytes(network))
        before = network.logits(dataset.valid.images).softmax(dim=1).numpy()
        found = score(before, answers(temporary, dataset.valid), dataset.valid.labels)
        _check(found)
        if int8:
            found = _to_int8(temporary, dataset, before)
        size = temporary.stat().st_size
    return Exported(target, size, found, int8)


def _to_int8(file: Path, dataset: Dataset, before: NDArray[np.float32]) -> Score:
    """Put the network of 8 bits in the file's place, unless it loses too much."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "int8.onnx"
        quantize(file, target, dataset.train.images)
        found = score(before, answers(target, dataset.valid), dataset.valid.labels)
        lost = (found.right_before - found.right_after) / max(found.images, 1)
        if lost > INT8_LOSS:
            raise ExportError(
                f"with 8 bits {lost:.2%} of the {found.images:,} validation images are lost, more than "
                f"{INT8_LOSS:.0%}, so nothing was written; export without int8"
            )
        file.write_bytes(target.read_bytes())
    return found


def _check(found: Score) -> None:
    if not found.difference <= BOUND:  # NaN is no agreement
        raise ExportError(
            f"onnxruntime gives other answers than torch: {found.other:,} of {found.images:,} predictions differ, and "
            f"a probability by {found.difference:.2g}, more than {BOUND:g}; nothing was written"
        )
