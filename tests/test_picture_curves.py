"""Charts as SVG: golden files, the drawn coordinates read back into numbers, and texts that never overlap.

``CONVISTA_RENEW=1 pytest tests/test_picture_curves.py`` writes the golden files anew; look at them before a commit.
"""

import os
import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from convista.picture import Line, line_chart
from convista.picture.curves import COLOURS, _apart
from convista.picture.svg import clipped, text_width
from convista.picture.ticks import linear_ticks, log_ticks, tick_texts

GOLDEN = Path(__file__).parent / "golden"
RNG = np.random.default_rng(0)
EPOCHS = {"training": [0.21, 0.08, 0.05, 0.031, 0.022], "validation": [0.12, 0.09, 0.06, 0.055, 0.056]}
LOSS = 2.3 * np.exp(-np.arange(10_000) / 1500) + 0.05 + 0.05 * RNG.random(10_000)
SVG = "{http://www.w3.org/2000/svg}"
# Much wider than most, so what fits in it fits in the fonts that pages use.
FONT = ImageFont.truetype(Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), 120)

CHARTS = {
    "epochs": lambda: line_chart(EPOCHS, title="Loss", x_label="epoch", y_label="cross-entropy"),
    "one_line": lambda: line_chart({"accuracy": [0.9871, 0.9953, 0.998]}, title="Accuracy", x_label="epoch"),
    "logarithm": lambda: line_chart({"loss": LOSS[::50]}, title="Loss", x_label="batch", log_y=True),
    "gaps": lambda: line_chart(
        {"a": [1, float("nan"), 3, 2, float("inf"), 4], "b <&> 训练": [2, 2, 1, float("nan"), float("nan"), 0]},
        title="Gaps", y_label="价值",
    ),
    "own_x": lambda: line_chart(
        [Line("rate", [0.1, 1.0, 0.0], [0.0, 0.3, 1.0]), Line("momentum", [0.95, 0.85, 0.95], [0.0, 0.3, 1.0])],
        title="One cycle", x_label="share of the training", height=220,
    ),
    "nothing": lambda: line_chart({"loss": [float("nan")] * 3}, title="No finite value"),
}  # fmt: skip


def root_of(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def paths_of(svg: str) -> list[np.ndarray]:
    """Each drawn line, (points, 2), without the legend's samples; rows of NaN between its pieces."""
    lines = [path.get("d") for path in root_of(svg).iter(f"{SVG}path") if "h24" not in path.get("d")]
    return [_points(line) for line in lines]


def _points(path: str) -> np.ndarray:
    pieces = [np.array(piece.removesuffix("h.1").split(), float).reshape(-1, 2) for piece in path.split("M") if piece]
    gap = np.full((1, 2), np.nan)
    return np.concatenate([rows for piece in pieces for rows in (gap, piece)][1:])


def axes_of(svg: str):
    """Functions from pixels to numbers, from nothing but the printed ticks and where they stand."""
    texts = [element for element in root_of(svg).iter(f"{SVG}text") if re.fullmatch(r"-?[\d.,e-]+", element.text)]
    ticks = {"middle": ([], []), "end": ([], [])}
    for text in texts:
        if text.get("text-anchor"):
            places, numbers = ticks[text.get("text-anchor")]
            along = "x" if text.get("text-anchor") == "middle" else "y"
            places.append(float(text.get(along)) - (4 if along == "y" else 0))
            numbers.append(float(text.text.replace(",", "")))
    return ticks["middle"], ticks["end"]


def read_axis(ticks, log=False):
    places, numbers = ticks
    level = np.log10(numbers) if log else np.array(numbers)
    slope, start = np.polyfit(places, level, 1)
    np.testing.assert_allclose(slope * np.array(places) + start, level, atol=0.2 * abs(slope))
    return lambda pixels: 10 ** (slope * pixels + start) if log else slope * pixels + start


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_its_golden_file(name):
    file, svg = GOLDEN / f"chart_{name}.svg", CHARTS[name]()
    if os.environ.get("CONVISTA_RENEW") == "1":
        file.write_text(svg, encoding="utf-8", newline="\n")
    assert svg == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("log_y", [False, True])
def test_the_drawn_points_are_the_numbers(log_y):
    svg = line_chart(EPOCHS, title="Loss", log_y=log_y)
    x_ticks, y_ticks = axes_of(svg)
    x, y = read_axis(x_ticks), read_axis(y_ticks, log_y)
    pixel = 0.25 / 190 * (1 if not log_y else 8)  # at most what a tenth of a pixel is worth
    for line, values in zip(paths_of(svg), EPOCHS.values(), strict=True):
        np.testing.assert_allclose(x(line[:, 0]), [1, 2, 3, 4, 5], atol=0.01)
        np.testing.assert_allclose(y(line[:, 1]), values, atol=pixel)


def test_a_line_with_its_own_x_stands_there():
    svg = line_chart([Line("a", [3, 1, 2], [0, 0.5, 4]), Line("b", [0, 5], [2, 2])], title="t")
    x_ticks, y_ticks = axes_of(svg)
    first, second = paths_of(svg)
    np.testing.assert_allclose(read_axis(x_ticks)(first[:, 0]), [0, 0.5, 4], atol=0.01)
    np.testing.assert_allclose(read_axis(y_ticks)(second[:, 1]), [0, 5], atol=0.03)


@pytest.mark.parametrize("width", [240, 640, 1400])
@pytest.mark.parametrize("count", [1, 3, 4, 10])
def test_many_points_stay_small(count, width):
    svg = line_chart({f"run {i}": LOSS + i for i in range(count)}, title="Loss", width=width)
    assert 5_000 < len(svg) < 40_000


def test_many_points_keep_each_peak():
    values = LOSS.copy()
    values[[1234, 7777]] = 5, -1
    svg = line_chart({f"run {i}": values + i for i in range(3)}, title="Loss")
    x_ticks, y_ticks = axes_of(svg)
    line = paths_of(svg)[0]
    x, y = read_axis(x_ticks)(line[:, 0]), read_axis(y_ticks)(line[:, 1])
    assert x[y.argmax()] == pytest.approx(1235, abs=20)
    assert x[y.argmin()] == pytest.approx(7778, abs=20)
    assert (y.max(), y.min()) == (pytest.approx(5, abs=0.03), pytest.approx(-1, abs=0.03))
    assert (x[0], x[-1]) == (pytest.approx(1, abs=2), pytest.approx(10_000, abs=2))
    assert (np.diff(x) >= 0).all()


@pytest.mark.parametrize("every", [2, 3])
def test_many_gaps_stay_small_too(every):
    values = LOSS.copy()
    values[::every] = np.nan
    assert len(line_chart({"loss": values}, title="Loss")) < 40_000


def test_a_gap_is_not_bridged():
    short = paths_of(line_chart({"a": [1, 2, np.nan, 3, 4]}, title="t"))[0]
    assert np.isnan(short[:, 0]).tolist() == [False, False, True, False, False]
    values = LOSS.copy()
    values[4000:5000] = np.nan
    long = paths_of(line_chart({"a": values}, title="t"))[0]
    assert np.isnan(long[:, 0]).sum() == 1


def test_a_point_between_gaps_is_a_dot():
    values = np.ones(100)
    values[[49, 51]] = np.nan
    (path,) = (path.get("d") for path in root_of(line_chart({"a": values}, title="t")).iter(f"{SVG}path"))
    assert [len(piece.split()) // 2 for piece in path[1:].split("M")] == [49, 1, 48]
    assert re.search(r"M[\d.]+ [\d.]+h\.1M", path)


def test_what_is_left_out_is_said():
    words = root_of(line_chart({"a": [1, -1, 0, np.nan, np.inf, 2]}, title="t", log_y=True)).findtext(f"{SVG}desc")
    assert words == (
        "Line chart, logarithmic y axis. a: 6 points, from 1 to 2, lowest 1, highest 2; "
        "4 not drawn, since not finite or not on this scale."
    )


@pytest.mark.parametrize("place", [1, 0, -1e20, 1e-20])
def test_a_single_point_stands_in_the_middle(place):
    ((x, _),) = paths_of(line_chart([Line("a", [1], [place])], title="t"))[0]
    assert 200 < x < 450


def test_a_single_point_can_be_seen():
    root = root_of(line_chart({"a": [0.5]}, title="t"))
    assert len(list(root.iter(f"{SVG}circle"))) == 2  # the point, and the end that the label belongs to


def test_lines_differ_in_colour_and_in_dashes():
    svg = line_chart({str(i): [i, i + 1] for i in range(35)}, title="t")
    looks = re.findall(r'style="stroke:(var\([^"]+\))" stroke-width="1.8"(?: stroke-dasharray="([^"]+)")?', svg)
    assert len(set(looks)) == 35
    assert looks[1] == (f"var(--series-2, {COLOURS[1]})", "6 5")


def test_the_page_decides_over_text_colour_and_size():
    root = root_of(CHARTS["epochs"]())
    assert (root.get("fill"), root.get("viewBox"), root.get("role")) == (
        "currentColor",
        "0 0 640 338",
        "img",
    )  # and a line of legend
    assert "max-width:100%" in root.get("style")
    assert not [text for text in root.iter(f"{SVG}text") if text.get("fill") or text.get("style")]


def test_names_are_text_and_not_markup():
    words = '<script>"&\x00\x1b'
    root = root_of(line_chart({words: [1, 2], "b": [1, 2]}, title=words, x_label=words, y_label=words))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg", "title", "desc", "text", "path", "line", "circle"}  # fmt: skip
    assert root.findtext(f"{SVG}title") == '<script>"&\ufffd\ufffd'


def boxes_of(root: ET.Element):
    for text in root.iter(f"{SVG}text"):
        size = float(text.get("font-size", 12))
        left, _, right, _ = FONT.getbbox(text.text)
        width = (right - left) * size / 120 * (1.1 if text.get("font-weight") else 1)
        start = float(text.get("x")) - {"end": width, "middle": width / 2}.get(text.get("text-anchor"), 0)
        base = float(text.get("y"))
        yield text.text, start, base - 0.78 * size, start + width, base + 0.22 * size


def overlaps(svg: str) -> list[tuple[str, str]]:
    root = root_of(svg)
    _, _, width, height = map(float, root.get("viewBox").split())
    boxes = list(boxes_of(root))
    found = [
        (a, b)
        for (a, left, top, right, bottom), (b, left2, top2, right2, bottom2) in combinations(boxes, 2)
        if left < right2 and left2 < right and top < bottom2 and top2 < bottom
    ]
    outside = [(text, "the edge") for text, left, top, right, bottom in boxes
               if left < 0 or top < 0 or right > width or bottom > height]  # fmt: skip
    return found + outside


NUMBERS = st.floats(-1e30, 1e30) | st.floats(0, 1) | st.just(float("nan")) | st.just(float("inf")) | st.floats()
NAMES = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=40)


@given(
    lines=st.lists(st.lists(NUMBERS, max_size=40), min_size=1, max_size=9),
    names=st.lists(NAMES, min_size=9, max_size=9, unique=True),
    log_y=st.booleans(),
    size=st.sampled_from([(240, 160), (320, 200), (640, 320), (1200, 700)]),
)
def test_no_text_covers_another_or_leaves_the_picture(lines, names, log_y, size):
    series = dict(zip(names, lines, strict=False))
    svg = line_chart(series, title=names[0], x_label=names[1], y_label=names[2], log_y=log_y, width=size[0],
                     height=size[1])  # fmt: skip
    assert overlaps(svg) == []
    width, height = map(float, root_of(svg).get("viewBox").split()[2:])
    for points in paths_of(svg):
        drawn = points[~np.isnan(points[:, 0])]
        assert ((drawn >= 0) & (drawn <= (width, height))).all()


@pytest.mark.parametrize("step", [1, 1e6, 1e-7, 123.456])
@pytest.mark.parametrize("first", [0, 1e6, -3e9])
def test_long_numbers_below_the_axis_stand_apart(first, step):
    x = first + step * np.arange(10)
    assert overlaps(line_chart([Line("a", np.ones(10), x)], title="t", width=300)) == []


@pytest.mark.parametrize("heights", [[0, 0, 0, 0], [100] * 5, [0, 100, 50, 51, 52], [30, 35, 99, 20, 0], [5]])
def test_labels_move_apart_keep_their_order_and_stay_inside(heights):
    placed = _apart(heights, 0, 100)
    assert sorted(range(len(heights)), key=heights.__getitem__) == sorted(range(len(heights)), key=placed.__getitem__)
    assert (np.diff(sorted(placed)) >= 18).all()
    assert min(placed) >= 0
    assert max(placed) <= 100


def test_the_overlap_check_can_fail():
    svg = CHARTS["epochs"]()
    assert overlaps(svg) == []
    assert overlaps(svg.replace(">2</text>", ">a long text in its place, over its neighbours</text>"))


@pytest.mark.parametrize(
    ("series", "sentence"),
    [
        ({}, "series is empty; a chart needs at least one line"),
        ([Line("a", [1, 2], [1])], 'line "a" has x of shape (1,) and y of shape (2,); give one x for each y'),
        ({"a": [[1, 2]]}, 'line "a" has x of shape (1,) and y of shape (1, 2); give one x for each y'),
        ([Line("a", [1, 2], [2, 1])], 'line "a" has an x that is not finite or smaller than the one before it'),
        ([Line("a", [1, 2], [1, np.nan])], 'line "a" has an x that is not finite or smaller than the one before it'),
    ],
)
def test_bad_lines_are_sentences(series, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        line_chart(series, title="t")


def test_a_picture_too_small_is_a_sentence():
    sentence = "width and height (=100, 320) must be at least 240 and 160 pixels"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        line_chart({"a": [1]}, title="t", width=100)


@given(low=st.floats(-1e20, 1e20), high=st.floats(-1e20, 1e20), most=st.integers(2, 12))
def test_ticks_are_few_even_and_enclose(low, high, most):
    low, high = min(low, high), max(low, high)
    ticks = linear_ticks(low, high, most)
    assert 2 <= len(ticks) <= most + 2
    step = ticks[1] - ticks[0]
    assert ticks[0] <= low + 1e-6 * step
    assert ticks[-1] >= high - 1e-6 * step
    assert np.allclose(np.diff(ticks), step, rtol=1e-3)
    assert len(set(tick_texts(ticks))) == len(ticks)


@given(low=st.floats(1e-200, 1e200), high=st.floats(1e-200, 1e200), most=st.integers(3, 12))
def test_logarithmic_ticks_are_few_and_enclose(low, high, most):
    low, high = min(low, high), max(low, high)
    ticks = log_ticks(low, high, most)
    assert 2 <= len(ticks) <= most + 1
    assert ticks[0] <= low * (1 + 1e-6)
    assert ticks[-1] >= high * (1 - 1e-6)


def test_widths_are_upper_estimates_and_clipping_keeps_to_the_room():
    for words in ("validation loss 0.0213", "10,000", "<=> + #&", "JUMBO", "Übergröße", "точность", "训练集…"):
        if words[0] != "训":  # the font has no Chinese
            assert text_width(words) >= FONT.getlength(words) / 10
        for room in (20, 40, 80):
            assert text_width(clipped(words, room)) <= room


def test_a_logarithmic_x_axis_has_the_lines_own_x_as_ticks():
    lines = [Line("one", [1, 2, 4], [3, 9, 27]), Line("two", [4, 2, 1], [3, 9, 81])]
    svg = line_chart(lines, title="t", log_x=True, log_y=True)
    words = [each.text for each in ET.fromstring(svg).iter() if each.tag.endswith("text")]
    assert [word for word in words if word in ("3", "9", "27", "81")] == ["3", "9", "27", "81"]
    assert "logarithmic x and y axis" in svg
    ticks = [float(each.get("x")) for each in ET.fromstring(svg).iter()
             if each.tag.endswith("text") and each.text in ("3", "9", "27", "81")]  # fmt: skip
    steps = [b - a for a, b in pairwise(ticks)]
    assert steps == pytest.approx([steps[0]] * 3, abs=0.2)


def test_a_logarithmic_x_axis_of_one_place_stands():
    svg = line_chart([Line("one", [1], [3])], title="t", log_x=True)
    assert ">3</text>" in svg


def test_a_logarithmic_x_axis_refuses_zero():
    with pytest.raises(ValueError) as refusal:
        line_chart([Line("one", [1, 2], [0, 1])], title="t", log_x=True)
    assert str(refusal.value) == "log_x (=True) needs every x above zero; leave it out, or leave those points out"


def test_a_picture_alone_brings_its_colours_for_light_and_dark():
    assert "prefers-color-scheme:dark" in line_chart({"a": [1, 2]}, title="t", alone=True)
    assert "<style>" not in line_chart({"a": [1, 2]}, title="t")
