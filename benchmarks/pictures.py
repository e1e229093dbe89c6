"""The data that training is measured on, as folders of image files: train|valid/<class>/<image>."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from convista import untar_data
from convista.dataset import read_idx

SHARED = Path(os.environ.get("CONVISTA_SHARED", Path(__file__).parents[2] / "shared")) / "data"


def folder(name: str, scratch: Path) -> Path | None:
    """Return the folder of a data set, made below `scratch` where it is none yet; None where its files are missing."""
    if name == "sample":
        return untar_data("mnist_sample")
    if (scratch / name).exists():
        return scratch / name
    if name == "digits":
        return _mnist(name, scratch, every=12)
    return (_mnist if name == "mnist" else _archive)(name, scratch)


def _mnist(name: str, scratch: Path, every: int = 1) -> Path | None:
    """Write MNIST's 70,000 digits as PNG files, or, of each class, one in `every`."""
    if not (SHARED / "mnist").is_dir():
        return None
    for prefix, split in (("train", "train"), ("t10k", "valid")):
        images = read_idx(SHARED / "mnist" / f"{prefix}-images-idx3-ubyte.gz")
        labels = read_idx(SHARED / "mnist" / f"{prefix}-labels-idx1-ubyte.gz")
        for label in range(10):
            place = scratch / name / split / str(label)
            place.mkdir(parents=True)
            for number in np.flatnonzero(labels == label)[::every]:
                Image.fromarray(images[number]).save(place / f"{number}.png")
    return scratch / name


def _archive(name: str, scratch: Path) -> Path | None:
    """Unpack an archive of photos."""
    if not (SHARED / f"{name}.tar").is_file():
        return None
    with tarfile.open(SHARED / f"{name}.tar") as archive:
        archive.extractall(scratch, filter="data")
    return scratch / name
