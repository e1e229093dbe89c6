"""How a folder of images is laid out: which class and which split the place of each image names.

=====================================  ===============================================================================
the folder holds                       is read as
=====================================  ===============================================================================
train/<class>/..., valid/<class>/...   those two splits; train may be spelt training, valid also val or validation
train/<class>/..., test/<class>/...    test (or testing) judges, where there is no valid; beside valid it is kept aside
train/<class>/... alone                a part of each class is kept to judge by: see `convista.dataset.splitting`
<class>/...                            the same
=====================================  ===============================================================================

A class may hold folders, to any depth. A folder "train" that holds images but no folders is a class of that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from convista.dataset.listing import Listing
from convista.dataset.records import LeftOut, Place
from convista.dataset.remarks import some
from convista.image import shown

SPELLINGS = {
    "train": ("train", "training"),
    "valid": ("valid", "validation", "val"),
    "test": ("test", "testing"),
}
RULE = "a folder with train/<class>/<image> and valid/<class>/<image>, or with <class>/<image>"
NO_CLASS = "it lies in no class folder"
UNREAD = "it can't be told what the folder's layout means"
UNKNOWN = "no image to learn from has its class"
OUTSIDE = "it lies outside of the folders that are read"


@dataclass(frozen=True, slots=True)
class Layout:
    """What the places of a folder's images say."""

    places: tuple[Place, ...] = ()
    empty: tuple[str, ...] = ()
    """Class folders without images."""
    left_out: tuple[LeftOut, ...] = ()
    """Images whose place says nothing."""
    how: str = ""
    """A clause: "as ..."."""
    fault: str = ""
    """What the folder must be, if it can't be read."""


def layout_of(found: Listing) -> Layout:
    """Return how the files that were found are laid out.

    >>> layout_of(Listing(images=["a/1.png", "b/x/2.png"], folders=["a", "b", "b/x"])).how
    'as <class>/<image>'
    """
    top = [folder for folder in found.folders if "/" not in folder]
    nested = {folder.split("/")[0] for folder in found.folders if "/" in folder}
    splits = {split: [folder for folder in _spelt(split, top) if folder in nested] for split in SPELLINGS}
    fault = _fault(found, top, splits)
    if fault:
        return Layout(left_out=tuple(LeftOut(path, UNREAD) for path in found.images), fault=f"{RULE}; {fault}")
    if splits["train"]:
        return _of_splits(found, {split: folders[0] for split, folders in splits.items() if folders})
    return _of_classes(found, top)


def of_known_classes(places: Sequence[Place]) -> tuple[list[Place], list[LeftOut]]:
    """Return the places whose class has images to learn from, and the others as left out."""
    learned = {place.label for place in places if place.split in ("train", "")}
    return (
        [place for place in places if place.label in learned],
        [LeftOut(place.path, UNKNOWN) for place in places if place.label not in learned],
    )


def _fault(found: Listing, top: Sequence[str], splits: dict[str, list[str]]) -> str:
    """Return why it can't be told which folders are the splits, or nothing."""
    names = [".", *(name for spellings in SPELLINGS.values() for name in spellings)]
    linked = [one for one in found.left_out if one.path.lower() in names and not one.harmless]
    if linked:
        return "; ".join(f"{shown(one.path)} is left out, since {one.reason}" for one in linked)
    for split, folders in splits.items():
        if len(folders) > 1:
            return f"{' and '.join(folders)} could both be {split}: rename one"
    bare = {split: _spelt(split, top) for split in ("train", "valid") if not splits[split]}
    if any(splits.values()):
        if any(bare.values()):
            return f"{next(filter(None, bare.values()))[0]} holds no class folders"
        if not splits["train"]:
            return f"it holds {_content(found, top)}, but no train/"
    return "" if found.images or not top else f"it holds {_content(found, top)}, but no image"


def _spelt(split: str, folders: Iterable[str]) -> list[str]:
    return [folder for folder in folders if folder.lower() in SPELLINGS[split]]


def _content(found: Listing, top: Iterable[str]) -> str:
    """Return what lies in the folder itself."""
    files = [*found.images, *(one.path for one in found.left_out if not one.path.startswith("."))]
    return some(sorted([*(f"{folder}/" for folder in top), *(path for path in files if "/" not in path)]), 6)


def _of_splits(found: Listing, splits: dict[str, str]) -> Layout:
    """Return the layout of folders for splits; `splits` gives the folder of each."""
    judge = next((split for split in ("valid", "test") if split in splits), "")
    names = {folder: "valid" if split == judge else split if judge else "" for split, folder in splits.items()}
    places, left_out = _placed(found.images, names)
    places, strangers = of_known_classes(places)
    learned, train = {place.label for place in places}, splits["train"]
    classes = (folder for folder in found.folders if folder.startswith(f"{train}/") and folder.count("/") == 1)
    return Layout(
        tuple(places),
        tuple(folder for folder in classes if folder.removeprefix(f"{train}/") not in learned),
        (*left_out, *strangers),
        f"as {' and '.join(f'{folder}/<class>/<image>' for folder in splits.values())}",
    )


def _placed(paths: Iterable[str], names: dict[str, str]) -> tuple[list[Place], list[LeftOut]]:
    """Return what the paths say, and those that say nothing; `names` gives the split of each folder."""
    places, left_out = [], []
    for path in paths:
        parts = path.split("/", 2)  # the split, the class, what is inside
        if parts[0] not in names:
            left_out.append(LeftOut(path, OUTSIDE, harmless=True))
        elif len(parts) < 3:
            left_out.append(LeftOut(path, NO_CLASS))
        else:
            places.append(Place(path, parts[1], names[parts[0]]))
    return places, left_out


def _of_classes(found: Listing, top: Sequence[str]) -> Layout:
    """Return the layout of a folder of classes."""
    stray = tuple(LeftOut(path, NO_CLASS) for path in found.images if "/" not in path)
    places = tuple(Place(path, path.split("/", 1)[0], "") for path in found.images if "/" in path)
    empty = set(top).difference(place.label for place in places)
    content = f"it holds {_content(found, top)}" if top or stray or found.left_out else "it is empty"
    return Layout(places, tuple(sorted(empty)), stray, "as <class>/<image>", "" if places else f"{RULE}; {content}")
