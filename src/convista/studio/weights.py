"""The learned kernels of the first layer, drawn on one scale around zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convista.picture.colours import css_colour, paint, value_limits
from convista.picture.png import data_uri
from convista.studio.figures import count, shape, weight
from convista.studio.markup import image, lines, section, tag
from convista.studio.words import say
from convista.training.facts import Facts

Weights: TypeAlias = NDArray[np.float32]

MAP = "RdBu_r"
MOST_CELLS = 600
"""Up to this many weights in all, each is a cell with its number; with more, each kernel is a picture."""
LARGEST_SIDE = 5
"""In rows or columns: numbers of larger kernels would be too small to read side by side."""
MOST_PICTURES = 192
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear red, green and blue
_WHITE_BELOW = 0.179  # where white ink has more contrast than black: sqrt(1.05 * 0.05) - 0.05


def kernels(facts: Facts) -> str:
    """Return the section that shows the first layer's weights."""
    bank = facts.first_kernels  # (filters, channels, rows, cols)
    if not bank.size:
        return section("kernels", say("kernels"), tag("p", say("no_kernels")))
    filters, channels = bank.shape[:2]
    _, largest = value_limits(bank, center=0)
    readable = bank.size <= MOST_CELLS and max(bank.shape[2:]) <= LARGEST_SIDE
    draw = _table if readable else _picture
    shown = filters if readable else min(filters, max(1, MOST_PICTURES // channels))
    figures = (_figure(number, kernel, largest, draw) for number, kernel in enumerate(bank[:shown], start=1))
    words = [
        say("learned", filters=count(filters), shape=shape(bank.shape[1:])),
        say("side_by_side") if channels > 1 else "",
        "" if readable else say("hover"),
    ]
    return section(
        "kernels",
        say("kernels"),
        tag("p", " ".join(filter(None, words))),
        _scale(largest),
        tag("div", "\n", lines(figures), "\n", class_="kernels"),
        tag("p", say("more_kernels", count=count(filters - shown))) if shown < filters else "",
    )


def _scale(largest: float) -> str:
    ends = [weight(-largest, largest), "0", weight(largest, largest)]
    bar = data_uri(np.linspace(-1, 1, 129)[np.newaxis], cmap=MAP, limits=(-1, 1))
    return tag("div", image(bar, " … ".join(ends)), *(tag("span", end) for end in ends), class_="scale")


def _figure(number: int, kernel: Weights, largest: float, draw: Callable[[Weights, float], str]) -> str:
    channels = tag("div", *(draw(channel, largest) for channel in kernel))
    return tag("figure", tag("figcaption", say("kernel", number=number)), channels)


def _table(weights: Weights, largest: float) -> str:
    colours = paint(weights, MAP, (-largest, largest))  # (rows, cols, 3)
    white = (colours / 255) ** 2.2 @ _LUMINANCE < _WHITE_BELOW
    rows = (
        tag("tr", *(_cell(w, c, ink, largest) for w, c, ink in zip(*row, strict=True)))
        for row in zip(weights.tolist(), colours, white.tolist(), strict=True)
    )
    return tag("table", *rows, class_="kernel")


def _cell(number: float, colour: NDArray[np.uint8], white: bool, largest: float) -> str:
    look = {"style": f"background:{css_colour(colour)}", "class_": "white" if white else None}
    return tag("td", weight(number, largest), title=f"{number:.6g}", **look)


def _picture(weights: Weights, largest: float) -> str:
    numbers = "\n".join("  ".join(weight(number, largest) for number in row) for row in weights.tolist())
    return image(data_uri(weights, cmap=MAP, limits=(-largest, largest)), numbers, title=numbers)
