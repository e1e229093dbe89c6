"""The feature maps of a network's layers: a row of pictures for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.picture.colours import paint
from convista.picture.diagram.cells import span_of
from convista.picture.diagram.shapes import Bitmap, Scene, Shape, box, words
from convista.picture.diagram.values import short
from convista.picture.diagram.words import say, times
from convista.picture.svg import clipped, text_width

MARGIN, MOST, SIDE = 20, 8, 84
"""So many maps of a layer are drawn, so large."""

_LABEL, _GAP, _BAR, _LINE = 210, 8, 18, 15


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What one layer gave for one image."""

    name: str
    kind: str
    maps: NDArray[Any]  # (channels, rows, cols), or (features,)


def maps_scene(layers: Sequence[Layer], *, language: str = "en") -> Scene:
    """Return the first maps of each layer, the colours of each layer on a scale of their own."""
    if not layers:
        raise ValueError("layers is empty; there is no map to draw")
    title = say("maps_title", language, count=len(layers))
    shapes: list[Shape] = [words(MARGIN, 26, title, size=14, bold=True)]
    y, right = 44.0, MARGIN + text_width(title, 16)
    for layer in layers:
        drawn = list(_maps(layer, MARGIN + _LABEL, y))
        shapes += [*_names(layer, y, language), *drawn]
        right = max([right] + [shape.x + shape.width for shape in drawn if isinstance(shape, Bitmap)])
        spoken = 24.0 + _LINE * len(_facts(layer, language))
        y += max([spoken] + [shape.height for shape in drawn if isinstance(shape, Bitmap)]) + 14
    return Scene(right + MARGIN, y, title, say("maps_told", language, most=MOST), tuple(shapes), language=language)


def _facts(layer: Layer, language: str) -> list[str]:
    """Return the lines below a layer's name."""
    count = len(layer.maps)
    finite = layer.maps[np.isfinite(layer.maps)]
    span = say("from_to", language, low=short(finite.min()), high=short(finite.max())) if finite.size else ""
    facts = [layer.kind, times(layer.maps.shape), span]
    if layer.maps.ndim > 1 and count > MOST:
        facts.append(say("maps_of", language, shown=MOST, count=count))
    return facts


def _names(layer: Layer, y: float, language: str) -> Iterator[Shape]:
    yield words(MARGIN, y + 13, clipped(layer.name, _LABEL - 16, 14), size=13, bold=True)
    for place, fact in enumerate(_facts(layer, language)):
        yield words(MARGIN, y + 30 + _LINE * place, clipped(fact, _LABEL - 16, 11), size=11, ink="faint")


def _maps(layer: Layer, x: float, y: float) -> Iterator[Shape]:
    limits = span_of(layer.maps)
    cmap = "RdBu_r" if limits and limits[0] < 0 else "Greys"
    if layer.maps.ndim == 1:
        features = layer.maps[None, :]
        wide = min(MOST * (SIDE + _GAP) - _GAP, 14.0 * features.shape[1])
        yield Bitmap(x, y + 2, wide, _BAR, paint(features, cmap, limits))
        yield box(x, y + 2, wide, _BAR, edge="line")
        return
    rows, cols = layer.maps.shape[1:]
    unit = SIDE / max(rows, cols)
    for place, one in enumerate(layer.maps[:MOST]):
        left = x + place * (SIDE + _GAP)
        yield Bitmap(left, y, cols * unit, rows * unit, paint(smaller(one), cmap, limits))
        yield box(left, y, cols * unit, rows * unit, edge="line")


def smaller(plane: NDArray[Any], most: int = 2 * SIDE) -> NDArray[Any]:
    """Return means of square blocks, so that no side has more than `most` numbers; a small plane is itself.

    >>> smaller(np.arange(16.0).reshape(4, 4), most=2).tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    factor = -(-max(plane.shape) // most)
    if factor == 1:
        return plane
    rows, cols = (max(size // factor, 1) for size in plane.shape)
    tall, wide = (min(factor, size) for size in plane.shape)
    blocks = plane[: rows * tall, : cols * wide].reshape(rows, tall, cols, wide)
    means: NDArray[Any] = blocks.mean(axis=(1, 3))
    return means
