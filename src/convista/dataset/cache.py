"""Where data sets lie on this machine, and how a folder of them appears there: whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from convista.progress import say

VARIABLE = "CONVISTA_HOME"

# Faults of the place, not of the program: another folder cures them.
_PLACE = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT,
    errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP,
}  # fmt: skip


class CacheFolderError(OSError):
    """The folder for data sets can't be written."""


def cache_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder for data sets: `folder`, or what CONVISTA_HOME names, or the user's cache folder.

    >>> cache_folder("/data/sets").as_posix()
    '/data/sets'
    """
    chosen = folder or os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs  # needed only here

    return platformdirs.user_cache_path("convista")


def whole_folder(target: Path, fill: Callable[[Path], None]) -> Path:
    """Return the folder `target`; where it is missing, `fill` makes it, in one process, while others wait.

    `fill` gets an empty folder beside `target`, which becomes `target` by one rename once `fill` is done: a folder
    of that name is therefore complete. What a killed process left is removed by the next one.
    """
    if not target.is_dir():
        with _sentence_for(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            with _locked(target):
                if not target.is_dir():  # another process may have made it while this one waited
                    _make(target, fill)
    return target


def _make(target: Path, fill: Callable[[Path], None]) -> None:
    # Under the lock nobody else is at work on this name, so whatever has a temporary's name was left by the dead.
    for leftover in target.parent.glob(f".{target.name}-*"):
        shutil.rmtree(leftover)
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(6)}")
    temporary.mkdir()
    try:
        fill(temporary)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold the lock of `target`; the system frees it should this process die."""
    from filelock import FileLock, Timeout  # takes a tenth of a second, so only where something is to be made

    lock = FileLock(target.with_name(f"{target.name}.lock"))
    try:
        lock.acquire(timeout=1)
    except Timeout:
        say(f"another process is making {target}; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _sentence_for(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _PLACE:
            raise
        raise CacheFolderError(
            f'folder (="{folder}") must be a folder that can be written, but: {error.strerror}; '
            f"name another with the argument folder or the environment variable {VARIABLE}"
        ) from error
