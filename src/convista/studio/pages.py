"""A whole page: looks, script and both languages inside; it loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from string import Template

from convista.studio.markup import lines, tag, text
from convista.studio.words import LANGUAGES, say


def page(title: str, kind: str, headline: str, contents: Mapping[str, str], sections: Iterable[str]) -> str:
    """Return an HTML page.

    Parameters
    ----------
    title
        Of the window, as plain text; all else is HTML.
    kind
        What stands beside convista's name.
    headline
        What stands on top.
    contents
        The titles of the sections by their names.
    sections
        What `markup.section` makes.
    """
    script = _asset("report.js")
    return Template(_asset("report.html")).substitute(
        title=text(title),
        style=_asset("report.css"),
        script=script,
        hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        report=kind,
        headline=headline,
        contents="".join(tag("li", tag("a", words, href=f"#{name}")) for name, words in contents.items()),
        sections=lines(sections),
        alone=say("alone"),
    )


def in_both(draw: Callable[[int], str]) -> str:
    """Return what `draw` makes for each language, of which the page shows one.

    A chart's description is English; it is left out of the Chinese one, whose reader can't say it.
    """
    drawn = draw(0), re.sub("<desc>.*?</desc>", "", draw(1), flags=re.DOTALL)
    return "".join(tag("div", piece, lang=language) for piece, language in zip(drawn, LANGUAGES, strict=True))


def _asset(name: str) -> str:
    return files("convista.studio").joinpath(name).read_text(encoding="utf-8")
