"""What `convista apply` does with an image that may be larger than memory: from one folder or TIFF into another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convista.cli.printing import console

if TYPE_CHECKING:
    from convista.kernel import Kernel
    from convista.store import Done

ENDING = ".zarr"


@dataclass(frozen=True)
class Place:
    """Where it is done, and what is replaced."""

    scheduler: str | None
    channels: str | None
    overwrite: bool

    @property
    def told(self) -> list[str]:
        """The options that were given."""
        return [f"--{name}" for name in ("scheduler", "channels", "overwrite") if getattr(self, name)]


def concerns(images: list[Path], out: Path | None, place: Place) -> bool:
    """Whether images or their result are larger than memory: a Zarr array is one of them."""
    if out is not None and out.suffix == ENDING:
        return True
    folder = next((image for image in images if image.suffix == ENDING or image.is_dir()), None)
    if folder is not None:
        got = "" if out is None else f', not --out (="{out}")'
        raise ValueError(f'image (="{folder}") is a folder, and its result becomes one: --out result.zarr{got}')
    if place.told:
        raise ValueError(f"{place.told[0]} is for large images: a Zarr array or a TIFF file with --out result.zarr")
    return False


def write(images: list[Path], out: Path, kernel: Kernel, terms: dict[str, Any], clip: bool, place: Place) -> str:
    """Write the result, and return what was done."""
    from convista import store
    from convista.store.source import open_source, stamp

    image, *others = images
    if others:
        raise ValueError(f'--out (="{out}") takes one image, and there are {len(images)}; give them one by one')
    dtype = None
    if clip:
        own = open_source(image, stamp(image)).dtype
        dtype = own if own.kind == "u" else "uint8"
    with _bar(out) as progress:
        done = store.convolve(
            image, out, kernel, dtype=dtype, scheduler=place.scheduler, channels=place.channels,
            overwrite=place.overwrite, progress=progress, **terms,
        )  # fmt: skip
    return _sentence(done, kernel, image)


@contextmanager
def _bar(out: Path) -> Iterator[Callable[[int, int], None]]:
    """Yield what moves a bar, on a terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    where = console()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("pieces"), TimeElapsedColumn(),
        TimeRemainingColumn(), console=where, transient=True, disable=not where.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task(str(out), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _sentence(done: Done, kernel: Kernel, image: Path) -> str:
    size = " x ".join(map(str, done.shape))
    said = f", {done.said}" if done.said else ""
    made = "1 piece" if done.made == 1 else f"{done.made:,} pieces"
    kept = f", {done.kept:,} kept from before" if done.kept else ""
    damaged = f"; {done.damaged:,} from before were damaged, and made again" if done.damaged else ""
    return f"{done.path}: {kernel.name} on {image}{said}; {size}, {done.dtype}; {made} made{kept}{damaged}"
