"""Charts as PNG files: what stands in the SVG is drawn, where it stands and in its colour."""

from io import BytesIO

import numpy as np
from PIL import Image

from convista.picture import line_chart, matrix_chart, svg_png
from convista.picture.svg import block, rule, stroke, svg_root, text


def pixels(*charts, scale=2):
    with Image.open(BytesIO(svg_png(*charts, scale=scale))) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


def inked(image):
    return (image.sum(axis=2) < 3 * 250).nonzero()


def test_a_line_is_where_it_is_said():
    image = pixels(svg_root(40, 30, [stroke("M10 20 30 20", "#ff0000", "")]))
    rows, cols = inked(image)
    assert image.shape == (60, 80, 3)
    assert abs(rows.mean() - 40) <= 1
    assert abs(cols.min() - 20) <= 1
    assert abs(cols.max() - 60) <= 1
    assert image[40, 40].tolist() == [255, 0, 0]


def test_a_dashed_line_has_its_gaps():
    row = pixels(svg_root(40, 30, [stroke("M0 20 40 20", "#ff0000", "6 5")]), scale=1)[20]
    drawn = "".join("#" if green < 100 else "." for green in row[:, 1])
    assert abs(drawn.count("#") - 40 * 6 / 11) <= 3
    assert 3 <= len([gap for gap in drawn.split("#") if gap]) <= 5


def test_opacity_is_on_white_and_a_page_s_colour_is_the_one_written_there():
    image = pixels(
        svg_root(40, 30, [rule(0, 5, 40, 5, opacity=0.15), block(10, 10, 10, 10, "#000000", 0.5),
                          stroke("M0 25h40", "var(--series-1, #0072b2)", "")]))  # fmt: skip
    assert image[30, 30].tolist() == [128, 128, 128]
    assert image[50, 40].tolist() == [0, 0x72, 0xB2]
    assert 200 < image[10, 40, 0] < 240


def test_text_stands_before_at_or_behind_its_place():
    for anchor, low, high in (("", 50, 65), ("middle", 35, 65), ("end", 35, 51)):
        _, cols = inked(pixels(svg_root(100, 30, [text(50, 20, "ab", anchor=anchor)]), scale=1))
        assert low <= cols.min()
        assert cols.max() <= high


def test_charts_stand_one_below_the_other():
    charts = [line_chart({"loss": [1, 2]}, title=title, width=240, height=160) for title in ("One", "Two")]
    assert pixels(*charts).shape == (2 * 2 * 160, 2 * 240, 3)
    one, both = pixels(charts[0]), pixels(*charts)
    assert (both[: len(one)] == one).all()


def test_a_matrix_has_a_cell_for_each_number_that_is_not_zero():
    counts = np.array([[8, 2, 0], [0, 9, 0], [1, 0, 4]])
    svg = matrix_chart(counts, ["a", "b", "c"], title="Confusion", rows="is", cols="said")
    assert svg.count("<rect") == 5
    assert [svg.count(f">{number}</text>") for number in (8, 2, 9, 1, 4)] == [1] * 5
    many = matrix_chart(np.diag(np.arange(1, 31)), [str(i) for i in range(30)], title="C", rows="is", cols="said")
    assert (many.count("<rect"), many.count(">30</text>")) == (30, 0)


def test_the_deeper_the_more():
    counts = np.array([[90, 1, 9], [50, 50, 0], [0, 0, 0]])
    image = pixels(matrix_chart(counts, ["a", "b", "c"], title="C", rows="is", cols="said"), scale=1)
    cells = [
        image[66 + 160 * row + 8, -16 - 480 + 160 * col + 8] for row, col in ((0, 0), (1, 1), (0, 1), (1, 0), (2, 2))
    ]
    assert cells[0][0] < cells[1][0] < 255
    assert cells[3][2] < cells[2][2] < 255
    assert cells[4].tolist() == [255, 255, 255]
