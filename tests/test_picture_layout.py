"""What a picture's axes mean; every sentence for a shape that can't be read."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from convista.picture.layout import picture_array, plane

ONE = np.arange(20, dtype=np.uint8).reshape(4, 5)
COLOUR = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)


@pytest.mark.parametrize(
    "image",
    [ONE, ONE[None], ONE[:, :, None], ONE.tolist(), torch.from_numpy(ONE), torch.from_numpy(ONE[None]),
     Image.fromarray(ONE), ONE.astype(">u2"), np.asfortranarray(ONE), [[torch.tensor(v) for v in row] for row in ONE]],
    ids=["array", "channel first", "channel last", "list", "tensor", "tensor channel first", "PIL", "big-endian",
         "Fortran", "list of tensors"],
)  # fmt: skip
def test_one_channel_in_every_form(image):
    array = picture_array(image)
    assert array.dtype.isnative
    np.testing.assert_array_equal(array, ONE)


@pytest.mark.parametrize("image", [COLOUR, COLOUR.transpose(2, 0, 1), Image.fromarray(COLOUR)])
def test_colour_ends_with_its_channels_last(image):
    np.testing.assert_array_equal(picture_array(image), COLOUR)


def test_an_ambiguous_shape_is_read_as_one_says():
    image = np.arange(45).reshape(3, 5, 3)
    np.testing.assert_array_equal(picture_array(image, channels_last=True), image)
    np.testing.assert_array_equal(picture_array(image, channels_last=False), image.transpose(1, 2, 0))
    np.testing.assert_array_equal(picture_array(np.arange(3).reshape(1, 1, 3), False), [[0, 1, 2]])


@pytest.mark.parametrize(
    ("shape", "channels_last", "sentence"),
    [
        ((3, 5, 3), None, "image has shape (3, 5, 3), which can be read as 3 channels of 5 rows x 3 cols or as 3 rows "
         "x 5 cols of 3 channels; say channels_last=False or channels_last=True"),
        ((1, 28, 1), None, "image has shape (1, 28, 1), which can be read as 1 channels of 28 rows x 1 cols or as 1 "
         "rows x 28 cols of 1 channels; say channels_last=False or channels_last=True"),
        ((8, 5, 6), None, "image has shape (8, 5, 6); its first or its last axis must be 1 or 3 channels; many maps "
         "are drawn by show_grid, one is image[0]"),
        ((3, 5, 6), True, "image has shape (3, 5, 6); with channels_last=True its last axis must be 1 or 3 channels; "
         "many maps are drawn by show_grid, one is image[0]"),
        ((5, 6, 3), False, "image has shape (5, 6, 3); with channels_last=False its first axis must be 1 or 3 channels;"
         " many maps are drawn by show_grid, one is image[0]"),
        ((5, 6, 4), None, "image has shape (5, 6, 4); its first or its last axis must be 1 or 3 channels; without its "
         'transparency it is image[:, :, :3], as a PIL image image.convert("RGB")'),
        ((2, 1, 5, 6), None, "image has shape (2, 1, 5, 6); it must be (rows, cols) or colour with 1 or 3 channels; "
         "one picture is image[0]"),
        ((5,), None, "image has shape (5,); it must be (rows, cols) or colour with 1 or 3 channels"),
        ((0, 5), None, "image has shape (0, 5): there is no pixel to show"),
    ],
)  # fmt: skip
def test_other_shapes_are_sentences(shape, channels_last, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        picture_array(np.zeros(shape), channels_last)


def test_complex_numbers_have_no_brightness():
    sentence = "image has dtype complex128, which has no one brightness; give real numbers"
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        picture_array(np.zeros((2, 2), complex))


@pytest.mark.parametrize(
    ("shape", "take"),
    [((3, 4, 5), "[0]"), ((4, 5, 3), "[:, :, 0]"), ((4, 5, 1), "[:, :, 0]"), ((2, 8, 4, 5), "[0][0]")],
)
def test_where_one_channel_is_needed_the_way_to_it_is_shown(shape, take):
    image = np.zeros(shape)
    sentence = f"image has shape {shape}, but one channel (rows, cols) is shown here; take one: image{take}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        plane(image)
    assert plane(eval(f"image{take}")).ndim == 2  # the advice works
