"""Which of several processes this is, by what torchrun told it; readable without torch."""

from __future__ import annotations

import os


class WorkerLostError(RuntimeError):
    """Another worker ended before the run did."""


class LeaderStoppedError(RuntimeError):
    """Worker 0 stopped, and said why."""


def rank_and_size() -> tuple[int, int]:
    """Return this process's number among those that torchrun started, and how many they are; alone: 0 of 1.

    >>> rank_and_size()
    (0, 1)
    """
    rank, size = os.environ.get("RANK", ""), os.environ.get("WORLD_SIZE", "")
    if rank.isdecimal() and size.isdecimal() and int(size) > 1 and "MASTER_ADDR" in os.environ:
        return int(rank), int(size)
    return 0, 1


def speaks(error: BaseException | None = None) -> bool:
    """Return whether this process tells how it goes, and this error; of several, only the first does.

    That another one is gone is said by each that is left, as it may have been the first.
    """
    return rank_and_size()[0] == 0 or isinstance(error, WorkerLostError)
