"""One stop of a kernel: the window on its image, times the weights, and the products added up."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from convista.picture.colours import Limits, paint, value_limits
from convista.picture.diagram.cells import numbered, span_of
from convista.picture.diagram.grid import NOTE, Panel, panel
from convista.picture.diagram.shapes import Bitmap, Path, Scene, Shape, box, words
from convista.picture.diagram.stage import MARGIN, NUMBER, TOP
from convista.picture.diagram.terms import written
from convista.picture.diagram.values import exact, short
from convista.picture.diagram.words import say, times
from convista.picture.svg import text_width

LARGEST, CHANNELS = 9, 4
"""The largest window with numbers in its cells, and so many channels are drawn."""

_SIGN, _IMAGE, _LETTERS, _TERMS = 34, 224, 96, 75


class Sum(Protocol):
    """What `convista.apply_kernel` returns."""

    @property
    def kernel(self) -> str: ...  # noqa: D102
    @property
    def row(self) -> int: ...  # noqa: D102
    @property
    def col(self) -> int: ...  # noqa: D102
    @property
    def rows(self) -> range: ...  # noqa: D102
    @property
    def cols(self) -> range: ...  # noqa: D102
    @property
    def pixels(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def weights(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def products(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def bias(self) -> float: ...  # noqa: D102
    @property
    def total(self) -> float: ...  # noqa: D102


def sum_scene(stop: Sum, image: NDArray[Any] | None = None, *, language: str = "en") -> Scene:
    """Return one sum taken apart.

    Parameters
    ----------
    stop
        The window, its weights and the products: (rows, cols), or (channels, rows, cols).
    image
        What the window lies on, (rows, cols) or (channels, rows, cols), of which the first channel is drawn.
    """
    parts = [np.asarray(part).reshape(-1, len(stop.rows), len(stop.cols))
             for part in (stop.pixels, stop.weights, stop.products)]  # fmt: skip
    title = say("sum_title", language, kernel=stop.kernel, row=stop.row, col=stop.col, total=exact(stop.total))
    left, photo = (MARGIN, []) if image is None else _photo(image, stop, language)
    tables = _tables(parts, left, language)
    shapes = [shape for one, values in tables for shape in _drawn(one, values)]
    more = _more(parts[2], language)
    bottom = max([tables[-1][0].bottom, *(TOP + 38 + shape.height for shape in photo if isinstance(shape, Bitmap))])
    foot = [*more, *_written(parts[2], stop.bias, stop.total, language)]
    right = max([one.right for one, _ in tables] + [MARGIN + text_width(line, 13) * 1.12 for line in (title, *foot)])
    zoom = _zoom(photo, tables[0][0]) if photo else []
    lines = [words(MARGIN, bottom + 28 + 18 * n, line, bold=n == len(foot) - 1, size=12 + (n == len(foot) - 1))
             for n, line in enumerate(foot)]  # fmt: skip
    return Scene(
        right + MARGIN, bottom + 28 + 18 * len(foot), title, _description(stop, language),
        (words(MARGIN, 26, title, size=14, bold=True), *photo, *zoom, *shapes, *_signs(tables), *lines),
        language=language,
    )  # fmt: skip


def _photo(image: NDArray[Any], stop: Sum, language: str) -> tuple[float, list[Shape]]:
    """Return where the tables begin, and the image with the window's outline on it."""
    plane = image if image.ndim == 2 else image[0]
    rows, cols = plane.shape
    unit = _IMAGE / max(rows, cols)
    y = TOP + 38
    limits = span_of(plane)
    colours = paint(plane, "RdBu_r" if limits and limits[0] < 0 else "Greys", limits)
    (top, bottom), (left, right) = _inside(stop.rows, rows), _inside(stop.cols, cols)
    frame = box(MARGIN + left * unit, y + top * unit, (right - left) * unit, (bottom - top) * unit, edge="window_line",
                thick=2)  # fmt: skip
    note = say("channel", language, number=0) if image.ndim == 3 and len(image) > 1 else times(plane.shape)
    head = [words(MARGIN, TOP + 13, say("image", language), size=13, bold=True),
            words(MARGIN, TOP + 29, note, size=NOTE, ink="faint")]  # fmt: skip
    photo = Bitmap(MARGIN, y, cols * unit, rows * unit, colours)
    around = box(MARGIN, y, cols * unit, rows * unit, edge="line")
    end = max(MARGIN + cols * unit, MARGIN + text_width(note, NOTE), MARGIN + text_width(say("image", language), 15))
    return end + 2 * _SIGN, [*head, photo, around, frame]


def _inside(span: range, size: int) -> tuple[int, int]:
    """Return the first pixel of a window and the end behind its last, without what is padding."""
    return max(span[0], 0), min(span[-1] + 1, size)


def _zoom(photo: list[Shape], pixels: Panel) -> list[Shape]:
    """Return lines from the window on the image to its enlarged pixels."""
    frame, grid = photo[-1], pixels.grids[0]
    ((x, y),) = frame.places  # type: ignore[union-attr]
    right, bottom = x + frame.width, y + frame.height  # type: ignore[union-attr]
    ends = ((right, y), (grid.x, grid.y)), ((right, bottom), (grid.x, grid.bottom))
    return [Path(line, edge="window_line") for line in ends]


def _tables(parts: list[NDArray[Any]], left: float, language: str) -> list[tuple[Panel, NDArray[Any]]]:
    """Return the panels, three for each channel that is drawn, and what stands in them."""
    count, rows, cols = parts[0].shape
    side = _side(parts)
    tables, y = [], TOP
    for channel in range(min(count, CHANNELS)):
        x = left
        for key, values in zip(("window", "weights", "products"), parts, strict=True):
            note = say("channel", language, number=channel) if count > 1 and key == "window" else ""
            one = panel(x, y, (1, rows, cols), side, say(key, language), note)
            tables.append((one, values[channel : channel + 1]))
            x = one.right + _SIGN
        y = one.bottom + 12
    return tables


def _side(parts: list[NDArray[Any]]) -> float:
    longest = int(max(parts[0].shape[1:]))
    if longest > LARGEST:
        return max(6.0, 200 // longest)
    texts = [short(value) for part in parts for value in part[:CHANNELS].ravel().tolist()]
    return max(28.0, max(text_width(text, NUMBER) for text in texts) + 6)


def _drawn(one: Panel, values: NDArray[Any]) -> Iterator[Shape]:
    yield from one.head()
    size = NUMBER if max(values.shape[1:]) <= LARGEST else 0
    yield from numbered(one.grids, values, _limits(values), size=size)


def _limits(values: NDArray[Any]) -> Limits | None:
    finite = np.isfinite(values).any()
    return span_of(values) if finite and value_limits(values)[0] < value_limits(values)[1] else None


def _signs(tables: list[tuple[Panel, NDArray[Any]]]) -> Iterator[Shape]:
    """Yield x and = between the panels."""
    for place, (one, _) in enumerate(tables):
        if place % 3 < 2:
            following, grid = tables[place + 1][0], one.grids[0]
            x, y = (grid.right + following.x) / 2, (grid.y + grid.bottom) / 2
            yield words(x, y + 6, "×="[place % 3], size=18, anchor="middle")


def _more(products: NDArray[Any], language: str) -> list[str]:
    rest = products[CHANNELS:]
    return [say("more_channels", language, count=len(rest), sum=exact(rest.sum()))] if len(rest) else []


def _written(products: NDArray[Any], bias: float, total: float, language: str) -> list[str]:
    """Return the sum, each term or how many they are, and in the last line what it comes to."""
    told = written(products.ravel().tolist(), bias, language, most=_TERMS)
    return [*textwrap.wrap(told, _LETTERS, break_on_hyphens=False, break_long_words=False), f"= {exact(total)}"]


def _description(stop: Sum, language: str) -> str:
    span = [f"{part[0]}-{part[-1]}" for part in (stop.rows, stop.cols)]
    told = {"count": np.asarray(stop.pixels).size, "rows": span[0], "cols": span[1], "total": exact(stop.total)}
    return (
        say("sum_told_bias", language, bias=exact(stop.bias), **told)
        if stop.bias
        else say("sum_told", language, **told)
    )
