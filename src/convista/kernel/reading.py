"""Kernels from text and from files: a row a line, numbers or fractions between spaces or commas."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from convista.errors import did_you_mean

FILE_ENDINGS = (".txt", ".csv", ".npy")
MOST_BYTES = 64 * 2**20
MOST_WEIGHTS = 2048 * 2048

_DECIMAL = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBER = re.compile(rf"({_DECIMAL})(?:/({_DECIMAL}))?")


def parse_kernel(text: str) -> NDArray[Any]:
    """Return the weights that `text` spells: rows end with ``;`` or the line, numbers with spaces or a comma.

    Brackets as Python and NumPy print them may stay; what follows a # in a line is left out.

    Raises
    ------
    ValueError
        When an entry is no number, rows are not equally long, or there is nothing; with the row and the entry.

    Examples
    --------
    >>> parse_kernel("1 0 -1; 2 0 -2; 1 0 -1")
    array([[ 1,  0, -1],
           [ 2,  0, -2],
           [ 1,  0, -1]])
    >>> parse_kernel("1/9, 1/9, 1/9").round(3)
    array([[0.111, 0.111, 0.111]])
    >>> parse_kernel("1 0 -1; 2 O -2")
    Traceback (most recent call last):
    ValueError: kernel, row 2, entry 2 (="O") must be a number such as -1, 0.5 or 1/9
    """
    rows = [_row(line, number) for number, line in enumerate(_lines(text), start=1)]
    if not rows:
        raise ValueError(f'kernel (="{_short(text)}") has no numbers; write rows such as "1 0 -1; 2 0 -2; 1 0 -1"')
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"kernel, row {number} has {_entries(len(row))}, but row 1 has {_entries(len(rows[0]))}; "
                "all rows must be equally long"
            )
    return np.array(rows)  # (rows, cols)


def read_kernel(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Return the weights in a file: .txt and .csv as text, .npy as NumPy saves an array (never a pickle).

    Raises
    ------
    FileNotFoundError
        When there is no such file, with the nearest of the same folder.
    ValueError
        When the ending is another, the file is too large or not what its ending says; with the file's name.
    """
    file = Path(path)
    if file.suffix.lower() not in FILE_ENDINGS:
        raise ValueError(f'kernel file (="{file}") must end with one of {", ".join(FILE_ENDINGS)}')
    if not file.is_file():
        _no_file(file)
    if file.stat().st_size > MOST_BYTES:
        raise ValueError(f'kernel file (="{file}") must not be over {MOST_BYTES // 2**20} MiB')
    if file.suffix.lower() == ".npy":
        return _load(file)
    try:
        return parse_kernel(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError(f'kernel file (="{file}") must be text in UTF-8') from None
    except ValueError as error:
        raise ValueError(f'kernel file (="{file}"): {error}') from None


def kernel_files(folder: Path) -> list[str]:
    """Return the names of the kernel files in a folder, for suggestions; none where it can't be read."""
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in FILE_ENDINGS)
    except OSError:
        return []


def _lines(text: str) -> list[str]:
    """Return the rows' texts. Within several lines a ; may only stand at an end: there it can't mean two things."""
    plain = re.sub(r"#.*", "", text).replace("[", " ")
    plain = re.sub(r"\]\s*,?\s*", ";", plain)
    lines = [line.strip().rstrip(";").strip() for line in plain.splitlines()]
    lines = [line for line in lines if line]
    if len(lines) > 1 and any(";" in line for line in lines):
        raise ValueError(
            'kernel has lines with a ";" inside, and each of several lines is a row; '
            "separate the numbers of a row by spaces or commas"
        )
    return [row.strip() for line in lines for row in line.split(";") if row.strip()]


def _row(line: str, number: int) -> list[float]:
    entries = [entry for part in line.split(",") for entry in (part.split() or [""])]
    return [_entry(entry, number, place) for place, entry in enumerate(entries, start=1)]


def _entry(text: str, row: int, place: int) -> float:
    found = _NUMBER.fullmatch(text)
    if not found:
        raise ValueError(
            f'kernel, row {row}, entry {place} (="{_short(text)}") must be a number such as -1, 0.5 or 1/9'
        )
    above, below = found.groups()
    if below is None and above.lstrip("+-").isdigit() and len(above) < 16:
        return int(above)
    if below is not None and float(below) == 0:
        raise ValueError(f'kernel, row {row}, entry {place} (="{_short(text)}") must not divide by zero')
    value = float(above) / float(below or 1)
    if not math.isfinite(value):
        raise ValueError(f'kernel, row {row}, entry {place} (="{_short(text)}") is too large for a float64')
    return value


def _load(file: Path) -> NDArray[Any]:
    """Map the array before copying it, so that a header that claims more than the file has allocates nothing."""
    try:
        mapped = np.lib.format.open_memmap(file, mode="r")
    except Exception as error:  # a header that is no header fails in many ways
        raise ValueError(f'kernel file (="{file}") must be an array saved by numpy.save, without pickle') from error
    if mapped.size > MOST_WEIGHTS:
        raise ValueError(f'kernel file (="{file}") must not have more than {MOST_WEIGHTS:,} numbers')
    return np.array(mapped)


def _no_file(file: Path) -> NoReturn:
    nearest = did_you_mean(file.name, kernel_files(file.parent))
    raise FileNotFoundError(f'kernel file (="{file}") does not exist{nearest}')


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
