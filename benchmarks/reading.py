"""Image files to small arrays of one size, images a second on one core, beside a plain loop of Pillow.

    python -m benchmarks.reading --rounds 7 --json reading.json

The loop opens each file, converts it, scales it by the same filter and makes an array of it. Ours does more: it tells
grey from colour and equal images from others, turns them upright, keeps their aspect, and says which can't be read.
Both read the same files, in turns, in one thread, from the system's memory; what is counted is the processor's time.
The ratio is taken within each round, and its median is told.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from convista.bench.machine import here
from convista.dataset import decoding


@dataclass(frozen=True)
class Work:
    """Files of one kind."""

    name: str
    ending: str
    size: tuple[int, int]
    """Rows and cols in the files."""
    target: tuple[int, int]
    count: int


@dataclass
class Outcome:
    """How quick both were, in images a second."""

    work: str
    ours: list[float] = field(default_factory=list)
    pillow: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times as quick ours is."""
        return statistics.median(ours / theirs for ours, theirs in zip(self.ours, self.pillow, strict=True))

    def line(self) -> str:
        """Return it in words."""
        ours, theirs = statistics.median(self.ours), statistics.median(self.pillow)
        return f"{self.work:<28} {ours:9,.0f} a second, Pillow {theirs:9,.0f}: {self.ratio:.2f}"


WORKS = (
    Work("JPEG 96 x 128", ".jpg", (96, 128), (96, 128), 400),
    Work("JPEG 192 x 256 to 96 x 128", ".jpg", (192, 256), (96, 128), 200),
    Work("JPEG 384 x 512 to 96 x 128", ".jpg", (384, 512), (96, 128), 100),
    Work("JPEG 1536 x 2048 to 96 x 128", ".jpg", (1536, 2048), (96, 128), 10),
    Work("PNG 28 x 28", ".png", (28, 28), (28, 28), 1000),
    Work("PNG 384 x 512 to 96 x 128", ".png", (384, 512), (96, 128), 50),
)


def main() -> None:
    """Measure, tell, write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="the record")
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    decoding.SMALL_PIXELS = 2**62  # one thread
    outcomes = []
    for work in WORKS:
        with tempfile.TemporaryDirectory() as folder:
            outcomes.append(measure(work, folder, asked.rounds))
            print(outcomes[-1].line(), flush=True)
    if asked.json:
        machine, versions = here()
        record = {"machine": machine, "versions": versions, "outcomes": [asdict(one) for one in outcomes]}
        asked.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def measure(work: Work, folder: str, rounds: int) -> Outcome:
    """Read the files by both, in turns; a first round warms up."""
    names, outcome = files(work, folder), Outcome(work.name)
    for round_ in range(rounds + 1):
        ours = rate(lambda: by_convista(folder, names, work.target), len(names))
        theirs = rate(lambda: by_pillow(folder, names, work.target), len(names))
        if round_:
            outcome.ours.append(ours)
            outcome.pillow.append(theirs)
    return outcome


def rate(read: Callable[[], object], count: int) -> float:
    """Return how many images are read in a second of the processor."""
    began = time.process_time()
    read()
    return count / (time.process_time() - began)


def by_convista(folder: str, names: list[str], target: tuple[int, int]) -> object:
    """Read them as training does."""
    pictures, left_out = decoding.decode(folder, names, target, keep=2**30)
    images = np.empty((len(pictures), 1 if pictures[0].grey else 3, *target), np.uint8)
    decoding.put(pictures, folder, images)
    return images, left_out


def by_pillow(folder: str, names: list[str], target: tuple[int, int]) -> object:
    """Read them as scripts do."""
    mode = "L" if names[0].endswith(".png") and target == (28, 28) else "RGB"
    images = np.empty((len(names), *target, len(mode)), np.uint8)
    for number, name in enumerate(names):
        with Image.open(f"{folder}/{name}") as image:
            scaled = image.convert(mode).resize(target[::-1], Image.Resampling.BILINEAR)
        images[number] = np.asarray(scaled).reshape(*target, len(mode))
    return images


def files(work: Work, folder: str) -> list[str]:
    """Write photos of nothing: soft colours with some noise, about as large as real ones."""
    random, names = np.random.default_rng(0), []
    for number in range(work.count):
        rows, cols = work.size
        soft = Image.fromarray(random.integers(0, 256, (rows // 16 + 2, cols // 16 + 2, 3), dtype=np.uint8))
        pixels = np.asarray(soft.resize((cols, rows), Image.Resampling.BICUBIC)).astype(np.int16)
        photo = Image.fromarray(np.clip(pixels + random.integers(-8, 9, pixels.shape), 0, 255).astype(np.uint8))
        name = f"{number}{work.ending}"
        (photo.convert("L") if work.size == (28, 28) else photo).save(f"{folder}/{name}")
        names.append(name)
    return names


if __name__ == "__main__":
    main()
