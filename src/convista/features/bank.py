"""A bank of kernels: names, texts, `Kernel` objects and arrays to names and weights."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convista.image import as_array
from convista.kernel import Kernel, as_kernel

Array: TypeAlias = NDArray[Any]


def read_bank(kernels: Any) -> tuple[list[str], Array]:
    """Return names and weights, (filters, rows, cols) or (filters, channels, rows, cols)."""
    several = [kernels] if _is_named(kernels) else kernels
    if isinstance(several, Sequence) and any(map(_is_named, several)):
        known = [as_kernel(kernel) for kernel in several]
        return _unlike([kernel.name for kernel in known]), _stack(known)
    weights = as_array(kernels, "kernels")
    if weights.ndim not in (2, 3, 4):
        raise ValueError(
            f"kernels (shape {weights.shape}) must be one kernel (rows, cols), several (filters, rows, cols), or "
            "(filters, channels, rows, cols)"
        )
    bank = weights[None] if weights.ndim == 2 else weights
    return _unlike(["kernel"] * len(bank)), bank


def for_channels(names: list[str], bank: Array, image_shape: tuple[int, ...]) -> tuple[tuple[str, ...], Array, int]:
    """Return the grids' names, weights (filters, channels / groups, rows, cols), and groups."""
    if bank.ndim == 4:
        return tuple(names), bank, 1
    channels = image_shape[2] if len(image_shape) == 3 else 1
    own = [f"_ch{channel}" for channel in range(channels)] if len(image_shape) == 3 else [""]
    weights = np.tile(bank[:, None], (channels, 1, 1, 1))  # each channel on its own
    return tuple(f"{name}{channel}" for channel in own for name in names), weights, channels


def _is_named(kernel: Any) -> bool:
    return isinstance(kernel, (str, os.PathLike, Kernel))


def _stack(kernels: list[Kernel]) -> Array:
    sizes = {kernel.name: kernel.shape for kernel in kernels}
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{name} {rows}x{cols}" for name, (rows, cols) in sizes.items())
        raise ValueError(f"kernels must have one size, not {found}; a FeatureUnion joins banks of different sizes")
    return np.stack([kernel.weights for kernel in kernels])  # (filters, rows, cols)


def _unlike(names: list[str]) -> list[str]:
    """Return names that differ: those that come several times get their place in the bank.

    >>> _unlike(["box:3", "kernel", "kernel"])
    ['box:3', 'kernel1', 'kernel2']
    """
    count = Counter(names)
    return [name if count[name] == 1 else f"{name}{place}" for place, name in enumerate(names)]
