"""Every rung of the ladder trained with every seed, on the same data, written down after each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from convista.comparison import records
from convista.comparison.ladder import Rung, chosen, recipe
from convista.comparison.page import write_page
from convista.comparison.records import Attempt, Study
from convista.dataset import Dataset, load_dataset
from convista.errors import need
from convista.run import Run, train
from convista.training import DivergedError, Settings, Watcher
from convista.training.machine import machine, versions
from convista.training.statistics import AFTER

RECORD, PAGE = "study.json", "study.html"


class Listener(Watcher, Protocol):
    """Something that is told how a study goes; of each run, too."""

    def begin(self, rung: str, seed: int) -> None:
        """Hear that an attempt begins."""

    def end(self, attempt: Attempt) -> None:
        """Hear what came of it."""


def study(
    data: str | os.PathLike[str] = "mnist_sample",
    *,
    out: str | os.PathLike[str] = "runs/study",
    seeds: int = 3,
    epochs: int = 3,
    rungs: Sequence[str] | None = None,
    size: int | tuple[int, int] | None = None,
    threads: int | None = None,
    listener: Listener | None = None,
) -> Study:
    """Train with one technique after another, each on top of those before it, and lay the results side by side.

    The same images and the same seeds for every rung. Each attempt is a run folder of its own below `out`; what came
    of it stands in ``study.json`` as soon as it is done, so that the same call goes on where it was stopped, inside a
    run, too. At the end ``study.html`` shows all of it. Nothing is chosen by the validation images: each run's last
    weights count.

    Parameters
    ----------
    data, size, threads
        As for `convista.train`.
    out
        The folder; it must be new, empty, or hold the same study on its way.
    seeds
        How many runs a rung, with the seeds 0, 1, 2 ...
    epochs
        Of each run.
    rungs
        Names of `LADDER`; None: all.
    listener
        Is told of each attempt, and of all that a run's watcher is told.

    Raises
    ------
    ValueError
        For a setting, a folder or data that can't be used.
    convista.training.Stopped
        A KeyboardInterrupt: Ctrl-C was typed; the same call goes on.

    Examples
    --------
    >>> import tempfile
    >>> done = study(out=tempfile.mkdtemp(), seeds=1, epochs=1, rungs=["batch norm"])
    >>> [(result.rung.name, result.mean > 0.9) for result in done.results]
    [('batch norm', True)]
    """
    need("torch", "train", "a study")
    told = chosen(rungs)
    for name, value in (("seeds", seeds), ("epochs", epochs)):
        if not 1 <= value <= 1000:
            raise ValueError(f"{name} (={value}) must be a whole number from 1 to 1000")
    folder, dataset = Path(out), load_dataset(os.fspath(data), size=size)
    so_far = _begun(folder, os.fspath(data), dataset, epochs, seeds)
    for rung in told:
        for seed in range(seeds):
            settings = _told(rung, dataset, epochs, seed, threads)
            if not so_far.known(rung.name, settings):
                attempt = _attempt(rung, seed, settings, data, size, folder, listener)
                so_far = so_far.with_attempt(attempt)
                records.save(folder / RECORD, so_far)
    write_page(so_far, folder / PAGE)
    return so_far


def _begun(folder: Path, data: str, dataset: Dataset, epochs: int, seeds: int) -> Study:
    """Return the study that a folder holds, without attempts where it holds none yet."""
    counts = np.bincount(dataset.valid.labels)
    facts = tuple(machine().items()), tuple(versions().items())
    new = Study(data, epochs, seeds, len(dataset.valid.labels), float(counts.max() / counts.sum()), (), *facts)
    if not (folder / RECORD).exists():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ValueError(f'out (="{folder}") is not empty and holds no study; give a new folder')
        folder.mkdir(parents=True, exist_ok=True)
        records.save(folder / RECORD, new)
        return new
    old = records.load(folder / RECORD)
    if replace(old, attempts=(), seeds=seeds, machine=new.machine, versions=new.versions) != new:
        raise ValueError(
            f'out (="{folder}") holds a study of "{old.data}" with {old.epochs} epochs and {old.images} validation '
            "images; give another folder"
        )
    return replace(new, attempts=tuple(attempt for attempt in old.attempts if attempt.seed < seeds))


def _told(rung: Rung, dataset: Dataset, epochs: int, seed: int, threads: int | None) -> dict[str, Any]:
    _, channels, rows, cols = dataset.train.images.shape
    settings = Settings(**recipe(rung, (channels, rows, cols)), epochs=epochs, seed=seed, threads=threads)
    return asdict(settings)


def _attempt(
    rung: Rung,
    seed: int,
    settings: dict[str, Any],
    data: str | os.PathLike[str],
    size: int | tuple[int, int] | None,
    folder: Path,
    listener: Listener | None,
) -> Attempt:
    """Train once, or go on with what was begun."""
    place = folder / f"{rung.name.replace(' ', '-')}-{seed}"
    if listener:
        listener.begin(rung.name, seed)
    attempt = Attempt(rung.name, seed, settings)
    try:
        attempt = _with_facts(attempt, train(data, out=place, resume=True, size=size, watcher=listener, **settings))
    except DivergedError as error:
        attempt = replace(attempt, fault=str(error))
    if listener:
        listener.end(attempt)
    return attempt


def _with_facts(attempt: Attempt, run: Run) -> Attempt:
    facts, seen = run.facts, run.facts.statistics
    near_zero = float(np.nanmean(seen.near_zero[-1, :, AFTER])) if seen and seen.near_zero.size else None
    return replace(attempt, history=facts.history, losses=facts.steps.loss, seconds=facts.seconds, near_zero=near_zero)
