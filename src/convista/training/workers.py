"""Several processes that train one network together: torchrun starts them, gloo joins them.

Each batch is shared out, each worker computes its part's gradient, and the sum of all gradients moves the weights of
all alike: as many steps, of the same size of batch and at the same learning rate, as one process alone would do. The
first worker, of rank 0, leads: it alone writes and speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn

from convista.training.launch import LeaderStoppedError, WorkerLostError, rank_and_size

Thing = TypeVar("Thing")


class Workers:
    """One process among those that train together; of one alone each method returns what it is given.

    >>> alone = Workers()
    >>> alone.share(torch.arange(5)).tolist(), alone.any(True), alone.told("runs/1"), alone.leads
    ([0, 1, 2, 3, 4], True, 'runs/1', True)
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def leads(self) -> bool:
        """Whether this one writes and speaks."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """Return this worker's part of the numbers of a batch; the parts are of nearly one size.

        >>> [Workers(rank, 2).share(torch.arange(5)).tolist() for rank in (0, 1)]
        [[0, 1, 2], [3, 4]]
        """
        return batch.tensor_split(self.size)[self.rank]

    def generator(self, generator: torch.Generator) -> torch.Generator:
        """Return a source of random numbers for this worker alone, by the next number of the one that all share.

        Torch's own, of which a dropout draws, begins there, too: so the shared one is all that a state has to hold.
        """
        if self.size == 1:
            return generator
        drawn = int(torch.randint(2**62, (), generator=generator)) + self.rank
        torch.default_generator.manual_seed(drawn)
        return torch.Generator().manual_seed(drawn)

    def sum(self, network: nn.Module, loss: float) -> float:
        """Have all workers' gradients be their sum, their statistics their mean; return the sum of their losses.

        One exchange: gradients, the network's floating-point buffers and the loss in a row.
        """
        if self.size == 1:
            return loss
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        buffers = [b for b in network.buffers() if b.is_floating_point()]
        row = torch.cat([*(g.flatten() for g in gradients), *(b.flatten() / self.size for b in buffers)]).float()
        row = torch.cat([row, torch.tensor([loss])])
        self._reduce(row)
        parts = torch.split(row[:-1], [tensor.numel() for tensor in (*gradients, *buffers)])
        for tensor, part in zip((*gradients, *buffers), parts, strict=True):
            tensor.copy_(part.view(tensor.shape))
        return float(row[-1])

    def mean(self, numbers: Sequence[float], count: int) -> list[float]:
        """Return the mean of all workers' numbers, each counted so many times."""
        if self.size == 1:
            return list(numbers)
        row = torch.tensor([*(number * count for number in numbers), count], dtype=torch.float64)
        self._reduce(row)
        return (row[:-1] / row[-1]).tolist()

    def alike(self, network: nn.Module) -> None:
        """Have all begin with the leader's weights: a network of one's own may draw its first ones as it likes."""
        if self.size > 1:
            for tensor in network.state_dict().values():
                with _in_words():
                    distributed.broadcast(tensor, 0)

    def any(self, flag: bool) -> bool:
        """Return whether any worker says so."""
        if self.size == 1:
            return flag
        row = torch.tensor([float(flag)])
        self._reduce(row)
        return bool(row[0])

    def told(self, thing: Thing | None) -> Thing:
        """Return what the leader has."""
        held = [thing]
        if self.size > 1:
            with _in_words():
                distributed.broadcast_object_list(held)
        return held[0]  # type: ignore[return-value]  # the leader's is never None where it matters

    def only(self, work: Callable[[], Thing]) -> Thing | None:
        """Have the leader work, and return what it gets to it alone; if it fails, the others stop without a word."""
        result: Thing | None = None
        try:
            result = work() if self.leads else None
        except BaseException as error:
            self.told(str(error) or type(error).__name__)
            raise
        if fault := self.told("" if self.leads else None):
            raise LeaderStoppedError(fault)
        return result

    def led(self, work: Callable[[], Thing]) -> Thing:
        """Return to all what the leader's work gives; if it fails, the others stop without a word."""
        return self.told(self.only(work))

    def agree(self, what: str, thing: object) -> None:
        """Raise ValueError unless all workers have the same."""
        if self.any(self.told(thing) != thing):
            raise ValueError(f"the workers don't read the same {what}; give all of them the same files")

    @staticmethod
    def _reduce(row: Tensor) -> None:
        with _in_words():
            distributed.all_reduce(row)


ALONE = Workers()


def launched() -> Workers:
    """Return what torchrun's environment says of this process, without joining the others.

    >>> launched().size
    1
    """
    rank, size = rank_and_size()
    return Workers(rank, size) if size > 1 else ALONE


@contextmanager
def joined() -> Iterator[Workers]:
    """Join the workers that torchrun started, for a block; alone where it started none."""
    workers = launched()
    if workers.size == 1:
        yield workers
        return
    with _in_words():
        distributed.init_process_group("gloo")
    try:
        yield workers
    finally:
        with suppress(RuntimeError):  # of others that are gone already
            distributed.destroy_process_group()


@contextmanager
def _in_words() -> Iterator[None]:
    """Have torch's errors of a lost connection say what to do."""
    try:
        yield
    except RuntimeError as error:
        raise WorkerLostError(
            "another worker of this run is gone; what was learned to the last kept state is in its folder: the same "
            "command goes on from there"
        ) from error
