"""Where results go: new memory, or large memory of an earlier result that nobody holds any more.

Memory fresh from the system is zeroed page by page as it is first touched, which takes longer than a 3 x 3 kernel does.
So a large result's memory is kept when its last view goes, up to `KEPT` bytes in all, and used again by the next result
of about that size. CONVISTA_POOL=0 in the environment switches that off.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGE = 4 * 2**20
"""Bytes of a result from which its memory is kept."""
KEPT = 257 * 2**20
LOOSE = 1.25
"""How much larger than a result memory may be that is used again."""
LINE = 64

_lock = threading.Lock()
_free: list[NDArray[np.uint8]] = []


class _Lease:
    """The owner of a result's memory in NumPy's eyes; when it goes, so has every view."""

    def __init__(self, memory: NDArray[np.uint8], shape: tuple[int, ...], dtype: np.dtype[Any], beside: int) -> None:
        self._memory = memory
        place = memory.ctypes.data
        self.__array_interface__ = {
            "version": 3, "shape": shape, "typestr": dtype.str, "data": (place + (beside - place) % LINE, False),
        }  # fmt: skip

    def __del__(self) -> None:
        _give_back(self._memory)


def empty(shape: tuple[int, ...], dtype: np.dtype[Any], beside: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return a C-ordered array whose numbers are not set.

    A large one lies to the lines of the cache as `beside` does: vectors of pixels and of results are then both whole.

    >>> empty((2, 3), np.dtype("float32")).shape
    (2, 3)
    """
    size = dtype.itemsize
    for n in shape:
        size *= n
    if size < LARGE:
        return np.empty(shape, dtype)
    at = 0 if beside is None else beside.ctypes.data // dtype.itemsize * dtype.itemsize
    return np.asarray(_Lease(_take(size + LINE), shape, dtype, at))


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return a C-ordered array that begins on a line of the cache; its numbers are not set.

    >>> aligned((2, 3), np.dtype("float32")).ctypes.data % LINE
    0
    """
    size = dtype.itemsize * int(np.prod(shape))
    memory = np.empty(size + LINE, np.uint8)
    return memory[-memory.ctypes.data % LINE :][:size].view(dtype).reshape(shape)


def _take(size: int) -> NDArray[np.uint8]:
    """Return kept memory that fits; what doesn't fit makes room for what is needed now."""
    with _lock:
        for i, memory in enumerate(_free):
            if size <= memory.size <= LOOSE * size:
                return _free.pop(i)
        _free.clear()
    return np.empty(size, np.uint8)


def _give_back(memory: NDArray[np.uint8]) -> None:
    if os.environ.get("CONVISTA_POOL") == "0" or memory.size > KEPT or not _lock.acquire(blocking=False):
        return  # a garbage collection inside `_take` must not wait for itself
    try:
        _free.append(memory)
        while sum(kept.size for kept in _free) > KEPT:
            del _free[0]
    finally:
        _lock.release()


def _after_fork() -> None:
    """Drop the parent's spare memory, and a lock that another of its threads may hold."""
    global _lock
    _lock = threading.Lock()
    _free.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
