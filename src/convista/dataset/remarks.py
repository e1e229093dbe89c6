"""What was odd about a data set's files, a sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from convista.dataset.records import LeftOut, Place
from convista.image import shown

IMBALANCE = 3
"""How many times the images of the smallest class the largest has, when it is said."""
_EACH = 5
"""Files with one reason that are named one by one."""


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
    """Return a sentence for each file that isn't used though it might; one for all where many have one reason.

    >>> left_out_remarks([LeftOut("train/3/1.png", "it is empty (0 bytes)")])
    ('left out: train/3/1.png, since it is empty (0 bytes)',)
    >>> left_out_remarks([LeftOut(f"{number}.png", "it lies in no class folder") for number in range(9)])
    ('left out: 9 files (0.png, 1.png, 2.png and 6 more), each since it lies in no class folder',)
    """
    sentences: list[str] = []
    for reason, paths in _by_reason(one for one in left_out if not one.harmless).items():
        if len(paths) > _EACH:
            sentences.append(f"left out: {count_of(len(paths), 'file')} ({some(paths)}), each since {reason}")
        else:
            sentences += [f"left out: {shown(path)}, since {reason}" for path in paths]
    return tuple(sentences)


def ignored_remarks(left_out: Iterable[LeftOut]) -> tuple[str, ...]:
    """Return a sentence for each reason why nobody would miss a file; nothing about files beside the folders.

    >>> ignored_remarks([LeftOut("train/3/notes.txt", "its ending is no image's", True), LeftOut("a", "", True)])
    ("ignored: 1 file (train/3/notes.txt): its ending is no image's",)
    """
    inside = (one for one in left_out if one.harmless and "/" in one.path)
    return tuple(
        f"ignored: {count_of(len(paths), 'file')} ({some(paths)}): {reason}"
        for reason, paths in _by_reason(inside).items()
    )


def _by_reason(left_out: Iterable[LeftOut]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in left_out:
        found.setdefault(one.reason, []).append(one.path)
    return found


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


def as_colour_remark(count: int) -> tuple[str, ...]:
    """Return a sentence about grey images that are stored as colour, if there are any.

    >>> as_colour_remark(3)
    ('taken as grey, since their three channels are equal: 3 images stored as colour',)
    """
    text = f"taken as grey, since their three channels are equal: {count_of(count, 'image')} stored as colour"
    return (text,) if count else ()


def sizes_remark(sizes: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Return a sentence about the sizes of images, the most common first.

    >>> sizes_remark([(28, 28), (28, 28), (1, 5000)])
    ('sizes, rows x cols: 28 x 28 (2 images), 1 x 5000 (1 image)',)
    """
    counts = Counter(sizes).most_common()
    told = [f"{rows} x {cols} ({count_of(count, 'image')})" for (rows, cols), count in counts]
    return (f"sizes, rows x cols: {some(told, 4)}",) if told else ()


def empty_remarks(folders: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence about class folders without images, if there are any.

    >>> empty_remarks(["train/bird"])
    ('no class: train/bird, since it holds no images',)
    """
    return (f"no class: {some(folders)}, since it holds no images",) if folders else ()


def class_remarks(counts: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
    """Return sentences about classes without validation images, and about classes of very different sizes.

    >>> class_remarks({"ant": {"train": 9, "valid": 2}, "bee": {"train": 90, "valid": 0}})
    ('no validation images: class "bee", whose accuracy stays unknown',
     'imbalanced: "bee" has 90 images to learn from, "ant" 9; the option weighted makes each class count alike')
    """
    missing = [name for name, split in counts.items() if split["train"] and not split["valid"]]
    first = (f'no validation images: class "{shown(name)}", whose accuracy stays unknown' for name in missing)
    trained = sorted((split["train"], name) for name, split in counts.items() if split["train"])
    if not trained or trained[-1][0] < IMBALANCE * trained[0][0]:
        return tuple(first)
    (fewest, small), (most, large) = trained[0], trained[-1]
    return (
        *first,
        f'imbalanced: "{shown(large)}" has {count_of(most, "image")} to learn from, "{shown(small)}" {fewest:,}; '
        "the option weighted makes each class count alike",
    )


def duplicate_remarks(groups: Iterable[Sequence[Place]]) -> tuple[str, ...]:
    """Return sentences about images with equal pixels, of which each group holds the places.

    >>> duplicate_remarks([[Place("train/a/1.png", "a", "train"), Place("valid/a/2.png", "a", "valid")]])
    ('the same pixels in train and valid: train/a/1.png = valid/a/2.png; the accuracy looks better than it is',)
    """
    listed = list(groups)
    across = [group for group in listed if is_across(group)]
    inside = [group for group in listed if not is_across(group)]
    torn = [group for group in listed if len({place.label for place in group}) > 1]
    splits = " and ".join(sorted({place.split for group in across for place in group}))
    return (
        *_same(across, f"the same pixels in {splits}", "the accuracy looks better than it is"),
        *_same(torn, "the same pixels in two classes", "one of the labels is wrong"),
        *_same(inside, "the same pixels more than once within a split", "harmless, if they are no mistake"),
    )


def is_across(group: Iterable[Place]) -> bool:
    """Tell whether images lie in several splits, of which one is to learn from."""
    splits = {place.split for place in group}
    return "train" in splits and len(splits) > 1


def _same(groups: Sequence[Sequence[Place]], what: str, so: str) -> tuple[str, ...]:
    pairs = [" = ".join(shown(place.path) for place in group[:3]) for group in groups]
    return (f"{what}: {some(pairs)}; {so}",) if pairs else ()


def aside_remark(places: Iterable[Place]) -> tuple[str, ...]:
    """Return a sentence about images that are kept for a test, if there are any.

    >>> aside_remark([Place("test/a/1.png", "a", "test")])
    ('not looked at: 1 image of the test; in the end: convista predict RUN IMAGE...',)
    """
    count = sum(place.split == "test" for place in places)
    text = f"not looked at: {count_of(count, 'image')} of the test; in the end: convista predict RUN IMAGE..."
    return (text,) if count else ()
