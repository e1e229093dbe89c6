"""What came of a study: one attempt a seed, one result a rung, and the whole as a table and as JSON."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from convista.comparison.ladder import LADDER, Rung
from convista.files import write_text
from convista.training.facts import Epoch

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a study."""

    rung: str
    seed: int
    told: dict[str, Any]
    """All settings; the same rung told otherwise is another run."""
    history: tuple[Epoch, ...] = ()
    losses: tuple[float, ...] = ()
    """Of each step."""
    seconds: float = 0.0
    near_zero: float | None = None
    """Share of the last activations that are zero or nearly so, over all layers; None where nobody looked."""
    fault: str = ""
    """Why it has no result: the loss was no number, twice."""

    @property
    def accuracy(self) -> float:
        """Share of the validation images that were right, 0 to 1; NaN for a run that diverged."""
        return self.history[-1].accuracy if self.history and not self.fault else math.nan


@dataclass(frozen=True, slots=True)
class Result:
    """All attempts of one rung.

    >>> epochs = Epoch(1, 0.3, 0.2, 0.9, 2.0), Epoch(1, 0.4, 0.3, 0.8, 2.0)
    >>> result = Result(LADDER[0], tuple(Attempt("sgd", seed, {}, (epoch,)) for seed, epoch in enumerate(epochs)))
    >>> round(result.mean, 3), round(result.spread, 3), result.diverged, result.stuck(0.85)
    (0.85, 0.071, 0, 1)
    """

    rung: Rung
    attempts: tuple[Attempt, ...]

    @property
    def accuracies(self) -> list[float]:
        """Of the attempts that came to an end."""
        return [attempt.accuracy for attempt in self.attempts if not math.isnan(attempt.accuracy)]

    @property
    def mean(self) -> float:
        """Mean accuracy of the attempts that came to an end; NaN where none did."""
        return statistics.fmean(self.accuracies) if self.accuracies else math.nan

    @property
    def spread(self) -> float:
        """Their standard deviation; NaN of fewer than two."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else math.nan

    @property
    def seconds(self) -> float:
        """Median time of an attempt."""
        return statistics.median(attempt.seconds for attempt in self.attempts)

    @property
    def near_zero(self) -> float:
        """Mean share of activations near zero at the end; NaN where nobody looked."""
        shares = [attempt.near_zero for attempt in self.attempts if attempt.near_zero is not None]
        return statistics.fmean(shares) if shares else math.nan

    @property
    def diverged(self) -> int:
        """How many attempts lost their loss."""
        return sum(bool(attempt.fault) for attempt in self.attempts)

    def stuck(self, commonest: float) -> int:
        """Return how many do no better than who always names the commonest class, whose share is given."""
        return sum(accuracy <= commonest for accuracy in self.accuracies)

    def verdict(self, commonest: float) -> str:
        """Return what went wrong, in a few words; nothing if nothing did."""
        parts = [(self.diverged, "diverged"), (self.stuck(commonest), "learned nothing")]
        total = len(self.attempts)
        return ", ".join(f"{words} {number}/{total}" for number, words in parts if number)


@dataclass(frozen=True, slots=True)
class Study:
    """A whole study; printed, it is a table."""

    data: str
    epochs: int
    seeds: int
    images: int
    """Validation images."""
    commonest: float
    """Share of the commonest class among them."""
    attempts: tuple[Attempt, ...] = ()
    machine: tuple[tuple[str, str], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def results(self) -> tuple[Result, ...]:
        """One for each rung that has an attempt, the lowest first."""
        found = ((rung, tuple(a for a in self.attempts if a.rung == rung.name)) for rung in LADDER)
        return tuple(Result(rung, attempts) for rung, attempts in found if attempts)

    def known(self, rung: str, told: dict[str, Any]) -> Attempt | None:
        """Return the attempt that was told so."""
        return next((a for a in self.attempts if a.rung == rung and a.told == told), None)

    def with_attempt(self, attempt: Attempt) -> Self:
        """Return it with one more."""
        return replace(self, attempts=(*self.attempts, attempt))

    def rows(self) -> list[tuple[str, str, str, str, str, str]]:
        """Return the table's cells: technique, accuracy, spread, seconds, near zero, what went wrong."""
        return [
            (
                f"{'+ ' if number else ''}{result.rung.name}",
                _percent(result.mean),
                _percent(result.spread),
                f"{result.seconds:.1f}",
                _percent(result.near_zero, 0),
                result.verdict(self.commonest),
            )
            for number, result in enumerate(self.results)
        ]

    def facts(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"schema": SCHEMA, **asdict(self)}

    def __str__(self) -> str:
        return "\n".join(_columns([HEAD, *self.rows()]))


HEAD = ("technique", "accuracy", "spread", "seconds", "near 0", "")


def save(path: Path, study: Study) -> None:
    """Write a study as JSON, whole or not at all."""
    write_text(path, json.dumps(study.facts(), indent=1) + "\n")


def load(path: Path) -> Study:
    """Read a study; ValueError where the file is none."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        schema = facts.pop("schema")
        facts["attempts"] = tuple(_attempt(**attempt) for attempt in facts["attempts"])
        for name in ("machine", "versions"):
            facts[name] = tuple((key, value) for key, value in facts[name])
        study = Study(**facts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f'out: "{path}" can\'t be read as a study ({error}); give another folder') from error
    if schema != SCHEMA:
        raise ValueError(f'out: "{path}" is a study of another version of convista; give another folder')
    return study


def _attempt(history: Sequence[dict[str, Any]], losses: Sequence[float], **facts: Any) -> Attempt:
    return Attempt(history=tuple(Epoch(**epoch) for epoch in history), losses=tuple(losses), **facts)


def _percent(share: float, digits: int = 2) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.{digits}f} %"


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return lines whose cells stand below each other: words begin together, numbers end together."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = "<>>>><"
    lines = (
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)) for row in rows
    )
    return [line.rstrip() for line in lines]
