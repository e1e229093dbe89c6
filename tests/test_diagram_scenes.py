"""Diagrams: golden files, texts that never overlap, cells where the arithmetic says, numbers that are the engine's.

``CONVISTA_RENEW=1 pytest tests/test_diagram_scenes.py`` writes the golden files anew; look at them before a commit.
"""

import os
import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from diagrams import BLOCKS, DIAGRAMS, OTHERS, PIXELS, RESULT, WEIGHTS
from PIL import ImageFont

import convista as cx
from convista.picture import draw_arithmetic
from convista.picture.diagram.cone import Layer, cone_scene, levels_of
from convista.picture.diagram.conventions import Reading, conventions_scene
from convista.picture.diagram.maps import smaller
from convista.picture.diagram.matrix import convolution_matrix
from convista.picture.diagram.reading import convolution
from convista.picture.diagram.shapes import Cells, Labels
from convista.picture.diagram.view import View

GOLDEN = Path(__file__).parent / "golden"
KEPT = (
    "stops",
    "stops_numbers",
    "transposed",
    "row",
    "deep",
    "chinese",
    "sum_bias",
    "matrix",
    "cone_edge",
    "channels",
    "strip",
)
MOVING = ("stops", "transposed_numbers")
SVG = "{http://www.w3.org/2000/svg}"


def font_of(name):
    import matplotlib as mpl

    return ImageFont.truetype(Path(mpl.get_data_path(), "fonts", "ttf", name), 100)


PLAIN, BOLD = font_of("DejaVuSans.ttf"), font_of("DejaVuSans-Bold.ttf")  # wider than most: what fits in them fits


def width_of(text, labels):
    """A Chinese letter is as wide as it is high, and the font at hand has none."""
    chinese = re.findall(r"[\u3000-\uffef]", text)
    rest = re.sub(r"[\u3000-\uffef]", "", text)
    return labels.size * (len(chinese) + (BOLD if labels.bold else PLAIN).getlength(rest) / 100 * 0.93)


def boxes(shapes):
    """Left, top, right, bottom and words of each text."""
    for labels in shapes:
        if isinstance(labels, Labels):
            for item in labels.items:
                width = width_of(item.words, labels)
                left = item.x - {"start": 0, "middle": width / 2, "end": width}[labels.anchor]
                yield left, item.y - 0.74 * labels.size, left + width, item.y + 0.2 * labels.size, item.words


def overlaps(scene, shapes):
    found = [box for box in boxes(shapes) if box[4]]
    for one, two in combinations(found, 2):
        if one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]:
            yield one[4], two[4]
    for left, top, right, bottom, words in found:
        if left < 0 or top < 0 or right > scene.width or bottom > scene.height:
            yield words, "the edge"


def cells(shapes, **look):
    """Upper left corners of all cells of a look."""
    return {place for shape in shapes if isinstance(shape, Cells) and all(getattr(shape, k) == v for k, v in look.items())
            for place in shape.places}  # fmt: skip


def texts(shapes):
    return [item.words for shape in shapes if isinstance(shape, Labels) for item in shape.items]


@pytest.mark.parametrize("name", KEPT)
def test_a_diagram_is_its_golden_file(name):
    compare(GOLDEN / f"diagram_{name}.svg", DIAGRAMS[name]().svg())


@pytest.mark.parametrize("name", MOVING)
def test_a_moving_diagram_is_its_golden_file(name):
    compare(GOLDEN / f"diagram_{name}_moving.svg", DIAGRAMS[name]().svg(animated=True))


def compare(file, svg):
    if os.environ.get("CONVISTA_RENEW") == "1":
        file.write_text(svg, encoding="utf-8", newline="\n")
    assert svg == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DIAGRAMS)
def test_no_text_lies_on_another_or_leaves_the_paper(name):
    scene = DIAGRAMS[name]().scene
    assert list(overlaps(scene, [*scene.base, *scene.still])) == []
    for moment in scene.moments[:: max(len(scene.moments) // 3, 1)]:
        assert list(overlaps(scene, [*scene.base, *moment])) == []


@pytest.mark.parametrize("name", DIAGRAMS)
def test_no_shape_leaves_the_paper(name):
    scene = DIAGRAMS[name]().scene
    for shape in (*scene.base, *scene.still, *(shape for moment in scene.moments for shape in moment)):
        points = getattr(shape, "points", ()) or getattr(shape, "places", ())
        wide, high = (getattr(shape, side, 0) if isinstance(shape, Cells) else 0 for side in ("width", "height"))
        for x, y in points:
            assert 0 <= x <= x + wide <= scene.width
            assert 0 <= y <= y + high <= scene.height


@pytest.mark.parametrize("name", DIAGRAMS)
def test_each_is_valid_says_what_it_shows_and_is_the_same_again(name):
    picture = DIAGRAMS[name]()
    for svg in (picture.svg(animated=False), picture.svg(animated=True)):
        root = ET.fromstring(svg)
        assert root.get("role") == "img"
        assert root.findtext(f"{SVG}title") == picture.title
        assert len(root.findtext(f"{SVG}desc")) > 30
        assert not re.search(r"\{\w*\}", picture.description)
    assert picture.svg(animated=True) == DIAGRAMS[name]().svg(animated=True)


@pytest.mark.parametrize("size", [5, (5, 5), (7, 6)])
@pytest.mark.parametrize("steps", [{}, {"stride": 2}, {"padding": 1}, {"dilation": 2}])
def test_the_window_s_cells_are_where_the_arithmetic_says(size, steps):
    plan = convolution(size, 3, **steps)
    scene = draw_arithmetic(size, 3, **steps).scene
    board, output = (
        cells(scene.base, fill="input") | cells(scene.base, fill="padding"),
        cells(scene.base, fill="output"),
    )
    rows, cols = (sorted({corner[axis] for corner in board}) for axis in (1, 0))
    out_rows, out_cols = (sorted({corner[axis] for corner in output}) for axis in (1, 0))
    assert (len(rows), len(cols)) == plan.board
    assert (len(out_rows), len(out_cols)) == plan.output
    s, p, d = (steps.get(name, default) for name, default in (("stride", 1), ("padding", 0), ("dilation", 1)))
    inside = {(col, row) for row in rows[p : len(rows) - p] for col in cols[p : len(cols) - p]}
    assert cells(scene.base, fill="input") == inside
    for moment, (row, col) in zip(scene.moments, np.ndindex(plan.output), strict=True):
        window = {(cols[col * s + d * j], rows[row * s + d * i]) for i in range(3) for j in range(3)}
        assert cells(moment, fill="window") == window
        assert cells(moment, fill="current") == {(out_cols[col], out_rows[row])}


def test_a_transposed_one_shows_the_zeros_and_the_numbers_it_gathers():
    scene = DIAGRAMS["transposed"]().scene
    plan = convolution(3, 3, 2, 1, transposed=True, output_padding=1)
    blue = sorted(cells(scene.base, fill="input"))
    assert len(blue) == 2 * 9  # as it is, and between zeros
    assert len(cells(scene.base, fill="zero")) == 5 * 5 - 9
    first = {x for x, _ in blue}
    given = sorted({(x, y) for x, y in blue if x in sorted(first)[:3]}, key=lambda place: place[::-1])
    for moment, stop in zip(scene.moments, plan.stops, strict=True):
        marked = cells(moment, fill="window")
        assert {n for n, place in enumerate(given) if place in marked} == {r * 3 + c for (r, c), _ in plan.reads(stop)}


def test_every_number_drawn_is_the_engine_s():
    scene = cx.draw("sobel_x", PIXELS, padding=1).scene
    drawn = texts(scene.base)
    made = cx.conv2d(PIXELS, "sobel_x", padding=1)
    for values in (PIXELS, made, cx.kernels.sobel_x.weights):
        assert all(drawn.count(str(value)) >= (values == value).sum() for value in np.unique(values))
    assert len(scene.moments) == made.size
    for moment, total in zip(scene.moments, made.ravel(), strict=True):
        said, _, result = texts(moment)[-1].partition(" = ")
        assert eval(said) == int(result) == total


def test_the_weights_lie_on_the_pixels_they_multiply():
    scene = cx.draw(WEIGHTS, PIXELS).scene
    chips = next(shape for shape in scene.moments[0] if isinstance(shape, Labels))
    order = sorted(chips.items, key=lambda item: (item.y, item.x))
    assert [item.words for item in order] == [f"×{weight}" for weight in WEIGHTS.ravel()]


def test_a_turned_kernel_lies_turned():
    scene = DIAGRAMS["transposed_numbers"]().scene
    chips = next(shape for shape in scene.moments[0] if isinstance(shape, Labels))
    order = sorted(chips.items, key=lambda item: (item.y, item.x))
    assert [item.words for item in order] == ["×4", "×3", "×2", "×1"]
    for moment, total in zip(
        scene.moments, [1, 2, 2, 4, 3, 6, 3, 4, 6, 8, 9, 12, 4, 8, 5, 10, 6, 12, 12, 16, 15, 20, 18, 24], strict=True
    ):
        said, _, result = texts(moment)[-1].partition(" = ")
        assert eval(said) == int(result) == total


def test_a_large_one_is_drawn_in_part_and_says_so():
    scene = DIAGRAMS["stops_large"]().scene
    drawn = texts(scene.base)
    assert "the first 13 × 13 of 112 × 150" in drawn
    assert "Shown: the first 169 of 16,800 stops." in drawn
    assert View(convolution((50,), 40), numbered=True).output == (1, 1, 1)


def test_a_sum_shows_its_window_its_terms_and_its_total():
    stop = cx.apply_kernel(PIXELS, 2, 3, WEIGHTS, bias=4)
    drawn = texts(cx.draw(stop, PIXELS).scene.base)
    said = " ".join(drawn[drawn.index("=") :])
    terms = re.search(r"(-?\d[\d +-]*) \+ 4 \(bias\) = (-?\d+)", said)
    assert eval(terms[1]) + 4 == int(terms[2]) == stop.total
    for part in (stop.pixels, stop.weights, stop.products):
        assert all(drawn.count(str(value)) >= (part == value).sum() for value in np.unique(part))


def test_the_window_on_the_image_is_where_it_is():
    scene = cx.draw(cx.apply_kernel(np.zeros((10, 20)), 4, 9, np.ones((3, 5))), np.zeros((10, 20))).scene
    photo = next(shape for shape in scene.base if type(shape).__name__ == "Bitmap")
    frame = next(shape for shape in scene.base if isinstance(shape, Cells) and shape.edge == "window_line")
    unit = photo.width / 20
    assert frame.places == ((photo.x + 7 * unit, photo.y + 3 * unit),)
    assert (frame.width, frame.height) == pytest.approx((5 * unit, 3 * unit))


def test_the_matrix_has_its_weights_where_the_window_is():
    scene = DIAGRAMS["matrix_numbers"]().scene
    plan = convolution((4, 5), 3)
    wide = max(shape.width for shape in scene.base if isinstance(shape, Cells) and shape.fill == "paper")
    matrix = next(
        shape for shape in scene.base if isinstance(shape, Cells) and shape.fill == "paper" and shape.width == wide
    )
    cols, rows = (sorted({place[axis] for place in matrix.places}) for axis in (0, 1))
    filled = {(rows.index(y), cols.index(x)) for x, y in cells(scene.base, fill="window") if x >= cols[0]}
    made = convolution_matrix(plan, np.ones((3, 3), int))
    assert filled == {(int(row), int(col)) for row, col in np.argwhere(made)}
    assert len(scene.moments) == 6
    for row, moment in enumerate(scene.moments):
        assert len(cells(moment, edge="window_line")) == len(plan.reads(divmod(row, 3)))


@pytest.mark.parametrize("layers", [[(3, 2, 1), (3, 2, 1)], [(5, 1, 2, 2), (2, 2), (3, 1, 1)], [(7, 3)]])
def test_a_cone_is_the_receptive_field(layers):
    levels = levels_of([Layer(*layer) for layer in layers], None, 0)
    field = cx.window.receptive_field(layers)
    assert (levels[0].read[0], levels[0].read[-1] - levels[0].read[0] + 1) == (field.start, field.size)
    following = levels_of([Layer(*layer) for layer in layers], None, 1)
    assert following[0].read[0] - levels[0].read[0] == field.jump


def test_a_cone_ends_where_the_image_does():
    levels = levels_of([Layer(3, 1, 1), Layer(3, 1, 1)], 8, 0)
    assert [level.read for level in levels] == [(-1, 0, 1, 2), (-1, 0, 1), (0,)]
    scene = cone_scene([Layer(3, 1, 1), Layer(3, 1, 1)], size=8, index=0)
    assert len(cells(scene.base, dashes="2 2")) == 2


def test_a_cone_that_can_t_be_drawn_says_why():
    with pytest.raises(ValueError) as error:
        cone_scene([Layer(3)], size=8, index=6)
    assert str(error.value) == "index (=6) must be from 0 to 5: the output has 6 numbers"
    with pytest.raises(ValueError) as error:
        cone_scene([Layer(121)])
    assert str(error.value) == (
        "layers see 121 numbers of the input, more than the 120 that can be drawn; leave the last layers out"
    )


def test_a_strip_has_each_layer_s_name_and_shape_in_order():
    drawn = texts(DIAGRAMS["strip"]().scene.base)[1:]
    named = [text for text in drawn if text in {block.name for block in BLOCKS}]
    assert named == [block.name for block in BLOCKS]
    assert drawn.count("128 × 8 × 8") == 8


def test_maps_are_made_smaller_by_means():
    assert smaller(np.ones((3, 500)), most=100).shape == (1, 100)
    assert smaller(np.arange(8.0).reshape(2, 4), most=2).tolist() == [[2.5, 4.5]]


def test_what_differs_between_conventions_is_outlined_and_counted():
    scene = conventions_scene(Reading("conv2d", RESULT), OTHERS)
    marked = [shape for shape in scene.base if isinstance(shape, Cells) and shape.edge == "window_line"]
    counts = [int((one.values != RESULT).sum()) for one in OTHERS]
    assert [len(shape.places) for shape in marked] == [0, *counts]
    assert counts[2] == 0 < counts[0] < counts[1]
    assert [text for text in texts(scene.base) if "differ" in text] == [f"{count} of 25 differ" for count in counts]
    corners = marked[1].places
    assert {place[0] for place in corners if place[1] == min(y for _, y in corners)} == {x for x, _ in corners}
    with pytest.raises(ValueError) as error:
        conventions_scene(Reading("conv2d", RESULT), [Reading("full", RESULT[1:])])
    assert str(error.value) == (
        'values of "full" (shape (4, 5)) must have the reference\'s shape (5, 5); give the part that lies on the image'
    )


def test_a_matrix_too_large_to_read_is_refused():
    with pytest.raises(ValueError) as error:
        draw_arithmetic(28, 3, view="matrix")
    assert str(error.value) == (
        "size (=28 × 28) makes a matrix of 676 rows and 784 cols; it is drawn up to 64 each, for one or two axes: give "
        'a smaller size, such as 5, or view="stops"'
    )
