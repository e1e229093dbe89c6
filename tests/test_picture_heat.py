"""Histograms over time as a picture, and the learning-rate finder's plot."""

import base64
import re
from io import BytesIO
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from convista.picture.heat import heat_chart
from convista.picture.rates import rate_chart
from convista.picture.viridis import VIRIDIS

SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg):
    """The SVG's pixels, and where they are: left, top, right, bottom."""
    image = ElementTree.fromstring(svg).find(f"{SVG}image")
    with Image.open(BytesIO(base64.b64decode(image.get("href").partition(",")[2]))) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    x, y, width, height = (float(image.get(name)) for name in ("x", "y", "width", "height"))
    return pixels, (x, y, x + width, y + height)


def texts(svg):
    return {t.text: (float(t.get("x")), float(t.get("y"))) for t in ElementTree.fromstring(svg).iter(f"{SVG}text")}


def test_the_colours_are_matplotlibs():
    theirs = [mpl.colors.to_hex(mpl.colormaps["viridis"](step)) for step in range(256)]
    assert ["#" + bytes(colour.tolist()).hex() for colour in VIRIDIS] == theirs


def test_a_column_is_a_histogram_with_the_lowest_bin_below():
    counts = [[0, 9, 0], [0, 0, 9], [0, 3, 3]]
    pixels, _ = drawn(heat_chart(counts, [0, 1, 2, 3], [1, 3, 5], title="relu"))
    dark, bright, between = VIRIDIS[0], VIRIDIS[255], VIRIDIS[round(np.log(4) / np.log(10) * 255)]
    assert (
        pixels.tolist() == np.array([[dark, bright, between], [bright, dark, between]]).tolist()
    )  # the empty bin is left out


def test_the_axes_say_where_the_bins_and_the_steps_are():
    counts = np.ones((10, 20))
    svg = heat_chart(counts, np.linspace(-10, 10, 21), np.arange(0, 100, 10), title="relu", width=440, height=240)
    _, (left, top, right, bottom) = drawn(svg)
    places = texts(svg)
    assert places["10"][1] - 4 == pytest.approx(top, abs=0.1)
    assert places["-10"][1] - 4 == pytest.approx(bottom, abs=0.1)
    assert places["0"][0] == pytest.approx(left, abs=0.1) or places["0"][1] - 4 == pytest.approx(
        (top + bottom) / 2, abs=0.1
    )
    assert places["100"][0] == pytest.approx(right, abs=0.1)
    assert 0 < left < right < 440
    assert 0 < top < bottom < 240


def test_the_title_may_be_the_pages_affair():
    alone, within = (
        heat_chart([[1, 2]], [0, 1, 2], [1], title="a < b", captioned=captioned) for captioned in (False, True)
    )
    assert "a < b" in texts(alone)
    assert "a < b" not in texts(within)
    assert "<title>a &lt; b</title>" in within
    assert "<desc>" in alone
    assert "<desc>" not in within
    assert drawn(within)[1][1] < drawn(alone)[1][1]


def test_no_count_at_all_is_all_dark():
    pixels, _ = drawn(heat_chart(np.zeros((2, 3)), [0, 1, 2, 3], [1, 2], title="x"))
    assert (pixels == VIRIDIS[0]).all()


@pytest.mark.parametrize("counts", [np.ones((2, 3)), np.ones(3), np.ones((0, 2)), np.ones((3, 2))])
def test_counts_that_do_not_fit_are_a_sentence(counts):
    with pytest.raises(ValueError, match="counts") as caught:
        heat_chart(counts, [0, 1, 2], [1, 2], title="x")
    assert str(caught.value) == (
        f"counts (shape {counts.shape}) must have a row for each of 2 times and a column for each of 2 bins"
    )


def test_the_finders_plot_marks_the_suggestion_and_has_nice_ticks():
    rates = 10 ** np.linspace(-6, 1, 100)
    smoothed = 1 + np.abs(np.log10(rates) + 1) / 6
    svg = rate_chart(rates, smoothed + 0.01, smoothed, 0.01, words=("Finder", "rate", "loss", "mean", "each", "here"))
    places = texts(svg)
    assert "Finder: 0.01" in places
    assert {"1e-6", "0.0001", "0.01", "1"} <= places.keys()
    (x, y) = next(
        (float(c.get("cx")), float(c.get("cy")))
        for c in ElementTree.fromstring(svg).iter(f"{SVG}circle")
        if "#009e73" in c.get("style")
    )
    assert x == pytest.approx(places["0.01"][0], abs=3)
    path = next(
        p.get("d")
        for p in ElementTree.fromstring(svg).iter(f"{SVG}path")
        if "#0072b2" in p.get("style") and len(p.get("d")) > 99
    )
    numbers = np.array(re.findall(r"[\d.]+", path), float).reshape(-1, 2)
    nearest = numbers[np.abs(numbers[:, 0] - x).argmin()]
    assert y == pytest.approx(nearest[1], abs=2)
