"""The course of a run as lines of text with the time in front, written as they happen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

from convista.dataset import Dataset
from convista.training.facts import Epoch, Facts
from convista.training.machine import machine, versions
from convista.training.settings import Settings


class Log:
    """A watcher that writes a line for each epoch."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def say(self, sentence: str) -> None:
        """Write a line."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        self._file.write(f"{now} {sentence}\n")
        self._file.flush()

    def begin(self, command: str, settings: Settings, dataset: Dataset) -> None:
        """Write what is about to happen, with what, on what."""
        self.say(f"began: {command}")
        for name, words in (("settings", settings.words()), ("machine", machine()), ("versions", versions())):
            self.say(f"{name}: " + "; ".join(f"{key} {value}" for key, value in words.items()))
        self.say(f"data: {dataset.folder}: {dataset.summary}; {dataset.counts}")
        for remark in dataset.remarks:
            self.say(f"data: {remark}")

    def batch(self, done: int, total: int, loss: float) -> None:
        """Write nothing: batches are many."""

    def epoch(self, epoch: Epoch) -> None:
        """Write how an epoch went."""
        losses = f"training loss {epoch.train_loss:.4f}, validation loss {epoch.valid_loss:.4f}"
        self.say(f"epoch {epoch.number}: {losses}, accuracy {epoch.accuracy:.4f}, {epoch.seconds:.1f} s")

    def end(self, facts: Facts) -> None:
        """Write the result, and what went wrong."""
        for finding in facts.findings:
            self.say(f"found: {finding.english}")
        images = int(facts.confusion.sum())
        self.say(f"done: {facts.errors} of {images} validation images wrong, {facts.seconds:.1f} s")


@contextmanager
def open_log(path: Path) -> Iterator[Log]:
    """Open a log, to go on with it if it is there; what ends its block by an error is its last line."""
    file = path.open("a", encoding="utf-8", errors="backslashreplace")  # closed below, either way
    log = Log(file)
    try:
        yield log
    except BaseException as error:
        with suppress(OSError), file:  # a disk that is full must not hide the error
            log.say(f"stopped: {type(error).__name__}: {error}")
        raise
    file.close()
