"""What was odd about a data set's files, a sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convista.dataset.records import LeftOut
from convista.image import shown


def count_of(number: int, thing: str) -> str:
    """Return a number and its noun.

    >>> count_of(1, "image"), count_of(2000, "file")
    ('1 image', '2,000 files')
    """
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def some(paths: Sequence[str], most: int = 3) -> str:
    """Return the first of some paths, and how many there are beyond.

    >>> some(["a.txt", "b.txt", "c.txt", "d.txt"])
    'a.txt, b.txt, c.txt and 1 more'
    """
    beyond = f" and {len(paths) - most:,} more" if len(paths) > most else ""
    return ", ".join(map(shown, paths[:most])) + beyond


def left_out_remarks(left_out: Iterable[LeftOut]) -> tuple[str, ...]:
    """Return a sentence for each file that isn't used.

    >>> left_out_remarks([LeftOut("train/3/1.png", "it is empty (0 bytes)")])
    ('left out: train/3/1.png, since it is empty (0 bytes)',)
    """
    return tuple(f"left out: {shown(one.path)}, since {one.reason}" for one in left_out)


def other_files_remark(paths: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence about files that don't say they are images, if there are any.

    >>> other_files_remark(["train/3/notes.txt"])
    ("ignored: 1 file whose ending is no image's (train/3/notes.txt)",)
    """
    return (f"ignored: {count_of(len(paths), 'file')} whose ending is no image's ({some(paths)})",) if paths else ()


def stray_remark(paths: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence about images that lie in no class, if there are any.

    >>> stray_remark(["train/a.png", "valid/b.png"])
    ('left out: 2 images beside the class folders, in no class (train/a.png, valid/b.png)',)
    """
    where = "beside the class folders, in no class"
    return (f"left out: {count_of(len(paths), 'image')} {where} ({some(paths)})",) if paths else ()


def resized_remark(count: int, total: int, size: Sequence[int], why: str = "") -> tuple[str, ...]:
    """Return a sentence about images that were of another size, if there are any.

    >>> resized_remark(2, 10, (28, 20), "the most common size")
    ("resized: 2 of 10 images, to 28 rows x 20 cols, the most common size; their aspect is kept, the space beside
    them filled with their border's mean",)
    """
    target = f"{size[0]} rows x {size[1]} cols" + (f", {why}" if why else "")
    kept = "their aspect is kept, the space beside them filled with their border's mean"
    return (f"resized: {count:,} of {count_of(total, 'image')}, to {target}; {kept}",) if count else ()


def narrowed_remark(count: int) -> tuple[str, ...]:
    """Return a sentence about images of 16 bits, if there are any.

    >>> narrowed_remark(3)
    ('cut to 8 bits, the high byte: 3 images of 16 bits',)
    """
    return (f"cut to 8 bits, the high byte: {count_of(count, 'image')} of 16 bits",) if count else ()


def mixed_remark(grey: int, total: int) -> tuple[str, ...]:
    """Return a sentence about grey images among colour ones, if there are any.

    >>> mixed_remark(3, 10), mixed_remark(10, 10)
    (('grey among colour: 3 of 10 images, given three equal channels',), ())
    """
    text = f"grey among colour: {grey:,} of {count_of(total, 'image')}, given three equal channels"
    return (text,) if 0 < grey < total else ()


def class_remarks(missing: Sequence[str], unknown: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Return a sentence for each class without validation images, and for each folder in valid that is no class.

    >>> class_remarks(["cat"], [("Cat", 2)])
    ('no validation images: class "cat", whose accuracy stays unknown',
     'left out: valid/Cat with 2 images, since train has no class of that name')
    """
    first = (f'no validation images: class "{shown(name)}", whose accuracy stays unknown' for name in missing)
    second = (
        f"left out: valid/{shown(name)} with {count_of(count, 'image')}, since train has no class of that name"
        for name, count in unknown
    )
    return (*first, *second)
