"""Files that are either whole or absent: written beside their place, then renamed into it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UnwrittenError(OSError):
    """A file that was not written: a full disk, a limit, a broken one. `strerror` says which."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(error.errno, error.strerror or str(error))
        self.path = path

    def __str__(self) -> str:
        return f'path (="{self.path}") can\'t be written: {self.strerror}; make room on its disk, or give another place'


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; on success it becomes `path`, on failure it goes.

    The data are synchronised to the disk before the rename, so that a crash leaves the old file or the new
    one, never half of one. The temporary name keeps the ending, since writers choose their format by it.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_file(folder / "note.txt") as temporary:
    ...     _ = temporary.write_text("3 against 7")
    >>> [p.name for p in folder.iterdir()]
    ['note.txt']
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f'path (="{target}") is in a folder that is not there; make it, or give another place')
    temporary = target.with_name(f".{target.stem}-{secrets.token_hex(6)}{target.suffix}")
    try:
        temporary.touch(exist_ok=False)
        yield temporary
        _synchronise(temporary)
        temporary.replace(target)
    except OSError as error:
        if type(error) is not OSError:  # one that has a name of its own names the file, too
            raise
        raise UnwrittenError(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _synchronise(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
