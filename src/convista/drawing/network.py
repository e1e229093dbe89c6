"""A whole network as a picture: the strip of its layers, their feature maps, the cone of what one number sees."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from convista import window
from convista.explanation import Node, Prepared, Trace
from convista.explanation.tracing import trace
from convista.image import as_array
from convista.picture.diagram.cone import Layer as ConeLayer
from convista.picture.diagram.cone import cone_scene
from convista.picture.diagram.maps import Layer as Maps
from convista.picture.diagram.maps import maps_scene
from convista.picture.diagram.picture import Picture
from convista.picture.diagram.strip import Block, strip_scene
from convista.picture.diagram.words import same, say, times

MOST = 24
"""So many layers have their maps drawn."""

LOOKS = {"conv": "window", "pool": "output", "linear": "group_4"}


@dataclass(slots=True)
class Stretch:
    """A node, and those after it that only change its numbers one by one."""

    first: Node
    rest: list[Node] = field(default_factory=list)

    @property
    def last(self) -> Node:
        """The node whose result it hands on."""
        return self.rest[-1] if self.rest else self.first

    @property
    def kinds(self) -> str:
        """All kinds in their order."""
        return ", ".join(_kind(node) for node in (self.first, *self.rest))


def traced(model: nn.Module, image: Any, input_size: int | Sequence[int] | None) -> Trace:
    """Return the trace of a model over an image, or over zeros of a size (channels in front)."""
    if image is None:
        if input_size is None or isinstance(input_size, int):
            raise ValueError(f"input_size (={input_size}) must be the input's, such as (3, 64, 64), or image be given")
        return trace(model, torch.zeros(1, *input_size), mode="evaluation")
    if isinstance(image, (str, os.PathLike, Prepared)):
        return trace(model, image, mode="evaluation")
    tensor = image if isinstance(image, Tensor) else torch.from_numpy(np.ascontiguousarray(as_array(image)))
    tensor = tensor if tensor.is_floating_point() else tensor.float()
    return trace(model, tensor.reshape((1,) * max(4 - tensor.ndim, 0) + tuple(tensor.shape)), mode="evaluation")


def draw_trace(trace: Trace, view: str, *, language: str, animated: bool) -> Picture:
    """Draw a recorded pass: "strip", "maps" or "cone"."""
    stretches = stretches_of(trace)
    if view == "strip":
        scene = strip_scene([_block(stretch, language) for stretch in stretches], language=language)
    elif view == "maps":
        scene = maps_scene([_maps(trace, stretch) for stretch in stretches[:MOST]], language=language)
    else:
        scene = _cone(trace, language)
    return Picture(scene, animated)


def stretches_of(trace: Trace) -> list[Stretch]:
    """Return the nodes as layers: what has the shape of its only input, and is no layer itself, joins that."""
    stretches: list[Stretch] = []
    for node in trace.nodes:
        if stretches and _joins(node, stretches[-1].last):
            stretches[-1].rest.append(node)
        elif node.shape:
            stretches.append(Stretch(node))
    return stretches


def _joins(node: Node, before: Node) -> bool:
    parents = [ref.node for ref in node.refs if ref.node is not None]
    return parents == [before.number] and node.shape == before.shape and not _family(node) and before.kind != "input"


def _family(node: Node) -> str:
    return next((name for name in LOOKS if name in node.kind), "")


def _kind(node: Node) -> str:
    return node.kind.rstrip("_")


def _block(stretch: Stretch, language: str) -> Block:
    first = stretch.first
    name = say("input", language) if first.kind == "input" else _kind(first)
    facts = [fact for fact in (_window_fact(first, language),) if fact]
    facts += [", ".join(dict.fromkeys(_kind(node) for node in stretch.rest))] if stretch.rest else []
    look = "input" if first.kind == "input" else LOOKS.get(_family(first), "zero")
    return Block(name, first.shape[1:] or first.shape, tuple(facts), look)


def _window_fact(node: Node, language: str) -> str:
    found = window_of(node)
    if not found:
        return ""
    kernels, strides, _, dilations = found
    told = [times(kernels)]
    told += [say("stride_fact", language, size=same(strides))] if set(strides) != {1} else []
    told += [say("dilation_fact", language, size=same(dilations))] if set(dilations) != {1} else []
    return say("and", language).join(told)


def window_of(node: Node) -> tuple[tuple[int, ...], ...] | None:
    """Return kernel, stride, padding and dilation, each for all axes; None for what has no window."""
    dims = len(node.shape) - 2
    if node.kind in ("conv1d", "conv2d", "conv3d"):
        kernel = tuple(node.refs[1].tensor.shape[2:])
        stride, padding = _argument(node, "stride", 3, 1), _argument(node, "padding", 4, 0)
        dilation = _argument(node, "dilation", 5, 1)
    elif node.kind.startswith(("max_pool", "avg_pool")):
        kernel = _each(_argument(node, "kernel_size", 1, 1), dims)
        stride, padding = _argument(node, "stride", 2, None) or kernel, _argument(node, "padding", 3, 0)
        dilation = _argument(node, "dilation", 4, 1) if "max" in node.kind else 1
    else:
        return None
    spread = _each(dilation, dims)
    if isinstance(padding, str):
        padding = [window.pads(padding, k, 1, d)[0] for k, d in zip(kernel, spread, strict=True)]
    return kernel, _each(stride, dims), _each(padding, dims), spread


def _each(value: Any, dims: int) -> tuple[int, ...]:
    several = (value,) * dims if isinstance(value, int) else tuple(value)
    return several * dims if len(several) == 1 else several


def _argument(node: Node, name: str, position: int, default: Any) -> Any:
    return node.kwargs.get(name, node.args[position] if len(node.args) > position else default)


def _maps(trace: Trace, stretch: Stretch) -> Maps:
    values = trace.map(stretch.last.name)[0]
    maps = values.reshape(values.shape[0], -1)[:, 0] if values.ndim > 1 and values[0].size == 1 else values
    if maps.ndim == 2:  # channels of one row each
        maps = maps[:, None, :]
    return Maps(stretch.first.name, stretch.kinds, maps.reshape(-1) if maps.ndim == 0 else maps)


def _cone(trace: Trace, language: str) -> Any:
    """Return the cone along the last axis of a network that is one chain."""
    layers = []
    for node in trace.nodes[1:]:
        parents = {ref.node for ref in node.refs if ref.node is not None}
        if parents != {node.number - 1}:
            raise ValueError(
                f'view (="cone") follows one chain of layers, and "{node.name}" joins or leaves a branch; '
                "give a list of layers, or ask trace.receptive_field for the pixels of one number"
            )
        if len(node.shape) < 3 or not (found := window_of(node)):
            if len(node.shape) < 3:
                break
            continue
        layers.append(ConeLayer(*(values[-1] for values in found)))
    return cone_scene(layers, size=trace.nodes[0].shape[-1], language=language)
