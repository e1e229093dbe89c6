"""Make the built-in sample from MNIST's four IDX files: python scripts/make_sample.py FOLDER_OF_MNIST.

It writes src/convista/dataset/files/mnist_sample.xz and the LICENSE.md beside it, and prints the sha256 that
convista.dataset.sample must hold. The same files give the same sample.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import sys
from pathlib import Path

import numpy as np

from convista.dataset import sample
from convista.dataset.idx import read_idx
from convista.dataset.known import KNOWN

TARGET = Path(sample.__file__).parent / "files"
STEMS = ("train", "t10k")  # MNIST's names for sample.SPLITS
DIGITS = (3, 7)

# What packs these bytes best with the standard library: gzip takes 2.25 MB, bz2 1.89, xz 1.86, so set up 1.85. The
# dictionary is as large as the content and no larger, since unpacking needs as much memory.
FILTERS = [
    {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 24, "lc": 4, "lp": 0, "pb": 0}
]


def main(folder: Path) -> None:
    """Write the sample's two files."""
    for file in KNOWN["mnist"].files:
        if not file.is_at(folder / file.name):
            raise SystemExit(f"{folder / file.name} is not MNIST's")
    content = _content(folder)
    TARGET.mkdir(exist_ok=True)
    size = (TARGET / "mnist_sample.xz").write_bytes(lzma.compress(content, filters=FILTERS))
    (TARGET / "LICENSE.md").write_text(KNOWN["mnist_sample"].notice, encoding="utf-8", newline="\n")
    sys.stdout.write(f'{size:,} bytes\nSHA256 = "{hashlib.sha256(content).hexdigest()}"\n')


def _content(folder: Path) -> bytes:
    """Return the two arrays as sample.py wants them, sorted by split and digit, since like packs well with like."""
    places, images = [], []
    for split, stem in enumerate(STEMS):
        labels = read_idx(folder / f"{stem}-labels-idx1-ubyte.gz")  # (count,)
        pixels = read_idx(folder / f"{stem}-images-idx3-ubyte.gz")  # (count, rows, cols)
        for digit in DIGITS:
            indices = np.flatnonzero(labels == digit)
            places.append(np.stack([np.full_like(indices, split), np.full_like(indices, digit), indices], axis=1))
            images.append(pixels[indices])
    stream = io.BytesIO()
    np.save(stream, np.concatenate(places).astype("<i4"), allow_pickle=False)  # (count, 3)
    np.save(stream, np.concatenate(images), allow_pickle=False)  # (count, rows, cols)
    return stream.getvalue()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
