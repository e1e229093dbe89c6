"""The decoded cache: images as they come out of decoding, so that a second start needs no decoding.

Each data set is a folder in ``decoded`` below the cache folder, never in the user's own. Its name rests on all that the
decoded images rest on: the path, size and times of each file, how the folder was read, the size of the images, and the
versions of this form and of Pillow. It appears by one rename, and is checked by its sums whenever it is read: what is
damaged is made anew. The least recently used ones go when all together grow too large.

Images that are too large for memory are decoded right into it and used from there; the system reads what is needed.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import starmap
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from convista.bilingual import Bilingual, in_chinese
from convista.dataset.cache import VARIABLE, CacheFolderError, cache_folder
from convista.dataset.decoding import Size
from convista.dataset.memory import most_in_memory
from convista.dataset.records import Dataset, LeftOut, Place, Split

FORM = 2
"""Raised whenever the files here, or the rules by which images become arrays and are split, change."""
LIMIT = 2**35
"""Bytes of all data sets together; and never more than half of what the disk has left for them."""
WORTH = 2**20
"""Bytes of image files from which on it saves anything."""
SETTLED = 2 * 10**9
"""Nanoseconds that files must have been left alone: within them a change may leave the times as they are."""
ABANDONED = 86_400
"""Seconds after which a folder that isn't finished counts as left by a killed process."""
_IMAGES, _FACTS = "images.npy", "facts.json"


@dataclass(frozen=True, slots=True)
class Facts:
    """All of a data set but its pixels, its name and its folder."""

    places: tuple[Place, ...]
    """Of the images, in their order: those to learn from, then those to judge by."""
    left_out: tuple[LeftOut, ...]
    remarks: tuple[str, ...]
    reading: str

    def dataset(self, name: str, folder: Path, images: NDArray[np.uint8]) -> Dataset:
        """Return the data set with these images (count, channels, rows, cols)."""
        middle = sum(place.split == "train" for place in self.places)
        classes = sorted({place.label for place in self.places[:middle]})
        numbers = {label: number for number, label in enumerate(classes)}
        labels = np.array([numbers[place.label] for place in self.places], np.int64)  # (count,)
        paths = tuple(place.path for place in self.places)
        train = Split(images[:middle], labels[:middle], paths[:middle])
        valid = Split(images[middle:], labels[middle:], paths[middle:])
        return Dataset(name, folder, tuple(classes), train, valid, self.remarks, self.reading, self.left_out)


@dataclass(frozen=True, slots=True)
class Entry:
    """A data set in the cache."""

    place: Path
    folder: str
    """The user's folder."""
    shape: tuple[int, int, int, int]
    """(count, channels, rows, cols)"""
    bytes: int
    used: float
    """When it was used last, in seconds since 1970."""


def key_of(root: str, paths: Sequence[str], words: str) -> str:
    """Return the name of these files' entry, or nothing where they aren't worth one or have just been changed."""
    digest = hashlib.sha256(f"{FORM} {PIL.__version__} {root} {words}".encode(errors="surrogatepass"))
    total = newest = 0
    for path in paths:
        try:
            status = os.stat(os.path.join(root, path))  # noqa: PTH116, PTH118  ten times as fast as by Path
        except OSError:
            return ""
        digest.update(b"%d %d %d " % (status.st_size, status.st_mtime_ns, status.st_ctime_ns))
        total += status.st_size
        newest = max(newest, status.st_mtime_ns, status.st_ctime_ns)
    worth = total >= WORTH and time.time_ns() - newest > SETTLED
    return digest.hexdigest()[:32] if worth else ""


def load(key: str, name: str, folder: Path) -> Dataset | None:
    """Return a data set from the cache, or nothing where it isn't there whole."""
    place = home() / key
    if not key or not place.is_dir():
        return None
    try:
        facts, images = _facts(place), _images(place, _sums(place)["images"])
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        _remove(place)
        return None
    with suppress(OSError):  # it may belong to somebody else
        os.utime(place)
    return facts.dataset(name, folder, np.array(images) if images.nbytes <= most_in_memory() else np.asarray(images))


def filled(
    key: str, shape: tuple[int, ...], fill: Callable[[NDArray[np.uint8]], None], facts: Facts, name: str, folder: Path
) -> Dataset:
    """Return a data set whose images (count, channels, rows, cols) `fill` puts into an array, and keep it if it can be.

    Without the cache all works, only slower, as long as memory is large enough.
    """
    if math.prod(shape) <= most_in_memory():
        images = np.empty(shape, np.uint8)
        fill(images)
        if key and images.nbytes <= most_on_disk():
            with suppress(OSError), _new_entry(key) as place:
                np.save(place / _IMAGES, images, allow_pickle=False)
                _finish(place, facts, images, folder)
        return facts.dataset(name, folder, images)
    key = key or secrets.token_hex(16)  # never found again
    with _sentence(), _new_entry(key) as place:
        images = _mapped(place, shape)
        fill(images)
        _finish(place, facts, images, folder)
    dataset = load(key, name, folder)
    if dataset is None:
        raise RuntimeError(f"the images decoded into {home()} were removed meanwhile; start again")
    return dataset


def check_room(count: int, channels: int, size: Size) -> None:
    """Refuse images that fit neither into the memory nor into the cache."""
    needed, most = count * channels * size[0] * size[1], max(most_in_memory(), most_on_disk())
    if needed > most:
        side = max(1, int((most / count / channels) ** 0.5))
        raise ValueError(
            f"size (={size[0]} rows x {size[1]} cols) must let {count:,} images fit into {most / 2**30:.1f} GiB, "
            f"but they take {needed / 2**30:.1f} GiB; give size={min(side, 224)} or less"
        )


@contextmanager
def _new_entry(key: str) -> Iterator[Path]:
    """Yield a folder that becomes the entry `key` in the end, unless another process was quicker."""
    home().mkdir(parents=True, exist_ok=True)
    place = home() / f".{key}-{secrets.token_hex(6)}"
    place.mkdir()
    try:
        yield place
        with suppress(OSError):  # there is one by now
            place.rename(home() / key)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    _make_room(but=key)


def _mapped(place: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a new array that lies in a file of an entry, its room on the disk taken."""
    images = np.lib.format.open_memmap(place / _IMAGES, mode="w+", dtype=np.uint8, shape=shape)
    if hasattr(os, "posix_fallocate"):  # to write where the disk is full would end the process
        with (place / _IMAGES).open("rb+") as file:
            os.posix_fallocate(file.fileno(), 0, (place / _IMAGES).stat().st_size)
    return np.asarray(images)


def _finish(place: Path, facts: Facts, images: NDArray[np.uint8], folder: Path) -> None:
    """Write all but the images of an entry."""
    text = json.dumps(
        {
            "paths": [one.path for one in facts.places],
            "labels": [one.label for one in facts.places],
            "splits": [one.split for one in facts.places],
            "left_out": [asdict(one) for one in facts.left_out],
            "remarks": [(one, in_chinese(one)) for one in facts.remarks],
            "reading": facts.reading,
        }
    )
    sums = {"facts": zlib.crc32(text.encode()), "images": zlib.crc32(images.data)}
    head = json.dumps(sums | {"shape": images.shape, "folder": str(folder.resolve())})
    (place / _FACTS).write_text(f"{head}\n{text}", encoding="ascii", newline="\n")


def most_on_disk() -> int:
    """Return how many bytes the cache may take."""
    disk = next(place for place in (home(), *home().parents) if place.exists())
    return min(LIMIT, (shutil.disk_usage(disk).free + sum(one.bytes for one in entries())) // 2)


def entries() -> list[Entry]:
    """Return the data sets in the cache, the one used last first."""
    found = []
    for place in home().glob("[!.]*"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            sums, held = _sums(place), sum(file.stat().st_size for file in place.iterdir())
            found.append(Entry(place, sums["folder"], tuple(sums["shape"]), held, place.stat().st_mtime))
    return sorted(found, key=lambda entry: entry.used, reverse=True)


def clear() -> None:
    """Empty the cache. Data sets that are being used stay as they are, as long as they are."""
    with suppress(OSError):
        for place in home().iterdir():
            _remove(place)


def home() -> Path:
    """Return the folder of the cache."""
    return cache_folder() / "decoded"


def _sums(place: Path) -> dict[str, Any]:
    with (place / _FACTS).open(encoding="ascii") as file:
        sums: dict[str, Any] = json.loads(file.readline())
    return sums


def _images(place: Path, crc32: int) -> NDArray[np.uint8]:
    """Return the images, mapped: what is written into the array stays in memory."""
    images: NDArray[np.uint8] = np.load(place / _IMAGES, mmap_mode="c", allow_pickle=False)
    if zlib.crc32(images.data) != crc32:
        raise ValueError("the images are damaged")
    return images


def _facts(place: Path) -> Facts:
    head, text = (place / _FACTS).read_text(encoding="ascii").split("\n", 1)
    if zlib.crc32(text.encode()) != json.loads(head)["facts"]:
        raise ValueError("the facts are damaged")
    held = json.loads(text)
    return Facts(
        tuple(starmap(Place, zip(held["paths"], held["labels"], held["splits"], strict=True))),
        tuple(LeftOut(**one) for one in held["left_out"]),
        tuple(starmap(Bilingual, held["remarks"])),
        held["reading"],
    )


@contextmanager
def _sentence() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CacheFolderError(
            f'folder (="{home()}") must take the decoded images, which are too many for memory, but: '
            f"{error.strerror or error}; name another with the environment variable {VARIABLE}, or give a smaller size"
        ) from error


def _remove(place: Path) -> None:
    """Remove an entry: by one rename first, so that nobody sees half of it."""
    gone = place.with_name(f".{place.name}-{secrets.token_hex(6)}")
    with suppress(OSError):
        place.rename(gone)
        shutil.rmtree(gone)


def _make_room(but: str) -> None:
    """Remove what killed processes left, and the entries not used for the longest time while all are too large."""
    with suppress(OSError):
        for place in home().glob(".*"):
            if time.time() - place.stat().st_mtime > ABANDONED:
                shutil.rmtree(place, ignore_errors=True)
    most, held = most_on_disk(), entries()
    total = sum(entry.bytes for entry in held)
    for entry in reversed(held):
        if total > most and entry.place.name != but:
            _remove(entry.place)
            total -= entry.bytes
