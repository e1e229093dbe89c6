"""Where a run is written while it is on its way: its folder, its log, whoever is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from convista.dataset import Dataset
from convista.network import Network, save_network
from convista.run.folder import LOG, MODEL, How, claim, workplace
from convista.run.loggers import Careful, opened
from convista.run.order import Order
from convista.run.watchers import PlanWatcher, Watchers
from convista.run.writing import write_facts
from convista.training import Checkpoint, Facts, Log, Watcher, open_log, resolve


@dataclass(frozen=True, slots=True)
class Desk:
    """What is open while a run is on its way."""

    place: Path
    checkpoint: Checkpoint
    log: Log
    loggers: tuple[Careful, ...]
    watcher: Watchers
    """All who hear of it."""

    def keep(self, network: Network) -> None:
        """Write the network as it is."""
        save_network(network, self.place / MODEL)

    def end(self, network: Network, facts: Facts) -> None:
        """Write all that a finished run has."""
        self.keep(network)
        write_facts(self.place, facts)
        self.checkpoint.forget_previous()
        self.log.end(facts)
        for logger in self.loggers:
            logger.end(facts)


@contextmanager
def open_desk(
    order: Order, way: How, folder: Path, dataset: Dataset, watcher: Watcher | None, modules: dict[str, ModuleType]
) -> Iterator[Desk]:
    """Open the folder of a run, and tell everybody what is about to happen."""
    with workplace(folder, way) as place:
        claim(place, order.config())
        with open_log(place / LOG) as log, opened(modules, place, log.say) as loggers:
            resolved = resolve(dataset, order.settings)
            log.begin(order.command(), resolved, dataset)
            if isinstance(watcher, PlanWatcher):
                watcher.planned(dataset, resolved)
            for logger in loggers:
                logger.begin(order.command(), resolved)
            told = Watchers(log, *([watcher] if watcher else []), *loggers)
            yield Desk(place, Checkpoint(place), log, tuple(loggers), told)
