"""A real `convista train`, killed (SIGKILL) at random moments and typed again, until it ends with the same weights.

    python -m benchmarks.kills --count 50 --seed 0 --json kills.json

First the command runs uninterrupted. Then it is killed, and the same command is given again, until the run is finished;
its weights must be those of the uninterrupted run, bit for bit. A folder in which a run is finished is removed and the
next run begins, until there were as many kills as asked for. The state is kept nearly all the time, not every 30 s, so
that many kills fall into a save; moving averages, mixing and erasing are on, so that all that is random is at stake.
Precision and threads are named, since `auto` chooses by the clock, in which two runs may differ without any kill.

It exits with 1 if a weight differs, or if a command fails that nobody killed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from convista.bench.machine import here
from convista.training.checkpoint import NEWEST, PREVIOUS, Checkpoint

EVERY = 0.02
"""Seconds between two states."""
PROGRAM = f"""
from functools import partial
from convista import run
from convista.cli import main
run.Checkpoint = partial(run.Checkpoint, every={EVERY})
main()
"""
TOLD = ("train", "mnist_sample", "--epochs", "3", "--precision", "float32", "--threads", "1", "--average", "0.99",
        "--mixup", "0.2", "--erase", "0.2")  # fmt: skip
MODEL, REPORT, LOG = "model.safetensors", "report.html", "log.txt"
PIECES = 10
"""A process is given up to so large a part of the time that the whole run takes: so often, about, a run is killed."""
EARLY = 0.15
"""Share of kills at any moment before a process has saved anything: while it loads libraries, reads, begins."""


@dataclass(frozen=True)
class Kill:
    """When a process was killed, and into what."""

    run: int
    seconds: float
    """Since its first save; of an early one, since it was started."""
    where: str


@dataclass
class Record:
    """All that was seen."""

    seed: int
    command: str
    sha256: str
    """Of the uninterrupted run's network."""
    seconds: float
    """That it took, from its first save."""
    machine: dict[str, str]
    versions: dict[str, str]
    kills: list[Kill] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    """Each that was killed and came to its end: its kills, the hash of its network, whether it is the same."""

    @property
    def differences(self) -> int:
        """How many runs ended with other weights."""
        return sum(not run["same"] for run in self.runs)


class FailedError(RuntimeError):
    """A command that ended by itself, and not well."""


class Command:
    """The command, in a process of its own, on one run folder."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self._environment = folder, os.environ | {"CONVISTA_HOME": str(home)}

    def start(self) -> subprocess.Popen[str]:
        """Start it, or go on where it was killed."""
        words = [sys.executable, "-c", PROGRAM, *TOLD, "--out", str(self.folder)]
        pipes: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(words, env=self._environment, **pipes)

    def finish(self) -> None:
        """Run it to its end."""
        end_of(self.start())

    @property
    def begun(self) -> int:
        """How much its log holds: more once a process has begun to work in the folder."""
        log = self.folder / LOG
        return log.stat().st_size if log.exists() else 0

    @property
    def saved(self) -> int:
        """When the newest state was written: later once a process has saved its first."""
        try:
            return (self.folder / NEWEST).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def half_written(self) -> set[str]:
        """Return the files that are being written, or were when their process was killed."""
        return {path.name for path in self.folder.glob(".*-*")} if self.folder.exists() else set()

    @property
    def finished(self) -> bool:
        """Whether the run is over: its report is written last."""
        return (self.folder / REPORT).exists()

    def sha256(self) -> str:
        """Return what tells its network from all others."""
        return hashlib.sha256((self.folder / MODEL).read_bytes()).hexdigest()


def main() -> None:
    """Kill, tell, write the record."""
    asked = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            record = measure(asked.count, asked.seed, Path(scratch), print if asked.verbose else lambda _: None)
        except FailedError as error:
            sys.exit(f"a command failed that nobody killed: {error}")
    print(told(record))
    if asked.json:
        asked.json.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    sys.exit(bool(record.differences))


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50, help="kills (50)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (0)")
    parser.add_argument("--json", type=Path, help="the record")
    parser.add_argument("--verbose", action="store_true", help="a line for each kill")
    return parser.parse_args()


def measure(count: int, seed: int, scratch: Path, say: Callable[[str], None]) -> Record:
    """Kill so many processes, and bring each run to its end."""
    whole, chance = Command(scratch / "whole", scratch / "home"), random.Random(seed)
    start, seconds = uninterrupted(whole)
    words = " ".join(("convista", *TOLD))
    record = Record(seed, words, whole.sha256(), seconds, *here())
    command = Command(scratch / "killed", scratch / "home of the killed")  # so early kills fall into unpacking, too
    while len(record.kills) < count:
        early = chance.random() < EARLY
        moment = chance.uniform(0, start if early else seconds / PIECES)
        where = killed_at(command, moment, early=early)
        if where:
            record.kills.append(Kill(len(record.runs) + 1, moment, where))
            say(f"{len(record.kills):>3}  run {len(record.runs) + 1}  after {moment:6.3f} s  {where}")
        if command.finished:
            compare(record, command)
    if command.folder.exists():
        command.finish()
        compare(record, command)
    return record


def uninterrupted(command: Command) -> tuple[float, float]:
    """Run it once; return the seconds to its first save, and those from there to the end."""
    began = time.perf_counter()
    process = command.start()
    wait_for(lambda: command.saved > 0, process)
    start = time.perf_counter() - began
    end_of(process)
    return start, time.perf_counter() - began - start


def killed_at(command: Command, moment: float, *, early: bool) -> str:
    """Run the command and kill it at a moment; return into what that fell, or nothing if it was over before."""
    begun, saved, left = command.begun, command.saved, command.half_written()
    process = command.start()
    if not early:
        wait_for(lambda: command.saved > saved, process)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        if command.begun == begun:
            return "before it began"
        return place(command, command.half_written() - left, new=command.saved > saved)
    end_of(process)
    return ""


def place(command: Command, half: set[str], *, new: bool) -> str:
    """Return into what a kill fell, by what it left; `half` are the files it left half written, `new`: it had saved."""
    if any(name.startswith(".checkpoint-") for name in half):
        renamed = (command.folder / PREVIOUS).exists() and not (command.folder / NEWEST).exists()
        return "a save, between its two renames" if renamed else "a save"
    if half or (command.folder / MODEL).exists():
        return "the results"
    state = Checkpoint(command.folder).read()
    if state is None or not new:
        return "before its first save"
    return "an epoch" if "begin" in state.facts else "the end of an epoch"


def wait_for(sign: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for a sign, or for the end of the process."""
    while not sign() and process.poll() is None:
        time.sleep(0.0005)


def end_of(process: subprocess.Popen[str]) -> None:
    """Wait for the end of a process, which must be a good one."""
    _, said = process.communicate()
    if process.returncode:
        raise FailedError(said.strip())


def compare(record: Record, command: Command) -> None:
    """Note with which weights a run ended, and make room for the next."""
    number, found = len(record.runs) + 1, command.sha256()
    kills = sum(kill.run == number for kill in record.kills)
    record.runs.append({"kills": kills, "sha256": found, "same": found == record.sha256})
    shutil.rmtree(command.folder)


def told(record: Record) -> str:
    """Return the record as a table."""
    head = f"{record.command}\nuninterrupted: {record.seconds:.1f} s, {record.sha256[:16]}"
    runs = [
        f"  run {number}: {run['kills']:>3} kills, {run['sha256'][:16]}, {'the same' if run['same'] else 'DIFFERS'}"
        for number, run in enumerate(record.runs, 1)
    ]
    fell = [f"  {count:>3}  {where}" for where, count in Counter(kill.where for kill in record.kills).most_common()]
    sum_up = f"{len(record.kills)} kills, {len(record.runs)} runs, {record.differences} with other weights"
    return "\n".join([head, *runs, "kills by what they fell into", *fell, sum_up])


if __name__ == "__main__":
    main()
