"""What the log of a run says of its begin and its end: where it was computed, when, in how long."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from convista.training import Facts

_BEGAN = " began: "
_DONE = re.compile(r" done: .* wrong, ([\d.]+) s$")


def as_logged(facts: Facts, log: Path) -> Facts:
    """Return the facts of a run that is read again with what its log says: it may have run elsewhere, and long ago."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return facts
    began = next((line for line in lines if _BEGAN in line), f"{facts.started}{_BEGAN}{facts.command}")
    done = [match[1] for line in lines if (match := _DONE.search(line))]
    return replace(
        facts,
        started=began.partition(" ")[0],
        command=began.partition(_BEGAN)[2],
        seconds=float(done[0]) if done else facts.seconds,
        machine=_pairs(lines, "machine", facts.machine) or facts.machine,
        versions=_pairs(lines, "versions", facts.versions) or facts.versions,
    )


def _pairs(lines: list[str], subject: str, names: Iterable[str]) -> dict[str, str]:
    """Return the first line of a subject as names and values, which `training.log` wrote.

    >>> _pairs(["2026-11-22T23:10:00+01:00 machine: processor A; B (R); cores 2"], "machine", ["processor", "cores"])
    {'processor': 'A; B (R)', 'cores': '2'}
    """
    told = next((line.split(f" {subject}: ", 1)[1] for line in lines if f" {subject}: " in line), "")
    _, *parts = re.split(f"(?:^|; )({'|'.join(map(re.escape, names))}) ", told)
    return dict(zip(parts[::2], parts[1::2], strict=True))
