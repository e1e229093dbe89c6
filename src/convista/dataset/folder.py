"""An image folder to a `Dataset`: everything decoded once, to uint8, into memory or into the decoded cache.

The folder is only ever read. `convista.dataset.layout` says which forms it may have, `convista.image.fitting` how
images are brought to 8 bits and to one size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from convista.dataset.checking import Found, Labels, counts_of, decided, duplicates, fault_of, find, split_words
from convista.dataset.decoded import Facts, check_room, filled, key_of, load
from convista.dataset.decoding import Picture, Size, chosen_size, decode, put
from convista.dataset.memory import most_in_memory
from convista.dataset.records import Dataset, LeftOut, Place
from convista.dataset.remarks import (
    as_colour_remark,
    aside_remark,
    class_remarks,
    count_of,
    duplicate_remarks,
    empty_remarks,
    ignored_remarks,
    left_out_remarks,
    mixed_remark,
    narrowed_remark,
    resized_remark,
)
from convista.image import shown


class LeftOutError(RuntimeError):
    """A folder with files that can't be used, where all were asked for."""


def load_folder(name: str, folder: Path, size: Size | None, labels: Labels | None, *, strict: bool) -> Dataset:
    """Return the labelled images of an image folder; see `convista.dataset.load_dataset`."""
    found = find(folder, labels)
    refuse(name, fault_of(found.layout, found.layout.places))
    wanted = [place.path for place in found.layout.places if place.split != "test"]
    key = key_of(found.root, wanted, f"{found.words()} {size}")
    dataset = load(key, name, folder) or _decoded(name, folder, found, size, key)
    if strict:
        refuse_left_out(name, dataset.left_out)
    return dataset


def refuse(name: str, fault: str) -> None:
    """Raise what a folder must be, if there is such a fault."""
    if fault:
        raise ValueError(f'data (="{shown(name)}") must be {fault}')


def refuse_left_out(name: str, left_out: Iterable[LeftOut]) -> None:
    """Raise what is left out, if somebody might miss it."""
    faults = [one for one in left_out if not one.harmless]
    if faults:
        raise LeftOutError(
            f'data (="{shown(name)}") must hold nothing that can\'t be used (strict), but '
            f"{count_of(len(faults), 'file')} would be left out, the first {shown(faults[0].path)}, since "
            f"{faults[0].reason}; to see all: convista data check {shown(name)}"
        )


def _decoded(name: str, folder: Path, found: Found, size: Size | None, key: str) -> Dataset:
    """Decode the images and keep them, in memory and in the cache, or only there."""
    wanted = [place for place in found.layout.places if place.split != "test"]
    if size:
        check_room(len(wanted), 1, size)  # before the work: it may refuse
    pictures, unreadable = decode(found.root, [place.path for place in wanted], size, most_in_memory())
    places = decided(wanted, pictures)
    refuse(name, fault_of(found.layout, places, unreadable))
    order = sorted(range(len(places)), key=lambda number: places[number].split == "valid")
    places, pictures = [places[number] for number in order], [pictures[number] for number in order]
    target, why = (size, "") if size else chosen_size(pictures)
    shape = len(pictures), 1 if all(one.grey for one in pictures) else 3, *target
    check_room(*shape[:2], target)
    left_out = tuple(sorted((*found.left_out, *unreadable), key=lambda one: one.path))
    remarks = (
        *left_out_remarks(left_out),
        *ignored_remarks(left_out),
        *place_remarks(found, places, pictures),
        *aside_remark(found.layout.places),
        *picture_remarks(pictures),
        *resized_remark(sum(one.size != target for one in pictures), len(pictures), target, why),
    )
    facts = Facts(tuple(places), left_out, remarks, split_words(found.layout, places))
    return filled(key, shape, partial(put, pictures, found.root), facts, name, folder)


def place_remarks(found: Found, places: Sequence[Place], pictures: Sequence[Picture]) -> tuple[str, ...]:
    """Return sentences about the classes and the images that are there twice."""
    return (
        *empty_remarks(found.layout.empty),
        *class_remarks(counts_of((), places)),
        *duplicate_remarks(duplicates(places, [one.pixels for one in pictures])),
    )


def picture_remarks(pictures: Sequence[Picture]) -> tuple[str, ...]:
    """Return sentences about bits and channels."""
    grey = sum(one.grey for one in pictures)
    return (
        *narrowed_remark(sum(one.narrowed for one in pictures)),
        *(as_colour_remark(sum(one.as_colour for one in pictures)) if grey == len(pictures) else ()),
        *mixed_remark(grey, len(pictures)),
    )
