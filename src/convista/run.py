"""A run folder: train into it, load from it. What is in it is whole, and no run is overwritten unasked.

==================  ================================================================
config.json         what the run was told to do
log.txt             what happened when, from the settings to the result or the fault
model.safetensors   the network; `load` reads it
history.csv         a row for each epoch
report.html         everything, to look at
==================  ================================================================
"""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple, dataclass, fields, replace
from itertools import count
from pathlib import Path
from typing import Any

from convista._version import __version__
from convista.dataset import load_dataset
from convista.errors import did_you_mean
from convista.files import UnwrittenError, write_text
from convista.network import Network, load_network, save_network
from convista.training import Epoch, Facts, Settings, Watcher, fit, open_log, resolve

CONFIG, LOG, MODEL, HISTORY, REPORT = "config.json", "log.txt", "model.safetensors", "history.csv", "report.html"
FILES = (CONFIG, LOG, MODEL, HISTORY, REPORT)


class RunFolderError(ValueError):
    """A folder that a run can't be written to, or that holds none."""


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


def train(
    data: str | os.PathLike[str] = "mnist_sample",
    *,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    size: int | tuple[int, int] | None = None,
    network: str = Settings.network,
    epochs: int = Settings.epochs,
    batch: int = Settings.batch,
    rate: float = Settings.rate,
    seed: int = Settings.seed,
    threads: int | None = None,
    watcher: Watcher | None = None,
    **recipe: float,
) -> Run:
    """Train a new network on labelled images, and write all about it into a run folder.

    Parameters
    ----------
    data
        The name of a data set, or a folder ``train|valid/<class>/<image>``.
    out
        The run folder, made if need be; it must be empty. By default the next free of ``runs/1``, ``runs/2``, ...
    overwrite
        Whether `out` may hold a run that was told exactly the same; it is replaced when the new one is finished.
    size
        Rows and columns of the images for the network; see `convista.dataset.load_dataset`.
    network, epochs, batch, rate, seed, threads, **recipe
        See `convista.training.Settings`, which lists the rest of the recipe, too.
    watcher
        Is told of every batch and epoch, to draw a progress bar.

    Raises
    ------
    ValueError, TypeError
        For a setting, a folder or data that can't be used.
    convista.training.DivergedError
        When the loss is no longer a number; the run folder then keeps the log.
    """
    main = {"network": network, "epochs": epochs, "batch": batch, "rate": rate, "seed": seed, "threads": threads}
    order = _Order(_words(data), size, None if out is None else Path(out), _settings(main, recipe))
    replaces = order.out is not None and _may_replace(order.out, order.config(), overwrite)
    began = time.perf_counter()
    dataset = load_dataset(order.data, size=size)
    resolved = resolve(dataset, order.settings)  # before a folder is made: it may refuse
    reading = time.perf_counter() - began
    folder = order.out or _numbered(Path("runs"))
    with _in_words(folder), _workplace(folder, replaces) as place:
        _claim(place / CONFIG, order.config())
        with open_log(place / LOG) as log:
            log.begin(order.command(), resolved, dataset)
            trained = fit(dataset, order.settings, watcher=_Both(log, watcher) if watcher else log)
            facts = replace(trained.facts, command=order.command(), seconds=reading + trained.facts.seconds)
            _write(place, trained.network, facts)
            log.end(facts)
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
    """
    path = Path(run)
    if not path.exists():
        near = did_you_mean(path.name, sorted(p.name for p in path.parent.glob("*/")))
        raise FileNotFoundError(f'run (="{path}") is neither a folder nor a file{near}')
    if path.is_dir() and not (path / MODEL).is_file():
        missing = ", ".join(name for name in FILES if not (path / name).exists())
        raise RunFolderError(f'run (="{path}") is not the folder of a finished run: it lacks {missing}')
    return load_network(path / MODEL if path.is_dir() else path)


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked for."""

    data: str
    size: int | tuple[int, int] | None
    out: Path | None
    settings: Settings

    def config(self) -> dict[str, Any]:
        """Return what two runs have in common if they are the same run, as JSON reads it back."""
        config: dict[str, Any] = json.loads(json.dumps({"data": self.data, "size": self.size, **asdict(self.settings)}))
        return config

    def command(self) -> str:
        """Return what to type to repeat it."""
        words = ["convista", "train", self.data]
        if self.size is not None:
            words += ["--size", str(self.size) if isinstance(self.size, int) else "{},{}".format(*self.size)]
        if self.out is not None:
            words += ["--out", str(self.out)]
        return f"{shlex.join(words)} {self.settings.options()}"


class _Both:
    """A watcher that tells two."""

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


def _words(data: str | os.PathLike[str]) -> str:
    """Return the data as a word of a command: a Path is a folder, even one that is called as a data set is."""
    return f"{os.curdir}{os.sep}{data}" if isinstance(data, Path) and len(data.parts) == 1 else os.fspath(data)


def _settings(main: dict[str, Any], recipe: dict[str, float]) -> Settings:
    rest = [field.name for field in fields(Settings) if field.name not in main]
    for name in recipe:
        if name not in rest:
            raise TypeError(f"train has no argument {name}{did_you_mean(name, [*main, *rest])}")
    return Settings(**{**main, **recipe})


def _may_replace(folder: Path, config: dict[str, Any], overwrite: bool) -> bool:
    """Say whether `folder` holds a run to replace; refuse what a run could not be written to."""
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f'out (="{folder}") is a file; give a folder that is new or empty')
    held = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    strangers = sorted(held.difference(FILES))
    if strangers:
        raise RunFolderError(
            f'out (="{folder}") holds "{strangers[0]}", no file of a run; give a folder that is new or empty'
        )
    if held and not overwrite:
        raise RunFolderError(
            f'out (="{folder}") already holds a run; give another folder, or overwrite=True (--overwrite) to replace it'
        )
    if held:
        _refuse_another_run(folder, config)
    return bool(held)


def _refuse_another_run(folder: Path, config: dict[str, Any]) -> None:
    try:
        other = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        unlike = [
            f"{name} was {other.get(name)}, is {config[name]}" for name in config if other.get(name) != config[name]
        ]
    except (OSError, ValueError, AttributeError):
        unlike = [f"its {CONFIG} is not readable"]
    if unlike:
        raise RunFolderError(
            f'out (="{folder}") holds another run ({"; ".join(unlike)}), which overwriting would lose; '
            "give another folder"
        )


def _numbered(runs: Path) -> Path:
    """Make the first folder of ``runs/1``, ``runs/2``, ... that does not exist, and return it."""
    _make(runs)
    for number in count(1):
        with suppress(FileExistsError):
            (runs / str(number)).mkdir()
            break
    return runs / str(number)


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Have the system's errors, such as a full disk, say what can't be written."""
    try:
        yield
    except OSError as error:
        if type(error) not in (OSError, UnwrittenError):
            raise
        reason = f'out (="{folder}") can\'t be written: {error.strerror or error}'
        raise OSError(f"{reason}; make room on its disk, or give another folder") from error


@contextmanager
def _workplace(folder: Path, replaces: bool) -> Iterator[Path]:
    """Yield where to write the run: `folder`, or a folder beside it that takes its place in the end."""
    if not replaces:
        _make(folder)
        yield folder
        return
    place = folder.absolute().with_name(f".{folder.absolute().name}-{secrets.token_hex(6)}")
    _make(place)
    try:
        yield place
        _swap(place, folder.absolute())
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"the system says: {error.strerror}"
        raise RunFolderError(f'out (="{folder}") can\'t be made ({reason}); give another folder') from error


def _swap(place: Path, folder: Path) -> None:
    old = place.with_name(f"{place.name}-old")
    folder.rename(old)
    try:
        place.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old)


def _claim(path: Path, config: dict[str, Any]) -> None:
    """Write config.json; of two runs that begin in one folder at once, the second stops here."""
    try:
        with path.open("x", encoding="utf-8") as file:
            json.dump({**config, "convista": __version__}, file, indent=2)
    except FileExistsError:
        raise RunFolderError(f'out (="{path.parent}"): another run has just begun there; give another folder') from None
    except OSError:  # half of it would be taken for another run's
        path.unlink(missing_ok=True)
        raise


def _write(place: Path, network: Network, facts: Facts) -> None:
    from convista.studio import write_report

    save_network(network, place / MODEL)
    write_text(place / HISTORY, _table(facts.history))
    write_report(facts, place / REPORT)


def _table(history: tuple[Epoch, ...]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(field.name for field in fields(Epoch))
    writer.writerows(astuple(epoch) for epoch in history)
    return file.getvalue()
