"""The axes of a chart: where numbers are in the picture, and which of them are written there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convista.picture.svg import text_width
from convista.picture.ticks import linear_ticks, log_tick_text, log_ticks, tick_texts

_FEW = 24  # sizes or counts are few and worth naming; the steps of a sweep are many and are not

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axis:
    """Where numbers are in the picture, along one direction."""

    ticks: list[float]
    texts: list[str]
    low: float
    high: float
    start: float
    """The pixel of `low`."""
    end: float
    """The pixel of `high`."""
    log: bool = False

    def places(self, values: Floats | Sequence[float]) -> Floats:
        """Return the pixels of numbers.

        >>> Axis([0, 1], ["0", "1"], 0, 1, 100, 20).places([0, 0.25]).tolist()
        [100.0, 80.0]
        """
        low, high, level = (np.log10(v) if self.log else np.asarray(v) for v in (self.low, self.high, values))
        return np.asarray(self.start + (level - low) / (high - low) * (self.end - self.start), np.float64)


def upright(values: Floats, bottom: float, top: float, *, log: bool) -> Axis:
    """Return the y axis for `values`, from the nice number below them to the one above; NaN doesn't count."""
    seen = values[np.isfinite(values)] if np.isfinite(values).any() else np.ones(1)
    low, high = float(seen.min()), float(seen.max())
    most = max(int((bottom - top) // 34), 3)
    ticks = log_ticks(low, high, most) if log else linear_ticks(low, high, most)
    texts = [log_tick_text(tick) for tick in ticks] if log else tick_texts(ticks)
    return Axis(ticks, texts, ticks[0], ticks[-1], bottom, top, log)


def level_by_ratio(values: Floats, left: float, right: float) -> Axis:
    """Return a logarithmic x axis whose ticks are the values themselves, those left out that have no room.

    Where there are more than a few, they are nice numbers instead.

    >>> level_by_ratio(np.array([3.0, 5.0, 63.0]), 0, 300).texts
    ['3', '5', '63']
    >>> level_by_ratio(np.array([3.0, 60.0, 63.0]), 0, 99).texts
    ['3', '63']
    """
    steps = np.unique(values)
    low, high = float(steps[0]), float(steps[-1])
    margin = 1.0 if low < high else 2.0
    axis = Axis([], [], low / margin, high * margin, left, right, log=True)
    if len(steps) > _FEW:
        nice = np.array(log_ticks(low, high, max(int((right - left) // 60), 3)))
        steps = nice[(nice >= low) & (nice <= high)]
    kept: list[float] = []
    for step, place in zip(steps[::-1].tolist(), axis.places(steps)[::-1].tolist(), strict=True):
        if not kept or float(axis.places(kept[-1:])[0]) - place >= text_width(f"{step:g}") + 8:
            kept.append(step)
    kept.reverse()
    return replace(axis, ticks=kept, texts=[f"{tick:g}".replace("e-0", "e-") for tick in kept])


def level(values: Floats, left: float, right: float) -> Axis:
    """Return the x axis from the first of `values` to the last, with as many ticks as have room for their texts."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    margin = 0.0 if low < high else max(0.5, abs(low) * 1e-6)
    edges = (low - margin, high + margin)
    whole = bool((values == values.round()).all())
    for most in range(9, 1, -1):
        ticks = [tick for tick in linear_ticks(low, high, most, whole=whole) if edges[0] <= tick <= edges[1]]
        texts = tick_texts(ticks) if ticks else []
        room = (right - left) * (ticks[1] - ticks[0]) / (edges[1] - edges[0]) if len(ticks) > 1 else right - left
        if max(map(text_width, texts), default=0) + 14 <= room:
            break
    return Axis(ticks, texts, *edges, left, right)
