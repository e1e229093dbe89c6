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

order     what a run was told
folder    the folder: new, on its way, or finished
desk      what is open while it is on its way
watchers  who hears of it
loggers   TensorBoard and MLflow, where they are asked for
writing   the files that are made from its facts
record    a finished run
reading   a run read again
course    what its log says of its begin and its end
seeds     several runs that differ in the seed
rates     a learning rate looked for
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from convista.dataset import Dataset, load_dataset
from convista.run.desk import Desk, open_desk
from convista.run.folder import How, RunFolderError, how, numbered, unfinished
from convista.run.loggers import checked
from convista.run.order import Order, network_of, settings_of, words_of
from convista.run.rates import FoundRate, find_rate
from convista.run.reading import dataset_of, load, open_run
from convista.run.record import Run
from convista.run.seeds import SeedRun, SeedRuns, train_each
from convista.training import Settings, Stopped, Trained, Watcher, Workers, fit, joined, resolve
from convista.training.launch import rank_and_size
from convista.training.workers import ALONE

__all__ = [
    "FoundRate", "Run", "RunFolderError", "SeedRun", "SeedRuns", "dataset_of", "find_rate", "load", "open_run",
    "train", "train_seeds",
]  # fmt: skip


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
    epochs: int | None = Settings.epochs,
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

    Where torchrun started several processes, they share each batch, and the first one writes and speaks: batch and
    rate are those of one process, and so is the number of steps. Each must be able to read the data.

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
        Is told of every batch and epoch, to draw a progress bar; one that has a method ``planned``, of the data set and
        the settings as well.
    log
        "tensorboard", "mlflow" or both: programs that are told, too; see `convista.run.loggers`.

    Raises
    ------
    ValueError, TypeError
        For a setting, a folder or data that can't be used.
    convista.training.DivergedError
        When the loss is no longer a number; the run folder then keeps the log.
    convista.training.Stopped
        A KeyboardInterrupt: Ctrl-C was typed, or SIGTERM came; the folder holds the network so far, and goes on from
        there.
    convista.training.WorkerLostError
        When another process that trains with this one is gone; the folder goes on from its last kept state.
    """
    main = {"network": network_of(network, model), "epochs": epochs, "batch": batch, "rate": rate, "seed": seed}
    settings = settings_of({**main, "threads": threads}, recipe)
    order = Order(words_of(data), size, _path(out), settings, labels=_text(labels))
    modules = checked(log)
    with joined() as workers:
        order, way = workers.led(lambda: _way(order, resume=resume, overwrite=overwrite))
        began = time.perf_counter()
        dataset = load_dataset(order.data, size=order.image_size, labels=labels, strict=strict)
        resolve(dataset, order.settings, workers.size)  # before a folder is made: it may refuse
        reading = time.perf_counter() - began
        folder = workers.led(lambda: order.out or numbered())
        return _train(order, way, folder, dataset, watcher, reading, modules=modules, workers=workers)


def _way(order: Order, *, resume: bool, overwrite: bool) -> tuple[Order, How]:
    """Return the order with the folder in which it goes on, if any, and how it is written there."""
    if resume and order.out is None:
        order = order.into(unfinished(order.config()))
    return order, how(order.out, order.config(), overwrite=overwrite, resume=resume) if order.out else How.BEGIN


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
    if rank_and_size() != (0, 1):
        raise ValueError("seeds are trained one after the other in one process; start this without torchrun")
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
    workers: Workers = ALONE,
) -> Run:
    """Train in a folder; `again` is what to type to go on if it is not the order itself."""
    again = again or order.into(folder).command()
    with ExitStack() as stack:
        opened = workers.only(
            lambda: stack.enter_context(open_desk(order, way, folder, dataset, watcher, modules or {}))
        )
        try:
            trained = _fit(dataset, order.settings, opened, workers)
        except Stopped as stopped:
            raise stopped.with_words(_kept(stopped, opened, way, folder, again)) if opened else stopped from None
        facts = replace(trained.facts, command=order.command(), seconds=reading + trained.facts.seconds)
        workers.only(lambda: opened.end(trained.network, facts) if opened else None)
    return Run(folder, trained.network, facts)


def _fit(dataset: Dataset, settings: Settings, opened: Desk | None, workers: Workers) -> Trained:
    """Train, and tell at the desk; of several processes one has it."""
    if opened is None:
        return fit(dataset, settings, workers=workers)
    return fit(dataset, settings, watcher=opened.watcher, checkpoint=opened.checkpoint, workers=workers)


def _kept(stopped: Stopped, opened: Desk, way: How, folder: Path, again: str) -> str:
    """Keep the network of a run that was stopped, and return where it is."""
    if way is How.REPLACE:
        return f'the run that was in "{folder}" is kept'
    opened.keep(stopped.network)
    return f'the network so far is in "{folder}"; go on: {again} --resume'


def _path(out: str | os.PathLike[str] | None) -> Path | None:
    return None if out is None else Path(out)


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)
