"""PNG files in memory: each pixel a block of the right colour."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from convista.picture import data_uri, png_bytes
from convista.picture.colours import NOT_FINITE, paint

RNG = np.random.default_rng(0)


def opened(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file))


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize(
    ("image", "colours"),
    [
        (one := RNG.integers(0, 256, (4, 5), np.uint8), paint(one)),
        (signed := RNG.normal(size=(4, 5)), paint(signed, "RdBu_r")),
        (rgb := RNG.integers(0, 256, (4, 5, 3), np.uint8), rgb),
        (rgb.transpose(2, 0, 1), rgb),
    ],
    ids=["grey", "signed", "colour", "channels first"],
)
def test_each_pixel_is_a_block_of_its_colour(image, colours, scale):
    blocks = np.asarray(opened(png_bytes(image, scale)).convert("RGB"))
    np.testing.assert_array_equal(blocks, np.kron(colours, np.ones((scale, scale, 1), np.uint8)))


def test_limits_and_map_are_passed_on():
    file = png_bytes([[0, 128, 255]], cmap="gray", limits=(0, 255))
    assert opened(file).mode == "L"
    assert np.asarray(opened(file)).tolist() == [[0, 128, 255]]


def test_nan_has_its_colour():
    assert opened(png_bytes([[0.0, float("nan")]])).getpixel((1, 0)) == NOT_FINITE


def test_the_address_holds_the_file_and_repeats():
    address = data_uri([[0, 1]], 4)
    head, _, body = address.partition(",")
    assert (head, base64.b64decode(body)) == ("data:image/png;base64", png_bytes([[0, 1]], 4))
    assert address == data_uri([[0, 1]], 4)


def test_a_scale_below_one_is_a_sentence():
    with pytest.raises(ValueError, match=f"^{re.escape('scale (=0) must be 1 or more')}$"):
        png_bytes([[1]], scale=0)


def test_an_ambiguous_shape_needs_a_word():
    image = RNG.integers(0, 256, (3, 5, 3), np.uint8)
    assert opened(png_bytes(image, channels_last=True)).size == (5, 3)
    assert opened(png_bytes(image, channels_last=False)).size == (3, 5)
