"""Terminal pictures, read back from their escape codes; and numbers where there is no colour."""

import re
import sys

import numpy as np
import pytest
from PIL import Image

from convista.picture import terminal_image
from convista.picture.colours import NOT_FINITE, paint
from convista.picture.terminal import area_mean

RNG = np.random.default_rng(0)


def read_back(text: str) -> np.ndarray:
    """Decode half blocks into (rows, cols, 3), as a terminal would."""
    rows = []
    for line in text.split("\n"):
        above, below, front, back = [], [], None, None
        for codes, character in re.findall(r"\x1b\[([\d;]*)m|(▀)", line):
            if character:
                above.append(front)
                below.append(back)
                continue
            numbers = [int(code) for code in codes.split(";")]
            if numbers == [0]:
                front = back = None
            while len(numbers) >= 5:
                (which, two, *colour), numbers = numbers[:5], numbers[5:]
                assert two == 2
                front, back = (colour, back) if which == 38 else (front, colour)
        assert line.endswith("\x1b[0m")  # the next line, and the prompt, keep their own colours
        rows += [above] + [below] * (below[0] is not None)
    return np.array(rows)


@pytest.mark.parametrize("rows", [1, 2, 5, 28])
def test_a_small_image_is_shown_pixel_by_pixel(rows):
    image = RNG.integers(0, 256, (rows, 30), np.uint8)
    np.testing.assert_array_equal(read_back(terminal_image(image, colour=True)), paint(image))


def test_colour_and_signed_values():
    rgb = RNG.integers(0, 256, (3, 6, 8), np.uint8)
    np.testing.assert_array_equal(read_back(terminal_image(rgb, colour=True)), rgb.transpose(1, 2, 0))
    signed = RNG.normal(size=(6, 8))
    np.testing.assert_array_equal(read_back(terminal_image(signed, colour=True)), paint(signed, "RdBu_r"))
    gray = terminal_image([[0, 128, 255]], colour=True, cmap="gray", limits=(0, 255))
    assert read_back(gray).tolist() == [[[0] * 3, [128] * 3, [255] * 3]]


@pytest.mark.parametrize(("size", "width", "small"), [((300, 200), 50, (75, 50)), ((10, 400), 80, (2, 80)),
                                                      ((2, 1000), 10, (1, 10)), ((40, 40), 80, (40, 40))])  # fmt: skip
def test_a_large_image_keeps_its_aspect(size, width, small):
    picture = read_back(terminal_image(RNG.random(size), width, colour=True))
    assert picture.shape == (*small, 3)


def test_the_mean_of_whole_blocks_is_pillows():
    image = RNG.random((60, 90), np.float32)
    theirs = np.asarray(Image.fromarray(image).reduce(6))
    np.testing.assert_allclose(area_mean(image, 15), theirs, rtol=1e-5)


@pytest.mark.parametrize(("rows", "cols", "new"), [(7, 5, 3), (90, 100, 33), (3, 3, 3), (1, 9, 4)])
def test_each_pixel_counts_by_the_area_it_covers(rows, cols, new):
    image = RNG.integers(0, 100, (rows, cols))
    down = max(round(rows * new / cols), 1)
    fine = np.kron(image, np.ones((down, new), int))  # each old pixel `down` x `new` small ones: all edges are whole
    means = fine.reshape(down, rows, new, cols).mean(axis=(1, 3))
    np.testing.assert_allclose(area_mean(image, new), means)


def test_one_nan_spoils_only_the_pixels_that_cover_it():
    image = np.ones((9, 9))
    image[4, 4], image[0, 0] = np.nan, np.inf
    assert np.isnan(area_mean(image, 3)).tolist() == [[True, False, False], [False, True, False], [False] * 3]
    assert read_back(terminal_image(image, 3, colour=True))[1, 1].tolist() == list(NOT_FINITE)


def test_the_map_follows_the_image_and_not_its_means():
    image = np.full((4, 4), 10.0)
    image[0, 0] = -1  # its mean with its neighbours is positive
    np.testing.assert_array_equal(
        read_back(terminal_image(image, 2, colour=True)), paint(area_mean(image, 2), "RdBu_r")
    )


@pytest.mark.parametrize(
    ("terminal", "environment", "blocks"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"NO_COLOR": ""}, True),
     (True, {"TERM": "dumb"}, False)],
)  # fmt: skip
def test_colour_only_where_it_is_seen_and_wanted(monkeypatch, terminal, environment, blocks):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert ("▀" in terminal_image([[1, 2]])) is blocks


def test_numbers_are_clipped_to_the_width_and_the_rest_is_counted():
    image = np.arange(784).reshape(28, 28)
    lines = terminal_image(image, 40, colour=False).splitlines()
    assert lines[0] == "      0   1   2   3   4   5   6   7   8"
    assert lines[2] == " 1   28  29  30  31  32  33  34  35  36"
    assert lines[20:] == ["19  532 533 534 535 536 537 538 539 540", "... 19 more columns",
                          "... 8 more rows"]  # fmt: skip


def test_numbers_of_colour_channel_by_channel():
    text = terminal_image([[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]]], colour=False, channels_last=False)
    assert text == "red\n   0 1 2\n0  1 2 3\ngreen\n   0 1 2\n0  4 5 6\nblue\n   0 1 2\n0  7 8 9"


def test_a_width_below_one_is_a_sentence():
    with pytest.raises(ValueError, match=f"^{re.escape('width (=0) must be 1 or more characters')}$"):
        terminal_image([[1]], 0)
