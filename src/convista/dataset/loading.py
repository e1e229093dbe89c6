"""The name of a data set, or a folder, to a `Dataset`."""

from __future__ import annotations

import os
from pathlib import Path

from convista.dataset.checking import Labels
from convista.dataset.decoding import Size
from convista.dataset.download import untar_data
from convista.dataset.folder import load_folder
from convista.dataset.idx import holds_idx, load_idx
from convista.dataset.known import KNOWN
from convista.dataset.labels import read_text
from convista.dataset.records import Dataset
from convista.errors import did_you_mean
from convista.image import shown


def load_dataset(
    data: str | os.PathLike[str],
    *,
    size: int | tuple[int, int] | None = None,
    labels: str | os.PathLike[str] | None = None,
    strict: bool = False,
) -> Dataset:
    """Return labelled images as uint8, all of one size: in memory, or mapped from the cache if they are too many.

    Parameters
    ----------
    data
        The name of a data set (see `untar_data`); or a folder, either with images, ``train|valid/<class>/...`` or
        ``<class>/...`` (all forms: `convista.dataset.layout`), or with the four IDX files of MNIST, plain or .gz. A str
        that is a name is taken for the name; write ``./mnist`` for a folder of that name, or pass a Path.
    size
        Rows and columns; one number for both. By default the size that more than half of the images have, else the
        median of their rows and of their cols; where one is over 96, the same in small. `convista.image.fitting`
        states how images are brought to it; none is ever cropped.
    labels
        A CSV with a header and the columns ``file`` (relative to the folder), ``label``, and ``split`` if it likes,
        which then say what the folders otherwise say.
    strict
        Refuse a folder with files that can't be used, in place of leaving them out.

    Returns
    -------
    Dataset
        Grey images keep one channel if all are grey, also those stored as colour, else all have three. Classes are
        sorted by name, images by path. What was left out, and why, stands in its remarks.

    Raises
    ------
    ValueError
        The folder is of another layout, holds fewer than two classes, or a class of which no image can be read; or
        the images fit neither into memory nor into the cache.
    FileNotFoundError
        `data` is neither a name nor a folder, or `labels` no file.
    LeftOutError
        A RuntimeError: with `strict`, something would be left out.

    Examples
    --------
    >>> sample = load_dataset("mnist_sample")
    >>> sample.classes, sample.train.images.shape, sample.valid.images.shape
    (('3', '7'), (12396, 1, 28, 28), (2038, 1, 28, 28))
    >>> sample.train.paths[0], sample.classes[sample.train.labels[0]], sample.remarks
    ('train/3/10.png', '3', ())
    """
    target = _size(size)
    name, folder = name_and_folder(data)
    if is_idx(folder, labels):
        return load_idx(name, folder, target)
    return load_folder(name, folder, target, labels_of(labels), strict=strict)


def is_idx(folder: Path, labels: str | os.PathLike[str] | None) -> bool:
    """Tell whether a folder is read as MNIST's four files."""
    return labels is None and not (folder / "train").exists() and holds_idx(folder)


def labels_of(file: str | os.PathLike[str] | None) -> Labels | None:
    """Return the CSV of labels in a file."""
    return None if file is None else Labels(Path(file), read_text(file))


def name_and_folder(data: str | os.PathLike[str]) -> tuple[str, Path]:
    """Return what the data are called, and their folder."""
    if isinstance(data, str) and data in KNOWN:
        return data, untar_data(data)
    try:
        name = os.fsdecode(data)
    except TypeError:
        raise TypeError(f"data (a {type(data).__name__}) must be the name of a data set, or a folder") from None
    folder = Path(name)
    if folder.is_dir():
        return name, folder
    names = ", ".join(KNOWN)
    if folder.exists():
        raise ValueError(f'data (="{shown(name)}") must be one of {names}, or a folder; it is a file')
    hint = did_you_mean(name, KNOWN)
    raise FileNotFoundError(f'data (="{shown(name)}") must be one of {names}, or a folder that exists{hint}')


def _size(size: int | tuple[int, int] | None) -> Size | None:
    if size is None:
        return None
    rows, cols = size if isinstance(size, (tuple, list)) and len(size) == 2 else (size, size)
    try:
        pair = (rows.__index__(), cols.__index__())
    except AttributeError:
        raise TypeError(f"size (={size!r}) must be a whole number, or two: (rows, cols)") from None
    if min(pair) < 1:
        raise ValueError(f"size (={size!r}) must be 1 or more")
    return pair
