"""The loop: a course led from its first step to its last, its states kept on the way; at the end the facts."""

from __future__ import annotations

import hashlib
import shlex
import threading
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import numpy as np
import torch

from convista.dataset import Dataset
from convista.network import Network
from convista.training.checkpoint import Checkpoint, State
from convista.training.course import Course, DivergedError
from convista.training.diagnosis import diagnose
from convista.training.facts import Epoch, Facts
from convista.training.finder import sweep_rates
from convista.training.gathering import evidence_of, gather
from convista.training.precision import quicker_precision
from convista.training.settings import Settings
from convista.training.start import new_network, on_threads, resolve
from convista.training.stopping import Stopped, asked_to_stop
from convista.training.sweep import Sweep
from convista.training.workers import ALONE, Workers


class Watcher(Protocol):
    """Something that is told how training goes: a progress bar, a log."""

    def batch(self, done: int, total: int, loss: float) -> None:
        """Hear that `done` of `total` steps are done, and the last one's loss."""

    def epoch(self, epoch: Epoch) -> None:
        """Hear how an epoch went."""

    def say(self, sentence: str) -> None:
        """Hear of what is out of the ordinary: a run that goes on, or went back."""


class Trained(NamedTuple):
    """A trained network, and what is known about its training."""

    network: Network
    facts: Facts


class DataChangedError(ValueError):
    """The images or labels are not those that the run learned from."""


def fit(
    dataset: Dataset,
    settings: Settings | None = None,
    *,
    watcher: Watcher | None = None,
    checkpoint: Checkpoint | None = None,
    workers: Workers = ALONE,
) -> Trained:
    """Train a new network on a data set, by default with AdamW and one cycle of the learning rate.

    The same data, settings and versions give the same weights bit for bit on the same machine, however often the run
    was ended and gone on with between. Random numbers are drawn from the run's own generator: those of torch and NumPy
    stay as they were. The weights are those after the last step: nothing is chosen by the validation images.

    Parameters
    ----------
    dataset
        What `convista.dataset.load_dataset` gives.
    settings
        The choices; by default those for the built-in sample.
    watcher
        Is told of every batch and epoch. What it raises ends the training.
    checkpoint
        Where the state is kept after each epoch, and within one every so many seconds. A state that is there is gone
        on from.
    workers
        The processes that train together; the leader alone is given a watcher and a checkpoint, and all return the
        same.

    Raises
    ------
    ValueError
        When the data are too few to learn from, the network does not fit them, or the state belongs to other data.
    DivergedError
        When the loss is no longer a number, for the second time: the first time the run goes back to the begin of the
        epoch, and on with a third of the learning rate.
    Stopped
        When Ctrl-C was typed, or SIGTERM came: after the batch, with the state kept. Once more, and it stops at once.
    WorkerLostError
        When a process that trains with this one is gone.
    """
    started, given = datetime.now(UTC).astimezone(), settings or Settings()
    resolved = resolve(dataset, given, workers.size)
    digest = _digest(dataset) if checkpoint or workers.size > 1 else ""
    workers.agree("images", digest)
    network = new_network(dataset, resolved)
    workers.alike(network)
    state = workers.told(checkpoint.read() if checkpoint else None)
    watcher = watcher or _Deaf()
    together = workers.size > 1
    with on_threads(resolved.threads or 1), asked_to_stop(patient=together) as asked, torch.random.fork_rng(devices=[]):
        settings, found = workers.led(lambda: _decided(network, dataset, resolved, state))
        if found and not state:
            watcher.say(f"learning rate {found.suggestion:g}: {found.why}")
        torch.default_generator.manual_seed(settings.seed)  # of which a dropout draws
        course = Course(network, dataset, settings, workers)
        leader = _Leader(course, watcher, checkpoint, asked, digest, found)
        if state:
            leader.go_on(state)
        leader.lead()
        network = course.result
        network.to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
        facts = workers.led(lambda: gather(dataset, network, course, started))
    return Trained(
        network,
        replace(
            facts,
            sweep=found,
            command=f"convista train {shlex.quote(dataset.name)} {given.options()}",
            seconds=facts.seconds + leader.before,
            went_back=course.gentler < 1,
        ),
    )


def _decided(
    network: Network, dataset: Dataset, settings: Settings, state: State | None
) -> tuple[Settings, Sweep | None]:
    """Return the settings with what is found by trying: the precision and, where it is asked for, the learning rate."""
    if settings.precision == "auto":
        found = state.facts["precision"] if state else quicker_precision(network, dataset, settings)
        settings = replace(settings, precision=found)
    if settings.rate != "auto":
        return settings, None
    kept = {name: tuple(numbers) for name, numbers in state.facts["sweep"].items()} if state else None
    sweep = Sweep(**kept) if kept else sweep_rates(network, dataset, settings)
    return replace(settings, rate=sweep.suggestion), sweep


class _Leader:
    """Leads a course to its end: tells of it, keeps its states, stops where it is asked to."""

    def __init__(
        self,
        course: Course,
        watcher: Watcher,
        checkpoint: Checkpoint | None,
        asked: threading.Event,
        data: str,
        sweep: Sweep | None,
    ) -> None:
        self._course, self._watcher, self._checkpoint = course, watcher, checkpoint
        self._asked, self._data, self._sweep, self._began = asked, data, sweep, time.perf_counter()
        self._said: set[str] = set()
        self.before = 0.0
        """Seconds of training before this process went on with it."""

    def go_on(self, state: State) -> None:
        """Go on from a state that was kept."""
        if state.facts["data"] != self._data:
            raise DataChangedError(
                "data changed since this run was stopped, so it can't go on as the same run; give a new folder"
            )
        self._course.go_on(state)
        self.before = state.facts["elapsed"]
        self._watcher.say(f"goes on after step {self._course.done:,} of {self._course.total:,}")
        for epoch in self._course.history:
            self._watcher.epoch(epoch)

    def lead(self) -> None:
        """Pass all epochs, or as many as the patience lasts."""
        while not self._course.over:
            try:
                epoch = self._course.epoch(self._hear)
            except DivergedError as error:
                self._diagnose()
                if self._course.gentler < 1:
                    raise
                self._watcher.say(f"{error.fault}; {self._course.go_back()}")
            else:
                self._watcher.epoch(epoch)
                self._keep()
        done, patience = len(self._course.history), self._course.settings.patience
        if done < self._course.settings.rounds:
            self._watcher.say(f"stopped after epoch {done}: no new lowest validation loss in {patience} epochs")

    def _hear(self, course: Course, loss: float) -> None:
        """Hear of a step."""
        self._watcher.batch(course.done, course.total, loss)
        if course.probe and course.probe.has_news(course.done):
            self._diagnose()
        if self._checkpoint and self._checkpoint.is_due:
            self._keep()
        if course.workers.any(self._asked.is_set()):
            self._keep()
            raise Stopped(course.result, course.done, course.total)

    def _diagnose(self) -> None:
        """Say at once what makes the run useless, each thing once."""
        for finding in diagnose(evidence_of(self._course)):
            if finding.severe and finding.rule not in self._said:
                self._said.add(finding.rule)
                self._watcher.say(finding.english)

    def _keep(self) -> None:
        if self._checkpoint:
            state = self._course.whole_state()
            elapsed = self.before + time.perf_counter() - self._began
            facts = {"data": self._data, "elapsed": elapsed, "precision": self._course.settings.precision}
            facts["epochs"] = self._course.settings.rounds
            facts["sweep"] = asdict(self._sweep) if self._sweep else None
            self._checkpoint.write(State(state.tensors, state.facts | facts))


class _Deaf:
    """A watcher that does nothing."""

    def batch(self, done: int, total: int, loss: float) -> None:
        pass

    def epoch(self, epoch: Epoch) -> None:
        pass

    def say(self, sentence: str) -> None:
        pass


def _digest(dataset: Dataset) -> str:
    """Return what tells these images and labels from all others."""
    digest = hashlib.sha256()
    for split in (dataset.train, dataset.valid):
        for array in (split.images, split.labels):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
