"""The name of a data set, or a folder, to a `Dataset`."""

from __future__ import annotations

import os
from pathlib import Path

from convista.dataset.decoding import Size
from convista.dataset.download import untar_data
from convista.dataset.folder import load_folder
from convista.dataset.idx import holds_idx, load_idx
from convista.dataset.known import KNOWN
from convista.dataset.records import Dataset
from convista.errors import did_you_mean
from convista.image import shown


def load_dataset(data: str | os.PathLike[str], *, size: int | tuple[int, int] | None = None) -> Dataset:
    """Return labelled images in memory, as uint8, all of one size.

    Parameters
    ----------
    data
        The name of a data set (see `untar_data`); or a folder, either ``train|valid/<class>/...`` with images at any
        depth, or with the four IDX files of MNIST, plain or .gz. A str that is a name is taken for the name; write
        ``./mnist`` for a folder of that name, or pass a Path.
    size
        Rows and columns; one number for both. By default the most common size among the images (of equally common
        ones the smaller). `convista.image.fitting` states how images are brought to it; none is ever cropped.

    Returns
    -------
    Dataset
        Grey images keep one channel if all are grey, else all have three. Classes are sorted by name, images by
        path. What was left out, and why, stands in its remarks.

    Raises
    ------
    ValueError
        The folder is of another layout, holds fewer than two classes, or a class without images; or the images
        would need more than 4 GiB.
    FileNotFoundError
        `data` is neither a name nor a folder.

    Examples
    --------
    >>> sample = load_dataset("mnist_sample")
    >>> sample.classes, sample.train.images.shape, sample.valid.images.shape
    (('3', '7'), (12396, 1, 28, 28), (2038, 1, 28, 28))
    >>> sample.train.paths[0], sample.classes[sample.train.labels[0]], sample.remarks
    ('train/3/10.png', '3', ())
    """
    target = _size(size)
    name, folder = _name_and_folder(data)
    if not (folder / "train").exists() and holds_idx(folder):
        return load_idx(name, folder, target)
    return load_folder(name, folder, target)


def _name_and_folder(data: str | os.PathLike[str]) -> tuple[str, Path]:
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
