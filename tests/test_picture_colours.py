"""Numbers to colours: matplotlib's own colours, readable text on each, and a colour of its own for NaN."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import Normalize

from convista.picture.colours import (
    INKS,
    MAPS,
    NOT_FINITE,
    colour_map,
    css_colour,
    default_map,
    is_dark,
    paint,
    paint_picture,
    rgb_bytes,
    value_limits,
)

# Machado, Oliveira, Fernandes (2009): what each kind of colour blindness makes of linear red, green, blue.
VISION = {
    "usual": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colours):
    share = np.asarray(colours) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(light):
    xyz = np.clip(light, 0, 1) @ np.transpose(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.stack([116 * f[..., 1], 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


@pytest.mark.parametrize("name", [*MAPS, "viridis"])
def test_each_map_is_matplotlibs(name):
    theirs = [mpl.colors.to_hex(mpl.colormaps[name](step)) for step in range(256)]
    assert [css_colour(colour) for colour in colour_map(name)] == theirs


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, np.float16, bool])
def test_values_get_matplotlibs_colours(dtype):
    values = (np.random.default_rng(0).random((20, 30)) * 200).astype(dtype)
    theirs = mpl.colormaps["Greys"](Normalize()(values.astype(np.float64)))[..., :3]
    np.testing.assert_array_equal(paint(values), (theirs * 255).round())


def test_limits_hold_the_ends_and_cut_off_what_lies_beyond():
    colours = paint(np.array([-5, 0, 10, 50]), "gray", (0, 10))
    assert colours.tolist() == [[0] * 3, [0] * 3, [255] * 3, [255] * 3]


def test_a_constant_image_has_the_lowest_colour():
    assert (paint(np.full((2, 2), 7)) == 255).all()


@pytest.mark.parametrize("values", [[-1.0, 0.0, 4.0], [0.0, 0.0], [2.0, 0.0, np.nan]])
def test_the_middle_of_the_diverging_map_is_zero(values):
    values = np.array(values)
    assert paint(values, "RdBu_r")[values == 0].tolist() == [[247, 246, 246]] * int((values == 0).sum())


def test_opposite_values_are_as_far_from_the_middle():
    low, high = paint(np.array([-3.0, 3.0]), "RdBu_r")
    assert (low.tolist(), high.tolist()) == (MAPS["RdBu_r"][0].tolist(), MAPS["RdBu_r"][255].tolist())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_have_their_colour_and_move_no_limit(bad):
    colours = paint(np.array([0.0, bad, 4.0]))
    assert colours.tolist() == [[255] * 3, list(NOT_FINITE), [0] * 3]
    assert (paint(np.full(3, bad)) == NOT_FINITE).all()


@pytest.mark.parametrize("kind", VISION)
def test_that_colour_is_far_from_each_of_the_maps_for_everyone(kind):
    maps = np.concatenate(list(MAPS.values()))
    seen, bad = (lab(linear(colours) @ np.transpose(VISION[kind])) for colours in (maps, NOT_FINITE))
    assert np.linalg.norm(seen - bad, axis=-1).min() > 35  # 2.3 can just be told apart


@pytest.mark.parametrize("name", MAPS)
def test_text_has_a_contrast_of_at_least_four_on_each_colour(name):
    colours = np.concatenate([MAPS[name], [NOT_FINITE]]).astype(np.uint8)
    inks = np.array([list(bytes.fromhex(ink[1:])) for ink in INKS])[is_dark(colours).astype(int)]
    below, above = np.sort([linear(c) @ [0.2126, 0.7152, 0.0722] for c in (colours, inks)], axis=0)
    assert ((above + 0.05) / (below + 0.05)).min() > 4.2


def test_the_map_follows_the_sign():
    assert default_map(np.array([0.0, 3])) == "Greys"
    assert default_map(np.array([-0.1, 3])) == default_map(np.array([1.0]), (-1, 1)) == "RdBu_r"
    np.testing.assert_array_equal(paint_picture(np.array([[-1, 2]])), paint(np.array([[-1, 2]]), "RdBu_r", (-2, 2)))


def test_limits_around_a_centre():
    values = np.array([[1.0, np.nan], [4.0, np.inf]])
    assert value_limits(values) == (1, 4)
    assert value_limits(values, center=0) == (-4, 4)
    assert value_limits(values, center=2) == (0, 4)
    assert value_limits(np.zeros(3), center=0) == (-1, 1)


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (np.array([[[0, 7, 255]]], np.uint8), [0, 7, 255]),
        (np.array([[[0, 257 * 7, 65535]]], np.uint16), [0, 7, 255]),
        (np.array([[[0, 7, 255]]], np.int64), [0, 7, 255]),
        (np.array([[[0.0, 0.2, 1.0000001]]], np.float32), [0, 51, 255]),
        (np.array([[[False, True, True]]]), [0, 255, 255]),
        (np.array([[[0.0, np.nan, 1.0]]]), list(NOT_FINITE)),
    ],
)
def test_colour_pictures_are_scaled_by_their_type(picture, expected):
    assert rgb_bytes(picture).tolist() == [[expected]]


def test_colour_limits():
    assert rgb_bytes(np.array([[[-1.0, 0, 3]]]), (-1, 1)).tolist() == [[[0, 128, 255]]]
    assert rgb_bytes(np.array([[[0, 50, 200]]], np.uint8), (0, 100)).tolist() == [[[0, 128, 255]]]


def test_colours_out_of_range_are_a_sentence():
    sentence = (
        "image has colours from 0 to 254, but float32 colours are from 0 to 1; "
        "name the values of black and full colour: limits=(0, 254)"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        rgb_bytes(np.array([[[0, 100, 254]]], np.float32))


@pytest.mark.parametrize("limits", [(1, 1), (2, 1), (0, np.inf), (np.nan, 1)])
def test_limits_must_be_two_numbers_in_order(limits):
    sentence = f"limits (={limits}) must be two finite numbers, the lower first"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        paint(np.zeros(2), limits=limits)


def test_an_unknown_map_is_a_sentence():
    sentence = 'cmap (="Grey") must be one of Greys, gray, RdBu_r or a name of matplotlib; did you mean "Greys"?'
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        colour_map("Grey")


def test_css():
    assert css_colour(np.array([1, 160, 255], np.uint8)) == "#01a0ff"
