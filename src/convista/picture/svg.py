"""The few pieces of SVG that charts are made of, and how wide a text is."""

from __future__ import annotations

import re
import unicodedata
from html import escape

_NARROW, _WIDE = frozenset("fijlrtI.,:;'|!()[]- "), frozenset("mwMW@%#&+<=>^~")
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(tag: str, content: str | None = None, /, **attributes: object) -> str:
    """Return an element; underscores in attribute names become hyphens, empty attributes are left out.

    >>> element("line", x1=1, stroke_width=2), element("text", "a & b", x=0.5)
    ('<line x1="1" stroke-width="2"/>', '<text x="0.5">a &amp; b</text>')
    """
    named = "".join(f' {key.replace("_", "-")}="{_safe(value)}"' for key, value in attributes.items() if value != "")
    return f"<{tag}{named}/>" if content is None else f"<{tag}{named}>{_safe(content)}</{tag}>"


def text(x: float, y: float, words: str, *, anchor: str = "", size: int = 12, bold: bool = False) -> str:
    """Return a line of text, or nothing for no words."""
    if not words:
        return ""
    look = {"text_anchor": anchor, "font_size": size if size != 12 else "", "font_weight": "600" if bold else ""}
    return element("text", words, x=number(x), y=number(y), **look)


def svg_root(width: float, height: float, pieces: list[str], *, style: str = "", language: str = "") -> str:
    """Return the whole picture: it shrinks with the page, and its text has the page's colour, or that of `style`."""
    size = f'viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" height="{number(height)}"'
    look = 'fill="currentColor" font-family="system-ui, sans-serif" font-size="12" style="max-width:100%;height:auto"'
    tongue = f' xml:lang="{language}"' if language else ""
    start = f'<svg xmlns="http://www.w3.org/2000/svg" class="convista-chart" role="img" {size} {look}{tongue}>'
    sheet = [f"<style>{style}</style>"] if style else []
    return "\n".join([start, *sheet, *pieces, "</svg>"]) + "\n"


def rule(x1: float, y1: float, x2: float, y2: float, *, colour: str = "currentColor", opacity: float) -> str:
    """Return a thin straight line."""
    ends = {"x1": number(x1), "y1": number(y1), "x2": number(x2), "y2": number(y2)}
    return element("line", **ends, style=f"stroke:{colour}", stroke_opacity=opacity)


def stroke(path: str, colour: str, dashes: str) -> str:
    """Return a path without filling."""
    look = {"style": f"stroke:{colour}", "stroke_width": 1.8, "stroke_dasharray": dashes, "stroke_linejoin": "round",
            "stroke_linecap": "round"}  # fmt: skip
    return element("path", d=path, fill="none", **look)


def dot(x: float, y: float, colour: str) -> str:
    """Return a filled circle."""
    return element("circle", cx=number(x), cy=number(y), r=3, style=f"fill:{colour}")


def block(x: float, y: float, width: float, height: float, colour: str, opacity: float) -> str:
    """Return a filled rectangle."""
    place = {"x": number(x), "y": number(y), "width": number(width), "height": number(height)}
    return element("rect", **place, style=f"fill:{colour}", fill_opacity=round(opacity, 3))


def number(value: float) -> str:
    """Return a coordinate, to a tenth of a pixel.

    >>> number(3.14159), number(2.0), number(-0.01)
    ('3.1', '2', '0')
    """
    return f"{value:z.1f}".removesuffix(".0")


def text_width(words: str, size: int = 12) -> float:
    """Return how many pixels `words` take at most in a common sans-serif font: an upper estimate.

    >>> text_width("ill") < text_width("abc") < text_width("ABC") < text_width("MWM") < text_width("训练集")
    True
    """
    return sum(map(_em, words)) * size


def clipped(words: str, room: float, size: int = 12) -> str:
    """Return `words`, cut short with an ellipsis where they need more than `room` pixels.

    >>> clipped("validation", 50), clipped("validation", 500)
    ('valid…', 'validation')
    """
    if text_width(words, size) <= room:
        return words
    while words and text_width(words + "…", size) > room:
        words = words[:-1]
    return words.rstrip() + "…"


def _em(letter: str) -> float:
    if letter.isascii():
        return 1.0 if letter in _WIDE else 0.42 if letter in _NARROW else 0.8 if letter.isupper() else 0.65
    return 1.05 if unicodedata.east_asian_width(letter) in "WFA" else 0.9


def _safe(value: object) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(value)))
