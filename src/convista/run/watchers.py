"""Who hears how a run goes: a terminal, a log, loggers, as one."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from convista.dataset import Dataset
from convista.training import Epoch, Settings, Watcher


@runtime_checkable
class PlanWatcher(Watcher, Protocol):
    """A watcher that is told before the first step what is about to happen."""

    def planned(self, dataset: Dataset, settings: Settings) -> None:
        """Hear what is learned from, and how: all that was left open is decided."""


class Watchers:
    """A watcher that tells others."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def batch(self, done: int, total: int, loss: float) -> None:
        """Tell each of a step."""
        for watcher in self._watchers:
            watcher.batch(done, total, loss)

    def epoch(self, epoch: Epoch) -> None:
        """Tell each of an epoch."""
        for watcher in self._watchers:
            watcher.epoch(epoch)

    def say(self, sentence: str) -> None:
        """Tell each what is out of the ordinary."""
        for watcher in self._watchers:
            watcher.say(sentence)
