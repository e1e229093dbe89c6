"""`draw`: the thing says what is drawn, and the numbers are those of the engine or of the layer itself."""

import numpy as np
import pytest
import torch
from test_diagram_scenes import overlaps, texts
from torch import nn

import convista as cx
from convista.drawing.layer import channels_of, plan_of, stop_of
from convista.drawing.network import stretches_of, window_of
from convista.explanation.tracing import trace

IMAGE = torch.arange(36.0).reshape(1, 6, 6) % 7


def sums(scene):
    """(what is summed, the result) as each moment says it."""
    return [texts(moment)[-1].rpartition(" = ")[::2] for moment in scene.moments]


@pytest.mark.parametrize(
    "layer",
    [nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(3, 8, (5, 3), padding="same"), nn.Conv2d(4, 8, 3, groups=4, dilation=2),
     nn.Conv1d(2, 2, 4, 3), nn.Conv3d(1, 1, (2, 3, 3)), nn.ConvTranspose2d(3, 4, 3, 2, 1, 1), nn.ConvTranspose1d(1, 1, 2, 2),
     nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.MaxPool2d(2, 3, ceil_mode=True), nn.AvgPool1d(4, 3, ceil_mode=True),
     nn.MaxPool3d((1, 2, 2))],
)  # fmt: skip
@pytest.mark.parametrize("size", [6, 9, 11])
def test_a_layer_s_shape_is_torch_s(layer, size):
    dims = int(type(layer).__name__[-2])
    sizes = (size, size + 1, size + 2)[:dims]
    made = layer(torch.zeros(1, getattr(layer, "in_channels", 2), *sizes))
    assert plan_of(layer, sizes).output == tuple(made.shape[2:])


def test_a_layer_is_drawn_with_its_channels_told():
    picture = cx.draw(nn.Conv2d(3, 64, 7, stride=2, padding=3), input_size=(3, 224, 224))
    assert picture.title == "224 × 224 to 112 × 112, kernel 7 × 7, padding 3, stride 2"
    told = "Each of the 64 output channels reads 3 of the 3 input channels; its kernel has 147 weights."
    assert told in texts(picture.scene.base)
    assert list(overlaps(picture.scene, [*picture.scene.base, *picture.scene.still])) == []


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(1, 2, 2, padding=1),
        nn.ConvTranspose2d(1, 2, (1, 2), stride=(2, 1), bias=False),
        nn.Conv2d(1, 1, (1, 3), (1, 2)),
    ],
)
def test_a_layer_over_an_image_shows_its_own_numbers(layer):
    with torch.no_grad():
        layer.weight.copy_(torch.randint(-4, 5, layer.weight.shape))
        if layer.bias is not None:
            layer.bias.fill_(2)
    channel = layer.out_channels - 1
    scene = cx.draw(layer, IMAGE[:, :5], channel=channel).scene
    made = layer(IMAGE[None, :, :5])[0, channel].detach().ravel().tolist()
    assert [(eval(said.replace("(bias)", "")), float(result)) for said, result in sums(scene)] == [
        (value, value) for value in made
    ]


def test_a_number_of_a_layer_is_the_sum_with_all_channels():
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 6, 3, padding=2, dilation=2, groups=2)
    image = torch.randn(4, 7, 7)
    stop = stop_of(layer, image, (5, 0, 3))
    assert stop.total == layer(image[None]).detach()[0, 5, 0, 3].item()
    assert stop.products.sum() + stop.bias == pytest.approx(stop.total, rel=1e-5)
    assert (stop.rows, stop.cols) == (range(-2, 4, 2), range(1, 7, 2))
    np.testing.assert_array_equal(stop.pixels[:, 1:], image[2:4, 0:3:2, 1:6:2].numpy())
    picture = cx.draw(layer, image, at=(5, 0, 3))
    assert list(overlaps(picture.scene, picture.scene.base)) == []
    with pytest.raises(IndexError) as error:
        cx.draw(layer, image, at=(6, 0, 0))
    assert str(error.value) == "at (=(6, 0, 0)) must be inside the layer's output of shape (6, 7, 7)"


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_a_sum_sees_the_padding_that_the_layer_sees(mode):
    layer = nn.Conv2d(1, 1, 3, padding=1, padding_mode=mode)
    stop = stop_of(layer, IMAGE, (0, 0, 0))
    assert stop.products.sum() + stop.bias == pytest.approx(layer(IMAGE[None]).detach()[0, 0, 0, 0].item(), rel=1e-5)


def test_channels_are_torch_s():
    depthwise, grouped = channels_of(nn.Conv2d(8, 16, 3, groups=8)), channels_of(nn.Conv1d(6, 4, 5, groups=2))
    assert [list(depthwise.reads(channel)) for channel in (0, 1, 2, 15)] == [[0], [0], [1], [7]]
    assert (list(grouped.reads(1)), list(grouped.reads(2)), grouped.weights) == ([0, 1, 2], [3, 4, 5], 15)
    assert "Depthwise" in cx.draw(nn.Conv2d(8, 8, 3, groups=8), view="channels").description


@pytest.mark.parametrize(
    ("call", "kind", "told"),
    [
        (lambda: cx.draw("top_edge"), ValueError, "image (=None) must be given for a kernel: its stops are drawn on one, such as 5 x 5 pixels"),
        (lambda: cx.draw(np.ones((2, 3, 3)), IMAGE), ValueError, "kernel (shape (2, 3, 3)) must be (rows, cols) to be drawn; take one channel: kernel[0]"),
        (lambda: cx.draw(nn.Conv2d(1, 1, 3)), ValueError, "input_size (=None) must be given, or an image: 2 numbers, such as (5, 5)"),
        (lambda: cx.draw(nn.Conv2d(1, 1, 3), input_size=(1, 2, 3, 4, 5)), ValueError, "input_size (=(1, 2, 3, 4, 5)) must be 2 numbers, with the channels in front 3"),
        (lambda: cx.draw(nn.Conv2d(3, 1, 3), torch.zeros(3, 6, 6)), ValueError, "image has 3 channels that each number of the output adds up; draw one of them with at=(0, row, col), or the layer without numbers with input_size=(6, 6)"),
        (lambda: cx.draw(nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), IMAGE), ValueError, 'padding_mode (="reflect") has other numbers than zeros around the image; pad the image first, and draw a layer without padding'),
        (lambda: cx.draw(nn.MaxPool2d(2), IMAGE), TypeError, "image can't be drawn under a pooling layer, which has no weights; give input_size instead"),
        (lambda: cx.draw(nn.MaxPool2d(2), view="channels"), TypeError, 'view (="channels") is for convolutions; pooling leaves every channel on its own'),
        (lambda: cx.draw(nn.Conv2d(1, 1, 3), IMAGE, at=(0, 0)), ValueError, "at (=(0, 0)) must be (channel, row, col) of a Conv2d's output, and image be given; leave it out to draw the layer's stops"),
        (lambda: cx.draw(nn.Sequential(nn.Flatten()), input_size=5), ValueError, "input_size (=5) must be the input's, such as (3, 64, 64), or image be given"),
        (lambda: cx.draw(nn.Sequential(nn.Flatten()), view="map"), ValueError, 'view (="map") must be one of strip, maps, cone; did you mean "maps"?'),
    ],
)  # fmt: skip
def test_what_can_t_be_drawn_is_said_in_a_sentence(call, kind, told):
    with pytest.raises(kind) as error:
        call()
    assert str(error.value) == told


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return torch.relu(x + self.norm(self.conv(x)))


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.ReLU(), Residual(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(4 * 7 * 7, 10),
    )  # fmt: skip


def test_a_network_s_strip_has_its_layers_shapes():
    net = network()
    picture = cx.draw(net, input_size=(1, 28, 28))
    assert net.training
    drawn = texts(picture.scene.base)
    assert drawn[0] == "A network of 6 layers"
    shapes = [text for text in drawn if text in {"1 × 28 × 28", "4 × 14 × 14", "4 × 7 × 7", "196", "10"}]
    assert shapes == ["1 × 28 × 28", "4 × 14 × 14", "4 × 14 × 14", "4 × 14 × 14", "4 × 7 × 7", "196", "10"]
    assert [text for text in drawn if "3 × 3" in text] == ["3 × 3, stride 2", "3 × 3"]
    assert list(overlaps(picture.scene, picture.scene.base)) == []


def test_a_layer_takes_in_only_what_follows_it_alone():
    recorded = trace(network(), torch.zeros(1, 1, 28, 28))
    assert [stretch.kinds for stretch in stretches_of(recorded)] == [
        "input", "conv2d, batch_norm, relu", "conv2d, batch_norm", "add, relu", "max_pool2d", "flatten", "linear",
    ]  # fmt: skip


def test_feature_maps_are_the_layers_own():
    net, image = network().eval(), torch.rand(1, 28, 28)
    picture = cx.draw(net, image)
    assert list(overlaps(picture.scene, picture.scene.base)) == []
    bitmaps = [shape for shape in picture.scene.base if type(shape).__name__ == "Bitmap"]
    assert len(bitmaps) == 1 + 4 + 4 + 4 + 4 + 1 + 1
    first = net[:3](image[None])[0, 0].detach().numpy()
    dark = bitmaps[1].colours[..., 0].astype(float)  # Greys: the more, the darker
    assert np.corrcoef(first.ravel(), dark.ravel())[0, 1] < -0.9


def test_a_chain_s_cone_is_its_receptive_field():
    chain = nn.Sequential(
        nn.Conv2d(1, 2, 3, 2, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3, padding="same", dilation=2)
    )
    picture = cx.draw(chain, input_size=(1, 40, 40), view="cone")
    field = cx.window.receptive_field([(3, 2, 1), (2, 2), (3, 1, 2, 2)])
    assert picture.title == f"Receptive field {field.size}, jump {field.jump}, start {field.start}"
    with pytest.raises(ValueError, match="follows one chain of layers"):
        cx.draw(network(), input_size=(1, 28, 28), view="cone")


def test_windows_are_read_from_keywords_too():
    class Own(nn.Module):
        def forward(self, x):
            x = nn.functional.conv2d(x, torch.ones(1, 1, 3, 2), dilation=(1, 2))
            return nn.functional.avg_pool2d(x, 2, padding=1)

    nodes = trace(Own(), torch.zeros(1, 1, 9, 9)).nodes
    assert [window_of(node) for node in nodes if "2d" in node.kind] == [
        ((3, 2), (1, 1), (0, 0), (1, 2)), ((2, 2), (2, 2), (1, 1), (1, 1)),
    ]  # fmt: skip
