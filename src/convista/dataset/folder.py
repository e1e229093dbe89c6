"""An image folder ``train|valid/<class>/...`` to a `Dataset`: everything decoded once, to uint8, into memory.

The folder is only ever read. How images are brought to 8 bits and to one size stands in `convista.image.fitting`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convista.dataset.decoding import MAX_BYTES, Picture, Size, bring_to, bytes_of, common_size, decode
from convista.dataset.records import Dataset, LeftOut, Split
from convista.dataset.remarks import (
    class_remarks,
    count_of,
    left_out_remarks,
    mixed_remark,
    narrowed_remark,
    other_files_remark,
    resized_remark,
    some,
    stray_remark,
)
from convista.dataset.scan import SPLITS, Scan, scan
from convista.image import shown

_MEANT = {"train": ("train", "training"), "valid": ("valid", "validation", "val", "test", "testing")}


def load_folder(name: str, folder: Path, size: Size | None) -> Dataset:
    """Return the labelled images of an image folder; see `convista.dataset.load_dataset`."""
    found, root = scan(folder), os.path.realpath(folder)
    _check_layout(name, folder, found)
    classes = tuple(found.images["train"])
    paths = [path for split in SPLITS for label in classes for path in found.images[split].get(label, ())]
    if size:
        _check_memory(len(paths), 1, size)
    pictures, unreadable = decode(root, paths, size)
    _check_classes(name, classes, pictures, unreadable)
    target = size or common_size(pictures)
    _check_memory(len(pictures), 1, target)
    pictures, changed = bring_to(target, root, pictures)
    shape = _shape(pictures, target)
    train, valid = (_split(split, classes, pictures, shape) for split in SPLITS)
    remarks = (
        *left_out_remarks([*found.left_out, *unreadable, *changed]),
        *stray_remark(found.stray),
        *other_files_remark(found.other),
        *_class_remarks(classes, valid, found.images["valid"]),
        *_picture_remarks(pictures, target, "" if size else "the most common size"),
    )
    return Dataset(name, folder, classes, train, valid, remarks)


# What the folder must hold -------------------------------------------------------------------------------------------


def _check_layout(name: str, folder: Path, found: Scan) -> None:
    train, valid = found.images["train"], found.images["valid"]
    if not train or not valid:
        raise _error(name, f"a folder with train/<class>/<image> and valid/<class>/<image>; {_holds(folder, found)}")
    empty = [label for label, paths in train.items() if not paths]
    if len(empty) == len(train):
        raise _error(name, f"a folder with images; train holds {count_of(len(train), 'class folder')}, all empty")
    if empty:
        place = f"train/{shown(empty[0])}"
        raise _error(name, f"a folder with images of each class; {place} holds none: put some there, or delete it")
    if len(train) == 1:
        raise _error(name, f'a folder with two classes or more; train holds one, "{shown(next(iter(train)))}"')
    if not any(valid.get(label) for label in train):
        raise _error(name, f"a folder with validation images; valid holds none of the classes {some(list(train), 5)}")


def _error(name: str, rule: str) -> ValueError:
    return ValueError(f'data (="{shown(name)}") must be {rule}')


def _holds(folder: Path, found: Scan) -> str:
    """Return what a folder of another layout holds, and what to do."""
    links = [f"{one.path} is left out, since {one.reason}" for one in found.left_out if one.path in SPLITS]
    if links:
        return "; ".join(links)
    entries = sorted(entry.name + "/" * entry.is_dir() for entry in os.scandir(folder) if entry.name[0] != ".")
    listing = f"it holds {some(entries, 6)}" if entries else "it is empty"
    missing = next((split for split in SPLITS if f"{split}/" not in entries), None)
    if missing is None:
        bare = next(split for split in SPLITS if not found.images[split])
        return f"{bare} holds no class folders"
    other = next((entry[:-1] for entry in entries if entry[:-1].lower() in _MEANT[missing]), None)
    return listing + (f'; rename "{shown(other)}" to "{missing}"' if other else "")


def _check_classes(
    name: str, classes: Sequence[str], pictures: Iterable[Picture], unreadable: Sequence[LeftOut]
) -> None:
    """Refuse a class that has lost all its training images, or a data set that has lost all for validation."""
    left = {part for one in pictures for part in ("/".join(_split_and_class(one.path)), _split_and_class(one.path)[0])}
    lost = next((place for place in (*(f"train/{label}" for label in classes), "valid") if place not in left), None)
    if lost is not None:
        first = next(one for one in unreadable if one.path.startswith(f"{lost}/"))
        reason = f"{shown(first.path)}, since {first.reason}"
        raise _error(name, f"a folder with images of each class; none in {shown(lost)} can be read: {reason}")


def _class_remarks(classes: Sequence[str], valid: Split, found: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    present = set(valid.labels.tolist())
    missing = [label for number, label in enumerate(classes) if number not in present]
    known = frozenset(classes)
    return class_remarks(
        missing, [(label, len(paths)) for label, paths in found.items() if paths and label not in known]
    )


def _picture_remarks(pictures: Sequence[Picture], size: Size, why: str) -> tuple[str, ...]:
    return (
        *narrowed_remark(sum(one.narrowed for one in pictures)),
        *mixed_remark(sum(map(_is_grey, pictures)), len(pictures)),
        *resized_remark(sum(one.size != size for one in pictures), len(pictures), size, why),
    )


# Pictures to arrays --------------------------------------------------------------------------------------------------


def _split(split: str, classes: Sequence[str], pictures: Iterable[Picture], shape: tuple[int, int, int]) -> Split:
    numbers = {label: number for number, label in enumerate(classes)}
    mine = [one for one in pictures if _split_and_class(one.path)[0] == split]
    labels = np.array([numbers[_split_and_class(one.path)[1]] for one in mine], np.int64)  # (count,)
    return Split(_stacked(mine, shape), labels, tuple(one.path for one in mine))


def _split_and_class(path: str) -> tuple[str, str]:
    split, label, _ = path.split("/", 2)
    return split, label


def _stacked(pictures: Sequence[Picture], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    images = np.empty((len(pictures), *shape), np.uint8)  # (count, channels, rows, cols)
    for place, one in zip(images, pictures, strict=True):
        if one.image is not None:
            place[:] = one.image if one.image.ndim == 2 else one.image.transpose(2, 0, 1)
    return images


def _is_grey(picture: Picture) -> bool:
    return picture.image is not None and picture.image.ndim == 2


def _shape(pictures: Sequence[Picture], size: Size) -> tuple[int, int, int]:
    """Return (channels, rows, cols): one channel when all pictures are grey."""
    channels = 1 if all(map(_is_grey, pictures)) else 3
    _check_memory(len(pictures), channels, size)
    return (channels, *size)


def _check_memory(count: int, channels: int, size: Size) -> None:
    needed = bytes_of(count, channels, size)
    if needed > MAX_BYTES:
        side = int((MAX_BYTES / count / channels) ** 0.5)
        raise ValueError(
            f"size (={size[0]} rows x {size[1]} cols) must let {count:,} images fit into {MAX_BYTES / 2**30:.0f} GiB, "
            f"but they take {needed / 2**30:.1f} GiB; give size={min(side, 224)} or less"
        )
