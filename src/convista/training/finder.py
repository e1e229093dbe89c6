"""The learning-rate finder: a few steps with a rate that grows, and the loss that goes with it.

Source: L. N. Smith, "Cyclical learning rates for training neural networks", arXiv:1506.01186, section 3.3 (the range
test).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from convista.dataset import Dataset
from convista.network import Network
from convista.training.course import Course, DivergedError
from convista.training.precision import quicker_precision
from convista.training.schedule import Moment
from convista.training.settings import Settings
from convista.training.start import new_network, on_threads, resolve
from convista.training.sweep import Sweep

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 100
"""The rates of the sweep, and how many; each is the same number of times the one before."""
REMEMBERED = 0.9
"""How much of the smoothed loss is that of the step before."""
TOO_HIGH = 4.0
"""The sweep ends when the smoothed loss is so many times the lowest."""


def find_sweep(dataset: Dataset, settings: Settings) -> Sweep:
    """Sweep over the learning rates of a new network, in the precision and on the threads of a run."""
    settings = resolve(dataset, settings)
    network = new_network(dataset, settings)
    with on_threads(settings.threads or 1):
        if settings.precision == "auto":
            settings = replace(settings, precision=quicker_precision(network, dataset, settings))
        return sweep_rates(network, dataset, settings)


def sweep_rates(network: Network, dataset: Dataset, settings: Settings) -> Sweep:
    """Train a copy of a network for up to 100 steps with growing rates; everything that was given stays as it was.

    The images, their order and their changes are drawn from the seed, so the same sweep gives the same numbers; random
    numbers of torch are left as they were found.
    """
    told = replace(settings, rate=LOWEST, average=0.0, statistics=False)
    rates = [LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1)) for step in range(STEPS)]
    losses, smoothed, mean = list[float](), list[float](), 0.0
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(settings.seed)
        course = Course(copy.deepcopy(network), dataset, told)
        for number, (rate, chosen) in enumerate(zip(rates, _batches(course), strict=False), start=1):
            try:
                losses.append(course.step(chosen, Moment(rate, settings.momentum)))
            except DivergedError:
                break
            mean = REMEMBERED * mean + (1 - REMEMBERED) * losses[-1]
            smoothed.append(mean / (1 - REMEMBERED**number))
            if not math.isfinite(smoothed[-1]) or smoothed[-1] > TOO_HIGH * min(smoothed):
                break
    if not losses:
        raise DivergedError("the loss was no number at the first step", "look at the data and the network")
    return Sweep(tuple(rates[: len(losses)]), tuple(losses), tuple(smoothed))


def _batches(course: Course) -> Iterator[Tensor]:
    """Yield the numbers of the images of one batch after the other, in a new order after each pass."""
    while True:
        order = torch.randperm(len(course.labels), generator=course.generator)
        yield from order.tensor_split(course.batches)
