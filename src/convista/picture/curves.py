"""Line charts as SVG text, for pages light or dark: training curves without matplotlib.

The colours are Okabe and Ito's, told apart by any kind of colour vision, and each line has its own dashes. A page
may set ``--series-1`` ... ``--series-7``; all text is ``currentColor``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from convista.picture.axis import Axis, Floats, level, level_by_ratio, upright
from convista.picture.svg import clipped, dot, element, number, rule, stroke, svg_root, text, text_width
from convista.picture.ticks import value_text

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "currentColor")
DASHES = ("", "6 5", "1 5", "9 5 1 5", "13 6")  # the round ends make each dash longer

ALONE = (
    "svg{color:#1f2328;background:#ffffff}"
    "@media(prefers-color-scheme:dark){svg{color:#e6edf3;background:#0d1117;"
    "--series-1:#58a6ff;--series-2:#ff8c42;--series-6:#f0e442}}"
)
"""Colours of a picture that no page gives any; on dark the darkest lines are brighter, the sixth no second blue."""

_FEW = 30  # a line of so few points gets a dot on each
_COLUMNS = 1400  # with two points each: about 35 kB
_HUGE = 1e300  # beyond it sums of two numbers may overflow
_BOLD = 1.12  # how much wider a title is
_LINE = 18  # pixels from one line of text to the next


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart."""

    name: str
    y: Sequence[float]
    x: Sequence[float] | None = None
    """As many as `y`, none smaller than the one before; None: 1, 2, 3 ..."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """A line as it is drawn: unusable values are NaN."""

    name: str
    x: Floats
    y: Floats
    left_out: int
    colour: str
    dashes: str

    @property
    def last(self) -> int:
        """The index of the last value that can be drawn."""
        return int(np.flatnonzero(np.isfinite(self.y))[-1])


def line_chart(
    series: Mapping[str, Sequence[float]] | Iterable[Line],
    *,
    title: str,
    x_label: str = "",
    y_label: str = "",
    log_x: bool = False,
    log_y: bool = False,
    ends: bool = True,
    width: int = 640,
    height: int = 320,
    alone: bool = False,
) -> str:
    """Return a line chart as an SVG element that stands in a page or, written to a file, on its own.

    Parameters
    ----------
    series
        The values of each line by its name, at x = 1, 2, 3 ..., or `Line` records, which may have their own x.
        Values that are not finite, and with `log_y` those not above zero, leave a gap, which the description
        counts.
    title, x_label, y_label
        What it shows, below the x axis, above the y axis.
    log_x
        A logarithmic x axis, whose ticks are the lines' own x.
    log_y
        A logarithmic y axis.
    ends
        Whether each line's last value is written at its end.
    width, height
        In pixels; a page may show it smaller or larger. Lines of the legend come on top of the height.
    alone
        A file of its own has nobody to give it colours: its background and its text are light or dark as the
        reader's system is.

    Raises
    ------
    ValueError
        When there is no line, when x and y differ in length, x falls, or is not above zero with `log_x`.

    Notes
    -----
    The same input gives the same text. Of many points only the lowest and the highest in each pixel column are
    drawn, so that 10,000 points make no large file.

    Examples
    --------
    >>> svg = line_chart({"train": [0.9, 0.3, 0.2], "valid": [0.8, 0.4, 0.3]}, title="Loss", x_label="epoch")
    >>> svg.startswith("<svg"), "<title>Loss</title>" in svg
    (True, True)
    """
    if width < 240 or height < 160:
        raise ValueError(f"width and height (={width}, {height}) must be at least 240 and 160 pixels")
    curves = _curves(series, log_y)
    if log_x and min(curve.x.min(initial=1) for curve in curves) <= 0:
        raise ValueError("log_x (=True) needs every x above zero; leave it out, or leave those points out")
    legend = _legend(curves, width)
    top = 34 + _LINE * len(legend) + (28 if y_label else 10)
    bottom = height + _LINE * len(legend) - 54
    seen = [curve for curve in curves if np.isfinite(curve.y).any()]
    labels = _end_labels(seen if ends else [], alone=len(curves) == 1, room=(width / 3, bottom - top))
    right = width - 18 - max([text_width(label) for label in labels], default=8)
    y_axis = upright(np.concatenate([curve.y for curve in curves]), bottom, top, log=log_y)
    left = 16 + max(map(text_width, y_axis.texts))
    x_axis = (level_by_ratio if log_x else level)(np.concatenate([curve.x for curve in curves]), left, right)
    step = max(1, math.ceil(len(curves) * (right - left) / _COLUMNS))
    body = [
        text(8, 22, clipped(title, (width - 16) / _BOLD, 15), size=15, bold=True),
        *legend,
        text(8, top - 15, clipped(y_label, width - 16)),
        text((left + right) / 2, bottom + 42, clipped(x_label, right - left), anchor="middle"),
        *_grid(x_axis, y_axis),
        *(_drawn(curve, x_axis, y_axis, step) for curve in seen),
        *_ends(seen, labels, x_axis, y_axis),
        text((left + right) / 2, (top + bottom) / 2 + 16, "" if seen else "no value to draw", anchor="middle"),
    ]
    words = element("title", title) + element("desc", _description(curves, x_label, y_label, "x" * log_x + "y" * log_y))
    return svg_root(width, bottom + 54, [words, *filter(None, body)], style=ALONE if alone else "")


def _curves(series: Mapping[str, Sequence[float]] | Iterable[Line], log_y: bool) -> list[_Curve]:
    if isinstance(series, Mapping):
        series = [Line(name, y) for name, y in series.items()]
    curves = [_curve(line, order, log_y) for order, line in enumerate(series)]
    if not curves:
        raise ValueError("series is empty; a chart needs at least one line")
    return curves


def _curve(line: Line, order: int, log_y: bool) -> _Curve:
    y = np.array(line.y, np.float64)
    x = np.arange(1.0, len(y) + 1) if line.x is None else np.array(line.x, np.float64)
    if y.ndim != 1 or x.shape != y.shape:
        raise ValueError(f'line "{line.name}" has x of shape {x.shape} and y of shape {y.shape}; give one x for each y')
    if not (np.abs(x) < _HUGE).all() or (np.diff(x) < 0).any():
        raise ValueError(f'line "{line.name}" has an x that is not finite or smaller than the one before it')
    usable = (np.abs(y) < _HUGE) & (y > (1 / _HUGE if log_y else -np.inf))
    y[~usable] = np.nan
    colour = f"var(--series-{order % len(COLOURS) + 1}, {COLOURS[order % len(COLOURS)]})"
    return _Curve(line.name, x, y, int((~usable).sum()), colour, DASHES[order % len(DASHES)])


def _grid(x_axis: Axis, y_axis: Axis) -> list[str]:
    left, right, bottom = x_axis.start, x_axis.end, y_axis.start
    pieces = []
    for place, words in zip(y_axis.places(y_axis.ticks), y_axis.texts, strict=True):
        pieces.append(rule(left, place, right, place, opacity=0.15))
        pieces.append(text(left - 8, place + 4, words, anchor="end"))
    for place, words in zip(x_axis.places(x_axis.ticks), x_axis.texts, strict=True):
        pieces.append(rule(place, bottom, place, bottom + 5, opacity=0.6))
        if text_width(words) / 2 <= place:  # else it would begin left of the picture
            pieces.append(text(place, bottom + 20, words, anchor="middle"))
    return [*pieces, rule(left, bottom, right, bottom, opacity=0.6)]


def _drawn(curve: _Curve, x_axis: Axis, y_axis: Axis, step: int) -> str:
    """Return the line as a path, a dot on each point where there are few; at most two points per `step` pixels."""
    x, y = x_axis.places(curve.x), y_axis.places(curve.y)
    if len(x) > 2 * (x_axis.end - x_axis.start) / step:
        kept = _lowest_and_highest(x, y, step)
        x, y = x[kept], y[kept]
    dots = (
        "".join(dot(a, b, curve.colour) for a, b in zip(x, y, strict=True) if not math.isnan(b))
        if len(x) <= _FEW
        else ""
    )
    return stroke(_path(x, y), curve.colour, curve.dashes) + dots


def _lowest_and_highest(x: Floats, y: Floats, step: int) -> list[int]:
    """Return the places of the lowest and highest value in each `step` pixels, and of the first and the last.

    A gap narrower than that can't be seen and is closed; where there is no value at all, one NaN is kept.
    """
    kept = {int(place) for place in np.flatnonzero(np.isfinite(y))[[0, -1]]}
    starts = np.flatnonzero(np.diff(np.floor(x / step)))
    for column in np.split(np.arange(len(x)), starts + 1):
        values = y[column]
        if np.isfinite(values).any():
            kept |= {int(column[np.nanargmin(values)]), int(column[np.nanargmax(values)])}
        else:
            kept.add(int(column[0]))
    return sorted(kept)


def _path(x: Floats, y: Floats) -> str:
    """Return the path through the points, in pieces between NaN; a piece of one point is a dot."""
    points = [f"{number(a)} {number(b)}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    pieces = [list(piece) for there, piece in groupby(points, lambda point: "nan" not in point) if there]
    return "".join(f"M{' '.join(piece)}{'h.1' if len(piece) == 1 else ''}" for piece in pieces)


def _end_labels(curves: list[_Curve], *, alone: bool, room: tuple[float, float]) -> list[str]:
    """Return the last value of each line, with its name if there are several; none where they don't fit."""
    values = [value_text(curve.y[curve.last]) for curve in curves]
    if not alone:
        values = [f"{clipped(curve.name, 110)} {value}" for curve, value in zip(curves, values, strict=True)]
    fits = len(values) * _LINE <= room[1] and max(map(text_width, values), default=0) <= room[0]
    return values if fits else []


def _ends(curves: list[_Curve], labels: list[str], x_axis: Axis, y_axis: Axis) -> list[str]:
    """Return the labels at the lines' ends, moved apart, each joined to its end by a thin line."""
    if not labels:
        return []
    ends = [(float(x_axis.places(c.x)[c.last]), float(y_axis.places(c.y)[c.last])) for c in curves]
    heights = _apart([y for _, y in ends], y_axis.end, y_axis.start)
    pieces = []
    for (x, y), height, label, curve in zip(ends, heights, labels, curves, strict=True):
        pieces.append(rule(x, y, x_axis.end + 8, height, colour=curve.colour, opacity=0.6))
        pieces.append(dot(x, y, curve.colour))
        pieces.append(text(x_axis.end + 11, height + 4, label))
    return pieces


def _apart(heights: list[float], top: float, bottom: float) -> list[float]:
    """Return the heights moved so that neighbours are a text line apart, between `top` and `bottom`.

    >>> _apart([100, 104, 30], 0, 110)
    [92, 110, 30]
    """
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    placed = list(heights)
    edge = top
    for i in order:
        placed[i] = max(placed[i], edge)
        edge = placed[i] + _LINE
    edge = bottom
    for i in reversed(order):
        placed[i] = min(placed[i], edge)
        edge = placed[i] - _LINE
    return placed


def _legend(curves: list[_Curve], width: float) -> list[str]:
    """Return the lines of the legend, none for a single curve."""
    lines: list[str] = [""]
    x = 8.0
    for curve in curves if len(curves) > 1 else []:
        name = clipped(curve.name, width - 60)
        if x > 8 and x + 28 + text_width(name) > width - 8:
            lines.append("")
            x = 8.0
        y = 40 + _LINE * (len(lines) - 1)
        sample = stroke(f"M{number(x)} {y}h24", curve.colour, curve.dashes)
        lines[-1] += sample + text(x + 30, y + 4, name)
        x += 30 + text_width(name) + 20
    return [line for line in lines if line]


def _description(curves: list[_Curve], x_label: str, y_label: str, logarithmic: str) -> str:
    axes = " against ".join(filter(None, (y_label, x_label)))
    scale = f", logarithmic {' and '.join(logarithmic)} axis" if logarithmic else ""
    return " ".join([f"Line chart{': ' * bool(axes)}{axes}{scale}.", *map(_sentence, curves)])


def _sentence(curve: _Curve) -> str:
    values = curve.y[np.isfinite(curve.y)]
    gaps = f"; {curve.left_out} not drawn, since not finite or not on this scale" if curve.left_out else ""
    if not values.size:
        return f"{curve.name}: {len(curve.y)} points{gaps}."
    first, last, low, high = (value_text(v) for v in (values[0], values[-1], values.min(), values.max()))
    points = f"{len(curve.y):,} point{'s' * (len(curve.y) != 1)}"
    return f"{curve.name}: {points}, from {first} to {last}, lowest {low}, highest {high}{gaps}."
