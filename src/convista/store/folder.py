"""The unfinished result: a folder beside its place, from which it moves there when it is whole.

``.out.zarr-unfinished`` holds the array, the job it belongs to, the journal of what is done, and a lock.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from convista.files import UnwrittenError, write_text
from convista.store import journal, result
from convista.store.job import Job


@dataclass(frozen=True, slots=True)
class Folder:
    """Where a result grows."""

    target: Path
    """Where it goes when it is whole."""

    @property
    def path(self) -> Path:
        """The folder."""
        return self.target.with_name(f".{self.target.name}-unfinished")

    @property
    def array(self) -> Path:
        """The Zarr array that grows."""
        return self.path / self.target.name

    @property
    def job(self) -> Path:
        """The file that says which job this is."""
        return self.path / "job.json"

    @property
    def journal(self) -> Path:
        """The file that says what is done."""
        return self.path / "journal.txt"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others out; a lock that a killed process held is free."""
        lock = FileLock(self.path / "lock")
        with self._in_words():
            try:
                self.path.mkdir(exist_ok=True)
                lock.acquire(timeout=0)
            except Timeout:
                raise FileExistsError(f'out (="{self.target}") is being made by another process; wait for it') from None
        try:
            yield
        finally:
            lock.release()

    def begin(self, job: Job, *, overwrite: bool) -> None:
        """Make the array, or find the one that this job began; another job's is in the way."""
        found, facts = self._found(), job.identity()
        if found == facts:
            return
        if found is not None and not overwrite:
            raise FileExistsError(
                f'out (="{self.target}") was begun by another job, whose {_differs(found, facts)} differs; '
                f'delete "{self.path}", or overwrite=True (--overwrite) to replace it'
            )
        with self._in_words():
            self.job.unlink(missing_ok=True)
            self.journal.unlink(missing_ok=True)
            result.create(self.array, job)
            write_text(self.job, json.dumps(facts, indent=1) + "\n")

    def entries(self) -> dict[str, str]:
        """Return the checksums of the pieces that the journal says are done, by the names of their files."""
        return journal.read(self.journal)

    def unharmed(self) -> dict[str, str]:
        """Return those whose files are as they were; the others are forgotten."""
        good = {
            name: checksum for name, checksum in self.entries().items() if journal.holds(self.array / name, checksum)
        }
        with self._in_words():
            journal.rewrite(self.journal, good)
        return good

    def close(self) -> None:
        """Move the whole result to its place, and remove all else."""
        old = self.path / "replaced"
        shutil.rmtree(old, ignore_errors=True)
        if self.target.exists():
            self.target.rename(old)
        self.array.rename(self.target)
        shutil.rmtree(self.path)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Have the system's errors, such as a disk that is full or read-only, say what can't be written."""
        try:
            yield
        except OSError as error:
            if error.strerror is None:  # it is a sentence already
                raise
            kind = OSError if isinstance(error, UnwrittenError) else type(error)
            raise kind(f'out (="{self.target}") can\'t be written: {error.strerror}') from error

    def _found(self) -> dict[str, Any] | None:
        try:
            facts: dict[str, Any] = json.loads(self.job.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:  # not ours, or damaged
            return {}
        return facts


def _differs(found: dict[str, Any], facts: dict[str, Any]) -> str:
    return ", ".join(name for name, fact in facts.items() if found.get(name) != fact)
