"""The files of a folder, looked at: which images there are, which split and class each has, what is wrong."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from convista.dataset.decoding import Picture
from convista.dataset.labels import labelled
from convista.dataset.layout import RULE, Layout, layout_of
from convista.dataset.listing import list_files
from convista.dataset.records import LeftOut, Place
from convista.dataset.remarks import count_of, some
from convista.dataset.splitting import SHARE, kept_to_judge
from convista.image import shown


@dataclass(frozen=True, slots=True)
class Labels:
    """A CSV of labels."""

    file: Path
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A folder of images, none of them opened yet."""

    root: str
    layout: Layout
    left_out: tuple[LeftOut, ...]

    def words(self) -> str:
        """Return all of it as one text."""
        places = (f"{place.path}\0{place.label}\0{place.split}" for place in self.layout.places)
        return "\0".join((*places, repr(self.left_out), repr(self.layout.empty), self.layout.how))


def find(folder: Path, labels: Labels | None) -> Found:
    """Look through a folder."""
    listing = list_files(folder)
    layout = labelled(labels.file, labels.text, listing) if labels else layout_of(listing)
    left_out = sorted((*listing.left_out, *layout.left_out), key=lambda one: one.path)
    return Found(os.path.realpath(folder), layout, tuple(left_out))


def decided(places: Iterable[Place], pictures: Sequence[Picture]) -> list[Place]:
    """Return the places of the pictures, in their order, each with a split."""
    pixels = {one.path: one.pixels for one in pictures}
    used = {place.path: place for place in places if place.path in pixels}
    kept = kept_to_judge([place for place in used.values() if not place.split], pixels)
    return [
        place if place.split else replace(place, split="valid" if place.path in kept else "train")
        for place in (used[one.path] for one in pictures)
    ]


def split_words(layout: Layout, places: Sequence[Place]) -> str:
    """Return how the images were read and split, in a clause."""
    if any(place.split for place in layout.places):
        return layout.how
    judge = sum(place.split == "valid" for place in places)
    share = f"{count_of(judge, 'image')}, {SHARE:.0%} of each class"
    return f"{layout.how}; {share}, kept to judge by, chosen by a hash of their paths"


def fault_of(layout: Layout, places: Sequence[Place], unreadable: Sequence[LeftOut] = ()) -> str:
    """Return what the folder must be, if nothing can be learned from these places or judged by them; else nothing."""
    if layout.fault:
        return layout.fault
    classes = _learned(places)
    lost = _lost(unreadable, {place.path: place.label for place in layout.places if place.label not in classes})
    if lost:
        return f"a folder with images of each class; none of class {lost}"
    if not classes:
        return f"{RULE}; it holds no images to learn from"
    if len(classes) == 1:
        return f'a folder with two classes or more; it holds one, "{shown(next(iter(classes)))}"'
    if any(place.split in ("", "valid") for place in places):
        return ""
    if not any(place.split for place in layout.places):
        return "a folder with several images of a class, so that some can be kept to judge by"
    lost = _lost(unreadable, {place.path: place.label for place in layout.places if place.split == "valid"})
    if lost:
        return f"a folder with images to judge by; none of class {lost}"
    return f"a folder with images to judge by; it holds none of the classes {some(sorted(classes), 5)}"


def _lost(unreadable: Iterable[LeftOut], labels: Mapping[str, str]) -> str:
    """Return in words the first of the files that have these labels, or nothing."""
    for one in unreadable:
        if one.path in labels:
            return f'"{shown(labels[one.path])}" can be read: {shown(one.path)}, since {one.reason}'
    return ""


def _learned(places: Iterable[Place]) -> set[str]:
    return {place.label for place in places if place.split in ("train", "")}


def duplicates(places: Iterable[Place], pixels: Iterable[bytes]) -> list[list[Place]]:
    """Return the groups of places whose images have equal pixels; both are in one order."""
    groups: dict[bytes, list[Place]] = defaultdict(list)
    for place, digest in zip(places, pixels, strict=True):
        groups[digest].append(place)
    return [group for group in groups.values() if len(group) > 1]


def counts_of(names: Iterable[str], places: Iterable[Place]) -> dict[str, dict[str, int]]:
    """Return for each class, sorted, how many images each split has; that of a test only where there is one.

    >>> counts_of(["a"], [Place("a/1.png", "a", "train")])
    {'a': {'train': 1, 'valid': 0}}
    """
    listed = list(places)
    splits = ["train", "valid", *(["test"] if any(place.split == "test" for place in listed) else [])]
    counts = {name: dict.fromkeys(splits, 0) for name in sorted({*names, *(place.label for place in listed)})}
    for place in listed:
        counts[place.label][place.split] += 1
    return counts
