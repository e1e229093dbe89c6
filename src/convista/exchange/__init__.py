"""A network in the formats of other programs: ONNX, scored again there before it is said to be done.

exporting  a run's network to a file, and what was found on its validation images
graph      a network as ONNX: the scaling inside, the classes and the rule of sizes in the metadata
scoring    what onnxruntime answers, beside what torch answers
integers   weights and activations of 8 bits
"""

from convista.errors import need

for _package in ("torch", "safetensors"):
    need(_package, "train", "an export")

from convista.exchange.exporting import Exported, export_onnx  # noqa: E402 - after the sentence that says what it needs

__all__ = ["Exported", "export_onnx"]
