"""Pieces of HTML. What comes in as a value is escaped here; what comes in as a piece is HTML already."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from itertools import chain

_UNSHOWN = dict.fromkeys(
    chain(range(9), range(11, 32), range(127, 160), range(0x202A, 0x202F), range(0x2066, 0x206A)), "\ufffd"
)


def text(value: object) -> str:
    r"""Return `value` as text that is safe inside an element or an attribute.

    The replacement character stands for what isn't UTF-8 in a file name (surrogates, as Python gives them), for
    control characters, which HTML forbids, and for those that turn the writing direction of what follows.

    >>> text('<b title="x">'), text(b"caf\xe9.png".decode("utf-8", "surrogateescape"))
    ('&lt;b title=&quot;x&quot;&gt;', 'caf\ufffd.png')
    """
    clean = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return html.escape(clean.translate(_UNSHOWN))


def tag(name: str, /, *pieces: str, **attributes: object) -> str:
    """Return an element around `pieces`; underscores in attribute names become hyphens, a last one goes.

    >>> tag("td", "3", class_="number", data_row=1)
    '<td class="number" data-row="1">3</td>'
    """
    return f"{_opening(name, attributes)}{''.join(pieces)}</{name}>"


def image(address: str, alt: str, **attributes: object) -> str:
    """Return a picture; `alt` is what is said where it can't be seen.

    >>> image("data:,", "a 3")
    '<img src="data:," alt="a 3">'
    """
    return _opening("img", {"src": address, "alt": alt, **attributes})


def lines(pieces: Iterable[str]) -> str:
    """Return `pieces` each on a line of its own, empty ones left out."""
    return "\n".join(piece for piece in pieces if piece)


def table(
    name: str,
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    foot: Sequence[str] = (),
    kind: str = "",
) -> str:
    """Return a table whose first column names the row, in a box of its own that scrolls when it is too wide.

    `name` is the page-wide id of its caption; `kind` is a CSS class. Cells are pieces and hold numbers; `words`
    makes one that doesn't, and a finished ``<td>`` or ``<th>`` is taken as it is.
    """
    body = tag("tbody", "\n", lines(_row(row) for row in rows), "\n")
    bottom = tag("tfoot", _row(foot)) if foot else ""
    top = tag("thead", tag("tr", *map(_heading, head))) if head else ""
    whole = tag("table", lines([tag("caption", caption, id=name), top, body, bottom]), class_=kind or None)
    return tag("div", whole, class_="scroll", role="region", tabindex=0, aria_labelledby=name)


def words(cell: str, head: bool = False) -> str:
    """Return a cell of a table that holds words, not a number, so that it begins where its column begins."""
    return tag("th", cell, scope="col", class_="words") if head else tag("td", cell, class_="words")


def section(name: str, title: str, *pieces: str) -> str:
    """Return a section under a heading, which the contents link to by `name`."""
    heading = tag("h2", title, id=f"{name}-title")
    return tag("section", "\n", lines([heading, *pieces]), "\n", id=name, aria_labelledby=f"{name}-title")


def _heading(cell: str) -> str:
    return cell if cell.startswith("<th") else tag("th", cell, scope="col")


def _row(cells: Sequence[str]) -> str:
    first, *rest = cells
    others = (cell if cell.startswith("<td") else tag("td", cell) for cell in rest)
    return tag("tr", tag("th", first, scope="row"), *others)


def _opening(name: str, attributes: dict[str, object]) -> str:
    given = {key.removesuffix("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    return "".join([f"<{name}", *(f' {key}="{text(value)}"' for key, value in given.items()), ">"])
