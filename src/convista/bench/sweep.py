"""Random problems that tell whether the planner's choice is ever much slower than an engine that was forced."""

from __future__ import annotations

import random
from collections.abc import Iterator

from convista.bench.cell import Cell

PROBLEMS, QUICK = 200, 20
SEED = 20_261_122


def sweep() -> Iterator[Cell]:
    """Yield the problems, the same in each run."""
    draw = random.Random(SEED)  # noqa: S311  # no secret
    for number in range(PROBLEMS):
        cell = _image(draw, number) if draw.random() < 0.7 else _layer(draw, number)
        yield cell


def _image(draw: random.Random, number: int) -> Cell:
    side, (rows, cols) = _side(draw), (_size(draw, 16, 2048), _size(draw, 16, 2048))
    layout, channels = draw.choice((("hw", 1), ("hw", 1), ("hwc", 3)))
    return _cell(
        draw, number, (1, channels, rows, cols), (1, 1, side, side), layout=layout,
        weights=draw.choice(("normal", "normal", "outer")), mode=draw.choice(("reflect", "zeros", "replicate")),
        dtype=draw.choice(("float32", "float32", "uint8")),
    )  # fmt: skip


def _layer(draw: random.Random, number: int) -> Cell:
    images, channels, filters = draw.choice((1, 8, 64)), draw.choice((1, 3, 8, 32, 64)), draw.choice((4, 8, 32, 64))
    side, rows = draw.choice((1, 3, 3, 5, 7)), draw.choice((7, 14, 28, 56, 112))
    return _cell(
        draw, number, (images, channels, rows, rows), (filters, channels, side, side), layout="nchw", mode="zeros"
    )


def _cell(
    draw: random.Random, number: int, image: tuple[int, int, int, int], kernel: tuple[int, int, int, int], **terms: str
) -> Cell:
    stride = draw.choice((1, 1, 1, 2))
    dilation = draw.choice((1, 1, 1, 1, 2))
    shape = "x".join(map(str, image))
    name = (
        f"plan {number + 1:03} {shape} K={kernel[2]}x{kernel[0]} s{stride} d{dilation} {terms.get('dtype', 'float32')}"
    )
    return Cell(
        name, "planner", ("engines",), image, kernel, stride=stride, dilation=dilation, quick=number < QUICK, **terms  # type: ignore[arg-type]
    )  # fmt: skip


def _side(draw: random.Random) -> int:
    return draw.choice((1, 3, 3, 5, 5, 7, 9, 11, 15, 17, 21, 31, 45))


def _size(draw: random.Random, least: int, most: int) -> int:
    """Return a size whose logarithm is spread evenly."""
    return int(least * (most / least) ** draw.random())
