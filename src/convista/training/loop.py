"""The loop: batches in, weights moved, each epoch judged; at the end the facts."""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from convista.dataset import Dataset
from convista.network import Network
from convista.training.augmentation import Affine
from convista.training.facts import Epoch, Facts, Steps
from convista.training.gathering import gather
from convista.training.judgement import judge
from convista.training.schedule import Moment, one_cycle
from convista.training.settings import Settings
from convista.training.start import new_network, resolve, tensors

SECOND_BETA = 0.99  # of AdamW: remembers about a hundred steps, which suits runs of a thousand


class DivergedError(RuntimeError):
    """Training went wrong: the loss is no longer a number."""


class Watcher(Protocol):
    """Something that is told how training goes: a progress bar, a log."""

    def batch(self, done: int, total: int, loss: float) -> None:
        """Hear that `done` of `total` steps are done, and the last one's loss."""

    def epoch(self, epoch: Epoch) -> None:
        """Hear how an epoch went."""


class Trained(NamedTuple):
    """A trained network, and what is known about its training."""

    network: Network
    facts: Facts


def fit(dataset: Dataset, settings: Settings | None = None, *, watcher: Watcher | None = None) -> Trained:
    """Train a new network on a data set, by AdamW and one cycle of the learning rate.

    The same data, settings and versions give the same weights bit for bit on the same machine. Random numbers are
    drawn from the run's own generator: those of torch and NumPy stay as they were. The weights are those after the
    last step: nothing is chosen by the validation images.

    Parameters
    ----------
    dataset
        What `convista.dataset.load_dataset` gives.
    settings
        The choices; by default those for the built-in sample.
    watcher
        Is told of every batch and epoch. What it raises ends the training.

    Raises
    ------
    ValueError
        When the data are too few to learn from, or the network does not fit them.
    DivergedError
        When the loss is no longer a number.
    """
    started, given = datetime.now(UTC).astimezone(), settings or Settings()
    settings = resolve(dataset, given)
    network = new_network(dataset, settings)
    with _threads(settings.threads or 1):
        course = _Course(network, dataset, settings, watcher)
        history = [course.epoch(number) for number in range(1, settings.epochs + 1)]
        network.to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
        facts = gather(dataset, network, settings, history, course.steps(), started)
    return Trained(network, replace(facts, command=f"convista train {shlex.quote(dataset.name)} {given.options()}"))


class _Course:
    """A training run on its way: weights, optimizer, random numbers, and what was noted of each step."""

    def __init__(self, network: Network, dataset: Dataset, settings: Settings, watcher: Watcher | None) -> None:
        # The faster order of the numbers in memory, on a CPU too.
        self.network: Network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.valid, self.settings, self.watcher = dataset.valid, settings, watcher
        self.images, self.labels = tensors(dataset.train)
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.affine = Affine(settings.rotation, settings.zoom, settings.shear, settings.shift)
        self.optimizer = _optimizer(network, settings)
        self.batches = math.ceil(len(self.labels) / settings.batch)
        self.total = self.batches * settings.epochs
        self.losses: list[float] = []
        self.moments: list[Moment] = []

    def epoch(self, number: int) -> Epoch:
        """Pass over the training images once, in batches of nearly the same size, and judge the network."""
        began = time.perf_counter()
        order = torch.randperm(len(self.labels), generator=self.generator)
        for chosen in order.tensor_split(self.batches):
            self.step(chosen)
        judged = judge(self.network, self.valid, self.settings.label_smoothing)
        train_loss = math.fsum(self.losses[-self.batches :]) / self.batches
        epoch = Epoch(number, train_loss, judged.loss, judged.accuracy, time.perf_counter() - began)
        if self.watcher:
            self.watcher.epoch(epoch)
        return epoch

    def step(self, chosen: Tensor) -> None:
        """Move the weights once, by the images of these numbers."""
        moment = one_cycle(len(self.losses) / self.total, self.settings.rate)
        for group in self.optimizer.param_groups:
            group["lr"], group["betas"] = moment.rate, (moment.momentum, SECOND_BETA)
        loss = self.loss(chosen)
        self.note(moment, loss.item())
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def loss(self, chosen: Tensor) -> Tensor:
        """Return the loss of a batch of moved images."""
        images = self.affine(self.images[chosen].float(), self.generator)  # (batch, channels, rows, cols)
        logits = self.network(images.contiguous(memory_format=torch.channels_last))  # (batch, classes)
        return functional.cross_entropy(logits, self.labels[chosen], label_smoothing=self.settings.label_smoothing)

    def note(self, moment: Moment, loss: float) -> None:
        """Keep a step's numbers, tell the watcher, and stop where the loss is none."""
        self.losses.append(loss)
        self.moments.append(moment)
        done = len(self.losses)
        if not math.isfinite(loss):
            raise DivergedError(
                f"training diverged: the loss was {loss} at step {done} of {self.total}, where the learning rate was "
                f"{moment.rate:.3g}; try a lower peak, such as rate={self.settings.rate / 10:.3g}"
            )
        if self.watcher:
            self.watcher.batch(done, self.total, loss)

    def steps(self) -> Steps:
        """Return the numbers of all steps."""
        rates, momenta = zip(*self.moments, strict=True)
        return Steps(tuple(self.losses), rates, momenta)


def _optimizer(network: Network, settings: Settings) -> torch.optim.AdamW:
    """Return AdamW whose decay spares norms and biases: they have one number a channel, and nothing to unlearn."""
    kernels = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    groups = [
        {"params": kernels, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.rate, fused=True)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
