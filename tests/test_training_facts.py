"""What is known of a run: how it was judged, what the network is made of, on what it was computed."""

import numpy as np
import pytest
import torch
from shapes import dataset

from convista.network import Network
from convista.training import Settings, fit
from convista.training.anatomy import first_kernels, layers, multiplications
from convista.training.judgement import Judgement, judge, worst_mistakes


@pytest.fixture(scope="module")
def shapes():
    return dataset(train=40, valid=64)


@pytest.fixture(scope="module")
def facts(shapes):
    return fit(shapes, Settings(epochs=1, batch=16, seed=3)).facts


def judgement(probabilities, labels):
    chances = np.float32(probabilities)
    return Judgement(0.0, chances, chances, np.int64(labels))


def test_a_judgement_counts_by_hand():
    said = judgement([[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]], [0, 1, 2, 2])
    assert said.accuracy == 0.75
    assert said.confusion.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 1]]


def test_the_worst_mistakes_come_first(shapes):
    sure = [0.4, 0.9, 0.2, 0.7] + [0.0] * 60  # of "ring"; the images are cross, ring, cross, ring, ...
    mistakes = worst_mistakes(judgement([[1 - p, p] for p in sure], shapes.valid.labels), shapes, most=4)
    assert [m.sample.path for m in mistakes] == ["ring/5.png", "ring/7.png", "ring/9.png", "ring/11.png"]
    assert {(m.predicted, m.sample.label, m.probability, m.truth_probability) for m in mistakes} == {
        ("cross", "ring", 1.0, 0.0)
    }
    assert mistakes[0].sample.image.base is None  # a view would keep all images in memory
    np.testing.assert_array_equal(mistakes[0].sample.image, shapes.valid.images[5])


def test_mistakes_are_ordered_by_the_probability_of_the_truth(shapes):
    sure = np.where(shapes.valid.labels == 1, 1.0, 0.0)
    sure[[3, 8, 15]] = 0.4, 0.99, 0.1
    mistakes = worst_mistakes(judgement(np.stack([1 - sure, sure], axis=1), shapes.valid.labels), shapes)
    assert [m.sample.path for m in mistakes] == ["cross/8.png", "ring/15.png", "ring/3.png"]
    assert [m.truth_probability for m in mistakes] == pytest.approx([0.01, 0.1, 0.4])


def test_judging_agrees_with_the_network_image_by_image(shapes):
    network = Network("3x3/2 4, mean", classes=shapes.classes, image_shape=(1, 16, 16), mean=[30], std=[60]).train()
    said = judge(network, shapes.valid, label_smoothing=0.1)
    assert network.training
    with torch.no_grad():
        logits = network.eval()(torch.from_numpy(shapes.valid.images))
    np.testing.assert_allclose(said.probabilities, logits.softmax(1).numpy(), atol=1e-6)
    logs = logits.log_softmax(1).double().numpy()
    truth = np.take_along_axis(logs, shapes.valid.labels[:, None], axis=1)[:, 0]
    assert said.loss == pytest.approx(-(0.9 * truth + 0.1 * logs.mean(axis=1)).mean(), rel=1e-5)


def test_the_layers_are_listed_in_the_order_of_the_image():
    network = Network(
        "5x5/2 4, 3x3 classes, mean", classes=("a", "b"), image_shape=(3, 9, 8), mean=[0] * 3, std=[1] * 3
    )
    rows = [(layer.name, layer.kind, layer.output_shape, layer.parameters) for layer in layers(network)]
    assert rows == [
        ("layers.0.conv", "Conv2d", (4, 5, 4), 300),
        ("layers.0.norm", "BatchNorm2d", (4, 5, 4), 8),
        ("layers.0.relu", "ReLU", (4, 5, 4), 0),
        ("layers.1.conv", "Conv2d", (2, 5, 4), 74),
        ("layers.mean", "AdaptiveAvgPool2d", (2, 1, 1), 0),
        ("layers.flatten", "Flatten", (2,), 0),
    ]
    assert multiplications(network) == 5 * 4 * (300 + 72)
    assert not any(module._forward_hooks for module in network.modules())


def test_the_first_kernels_are_a_copy():
    network = Network("5x5/2 4, mean", classes=("a", "b"), image_shape=(3, 9, 8), mean=[0] * 3, std=[1] * 3)
    kernels = first_kernels(network)
    assert kernels.shape == (4, 3, 5, 5)
    kernels[:] = 0
    assert network.layers[0].conv.weight.abs().sum() > 0


def test_the_facts_hold_together(facts, shapes):
    assert facts.counts == {"train": (20, 20), "valid": (32, 32)}
    assert facts.confusion.sum(axis=1).tolist() == [32, 32]
    assert facts.errors == round((1 - facts.history[-1].accuracy) * 64)
    assert len(facts.mistakes) == min(24, facts.errors)
    assert facts.parameters == sum(layer.parameters for layer in facts.layers)
    assert [sample.label for sample in facts.samples].count("ring") == 12
    assert {sample.path for sample in facts.samples} <= set(shapes.train.paths)
    assert facts.remarks == shapes.remarks
    assert facts.command == "convista train shapes --epochs 1 --batch 16 --seed 3"
    assert facts.settings["threads"] == "1"
    assert facts.seconds >= facts.history[0].seconds > 0


def test_the_machine_and_the_versions_are_named(facts):
    assert (
        facts.versions["torch"] == torch.__version__.partition("+")[0] or facts.versions["torch"] == torch.__version__
    )
    assert all(facts.machine.values())
