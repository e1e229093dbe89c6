"""The charts of this room as PNG files: their few pieces of SVG drawn by Pillow, dark on white, without matplotlib.

Pillow's own font has the Latin letters only, so these pictures speak English.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias
from xml.etree import ElementTree

if TYPE_CHECKING:
    from PIL import ImageDraw

Point: TypeAlias = tuple[float, float]
Colour: TypeAlias = tuple[int, int, int]

_FINER = 2  # pixels drawn along each side of one that is kept: Pillow's lines have hard edges
_INK = "#1f2328"
_PIECE = re.compile(r"M([^Mh]*)(?:h([\d.]+))?")


def svg_png(*charts: str, scale: int = 2) -> bytes:
    r"""Return charts of this room, one below the other, as a PNG file with `scale` pixels for each of theirs.

    >>> from convista.picture.curves import line_chart
    >>> svg_png(line_chart({"loss": [3, 2, 1]}, title="Loss"))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    from PIL import Image, ImageDraw

    roots = [ElementTree.fromstring(chart) for chart in charts]  # noqa: S314 - made here, not read from anywhere
    sizes = [_size(root) for root in roots]
    whole = round(max(cols for cols, _ in sizes)), round(sum(rows for _, rows in sizes))
    zoom, above = scale * _FINER, 0.0
    sheet = Image.new("RGB", (whole[0] * zoom, whole[1] * zoom), "white")
    for root, (_, rows) in zip(roots, sizes, strict=True):
        pen = _Pen(ImageDraw.Draw(sheet), zoom, above)
        for piece in root:
            pen.draw(piece)
        above += rows
    file = BytesIO()
    sheet.reduce(_FINER).save(file, "PNG")
    return file.getvalue()


class _Pen:
    """Draws the pieces that `svg` makes, `above` pixels down, each of them `zoom` of the sheet's."""

    def __init__(self, sheet: ImageDraw.ImageDraw, zoom: int, above: float) -> None:
        self._sheet, self._zoom, self._above = sheet, zoom, above

    def draw(self, piece: ElementTree.Element) -> None:
        """Draw a piece; what has no looks, such as a title, isn't drawn."""
        draw = getattr(self, f"_{piece.tag.rpartition('}')[2]}", None)
        if draw:
            draw(piece)

    def _line(self, piece: ElementTree.Element) -> None:
        ends = [self._at(float(piece.attrib[f"x{i}"]), float(piece.attrib[f"y{i}"])) for i in (1, 2)]
        self._sheet.line(ends, _colour(piece), self._zoom)

    def _path(self, piece: ElementTree.Element) -> None:
        dashes = [float(length) for length in piece.get("stroke-dasharray", "").split()]
        for points in _pieces(piece.attrib["d"]):
            for dash in dashed(points, dashes) if dashes else [points]:
                places = [self._at(*point) for point in dash]
                self._sheet.line(places, _colour(piece), round(1.8 * self._zoom), joint="curve")

    def _circle(self, piece: ElementTree.Element) -> None:
        x, y, radius = (float(piece.attrib[name]) for name in ("cx", "cy", "r"))
        corners = [self._at(x - radius, y - radius), self._at(x + radius, y + radius)]
        self._sheet.ellipse(corners, _colour(piece, "fill"))

    def _rect(self, piece: ElementTree.Element) -> None:
        x, y, cols, rows = (float(piece.attrib[name]) for name in ("x", "y", "width", "height"))
        self._sheet.rectangle([self._at(x, y), self._at(x + cols, y + rows)], _colour(piece, "fill"))

    def _text(self, piece: ElementTree.Element) -> None:
        from PIL import ImageFont

        size = float(piece.get("font-size", 12)) * self._zoom
        font = ImageFont.load_default(size)
        bold = round(size / 45) if piece.get("font-weight") else 0
        anchor = {"middle": "ms", "end": "rs"}.get(piece.get("text-anchor", ""), "ls")
        place = self._at(float(piece.attrib["x"]), float(piece.attrib["y"]))
        self._sheet.text(place, piece.text or "", _colour(piece, "fill"), font, anchor, stroke_width=bold)

    def _at(self, x: float, y: float) -> Point:
        return x * self._zoom, (y + self._above) * self._zoom


def _size(root: ElementTree.Element) -> Point:
    _, _, cols, rows = map(float, root.attrib["viewBox"].split())
    return cols, rows


def _colour(piece: ElementTree.Element, part: str = "stroke") -> Colour:
    """Return the colour of a stroke or a filling on white: what no page gives is as it is written there."""
    said = re.search(rf"{part}:(?:var\([^,]*, )?(#[0-9a-f]{{6}})?", piece.get("style", ""))
    solid = bytes.fromhex((said[1] if said and said[1] else _INK)[1:])
    opacity = float(piece.get(f"{part}-opacity", 1))
    red, green, blue = (round(255 - (255 - level) * opacity) for level in solid)
    return red, green, blue


def _pieces(path: str) -> Iterator[list[Point]]:
    """Yield the points of each piece of a path of `curves`: M x y x y ..., and h for a way to the right.

    >>> list(_pieces("M1 2 3 4M5 6h24"))
    [[(1.0, 2.0), (3.0, 4.0)], [(5.0, 6.0), (29.0, 6.0)]]
    """
    for numbers, right in _PIECE.findall(path):
        values = [float(value) for value in numbers.split()]
        points = list(zip(values[::2], values[1::2], strict=True))
        if right:
            points.append((points[-1][0] + float(right), points[-1][1]))
        yield points


def dashed(points: list[Point], lengths: list[float]) -> Iterator[list[Point]]:
    """Yield the drawn parts of a line through points, by the lengths of dash, gap, dash ...

    >>> list(dashed([(0, 0), (4, 0), (4, 5)], [3, 2]))
    [[(0, 0), (3.0, 0.0)], [(4.0, 1.0), (4.0, 4.0)]]
    """
    part, left, dash = 0, lengths[0], [points[0]]
    for (x, y), (to_x, to_y) in pairwise(points):
        whole = math.hypot(to_x - x, to_y - y)
        gone = 0.0
        while whole - gone > left:
            gone += left
            dash.append((x + (to_x - x) * gone / whole, y + (to_y - y) * gone / whole))
            if part % 2 == 0:
                yield dash
            part += 1
            left, dash = lengths[part % len(lengths)], dash[-1:]
        left -= whole - gone
        dash.append((to_x, to_y))
    if part % 2 == 0:
        yield dash
