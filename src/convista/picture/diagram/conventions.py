"""What several conventions make of one image and one kernel, side by side, the numbers that differ outlined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.picture.diagram.cells import numbered, span_of
from convista.picture.diagram.grid import NOTE, Panel, panel
from convista.picture.diagram.shapes import Scene, Shape, words
from convista.picture.diagram.stage import MARGIN, NUMBER, TOP
from convista.picture.diagram.values import short
from convista.picture.diagram.words import say
from convista.picture.svg import text_width

MOST = 10
"""So many rows and cols of a result are drawn."""

_APART, _LINE, _WIDEST = 36, 15, 1000


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The result of one convention."""

    name: str
    values: NDArray[Any]  # (rows, cols), of the image's size
    facts: tuple[str, ...] = ()
    """Lines below it."""


def conventions_scene(reference: Reading, others: Sequence[Reading], *, language: str = "en") -> Scene:
    """Return the results of all conventions; outlined is what differs from the reference, which stands first."""
    readings = [reference, *others]
    for reading in others:
        if reading.values.shape != reference.values.shape:
            raise ValueError(
                f'values of "{reading.name}" (shape {reading.values.shape}) must have the reference\'s shape '
                f"{reference.values.shape}; give the part that lies on the image"
            )
    title = say("conventions_title", language, count=len(others))
    placed = list(_placed(readings, language))
    limits = span_of(np.concatenate([each.values[:MOST, :MOST].astype(np.float64).ravel() for each in readings]))
    shapes: list[Shape] = [words(MARGIN, 26, title, size=14, bold=True)]
    for one, reading, lines in placed:
        shapes += [*one.head(), *numbered(one.grids, reading.values[None, :MOST, :MOST], limits)]
        differing = np.argwhere(differs(reference.values, reading.values)[:MOST, :MOST])
        shapes.append(
            one.grids[0].cells([(int(row), int(col)) for row, col in differing], "", "window_line", thick=2.5)
        )
        shapes += [words(one.x, one.bottom + 18 + _LINE * n, line, size=NOTE) for n, line in enumerate(lines)]
    right = max([_right(one, lines) for one, _, lines in placed] + [MARGIN + text_width(title, 16)])
    foot = max(one.bottom + 18 + _LINE * len(lines) for one, _, lines in placed)
    told = "; ".join(f"{reading.name}: {', '.join(lines)}" for _, reading, lines in placed[1:])
    text = say("conventions_told", language, reference=reference.name, told=told)
    return Scene(right + MARGIN, foot + 8, title, text, tuple(shapes), language=language)


def differs(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where two results differ; NaN in the same place is no difference.

    >>> differs(np.array([1.0, np.nan]), np.array([2.0, np.nan])).tolist()
    [True, False]
    """
    a, b = one.astype(np.float64), other.astype(np.float64)
    return np.asarray(~((a == b) | (np.isnan(a) & np.isnan(b))))


def _placed(readings: Sequence[Reading], language: str) -> Iterator[tuple[Panel, Reading, list[str]]]:
    """Yield each panel with the lines below it, in as many rows as they need."""
    rows, cols = (min(size, MOST) for size in readings[0].values.shape)
    texts = [short(value) for one in readings for value in one.values[:MOST, :MOST].ravel().tolist()]
    side = max(28.0, max(text_width(text, NUMBER) for text in texts) + 6)
    x, y, foot = float(MARGIN), TOP, TOP
    for reading in readings:
        lines = _lines(readings[0], reading, language)
        one = panel(x, y, (1, rows, cols), side, reading.name, _note(reading, language))
        if x > MARGIN and _right(one, lines) > _WIDEST:
            x, y = float(MARGIN), foot + 16
            one = panel(x, y, (1, rows, cols), side, reading.name, _note(reading, language))
        yield one, reading, lines
        x, foot = _right(one, lines) + _APART, max(foot, one.bottom + 18 + _LINE * len(lines))


def _lines(reference: Reading, reading: Reading, language: str) -> list[str]:
    if reading is reference:
        return list(reading.facts)
    count = int(differs(reference.values, reading.values).sum())
    return [say("differing", language, count=count, all=reading.values.size), *reading.facts]


def _note(reading: Reading, language: str) -> str:
    rows, cols = reading.values.shape
    if max(rows, cols) <= MOST:
        return ""
    return say("first_of", language, shown=f"{min(rows, MOST)} × {min(cols, MOST)}", size=f"{rows} × {cols}")


def _right(one: Panel, lines: Sequence[str]) -> float:
    return max([one.right] + [one.x + text_width(line, NOTE) for line in lines])
