"""Descriptions to torch layers."""

import pytest
import torch
from torch import nn

from convista.network import build


def test_simple_is_five_halvings_down_to_one_number_a_class():
    network = build("simple", channels=1, classes=10)
    image, sizes = torch.zeros(2, 1, 28, 28), []
    for layer in network:
        image = layer(image)
        sizes.append(tuple(image.shape[1:]))
    assert sizes == [(8, 14, 14), (16, 7, 7), (32, 4, 4), (64, 2, 2), (10, 1, 1), (10,)]


def test_modules_are_named_as_they_read():
    names = [name for name, module in build("5x5/2 16, 3x3 32, mean", 3, 6).named_modules() if not [*module.children()]]
    assert names == ["0.conv", "0.norm", "0.relu", "1.conv", "1.norm", "1.relu", "mean", "flatten", "linear"]


def test_nothing_follows_the_convolution_that_answers():
    assert [name for name, _ in build("simple", 1, 2)[4].named_children()] == ["conv"]


@pytest.mark.parametrize(
    ("text", "channels", "classes", "parameters"),
    [
        # weights 72 + 1152 + 4608 + 18432, norms 2 * (8 + 16 + 32 + 64), the last 2 * 576 weights and 2 biases
        ("simple", 1, 2, 72 + 1152 + 4608 + 18432 + 240 + 1152 + 2),
        ("small", 1, 10, 400 + 2304 + 4608 + 9216 + 18432 + 36864 + 2 * (16 + 16 + 32 + 32 + 64 + 64) + 650),
        ("3x3 4, 1x1 classes, mean", 3, 5, 108 + 8 + 20 + 5),
        ("3x3 4, res 3x3, mean", 1, 2, 36 + 8 + 2 * (144 + 8) + 10),
    ],
)
def test_parameters_are_those_counted_by_hand(text, channels, classes, parameters):
    assert sum(p.numel() for p in build(text, channels, classes).parameters()) == parameters


def test_a_residual_item_adds_its_convolutions_to_what_comes_in():
    block = build("1x1 3, res 3x3, mean", channels=1, classes=2)[1].eval()
    image = torch.randn(2, 3, 6, 5)
    inner = block.norm2(block.conv2(block.relu1(block.norm1(block.conv1(image)))))
    torch.testing.assert_close(block(image), (image + inner).clamp(min=0))


def test_without_norms_the_convolutions_have_biases():
    net = build("no norm, 3x3/2 8, res 3x3, 3x3 classes, mean", 1, 10)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in net.modules())
    assert all(module.bias is not None for module in net.modules() if isinstance(module, nn.Conv2d))
    assert [name for name, _ in net[0].named_children()] == ["conv", "relu"]


def test_the_mean_of_each_channel_goes_into_the_linear_layer():
    network = build("1x1 3, mean", channels=1, classes=2).eval()
    image = torch.rand(4, 1, 6, 5)
    means = network[0](image).mean(dim=(2, 3))
    torch.testing.assert_close(network(image), network.linear(means))


def test_maps_of_the_classes_are_averaged_without_a_linear_layer():
    network = build("1x1 classes, mean", channels=1, classes=3)
    image = torch.rand(2, 1, 6, 5)
    torch.testing.assert_close(network(image), network[0](image).mean(dim=(2, 3)))


def test_stride_kernel_and_padding_reach_torch():
    conv = build("5x3/2 4, mean", 2, 2)[0].conv
    assert (conv.kernel_size, conv.stride, conv.padding, conv.in_channels) == ((5, 3), (2, 2), (2, 1), 2)
    assert isinstance(conv, nn.Conv2d)


@pytest.mark.parametrize(("channels", "classes", "name"), [(0, 2, "channels"), (1, 0, "classes")])
def test_counts_start_at_one(channels, classes, name):
    with pytest.raises(ValueError, match=rf"^{name} \(=0\) must be 1 or more$"):
        build("simple", channels, classes)
