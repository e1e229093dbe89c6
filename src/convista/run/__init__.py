"""A run folder: train into it, go on in it, load from it. What is in it is whole, and no run is overwritten unasked.

======================  ============================================================
config.json             what the run was told to do
log.txt                 what happened when, from the settings to the result or the fault
checkpoint.safetensors  the state from which the run goes on
model.safetensors       the network; `load` reads it
history.csv             a row for each epoch
results.json            every figure, for programs
statistics.npz          what was seen of activations and gradients; `convista.training.Statistics.read` reads it
curves.png, ...         pictures: curves, confusion, reliability
tensorboard             the events that TensorBoard shows, where they were asked for
report.html             everything, to look at
======================  ============================================================

order    what a run was told
loggers  TensorBoard and MLflow, where they are asked for
writing  the files that are made from its facts
folder   the folder: new, on its way, or finished
seeds    several runs that differ in the seed
rates    a learning rate looked for
course   what its log says of its begin and its end
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

from convista.dataset import Dataset, load_dataset
from convista.errors import did_you_mean
from convista.network import Network, load_network, save_network
from convista.run.course import as_logged
from convista.run.folder import (
    CONFIG,
    FILES,
    LOG,
    MODEL,
    REPORT,
    How,
    RunFolderError,
    claim,
    how,
    numbered,
    unfinished,
    workplace,
)
from convista.run.loggers import checked, opened
from convista.run.order import Order, network_of, settings_of, words_of
from convista.run.rates import FoundRate, find_rate
from convista.run.seeds import SeedRun, SeedRuns, train_each
from convista.run.writing import write_facts
from convista.training import (
    Checkpoint,
    DataChangedError,
    Epoch,
    Facts,
    Settings,
    Stopped,
    Watcher,
    fit,
    open_log,
    resolve,
)
from convista.training.checkpoint import NEWEST

__all__ = [
    "FoundRate", "Run", "RunFolderError", "SeedRun", "SeedRuns", "dataset_of", "find_rate", "load", "open_run",
    "train", "train_seeds",
]  # fmt: skip


@runtime_checkable
class DataWatcher(Watcher, Protocol):
    """A watcher that is told of the data, too, before the first step."""

    def data(self, dataset: Dataset) -> None:
        """Hear what is learned from."""


@dataclass(frozen=True)
class Run:
    """A finished training run."""

    folder: Path
    model: Network
    facts: Facts

    @property
    def accuracy(self) -> float:
        """Share of the validation images that the network gets right, 0 to 1."""
        return self.facts.accuracy

    @property
    def history(self) -> tuple[Epoch, ...]:
        """How each epoch went."""
        return self.facts.history

    def report(self) -> Path:
        """Return the path of the report, which is written anew if it is missing."""
        from convista.studio import write_report

        path = self.folder / REPORT
        return path if path.is_file() else write_report(self.facts, path)

    def write(self) -> Path:
        """Write everything that is made from the facts anew, and return the path of the report."""
        write_facts(self.folder, self.facts)
        return self.folder / REPORT


def train(
    data: str | os.PathLike[str] = "mnist_sample",
    *,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    resume: bool = False,
    size: int | tuple[int, int] | None = None,
    labels: str | os.PathLike[str] | None = None,
    strict: bool = False,
    network: str = Settings.network,
    model: str | Callable[..., Any] | None = None,
    epochs: int = Settings.epochs,
    batch: int | None = Settings.batch,
    rate: float | str = Settings.rate,
    seed: int = Settings.seed,
    threads: int | None = None,
    watcher: Watcher | None = None,
    log: str | Iterable[str] = (),
    **recipe: Any,
) -> Run:
    """Train a new network on labelled images, and write all about it into a run folder.

    A run that was killed, or stopped by Ctrl-C, goes on when it is told the same again for the same folder, and ends
    with the same weights, bit for bit, as one that was never stopped (same machine, versions and threads).

    Parameters
    ----------
    data
        The name of a data set, or a folder ``train|valid/<class>/<image>`` or ``<class>/<image>``.
    out
        The run folder, made if need be; it must be empty, or hold the same run on its way. By default the next free
        of ``runs/1``, ``runs/2``, ...
    overwrite
        Whether `out` may hold a run that was told exactly the same; it is replaced when the new one is finished.
    resume
        Go on with the same run: in `out`, or the latest in ``runs`` that is on its way. One that is finished comes
        back as it is; where `out` holds none, it begins.
    size
        Rows and columns of the images for the network; see `convista.dataset.load_dataset`. By default the last of
        `sizes`, where these are given.
    labels
        A CSV with the columns ``file``, ``label`` and perhaps ``split``, in place of folders for classes.
    strict
        Refuse a folder with files that can't be used, in place of leaving them out.
    model
        A network of your own: a function or class that takes ``channels`` and ``classes``, or nothing, and makes a
        `torch.nn.Module`; or its name as ``"module:function"``. It stands in for `network`.
    network, epochs, batch, rate, seed, threads, **recipe
        See `convista.training.Settings`, which lists the rest of the recipe, too.
    watcher
        Is told of every batch and epoch, to draw a progress bar; one that has a method ``data``, of the data set as
        well.
    log
        "tensorboard", "mlflow" or both: programs that are told, too; see `convista.run.loggers`.

    Raises
    ------
    ValueError, TypeError
        For a setting, a folder or data that can't be used.
    convista.training.DivergedError
        When the loss is no longer a number; the run folder then keeps the log.
    convista.training.Stopped
        A KeyboardInterrupt: Ctrl-C was typed; the folder holds the network so far, and goes on from there.
    """
    main = {"network": network_of(network, model), "epochs": epochs, "batch": batch, "rate": rate, "seed": seed}
    settings = settings_of({**main, "threads": threads}, recipe)
    order = Order(words_of(data), size, _path(out), settings, labels=_text(labels))
    modules = checked(log)
    if resume and order.out is None:
        order = order.into(unfinished(order.config()))
    way = how(order.out, order.config(), overwrite=overwrite, resume=resume) if order.out else How.BEGIN
    began = time.perf_counter()
    dataset = load_dataset(order.data, size=order.image_size, labels=labels, strict=strict)
    resolve(dataset, order.settings)  # before a folder is made: it may refuse
    reading = time.perf_counter() - began
    return _train(order, way, order.out or numbered(), dataset, watcher, reading, modules=modules)


def train_seeds(
    data: str | os.PathLike[str] = "mnist_sample",
    *,
    seeds: int = 5,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    size: int | tuple[int, int] | None = None,
    labels: str | os.PathLike[str] | None = None,
    strict: bool = False,
    network: str = Settings.network,
    model: str | Callable[..., Any] | None = None,
    watcher: Watcher | None = None,
    **recipe: Any,
) -> SeedRuns:
    """Train the same with several seeds, to see what of a result is chance.

    Each run has a folder of its own in `out`, called 1, 2, ...; ``results.json`` there holds the table. When it was
    stopped, the same again goes on with the seed and the step where it was; finished seeds are not trained again.

    Parameters
    ----------
    seeds
        How many, at least 2: `seed` of the recipe (0), and those that follow it.
    data, out, resume, size, labels, strict, network, model, watcher, **recipe
        As those of `train`.
    """
    settings = settings_of({"network": network_of(network, model)}, recipe)
    order = Order(words_of(data), size, _path(out), settings, seeds, labels=_text(labels))
    if resume and order.out is None:
        order = order.into(unfinished(order.config()))
    began = time.perf_counter()
    dataset = load_dataset(order.data, size=order.image_size, labels=labels, strict=strict)
    resolve(dataset, settings)
    reading = time.perf_counter() - began

    def one(single: Order) -> None:
        if watcher:
            watcher.say(f"seed {single.settings.seed}")
        way = how(single.place, single.config(), overwrite=False, resume=True)
        _train(single, way, single.place, dataset, watcher, reading, again=order.into(folder).command())

    folder = order.out or numbered()
    return train_each(order, folder, resume=resume or order.out is None, train=one)


def _train(
    order: Order,
    way: How,
    folder: Path,
    dataset: Dataset,
    watcher: Watcher | None,
    reading: float,
    again: str | None = None,
    modules: dict[str, ModuleType] | None = None,
) -> Run:
    """Train in a folder; `again` is what to type to go on if it is not the order itself."""
    with workplace(folder, way) as place:
        claim(place, order.config())
        checkpoint = Checkpoint(place)
        with open_log(place / LOG) as text, opened(modules or {}, place, text.say) as loggers:
            resolved = resolve(dataset, order.settings)
            text.begin(order.command(), resolved, dataset)
            told = _All(text, *([watcher] if watcher else []))
            if isinstance(watcher, DataWatcher):
                watcher.data(dataset)
            for logger in loggers:
                logger.begin(order.command(), resolved)
            try:
                trained = fit(dataset, order.settings, watcher=_All(told, *loggers), checkpoint=checkpoint)
            except Stopped as stopped:
                if way is How.REPLACE:
                    raise stopped.with_words(f'the run that was in "{folder}" is kept') from None
                save_network(stopped.network, place / MODEL)
                raise stopped.with_words(
                    f'the network so far is in "{folder}"; go on: {again or order.into(folder).command()} --resume'
                ) from None
            facts = replace(trained.facts, command=order.command(), seconds=reading + trained.facts.seconds)
            _write(place, trained.network, facts)
            checkpoint.forget_previous()
            text.end(facts)
            for logger in loggers:
                logger.end(facts)
    return Run(folder, trained.network, facts)


def load(run: str | os.PathLike[str]) -> Network:
    """Read the network of a run folder, or a network's file.

    Raises
    ------
    FileNotFoundError
        When there is no such folder or file.
    RunFolderError
        When the folder holds no finished run; the text lists what is missing.
    convista.network.NetworkFileError
        When the file is damaged, or no network of convista.
    convista.network.OwnNetworkError
        When it is a network of one's own, and the function that makes it is not to be found.
    """
    path = Path(run)
    if not path.exists():
        near = did_you_mean(path.name, sorted(p.name for p in path.parent.glob("*/")))
        raise FileNotFoundError(f'run (="{path}") is neither a folder nor a file{near}')
    if path.is_dir() and not (path / MODEL).is_file():
        if (path / "1" / MODEL).is_file():
            raise RunFolderError(f'run (="{path}") holds one run for each seed; name one of them, such as {path / "1"}')
        missing = ", ".join(name for name in FILES if not (path / name).exists())
        raise RunFolderError(f'run (="{path}") is not the folder of a finished run: it lacks {missing}')
    return load_network(path / MODEL if path.is_dir() else path)


def open_run(run: str | os.PathLike[str]) -> Run:
    """Read a finished run again: its network, and all facts, for which the validation images are judged once more.

    Parameters
    ----------
    run
        The folder of a run; its data must be where they were, and unchanged.

    Raises
    ------
    FileNotFoundError
        When there is no such folder, or the data are gone.
    RunFolderError
        When the folder holds no finished run, or its data changed.

    Examples
    --------
    >>> open_run("runs/first").accuracy  # doctest: +SKIP
    0.9985
    """
    folder, network = Path(run), load(run)
    order = _finished(folder)
    try:
        trained = fit(dataset_of(run), order.settings, checkpoint=Checkpoint(folder))
    except DataChangedError:
        raise RunFolderError(
            f'run (="{folder}") learned from other images than are now in "{order.data}"; '
            "its figures can't be made anew"
        ) from None
    return Run(folder, network, as_logged(replace(trained.facts, command=order.command()), folder / LOG))


def dataset_of(run: str | os.PathLike[str]) -> Dataset:
    """Read the images that a run learned from, and those it was judged by, in the size of its network.

    Raises
    ------
    FileNotFoundError
        When they are no longer there.
    RunFolderError
        When the folder holds no run.
    """
    if Path(run).is_file():
        raise RunFolderError(f'run (="{run}") is a file; give the folder of its run, which says what the data are')
    order = _told(Path(run))
    return load_dataset(order.data, size=order.image_size, labels=order.labels)


def _told(folder: Path) -> Order:
    """Return what a run was told."""
    try:
        return Order.read(json.loads((folder / CONFIG).read_text(encoding="utf-8")), folder)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RunFolderError(f'run (="{folder}") has no {CONFIG} that can be read ({error})') from error


def _finished(folder: Path) -> Order:
    """Return what a run was told, if it is finished."""
    order = _told(folder)
    state = Checkpoint(folder).read()
    if state is None:
        raise RunFolderError(f'run (="{folder}") lacks {NEWEST}, which holds the course of its training')
    if len(state.facts["history"]) < order.settings.epochs and not (folder / REPORT).is_file():
        raise RunFolderError(f'run (="{folder}") is not finished; go on: {order.command()} --resume')
    return order


class _All:
    """A watcher that tells others."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def batch(self, done: int, total: int, loss: float) -> None:
        for watcher in self._watchers:
            watcher.batch(done, total, loss)

    def epoch(self, epoch: Epoch) -> None:
        for watcher in self._watchers:
            watcher.epoch(epoch)

    def say(self, sentence: str) -> None:
        for watcher in self._watchers:
            watcher.say(sentence)


def _path(out: str | os.PathLike[str] | None) -> Path | None:
    return None if out is None else Path(out)


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)


def _write(place: Path, network: Network, facts: Facts) -> None:
    save_network(network, place / MODEL)
    write_facts(place, facts)
