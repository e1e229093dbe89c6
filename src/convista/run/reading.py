"""A run read again from its folder: its network, its data, all its facts."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from convista.dataset import Dataset, load_dataset
from convista.errors import did_you_mean
from convista.network import Network, load_network
from convista.run.course import as_logged
from convista.run.folder import CONFIG, FILES, LOG, MODEL, REPORT, RunFolderError
from convista.run.order import Order
from convista.run.record import Run
from convista.training import Checkpoint, DataChangedError, fit
from convista.training.checkpoint import NEWEST


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
    if (
        len(state.facts["history"]) < (order.settings.epochs or state.facts["epochs"])
        and not (folder / REPORT).is_file()
    ):
        raise RunFolderError(f'run (="{folder}") is not finished; go on: {order.command()} --resume')
    return order
