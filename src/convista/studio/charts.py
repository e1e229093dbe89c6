"""A chart of the report: on the page once for each language, and as a picture of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from convista.picture.curves import Line, line_chart
from convista.studio.markup import tag
from convista.studio.pages import in_both
from convista.studio.words import WORDS

WIDTH, HEIGHT = 440, 280
"""In pixels: about the width on the page, so that the text has the size of the page's small text."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines with words in every language: the title, the x axis and the lines' names are keys of the words."""

    title: str
    x_axis: str
    lines: tuple[Line, ...]
    y_label: str = ""
    log_y: bool = False
    ends: bool = True
    """Whether the last values are written."""

    @classmethod
    def of(cls, title: str, x_axis: str, *, y_label: str = "", log_y: bool = False, **y: Sequence[float]) -> Self:
        """Return a chart of lines by their names, at 1, 2, 3 ..."""
        return cls(title, x_axis, tuple(Line(name, values) for name, values in y.items()), y_label, log_y)

    def svg(self, language: int = 0) -> str:
        """Return it in the language of that place among `LANGUAGES`."""
        named = [replace(line, name=WORDS[line.name][language]) for line in self.lines]
        return line_chart(
            named,
            title=WORDS[self.title][language],
            x_label=WORDS[self.x_axis][language],
            y_label=self.y_label,
            log_y=self.log_y,
            ends=self.ends,
            width=WIDTH,
            height=HEIGHT,
        )

    def figure(self) -> str:
        """Return it for the page, once for each language."""
        return tag("figure", in_both(self.svg))
