"""Training beside other programs: whole commands, from the shell's return key to the last file written.

    python -m benchmarks.training --list
    python -m benchmarks.training --only sample --peers /path/to/python --json training.json

Each work is a command of convista and those of its peers, run in turns, once for each seed, in a process of its own:
imports, the decoding of every image and the report are inside the clock. Each of ours has an empty cache, so that
nothing an earlier run left behind helps. The accuracy is that of the last weights; nothing is chosen by the images it
is measured on. Peers run in the Python that --peers names (`pip install torch==2.13.0 fastai lightning ultralytics` in
a venv of its own); without it only ours is measured, and the figures beside are those of the notes.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks import pictures
from convista.bench.machine import here

SCRIPT = Path(__file__).with_name("training_peers.py")
CHAPTER = ("--rotation", "0", "--zoom", "0", "--shear", "0", "--shift", "0", "--label-smoothing", "0")
"""The textbook's runs have none of these."""
SAMPLE_NET = "no norm, 3x3/2 4, 3x3/2 8, 3x3/2 16, 3x3/2 32, 3x3/2 classes"
MNIST_NET = "5x5/2 8, 3x3/2 16, 3x3/2 32, 3x3/2 64, 3x3/2 classes"
MEDIUM = ("--network", "medium", "--rate", "0.01", "--batch", "256", "--average", "0.99")


@dataclass(frozen=True)
class Work:
    """Something to train, what it must reach, and who else can do it."""

    name: str
    data: str
    told: tuple[str, ...]
    seconds: float
    accuracy: float
    """Mean over the seeds; with `errors`, images instead."""
    seeds: int = 5
    threads: int = 1
    peers: tuple[str, ...] = ()
    noted: str = ""
    """What the peers took where they were measured before: the machine and the versions stand in the notes."""


WORKS = (
    Work("sample, the chapter's network, 2 epochs", "sample",
         ("--network", SAMPLE_NET, "--epochs", "2", "--batch", "64", "--rate", "0.01", *CHAPTER), 4.3, 0.993,
         peers=("plain", "fastai"), noted="fastai 13-19 s (.993), plain loop 4.3 s (.993)"),
    Work("sample, as it comes", "sample", (), 12, 1 - 1 / 2038, threads=2,
         peers=("yolo",), noted="fastai resnet18 66 s (.998), yolo11n-cls 32 s (.981)"),
    Work("sample, 10 epochs", "sample", ("--epochs", "10"), 60, 1.0, threads=2),
    Work("MNIST, the chapter's network, 5 epochs", "mnist",
         ("--network", MNIST_NET, "--epochs", "5", "--batch", "512", "--rate", "0.02", *CHAPTER),
         24, 0.992, peers=("plain", "fastai", "lightning"), noted="fastai 126-180 s (.9918), plain loop 29 s (.992)"),
    Work("MNIST, 99.4 %", "mnist", ("--epochs", "3", "--network", "small"), 30, 0.994, threads=2),
    Work("MNIST, 99.65 %", "mnist", ("--epochs", "10", *MEDIUM), 180, 0.9965, threads=2),
    Work("MNIST, 99.75 %", "mnist", ("--epochs", "40", *MEDIUM), 720, 0.9975, threads=2),
    Work("5,000 digits of 10 classes, as they come", "digits", (), 40, 0.98, seeds=3, threads=2,
         peers=("fastai",), noted="fastai resnet18 from scratch on 2,000 to 10,000 small images: 107-132 s"),
    Work("trashnet, as it comes", "trashnet", (), 150, 0.78, seeds=3, threads=2,
         peers=("fastai",), noted="fastai resnet18, 96 px, 10 epochs: 283 s (.703)"),
)  # fmt: skip


@dataclass
class Outcome:
    """What came of one work, of one program."""

    work: str
    program: str
    threads: int
    seconds: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    fault: str = ""

    def line(self) -> str:
        """Return it in words."""
        if self.fault:
            return f"  {self.program:<10} {self.fault}"
        spread = statistics.stdev(self.accuracy) if len(self.accuracy) > 1 else 0.0
        seconds, mean = statistics.median(self.seconds), statistics.fmean(self.accuracy)
        return f"  {self.program:<10} {seconds:7.1f} s   {100 * mean:.3f} % +- {100 * spread:.3f} ({len(self.seconds)})"


def main() -> None:
    """Measure, tell, write the record."""
    asked = arguments()
    works = [work for work in WORKS if asked.only in work.name]
    if asked.list:
        for work in works:
            print(f"{work.name}: {work.seconds:g} s, {work.accuracy:.4f}; {', '.join(work.peers) or 'no peer'}")
        return
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as scratch:
        for work in works:
            data = pictures.folder(work.data, Path(scratch))
            if data is None:
                print(f"{work.name}: left out, its data are not there (CONVISTA_SHARED)")
                continue
            outcomes += measure(work, data, Path(scratch), asked.seeds or work.seeds, asked.peers)
            tell(work, outcomes)
            if asked.json:
                save(asked.json, outcomes)


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="works with this in their name")
    parser.add_argument("--seeds", type=int, help="instead of each work's own number")
    parser.add_argument("--peers", type=Path, help="a Python in which the peers are installed")
    parser.add_argument("--json", type=Path, help="the record, written after each work")
    parser.add_argument("--list", action="store_true", help="measure nothing")
    return parser.parse_args()


def measure(work: Work, data: Path, scratch: Path, seeds: int, python: Path | None) -> list[Outcome]:
    """Run ours and the peers' in turns, once for each seed."""
    outcomes = [Outcome(work.name, name, work.threads) for name in ("convista", *(work.peers if python else ()))]
    for seed in range(seeds):
        for outcome in outcomes:
            if not outcome.fault:
                run(outcome, work, data, scratch, seed, python)
    return outcomes


def run(outcome: Outcome, work: Work, data: Path, scratch: Path, seed: int, python: Path | None) -> None:
    """Run one program once and note its time and its accuracy."""
    out, home = scratch / "run", scratch / "home"
    for folder in (out, home):
        shutil.rmtree(folder, ignore_errors=True)
    ours = [sys.executable, "-m", "convista", "train", str(data), "--out", str(out), "--seed", str(seed),
            "--threads", str(work.threads), *work.told]  # fmt: skip
    theirs = [str(python), str(SCRIPT), outcome.program, work.name, str(data), str(seed), str(work.threads)]
    threads = {name: str(work.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
    cores = set(sorted(os.sched_getaffinity(0))[: work.threads])
    began = time.perf_counter()
    done = subprocess.run(
        ours if outcome.program == "convista" else theirs,
        env=os.environ | threads | {"CONVISTA_HOME": str(home)},
        preexec_fn=lambda: os.sched_setaffinity(0, cores),  # no more than it is told
        cwd=scratch, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        outcome.fault = f"failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1]}"
        return
    outcome.seconds.append(seconds)
    told = history(out) if outcome.program == "convista" else float(done.stdout.strip().splitlines()[-1])
    outcome.accuracy.append(told)


def history(folder: Path) -> float:
    """Return the accuracy after the last epoch."""
    with (folder / "history.csv").open(encoding="utf-8") as file:
        return float(list(csv.DictReader(file))[-1]["accuracy"])


def tell(work: Work, outcomes: list[Outcome]) -> None:
    """Print how each did, the goal, and what the notes say of the peers."""
    print(
        f"{work.name} ({work.threads} thread{'s' * (work.threads > 1)}): goal {work.seconds:g} s, {work.accuracy:.4f}"
    )
    for line in lines(work, outcomes):
        print(line, flush=True)


def lines(work: Work, outcomes: list[Outcome]) -> Iterator[str]:
    """Yield a line for each program, and the goal's verdict."""
    own = [outcome for outcome in outcomes if outcome.work == work.name]
    yield from (outcome.line() for outcome in own)
    ours = own[0]
    if not ours.fault:
        quick = statistics.median(ours.seconds) <= work.seconds
        right = statistics.fmean(ours.accuracy) >= work.accuracy - 1e-9
        yield f"  time {'met' if quick else 'missed'}, accuracy {'met' if right else 'missed'}"
    if work.noted:
        yield f"  measured before, elsewhere: {work.noted}"


def save(path: Path, outcomes: list[Outcome]) -> None:
    """Write the record, whole or not at all."""
    machine, versions = here()
    text = json.dumps({"machine": machine, "versions": versions, "outcomes": [asdict(o) for o in outcomes]}, indent=1)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    main()
