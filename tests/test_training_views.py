"""Test-time averaging: the same images, seen in several ways."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from shapes import dataset
from test_training_loop import QUICK, fingerprint

from convista.training import Settings, fit
from convista.training.judgement import judge, judge_views
from convista.training.views import STRAIGHT, View, views


@pytest.fixture(scope="module")
def shapes():
    return dataset(train=48, valid=32)


@pytest.mark.parametrize("view", [View(2, -1), View(-3, 1, mirrored=True), View(0, 1, upturned=True), STRAIGHT])
def test_a_view_is_the_image_moved_and_turned(view):
    image = np.random.default_rng(0).integers(0, 256, (1, 3, 7, 9), np.uint8)
    padded = np.pad(image, ((0, 0), (0, 0), (4, 4), (4, 4)), mode="edge")
    wanted = padded[:, :, 4 - view.down : 11 - view.down, 4 - view.right : 13 - view.right]
    wanted = wanted[:, :, :: -1 if view.upturned else 1, :: -1 if view.mirrored else 1]
    np.testing.assert_array_equal(view(torch.from_numpy(image)).numpy(), wanted)


def test_only_what_training_did_is_done():
    def turns(flip, shift=2.0):
        seen = views(Settings(tta=36, flip=flip, shift=shift), (3, 96, 96))
        assert seen[0] == STRAIGHT
        assert len(set(seen)) == len(seen)
        return len(seen), any(v.mirrored for v in seen), any(v.upturned for v in seen), max(v.down for v in seen)

    assert turns("none") == (9, False, False, 3)
    assert turns("horizontal") == (18, True, False, 3)
    assert turns("both") == (36, True, True, 3)
    assert turns("horizontal", shift=0) == (2, True, False, 0)


def test_the_answer_is_the_mean_of_the_views(shapes):
    network = fit(shapes, replace(QUICK, epochs=1)).network
    seen = views(replace(QUICK, tta=3, flip="horizontal"), (1, 16, 16))
    each = [
        judge(network, replace(shapes.valid, images=v(torch.from_numpy(shapes.valid.images)).numpy())) for v in seen
    ]
    mean = np.mean([one.probabilities for one in each], axis=0)
    judged = judge_views(network, shapes.valid, seen)
    np.testing.assert_allclose(judged.probabilities, mean, rtol=1e-5)
    truth = mean[np.arange(32), shapes.valid.labels]
    assert judged.loss == pytest.approx(-np.log(truth).mean(), rel=1e-4)
    assert not np.allclose(each[0].probabilities, mean)


def test_it_is_told_beside_the_accuracy_and_chooses_nothing(shapes):
    plain, averaged = fit(shapes, replace(QUICK, epochs=2)), fit(shapes, replace(QUICK, epochs=2, tta=5))
    assert fingerprint(plain.network) == fingerprint(averaged.network)
    assert plain.facts.averaged is None
    assert averaged.facts.accuracy == plain.facts.accuracy
    told = averaged.facts.averaged
    assert (told.views, told.pixels, told.mirrored) == (5, 1, False)
    judged = judge_views(averaged.network, shapes.valid, views(replace(QUICK, tta=5, flip="none"), (1, 16, 16)))
    assert told.accuracy == judged.accuracy == 1 - told.errors / 32
