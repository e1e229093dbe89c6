"""The learning-rate finder: its sweep, its suggestion, and nothing left behind."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from shapes import dataset
from test_training_loop import QUICK, Killed, Notes, fingerprint

from convista.training import Checkpoint, Sweep, finder, fit
from convista.training.course import Course
from convista.training.finder import find_sweep, sweep_rates
from convista.training.start import new_network


@pytest.fixture(scope="module")
def shapes():
    return dataset()


@pytest.fixture(scope="module")
def found(shapes):
    return find_sweep(shapes, QUICK)


def test_the_rates_grow_by_the_same_factor_until_the_loss_is_too_high(found):
    ratios = np.diff(np.log10(found.rates))
    assert found.rates[0] == 1e-6
    assert ratios == pytest.approx(np.full(len(ratios), 7 / 99))
    mean, smoothed = 0.0, []
    for number, loss in enumerate(found.losses, start=1):
        mean = 0.9 * mean + 0.1 * loss
        smoothed.append(mean / (1 - 0.9**number))
    assert found.smoothed == pytest.approx(smoothed)
    assert len(found.rates) == 100 or found.smoothed[-1] > 4 * min(found.smoothed)
    assert all(loss <= 4 * min(found.smoothed[:i]) for i, loss in enumerate(found.smoothed[:-1]) if i)


def test_the_suggestion_is_a_tenth_of_the_rate_of_the_lowest_loss():
    sweep = Sweep((0.001, 0.01, 0.1, 1.0), (2.0, 1.0, 0.5, 3.0), (2.0, 1.5, 1.2, 2.4))
    assert (sweep.suggestion, sweep.is_clear) == (0.01, True)
    assert sweep.why == "a tenth of 0.1, where the smoothed loss was lowest (2 at the start, 1.2 there)"


def test_a_loss_that_hardly_falls_is_called_a_guess():
    sweep = Sweep((0.001, 0.01), (2.0, 1.9), (2.0, 1.95))
    assert not sweep.is_clear
    assert sweep.why.endswith("; it hardly fell, so take this as a guess")


def test_the_suggested_rate_learns(found, shapes):
    assert fit(shapes, replace(QUICK, rate=found.suggestion)).facts.accuracy > 0.9


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_nothing_is_left_behind(shapes, optimizer):
    settings = replace(QUICK, optimizer=optimizer, network="own_networks:Shared", average=0.9)
    course = Course(new_network(shapes, settings), shapes, settings)
    for _ in range(3):
        course.step(torch.arange(16))
    torch.manual_seed(3)
    before, numpy_before = course.state(), np.random.get_state()[1].tolist()  # noqa: NPY002 - what users still have
    modes = [module.training for module in course.network.modules()]
    sweep_rates(course.network, shapes, settings)
    after = course.state()
    assert before.tensors.keys() == after.tensors.keys()
    for name, tensor in before.tensors.items():
        assert torch.equal(after.tensors[name], tensor), name
    assert after.facts == before.facts
    assert np.random.get_state()[1].tolist() == numpy_before  # noqa: NPY002
    assert [module.training for module in course.network.modules()] == modes
    assert course.network.state_dict().keys() == new_network(shapes, settings).state_dict().keys()


def test_the_same_sweep_gives_the_same_numbers(found, shapes):
    torch.rand(5)
    assert find_sweep(shapes, QUICK) == found
    assert find_sweep(shapes, replace(QUICK, seed=1)) != found


def test_a_run_may_look_for_its_rate_itself(found, shapes):
    notes = Notes()
    auto = fit(shapes, replace(QUICK, rate="auto"), watcher=notes)
    told = fit(shapes, replace(QUICK, rate=found.suggestion))
    assert auto.facts.sweep == found
    assert told.facts.sweep is None
    assert fingerprint(auto.network) == fingerprint(told.network)
    assert notes.said[0] == f"learning rate {found.suggestion:g}: {found.why}"
    assert auto.facts.settings["rate"] == f"{found.suggestion:g}"
    assert " --rate auto --seed 0 " in auto.facts.command


def test_a_run_that_goes_on_keeps_the_rate_that_was_found(shapes, tmp_path, monkeypatch):
    settings = replace(QUICK, rate="auto", epochs=2)
    whole = fit(shapes, settings)
    watcher = Notes()
    watcher.batch = lambda done, total, loss: (_ for _ in ()).throw(Killed) if done == 8 else None
    with pytest.raises(Killed):
        fit(shapes, settings, watcher=watcher, checkpoint=Checkpoint(tmp_path, every=0))
    monkeypatch.setattr("convista.training.loop.sweep_rates", None)
    notes = Notes()
    gone_on = fit(shapes, settings, checkpoint=Checkpoint(tmp_path), watcher=notes)
    assert fingerprint(gone_on.network) == fingerprint(whole.network)
    assert gone_on.facts.sweep == whole.facts.sweep
    assert notes.said == ["goes on after step 7 of 12"]


def test_a_loss_that_is_no_number_ends_the_sweep(shapes, monkeypatch):
    loss = Course.loss
    monkeypatch.setattr(Course, "loss", lambda self, chosen: loss(self, chosen) * (math.nan if self.done == 7 else 1))
    assert len(find_sweep(shapes, QUICK).losses) == 7
    monkeypatch.setattr(Course, "loss", lambda self, chosen: loss(self, chosen) * math.nan)
    with pytest.raises(
        RuntimeError, match="training diverged: the loss was no number at the first step; look at the data"
    ):
        find_sweep(shapes, QUICK)


def test_more_than_one_pass_is_made_over_few_images(shapes):
    course = Course(new_network(shapes, QUICK), shapes, QUICK)
    batches = finder._batches(course)
    passes = [torch.cat([next(batches) for _ in range(6)]).tolist() for _ in range(2)]
    assert [sorted(order) for order in passes] == [[*range(96)]] * 2
    assert passes[0] != passes[1]
