"""A folder of images looked at before anything is learned from it: what is used, what is not, and what is odd."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from convista.dataset.checking import Found, counts_of, decided, duplicates, fault_of, find, split_words
from convista.dataset.decoding import decode
from convista.dataset.folder import picture_remarks, place_remarks
from convista.dataset.idx import load_idx
from convista.dataset.listing import list_files
from convista.dataset.loading import is_idx, labels_of, name_and_folder
from convista.dataset.records import LeftOut, Place, Split
from convista.dataset.remarks import duplicate_remarks, is_across, sizes_remark


class Scan(dict[str, Any]):
    """What a folder of images holds; a dict, so that it goes to JSON as it is. `scan` says what its keys mean."""

    def __init__(
        self, reading: str, fault: str, places: Sequence[Place], groups: Iterable[Sequence[Place]], **rest: Any
    ) -> None:
        self.reading, self.fault = reading, fault
        self.faults = tuple(one for one in rest["left_out"] if not one.harmless)
        super().__init__(
            used=sorted(place.path for place in places),
            left_out=[{"path": one.path, "reason": one.reason} for one in rest["left_out"]],
            classes=counts_of(rest["classes"], places),
            duplicates=sorted(sorted(place.path for place in group) for group in groups if is_across(group)),
            remarks=[*rest["remarks"], *([f"can't be learned from: it must be {fault}"] if fault else [])],
        )


def scan(data: str | os.PathLike[str], *, labels: str | os.PathLike[str] | None = None) -> Scan:
    """Look at a folder of labelled images: each file is either used or left out, with the reason.

    Every image is decoded to its end, since nothing less finds all damaged files, and then forgotten. Nothing is
    written anywhere.

    Parameters
    ----------
    data, labels
        As `convista.dataset.load_dataset` takes them.

    Returns
    -------
    Scan
        A dict with these keys. All paths are relative to the folder, with slashes; names that aren't UTF-8 are spelt
        by surrogateescape.

        =============  =======================================================================================
        ``used``       the paths of all images that can be used, sorted
        ``left_out``   for every other file ``{"path": ..., "reason": ...}``; the reason is a clause about "it"
        ``classes``    for each class the used images of each split: ``{"cat": {"train": 8, "valid": 2}}``
        ``duplicates`` groups of paths with equal pixels, in train and in another split
        ``remarks``    what is odd about the classes and the images, a sentence each
        =============  =======================================================================================

        Its attributes say more: ``reading``, how the folder was read and split; ``fault``, why nothing can be learned
        from it, or nothing; ``faults``, what is left out and might be missed.

    Raises
    ------
    FileNotFoundError
        `data` is neither a name nor a folder, or `labels` no file.
    ValueError
        `labels` is no CSV with the columns file and label.

    Examples
    --------
    >>> found = scan("mnist_sample")
    >>> found["classes"], len(found["used"]), found["left_out"]
    ({'3': {'train': 6131, 'valid': 1010}, '7': {'train': 6265, 'valid': 1028}}, 14434,
     [{'path': 'LICENSE.md', 'reason': "its ending is no image's"}])
    """
    name, folder = name_and_folder(data)
    return _of_idx(name, folder) if is_idx(folder, labels) else _of_images(find(folder, labels_of(labels)))


def _of_images(found: Found) -> Scan:
    layout = found.layout
    pictures, unreadable = decode(found.root, [place.path for place in layout.places], None, keep=0)
    places = decided(layout.places, pictures)
    left_out = sorted((*found.left_out, *unreadable), key=lambda one: one.path)
    remarks = (
        *place_remarks(found, places, pictures),
        *picture_remarks(pictures),
        *sizes_remark(one.size for one in pictures),
    )
    return Scan(
        split_words(layout, places),
        fault_of(layout, places, unreadable),
        places,
        duplicates(places, [one.pixels for one in pictures]),
        left_out=left_out,
        classes={place.label for place in layout.places}.union(folder.rsplit("/", 1)[-1] for folder in layout.empty),
        remarks=remarks,
    )


def _of_idx(name: str, folder: Path) -> Scan:
    dataset = load_idx(name, folder, None)
    listing = list_files(folder)
    left_out = [
        *listing.left_out,
        *(LeftOut(path, "it isn't among the four files of MNIST") for path in listing.images),
    ]
    parts = [("train", dataset.train), ("valid", dataset.valid)]
    places = [place for split, part in parts for place in _places(split, part, dataset.classes)]
    groups = duplicates(places, [digest for _, part in parts for digest in _digests(part)])
    rest = {"left_out": left_out, "classes": dataset.classes}
    return Scan(dataset.reading, "", places, groups, remarks=(*dataset.remarks, *duplicate_remarks(groups)), **rest)


def _places(split: str, part: Split, classes: Sequence[str]) -> list[Place]:
    return [Place(path, classes[label], split) for path, label in zip(part.paths, part.labels.tolist(), strict=True)]


def _digests(part: Split) -> list[bytes]:
    return [hashlib.sha256(image.tobytes()).digest() for image in part.images]
