"""Diagrams that several tests look at; none of them needs torch."""

import numpy as np

import convista as cx
from convista.picture.diagram.arithmetic import draw_arithmetic, picture_of
from convista.picture.diagram.channels import Channels, channels_scene
from convista.picture.diagram.cone import Layer, cone_scene
from convista.picture.diagram.conventions import Reading, conventions_scene
from convista.picture.diagram.maps import Layer as Maps
from convista.picture.diagram.maps import maps_scene
from convista.picture.diagram.picture import Picture
from convista.picture.diagram.reading import convolution
from convista.picture.diagram.strip import Block, strip_scene

RNG = np.random.default_rng(6)
PIXELS = RNG.integers(0, 10, (5, 5))
PHOTO = RNG.integers(0, 256, (28, 28))
CHANNELS = RNG.normal(size=(6, 9, 9))
WEIGHTS = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
RESULT = np.asarray(cx.conv2d(PIXELS, WEIGHTS, padding="same"))
OTHERS = [
    Reading("ndimage.correlate", np.asarray(cx.conv2d(PIXELS, WEIGHTS, padding="same", padding_mode="symmetric")),
            ("symmetric border, not turned", 'padding_mode="symmetric"')),
    Reading("signal processing", np.asarray(cx.conv2d(PIXELS, WEIGHTS, padding="same", flip=True)), ("turned", "flip=True")),
    Reading("torch", RESULT),
]  # fmt: skip
BLOCKS = [
    Block("input", (3, 64, 64), (), "input"),
    Block("conv2d", (64, 32, 32), ("7 × 7, stride 2", "batch_norm, relu"), "window"),
    Block("max_pool2d", (64, 16, 16), ("3 × 3, stride 2",), "output"),
    *(Block("conv2d", (128, 8, 8), ("3 × 3", "batch_norm, relu"), "window"), Block("add", (128, 8, 8), ("relu",))) * 4,
    Block("adaptive_avg_pool2d", (512, 1, 1), (), "output"),
    Block("flatten", (512,)),
    Block("linear", (1000,), (), "group_4"),
]


def transposed_numbers():
    plan = convolution((2, 3), 2, 2, transposed=True)
    image, weights = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[1, 2], [3, 4]])
    return picture_of(plan, (image, weights, np.asarray(cx.conv_transpose2d(image, weights, stride=2))))


DIAGRAMS = {
    "stops": lambda: draw_arithmetic(5, 3, stride=2, padding=1),
    "stops_left_over": lambda: draw_arithmetic(6, 3, stride=2),
    "stops_dilated": lambda: draw_arithmetic((7, 9), (2, 3), dilation=(3, 2), padding=((1, 0), (0, 2))),
    "stops_numbers": lambda: cx.draw("sobel_x", PIXELS, padding=1),
    "stops_floats": lambda: cx.draw(np.full((3, 3), 1 / 9), PIXELS / 7, stride=2),
    "stops_large": lambda: draw_arithmetic((224, 300), 7, stride=2, padding=3),
    "stops_28": lambda: draw_arithmetic(28, 3, stride=2, padding=1),
    "stops_28_numbers": lambda: cx.draw("sobel_x", PHOTO),
    "transposed": lambda: draw_arithmetic(3, 3, stride=2, padding=1, transposed=True, output_padding=1),
    "transposed_numbers": transposed_numbers,
    "transposed_cropped": lambda: draw_arithmetic((4,), 2, padding=2, stride=3, transposed=True),
    "row": lambda: draw_arithmetic((12,), 3, stride=2, padding=1),
    "deep": lambda: draw_arithmetic((4, 5, 5), (2, 3, 3)),
    "chinese": lambda: draw_arithmetic(6, 3, stride=2, language="zh-Hans"),
    "sum": lambda: cx.draw(cx.apply_kernel(PHOTO, 5, 7, "top_edge"), PHOTO),
    "sum_bias": lambda: cx.draw(cx.apply_kernel(PIXELS / 3, 2, 2, WEIGHTS / 7, bias=-0.5)),
    "sum_channels": lambda: cx.draw(cx.apply_kernel(CHANNELS, 4, 4, CHANNELS[:, :3, :3])),
    "sum_chinese": lambda: cx.draw(cx.apply_kernel(PIXELS, 2, 2, WEIGHTS), PIXELS, language="zh-Hans"),
    "matrix": lambda: draw_arithmetic(4, 3, view="matrix"),
    "matrix_numbers": lambda: cx.draw("sobel_x", PIXELS[:4], view="matrix"),
    "matrix_row": lambda: draw_arithmetic((6,), 3, padding=1, view="matrix"),
    "cone": lambda: cx.draw([(3, 1, 1), (3, 2, 1), (3, 1, 1)]),
    "cone_edge": lambda: cx.draw([(3, 1, 1), (2, 2), (3, 1, 1, 2)], input_size=16, at=(0,)),
    "cone_chinese": lambda: Picture(cone_scene([Layer(3, 2, 1), Layer(3, 2, 1)], size=28, language="zh-Hans")),
    "channels": lambda: Picture(channels_scene(Channels(4, 8, 2, 18))),
    "channels_many": lambda: Picture(channels_scene(Channels(64, 64, 64, 9))),
    "strip": lambda: Picture(strip_scene(BLOCKS)),
    "strip_chinese": lambda: Picture(strip_scene(BLOCKS[:4], language="zh-Hans")),
    "conventions": lambda: Picture(conventions_scene(Reading("conv2d", RESULT), OTHERS)),
    "conventions_chinese": lambda: Picture(conventions_scene(Reading("conv2d", RESULT), OTHERS[:1], language="zh-Hans")),
    "maps": lambda: Picture(maps_scene([
        Maps("features.0.conv", "conv2d, batch_norm, relu", np.abs(np.sin(np.arange(16 * 28 * 28).reshape(16, 28, 28)))),
        Maps("features.1.conv", "conv2d", np.cos(np.arange(3 * 14 * 20).reshape(3, 14, 20) / 9)),
        Maps("linear", "linear", np.linspace(-2, 5, 10)),
    ])),
}  # fmt: skip
