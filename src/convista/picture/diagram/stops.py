"""A kernel at all its places: the cells it slides over, its window, and the numbers it makes."""

from __future__ import annotations

from collections.abc import Iterator

from convista.picture.diagram import formula
from convista.picture.diagram.cells import still_cells
from convista.picture.diagram.grid import Grid, Panel
from convista.picture.diagram.numbers import Numbers
from convista.picture.diagram.shapes import Cells, Label, Labels, Path, Point, Scene, Shape, arrow, words
from convista.picture.diagram.stage import MARGIN, Stage, stage_of
from convista.picture.diagram.terms import written
from convista.picture.diagram.values import exact, short
from convista.picture.diagram.view import Stop, View
from convista.picture.diagram.words import say
from convista.picture.svg import text_width

LINE = 18
_CHIP = 8.5  # the size of a weight below a number
_LINES = 8  # so many have their ways back drawn
_TERMS = 12  # so many products are written out in one line


def stops_scene(
    view: View, numbers: Numbers | None = None, *, notes: tuple[str, ...] = (), language: str = "en"
) -> Scene:
    """Return a kernel's stops over its input, row by row.

    Parameters
    ----------
    view
        The convolution, and how much of it is drawn.
    numbers
        What stands in the cells; None: nothing.
    notes
        More lines below.
    """
    stage = stage_of(view, numbers, language)
    title = formula.title(view.plan, language)
    told = [*formula.formulas(view.plan, language), *formula.remarks(view.plan, language), *notes]
    lines = [*told, *_limits(view, language)]
    bottom = max(one.bottom for one in stage.panels) + 14
    sums = [_sum(view, numbers, stop, language) for stop in view.stops] if numbers else []
    spoken = [MARGIN + text_width(line, 14) * 1.12 for line in (title, *lines, *sums)]
    width = max([one.right for one in stage.panels] + spoken) + MARGIN
    foot = [words(MARGIN, bottom + 12 + LINE * (place + bool(sums)), line) for place, line in enumerate(lines)]
    text = say("stops_told", language, title=title, count=f"{view.plan.count:,}", formula=" ".join(told))
    return Scene(
        width, bottom + LINE * (len(lines) + bool(sums)) + 10, title, text,
        base=(words(MARGIN, 26, title, size=14, bold=True), *still_cells(stage), *foot),
        still=(*_marks(stage, view.stops[0]), *_route(stage), *_told(sums[:1], bottom)),
        moments=tuple(
            (*_marks(stage, stop), *_told(sums[place : place + 1], bottom)) for place, stop in enumerate(view.stops)
        ),
        language=language,
    )  # fmt: skip


def _limits(view: View, language: str) -> list[str]:
    shown, count = len(view.stops), view.plan.count
    if shown == count:
        return []
    return [say("shown_stops", language, shown=f"{shown:,}", count=f"{count:,}")]


# What is there for a moment ------------------------------------------------------------------------------------------


def _marks(stage: Stage, stop: Stop) -> Iterator[Shape]:
    """Yield the window at one stop, what it reads, and the number it makes."""
    view, inside = stage.view, "" if stage.numbers else "window"
    taps, thick = view.taps(stop), 2.0 if stage.numbers else 1.5
    for depth, grid in enumerate(stage.board.grids):
        cells = [(row, col) for at, row, col in taps if at == depth]
        if cells:
            yield grid.cells(cells, inside, "window_line", thick=thick)
            yield grid.frame(cells[0], cells[-1], edge="window_line", thick=2.5)
    if stage.given:
        yield from _gathered(stage.given, view, stop, inside)
    grid = stage.output.grids[stop[0]]
    yield grid.cells([stop[1:]], "" if stage.numbers else "current", "output_line", thick=2.5)
    if stage.numbers:
        yield from _chips(stage.board.grids, taps, stage.numbers.laid(view).ravel().tolist())
    elif stage.output.x > stage.board.x:  # side by side, with nothing between them
        yield from _beam(stage, stop)


def _gathered(given: Panel, view: View, stop: Stop, inside: str) -> Iterator[Shape]:
    """Yield the numbers of the input that are read."""
    found = [source for cell in view.taps(stop) if (source := view.source(cell))]
    for depth, grid in enumerate(given.grids):
        cells = [(row, col) for at, row, col in found if at == depth]
        if cells:
            yield grid.cells(cells, inside, "window_line", thick=2)


def _chips(grids: tuple[Grid, ...], taps: list[Stop], weights: list[float]) -> Iterator[Shape]:
    """Yield the weights, small, in the cells they lie on."""
    items = []
    for (depth, row, col), weight in zip(taps, weights, strict=True):
        x, y = grids[depth].place(row, col)
        items.append(((x, y), f"×{short(weight)}"))
    side = grids[0].side
    wide = max(text_width(text, 9) for _, text in items) + 2
    yield Cells(tuple((x + side - wide - 1.5, y + side - 12) for (x, y), _ in items), wide, 10.5, "window")
    yield Labels(tuple(Label(x + side - 2.5, y + side - 3.5, text) for (x, y), text in items), "ink", _CHIP, "end")


def _beam(stage: Stage, stop: Stop) -> Iterator[Path]:
    """Yield two lines from the window to the number it makes."""
    taps = stage.view.taps(stop)
    board, output = stage.board.grids[0], stage.output.grids[0]
    window = board.frame(taps[0][1:], taps[-1][1:])
    (left, top), (x, y) = window.places[0], output.place(*stop[1:])
    right, bottom = left + window.width, top + window.height
    ends = ((right, top), (x, y)), ((right, bottom), (x, y + output.side))
    for line in ends:
        yield Path(line, edge="window_line", thick=1)


def _route(stage: Stage) -> Iterator[Shape]:
    """Yield the way of the window's middle through its stops, on the first slice that it covers."""
    view, grid = stage.view, stage.board.grids[0]
    lines: dict[int, list[Point]] = {}
    for stop in view.stops:
        if stop[0] == 0:
            taps = view.taps(stop)
            row = (taps[0][1] + taps[-1][1]) / 2
            x, y = grid.centre(row, (taps[0][2] + taps[-1][2]) / 2)
            above = -0.38 * grid.side if stage.numbers and row == int(row) else 0.0  # where no number stands
            lines.setdefault(stop[1], []).append((x, y + above))
    # Among numbers, and where there are many lines, the ways back to the next line are left out: they would cross them.
    apart = stage.numbers or len(lines) > _LINES
    ways = list(lines.values()) if apart else [[point for line in lines.values() for point in line]]
    ink, dot = "window_line" if stage.numbers else "ink", 1.8 if grid.side < 16 else 2.5
    for way in ways:
        if len(way) > 1:
            yield from arrow(way, ink, 1.2, head=min(7, grid.side / 2))
        yield Cells(tuple((x - dot, y - dot) for x, y in way[: max(len(way) - 1, 1)]), 2 * dot, 2 * dot, ink)


def _sum(view: View, numbers: Numbers, stop: Stop, language: str) -> str:
    """Return the sum of one stop: its end is the engine's own number."""
    told = written(numbers.products(view, stop), numbers.bias, language, most=_TERMS)
    return f"{told} = {exact(numbers.output[stop].item())}"


def _told(sums: list[str], bottom: float) -> Iterator[Shape]:
    for text in sums:
        yield words(MARGIN, bottom + 12, text, bold=True)
