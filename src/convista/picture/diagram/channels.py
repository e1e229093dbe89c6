"""Which input channels each output channel of a convolution reads: all, those of its group, or one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convista.picture.diagram.grid import Grid
from convista.picture.diagram.palette import GROUPS
from convista.picture.diagram.shapes import Label, Labels, Path, Scene, Shape, words
from convista.picture.diagram.words import say
from convista.picture.svg import text_width

MARGIN, MOST, SIDE = 20, 12, 26
"""So many channels of the input and of the output are drawn."""

_TOP, _LEAST = 76, 240


@dataclass(frozen=True, slots=True)
class Channels:
    """How the channels of a convolution hang together.

    >>> [Channels(4, 8, groups=2).reads(channel) for channel in (0, 7)]
    [range(0, 2), range(2, 4)]
    """

    inputs: int
    outputs: int
    groups: int = 1
    weights: int = 0
    """Of one output channel's kernel, over all channels that it reads."""

    def reads(self, channel: int) -> range:
        """Return the input channels that an output channel reads."""
        each = self.inputs // self.groups
        group = self.group(channel)
        return range(group * each, (group + 1) * each)

    def group(self, channel: int) -> int:
        """Return the group of an output channel."""
        return channel // (self.outputs // self.groups)


def channels_scene(channels: Channels, *, language: str = "en") -> Scene:
    """Return the channels as two columns with a line for each that is read, a colour for each group."""
    shown = min(channels.inputs, MOST), min(channels.outputs, MOST)
    heads = say("input_channels", language), say("output_channels", language)
    apart = max(_LEAST, text_width(heads[0], 13) * 1.12 + 40)
    title = title_of(channels, language)
    told = told_of(channels, language)
    left = Grid(MARGIN, _TOP, shown[0], 1, SIDE)
    right = Grid(MARGIN + apart, _TOP, shown[1], 1, SIDE)
    foot = max(left.bottom, right.bottom) + 32
    width = max(
        right.x + text_width(heads[1], 13) * 1.12, MARGIN + text_width(told, 12), MARGIN + text_width(title, 16)
    )
    shapes = [
        words(MARGIN, 26, title, size=14, bold=True),
        *(words(grid.x, _TOP - 12, head, size=13, bold=True) for grid, head in zip((left, right), heads, strict=True)),
        *_lines(channels, left, right), *_cells(channels, left, right), *_left_out(channels, left, right, language),
        words(MARGIN, foot + 10, told),
    ]  # fmt: skip
    moments = [tuple(_marks(channels, left, right, channel)) for channel in range(shown[1])]
    return Scene(width + MARGIN, foot + 28, title, told, tuple(shapes), moments=tuple(moments), language=language)


def title_of(channels: Channels, language: str) -> str:
    """Return how many channels there are, and the groups if there are some."""
    key = "channels_one" if channels.groups == 1 else "channels_title"
    return say(key, language, inputs=channels.inputs, outputs=channels.outputs, groups=channels.groups)


def told_of(channels: Channels, language: str) -> str:
    """Return what each output channel reads, in a sentence or two."""
    told = say("channels_told", language, outputs=f"{channels.outputs:,}", inputs=f"{channels.inputs:,}",
               each=channels.inputs // channels.groups, weights=f"{channels.weights:,}")  # fmt: skip
    alone = channels.groups == channels.inputs > 1
    return f"{told} {say('depthwise', language)}" if alone else told


def _lines(channels: Channels, left: Grid, right: Grid) -> Iterator[Path]:
    for channel in range(right.rows):
        for read in channels.reads(channel):
            if read < left.rows:
                yield Path(_ends(left, right, channel, read), edge="line")


def _ends(left: Grid, right: Grid, channel: int, read: int) -> tuple[tuple[float, float], tuple[float, float]]:
    return (left.right, left.centre(read, 0)[1]), (right.x, right.centre(channel, 0)[1])


def _cells(channels: Channels, left: Grid, right: Grid) -> Iterator[Shape]:
    each = channels.inputs // channels.groups
    owners = (
        (left, [row // each for row in range(left.rows)]),
        (right, [channels.group(row) for row in range(right.rows)]),
    )
    for grid, groups in owners:
        for group in dict.fromkeys(groups):
            rows = [(row, 0) for row, own in enumerate(groups) if own == group]
            yield grid.cells(rows, GROUPS[group % len(GROUPS)])
        yield grid.texts((((row, 0), str(row)) for row in range(grid.rows)), 11, "ink")


def _left_out(channels: Channels, left: Grid, right: Grid, language: str) -> Iterator[Labels]:
    for grid, count in ((left, channels.inputs), (right, channels.outputs)):
        if count > grid.rows:
            text = say("more", language, count=f"{count - grid.rows:,}")
            yield Labels((Label(grid.x, grid.bottom + 16, text),), "faint", 11, "start")


def _marks(channels: Channels, left: Grid, right: Grid, channel: int) -> Iterator[Shape]:
    reads = [read for read in channels.reads(channel) if read < left.rows]
    for read in reads:
        yield Path(_ends(left, right, channel, read), edge="window_line", thick=2)
    yield left.cells([(read, 0) for read in reads], edge="window_line", thick=2.5)
    yield right.cells([(channel, 0)], edge="output_line", thick=2.5)
