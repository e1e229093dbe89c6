"""What was measured, and the file that holds it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from convista.files import write_text

SCHEMA = 1
OURS = "convista"


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds and their quartiles."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Result:
    """One cell on one number of threads."""

    cell: str
    group: str
    threads: int
    values: dict[str, Spread] = field(default_factory=dict)
    """By contender: seconds of one call, or what else the group's unit says."""
    ratios: dict[str, Spread] = field(default_factory=dict)
    """By peer: theirs / ours, of each round; over 1 means ours is quicker."""
    errors: dict[str, float] = field(default_factory=dict)
    """By contender: the largest error over rms(output), against the float64 sum; of uint8 results in grey levels."""
    left_out: dict[str, str] = field(default_factory=dict)
    """By contender: why it was not timed."""

    @property
    def best(self) -> str | None:
        """The quickest peer."""
        return min(self.ratios, key=lambda peer: self.ratios[peer].median, default=None)


@dataclass(frozen=True, slots=True)
class Record:
    """A run: where, with which versions, how, and what came out."""

    machine: dict[str, str]
    versions: dict[str, str]
    options: dict[str, Any]
    results: tuple[Result, ...] = ()

    def measured(self) -> set[tuple[str, int]]:
        """Return the cells that are there, each with its number of threads."""
        return {(result.cell, result.threads) for result in self.results}

    def of(self, group: str, threads: int) -> list[Result]:
        """Return the results of a group."""
        return [result for result in self.results if (result.group, result.threads) == (group, threads)]

    def threads(self) -> list[int]:
        """Return the numbers of threads that were measured."""
        return sorted({result.threads for result in self.results})


def save(path: Path, record: Record) -> None:
    """Write a record as JSON, one line for each cell."""
    head = json.dumps({"schema": SCHEMA, "machine": record.machine, "versions": record.versions,
                       "options": record.options}, indent=1)  # fmt: skip
    lines = ",\n".join("  " + to_json(result) for result in record.results)
    write_text(path, f'{head.removesuffix("}").rstrip()},\n "results": [\n{lines}\n ]\n}}\n')


def load(path: Path) -> Record:
    """Read a record.

    Raises
    ------
    ValueError
        When the file is none, or one of another schema.
    """
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        schema = facts.pop("schema")
        results = tuple(map(_result, facts.pop("results")))
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise ValueError(f'"{path}" is no record of `convista bench --json`; give another file') from None
    if schema != SCHEMA:
        raise ValueError(f'"{path}" has schema {schema}, this convista reads {SCHEMA}; measure it again')
    return Record(facts["machine"], facts["versions"], facts["options"], results)


def to_json(result: Result) -> str:
    """Return a result as one line."""
    return json.dumps(_short(asdict(result)))


def from_json(line: str) -> Result:
    """Return the result of a line."""
    return _result(json.loads(line))


def _result(facts: dict[str, Any]) -> Result:
    spreads = {part: {name: Spread(*each) for name, each in facts[part].items()} for part in ("values", "ratios")}
    return Result(**(facts | spreads))


def _short(facts: Any) -> Any:
    """Return a spread as a list, and floats with four digits: more is noise, and makes the file long."""
    if isinstance(facts, dict):
        values = [_short(value) for value in facts.values()]
        return values if tuple(facts) == _SPREAD else dict(zip(facts, values, strict=True))
    return float(f"{facts:.4g}") if isinstance(facts, float) else facts


_SPREAD = tuple(each.name for each in fields(Spread))
