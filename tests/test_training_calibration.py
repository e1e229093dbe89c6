"""Calibration: its figures by plain loops, its temperature against SciPy, and that nothing is measured where it is fitted."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from convista.training.calibration import _every_second, calibration, reliability, temperature_of

RNG = np.random.default_rng(0)


def answers(images=400, classes=5, too_sure=1.0, seed=0):
    """Logits whose probabilities are true, times `too_sure`; the truth is drawn by them."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (images, classes))
    labels = np.array([random.choice(classes, p=row) for row in softmax(logits, axis=1)])
    return np.float32(logits * too_sure), labels


def test_the_error_is_that_of_plain_loops():
    logits, labels = answers()
    chances = softmax(logits.astype(float), axis=1)
    error = 0.0
    for place in range(15):
        inside = [i for i, row in enumerate(chances) if min(int(row.max() * 15), 14) == place]
        if inside:
            sure = np.mean([chances[i].max() for i in inside])
            right = np.mean([chances[i].argmax() == labels[i] for i in inside])
            error += len(inside) / len(labels) * abs(sure - right)
    found = reliability(logits, labels)
    assert found.error == pytest.approx(error, abs=1e-12)
    assert found.images == 400
    assert found.loss == pytest.approx(-log_softmax(logits.astype(float), axis=1)[range(400), labels].mean())


@pytest.mark.parametrize("too_sure", [0.5, 1.0, 3.0])
def test_the_temperature_is_the_one_that_scipy_finds(too_sure):
    logits, labels = answers(too_sure=too_sure)
    loss = lambda t: -log_softmax(logits.astype(float) / t, axis=1)[range(400), labels].mean()  # noqa: E731
    best = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-9}).x
    assert temperature_of(logits, labels) == pytest.approx(best, rel=1e-5)


def test_a_network_that_is_too_sure_is_cooled_down_on_images_that_fitted_nothing():
    found = calibration(*answers(2000, too_sure=3.0))
    assert found.temperature == pytest.approx(3, rel=0.1)
    assert found.before.error > 0.15
    assert found.after.error < 0.05
    assert found.fitted + found.before.images == 2000
    assert found.after.images == found.before.images


def test_the_images_that_fit_the_temperature_are_in_no_figure():
    logits, labels = answers()
    fits = _every_second(labels)
    wrecked = logits.copy()
    wrecked[fits] = RNG.normal(size=wrecked[fits].shape)
    assert calibration(wrecked, labels).before == calibration(logits, labels).before
    assert calibration(wrecked, labels).temperature != calibration(logits, labels).temperature


def test_of_each_class_every_second_image_fits():
    assert np.flatnonzero(_every_second(np.array([2, 2, 2, 0, 0, 1]))).tolist() == [0, 2, 3, 5]


def test_where_all_are_right_there_is_no_temperature():
    logits = np.eye(4, dtype=np.float32)[[0, 1, 2, 3] * 5] * 3
    found = calibration(logits, np.array([0, 1, 2, 3] * 5))
    assert (found.temperature, found.after) == (None, None)
    assert found.before.error == pytest.approx(1 - softmax([3, 0, 0, 0])[0], abs=1e-6)


def test_a_network_that_knows_nothing_has_no_temperature():
    logits, labels = answers(too_sure=-1.0)
    assert temperature_of(logits, labels) is None


def test_chance_is_what_true_probabilities_give():
    found = [reliability(*answers(300, seed=seed)) for seed in range(40)]
    assert np.mean([one.error for one in found]) == pytest.approx(np.mean([one.chance for one in found]), rel=0.1)


def test_one_image_of_each_class_leaves_nothing_to_measure():
    found = calibration(np.float32([[2, 0], [1, 0]]), np.array([0, 1]))
    assert (found.fitted, found.before.images, found.before.error) == (2, 0, 0.0)
