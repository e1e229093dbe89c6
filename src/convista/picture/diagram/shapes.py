"""What a diagram is made of: a few kinds of shapes, and the scene they stand in. Looks are roles of the palette."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Point: TypeAlias = tuple[float, float]

SECONDS, SHORTEST, WHOLE = 0.8, 0.12, 24.0
"""How long a moment is seen, the least, and how long all of them may take before they are made shorter."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Rectangles of one size and one look."""

    places: tuple[Point, ...]
    """Upper left corners."""
    width: float
    height: float
    fill: str = ""
    """A role of the palette or ``#rrggbb``; empty: none. So is `edge`."""
    edge: str = ""
    thick: float = 1.0
    dashes: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A short text at a place: its baseline's y, and the x that `anchor` of its `Labels` names."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Labels:
    """Texts of one look."""

    items: tuple[Label, ...]
    ink: str = "ink"
    size: float = 12
    anchor: str = "middle"
    """start, middle or end."""
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points, or the area inside where it has a filling."""

    points: tuple[Point, ...]
    edge: str = ""
    fill: str = ""
    thick: float = 1.0
    dashes: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Bitmap:
    """An image, each of its pixels a block."""

    x: float
    y: float
    width: float
    height: float
    colours: NDArray[np.uint8]  # (rows, cols, 3)


Shape: TypeAlias = Cells | Labels | Path | Bitmap


@dataclass(frozen=True, slots=True)
class Scene:
    """A diagram: what is always there, and what is there for a moment only."""

    width: float
    height: float
    title: str
    description: str
    base: tuple[Shape, ...]
    """Always there, the first at the back."""
    still: tuple[Shape, ...] = ()
    """There where nothing moves."""
    moments: tuple[tuple[Shape, ...], ...] = ()
    """There one after the other."""
    language: str = "en"

    @property
    def seconds(self) -> float:
        """How long a moment is seen: depends on their number only."""
        return round(min(SECONDS, max(SHORTEST, WHOLE / max(len(self.moments), 1))), 2)


def box(x: float, y: float, width: float, height: float, **look: Any) -> Cells:
    """Return one rectangle."""
    return Cells(((x, y),), width, height, **look)


def words(x: float, y: float, text: str, **look: Any) -> Labels:
    """Return one text, from its start unless told otherwise."""
    return Labels((Label(x, y, text),), **{"anchor": "start", **look})


def arrow(points: Sequence[Point], edge: str, thick: float = 1.5, head: float = 7) -> Iterator[Path]:
    """Yield a line with a head at its last point.

    >>> line, head = arrow([(0, 0), (20, 0)], "window")
    >>> head.points
    ((20, 0), (13.0, 3.5), (13.0, -3.5))
    """
    (x0, y0), (x, y) = points[-2:]
    length = max(((x - x0) ** 2 + (y - y0) ** 2) ** 0.5, 1e-9)
    along = (x - x0) / length * head, (y - y0) / length * head
    foot = x - along[0], y - along[1]
    side = along[1] / 2, along[0] / 2
    yield Path((*points[:-1], foot), edge=edge, thick=thick)
    yield Path(((x, y), (foot[0] - side[0], foot[1] + side[1]), (foot[0] + side[0], foot[1] - side[1])), fill=edge)
