"""What an image larger than memory can be read from: a Zarr array (format 2 or 3), or a TIFF file.

A Zarr group stands for its array where it has one only, and an OME-Zarr image for its full size. A TIFF file is
seen through tifffile's Zarr view; one that is a single plain block of numbers is read where it lies.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convista.errors import need, one_of
from convista.store.cache import Cache
from convista.window import Pair

Array: TypeAlias = NDArray[Any]

CACHE = 200_000_000
"""Bytes of chunks kept at hand."""
BLOCK = (1024, 1024)
"""Rows and cols that are read together of a file that has no chunks."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An image on the disk."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    """What is best read, and written, together."""
    shards: tuple[int, ...] | None
    """What lies in one file, where that is more than a chunk."""
    names: tuple[str, ...] | None
    """What the axes are called, where that is known."""
    format: int
    """Of Zarr, 2 or 3."""
    part: Callable[[tuple[slice, ...]], Array]
    """Return the pixels in some slices."""
    said: str
    """Which of several images this is."""
    close: Callable[[], None] = lambda: None
    """Let go of the file."""

    def read(self, spans: Sequence[Sequence[Pair]]) -> Array:
        """Return the pixels of some stretches along each axis, next to each other."""
        if all(len(each) == 1 for each in spans):
            return self.part(tuple(slice(*each[0]) for each in spans))
        pixels = np.empty([sum(last - first for first, last in each) for each in spans], self.dtype)
        for pieces in product(*(zip(each, _places(each), strict=True) for each in spans)):
            pixels[tuple(place for _, place in pieces)] = self.part(tuple(slice(*span) for span, _ in pieces))
        return pixels

    def rows_and_cols(self, channels: str | None) -> Pair:
        """Return which axes are the rows and the cols: by their names, or by where the `channels` are."""
        return _rows_and_cols(self.shape, self.names, channels)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when an image on the disk does."""

    files: int
    bytes: int
    newest: int
    """When a file was changed last, in nanoseconds."""


def stamp(path: Path) -> Stamp:
    """Return the stamp of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    facts = [file.stat() for file in files]
    return Stamp(len(facts), sum(fact.st_size for fact in facts), max((fact.st_mtime_ns for fact in facts), default=0))


_opened: dict[tuple[Path, Stamp], Source] = {}
_opening = Lock()


def open_source(path: Path, seen: Stamp) -> Source:
    """Return the image at `path`; opened once in each process, and anew when it has changed.

    Raises
    ------
    FileNotFoundError, ValueError
        There is nothing, or nothing that is an image.
    """
    if not path.exists():
        raise FileNotFoundError(f'image (="{path}") doesn\'t exist')
    with _opening:
        if (path, seen) not in _opened:
            _close_all()
            _opened[path, seen] = _open_zarr(path) if path.is_dir() else _open_tiff(path)
        return _opened[path, seen]


def close_source() -> None:
    """Let go of what is open, and of the chunks at hand."""
    with _opening:
        _close_all()


def _close_all() -> None:
    while _opened:
        _opened.popitem()[1].close()


def _open_zarr(path: Path) -> Source:
    zarr = need("zarr", "dask", "a Zarr folder")
    try:
        found = zarr.open(path, mode="r")
    except (ValueError, KeyError, TypeError, FileNotFoundError) as error:  # what zarr makes of a damaged folder
        raise ValueError(f'image (="{path}") is a folder, but no Zarr array: {error}') from error
    names, said = None, ""
    if not hasattr(found, "shape"):
        found, names, said = _of_group(path, found)
    return _chunked(path, found, names or _names(found), said, found.metadata.zarr_format)


def _of_group(path: Path, group: Any) -> tuple[Any, tuple[str, ...] | None, str]:
    """Return an OME-Zarr image's largest level, or a group's only array; with axis names and what to say."""
    attributes = group.attrs.asdict()
    scales = attributes.get("ome", attributes).get("multiscales")
    if scales:
        inner = scales[0]["datasets"][0]["path"]
        axes = tuple(axis["name"] if isinstance(axis, dict) else axis for axis in scales[0].get("axes", ()))
        return group[inner], axes or None, f'the full size ("{inner}") of an OME-Zarr image'
    arrays = sorted(group.array_keys())
    if len(arrays) != 1:
        listed = f"{len(arrays)} arrays ({', '.join(arrays)}); give one: {path / arrays[0]}" if arrays else "no array"
        raise ValueError(f'image (="{path}") is a Zarr group with {listed}')
    return group[arrays[0]], None, f'the array "{arrays[0]}" of a group'


def _names(array: Any) -> tuple[str, ...] | None:
    found = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    return tuple(map(str, found)) if found else None


def _chunked(path: Path, array: Any, names: tuple[str, ...] | None, said: str, form: int) -> Source:
    """Return a source that reads a Zarr array chunk by chunk, and keeps the last chunks at hand."""
    cache = Cache(CACHE)

    def chunk(place: tuple[int, ...]) -> Array:
        pixels: Array = array[
            tuple(slice(i * size, (i + 1) * size) for i, size in zip(place, array.chunks, strict=True))
        ]
        return pixels

    def part(slices: tuple[slice, ...]) -> Array:
        pixels = np.empty([each.stop - each.start for each in slices], array.dtype)
        for place in product(*map(_chunks_of, slices, array.chunks)):
            there, here = zip(*map(_common, slices, place, array.chunks), strict=True) if place else ((), ())
            pixels[here] = cache.get(place, chunk)[there]
        return pixels

    return Source(path, array.shape, array.dtype, array.chunks, array.shards, names, form, part, said)


def _chunks_of(wanted: slice, size: int) -> range:
    return range(wanted.start // size, -(-wanted.stop // size))


def _common(wanted: slice, chunk: int, size: int) -> tuple[slice, slice]:
    """Return where the wanted pixels are in a chunk, and where they go.

    >>> _common(slice(8, 25), 1, 10), _common(slice(8, 25), 2, 10)
    ((slice(0, 10, None), slice(2, 12, None)), (slice(0, 5, None), slice(12, 17, None)))
    """
    first, last = max(wanted.start, chunk * size), min(wanted.stop, (chunk + 1) * size)
    return slice(first - chunk * size, last - chunk * size), slice(first - wanted.start, last - wanted.start)


def _open_tiff(path: Path) -> Source:
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            said = f"the first of {len(file.series)} images" if len(file.series) > 1 else ""
            said = "the full size of an image that has smaller ones" if len(series.levels) > 1 else said
            names = tuple(series.axes.lower())
            block = None if series.dataoffset is None or not series.keyframe.is_memmappable else series.dataoffset
            if block is not None:
                return _mapped(path, series.shape, file.byteorder + series.dtype.char, block, names, said)
    except (tifffile.TiffFileError, IndexError) as error:
        raise ValueError(f'image (="{path}") is neither a Zarr folder nor a TIFF file: {error}') from error
    zarr = need("zarr", "dask", "a TIFF file in pieces")
    view = tifffile.imread(path, aszarr=True, series=0, level=0)
    array = zarr.open(view, mode="r")
    pieces = _chunked(path, array, names, said, 3)
    return replace(pieces, chunks=_together(array.shape, array.chunks), close=view.close)


def _mapped(path: Path, shape: tuple[int, ...], dtype: str, offset: int, names: tuple[str, ...], said: str) -> Source:
    """Return a source that reads numbers where they lie; each piece through a map of its own, soon let go."""

    def part(slices: tuple[slice, ...]) -> Array:
        return np.array(np.memmap(path, dtype, "r", offset, shape)[slices])

    kind, chunks = np.dtype(dtype), _blocks(shape, names)
    return Source(path, shape, kind, chunks, None, names, 3, part, said)


def _blocks(shape: tuple[int, ...], names: tuple[str, ...]) -> tuple[int, ...]:
    """Return a handy piece of a file without chunks: some rows and cols, all channels, one of all else."""
    sizes = dict(zip("yx", BLOCK, strict=True))
    return tuple(
        min(size, sizes.get(name, size if name == "s" else 1)) for size, name in zip(shape, names, strict=True)
    )


def _together(shape: tuple[int, ...], chunks: tuple[int, ...]) -> tuple[int, ...]:
    """Return strips of a TIFF gathered to bands; tiles as they are.

    >>> _together((5000, 2000), (1, 2000)), _together((5000, 2000), (256, 256)), _together((30, 20), (8, 20))
    ((524, 2000), (256, 256), (30, 20))
    """
    axis = next((i for i, (size, chunk) in enumerate(zip(shape, chunks, strict=True)) if 1 < size != chunk), None)
    strips = axis is not None and chunks[axis + 1 :] == shape[axis + 1 :]
    if axis is None or not strips:
        return chunks
    wanted = math.prod(BLOCK) // max(math.prod(chunks[axis + 1 :]), 1)
    rows = max(chunks[axis], wanted // chunks[axis] * chunks[axis])
    return (*chunks[:axis], min(rows, shape[axis]), *chunks[axis + 1 :])


def _places(spans: Sequence[Pair]) -> list[slice]:
    ends = np.cumsum([last - first for first, last in spans]).tolist()
    return [slice(end - (last - first), end) for end, (first, last) in zip(ends, spans, strict=True)]


def _rows_and_cols(shape: tuple[int, ...], names: tuple[str, ...] | None, channels: str | None) -> Pair:
    if len(shape) < 2:
        raise ValueError(f"image (shape {shape}) must have rows and cols")
    if channels is not None:
        first = one_of("channels", channels, ("first", "last")) == "first"
        if len(shape) != 3:
            raise ValueError(f'channels (="{channels}") is for an image of 3 axes; this one has shape {shape}')
        return (1, 2) if first else (0, 1)
    for pair in (("y", "x"), ("rows", "cols")):
        lower = [name.lower() for name in names or ()]
        if set(pair) <= set(lower):
            return lower.index(pair[0]), lower.index(pair[1])
    if len(shape) == 2:
        return 0, 1
    channel_step = 'say where the channels are: channels="first" or "last"'
    step = channel_step if len(shape) == 3 else "name them in the file, two of them y and x"
    raise ValueError(f"image (shape {shape}) has {len(shape)} axes without names; {step}")
