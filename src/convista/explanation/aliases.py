"""Tensors that share memory: which number of one is which of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the numbers of a tensor lie in its memory, counted in numbers."""

    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]

    @classmethod
    def of(cls, tensor: Tensor) -> Self:
        """Return that of a tensor."""
        return cls(int(tensor.storage_offset()), tuple(tensor.shape), tensor.stride())

    def span(self) -> tuple[int, int]:
        """Return the first place and the last.

        >>> Geometry(1, (2, 2), (1, 10)).span()
        (1, 12)
        """
        if 0 in self.sizes:
            return 0, -1
        ends = (stride * (size - 1) for size, stride in zip(self.sizes, self.strides, strict=True))
        return self.offset, self.offset + sum(ends)

    def places(self) -> NDArray[np.int64]:
        """Return the place of each number, in the shape of the tensor.

        >>> Geometry(1, (2, 2), (1, 10)).places().tolist()
        [[1, 11], [2, 12]]
        """
        places = np.full(self.sizes, self.offset, np.int64)
        for axis, (size, stride) in enumerate(zip(self.sizes, self.strides, strict=True)):
            shape = [1] * len(self.sizes)
            shape[axis] = size
            places += np.arange(size, dtype=np.int64).reshape(shape) * stride
        return places


def hits(whole: Geometry, writer: Geometry) -> bool:
    """Return whether one tensor's memory has a number in common with another's.

    >>> hits(Geometry(0, (4,), (1,)), Geometry(3, (4,), (1,))), hits(Geometry(0, (2,), (2,)), Geometry(1, (2,), (2,)))
    (True, False)
    """
    if whole == writer:
        return True
    (first, last), (start, end) = whole.span(), writer.span()
    return first <= end and start <= last and bool(np.isin(whole.places(), writer.places()).any())


@dataclass(frozen=True, slots=True)
class Origins:
    """For each number of a result, in its shape: which tensor argument it is taken from, and where in that."""

    argument: NDArray[np.int16]
    """The number of the tensor among the arguments; -1: from none, a padding."""
    place: NDArray[np.integer[Any]]
    """In the flattened argument."""

    @classmethod
    def of(cls, argument: NDArray[np.integer[Any]], place: NDArray[np.int64]) -> Self:
        """Return them in as few bytes as they need: there is a pair for every number of a map."""
        small = place.max(initial=0) < 2**31
        return cls(argument.astype(np.int16), place.astype(np.int32) if small else place)


def rewritten(whole: Geometry, writers: Sequence[Geometry]) -> Origins:
    """Return where the numbers of a tensor come from after others wrote into its memory, one after the other.

    Argument 0 is the tensor as it was, 1, 2, ... are the writers' results; of two writers the later one counts.

    >>> both = rewritten(Geometry(0, (4,), (1,)), [Geometry(1, (2,), (1,)), Geometry(2, (1,), (1,))])
    >>> both.argument.tolist(), both.place.tolist()
    ([0, 1, 2, 0], [0, 0, 0, 3])
    """
    own = whole.places()
    argument = np.zeros(own.shape, np.int64)
    place = np.arange(own.size, dtype=np.int64).reshape(own.shape)
    for number, writer in enumerate(writers, 1):
        theirs = writer.places().ravel()
        where = np.full(int(max(own.max(initial=0), theirs.max(initial=0))) + 1, -1, np.int64)
        where[theirs] = np.arange(theirs.size)
        hit = where[own]
        argument[hit >= 0], place[hit >= 0] = number, hit[hit >= 0]
    return Origins.of(argument, place)


def numbered(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return tensors of the same shapes whose numbers are all different: 1, 2, 3 ... through all of them."""
    starts = np.cumsum([0, *(tensor.numel() for tensor in tensors)])
    return [
        torch.arange(int(start) + 1, int(start) + 1 + tensor.numel(), dtype=torch.float64).reshape(tensor.shape)
        for start, tensor in zip(starts, tensors, strict=False)
    ]


def origins_of(result: Tensor, tensors: Sequence[Tensor]) -> Origins:
    """Return where the numbers of a result of an op on `numbered` tensors come from; what it made itself is -1."""
    found = np.rint(result.detach().numpy()).astype(np.int64) - 1
    ends = np.cumsum([tensor.numel() for tensor in tensors])
    argument = np.searchsorted(ends, found, side="right")
    starts = np.concatenate([[0], ends[:-1]])
    known = (found >= 0) & (found < ends[-1])
    argument = np.where(known, argument, -1)
    return Origins.of(argument, np.where(known, found - starts[np.minimum(argument, len(starts) - 1)], -1))
