"""Activations and gradients over time: the colourful picture of each layer, and the lines beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convista.picture.curves import Line, line_chart
from convista.picture.heat import heat_chart
from convista.studio.charts import HEIGHT, WIDTH
from convista.studio.figures import count
from convista.studio.markup import lines, section, tag
from convista.studio.pages import in_both
from convista.studio.words import WORDS, say
from convista.training.facts import Facts
from convista.training.statistics import AFTER, BEFORE, NEAR_ZERO, Statistics, bin_edges

MOST_LAYERS = 6
"""So many layers are shown, spread evenly over the network: more lines can't be told apart."""


def activations(facts: Facts) -> str:
    """Return the section on what was seen of activations and gradients."""
    seen = facts.statistics
    title = say("activations")
    if seen is None or not len(seen.steps):
        return section("activations", title, tag("p", say("not_watched")))
    shown = spread(len(seen.layers))
    lead = say("watched", steps=count(len(seen.steps)), every=count(seen.every))
    left_out = len(seen.layers) - len(shown)
    return section(
        "activations",
        title,
        tag("p", lead),
        tag("p", say("colourful")) if shown else "",
        tag("div", "\n", lines(_pictures(seen, layer) for layer in shown), "\n", class_="charts heat"),
        tag("p", say("more_layers", count=count(left_out))) if left_out else "",
        tag("div", "\n", lines(_charts(seen, shown)), "\n", class_="charts"),
    )


def spread(total: int) -> list[int]:
    """Return which of so many are shown: all, or some spread evenly, with the first and the last.

    >>> spread(3), spread(20)
    ([0, 1, 2], [0, 4, 8, 11, 15, 19])
    """
    return sorted({round(place) for place in np.linspace(0, total - 1, min(total, MOST_LAYERS)).tolist()})


def _pictures(seen: Statistics, layer: int) -> str:
    """Return the histograms before and after a layer; their only words are the layer's name and numbers."""
    figures = []
    for side, key in ((BEFORE, "before"), (AFTER, "after")):
        name, counts = seen.layers[layer], seen.histogram[:, layer, side]
        svg = heat_chart(counts, bin_edges(), seen.steps, title=name, captioned=True, width=WIDTH, height=200)
        figures.append(tag("figure", tag("figcaption", say(key, layer=name)), svg))
    return lines(figures)


def _charts(seen: Statistics, shown: Sequence[int]) -> list[str]:
    names, weights = [seen.layers[layer] for layer in shown], spread(len(seen.weights))
    short = [seen.weights[weight] for weight in weights]
    charts = [
        _chart("near_zero", names, 100 * seen.near_zero[:, shown, AFTER], seen.steps, unit="%", near=f"{NEAR_ZERO:g}"),
        _chart("spread", names, seen.std[:, shown, AFTER], seen.steps),
        _chart("gradient", short, seen.gradient[:, weights], seen.steps, log=True),
        _chart("update", short, seen.update[:, weights], seen.steps, log=True),
    ]
    return [chart for chart in charts if chart]


def _chart(
    key: str, names: Sequence[str], values: NDArray[np.float32], steps: NDArray[np.int64], *,
    unit: str = "", log: bool = False, near: str = "",
) -> str:  # fmt: skip
    """Return a chart with a line for each name, in both languages; nothing where there is no line."""
    if not names:
        return ""
    series = [Line(name, column.tolist(), steps.tolist()) for name, column in zip(names, values.T, strict=True)]

    def draw(place: int) -> str:
        title, x_label = WORDS[key][place].format(near=near), WORDS["step_axis"][place]
        return line_chart(series, title=title, x_label=x_label, y_label=unit, log_y=log, width=WIDTH, height=HEIGHT)

    return tag("figure", in_both(draw))
