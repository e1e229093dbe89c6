"""Which files a folder holds, at any depth, without opening one: links, hidden and other files aside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from convista.dataset.records import LeftOut
from convista.image import IMAGE_ENDINGS

HIDDEN = "it is hidden: its name begins with a dot"
IN_HIDDEN = "it lies in a hidden folder"
NO_IMAGE = "its ending is no image's"


@dataclass(slots=True)
class Listing:
    """What was found; all paths are relative to the folder, with slashes, and sorted."""

    images: list[str] = field(default_factory=list)
    """Files whose ending is an image's."""
    folders: list[str] = field(default_factory=list)
    """Folders, empty ones too; hidden ones aside."""
    left_out: list[LeftOut] = field(default_factory=list)
    """All other files, and links."""


def list_files(folder: Path) -> Listing:
    """Look through the folder.

    A link to a file inside the folder counts as that file; links out of the folder, to folders (they can run in
    circles) and to nothing are left out, by name, and so is whatever is hidden.
    """
    found = Listing()
    root = os.path.realpath(folder)
    waiting = [("", "")]  # a folder, and why what is in it isn't used
    while waiting:
        place, reason = waiting.pop()
        for entry in _entries(root, place, reason, found):
            path = f"{place}/{entry.name}" if place else entry.name
            why = reason or (HIDDEN if entry.name.startswith(".") else "")
            if entry.is_dir(follow_symlinks=False):
                waiting.append((path, IN_HIDDEN if why else ""))
                found.folders += [] if why else [path]
            else:
                _sort_in(entry, path, why, root, found)
    found.images.sort()
    found.folders.sort()
    found.left_out.sort(key=lambda one: one.path)
    return found


def _sort_in(entry: os.DirEntry[str], path: str, why: str, root: str, found: Listing) -> None:
    if why:
        found.left_out.append(LeftOut(path, why, harmless=True))
    elif fault := _fault(entry, root):
        found.left_out.append(LeftOut(path, fault))
    elif os.path.splitext(path)[1].lower() not in IMAGE_ENDINGS:  # noqa: PTH122  ten times as fast as Path.suffix
        found.left_out.append(LeftOut(path, NO_IMAGE, harmless=True))
    else:
        found.images.append(path)


def _entries(root: str, place: str, reason: str, found: Listing) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(os.path.join(root, place)) as entries:  # noqa: PTH118  names may be other than UTF-8
            yield from entries
    except OSError as error:
        found.left_out.append(LeftOut(place or ".", f"the system says: {error.strerror}", harmless=bool(reason)))


def _fault(entry: os.DirEntry[str], root: str) -> str:
    """Return why an entry isn't used, or nothing."""
    if not entry.is_symlink():
        return "" if entry.is_file() else "it is a pipe, a socket or a device"
    target = os.path.realpath(entry.path)
    if os.path.commonpath([root, target]) != root:
        return "it is a link out of the folder"
    if os.path.isdir(target):  # noqa: PTH112  of a str
        return "it is a link to a folder"
    return "" if os.path.isfile(target) else "it is a link to nothing"  # noqa: PTH113  of a str
