"""What is seen of activations and gradients: the right numbers, without a trace."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from shapes import dataset
from test_training_loop import QUICK, Killed, Notes, fingerprint
from torch import nn

from convista.network import Network
from convista.training import Checkpoint, Statistics, fit, probe
from convista.training.course import Course
from convista.training.start import new_network
from convista.training.statistics import BINS, bin_edges


@pytest.fixture(scope="module")
def shapes():
    return dataset()


@pytest.fixture(scope="module")
def trained(shapes):
    return fit(shapes, QUICK)


def seen_in_one_step(shapes, settings, monkeypatch, **changes):
    """The statistics of a course's first step, and the tensors that passed its activations."""
    for name, value in changes.items():
        monkeypatch.setattr(probe, name, value)
    course = Course(new_network(shapes, settings), shapes, settings)
    passed = []
    activations = [module for module in course.network.modules() if isinstance(module, nn.ReLU | nn.Tanh)]
    for module in activations:
        module.register_forward_pre_hook(lambda _, given: passed.append([given[0].detach().clone()]))
        module.register_forward_hook(lambda _, __, answer: passed[-1].append(answer.detach().clone()))
    course.step(torch.arange(16))
    return course, course.probe.statistics, passed


def test_the_figures_are_those_of_the_tensors(shapes, monkeypatch):
    _, seen, passed = seen_in_one_step(shapes, QUICK, monkeypatch, NUMBERS=10**9)
    assert seen.layers == ("layers.0.relu", "layers.1.relu")
    assert (seen.steps.tolist(), seen.every) == ([1], 2)
    for layer, pair in enumerate(passed):
        for side, tensor in enumerate(pair):
            numbers = tensor.double().numpy().ravel()
            figures = [float(array[0, layer, side]) for array in (seen.mean, seen.std, seen.near_zero)]
            assert figures == pytest.approx(
                [numbers.mean(), numbers.std(), (abs(numbers) < 0.05).mean()], rel=1e-4, abs=1e-6
            )
            inside = np.histogram(numbers.clip(-10, np.nextafter(10, 0)), bin_edges())[0]
            assert (
                np.abs(inside - seen.histogram[0, layer, side]).sum() <= 4
            )  # a number on a border may fall either way
    assert seen.near_zero[0, 0, 1] > seen.near_zero[0, 0, 0] + 0.2  # what ReLU does


def test_some_of_many_numbers_stand_for_all(shapes, monkeypatch):
    _, seen, passed = seen_in_one_step(shapes, QUICK, monkeypatch, NUMBERS=2000)
    assert seen.histogram.sum(axis=-1).max() <= 2000
    assert seen.histogram.sum(axis=-1)[0, 0].tolist() == [1640, 1640]  # every 5th of 1,024 rows of 8 channels
    share = (passed[0][1].abs() < 0.05).float().mean()
    assert abs(seen.near_zero[0, 0, 1] - share) < 0.05


@pytest.mark.parametrize("shape", [(64, 1, 64, 64), (64, 8, 32, 32), (4096, 64)])
def test_rows_and_columns_of_all_parities_are_met(shape):
    """Images have even sides, so that every second row would always be the same one of each."""
    tensor = torch.zeros(shape)
    tensor[..., ::2, :] = 1
    tensor[..., 1::4] += 2
    for laid in (tensor, tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor):
        some = probe._some(laid)
        assert 2000 < len(some) <= probe.NUMBERS + 64
        assert abs(some.mean() - tensor.mean()) < 0.05


def test_gradients_and_steps_are_those_of_the_weights(shapes):
    settings = replace(QUICK, clip=0.01)
    course = Course(new_network(shapes, settings), shapes, settings)
    before = {name: weight.detach().clone() for name, weight in course.network.named_parameters()}
    course.step(torch.arange(16))
    seen = course.probe.statistics
    assert seen.weights == ("layers.0.conv.weight", "layers.1.conv.weight", "layers.linear.weight")
    after = dict(course.network.named_parameters())
    moved = [float((after[n] - before[n]).detach().norm() / before[n].norm()) for n in seen.weights]
    assert seen.update[0].tolist() == pytest.approx(moved, rel=1e-4)
    clipped = np.linalg.norm([float(after[n].grad.norm()) for n in after])
    assert clipped == pytest.approx(0.01, rel=1e-3)
    share = [float(after[n].grad.norm()) for n in seen.weights] / seen.gradient[0]
    assert share == pytest.approx([share[0]] * 3, rel=1e-3)  # all shortened alike, after they were measured
    assert share[0] < 0.5


def test_watching_changes_no_bit(trained, shapes):
    blind = fit(shapes, replace(QUICK, statistics=False))
    assert blind.facts.statistics is None
    assert fingerprint(blind.network) == fingerprint(trained.network)
    assert blind.facts.steps == trained.facts.steps
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in trained.network.modules())


@pytest.mark.parametrize(("total", "every"), [(1, 2), (48, 2), (320, 2), (490, 4), (10_000, 63)])
def test_the_number_of_looks_is_bounded(shapes, total, every):
    assert probe.Probe(new_network(shapes, QUICK), total).every == every
    assert total / every <= 160 or every == 2


def test_every_so_many_steps_are_watched_over_the_whole_run(trained):
    assert trained.facts.statistics.steps.tolist() == [*range(1, 49, 2)]


def same(one, other):
    for field in fields(Statistics):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


@pytest.mark.parametrize("at", [4, 6, 9])
def test_they_go_on_after_a_kill(trained, shapes, tmp_path, at):
    watcher = Notes()
    watcher.batch = lambda done, total, loss: (_ for _ in ()).throw(Killed) if done == at else None
    with pytest.raises(Killed):
        fit(shapes, QUICK, watcher=watcher, checkpoint=Checkpoint(tmp_path, every=0))
    same(fit(shapes, QUICK, checkpoint=Checkpoint(tmp_path)).facts.statistics, trained.facts.statistics)


def test_their_file_gives_them_back(trained, tmp_path):
    trained.facts.statistics.write(tmp_path / "statistics.npz")
    read = Statistics.read(tmp_path / "statistics.npz")
    same(read, trained.facts.statistics)
    assert read.histogram.shape == (24, 2, 2, BINS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["statistics.npz"]


def own(function):
    return Network(f"own_networks:{function}", classes=("a", "b"), image_shape=(1, 16, 16), mean=[30.0], std=[60.0])


def test_an_activation_that_is_called_twice_and_writes_in_place_is_seen_twice(shapes, monkeypatch):
    settings = replace(QUICK, network="own_networks:Shared")
    course = Course(new_network(shapes, settings), shapes, settings)
    course.step(torch.arange(16))
    seen = course.probe.statistics
    assert seen.layers == ("layers.relu", "layers.relu#2")
    edge = BINS // 2
    below = seen.histogram[0, :, :, :edge].sum(axis=-1)
    assert (below[:, 0] > 100).all()
    assert (below[:, 1] == 0).all()


def test_without_activations_the_layers_with_weights_are_seen():
    assert probe.Probe(own("Bare"), 10).layers == ("layers.conv", "layers.answer")


def test_a_step_that_fails_leaves_no_row_and_no_hook(shapes, monkeypatch):
    course = Course(new_network(shapes, QUICK), shapes, QUICK)
    monkeypatch.setattr(
        Course,
        "loss",
        lambda self, chosen: (self.network(self.images[chosen]), torch.tensor(float("nan"), requires_grad=True))[1],
    )
    with pytest.raises(RuntimeError, match="the loss was nan"):
        course.step(torch.arange(16))
    assert course.probe.rows == []
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in course.network.modules())
