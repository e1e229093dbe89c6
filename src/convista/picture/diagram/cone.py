"""What one number sees through several layers: the cone of its receptive field, along one axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from convista import window
from convista.picture.diagram.grid import NOTE
from convista.picture.diagram.shapes import Cells, Path, Point, Scene, Shape, words
from convista.picture.diagram.words import say
from convista.picture.svg import text_width
from convista.window import ReceptiveField

MARGIN, MOST = 20, 120
"""So many numbers of the input are drawn at most."""

_RISE, _LABEL, _WIDE = 62, 78, 840


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer along one axis."""

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def reads(self, number: int) -> list[int]:
        """Return the numbers of the level below that one of its own reads; some may be padding."""
        first = number * self.stride - self.padding
        return [first + place * self.dilation for place in range(self.kernel)]

    def facts(self, language: str) -> str:
        """Return kernel, stride and dilation in words."""
        told = [say("kernel_fact", language, size=self.kernel)]
        told += [say("stride_fact", language, size=self.stride)] if self.stride != 1 else []
        told += [say("dilation_fact", language, size=self.dilation)] if self.dilation != 1 else []
        return say("and", language).join(told)


@dataclass(frozen=True, slots=True)
class Level:
    """The numbers of one level that count, and where its first is in the input's numbers."""

    read: tuple[int, ...]
    shown: range
    field: ReceptiveField
    size: int | None
    """How many there are; None where that isn't known."""

    def middle(self, number: float) -> float:
        """Return the middle of a number's receptive field, in numbers of the input."""
        return self.field.start + number * self.field.jump + (self.field.size - 1) / 2

    def inside(self, number: int) -> bool:
        """Return whether it is no padding."""
        return self.size is None or 0 <= number < self.size


def levels_of(layers: Sequence[Layer], size: int | None, index: int | None) -> list[Level]:
    """Return the levels from the input to the output.

    >>> [level.read for level in levels_of([Layer(3, 2), Layer(2)], None, 0)]
    [(0, 1, 2, 3, 4), (0, 1), (0,)]
    """
    fields = [window.receptive_field([(layer.kernel, layer.stride, layer.padding, layer.dilation)
                                      for layer in layers[:depth]]) for depth in range(len(layers) + 1)]  # fmt: skip
    sizes = [size]
    for layer in layers:
        below = sizes[-1]
        sizes.append(below and window.output_size(below, layer.kernel, layer.stride, layer.padding, layer.dilation))
    last = sizes[-1]
    asked = index if index is not None else (last - 1) // 2 if last else 0
    if last is not None and not 0 <= asked < last:
        raise ValueError(f"index (={asked}) must be from 0 to {last - 1}: the output has {last} numbers")
    read: list[tuple[int, ...]] = [(asked,)]
    for layer, count in zip(reversed(layers), reversed(sizes), strict=False):
        inside = [number for number in read[-1] if count is None or 0 <= number < count]  # padding reads nothing
        read.append(tuple(sorted({number for one in inside for number in layer.reads(one)})))
    return [
        Level(numbers, _around(numbers, count), field, count)
        for numbers, field, count in zip(reversed(read), fields, sizes, strict=True)
    ]


def cone_scene(
    layers: Sequence[Layer], *, size: int | None = None, index: int | None = None, language: str = "en"
) -> Scene:
    """Return the numbers of each level that one number of the output depends on, the input at the bottom.

    Parameters
    ----------
    layers
        From the input to the output.
    size
        Of the input; None: as large as need be.
    index
        Which number of the output; None: the middle one.
    """
    levels = levels_of(layers, size, index)
    base, top = levels[0], levels[-1]
    if len(base.shown) > MOST:
        raise ValueError(
            f"layers see {len(base.read)} numbers of the input, more than the {MOST} that can be drawn; "
            "leave the last layers out"
        )
    unit = min(26.0, _WIDE / len(base.shown))
    field = top.field
    title = say("cone_title", language, size=field.size, jump=field.jump, start=field.start)
    labels = _labels(layers, levels, language)
    left = MARGIN + max(text_width(line, 13) * 1.12 for pair in labels for line in pair) + 16
    place = _Places(left - _leftmost(levels) * unit, unit, len(levels))
    right = max(place.x(level, number) for level in levels for number in (level.shown[-1],)) + unit / 2
    width = max(right, MARGIN + text_width(title, 14) * 1.12) + MARGIN
    text = say("cone_told", language, index=top.read[0], size=field.size, read=len(base.read), jump=field.jump,
               start=field.start)  # fmt: skip
    return Scene(
        width, place.y(0) + unit / 2 + MARGIN + 4, title, text,
        (words(MARGIN, 26, title, size=14, bold=True), *_lines(layers, levels, place), *_cells(levels, place),
         *_spoken(labels, place)),
        language=language,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Places:
    zero: float
    unit: float
    levels: int

    def x(self, level: Level, number: float) -> float:
        return self.zero + (level.middle(number) + 0.5) * self.unit

    def y(self, depth: int) -> float:
        return _LABEL + (self.levels - 1 - depth) * _RISE


def _around(numbers: tuple[int, ...], size: int | None) -> range:
    """Return the numbers to draw: those that are read, two more on each side, and none that isn't there."""
    first, last = numbers[0] - 2, numbers[-1] + 2
    if size is None:
        return range(first, last + 1)
    return range(min(max(first, 0), numbers[0]), max(min(last, size - 1), numbers[-1]) + 1)


def _leftmost(levels: Sequence[Level]) -> float:
    return min(level.middle(level.shown[0]) for level in levels)


def _lines(layers: Sequence[Layer], levels: Sequence[Level], place: _Places) -> Iterator[Path]:
    """Yield a line from each number to each that it reads."""
    half = min(place.unit, 22) / 2
    for depth, layer in enumerate(layers):
        below, above = levels[depth], levels[depth + 1]
        for number in filter(above.inside, above.read):
            start: Point = (place.x(above, number), place.y(depth + 1) + half)
            for read in layer.reads(number):
                yield Path((start, (place.x(below, read), place.y(depth) - half)), edge="window_line", thick=0.8)


def _cells(levels: Sequence[Level], place: _Places) -> Iterator[Shape]:
    side = min(place.unit, 22) * 0.92
    for depth, level in enumerate(levels):
        look = "output" if depth == len(levels) - 1 else "input" if depth == 0 else "window"
        kinds: dict[tuple[str, str, str], list[Point]] = {}
        for number in level.shown:
            corner = place.x(level, number) - side / 2, place.y(depth) - side / 2
            read, inside = number in level.read, level.inside(number)
            fill = look if read and inside else "paper"
            edge = f"{look}_line" if read else "line"
            kinds.setdefault((fill, edge, "" if inside else "2 2"), []).append(corner)
        for (fill, edge, dashes), corners in kinds.items():
            yield Cells(tuple(corners), side, side, fill, edge, dashes=dashes)


def _labels(layers: Sequence[Layer], levels: Sequence[Level], language: str) -> list[tuple[str, str]]:
    """Return what stands beside each level: its name, and how much of it is read or what made it."""
    told = [(say("input", language), say("level_read", language, count=len(levels[0].read)))]
    for depth, layer in enumerate(layers, 1):
        name = say("output" if depth == len(layers) else "layer", language, number=depth)
        told.append((name, layer.facts(language)))
    return told


def _spoken(labels: Sequence[tuple[str, str]], place: _Places) -> Iterator[Shape]:
    for depth, (name, fact) in enumerate(labels):
        yield words(MARGIN, place.y(depth) - 2, name, size=13, bold=True)
        yield words(MARGIN, place.y(depth) + 13, fact, size=NOTE, ink="faint")
