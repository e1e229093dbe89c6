"""Image files judged by the workers of a cluster, which see the same files: in order, a group at a time."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent import futures
from dataclasses import replace
from itertools import islice
from typing import Any

from convista.cluster import connected, cores_of
from convista.network.answers import FileAnswer, PathLike, read_in_groups
from convista.network.model import Network
from convista.network.saved import packed, unpacked

PATIENCE = 5.0
"""Seconds without an answer after which it is asked whether there are workers at all."""


def answers_of_cluster(
    scheduler: str, network: Network, paths: Sequence[PathLike], size: int
) -> Iterator[list[FileAnswer]]:
    """Yield what a network says of the files, in their order, `size` at a time."""
    places = [os.path.abspath(path) for path in paths]  # noqa: PTH100  links stay; a worker may stand in another folder
    with connected(scheduler) as client:
        starts = iter(range(0, len(places), size))
        held = client.submit(unpacked, *packed(network), pure=False)  # made anew where a worker dies that holds it
        width = 2 * cores_of(client)  # one at work and one in wait
        running: deque[tuple[int, Any]] = deque()
        while True:
            for start in islice(starts, width - len(running)):
                task = client.submit(_judged, held, places[start : start + size], pure=False)
                running.append((start, task))
            if not running:
                return
            start, task = running.popleft()
            group = paths[start : start + size]
            yield [replace(one, path=path) for one, path in zip(_outcome(client, task, scheduler), group, strict=True)]


def _judged(network: Network, places: Sequence[str]) -> list[FileAnswer]:
    """Read and judge a group of files; on a worker."""
    (group,) = read_in_groups(places, network.image_shape, len(places))
    return network.answers(group)


def _outcome(client: Any, task: Any, scheduler: str) -> list[FileAnswer]:
    """Return what came of a task; wait for it as long as there are workers."""
    try:
        return _result(client, task)
    except (asyncio.CancelledError, futures.CancelledError, OSError) as error:
        raise RuntimeError(f'scheduler (="{scheduler}") is gone, and with it what it had to do; start again') from error
    except Exception as error:
        if type(error).__module__.startswith("distributed."):  # KilledWorker: workers died with it again and again
            lost = f"the cluster lost some images for good ({type(error).__name__})"
            raise RuntimeError(f"{lost}; see what its workers' logs say, or give them more memory") from error
        raise RuntimeError(
            f'a worker of scheduler (="{scheduler}") failed ({type(error).__name__}: {error}); workers need the same '
            "convista and torch as here"
        ) from error


def _result(client: Any, task: Any) -> list[FileAnswer]:
    while True:
        try:
            outcome: list[FileAnswer] = task.result(timeout=PATIENCE)
        except TimeoutError:
            if task.done():
                raise
            if not cores_of(client):
                raise ConnectionError("all workers are gone") from None
        else:
            return outcome
