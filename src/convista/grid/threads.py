"""How many threads, and sharing lines out among them: kept threads, safe under fork and under concurrent callers."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from convista.window import whole

WORTH_A_THREAD = 8_000_000
"""Multiply-adds below which waking a second thread costs more than it saves."""
PARTS_A_THREAD = 4
"""Parts that each thread is meant to do: whoever is done first takes the next, should the others be held up."""
WORTH_A_PART = 4_000_000

_child = False
"""Whether this process was forked from another one: there, threads are for those who ask for them."""


def thread_count(threads: int | None) -> int:
    """Return `threads`, or what NUMBA_NUM_THREADS, OMP_NUM_THREADS or the machine allow.

    A forked process gets one: whoever forks (multiprocessing, a DataLoader) shares the processors out himself.

    >>> thread_count(1)
    1
    """
    if threads is not None:
        return whole("threads", threads, 1)
    if _child:
        return 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for variable in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        asked = os.environ.get(variable, "")
        if asked.isdigit() and int(asked) > 0:
            return min(int(asked), available)
    return available


def forked() -> bool:
    """Whether this process came from a fork."""
    return _child


def share_out(work: Callable[[int, int], None], lines: int, multiply_adds: int, threads: int) -> None:
    """Call ``work(first, last)`` so that all `lines` are done once, on up to `threads` threads.

    Where another call has the threads already, this one does its work alone: callers from a pool of threads don't
    start more threads than there are processors.
    """
    helpers = min(threads, lines, 1 + multiply_adds // WORTH_A_THREAD) - 1
    if helpers < 1 or not _crew.free.acquire(blocking=False):
        work(0, lines)
        return
    try:
        _crew.do(_Shared(work, lines, _parts(lines, multiply_adds, helpers + 1)), helpers)
    finally:
        _crew.free.release()


def _parts(lines: int, multiply_adds: int, threads: int) -> int:
    """Return in how many parts to do work: as many for each thread, else the others wait for one that has a part more.

    >>> _parts(100, 10**9, 2), _parts(100, 14 * 10**6, 2), _parts(3, 10**9, 2)
    (8, 2, 3)
    """
    each = max(1, min(PARTS_A_THREAD, multiply_adds // WORTH_A_PART // threads))
    return min(lines, each * threads)


def _processor_call() -> Callable[[], int]:
    """Return what tells the number of the processor that a thread runs on; -1 where the system has no such call."""
    if hasattr(os, "sched_setaffinity"):
        with suppress(AttributeError, OSError):
            return ctypes.CDLL(None).sched_getcpu
    return lambda: -1


_processor = _processor_call()


class _Shared:
    """Work in parts that threads take one after the other."""

    def __init__(self, work: Callable[[int, int], None], lines: int, parts: int) -> None:
        self._work, self._lines, self._parts = work, lines, parts
        self._next = iter(range(parts))  # next() on it is one step for the interpreter: no part is taken twice
        self.error: BaseException | None = None

    def help(self) -> None:
        """Do parts until none is left; an error is kept for the caller."""
        try:
            for part in self._next:
                self._work(self._lines * part // self._parts, self._lines * (part + 1) // self._parts)
        except BaseException as error:
            self.error = error


class _Helper:
    """A thread that waits for work."""

    def __init__(self) -> None:
        self._begin, self._done = threading.Lock(), threading.Lock()
        self._begin.acquire()
        self._done.acquire()
        self._shared: Any = None
        self._beside = -1
        self._thread = threading.Thread(target=self._serve, name="convista", daemon=True)
        self._thread.start()

    def start(self, shared: _Shared, caller: int) -> None:
        """Wake it, on another processor than the caller's: there it would wait until the caller is done."""
        if caller != self._beside:
            self._keep_off(caller)
        self._shared = shared
        self._begin.release()

    def _keep_off(self, processor: int) -> None:
        self._beside = processor
        others = os.sched_getaffinity(0) - {processor}
        if others and self._thread.native_id is not None:
            with suppress(OSError):
                os.sched_setaffinity(self._thread.native_id, others)

    def wait(self) -> None:
        """Return when it is done."""
        self._done.acquire()

    def _serve(self) -> None:
        while True:
            self._begin.acquire()
            self._shared.help()
            self._shared = None  # the arrays must not live on here
            self._done.release()


class _Crew:
    """The threads of this process."""

    def __init__(self) -> None:
        self.free = threading.Lock()
        self._helpers: list[_Helper] = []

    def do(self, shared: _Shared, helpers: int) -> None:
        """Do the work on this thread and on so many others; raise what went wrong on any."""
        while len(self._helpers) < helpers:
            self._helpers.append(_Helper())
        mine, caller = self._helpers[:helpers], _processor()
        for helper in mine:
            helper.start(shared, caller)
        shared.help()
        for helper in mine:
            helper.wait()
        if shared.error is not None:
            raise shared.error


def _after_fork() -> None:
    """Forget the parent's threads: a fork takes only the thread that forked along."""
    global _crew, _child
    _crew, _child = _Crew(), True


_crew = _Crew()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
