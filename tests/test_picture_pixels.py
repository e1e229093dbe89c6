"""The pixel table: pandas' and our own say the same, in the colours of pandas' background_gradient."""

import importlib.util
import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from convista.picture import PixelTable, pixels, show_pixels
from convista.picture.colours import NOT_FINITE

RNG = np.random.default_rng(0)
DIGIT = RNG.integers(0, 256, (10, 12), np.uint8)


@pytest.fixture(params=["pandas", "plain"])
def shown(request, monkeypatch):
    """show_pixels with pandas and as if there was none."""
    if request.param == "plain":
        monkeypatch.setattr(pixels, "find_spec", lambda name: None)
    return show_pixels


def plain(monkeypatch, *arguments, **options) -> PixelTable:
    monkeypatch.setattr(pixels, "find_spec", lambda name: None)
    return show_pixels(*arguments, **options)


def html(table) -> str:
    return table._repr_html_() if isinstance(table, PixelTable) else table.to_html()


def colours_of(table) -> list[list[tuple[str, str, str]]]:
    """Each cell's text, background and ink, read out of the page."""
    page = html(table)
    body = ET.fromstring(page[page.index("<table") :].replace("&nbsp;", ""))
    rules = {}
    for names, rule in re.findall(r"((?:#T_\w+(?:,\s*)?)+)\s*\{([^{}]*)\}", page):
        rules |= dict.fromkeys(re.findall(r"#(T_\w+)", names), rule)
    found = []
    for line in body.iter("tr"):
        cells = [(cell.text, cell.get("style") or rules[cell.get("id")]) for cell in line.iter("td")]
        found.append([(text.strip(), *re.findall(r"color:\s*(#\w+)", style)) for text, style in cells])
    return [line for line in found if line]


def test_the_background_is_that_of_pandas(shown):
    frame = pd.DataFrame(DIGIT)
    theirs = colours_of(frame.style.background_gradient("Greys", axis=None))
    ours = colours_of(shown(DIGIT))
    assert [[cell[:2] for cell in line] for line in ours] == [[cell[:2] for cell in line] for line in theirs]


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (DIGIT, {}),
        (DIGIT, {"rows": (4, 7), "cols": (6, 9)}),
        (RNG.normal(size=(6, 7)), {"cmap": "RdBu_r", "decimals": 3}),
        (RNG.normal(size=(6, 7)).astype(np.float16), {"limits": (-1, 1)}),
        (np.array([[0.0, np.nan], [np.inf, 1e-9]]), {}),
        (np.full((2, 3), 7), {}),
        (DIGIT > 100, {}),
        (DIGIT.astype(">i8"), {"cmap": "viridis"}),
    ],
)
def test_both_tables_agree(monkeypatch, image, options):
    styler = show_pixels(image, **options)
    assert isinstance(styler, pd.io.formats.style.Styler)
    table = plain(monkeypatch, image, **options)
    assert isinstance(table, PixelTable)
    assert colours_of(table) == colours_of(styler)
    assert (list(table.rows), list(table.cols)) == (list(styler.index), list(styler.columns))


@pytest.mark.parametrize("image", [DIGIT[None], DIGIT.tolist(), torch.from_numpy(DIGIT), Image.fromarray(DIGIT)])
def test_one_channel_in_every_form(shown, image):
    assert colours_of(shown(image)) == colours_of(shown(DIGIT))


def test_a_window_keeps_the_images_own_numbers(monkeypatch):
    image = np.arange(784).reshape(28, 28)
    frame = show_pixels(image, rows=(4, 6), cols=(6, 9)).data
    pd.testing.assert_frame_equal(frame, pd.DataFrame(image).iloc[4:6, 6:9])
    text = str(plain(monkeypatch, image, rows=(4, 6), cols=(6, 9)))
    assert text == "     6   7   8\n4  118 119 120\n5  146 147 148"


def test_the_plain_table_reads_as_text(monkeypatch):
    table = plain(monkeypatch, [[0.5, -1.25]])
    assert str(table) == repr(table) == "       0     1\n0   0.50 -1.25"


def test_what_is_not_finite_has_its_colour(shown):
    (line,) = colours_of(shown([[0.0, float("nan"), float("inf"), 2.0]]))
    violet = f"#{bytes(NOT_FINITE).hex()}"
    assert [cell[:2] for cell in line] == [("0.00", "#ffffff"), ("nan", violet), ("inf", violet), ("2.00", "#000000")]


def test_text_is_light_on_dark_and_dark_on_light(shown):
    (line,) = colours_of(shown([[0, 255]]))
    assert line == [("0", "#ffffff", "#000000"), ("255", "#000000", "#f1f1f1")]


@pytest.mark.parametrize("missing", ["pandas", "jinja2"])
def test_without_pandas_or_its_template_engine_the_plain_table_is_shown(monkeypatch, missing):
    there = importlib.util.find_spec
    monkeypatch.setattr(pixels, "find_spec", lambda name: None if name == missing else there(name))
    assert isinstance(show_pixels([[1]]), PixelTable)


@pytest.mark.parametrize(
    ("image", "options", "sentence"),
    [
        (np.ones((200, 101)), {}, "image has 20,200 pixels to show, more than the 20,000 a table may have; "
         "choose a part: rows=(0, 28), cols=(0, 28)"),
        (np.ones((3, 4, 5)), {}, "image has shape (3, 4, 5), but one channel (rows, cols) is shown here; "
         "take one: image[0]"),
        (DIGIT, {"rows": (4, 11)}, "rows (=(4, 11)) must be (first, end) with 0 <= first < end <= 10"),
        (DIGIT, {"cols": (-3, 5)}, "cols (=(-3, 5)) must be (first, end) with 0 <= first < end <= 12"),
        (DIGIT, {"cols": (5, 5)}, "cols (=(5, 5)) must be (first, end) with 0 <= first < end <= 12"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence(image, options, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        show_pixels(image, **options)
