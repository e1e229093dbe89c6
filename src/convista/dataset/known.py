"""The data sets that have a name: what each is, whose it is, where its files are and how they are read.

A data set is a record, so another one is another record. Hashes and sizes are those that TensorFlow Datasets
publishes in its `url_checksums`; MNIST's content is checked besides, whoever packed it.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from convista.dataset.idx import read_idx
from convista.dataset.sample import sample_parts
from convista.dataset.unpack import Part


@dataclass(frozen=True, slots=True)
class File:
    """A file to download."""

    name: str
    bytes: int
    sha256: str
    content_sha256: str = ""
    """Of what a .gz holds, where it is known: it then decides, since the same content can be packed in many ways."""

    def is_at(self, path: Path) -> bool:
        """Say whether `path` is this file."""
        if not path.is_file():
            return False
        if not self.content_sha256:
            with path.open("rb") as file:
                return _sha256(file) == self.sha256
        try:
            with gzip.open(path) as content:
                return _sha256(content) == self.content_sha256
        except (gzip.BadGzipFile, EOFError, zlib.error):
            return False


@dataclass(frozen=True, slots=True)
class Known:
    """A data set that has a name."""

    title: str
    about: str
    licence: str
    citation: str
    homepage: str
    changed: str
    """What convista changes about it."""
    read: Callable[[Path], Iterable[Part]]
    """From the folder of the downloaded files to the images."""
    mirrors: tuple[str, ...] = ()
    """Addresses that give a file when its name is added; the first that answers is used."""
    files: tuple[File, ...] = ()

    @property
    def notice(self) -> str:
        """The text of the LICENSE.md that lies beside the images."""
        facts = {"Licence": self.licence, "Source": self.citation, "Origin": self.homepage, "Changed": self.changed}
        lines = (f"- {name}: {text}\n" for name, text in facts.items())
        return f"# {self.title}\n\n{self.about}\n\n{''.join(lines)}"


def idx_parts(folder: Path, classes: tuple[str, ...]) -> Iterator[Part]:
    """Yield the images of four IDX files named as MNIST's are."""
    for split, stem in (("train", "train"), ("valid", "t10k")):
        images = read_idx(folder / f"{stem}-images-idx3-ubyte.gz")  # (count, rows, cols)
        labels = read_idx(folder / f"{stem}-labels-idx1-ubyte.gz")  # (count,)
        yield Part(split, images, [classes[label] for label in labels], range(len(labels)))


def cifar_parts(folder: Path) -> Iterator[Part]:
    """Yield the images of CIFAR-10's binary version, in which a record is a label and 3 x 32 x 32 bytes."""
    with unpacked(folder / "cifar-10-binary.tar.gz") as inside:
        for split, pattern in (("train", "data_batch_*.bin"), ("valid", "test_batch.bin")):
            batches = sorted((inside / "cifar-10-batches-bin").glob(pattern))
            records = np.concatenate([np.fromfile(batch, np.uint8) for batch in batches]).reshape(-1, 1 + 3 * 32 * 32)
            images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (count, rows, cols, channels)
            yield Part(split, images, [_CIFAR[label] for label in records[:, 0]], range(len(records)))


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """Yield a folder beside `archive` with what is in it, for as long as it is needed."""
    if not hasattr(tarfile, "data_filter"):
        raise RuntimeError(
            f"unpacking {archive.name} needs Python 3.11.4 or newer, whose tarfile can refuse harmful archives"
        )
    folder = archive.with_name(".unpacked")  # always the same name, so that a killed process's is removed here
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        yield folder
    except tarfile.FilterError as error:
        raise ValueError(f"{archive} is refused, since it is not a plain archive of files: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sha256(file: BinaryIO | gzip.GzipFile) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


_DIGITS = tuple("0123456789")
_CLOTHES = ("t_shirt_top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot")
_CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_CC_BY_SA = "CC BY-SA 3.0, https://creativecommons.org/licenses/by-sa/3.0/"
_MNIST_SOURCE = "Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits"
_MNIST_HOME = "http://yann.lecun.com/exdb/mnist/"

KNOWN: dict[str, Known] = {
    "mnist_sample": Known(
        title="MNIST's threes and sevens",
        about="Handwritten digits, grey, 28 x 28 pixels: 12,396 to train and 2,038 to validate. Built in.",
        licence=_CC_BY_SA,
        citation=_MNIST_SOURCE,
        homepage=_MNIST_HOME,
        changed="threes and sevens only, repacked as PNG files named by their index in MNIST; no pixel differs",
        read=lambda _: sample_parts(),
    ),
    "mnist": Known(
        title="MNIST",
        about="The ten handwritten digits, grey, 28 x 28 pixels: 60,000 to train and 10,000 to validate.",
        licence=_CC_BY_SA,
        citation=_MNIST_SOURCE,
        homepage=_MNIST_HOME,
        changed="repacked as PNG files named by their index in MNIST; no pixel differs",
        read=partial(idx_parts, classes=_DIGITS),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        files=(
            File("train-images-idx3-ubyte.gz", 9_912_422,
                 "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                 "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            File("train-labels-idx1-ubyte.gz", 28_881,
                 "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                 "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            File("t10k-images-idx3-ubyte.gz", 1_648_877,
                 "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                 "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            File("t10k-labels-idx1-ubyte.gz", 4_542,
                 "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                 "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        ),
    ),
    "fashion_mnist": Known(
        title="Fashion-MNIST",
        about="Ten kinds of clothes, grey, 28 x 28 pixels: 60,000 to train and 10,000 to validate.",
        licence="MIT, Copyright (c) 2017 Zalando SE, https://github.com/zalandoresearch/fashion-mnist/blob/master/LICENSE",
        citation="H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine "
        "Learning Algorithms, arXiv:1708.07747",
        homepage="https://github.com/zalandoresearch/fashion-mnist",
        changed="repacked as PNG files named by their index; no pixel differs",
        read=partial(idx_parts, classes=_CLOTHES),
        mirrors=(
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        files=(
            File("train-images-idx3-ubyte.gz", 26_421_880,
                 "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            File("train-labels-idx1-ubyte.gz", 29_515,
                 "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            File("t10k-images-idx3-ubyte.gz", 4_422_102,
                 "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            File("t10k-labels-idx1-ubyte.gz", 5_148,
                 "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ),
    ),
    "cifar10": Known(
        title="CIFAR-10",
        about="Ten kinds of animals and vehicles, colour, 32 x 32 pixels: 50,000 to train and 10,000 to validate.",
        licence="none is stated; its authors ask that the source below is cited",
        citation="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
        changed="repacked as PNG files named by their index in the five training batches, or the test batch; "
        "no pixel differs",
        read=cifar_parts,
        mirrors=(
            "https://www.cs.toronto.edu/~kriz/",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
            "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/",
        ),
        files=(
            File("cifar-10-binary.tar.gz", 170_052_171,
                 "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
        ),
    ),
}  # fmt: skip
