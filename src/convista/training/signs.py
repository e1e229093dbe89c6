"""Signs that something went wrong in training: each looks for one in the evidence, and returns its figures as text."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convista.training.facts import Epoch, Steps
from convista.training.settings import Settings
from convista.training.statistics import AFTER, NEAR_ZERO, Statistics

Values = dict[str, str]

SPAN = 30
"""Steps that something must last to be more than a bad moment."""
STUCK = 0.95
"""A loss above this share of that of guessing has learned nothing."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a run so far."""

    settings: Settings
    classes: int
    steps: Steps
    history: tuple[Epoch, ...]
    statistics: Statistics | None
    gentler: float
    """What the learning rate was multiplied by after a loss that was no number; 1: there was none."""

    @property
    def guess(self) -> float:
        """The loss of a network that gives all classes the same probability."""
        return math.log(self.classes)

    def loss_since(self, step: int) -> float:
        """Return the mean loss from a step on, counted from 1."""
        return float(np.mean(self.steps.loss[step - 1 :]))

    @property
    def start(self) -> int:
        """How many steps passed before the loss, as a mean of five, was below that of guessing."""
        if len(self.steps.loss) < 5:
            return len(self.steps.loss)
        means = np.convolve(self.steps.loss, np.full(5, 0.2), mode="valid")
        below = np.flatnonzero(means < STUCK * self.guess)
        return int(below[0]) + 1 if below.size else len(self.steps.loss)


def silent(evidence: Evidence, threshold: float) -> Values | None:
    """Find an activation that is nearly zero for good, while the loss does not move."""
    seen, last = evidence.statistics, len(evidence.steps.loss)
    if seen is None or not len(seen.steps):
        return None
    for layer in range(len(seen.layers)):
        share = seen.near_zero[:, layer, AFTER]
        since = len(share) - int(np.argmin(np.append(share[::-1] >= threshold, False)))  # the last that was not silent
        if since == len(share):
            continue
        step = int(seen.steps[since])
        if last - step >= SPAN and evidence.loss_since(step) >= STUCK * evidence.guess:
            return _place(seen, layer) | {
                "step": str(step),
                "share": _percent(share[-1]),
                "near": f"{NEAR_ZERO:g}",
                "loss": f"{evidence.loss_since(step):.3f}",
                "guess": f"{evidence.guess:.3f}",
                **_rates(evidence, step),
            }
    return None


def stuck(evidence: Evidence, threshold: float) -> Values | None:
    """Find a loss that is that of guessing, after an epoch and more."""
    count = len(evidence.steps.loss) // 2 if evidence.history else 0  # the first epoch may take its time
    loss = evidence.loss_since(len(evidence.steps.loss) - count + 1) if count else 0.0
    if count < SPAN or loss < threshold * evidence.guess:
        return None
    values = {"count": str(count), "loss": f"{loss:.3f}", "guess": f"{evidence.guess:.3f}"}
    return values | _rates(evidence, int(np.argmax(evidence.steps.rate)) + 1)


def lost(evidence: Evidence, threshold: float) -> Values | None:
    """Find a loss that was no number, after which the run went back."""
    if evidence.gentler >= threshold:
        return None
    highest = evidence.settings.peak
    return {"highest": f"{highest:.3g}", "rate": f"{highest * evidence.gentler:.2g}"}


def collapse(evidence: Evidence, threshold: float) -> Values | None:
    """Find a spread that rose, and crashed."""
    seen = evidence.statistics
    if seen is None or len(seen.steps) < 2:
        return None
    spread = seen.std[:, :, AFTER]  # (watched, layers)
    highest = np.maximum.accumulate(spread, axis=0)
    fell = np.where(highest > 0, spread / np.maximum(highest, 1e-30), 1.0)
    rose = highest > 2 * spread[0]  # activations that only die away are another matter
    place = np.unravel_index(int(np.argmin(np.where(rose, fell, 1.0))), fell.shape)
    if not rose[place] or fell[place] > threshold:
        return None
    look, layer = int(place[0]), int(place[1])
    top = int(np.argmax(spread[: look + 1, layer]))
    values = {"top": str(seen.steps[top]), "step": str(seen.steps[look])}
    values |= {"high": f"{spread[top, layer]:.2g}", "low": f"{spread[look, layer]:.2g}"}
    return values | _place(seen, layer) | _rates(evidence, int(seen.steps[top]))


def leap(evidence: Evidence, threshold: float) -> Values | None:
    """Find weights that moved by much of their own length in one step."""
    seen = evidence.statistics
    if seen is None or not seen.update.size:
        return None
    moved = np.where(seen.update < 100, seen.update, 0)  # weights that begin at zero move by any share
    look, weight = np.unravel_index(int(np.argmax(moved)), moved.shape)
    if moved[look, weight] < threshold:
        return None
    step = int(seen.steps[look])
    values = {"step": str(step), "weights": seen.weights[weight], "share": _percent(moved[look, weight])}
    return values | _rates(evidence, step)


def faint(evidence: Evidence, threshold: float) -> Values | None:
    """Find a gradient that hardly reaches the first weights."""
    seen = evidence.statistics
    if seen is None or not len(seen.steps) or len(seen.weights) < 2:
        return None
    length = np.median(seen.gradient, axis=0)  # (weights,)
    if length.max() <= 0 or length[0] >= threshold * length.max():
        return None
    deepest = int(np.argmax(length))
    return {"first": seen.weights[0], "low": f"{length[0]:.2g}",
            "other": seen.weights[deepest], "high": f"{length[deepest]:.2g}"}  # fmt: skip


def slow(evidence: Evidence, threshold: float) -> Values | None:
    """Find a loss that did not move at the start, while an activation was nearly zero."""
    seen, start = evidence.statistics, evidence.start
    if seen is None or start < SPAN // 2:
        return None
    early = seen.near_zero[seen.steps <= start, :, AFTER]  # (watched, layers)
    if not early.size or np.nanmax(early) < threshold:
        return None
    layer = int(np.unravel_index(int(np.nanargmax(early)), early.shape)[1])
    return _place(seen, layer) | {
        "start": str(start), "total": str(len(evidence.steps.loss)), "share": _percent(float(np.nanmax(early))),
        "near": f"{NEAR_ZERO:g}", "guess": f"{evidence.guess:.3f}",
    }  # fmt: skip


def overfitted(evidence: Evidence, threshold: float) -> Values | None:
    """Find a validation loss that rises, while the training loss falls."""
    if len(evidence.history) < 3:
        return None
    best, last = min(evidence.history, key=lambda epoch: epoch.valid_loss), evidence.history[-1]
    if last.valid_loss < threshold * best.valid_loss or last.train_loss >= best.train_loss:
        return None
    return {"best": str(best.number), "low": f"{best.valid_loss:.3f}", "last": str(last.number),
            "high": f"{last.valid_loss:.3f}", "train": f"{last.train_loss:.3f}"}  # fmt: skip


def _place(seen: Statistics, layer: int) -> Values:
    return {"number": str(layer + 1), "count": str(len(seen.layers)), "layer": seen.layers[layer]}


def _rates(evidence: Evidence, step: int) -> Values:
    """Return the learning rate of a step, a tenth of the highest one so far, and the schedule that begins with less."""
    rates, warm = evidence.steps.rate, evidence.settings.schedule == "one_cycle"
    cycle, zh_cycle = ("", "") if warm else (", a warm-up (the one_cycle schedule)", "、预热（one_cycle 计划）")
    return {"rate": f"{rates[step - 1]:.2g}", "lower": f"{max(rates) / 10:.2g}", "cycle": cycle, "zh_cycle": zh_cycle}


def _percent(share: float | NDArray[np.float32]) -> str:
    return f"{100 * float(share):.0f} %"
