"""A whole network as a strip of blocks: each as high as its maps, as deep as it has channels, with its shape below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2

from convista.picture.diagram.shapes import Path, Point, Scene, Shape, arrow, words
from convista.picture.diagram.words import say, times
from convista.picture.svg import clipped, text_width

MARGIN, WIDEST = 20, 1080

_TALL, _LOW, _DEEP = 84.0, 10.0, 40.0  # pixels of the highest face, the lowest, the deepest block
_GAP, _NAME, _FACT, _STEP = 26, 12, 11, 15
_LONGEST = 150


@dataclass(frozen=True, slots=True)
class Block:
    """One layer, or one with what only changes its numbers one by one."""

    name: str
    """What it is in a word or two."""
    shape: tuple[int, ...]
    """Of its result, without the samples: (channels, rows, cols), or (features,)."""
    facts: tuple[str, ...] = ()
    """Lines below the name."""
    look: str = "zero"
    """A role of the palette."""

    @property
    def lines(self) -> tuple[str, ...]:
        """All that stands below the block; the shape last."""
        return (*self.facts, times(self.shape))


@dataclass(frozen=True, slots=True)
class _Solid:
    """How a block looks: the face's sides and the depth, in pixels."""

    across: float
    down: float
    deep: float

    @property
    def width(self) -> float:
        return self.across + self.deep

    @property
    def height(self) -> float:
        return self.down + self.deep / 2


def strip_scene(blocks: Sequence[Block], *, language: str = "en") -> Scene:
    """Return the blocks from the input to the output, in as many lines as they need.

    Parameters
    ----------
    blocks
        The first is the input.
    """
    if not blocks:
        raise ValueError("blocks is empty; a network has an input at least")
    title = say("network_title", language, count=len(blocks) - 1)
    shapes: list[Shape] = [words(MARGIN, 26, title, size=14, bold=True)]
    y, right = 44.0, MARGIN + text_width(title, 16)
    solids = _solids(blocks)
    for line in _wrapped([_width(block, solid) for block, solid in zip(blocks, solids, strict=True)]):
        top = max(solids[place].height for place in line)
        x = float(MARGIN)
        for place in line:
            wide = _width(blocks[place], solids[place])
            shapes += _block(blocks[place], solids[place], x, y + top, wide)
            if place + 1 < len(blocks):
                shapes += arrow([(x + wide + 3, y + top - 6), (x + wide + _GAP - 3, y + top - 6)], "faint", 1.5, 6)
            x += wide + _GAP
        right = max(right, x)
        y += top + 22 + _STEP * max(len(blocks[place].lines) for place in line) + 18
    names = ", ".join(f"{block.name} ({times(block.shape)})" for block in blocks[1:])
    told = say("network_told", language, input=times(blocks[0].shape), output=times(blocks[-1].shape), layers=names)
    return Scene(right + MARGIN, y, title, told, tuple(shapes), language=language)


def _solids(blocks: Sequence[Block]) -> list[_Solid]:
    largest = max(max(block.shape[1:], default=1) for block in blocks)
    most = max(_channels(block) for block in blocks)
    return [_solid(block, largest, most) for block in blocks]


def _solid(block: Block, largest: int, most: int) -> _Solid:
    deep = 4 + (_DEEP - 4) * log2(1 + _channels(block)) / log2(1 + max(most, 1))
    if len(block.shape) == 1:  # features in a row: a rod, lying in the depth
        return _Solid(_LOW, _LOW, deep)
    rows, cols = (1, *block.shape[1:])[-2:]
    down, across = (_LOW + (_TALL - _LOW) * (size / largest) ** 0.5 for size in (rows, cols))
    return _Solid(across, down, deep)


def _channels(block: Block) -> int:
    return block.shape[0] if block.shape else 1


def _width(block: Block, solid: _Solid) -> float:
    texts = [text_width(_name(block), _NAME) * 1.12, *(text_width(_fact(line), _FACT) for line in block.lines)]
    return max(solid.width, *texts)


def _name(block: Block) -> str:
    return clipped(block.name, _LONGEST, _NAME)


def _fact(line: str) -> str:
    return clipped(line, _LONGEST, _FACT)


def _wrapped(widths: Sequence[float]) -> Iterator[list[int]]:
    """Yield the places of each line's blocks."""
    line: list[int] = []
    x = 0.0
    for place, width in enumerate(widths):
        if line and x + width > WIDEST:
            yield line
            line, x = [], 0.0
        line.append(place)
        x += width + _GAP
    yield line


def _block(block: Block, solid: _Solid, x: float, foot: float, wide: float) -> Iterator[Shape]:
    left = x + (wide - solid.width) / 2
    front = _face((left, foot), solid.across, solid.down)
    (_, _, upper_right, upper_left), lower_right = front, front[1]
    back = solid.deep, -solid.deep / 2
    roof = (upper_left, upper_right, _moved(upper_right, back), _moved(upper_left, back))
    side = (lower_right, upper_right, _moved(upper_right, back), _moved(lower_right, back))
    for points in (roof, side, front):
        yield Path(points, "line", block.look)
    middle = x + wide / 2
    yield words(middle, foot + 18, _name(block), size=_NAME, bold=True, anchor="middle")
    for number, line in enumerate(block.lines, 1):
        ink = "ink" if number == len(block.lines) else "faint"
        yield words(middle, foot + 18 + number * _STEP, _fact(line), size=_FACT, ink=ink, anchor="middle")


def _face(foot: Point, across: float, down: float) -> tuple[Point, Point, Point, Point]:
    x, y = foot
    return (x, y), (x + across, y), (x + across, y - down), (x, y - down)


def _moved(point: Point, way: Point) -> Point:
    return point[0] + way[0], point[1] + way[1]
