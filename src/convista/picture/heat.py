"""Counts over time as a picture: a column a moment, the brighter the more.

The colourful dimension of S. Giomo, known from fastai's ``color_dim``: a column is a histogram, and a colour is the
logarithm of a count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convista.picture.axis import Axis, level
from convista.picture.curves import ALONE
from convista.picture.png import data_uri
from convista.picture.svg import clipped, element, number, rule, svg_root, text, text_width
from convista.picture.ticks import linear_ticks, tick_texts
from convista.picture.viridis import VIRIDIS


def heat_chart(
    counts: ArrayLike,
    edges: Sequence[float] | NDArray[Any],
    times: Sequence[float] | NDArray[Any],
    *,
    title: str,
    x_label: str = "",
    captioned: bool = False,
    width: int = 440,
    height: int = 240,
    alone: bool = False,
) -> str:
    """Return histograms over time as an SVG element.

    Parameters
    ----------
    counts
        (times, bins), not negative. Bins at either end that are empty all the time are left out.
    edges
        Where the bins begin and end, one more than there are bins.
    times
        When each column was counted, evenly spaced.
    title, x_label
        What it shows, below the x axis.
    captioned
        Whether the page says what it shows in a caption of its own, so that the picture need not.
    width, height
        In pixels.
    alone
        Whether it is a file of its own, which brings its colours; see `line_chart`.

    Examples
    --------
    >>> svg = heat_chart([[0, 4, 1], [0, 2, 3]], [-1, 0, 1, 2], [1, 3], title="relu")
    >>> "<title>relu</title>" in svg, svg.count("<image")
    (True, 1)
    """
    table, borders, moments = np.asarray(counts, np.float64), np.asarray(edges, np.float64), np.asarray(times)
    if table.ndim != 2 or table.shape != (len(moments), len(borders) - 1) or not table.size:
        raise ValueError(
            f"counts (shape {table.shape}) must have a row for each of {len(moments)} times and a column for each of "
            f"{len(borders) - 1} bins"
        )
    used = np.flatnonzero(table.any(axis=0)) if table.any() else np.arange(table.shape[1])
    table, borders = table[:, used[0] : used[-1] + 1], borders[used[0] : used[-1] + 2]
    gap = float(moments[1] - moments[0]) if len(moments) > 1 else 1.0
    y_axis = _upright(borders, height - (52 if x_label else 34), 12 if captioned else 34)
    left = 16 + max(map(text_width, y_axis.texts))
    x_axis = level(np.array([moments[0], moments[-1] + gap], np.float64), left, width - 12)
    body = [
        "" if captioned else text(8, 22, clipped(title, width - 16, 14), size=14, bold=True),
        _image(table, borders, x_axis, y_axis),
        *_ticks(x_axis, y_axis),
        text((left + width) / 2, height - 10, x_label, anchor="middle"),
    ]
    words = element("title", title) + ("" if captioned else element("desc", _description(table, borders)))
    return svg_root(width, height, [words, *filter(None, body)], style=ALONE if alone else "")


def painted(counts: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the colours (bins, times, 3) of counts (times, bins), the lowest bin at the bottom.

    >>> painted(np.array([[0.0, 9.0]])).tolist() == [[VIRIDIS[255].tolist()], [VIRIDIS[0].tolist()]]
    True
    """
    bright = np.log1p(counts.T[::-1])  # (bins, times)
    return VIRIDIS[(bright / (bright.max() or 1.0) * 255).round().astype(np.intp)]


def _upright(borders: NDArray[np.float64], bottom: float, top: float) -> Axis:
    """Return the y axis from the first border to the last, with the nice numbers between."""
    low, high = float(borders[0]), float(borders[-1])
    ticks = [tick for tick in linear_ticks(low, high, max(int((bottom - top) // 34), 3)) if low <= tick <= high]
    return Axis(ticks, tick_texts(ticks), low, high, bottom, top)


def _image(counts: NDArray[np.float64], borders: NDArray[np.float64], x_axis: Axis, y_axis: Axis) -> str:
    top, bottom = y_axis.places([borders[-1], borders[0]]).tolist()
    place = {"x": number(x_axis.start), "y": number(top), "width": number(x_axis.end - x_axis.start),
             "height": number(bottom - top)}  # fmt: skip
    address = data_uri(painted(counts), channels_last=True)
    return element("image", href=address, preserveAspectRatio="none", style="image-rendering:pixelated", **place)


def _ticks(x_axis: Axis, y_axis: Axis) -> list[str]:
    pieces = []
    for place, words in zip(y_axis.places(y_axis.ticks).tolist(), y_axis.texts, strict=True):
        pieces.append(rule(x_axis.start - 5, place, x_axis.start, place, opacity=0.6))
        pieces.append(text(x_axis.start - 8, place + 4, words, anchor="end"))
    for place, words in zip(x_axis.places(x_axis.ticks).tolist(), x_axis.texts, strict=True):
        pieces.append(rule(place, y_axis.start, place, y_axis.start + 5, opacity=0.6))
        pieces.append(text(place, y_axis.start + 20, words, anchor="middle"))
    return pieces


def _description(counts: NDArray[np.float64], borders: NDArray[np.float64]) -> str:
    fullest = counts.argmax(axis=1)
    first, last = (f"{borders[i]:g} to {borders[i + 1]:g}" for i in (fullest[0], fullest[-1]))
    return f"Histograms over time, {len(counts)} of them; the fullest bin is {first} at first and {last} at last."
