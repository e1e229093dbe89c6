"""The built-in sample: MNIST's threes and sevens, in one compact file beside this one.

`files/mnist_sample.xz` holds two arrays, one after the other in NumPy's .npy format: the places, (count, 3) int32,
for each image its split (0 train, 1 valid), its digit and its index in MNIST's file; and the images,
(count, 28, 28) uint8. scripts/make_sample.py makes it.
"""

from __future__ import annotations

import hashlib
import io
import lzma
from collections.abc import Iterator
from importlib.resources import files

import numpy as np

from convista.dataset.unpack import Part

SPLITS = ("train", "valid")
SHA256 = "a0d7d00a981413ed5a416a6ec35d2c5c2db3c6be20081701f65e1e0c4255fcce"
"""Of the two arrays' bytes, unpacked."""


def sample_parts() -> Iterator[Part]:
    """Yield the sample's images, split by split."""
    stream = io.BytesIO(_content((files("convista.dataset") / "files" / "mnist_sample.xz").read_bytes()))
    places = np.load(stream, allow_pickle=False)  # (count, 3)
    images = np.load(stream, allow_pickle=False)  # (count, 28, 28)
    for number, split in enumerate(SPLITS):
        mine = places[:, 0] == number  # (count,)
        _, digits, indices = places[mine].T
        yield Part(split, images[mine], [str(digit) for digit in digits], indices)


def _content(packed: bytes) -> bytes:
    """Return the bytes of the two arrays.

    >>> _content(b"half a file")
    Traceback (most recent call last):
    OSError: the installed file mnist_sample.xz is damaged; install convista again
    """
    try:
        content = lzma.decompress(packed)
    except lzma.LZMAError:
        content = b""
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise OSError("the installed file mnist_sample.xz is damaged; install convista again")
    return content
