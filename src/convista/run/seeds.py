"""The same run with several seeds: a folder with a numbered run folder for each, and one table."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from convista.files import write_text
from convista.run.folder import RESULTS, How, claim, how_many, workplace
from convista.run.order import Order


@dataclass(frozen=True, slots=True)
class SeedRun:
    """One of the runs."""

    seed: int
    folder: str
    """Within the folder of all."""
    accuracy: float
    errors: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SeedRuns:
    """Runs that differ in nothing but the seed."""

    folder: Path
    runs: tuple[SeedRun, ...]

    @property
    def accuracy(self) -> float:
        """The mean."""
        return statistics.fmean(run.accuracy for run in self.runs)

    @property
    def spread(self) -> float:
        """The standard deviation of the accuracy, estimated from these runs (divided by their number less one)."""
        return statistics.stdev(run.accuracy for run in self.runs)

    @property
    def seconds(self) -> float:
        """Of a run, on average."""
        return statistics.fmean(run.seconds for run in self.runs)


def train_each(order: Order, folder: Path, *, resume: bool, train: Callable[[Order], None]) -> SeedRuns:
    """Train one seed after the other in numbered folders; what is finished is not trained again."""
    count = order.seeds or 1
    how_many(folder, order.config(), count, resume=resume)
    with workplace(folder, How.BEGIN) as place:
        claim(place, order.config())
        found = []
        for number in range(1, count + 1):
            seed = order.settings.seed + number - 1
            one = replace(order, seeds=None, settings=replace(order.settings, seed=seed)).into(place / str(number))
            if not (place / str(number) / RESULTS).exists():
                train(one)
            told = json.loads((place / str(number) / RESULTS).read_text(encoding="utf-8"))
            share, right, images = (told["accuracy"][name] for name in ("share", "right", "images"))
            found.append(SeedRun(seed, str(number), share, images - right, told["basis"]["seconds"]))
        runs = SeedRuns(folder, tuple(found))
        summary = {"accuracy": runs.accuracy, "spread": runs.spread, "seconds": runs.seconds}
        write_text(place / RESULTS, json.dumps({**summary, "runs": [asdict(run) for run in found]}, indent=2) + "\n")
    return runs
