"""An HTML page as a tree, for tests of what stands in it: read here, not by the code that wrote it."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
from PIL import Image


@dataclass
class Node:
    tag: str
    attributes: dict[str, str | None]
    children: list["Node | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def english(self) -> str:
        if self.attributes.get("lang") == "zh-Hans":
            return ""
        return "".join(child if isinstance(child, str) else child.english for child in self.children)

    def all(self, tag: str, **attributes: str) -> list["Node"]:
        found = []
        for child in self.children:
            if isinstance(child, Node):
                fits = child.tag == tag and all(child.attributes.get(key) == value for key, value in attributes.items())
                found += [child] * fits + child.all(tag, **attributes)
        return found

    def one(self, tag: str, **attributes: str) -> "Node":
        (node,) = self.all(tag, **attributes)
        return node


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("page", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in ("meta", "img", "input", "wbr"):
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(page: str) -> Node:
    """The page as a tree; every element that is opened must be closed in its turn."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert len(reader.open) == 1
    return reader.open[0]


def table(page: Node, caption: str) -> Node:
    return next(t for t in page.all("table") if any(c.attributes.get("id") == caption for c in t.all("caption")))


def cells(part: Node) -> list[list[str]]:
    return [
        [cell.english for cell in row.children if isinstance(cell, Node) and cell.tag in ("th", "td")]
        for row in part.all("tr")
    ]


def number(text: str) -> int:
    return int(text.replace(",", ""))


def pixels(image: Node) -> np.ndarray:
    address = image.attributes["src"]
    assert address is not None
    assert address.startswith("data:image/png;base64,")
    with Image.open(BytesIO(base64.b64decode(address.partition(",")[2]))) as opened:
        return np.asarray(opened)


def every(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        if isinstance(child, Node):
            yield from every(child)
