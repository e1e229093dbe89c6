"""The names that a textbook's deep-learning notebook expects: ``from convista.book import *``.

Beside `pd`, `np`, `plt`, `torch`, `nn`, `F` and `Image` (Pillow's module) these are `tensor`, `untar_data`, `URLs`,
`Path` and `show_image`. Importing this room loads torch, pandas and matplotlib; nothing global is changed: `Path`
is a class of its own, and Python's ``pathlib.Path`` stays as it is.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from PIL import Image

from convista import dataset
from convista.errors import did_you_mean, need
from convista.image import as_array
from convista.picture import show_image

if TYPE_CHECKING:
    import matplotlib.pyplot as plt
    import pandas as pd
    import torch
    import torch.nn.functional as F
    from torch import nn

    _AnyPath = pathlib.Path
else:
    pd = need("pandas", "plot", "convista.book")
    need("matplotlib", "plot", "convista.book")
    import matplotlib.pyplot as plt

    torch = need("torch", "train", "convista.book")  # last, since it takes longest
    nn, F = torch.nn, torch.nn.functional
    _AnyPath = type(pathlib.Path())  # Python 3.11 can subclass only the class for this system

__all__ = ["F", "Image", "Path", "URLs", "nn", "np", "pd", "plt", "show_image", "tensor", "torch", "untar_data"]

T = TypeVar("T")


class Listing(list[T]):
    """A list that prints its length and its first ten entries on one line.

    >>> Listing(range(1, 13))
    (#12) [1,2,3,4,5,6,7,8,9,10...]
    """

    def sorted(self, key: Callable[[T], Any] | None = None, reverse: bool = False) -> Listing[T]:
        """Return a sorted copy.

        >>> Listing(["7", "3"]).sorted()
        (#2) ['3','7']
        """
        return Listing(sorted(self, key=key, reverse=reverse))  # type: ignore[type-var, arg-type]

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return Listing(found) if isinstance(place, slice) else found

    def __repr__(self) -> str:
        more = "..." if len(self) > 10 else ""
        return f"(#{len(self)}) [{','.join(map(repr, self[:10]))}{more}]"


class Path(_AnyPath):
    """Python's path, with `ls`, printed relative to `BASE_PATH`.

    >>> Path.BASE_PATH = "/data/digits"
    >>> Path("/data/digits") / "train" / "3"
    Path('train/3')
    >>> Path.BASE_PATH = None
    >>> Path("/data/digits/train")
    Path('/data/digits/train')
    """

    BASE_PATH: ClassVar[str | os.PathLike[str] | None] = None
    """Paths inside this folder are printed relative to it; only the printed form changes."""

    def ls(self) -> Listing[Path]:
        """Return what the folder holds, sorted as text, so "10.png" stands before "7.png".

        Raises
        ------
        FileNotFoundError, NotADirectoryError
            When it is no folder.
        """
        return Listing(sorted(self.iterdir()))

    def __repr__(self) -> str:
        base = self.BASE_PATH
        shown = self if base is None or not self.is_relative_to(base) else self.relative_to(base)
        return f"Path({shown.as_posix()!r})"


class _URLs:
    """The data sets that `untar_data` knows."""

    MNIST_SAMPLE = "mnist_sample"
    MNIST = "mnist"
    FASHION_MNIST = "fashion_mnist"
    CIFAR = "cifar10"

    def __getattr__(self, name: str) -> str:
        known = [known for known in dir(self) if known.isupper()]
        raise AttributeError(f"URLs has no {name}; it has {', '.join(known)}{did_you_mean(name, known)}")


URLs = _URLs()


def untar_data(url: str, folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of a data set, fetched and unpacked the first time.

    Parameters
    ----------
    url
        One of `URLs`, or a name that `convista.untar_data` knows.
    folder
        Where to keep it; None: the user's cache folder.
    """
    return Path(dataset.untar_data(url, folder))


def tensor(
    x: Any, *rest: Any, dtype: torch.dtype | None = None, device: Any = None, requires_grad: bool = False
) -> torch.Tensor:
    """Return a tensor of numbers, (nested) lists, arrays, tables, tensors or a PIL image.

    Parameters
    ----------
    x, *rest
        What to convert; several make one axis. A PIL image becomes uint8 (rows, cols), colour (rows, cols, 3).
        A list of tensors of one shape is stacked.
    dtype
        None: the numbers' own, but float32 in place of float64.
    device, requires_grad
        As in ``torch.tensor``.

    Examples
    --------
    >>> tensor(1, 2, 3), tensor([0.5]).dtype, tensor([[tensor(1), tensor(2)]]).shape
    (tensor([1, 2, 3]), torch.float32, torch.Size([1, 2]))
    """
    made = _tensor((x, *rest) if rest else x)
    if dtype is None and made.dtype == torch.float64:
        dtype = torch.float32
    made = made.to(dtype=dtype, device=device)
    return made.requires_grad_() if requires_grad else made


def _tensor(x: Any) -> torch.Tensor:
    if isinstance(x, torch.Tensor):
        return x
    if isinstance(x, (list, tuple)) and isinstance(_first_leaf(x), torch.Tensor):
        return torch.stack([_tensor(part) for part in x])
    array = as_array(np.asarray(x) if np.isscalar(x) or isinstance(x, range) else x, "x")
    wider = {"uint16": np.int32, "uint32": np.int64}  # torch has few operations for these two
    return torch.from_numpy(np.array(array, wider.get(array.dtype.name, array.dtype.newbyteorder("=")), order="C"))


def _first_leaf(x: Any) -> Any:
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return x
