"""A run: one process for each number of threads, results saved as they come, a broken process told and replaced."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from convista.bench import record as records
from convista.bench.cell import Cell, Script
from convista.bench.machine import machine, versions
from convista.bench.measuring import QUICK_ROUNDS, ROUNDS
from convista.bench.record import OURS, Record, Result
from convista.bench.worker import cores, environment

Ask = Callable[[str], Result]
Told = Callable[[Result, int, int], None]


MAY_CHANGE = {"cores", "system"}
"""Facts of a machine that a restart may change and the figures don't hang on."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run was asked for."""

    threads: tuple[int, ...] = (1,)
    only: str = ""
    quick: bool = False
    out_given: bool = False

    @property
    def rounds(self) -> int:
        """How often each contender is measured."""
        return QUICK_ROUNDS if self.quick else ROUNDS


def run(
    options: Options, cells: Sequence[Cell | Script], told: Told, path: Path | None = None, *, resume: bool = False
) -> Record:
    """Measure cells on each number of threads.

    Parameters
    ----------
    options, cells
        How, and what.
    told
        Hears of each result, with its number and how many there are.
    path
        The JSON file, written after each cell.
    resume
        Keep what the file has already.

    Raises
    ------
    ValueError
        When this process may not use so many cores, or when the file is of another machine or other versions.
    """
    for count in options.threads:
        if not 1 <= count <= cores():
            raise ValueError(f"--threads (={count}) must be from 1 to the {cores()} cores this process may use")
    record = _begun(options, path if resume else None)
    total = len(cells) * len(options.threads)
    number = 0
    for count in options.threads:
        wanted = [cell for cell in cells if (cell.name, count) not in record.measured()]
        number += len(cells) - len(wanted)
        for result in measured(wanted, count, options.rounds):
            number += 1
            record = replace(record, results=(*record.results, result))
            if path:
                records.save(path, record)
            told(result, number, total)
    return record


def measured(cells: Sequence[Cell | Script], threads: int, rounds: int) -> Iterator[Result]:
    """Yield the result of each cell; one that ends the process has a result that says so."""
    worker: Worker | None = None
    try:
        for cell in cells:
            worker = worker or Worker(threads, rounds)
            try:
                yield worker.ask(cell.name)
            except EOFError:
                code = worker.stop()
                worker = None
                yield Result(cell.name, cell.group, threads, left_out={OURS: f"the process ended with code {code}"})
    finally:
        if worker:
            worker.stop()


class Worker:
    """A process that measures."""

    def __init__(self, threads: int, rounds: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # this program itself
            [sys.executable, "-m", "convista.bench.worker", str(threads), str(rounds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | environment(threads),
        )  # fmt: skip

    def ask(self, name: str) -> Result:
        """Return the result of a cell; EOFError when the process is no more."""
        source, target = self._process.stdout, self._process.stdin
        assert source is not None  # noqa: S101  # both were asked for
        assert target is not None  # noqa: S101
        with suppress(BrokenPipeError):
            target.write(name + "\n")
            target.flush()
        line = source.readline()
        if not line:
            raise EOFError
        return records.from_json(line)

    def stop(self) -> int:
        """End the process and return its exit code."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            return self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _begun(options: Options, path: Path | None) -> Record:
    """Return the record to go on with: a new one, or what the file has."""
    asked = {"rounds": options.rounds, "quick": options.quick, "only": options.only, "out_given": options.out_given}
    new = Record(machine(), versions(), asked)
    if path is None or not path.exists():
        return new
    old = records.load(path)
    for what, there, here in (("machine", old.machine, new.machine), ("versions", old.versions, new.versions)):
        changed = [name for name in here if here[name] != there.get(name) and name not in MAY_CHANGE]
        if changed:
            raise ValueError(
                f'--resume: "{path}" was measured with other {what} ({", ".join(changed)}); '
                "measure into a new file, or leave out --resume"
            )
    return replace(new, results=old.results)
