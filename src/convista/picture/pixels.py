"""The pixel table: the numbers of an image, each on the colour of its value."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convista.picture.colours import INKS, Limits, css_colour, is_dark, paint
from convista.picture.layout import plane
from convista.picture.table import number_format, text_table

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

Span: TypeAlias = tuple[int, int]

MOST_CELLS = 20_000
_CELL = "font-size: 7pt; text-align: right; padding: 0.25em 0.4em; border: none; min-width: 1.8em;"
_TABLE = "border-collapse: collapse;"


@dataclass(frozen=True, slots=True, eq=False)
class PixelTable:
    """A pixel table where pandas isn't installed: coloured in a notebook, plain text elsewhere."""

    values: NDArray[Any]  # (rows, cols)
    styles: NDArray[np.object_]  # (rows, cols), the CSS of each cell
    rows: range
    cols: range
    decimals: int

    def __str__(self) -> str:
        return text_table(self.values, self.rows, self.cols, decimals=self.decimals)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        write = number_format(self.values, self.decimals)
        heads = "".join(f'<th style="{_CELL}">{col}</th>' for col in self.cols)
        lines = [
            f'<tr><th style="{_CELL}">{row}</th>{"".join(map(_cell, map(write, values), styles))}</tr>'
            for row, values, styles in zip(self.rows, self.values, self.styles, strict=True)
        ]
        first = f'<table style="{_TABLE}"><tr><th></th>{heads}</tr>'
        return "\n".join([first, *lines, "</table>"])


def show_pixels(
    image: object,
    cmap: str = "Greys",
    *,
    rows: Span | None = None,
    cols: Span | None = None,
    decimals: int = 2,
    limits: Limits | None = None,
) -> Styler | PixelTable:
    """Return the numbers of an image as a table, each cell's background after its value.

    Parameters
    ----------
    image
        One channel, (rows, cols) or (1, rows, cols).
    cmap
        The colour map; Greys has the lowest value white.
    rows, cols
        The part to show, ``(first, end)`` without the end, as in a slice; the table's margins keep the image's
        own numbers. None: all.
    decimals
        Digits after the point of floats.
    limits
        The values at the ends of the map; None: the lowest and the highest of the part shown, one scale for the
        whole table (pandas' ``background_gradient`` has one for each column unless it gets ``axis=None``).

    Returns
    -------
    pandas.io.formats.style.Styler or PixelTable
        pandas' own styled table where pandas is installed, else a small one with the same colours.

    Raises
    ------
    ValueError
        When the part has more than 20,000 pixels, or the image more than one channel.

    Examples
    --------
    >>> print(show_pixels(np.arange(784).reshape(28, 28), rows=(4, 6), cols=(6, 9)).data)
         6    7    8
    4  118  119  120
    5  146  147  148
    """
    whole = plane(image)
    part = _window(whole.shape, rows, cols)
    values = whole[part]  # (rows, cols)
    if values.size > MOST_CELLS:
        raise ValueError(
            f"image has {values.size:,} pixels to show, more than the {MOST_CELLS:,} a table may have; "
            f"choose a part: rows=(0, 28), cols=(0, 28)"
        )
    styles = _styles(paint(values, cmap, limits))
    table = PixelTable(values, styles, _labels(part[0]), _labels(part[1]), decimals)
    return _styler(table) if all(map(find_spec, ("pandas", "jinja2"))) else table


def _styler(table: PixelTable) -> Styler:
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame(table.values, index=table.rows, columns=table.cols)
    styler = frame.style.apply(lambda _: table.styles, axis=None)
    styler.format(number_format(table.values, table.decimals))
    return styler.set_table_styles([{"selector": "", "props": _TABLE}, {"selector": "th, td", "props": _CELL}])


def _styles(colours: NDArray[np.uint8]) -> NDArray[np.object_]:
    styles = np.empty(colours.shape[:2], object)
    dark = is_dark(colours)
    for place in np.ndindex(styles.shape):
        styles[place] = f"background-color: {css_colour(colours[place])};color: {INKS[int(dark[place])]};"
    return styles


def _window(shape: tuple[int, ...], rows: Span | None, cols: Span | None) -> tuple[slice, slice]:
    return _span("rows", rows, shape[0]), _span("cols", cols, shape[1])


def _span(name: str, span: Span | None, size: int) -> slice:
    first, end = (0, size) if span is None else span
    if not 0 <= first < end <= size:
        raise ValueError(f"{name} (=({first}, {end})) must be (first, end) with 0 <= first < end <= {size}")
    return slice(first, end)


def _labels(part: slice) -> range:
    return range(part.start, part.stop)


def _cell(text: str, style: str) -> str:
    return f'<td style="{style}{_CELL}">{escape(text)}</td>'
