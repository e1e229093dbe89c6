"""Weights and activations of 8 bits, a quarter of the numbers' bytes, by onnxruntime's own quantization."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convista.errors import need
from convista.exchange.graph import INPUT

IMAGES = 512
"""So many training images, evenly spread, say how large activations get."""
_BATCH = 64


def quantize(source: Path, target: Path, images: NDArray[np.uint8]) -> None:
    """Write `source` with convolutions and matrix products in 8 bits; `images` are those it was trained on."""
    quantization = need("onnxruntime.quantization", "onnx", "int8")
    chosen = images[np.linspace(0, len(images) - 1, min(IMAGES, len(images))).astype(int)]
    with _quiet():
        quantization.quantize_static(
            source,
            target,
            _Reader(chosen),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["Conv", "Gemm", "MatMul"],
        )


class _Reader:
    """Hands batches over, as onnxruntime's calibration asks for them."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self._batches: Iterator[NDArray[np.uint8]] = iter(
            [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        )

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """Return the next batch, None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep its advice to prepare the model to itself, which doesn't apply: the norms are folded in already."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
