"""A network as ONNX: from pixels to logits and probabilities, with all that is needed to use it inside the file."""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from convista._version import __version__
from convista.errors import need
from convista.network import Network
from convista.network.model import evaluating

INPUT, LOGITS, PROBABILITIES = "pixels", "logits", "probabilities"
OPSET = 17
"""Known to every onnxruntime since 1.12."""

RULE = (
    "uint8 pixels 0..255, (images, channels, rows, cols); the model itself subtracts the mean and divides by the "
    "standard deviation. An image of another size is scaled until it just fits inside, its aspect kept (Pillow's "
    "bilinear filter), put in the middle, and what is left over is filled with the mean of its outermost pixels. "
    "Colour becomes grey as 0.299 R + 0.587 G + 0.114 B; grey becomes three equal channels."
)
"""How an image becomes the input."""


class _Answers(nn.Module):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.network(pixels)
        return logits, logits.softmax(dim=1)


def onnx_bytes(network: Network) -> bytes:
    """Return the network as an ONNX file for any number of images; its classes and its rule are in the metadata."""
    onnx = need("onnx", "onnx", "export to ONNX")
    model = onnx.load_from_string(_traced(network))
    facts = {
        "convista.classes": json.dumps(network.classes),
        "convista.image_shape": json.dumps(network.image_shape),
        "convista.network": network.text,
        "convista.input": RULE,
        "convista.version": __version__,
    }
    onnx.helper.set_model_props(model, facts)
    onnx.checker.check_model(model, full_check=True)
    written: bytes = model.SerializeToString()
    return written


def _traced(network: Network) -> bytes:
    """Return what torch writes.

    By its exporter that follows one image through: the newer one takes twenty times as long and needs three packages
    more. It is deprecated, not wrong: what it writes is scored again before anyone is told that it is done.
    """
    pixels = torch.zeros(2, *network.image_shape, dtype=torch.uint8)
    names = (INPUT, LOGITS, PROBABILITIES)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), evaluating(network):
        file = Path(folder) / "traced.onnx"
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            _Answers(network).eval(),
            (pixels,),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[LOGITS, PROBABILITIES],
            dynamic_axes={name: {0: "images"} for name in names},
        )
        return file.read_bytes()
