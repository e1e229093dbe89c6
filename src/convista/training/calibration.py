"""Whether a network is right as often as it says: its calibration, before and after its answers are tempered.

Source: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", arXiv:1706.04599.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convista.training.facts import Calibration, Reliability

BINS = 15
COLDEST, HOTTEST = 0.05, 20.0
"""Beyond these a temperature is no longer looked for."""
_HALVINGS = 24  # of the logarithm of that range: to less than a millionth
_NOTHING = 1e-12
"""A slope that is no more than what rounding leaves of a rise without end."""
_DRAWS = 200


def calibration(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Calibration:
    """Return how well the probabilities of answers (images, classes) agree with the truth (images,).

    Of each class every second image, in the order of the data set, fits the temperature; all figures are of the
    others, so that those after it are not measured where it was fitted.

    >>> sure = np.array([[4, 0]] * 8, np.float32)  # 98 % sure each time, right three times in four
    >>> found = calibration(sure, np.array([0, 0, 0, 0, 0, 0, 1, 1]))
    >>> found.fitted, found.before.images, round(found.before.error, 3)
    (4, 4, 0.232)
    >>> round(found.temperature, 2), round(found.after.error, 3)
    (3.64, 0.0)
    """
    fits = _every_second(labels)
    fitted, others = logits[fits], logits[~fits]
    temperature = temperature_of(fitted, labels[fits])
    before = reliability(others, labels[~fits])
    after = reliability(others / np.float32(temperature), labels[~fits]) if temperature else None
    return Calibration(before, after, temperature, int(fits.sum()))


def temperature_of(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float | None:
    """Return what divides the answers (images, classes) so that the truth is the most probable.

    None where there is no such number within reach: where every image is right, the colder the better for ever.
    The logarithm of the probability is concave in the number's inverse, so halving finds the only maximum.
    """
    if not len(labels):
        return None
    answers, truth = torch.from_numpy(logits).double(), torch.from_numpy(labels)
    low, high = math.log(1 / HOTTEST), math.log(1 / COLDEST)
    if _slope(answers, truth, math.exp(low)) < 0 or _slope(answers, truth, math.exp(high)) > -_NOTHING:
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _slope(answers, truth, math.exp(middle)) > 0 else (low, middle)
    return math.exp(-(low + high) / 2)


def reliability(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Reliability:
    """Sort images into bins of equal width by their answer's probability; compare it with each bin's share right."""
    answers, truth = torch.from_numpy(logits).double(), torch.from_numpy(labels)
    probabilities = answers.softmax(dim=1)
    best = probabilities.max(dim=1)
    sure, right = best.values.numpy(), (best.indices == truth).double().numpy()
    places = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    loss = torch.nn.functional.cross_entropy(answers, truth).item() if len(labels) else math.nan
    return Reliability(
        counts=tuple(counts.tolist()),
        confidence=_means(sure, places, counts),
        accuracy=_means(right, places, counts),
        error=_gap(sure - right, places),
        chance=_by_chance(sure, places),
        loss=loss,
    )


def _every_second(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each image is the first, third, ... of its class.

    >>> _every_second(np.array([0, 0, 1, 0, 1])).tolist()
    [True, False, True, True, False]
    """
    chosen = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        chosen[np.flatnonzero(labels == label)[::2]] = True
    return chosen


def _slope(answers: Tensor, truth: Tensor, inverse: float) -> float:
    """Return how the mean logarithm of the truth's probability changes with the inverse of the temperature."""
    expected = ((answers * inverse).softmax(dim=1) * answers).sum(dim=1)
    return float((answers.gather(1, truth[:, None])[:, 0] - expected).mean())


def _means(values: NDArray[np.float64], places: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[float, ...]:
    """Return the mean of each bin, NaN of an empty one."""
    sums = np.bincount(places, values, BINS)
    return tuple((sums[i] / counts[i]).item() if counts[i] else math.nan for i in range(BINS))


def _gap(differences: NDArray[np.float64], places: NDArray[np.int64]) -> float:
    """Return the mean over all images of how far their bin's confidence is from its share right."""
    return float(np.abs(np.bincount(places, differences, BINS)).sum() / max(len(places), 1))


def _by_chance(sure: NDArray[np.float64], places: NDArray[np.int64]) -> float:
    """Return the error that a network with these probabilities has on average if every one of them is true."""
    random = np.random.default_rng(0)
    return float(np.mean([_gap(sure - (random.random(len(sure)) < sure), places) for _ in range(_DRAWS)]))
