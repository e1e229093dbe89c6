"""The verb: a kernel over all of an image on the disk, in bounded memory, that goes on after a kill."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from convista.cluster import connected, cores_of
from convista.grid.threads import thread_count
from convista.store import journal, result
from convista.store.folder import Folder
from convista.store.job import Job, Place, read_job
from convista.store.source import close_source
from convista.window import Padding

BUDGET = 400_000_000
"""Bytes of pieces that may be in the making at once."""

ZARR_FILES = ("zarr.json", ".zarray", ".zgroup")
"""One of them makes a folder a Zarr folder."""

Sealed: TypeAlias = tuple[str, str]
Submit: TypeAlias = Callable[..., Future[Sealed]]


@dataclass(frozen=True, slots=True)
class Done:
    """A result on the disk."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    made: int
    """Pieces made by this call."""
    kept: int
    """Pieces that an earlier call had made."""
    damaged: int
    """Pieces that an earlier call had made, and whose files had changed since; they are among those made."""
    said: str
    """Which image it was, where the file has several."""


def convolve(
    image: str | os.PathLike[str],
    out: str | os.PathLike[str],
    kernel: Any,
    bias: float | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = "same",
    dilation: int | Sequence[int] = 1,
    padding_mode: str = "zeros",
    fill: float = 0,
    flip: bool = False,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    threads: int | None = None,
    channels: str | None = None,
    scheduler: str | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Done:
    """Convolve an image that may be larger than memory: a Zarr array or a TIFF file, into a Zarr array.

    `out` exists only when it is whole. Until then the work lies beside it, in ``.NAME-unfinished``: the same call
    again goes on there after a kill, a full disk or Ctrl-C. Pieces that were done are kept if they are unharmed.

    Parameters
    ----------
    image : path
        A Zarr array of format 2 or 3, a group with one array, an OME-Zarr image (its full size), or a TIFF file.
        Along all axes but rows and cols, each plane is on its own.
    out : path
        The Zarr array to write. Its chunks are those of the image; pieces of over 16 million pixels are cut.
    kernel, bias, stride, padding, dilation, padding_mode, fill, flip, dtype, engine
        As for `convista.conv2d`; one kernel (rows, cols).
    threads : int, optional
        At most so many pieces are made at once; fewer where they are large.
    channels : {"first", "last"}, optional
        Where the channels of an image of three axes are, if its file doesn't name them.
    scheduler : str, optional
        The address of a dask.distributed scheduler, whose workers see the same files; or "local", for workers on this
        machine that are processes of their own.
    overwrite : bool
        Replace `out`, once the new one is whole, and what another job has begun.
    progress : callable, optional
        Called with how many pieces are done, and how many there are.

    Raises
    ------
    FileNotFoundError, FileExistsError, ValueError, TypeError
        Before anything is computed.
    OSError
        When the disk is full; what is done is kept.

    Examples
    --------
    >>> import tempfile, zarr
    >>> folder = Path(tempfile.mkdtemp())
    >>> array = zarr.create_array(folder / "image.zarr", data=np.eye(6, dtype="uint8"), chunks=(4, 4))
    >>> done = convolve(folder / "image.zarr", folder / "out.zarr", [[1, 2, 3]])
    >>> done.shape, done.made, zarr.open_array(folder / "out.zarr")[0].tolist()
    ((6, 6), 4, [2, 1, 0, 0, 0, 0])
    """
    terms = {
        "stride": stride, "padding": padding, "dilation": dilation, "padding_mode": padding_mode, "fill": fill,
        "flip": flip, "dtype": None if dtype is None else np.dtype(dtype), "engine": engine,
    }  # fmt: skip
    workers = thread_count(threads)
    job, folder = read_job(Path(image), kernel, bias, channels, terms), Folder(Path(out))
    _check_target(job, folder, overwrite=overwrite)
    try:
        with folder.locked():
            folder.begin(job, overwrite=overwrite)
            return _finish(job, folder, scheduler, workers, progress or (lambda *_: None))
    finally:
        close_source()


def _finish(
    job: Job, folder: Folder, scheduler: str | None, workers: int, progress: Callable[[int, int], None]
) -> Done:
    begun, sealed = folder.entries(), folder.unharmed()
    name_of, kept = result.file_name(folder.array), len(sealed)
    missing = [place for place in job.places if name_of(place) not in sealed]
    total = kept + len(missing)
    progress(kept, total)
    with _workers(job, scheduler, workers) as (submit, width):
        path = folder.array.resolve()
        pieces = _each(lambda place: submit(result.make, job, path, place), missing, width)
        try:
            _write_down(folder, pieces, kept, lambda count: progress(count, total))
        except BaseException as error:
            raise _with_state(error, folder, total) from error
    folder.close()
    return Done(folder.target, job.shape, job.dtype, len(missing), kept, len(begun) - kept, job.source.said)


def _write_down(folder: Folder, pieces: Iterator[Sealed], kept: int, progress: Callable[[int], None]) -> None:
    """Add each piece to the journal as it is done."""
    with folder.journal.open("a", encoding="utf-8") as lines:
        for count, piece in enumerate(pieces, kept + 1):
            journal.add(lines, *piece)
            progress(count)


@contextmanager
def _workers(job: Job, scheduler: str | None, threads: int) -> Iterator[tuple[Submit, int]]:
    """Yield who makes the pieces, and how many are given out at once."""
    if scheduler is None:
        width = max(1, min(threads, BUDGET // job.piece_bytes))
        with ThreadPoolExecutor(width) as pool:
            yield pool.submit, width
        return
    with connected(scheduler) as client:
        yield partial(_submit, client), 2 * cores_of(client)  # one at work and one in wait


def _submit(client: Any, make: Callable[..., Sealed], *terms: Any) -> Future[Sealed]:
    """Have a cluster make a piece.

    Its own executor's futures stay open for good if a worker dies that holds a result, and then a second one.
    """
    piece = Future[Sealed]()

    def settle(task: Any) -> None:
        try:
            piece.set_result(task.result())
        except BaseException as error:
            piece.set_exception(error)

    client.submit(make, *terms, pure=False).add_done_callback(settle)
    return piece


def _each(make: Callable[[Place], Future[Sealed]], places: Sequence[Place], width: int) -> Iterator[Sealed]:
    """Yield pieces as they are done, `width` in the making; after a failure those that were begun, then the failure."""
    waiting, running, failures = iter(places), set[Future[Sealed]](), list[BaseException]()
    while True:
        if not failures:
            running |= {make(place) for place in islice(waiting, width - len(running))}
        if not running:
            break
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for piece in done:
            error = piece.exception()
            if error is None:
                yield piece.result()
            else:
                failures.append(error)
    if failures:
        raise failures[0]


def _with_state(error: BaseException, folder: Folder, total: int) -> BaseException:
    """Return an error that also says what is kept."""
    state = f"{len(folder.entries()):,} of {total:,} pieces are kept, and the same command goes on from there"
    if isinstance(error, KeyboardInterrupt):
        return KeyboardInterrupt(f"stopped; {state}")
    kind = type(error)
    if kind.__module__.startswith("distributed."):  # workers died with a piece again and again, or the scheduler did
        lost = f"the cluster lost a piece for good ({kind.__name__})"
        return RuntimeError(f"{lost}; see what its workers' logs say, or give them more memory; {state}")
    if isinstance(error, OSError):
        return OSError(f'out (="{folder.target}") can\'t be written: {error.strerror or error}; {state}')
    return kind(f"{error}; {state}") if isinstance(error, (ValueError, RuntimeError)) else error


def _check_target(job: Job, folder: Folder, *, overwrite: bool) -> None:
    target, image = folder.target, job.image.resolve()
    place = target.resolve()
    if place == image or place.is_relative_to(image) or image.is_relative_to(place):
        raise ValueError(f'out (="{target}") and image (="{job.image}") lie in each other; give out another place')
    if not target.parent.is_dir():
        raise FileNotFoundError(f'out (="{target}") must lie in a folder that exists; make "{target.parent}" first')
    if not target.exists():
        return
    if not overwrite:
        raise FileExistsError(
            f'out (="{target}") exists; give another name, or overwrite=True (--overwrite) to replace it'
        )
    if not any((target / name).is_file() for name in ZARR_FILES):
        raise FileExistsError(f'out (="{target}") is no Zarr array, and is not replaced; give another name')
