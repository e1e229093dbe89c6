"""The folder of a run: new, on its way, or finished; and never two runs in one.

A run is on its way while its report is missing, which is written last.
"""

from __future__ import annotations

import enum
import json
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from convista._version import __version__
from convista.files import UnwrittenError, write_text
from convista.training.checkpoint import NEWEST, PREVIOUS

CONFIG, LOG, MODEL, HISTORY, REPORT = "config.json", "log.txt", "model.safetensors", "history.csv", "report.html"
FILES = (CONFIG, LOG, MODEL, HISTORY, REPORT)
"""What every run has."""
RESULTS, STATISTICS = "results.json", "statistics.npz"
PICTURES = "curves.png", "confusion.png", "reliability.png"
LOGGED = "tensorboard"
"""The folder of TensorBoard's events, where they were asked for."""
LOCK = ".lock"
LEFT_OVER = re.compile(
    r"\.(config|checkpoint|model|history|report|results|statistics|curves|confusion|reliability)-[0-9a-f]{12}\.[a-z]+"
)
"""What a process that was killed while it wrote a file leaves of it."""
RUNS = Path("runs")


class RunFolderError(ValueError):
    """A folder that a run can't be written to, or that holds none."""


class How(enum.Enum):
    """How a run is written to a folder."""

    BEGIN = enum.auto()
    GO_ON = enum.auto()
    REPLACE = enum.auto()


def how(folder: Path, config: dict[str, Any], *, overwrite: bool, resume: bool) -> How:
    """Say how a run that was told `config` is written to `folder`; refuse what would lose something."""
    held = _held(folder, {*FILES, RESULTS, STATISTICS, LOGGED, *PICTURES, NEWEST, PREVIOUS})
    if not held:
        return How.BEGIN
    unlike = _unlike(folder, config)
    if overwrite:
        _refuse(folder, unlike, "which overwriting would lose")
        return How.REPLACE
    if REPORT in held and not resume:
        raise RunFolderError(
            f'out (="{folder}") already holds a run; give another folder, or overwrite=True (--overwrite) to replace it'
        )
    _refuse(folder, unlike, "which can't go on as this one")
    return How.GO_ON


def how_many(folder: Path, config: dict[str, Any], count: int, *, resume: bool) -> None:
    """Refuse a folder for so many runs, unless it is new or holds the same ones on their way."""
    held = _held(folder, {CONFIG, RESULTS, *map(str, range(1, count + 1))})
    if not held:
        return
    if RESULTS in held and not resume:
        raise RunFolderError(f'out (="{folder}") already holds these runs; give another folder')
    _refuse(folder, _unlike(folder, config), "which can't go on as this one")


def _held(folder: Path, known: set[str]) -> set[str]:
    """Return the names of what is in a folder; refuse one that holds what no run wrote."""
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f'out (="{folder}") is a file; give a folder that is new or empty')
    held = {entry.name for entry in folder.iterdir()} - {LOCK} if folder.exists() else set()
    held = {name for name in held if not LEFT_OVER.fullmatch(name)}
    if strangers := sorted(held - known):
        raise RunFolderError(
            f'out (="{folder}") holds "{strangers[0]}", no file of a run; give a folder that is new or empty'
        )
    return held


def _refuse(folder: Path, unlike: str, why: str) -> None:
    if unlike:
        raise RunFolderError(f'out (="{folder}") holds another run ({unlike}), {why}; give another folder')


def _unlike(folder: Path, config: dict[str, Any]) -> str:
    """Return how the run in a folder was told otherwise; nothing if it was told the same."""
    try:
        other = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        unlike = [
            f"{name} was {other.get(name)}, is {config[name]}" for name in config if other.get(name) != config[name]
        ]
    except (OSError, ValueError, AttributeError):
        return f"its {CONFIG} is not readable"
    return "; ".join(unlike)


def unfinished(config: dict[str, Any]) -> Path:
    """Return the latest of ``runs/1``, ``runs/2``, ... that was told `config` and is on its way."""
    last = RESULTS if config["seeds"] else REPORT
    numbered = [folder for folder in RUNS.glob("*") if folder.name.isdecimal() and folder.is_dir()]
    for folder in sorted(numbered, key=lambda folder: int(folder.name), reverse=True):
        if (folder / CONFIG).exists() and not (folder / last).exists() and not _unlike(folder, config):
            return folder
    raise RunFolderError(
        'resume (=True): no run in "runs" that was told the same is on its way; leave --resume out to begin one, '
        "or name its folder (--out)"
    )


def numbered() -> Path:
    """Make the first folder of ``runs/1``, ``runs/2``, ... that does not exist, and return it."""
    _make(RUNS)
    for number in count(1):
        with suppress(FileExistsError):
            (RUNS / str(number)).mkdir()
            break
    return RUNS / str(number)


@contextmanager
def workplace(folder: Path, way: How) -> Iterator[Path]:
    """Yield where to write the run: `folder`, or a folder beside it that takes its place in the end."""
    with _in_words(folder):
        if way is not How.REPLACE:
            _make(folder)
            with _locked(folder):
                for entry in folder.iterdir():
                    if LEFT_OVER.fullmatch(entry.name):
                        entry.unlink()
                yield folder
            return
        place = folder.absolute().with_name(f".{folder.absolute().name}-{secrets.token_hex(6)}")
        _make(place)
        try:
            yield place
            _swap(place, folder.absolute())
        finally:
            shutil.rmtree(place, ignore_errors=True)


def claim(place: Path, config: dict[str, Any]) -> None:
    """Write what the run was told; of two runs that begin in one folder one after the other, the second stops here."""
    if not (place / CONFIG).exists():
        write_text(place / CONFIG, json.dumps({**config, "convista": __version__}, indent=2))
    elif _unlike(place, config):
        raise RunFolderError(f'out (="{place}"): another run has just begun there; give another folder')


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other processes out; what a killed process held is free."""
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunFolderError(
            f'out (="{folder}"): another process is at work on a run there; give another folder, or wait for it'
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):  # Windows lets nobody remove a file that is open
            (folder / LOCK).unlink()
        lock.release()


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
