"""Which pieces of a result are done: a line for each, with a checksum of its file.

A line is written when the file is whole and on the disk. A line that was cut short by a crash is worth nothing,
and so is one whose file has changed since: that piece is made again.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from convista.files import write_text


def seal(file: Path) -> str:
    """Return the checksum of a file, after it is on the disk for sure."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
        return hashlib.file_digest(opened, "sha256").hexdigest()


def line(name: str, checksum: str) -> str:
    """Return a journal's line, which says whether it is whole itself.

    >>> line("c/0/1", "9f3a")
    'c/0/1 9f3a 396a4f34'
    """
    text = f"{name} {checksum}"
    return f"{text} {zlib.crc32(text.encode()):08x}"


def read(journal: Path) -> dict[str, str]:
    """Return the checksums by the names of the files; only of lines that are whole."""
    if not journal.exists():
        return {}
    return dict(_entries(journal.read_text(encoding="utf-8", errors="replace")))


def rewrite(journal: Path, entries: dict[str, str]) -> None:
    """Write a journal anew, whole or not at all."""
    write_text(journal, "".join(f"{line(*entry)}\n" for entry in entries.items()))


def add(journal: IO[str], name: str, checksum: str) -> None:
    """Add a line, and wait until it is on the disk."""
    journal.write(f"{line(name, checksum)}\n")
    journal.flush()
    os.fsync(journal.fileno())


def holds(file: Path, checksum: str) -> bool:
    """Whether a file is what was sealed."""
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == checksum


def _entries(text: str) -> Iterator[tuple[str, str]]:
    for each in text.splitlines():
        name, _, rest = each.partition(" ")
        checksum = rest.partition(" ")[0]
        if each == line(name, checksum):
            yield name, checksum
