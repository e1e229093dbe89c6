"""The report's charts as PNG files, in English: for slides, papers and chats, where a page can't go."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from convista.files import whole_file
from convista.picture import matrix_chart, svg_png
from convista.studio.calibration import reliability
from convista.studio.course import charts
from convista.studio.words import WORDS
from convista.training.facts import Facts


def curves_png(facts: Facts) -> bytes:
    """Return the losses, the accuracy, the schedule."""
    return svg_png(*(chart.svg() for chart in charts(facts)))


def confusion_png(facts: Facts) -> bytes:
    """Return the confusion matrix."""
    title, rows, cols = (WORDS[key][0] for key in ("confusion", "truth", "said"))
    return svg_png(matrix_chart(facts.confusion, facts.classes, title=title, rows=rows, cols=cols))


def reliability_png(facts: Facts) -> bytes:
    """Return the reliability diagram."""
    return svg_png(reliability(facts.calibration).svg())


PICTURES: dict[str, Callable[[Facts], bytes]] = {
    "curves.png": curves_png,
    "confusion.png": confusion_png,
    "reliability.png": reliability_png,
}
"""The file's name, and what makes it."""


def write_pictures(facts: Facts, folder: str | os.PathLike[str]) -> None:
    """Write all pictures into a folder, each whole or not at all."""
    for name, make in PICTURES.items():
        with whole_file(Path(folder) / name) as temporary:
            temporary.write_bytes(make(facts))
