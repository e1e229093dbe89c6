"""A CSV that says what each image shows: the columns file and label, and split if it likes."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from convista.dataset.layout import SPELLINGS, Layout, of_known_classes
from convista.dataset.listing import Listing
from convista.dataset.records import LeftOut, Place
from convista.image import shown

COLUMNS = ("file", "label", "split")
_DELIMITERS = ",;\t"
_SPLIT_OF = {spelling: split for split, spellings in SPELLINGS.items() for spelling in spellings} | {"": ""}


class LabelsError(ValueError):
    """A CSV of labels that can't be used; the text says the line."""

    def __init__(self, file: Path, fault: str) -> None:
        super().__init__(f'labels (="{shown(file)}") must {fault}')


def labelled(file: Path, text: str, found: Listing) -> Layout:
    r"""Return the layout that the text of a CSV gives the files that were found in a folder.

    >>> found = Listing(images=["1.png", "2.png"])
    >>> [one.reason for one in labelled(Path("a.csv"), "file,label\n1.png,cat\n3.png,dog", found).left_out]
    ['a.csv has no label for it', 'line 3 of a.csv names it, but it is not there']
    """
    images, reasons = set(found.images), {one.path for one in found.left_out}
    rows = _placed(file, text, images)
    left_out = [LeftOut(path, f"{shown(file.name)} has no label for it") for path in found.images if path not in rows]
    for path, (line, _) in rows.items():
        if path not in images and path not in reasons:
            left_out.append(LeftOut(path, f"line {line} of {shown(file.name)} names it, but {_why(path)}"))
    places = _judged([place for path, (_, place) in sorted(rows.items()) if path in images])
    places, strangers = of_known_classes(places)
    fault = "" if places else f"a folder with images that {shown(file)} names; it holds none"
    return Layout(tuple(places), (), (*left_out, *strangers), f"by the labels in {shown(file)}", fault)


def read_text(file: str | os.PathLike[str]) -> str:
    """Return the text of a file; bytes that aren't UTF-8 stay in names as surrogates."""
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f'labels (="{shown(path)}") is not a file')
    return path.read_text(encoding="utf-8-sig", errors="surrogateescape")


def _placed(file: Path, text: str, images: Collection[str]) -> dict[str, tuple[int, Place]]:
    """Return the line and the place of each path."""
    found: dict[str, tuple[int, Place]] = {}
    for line, written, label, split in _rows(file, text):
        path = written if written in images else _tidy(written)
        place = Place(path, label, _split_of(file, line, split))
        before = found.setdefault(path, (line, place))
        if before[1] != place:
            raise LabelsError(file, f'say one thing of "{shown(path)}"; lines {before[0]} and {line} differ')
    said = [(bool(place.split), line) for line, place in found.values()]
    if len({some for some, _ in said}) > 1:
        line = next(line for some, line in said if not some)
        raise LabelsError(file, f"name the split of each file, or of none; line {line} names none")
    return found


def _rows(file: Path, text: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield the line, path, label and split of each row."""
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=head.count))
    columns = [name.strip().lower() for name in next(_read(file, reader), [])]
    places = [_column(file, columns, name) for name in COLUMNS]
    for row in filter(any, _read(file, reader)):
        path, label, split = ("" if place is None or place >= len(row) else row[place].strip() for place in places)
        if not path or not label:
            raise LabelsError(file, f"give a file and a label in each line; line {reader.line_num} lacks one")
        yield reader.line_num, path, label, split


def _read(file: Path, reader: Any) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise LabelsError(file, f"be a CSV; line {reader.line_num} is none ({error})") from None


def _column(file: Path, columns: Sequence[str], name: str) -> int | None:
    if columns.count(name) == 1:
        return columns.index(name)
    if name == "split" and name not in columns:
        return None
    held = ", ".join(map(shown, columns)) or "nothing"
    raise LabelsError(file, f'begin with a line that names the columns "file" and "label" once; it has {held}')


def _split_of(file: Path, line: int, split: str) -> str:
    if split.lower() not in _SPLIT_OF:
        known = ", ".join(filter(None, _SPLIT_OF))
        raise LabelsError(file, f'name a split by one of {known}; line {line} has "{shown(split)}"')
    return _SPLIT_OF[split.lower()]


def _tidy(path: str) -> str:
    r"""Return a path as the folder's own are written.

    >>> _tidy("./cats\\1.png")
    'cats/1.png'
    """
    return str(PurePosixPath(path.replace("\\", "/")))


def _why(path: str) -> str:
    """Return why there is no such image in the folder."""
    if path.startswith("/") or ".." in path.split("/"):
        return "its path must be one below the folder"
    return "it is not there"


def _judged(places: Sequence[Place]) -> list[Place]:
    """Return the places; where none is to judge by, those of the test are, or a part of each class will be chosen."""
    splits = {place.split for place in places}
    if "valid" in splits or not splits - {""}:
        return list(places)
    judge = "test" if "test" in splits else ""
    return [
        Place(place.path, place.label, "valid" if place.split == judge else "train" if judge else "")
        for place in places
    ]
