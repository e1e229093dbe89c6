"""One cycle: the learning rate goes up, then down; the momentum the other way.

Source: L. N. Smith, N. Topin, "Super-convergence: very fast training of neural networks using large learning
rates", arXiv:1708.07120. The rate's shape here is two half cosines, its numbers are the constants below.
"""

from __future__ import annotations

import math
from typing import NamedTuple

WARM_UP = 0.25  # share of all steps in which the rate rises
START, END = 1 / 25, 1e-5  # the rate there, as a share of the peak
MOMENTUM_HIGH, MOMENTUM_LOW = 0.95, 0.85


class Moment(NamedTuple):
    """What one step of the schedule says."""

    rate: float
    """Learning rate."""
    momentum: float
    """SGD's, or AdamW's first beta."""


def one_cycle(done: float, peak: float) -> Moment:
    """Return the learning rate and the momentum after the share `done` (0 to 1) of all steps.

    >>> [round(one_cycle(done, peak=0.01).rate, 5) for done in (0, 0.125, 0.25, 0.625, 1)]
    [0.0004, 0.0052, 0.01, 0.005, 0.0]
    >>> [round(one_cycle(done, peak=0.01).momentum, 5) for done in (0, 0.125, 0.25, 0.625, 1)]
    [0.95, 0.9, 0.85, 0.9, 0.95]
    """
    if done < WARM_UP:
        start, height = START, _rise(done / WARM_UP)
    else:
        start, height = END, _rise((1 - done) / (1 - WARM_UP))
    rate = peak * (start + (1 - start) * height)
    return Moment(rate, MOMENTUM_HIGH + (MOMENTUM_LOW - MOMENTUM_HIGH) * height)


def constant(peak: float, momentum: float) -> Moment:
    """Return the same at each step.

    >>> constant(0.06, 0.9)
    Moment(rate=0.06, momentum=0.9)
    """
    return Moment(peak, momentum)


def _rise(share: float) -> float:
    """Half a cosine from 0 to 1."""
    return (1 - math.cos(math.pi * share)) / 2
