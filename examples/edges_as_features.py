"""Edges instead of raw pixels: one linear classifier on pixels, on hand-made edges, and on kernels that were learned.

python examples/edges_as_features.py                 the built-in threes and sevens, in under a minute
python examples/edges_as_features.py mnist           all of MNIST: the name of a data set, or a folder of images
python examples/edges_as_features.py mnist 10        more epochs for the network

The classifier is scikit-learn's logistic regression on standardised numbers, told the same in all rows. The learned
kernels are those of a small network; its own last layer is a linear classifier, too, and has the last row.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import convista as cx
from convista.dataset import Dataset, load_dataset
from convista.network import Network
from convista.training import Settings, fit

NETWORK = "5x5/2 16, 3x3/2 32, 3x3 64, mean"
BLOCK = 1000

Images = NDArray[np.uint8]  # (images, channels, rows, cols)
Numbers = NDArray[np.float32]  # (images, numbers)


def compare(data: str, epochs: int) -> None:
    """Print a row for each kind of features."""
    dataset = load_dataset(data)
    train, test = len(dataset.train.labels), len(dataset.valid.labels)
    print(f"{dataset.name}: {train:,} images to learn from, {test:,} to test on\n")
    print(f"{'features':<24}{'numbers':>9}{'test accuracy':>15}{'seconds':>9}{'+ classifier':>14}")
    for row in rows(dataset, epochs):
        print(row, flush=True)


def rows(dataset: Dataset, epochs: int) -> Iterator[str]:
    """Yield the table's rows, as soon as each is known."""
    splits = dataset.train.images, dataset.valid.images
    began = time.perf_counter()
    yield row("raw pixels", dataset, [pixels(images) for images in splits], began)
    began = time.perf_counter()
    yield row("four edges, pooled", dataset, [edges(images) for images in splits], began)
    began = time.perf_counter()
    trained = fit(dataset, Settings(network=NETWORK, epochs=epochs))
    numbers = [learned(trained.network, images) for images in splits]
    yield row("learned kernels", dataset, numbers, began)
    yield line("  the network's own end", numbers[0].shape[1], trained.facts.accuracy)


def pixels(images: Images) -> Numbers:
    """Return the pixels as they are, 0 to 1."""
    return images.reshape(len(images), -1) / np.float32(255)


def edges(images: Images) -> Numbers:
    """Return what the four edge kernels answer, in fours of which the largest counts."""
    return cx.KernelFeatures().fit_transform(np.moveaxis(images, 1, 3))  # channels last; fit learns nothing


def learned(network: Network, images: Images) -> Numbers:
    """Return what goes into the network's last layer."""
    network.eval()
    before_last = network.layers[:-1]
    with torch.inference_mode():
        blocks = [
            before_last((block - network.mean) / network.std) for block in torch.from_numpy(images).float().split(BLOCK)
        ]
    return torch.cat(blocks).numpy()


def row(name: str, dataset: Dataset, numbers: list[Numbers], began: float) -> str:
    """Fit the linear classifier, and return its row of the table."""
    made = time.perf_counter()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, tol=1e-3, max_iter=300))
    accuracy = model.fit(numbers[0], dataset.train.labels).score(numbers[1], dataset.valid.labels)
    times = f"{made - began:>9.1f}{time.perf_counter() - made:>14.1f}"
    return line(name, numbers[0].shape[1], accuracy) + times


def line(name: str, numbers: int, accuracy: float) -> str:
    """Return the table's first columns."""
    return f"{name:<24}{numbers:>9}{accuracy:>14.2%} "


if __name__ == "__main__":
    compare(*sys.argv[1:2] or ["mnist_sample"], epochs=int((sys.argv[2:3] or [3])[0]))
