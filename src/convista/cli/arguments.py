"""What was typed to what is meant: places, pairs, paddings, shapes, and where results go."""

from __future__ import annotations

import re
from pathlib import Path

from convista.window import Padding

WORDS = re.compile(r"[a-z]+")
NUMBERS = re.compile(r"\s*\d+\s*(,\s*\d+\s*)?")
PLACE = re.compile(r"\s*(-?\d+)\s*,\s*(-?\d+)\s*")
SHAPE = re.compile(r"\d+(x\d+){1,2}")


def place(text: str) -> tuple[int, int]:
    """Return the row and the col.

    >>> place("5,7")
    (5, 7)
    """
    found = PLACE.fullmatch(text)
    if not found:
        raise ValueError(f'--at (="{text}") must be ROW,COL, such as 5,7')
    return int(found[1]), int(found[2])


def number_of(text: str) -> tuple[str, tuple[int, ...]]:
    """Return a layer's name and where in its result: channel, row and col, or as many as it has.

    >>> number_of("layers.0.conv,3,5,7"), number_of("layers.linear,1")
    (('layers.0.conv', (3, 5, 7)), ('layers.linear', (1,)))
    """
    name, *numbers = (part.strip() for part in text.split(","))
    if not name or not all(re.fullmatch(r"-?\d+", number) for number in numbers):
        raise ValueError(f'--at (="{text}") must be LAYER,CHANNEL,ROW,COL, such as layers.0.conv,3,5,7')
    return name, tuple(map(int, numbers))


def pair(option: str, text: str) -> tuple[int, int]:
    """Return rows and cols, of one number or of two.

    >>> pair("--stride", "2"), pair("--stride", "2,1")
    ((2, 2), (2, 1))
    """
    if not NUMBERS.fullmatch(text):
        raise ValueError(f'{option} (="{text}") must be a whole number, or ROWS,COLS such as 2,1')
    numbers = [int(number) for number in text.split(",")]
    return numbers[0], numbers[-1]


def size(text: str) -> int | tuple[int, int]:
    """Return the rows and cols of an image; one number stays one.

    >>> size("64"), size("48,64")
    (64, (48, 64))
    """
    numbers = pair("--size", text)
    return numbers if "," in text else numbers[0]


def rate(text: str | None) -> float | str | None:
    """Return a learning rate, or "auto".

    >>> rate("0.01"), rate("auto"), rate(None)
    (0.01, 'auto', None)
    """
    if text is None or text == "auto":
        return text
    try:
        return float(text)
    except ValueError:
        raise ValueError(f'--rate (="{text}") must be a number, such as 0.01, or auto') from None


def padding(text: str | None, stride: tuple[int, int]) -> Padding:
    """Return a word or rows and cols; left out, the size is kept where the stride allows it.

    >>> padding("full", (1, 1)), padding("1,2", (1, 1)), padding(None, (1, 1)), padding(None, (2, 2))
    ('full', (1, 2), 'same', 'valid')
    """
    if text is None:
        return "same" if stride == (1, 1) else "valid"
    return text if WORDS.fullmatch(text) else pair("--padding", text)


def shape(text: str) -> tuple[int, ...] | None:
    """Return the sizes that a text such as 480x640 or 480x640x3 spells, or None for another text.

    >>> shape("480x640x3"), shape("photo.jpg")
    ((480, 640, 3), None)
    """
    return tuple(int(size) for size in text.split("x")) if SHAPE.fullmatch(text) else None


def targets(images: list[Path], out: Path) -> list[Path]:
    """Return where the result of each image goes; of several, into the folder `out`, made where it is missing."""
    if len(images) == 1 and not out.is_dir():
        found = [out]
    else:
        if out.suffix and not out.is_dir():
            raise ValueError(f'--out (="{out}") must be a folder, since there are {len(images)} images')
        out.mkdir(parents=True, exist_ok=True)
        found = [out / f"{image.stem}.png" for image in images]
    for image, target in zip(images, found, strict=True):
        if target.exists() and image.exists() and target.samefile(image):
            raise ValueError(f'--out (="{target}") is the image itself; give another file')
    _all_different(images, found)
    return found


def _all_different(images: list[Path], found: list[Path]) -> None:
    firsts: dict[Path, Path] = {}
    for image, target in zip(images, found, strict=True):
        if target in firsts:
            raise ValueError(f'images "{firsts[target]}" and "{image}" would both become "{target}"; rename one')
        firsts[target] = image
