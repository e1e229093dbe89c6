"""Which files a folder ``train|valid/<class>/...`` holds, without opening one: links, hidden and other files aside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from convista.dataset.records import LeftOut
from convista.image import IMAGE_ENDINGS

SPLITS = ("train", "valid")


@dataclass(slots=True)
class Scan:
    """What was found; all paths are relative to the folder, with slashes, and sorted."""

    images: dict[str, dict[str, list[str]]] = field(default_factory=lambda: {split: {} for split in SPLITS})
    """For each split and each class folder, empty ones too, its images."""
    stray: list[str] = field(default_factory=list)
    """Images that lie in a split but in no class."""
    other: list[str] = field(default_factory=list)
    """Files whose ending is no image's."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Links out of the folder and the like."""


def scan(folder: Path) -> Scan:
    """Look through the folder.

    Names that begin with a dot are passed over. A link to a file inside the folder counts as that file; links out
    of the folder, to folders (they can run in circles) and to nothing are left out, by name.
    """
    found = Scan()
    root = os.path.realpath(folder)
    for entry in _listed(root, "", found):
        if entry.name in SPLITS and _usable(entry, entry.name, root, found) and entry.is_dir():
            _scan_split(root, entry.name, found)
    for paths in (found.stray, found.other):
        paths.sort()
    found.left_out.sort(key=lambda one: one.path)
    return found


def _scan_split(root: str, split: str, found: Scan) -> None:
    classes: dict[str, list[str]] = {}
    for path, is_folder in _entries(root, split, found):
        parts = path.split("/", 2)  # the split, the class, what is inside
        if is_folder:
            classes.setdefault(parts[1], [])  # an empty folder is a class, too
        elif os.path.splitext(path)[1].lower() not in IMAGE_ENDINGS:  # noqa: PTH122  ten times as fast as Path.suffix
            found.other.append(path)
        elif len(parts) == 3:
            classes.setdefault(parts[1], []).append(path)
        else:
            found.stray.append(path)
    found.images[split] = {name: sorted(classes[name]) for name in sorted(classes)}


def _entries(root: str, start: str, found: Scan) -> Iterator[tuple[str, bool]]:
    """Yield the path of each visible folder and file below `start`, and whether it is a folder."""
    waiting = [start]
    while waiting:
        place = waiting.pop()
        for entry in _listed(root, place, found):
            path = f"{place}/{entry.name}"
            if _usable(entry, path, root, found):
                is_folder = entry.is_dir()
                if is_folder:
                    waiting.append(path)
                yield path, is_folder


def _listed(root: str, place: str, found: Scan) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(os.path.join(root, place)) as entries:  # noqa: PTH118  names may be other than UTF-8
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        found.left_out.append(LeftOut(place, f"the system says: {error.strerror}"))
        return []


def _usable(entry: os.DirEntry[str], path: str, root: str, found: Scan) -> bool:
    reason = _fault(entry, root)
    if reason:
        found.left_out.append(LeftOut(path, reason))
    return not reason


def _fault(entry: os.DirEntry[str], root: str) -> str:
    """Return why an entry isn't used, or nothing."""
    if not entry.is_symlink():
        return "" if entry.is_dir() or entry.is_file() else "it is a pipe, a socket or a device"
    target = os.path.realpath(entry.path)
    if os.path.commonpath([root, target]) != root:
        return "it is a link out of the folder"
    if os.path.isdir(target):  # noqa: PTH112  of a str
        return "it is a link to a folder"
    return "" if os.path.isfile(target) else "it is a link to nothing"  # noqa: PTH113  of a str
