"""What was odd about a data set's files, a sentence each, in English and Chinese."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from convista.bilingual import Bilingual, in_chinese, said
from convista.dataset.reasons import in_both
from convista.dataset.records import LeftOut, Place
from convista.image import shown

IMBALANCE = 3
"""How many times the images of the smallest class the largest has, when it is said."""
_EACH = 5
"""Files with one reason that are named one by one."""
_SIZES = 4
"""Sizes that are named."""
_COUNTED = {"image": "张图像", "file": "个文件", "folder": "个文件夹"}

Remarks: TypeAlias = tuple[Bilingual, ...]

WORDS: dict[str, tuple[str, str]] = {
    "left out": ("left out: {path}, since {reason}", "未使用：{path}，因为{reason}"),
    "all left out": ("left out: {count} ({paths}), each since {reason}", "未使用：{count}（{paths}），都因为{reason}"),
    "ignored": ("ignored: {count} ({paths}): {reason}", "已忽略：{count}（{paths}）：{reason}"),
    "resized": (
        "resized: {some:,} of {all}, to {rows} rows x {cols} cols{why}; their aspect is kept, the space beside them "
        "filled with their border's mean",
        "已缩放：{all}中的 {some:,} 张，缩放至 {rows} 行 x {cols} 列{why}；宽高比不变，旁边的空白以图像边缘的均值填充",
    ),
    "why": (", {why}", "（{why}）"),
    "narrowed": ("cut to 8 bits, the high byte: {count} of 16 bits", "截为 8 位（取高字节）：{count}为 16 位"),
    "mixed": (
        "grey among colour: {grey:,} of {all}, given three equal channels",
        "彩色中有灰度：{all}中的 {grey:,} 张，已补成三个相同的通道",
    ),
    "as colour": (
        "taken as grey, since their three channels are equal: {count} stored as colour",
        "按灰度处理，因为三个通道相同：{count}以彩色存储",
    ),
    "sizes": ("sizes, rows x cols: {sizes}", "尺寸（行 x 列）：{sizes}"),
    "size": ("{rows} x {cols} ({count})", "{rows} x {cols}（{count}）"),
    "empty": ("no class: {folders}, since it holds no images", "不算类别：{folders}，因为其中没有图像"),
    "unjudged": (
        'no validation images: class "{name}", whose accuracy stays unknown',
        "没有验证图像：类别“{name}”，其准确率无从得知",
    ),
    "imbalanced": (
        'imbalanced: "{large}" has {most} to learn from, "{small}" {fewest:,}; the option weighted makes each class '
        "count alike",
        "类别不均衡：“{large}”有 {most}可供学习，“{small}”只有 {fewest:,} 张；选项 weighted 使各类别同等计入",
    ),
    "across": (
        "the same pixels in {splits}: {pairs}; the accuracy looks better than it is",
        "{splits} 中有像素相同的图像：{pairs}；准确率会显得偏高",
    ),
    "torn": (
        "the same pixels in two classes: {pairs}; one of the labels is wrong",
        "两个类别中有像素相同的图像：{pairs}；其中一个标签是错的",
    ),
    "inside": (
        "the same pixels more than once within a split: {pairs}; harmless, if they are no mistake",
        "同一部分中有像素相同的图像：{pairs}；若非失误则无妨",
    ),
    "aside": (
        "not looked at: {count} of the test; in the end: convista predict RUN IMAGE...",
        "未查看：测试用的 {count}；最后再用：convista predict RUN IMAGE...",
    ),
}
"""What is said, in English and Chinese; ``{name}`` is a place for a value."""


def remark(key: str, **values: object) -> Bilingual:
    """Return the words of `key` with values in their places.

    >>> remark("narrowed", count=count_of(3, "image")).chinese
    '截为 8 位（取高字节）：3 张图像为 16 位'
    """
    return said(WORDS[key], **values)


def count_of(number: int, thing: str) -> Bilingual:
    """Return a number and its noun: of an image, a file, a folder.

    >>> count_of(1, "image"), count_of(2000, "file"), count_of(2000, "file").chinese
    ('1 image', '2,000 files', '2,000 个文件')
    """
    english = f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
    return Bilingual(english, f"{number:,} {_COUNTED[thing]}")


def some(paths: Sequence[str], most: int = 3) -> Bilingual:
    """Return the first of some paths, and how many there are beyond.

    >>> some(["a.txt", "b.txt", "c.txt", "d.txt"]), some(["a.txt", "b.txt", "c.txt", "d.txt"]).chinese
    ('a.txt, b.txt, c.txt and 1 more', 'a.txt、b.txt、c.txt 等 4 个')
    """
    return _first([shown(path) for path in paths[:most]], len(paths))


def _first(texts: Sequence[str], count: int) -> Bilingual:
    """Return some texts as a list, of which there are `count`."""
    beyond = count - len(texts)
    english = ", ".join(texts) + (f" and {beyond:,} more" if beyond else "")
    return Bilingual(english, "、".join(map(in_chinese, texts)) + (f" 等 {count:,} 个" if beyond else ""))


def left_out_remarks(left_out: Iterable[LeftOut]) -> Remarks:
    """Return a sentence for each file that isn't used though it might; one for all where many have one reason.

    >>> left_out_remarks([LeftOut("train/3/1.png", "it is empty (0 bytes)")])
    ('left out: train/3/1.png, since it is empty (0 bytes)',)
    >>> left_out_remarks([LeftOut(f"{number}.png", "it lies in no class folder") for number in range(9)])
    ('left out: 9 files (0.png, 1.png, 2.png and 6 more), each since it lies in no class folder',)
    """
    sentences: list[Bilingual] = []
    for reason, paths in _by_reason(one for one in left_out if not one.harmless).items():
        why = in_both(reason)
        if len(paths) > _EACH:
            count = count_of(len(paths), "file")
            sentences.append(remark("all left out", count=count, paths=some(paths), reason=why))
        else:
            sentences += [remark("left out", path=shown(path), reason=why) for path in paths]
    return tuple(sentences)


def ignored_remarks(left_out: Iterable[LeftOut]) -> Remarks:
    """Return a sentence for each reason why nobody would miss a file; nothing about files beside the folders.

    >>> ignored_remarks([LeftOut("train/3/notes.txt", "its ending is no image's", True), LeftOut("a", "", True)])
    ("ignored: 1 file (train/3/notes.txt): its ending is no image's",)
    """
    inside = (one for one in left_out if one.harmless and "/" in one.path)
    return tuple(
        remark("ignored", count=count_of(len(paths), "file"), paths=some(paths), reason=in_both(reason))
        for reason, paths in _by_reason(inside).items()
    )


def _by_reason(left_out: Iterable[LeftOut]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in left_out:
        found.setdefault(one.reason, []).append(one.path)
    return found


def resized_remark(count: int, total: int, size: Sequence[int], why: str = "") -> Remarks:
    """Return a sentence about images that were of another size, if there are any.

    >>> resized_remark(2, 10, (28, 20), "the most common size")
    ("resized: 2 of 10 images, to 28 rows x 20 cols, the most common size; their aspect is kept, the space beside
    them filled with their border's mean",)
    """
    if not count:
        return ()
    reason = remark("why", why=why) if why else ""
    return (remark("resized", some=count, all=count_of(total, "image"), rows=size[0], cols=size[1], why=reason),)


def narrowed_remark(count: int) -> Remarks:
    """Return a sentence about images of 16 bits, if there are any.

    >>> narrowed_remark(3)
    ('cut to 8 bits, the high byte: 3 images of 16 bits',)
    """
    return (remark("narrowed", count=count_of(count, "image")),) if count else ()


def mixed_remark(grey: int, total: int) -> Remarks:
    """Return a sentence about grey images among colour ones, if there are any.

    >>> mixed_remark(3, 10), mixed_remark(10, 10)
    (('grey among colour: 3 of 10 images, given three equal channels',), ())
    """
    return (remark("mixed", grey=grey, all=count_of(total, "image")),) if 0 < grey < total else ()


def as_colour_remark(count: int) -> Remarks:
    """Return a sentence about grey images that are stored as colour, if there are any.

    >>> as_colour_remark(3)
    ('taken as grey, since their three channels are equal: 3 images stored as colour',)
    """
    return (remark("as colour", count=count_of(count, "image")),) if count else ()


def sizes_remark(sizes: Iterable[tuple[int, int]]) -> Remarks:
    """Return a sentence about the sizes of images, the most common first.

    >>> sizes_remark([(28, 28), (28, 28), (1, 5000)])
    ('sizes, rows x cols: 28 x 28 (2 images), 1 x 5000 (1 image)',)
    """
    counts = Counter(sizes).most_common()
    told = [
        remark("size", rows=rows, cols=cols, count=count_of(count, "image")) for (rows, cols), count in counts[:_SIZES]
    ]
    return (remark("sizes", sizes=_first(told, len(counts))),) if told else ()


def empty_remarks(folders: Sequence[str]) -> Remarks:
    """Return a sentence about class folders without images, if there are any.

    >>> empty_remarks(["train/bird"])
    ('no class: train/bird, since it holds no images',)
    """
    return (remark("empty", folders=some(folders)),) if folders else ()


def class_remarks(counts: Mapping[str, Mapping[str, int]]) -> Remarks:
    """Return sentences about classes without validation images, and about classes of very different sizes.

    >>> class_remarks({"ant": {"train": 9, "valid": 2}, "bee": {"train": 90, "valid": 0}})
    ('no validation images: class "bee", whose accuracy stays unknown',
     'imbalanced: "bee" has 90 images to learn from, "ant" 9; the option weighted makes each class count alike')
    """
    missing = [name for name, split in counts.items() if split["train"] and not split["valid"]]
    first = tuple(remark("unjudged", name=shown(name)) for name in missing)
    trained = sorted((split["train"], name) for name, split in counts.items() if split["train"])
    if not trained or trained[-1][0] < IMBALANCE * trained[0][0]:
        return first
    (fewest, small), (most, large) = trained[0], trained[-1]
    values = {"large": shown(large), "most": count_of(most, "image"), "small": shown(small), "fewest": fewest}
    return (*first, remark("imbalanced", **values))


def duplicate_remarks(groups: Iterable[Sequence[Place]]) -> Remarks:
    """Return sentences about images with equal pixels, of which each group holds the places.

    >>> duplicate_remarks([[Place("train/a/1.png", "a", "train"), Place("valid/a/2.png", "a", "valid")]])
    ('the same pixels in train and valid: train/a/1.png = valid/a/2.png; the accuracy looks better than it is',)
    """
    listed = list(groups)
    across = [group for group in listed if is_across(group)]
    inside = [group for group in listed if not is_across(group)]
    torn = [group for group in listed if len({place.label for place in group}) > 1]
    splits = sorted({place.split for group in across for place in group})
    names = Bilingual(" and ".join(splits), "与 ".join(f"{split} " for split in splits).rstrip())
    return (*_same(across, "across", splits=names), *_same(torn, "torn"), *_same(inside, "inside"))


def is_across(group: Iterable[Place]) -> bool:
    """Tell whether images lie in several splits, of which one is to learn from."""
    splits = {place.split for place in group}
    return "train" in splits and len(splits) > 1


def _same(groups: Sequence[Sequence[Place]], key: str, **values: object) -> Remarks:
    pairs = [" = ".join(shown(place.path) for place in group[:3]) for group in groups]
    return (remark(key, pairs=some(pairs), **values),) if pairs else ()


def aside_remark(places: Iterable[Place]) -> Remarks:
    """Return a sentence about images that are kept for a test, if there are any.

    >>> aside_remark([Place("test/a/1.png", "a", "test")])
    ('not looked at: 1 image of the test; in the end: convista predict RUN IMAGE...',)
    """
    count = sum(place.split == "test" for place in places)
    return (remark("aside", count=count_of(count, "image")),) if count else ()
