"""How many threads, and sharing rows out among them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from convista.window import whole

WORTH_A_THREAD = 20_000_000
"""Multiply-adds below which starting a second thread costs more than it saves (0.7 ms on a virtual machine)."""


def thread_count(threads: int | None) -> int:
    """Return `threads`, or what NUMBA_NUM_THREADS, OMP_NUM_THREADS or the machine allow.

    >>> thread_count(1)
    1
    """
    if threads is not None:
        return whole("threads", threads, 1)
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for variable in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        asked = os.environ.get(variable, "")
        if asked.isdigit() and int(asked) > 0:
            return min(int(asked), available)
    return available


def share_out(work: Callable[[int, int], None], lines: int, multiply_adds: int, threads: int) -> None:
    """Call ``work(first, last)`` so that all `lines` are done once, on up to `threads` threads.

    The threads live as long as the call: nothing is left over that a fork could break.
    """
    parts = min(threads, lines, 1 + multiply_adds // WORTH_A_THREAD)
    if parts <= 1:
        work(0, lines)
        return
    edges = [lines * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))  # list() raises what a thread raised
