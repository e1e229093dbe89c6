"""Libraries that compile a network first: onnxruntime and OpenVINO, on a network of one convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from convista.bench.cell import Cell
from convista.bench.contender import Array, Contender, UnfitError
from convista.bench.data import Data, nchw

OPSET, IR_VERSION = 19, 9
ONNX_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
OPENVINO_MODES = {"reflect": "reflect", "replicate": "edge", "symmetric": "symmetric"}


def onnxruntime(cell: Cell, data: Data, threads: int) -> Contender:
    """Return an onnxruntime session whose input is bound once and whose output is not copied."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # errors only
    session = ort.InferenceSession(_onnx_model(cell, data), options, providers=["CPUExecutionProvider"])
    feed = {"image": ort.OrtValue.ortvalue_from_numpy(_image(cell, data))}
    return Contender("", lambda: session.run_with_ort_values(["result"], feed), lambda result: result[0].numpy())


def openvino(cell: Cell, data: Data, threads: int) -> Contender:
    """Return an OpenVINO request that writes into an array which is new in each call."""
    import openvino as ov

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    request = ov.Core().compile_model(_openvino_model(cell, data), "CPU", settings).create_infer_request()
    image = _image(cell, data)
    request.set_input_tensor(ov.Tensor(image, shared_memory=True))
    shape = (cell.image[0], cell.filters, *cell.output_size)

    def run(_kept: Array = image) -> Array:  # the request only borrows the image
        result = np.empty(shape, np.float32)
        request.set_output_tensor(ov.Tensor(result, shared_memory=True))
        request.infer()
        return result

    return Contender("", run)


def _image(cell: Cell, data: Data) -> Array:
    return np.ascontiguousarray(nchw(data.image, cell.layout))


def _weights(cell: Cell, data: Data) -> Array:
    shape = (cell.filters, *cell.kernel[1:])
    return np.ascontiguousarray(np.broadcast_to(data.weights.astype(np.float32), shape))


def _onnx_model(cell: Cell, data: Data) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    fixed, nodes, source, pads = [numpy_helper.from_array(_weights(cell, data), "weights")], [], "image", cell.pads
    if cell.mode != "zeros" and pads != (0, 0):
        around = np.array([0, 0, *pads, 0, 0, *pads], np.int64)
        fixed.append(numpy_helper.from_array(around, "pads"))
        nodes.append(helper.make_node("Pad", ["image", "pads"], ["padded"], mode=_mode(cell, ONNX_MODES)))
        source, pads = "padded", (0, 0)
    nodes.append(helper.make_node(
        "Conv", [source, "weights"], ["result"], strides=[cell.stride] * 2, dilations=[cell.dilation] * 2,
        pads=[*pads, *pads], group=cell.groups,
    ))  # fmt: skip
    one, other = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                  for name, shape in (("image", cell.image), ("result", None)))  # fmt: skip
    graph = helper.make_graph(nodes, "one convolution", [one], [other], fixed)
    opsets = [helper.make_opsetid("", OPSET)]
    model: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString()
    return model


def _openvino_model(cell: Cell, data: Data) -> Any:
    import openvino as ov
    from openvino import opset13 as ops

    image = ops.parameter(list(cell.image), np.float32)
    source, pads = image, list(cell.pads)
    if cell.mode != "zeros" and cell.pads != (0, 0):
        around = np.array([0, 0, *pads])
        source, pads = ops.pad(image, around, around, _mode(cell, OPENVINO_MODES)), [0, 0]
    weights, step, gap = _weights(cell, data), [cell.stride] * 2, [cell.dilation] * 2
    if cell.groups == 1:
        result = ops.convolution(source, ops.constant(weights), step, pads, pads, gap)
    else:
        grouped = weights.reshape(cell.groups, -1, *weights.shape[1:])  # (groups, filters, channels, rows, cols)
        result = ops.group_convolution(source, ops.constant(grouped), step, pads, pads, gap)
    return ov.Model([result], [image])


def _mode(cell: Cell, modes: dict[str, str]) -> str:
    if cell.mode not in modes:
        raise UnfitError(f"has no {cell.mode} border")
    return modes[cell.mode]
