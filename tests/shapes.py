"""Tiny labelled images for tests of training: rings against crosses, drawn with noise, at random places."""

from pathlib import Path

import numpy as np

from convista.dataset import Dataset, Split

CLASSES = ("cross", "ring")


def draw(label, size, random):
    rows, cols = np.mgrid[:size, :size] - random.uniform(size * 0.4, size * 0.6, 2)[:, None, None]
    radius = random.uniform(0.25, 0.35) * size
    if label == 1:
        ink = np.abs(np.hypot(rows, cols) - radius) < 1.2
    else:
        ink = (np.minimum(np.abs(rows), np.abs(cols)) < 1.2) & (np.maximum(np.abs(rows), np.abs(cols)) < radius)
    noise = random.integers(0, 40, (size, size))
    return np.uint8(np.where(ink, 215, 0) + noise)


def split(count, seed, size=16, channels=1):
    """`count` images, of the two classes in turn."""
    random = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % 2
    images = np.stack([np.stack([draw(label, size, random)] * channels) for label in labels])
    return Split(images, labels, tuple(f"{CLASSES[label]}/{i}.png" for i, label in enumerate(labels)))


def dataset(train=96, valid=32, size=16, channels=1):
    return Dataset(
        name="shapes",
        folder=Path("shapes"),
        classes=CLASSES,
        train=split(train, 0, size, channels),
        valid=split(valid, 1, size, channels),
        remarks=("shapes/odd.png was left out: it is empty",),
    )
