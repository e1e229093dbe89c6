"""What the machine itself can do: multiply matrices, and copy."""

from __future__ import annotations

import numpy as np

from convista.bench.cell import Cell
from convista.bench.contender import Contender
from convista.bench.data import Data

SIDE = 2048

SPINS = 0.05
"""Twice as long as OpenBLAS's threads spin after their work: 2^26 steps of the processor's clock, about 26 ms."""


def sgemm(cell: Cell, _: Data, threads: int) -> Contender:
    """Return NumPy's matrix product; its seconds are scaled to the flops of the cell, so the ratio is our share."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads, "blas")
    random = np.random.default_rng(0)
    one, other = (random.standard_normal((SIDE, SIDE), np.float32) for _ in range(2))
    out = np.empty_like(one)
    scale = cell.flops / (2 * SIDE**3)
    return Contender("", lambda: np.matmul(one, other, out), scale=scale, is_roof=True, spins=SPINS)


def plain_copy(_: Cell, data: Data, __: int) -> Contender:
    """Return a copy by a loop of loads and stores."""
    out = np.empty_like(data.image)
    return Contender("", lambda: np.positive(data.image, out=out), is_roof=True)


def copy(_: Cell, data: Data, __: int) -> Contender:
    """Return a copy by the system's own copying of memory, which passes the cache by."""
    out = np.empty_like(data.image)
    return Contender("", lambda: np.copyto(out, data.image), is_roof=True)
