"""Figures: the very pixels that matplotlib draws, one zero-centred scale for all maps, and no figure left open."""

import re
import sys

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

mpl.use("Agg")
from matplotlib import pyplot as plt  # after the choice of a backend without windows

from convista.errors import MissingExtraError
from convista.picture import show_grid, show_image
from convista.picture.colours import NOT_FINITE, paint

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (4, 5, 3), np.uint8)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def drawn(image, **options):
    """The pixels of a figure without margins that holds the image alone, ten to a pixel of the image."""
    rows, cols = 4, 5
    figure = plt.figure(figsize=(cols / 10, rows / 10), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    assert show_image(image, axes, **options) is axes
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)  # (10 rows, 10 cols, 3)


def blocks(colours):
    return np.kron(colours, np.ones((10, 10, 1), int))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64, ">i4", bool])
def test_a_pixel_is_a_block_in_greys_and_nothing_else_is_drawn(dtype):
    image = (RNG.random((4, 5)) * 250).round() if dtype is not bool else RNG.random((4, 5)) > 0.5
    image = image.astype(dtype)
    picture = drawn(image)
    assert np.abs(picture - blocks(paint(image.astype(float)))).max() <= 1  # matplotlib rounds down
    corner = np.unravel_index([image.argmin(), image.argmax()], image.shape)
    assert picture[corner[0] * 10 + 5, corner[1] * 10 + 5].tolist() == [[255] * 3, [0] * 3]


@pytest.mark.parametrize(
    "image",
    [COLOUR, COLOUR.transpose(2, 0, 1), COLOUR / 255, torch.from_numpy(COLOUR), Image.fromarray(COLOUR)],
    ids=["array", "channels first", "floats", "tensor", "PIL"],
)
def test_colour_is_drawn_as_it_is(image):
    np.testing.assert_array_equal(drawn(image), blocks(COLOUR))


def test_nan_and_infinity_are_not_white():
    image = np.arange(20.0).reshape(4, 5)
    image[1, 1], image[2, 2] = np.nan, np.inf
    picture = drawn(image)
    assert picture[15, 15].tolist() == picture[25, 25].tolist() == list(NOT_FINITE)
    assert picture[-1, -1].tolist() == [0, 0, 0]


def test_limits_hold_the_ends():
    image = np.full((4, 5), 5)
    assert (drawn(image) == 255).all()
    assert (drawn(image, limits=(0, 5)) == 0).all()


def test_the_figure_has_a_title_and_no_axes():
    axes = show_image(np.eye(3), figsize=(2, 1), title="one")
    assert axes.get_title() == "one"
    assert axes.axison is False
    assert axes.figure.get_size_inches().tolist() == [2, 1]
    assert axes.images[0].get_cmap().name == "Greys"
    assert show_image(np.eye(3), ax=axes).get_title() == "one"
    assert plt.get_fignums() == [axes.figure.number]


def test_more_options_reach_imshow():
    axes = show_image(np.eye(3), cmap="viridis", alpha=0.5, vmax=9)
    image = axes.images[0]
    assert (image.get_cmap().name, image.get_alpha(), image.get_clim()) == ("viridis", 0.5, (0, 9))
    norm = mpl.colors.LogNorm(1, 10)
    assert show_image(np.eye(3), norm=norm).images[0].norm is norm


def test_an_ambiguous_image_is_an_error_until_it_is_named():
    image = RNG.random((3, 4, 3))
    with pytest.raises(ValueError, match=re.escape("say channels_last=False or channels_last=True")):
        show_image(image)
    assert plt.get_fignums() == []
    assert show_image(image, channels_last=False).images[0].get_array().shape == (4, 3, 3)


def test_without_matplotlib_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for show, purpose in ((lambda: show_image([[1]]), "show_image"), (lambda: show_grid([[[1]]]), "show_grid")):
        with pytest.raises(MissingExtraError) as caught:
            show()
        assert str(caught.value) == f'{purpose} needs matplotlib; type: pip install "convista[plot]"'


def maps_of(figure):
    return [axes.images[0] for axes in figure.axes if axes.images]


def test_all_maps_share_one_scale_with_zero_in_the_middle():
    maps = RNG.normal(size=(5, 4, 6)).astype(np.float32)
    images = maps_of(show_grid(torch.from_numpy(maps)))
    reach = float(np.abs(maps).max())
    assert [image.get_clim() for image in images] == [(-reach, reach)] * 5
    for image, values in zip(images, maps, strict=True):
        colours = (image.to_rgba(image.get_array())[..., :3] * 255).round()
        np.testing.assert_array_equal(colours, paint(values, "RdBu_r", (-reach, reach)))
        assert image.get_interpolation() == "nearest"


@pytest.mark.parametrize(
    ("maps", "options", "limits", "cmap"),
    [
        ([[[1, 4]], [[2, 3]]], {}, (-4, 4), "RdBu_r"),
        ([[[1, 4]], [[2, 3]]], {"center": None}, (1, 4), "Greys"),
        ([[[1, 4]], [[2, 3]]], {"center": 2}, (0, 4), "RdBu_r"),
        ([[[1, 4]], [[2, 3]]], {"limits": (-9, 9), "cmap": "PuOr"}, (-9, 9), "PuOr"),
        ([[[0, 0]], [[0, 0]]], {}, (-1, 1), "RdBu_r"),
        ([[[np.nan, -2]], [[np.inf, 1]]], {}, (-2, 2), "RdBu_r"),
    ],
)
def test_the_scale(maps, options, limits, cmap):
    figure = show_grid(maps, **options)
    assert [(image.get_clim(), image.get_cmap().name) for image in maps_of(figure)] == [(limits, cmap)] * 2
    figure.canvas.draw()
    assert figure.axes[-1].get_ylim() == limits  # the colour bar


def test_what_is_not_finite_is_counted_in_the_figure():
    assert show_grid([[[np.nan, 1]], [[np.inf, 1]]]).get_supxlabel() == "violet: 2 values are NaN or infinite"
    assert show_grid([[[np.nan, 1]]]).get_supxlabel() == "violet: 1 value is NaN or infinite"
    assert show_grid([[[0, 1]]]).get_supxlabel() == ""
    assert mpl.colors.to_hex(np.array(NOT_FINITE) / 255) == "#aa00ff"  # violet


@pytest.mark.parametrize(("count", "cols", "across"), [(1, None, 1), (5, None, 3), (16, None, 4), (5, 5, 5), (3, 9, 3)])
def test_the_maps_stand_in_lines(count, cols, across):
    figure = show_grid(np.ones((count, 2, 2)), cols=cols)
    figure.canvas.draw()
    places = [axes.get_position() for axes in figure.axes if axes.images]
    assert len({round(place.x0, 3) for place in places}) == across
    assert len({round(place.y0, 3) for place in places}) == -(-count // across)
    assert not any(axes.axison for axes in figure.axes[:-1])


def test_titles():
    figure = show_grid(np.ones((2, 2, 2)), titles=["left", "right"])
    assert [axes.get_title() for axes in figure.axes[:2]] == ["left", "right"]


@pytest.mark.parametrize(
    ("maps", "options", "sentence"),
    [
        (np.ones((2, 3)), {}, "maps has shape (2, 3); it must be (count, rows, cols); one map is maps[None]"),
        (np.ones((1, 2, 3, 4)), {},
         "maps has shape (1, 2, 3, 4); it must be (count, rows, cols); the maps of one image are maps[0]"),
        (np.ones((0, 3, 4)), {}, "maps has shape (0, 3, 4): there is no pixel to show"),
        (np.ones((2, 3, 4)), {"titles": ["a"]}, "titles has 1 entries for 2 maps; give one for each"),
        (np.ones((2, 3, 4)), {"cols": 0}, "cols (=0) must be 1 or more"),
        (np.ones((2, 3, 4)), {"cmap": "RdBu_q"},
         'cmap (="RdBu_q") must be one of Greys, gray, RdBu_r or a name of matplotlib; did you mean "RdBu_r"?'),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence(maps, options, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        show_grid(maps, **options)


@pytest.mark.parametrize(("backend", "left_open"), [("module://matplotlib_inline.backend_inline", []), ("agg", [1])])
def test_a_notebook_shows_the_figure_once(monkeypatch, backend, left_open):
    figure = show_grid([[[0, 1]]])
    monkeypatch.setattr(plt, "get_backend", lambda: backend)
    with pytest.raises(NotImplementedError):  # IPython's sign for "show it as usual"
        figure._ipython_display_()
    assert plt.get_fignums() == left_open
