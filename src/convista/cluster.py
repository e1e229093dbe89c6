"""A cluster of dask.distributed, found by its address; one that is not there or can do nothing is a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from convista.errors import need, silent_logger

LOCAL = "local"
"""In place of an address: workers on this machine, one for each core, as long as they are needed."""


@contextmanager
def connected(scheduler: str) -> Iterator[Any]:
    """Yield a client of the cluster at an address, or of one on this machine for `LOCAL`; it has workers."""
    distributed = need("distributed", "dask", "a scheduler")
    with ExitStack() as stack:
        stack.enter_context(silent_logger("distributed.client"))  # it would log what becomes a sentence
        address = scheduler
        if scheduler == LOCAL:
            # Any free port: 8787, the usual one, may be taken by another cluster.
            one = distributed.LocalCluster(threads_per_worker=1, dashboard_address=":0", silence_logs=50)
            address = stack.enter_context(one).scheduler_address
        client = stack.enter_context(_client(distributed, address))
        if not cores_of(client):
            raise RuntimeError(f'scheduler (="{address}") has no workers; start one: dask worker {address}')
        yield client


def cores_of(client: Any) -> int:
    """Return how many tasks a cluster can do at once."""
    return sum(client.ncores().values())


def _client(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        known = f'an address is like tcp://127.0.0.1:8786, and "{LOCAL}" is this machine'
        raise ValueError(f'scheduler (="{address}") can\'t be reached; {known}: {error}') from error
