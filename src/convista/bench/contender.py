"""One side of a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Run: TypeAlias = Callable[[], Any]


class UnfitError(Exception):
    """A contender can't do a cell; the text says why."""


def as_it_is(result: Any) -> Array:
    """Return a result that is (images, filters, rows, cols) already."""
    return np.asarray(result)


@dataclass(frozen=True, slots=True)
class Contender:
    """What is timed, and how its result is read."""

    name: str
    run: Run
    nchw: Callable[[Any], Array] = as_it_is
    """The result as (images, filters, rows, cols)."""
    margin: int = 0
    """Pixels at the edge that it leaves as they are; they are not checked."""
    scale: float = 1.0
    """How many times its seconds count: a roof does another amount of work."""
    is_roof: bool = False
    """A roof computes something else, so its numbers are not checked."""
    spins: float = 0.0
    """Seconds for which its threads may keep their processors busy after their work, where that is known."""
