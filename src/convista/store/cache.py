"""Chunks that were just read: neighbours on the result see the same ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeAlias

from numpy.typing import NDArray

Place: TypeAlias = tuple[int, ...]


class Cache:
    """The chunks read last, as many as fit into some bytes.

    >>> import numpy as np
    >>> cache, read = Cache(10), []
    >>> def chunk(place): read.append(place); return np.zeros(5, "uint8")
    >>> for col in (0, 1, 0, 2, 0, 1): _ = cache.get((0, col), chunk)
    >>> read
    [(0, 0), (0, 1), (0, 2), (0, 1)]
    """

    def __init__(self, most: int) -> None:
        self._most, self._bytes, self._lock = most, 0, Lock()
        self._chunks: OrderedDict[Place, NDArray[Any]] = OrderedDict()

    def get(self, place: Place, read: Callable[[Place], NDArray[Any]]) -> NDArray[Any]:
        """Return the chunk at `place`, read if it isn't at hand. Two threads may read the same at once."""
        with self._lock:
            if place in self._chunks:
                self._chunks.move_to_end(place)
                return self._chunks[place]
        chunk = read(place)
        with self._lock:
            self._keep(place, chunk)
        return chunk

    def _keep(self, place: Place, chunk: NDArray[Any]) -> None:
        if place in self._chunks or chunk.nbytes > self._most:
            return
        self._chunks[place] = chunk
        self._bytes += chunk.nbytes
        while self._bytes > self._most:
            self._bytes -= self._chunks.popitem(last=False)[1].nbytes
