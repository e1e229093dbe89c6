"""The array that a result is written into, piece by piece."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convista.errors import need
from convista.store.job import Job, Place
from convista.store.journal import seal


def create(path: Path, job: Job) -> None:
    """Make the array, in place of one that may be there. Nothing is computed."""
    source, form = job.source, job.source.format
    names: dict[str, Any] = {"dimension_names": source.names} if form == 3 else {}
    attributes: dict[str, Any] = {"convista": job.description()}
    if form == 2 and source.names:
        attributes["_ARRAY_DIMENSIONS"] = list(source.names)
    need("zarr", "dask", "a Zarr folder").create_array(
        path, shape=job.shape, dtype=job.dtype, chunks=job.chunks, zarr_format=form, attributes=attributes,
        shards=None if job.piece == job.chunks else job.piece, overwrite=True, **names,
    )  # fmt: skip


def make(job: Job, path: Path, place: Place) -> tuple[str, str]:
    """Make one piece and write it; return its file's name inside the array and its checksum."""
    array = need("zarr", "dask", "a Zarr folder").open_array(path, mode="r+")
    where, pixels = job.result(place)
    array.with_config({"write_empty_chunks": True})[where] = pixels  # nothing but zeros gets a file as well
    name: str = array.metadata.encode_chunk_key(place)
    return name, seal(path / name)


def file_name(path: Path) -> Any:
    """Return the function from a piece's place to its file's name inside the array."""
    return need("zarr", "dask", "a Zarr folder").open_array(path, mode="r").metadata.encode_chunk_key
