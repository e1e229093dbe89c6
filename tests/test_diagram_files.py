"""Pictures as files: the same picture in SVG, PNG, GIF and HTML, moving where it should, still for who asks."""

import re
from io import BytesIO
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from diagrams import DIAGRAMS
from PIL import Image

from convista.picture.diagram import lettering
from convista.picture.diagram.lettering import font
from convista.picture.diagram.painter import scene_gif, scene_png
from convista.picture.diagram.palette import GROUPS, ROLES, colour
from convista.picture.diagram.picture import Picture
from convista.picture.diagram.shapes import Bitmap, Label, Labels, Path, Scene, box, words
from convista.picture.diagram.vector import scene_svg

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = (
    box(10, 10, 20, 10, fill="input", edge="input_line"),
    Path(((40, 10), (60, 10), (60, 30)), fill="window"),
    Path(((5, 50), (95, 50)), edge="output_line", thick=2),
    Bitmap(70, 10, 20, 20, np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)),
    Labels((Label(30, 80, "left"), Label(70, 80, "right")), "ink", 12),
)


def scene_of(shapes, **more):
    return Scene(100, 100, "Shapes", "Some shapes on paper.", tuple(shapes), **more)


def pixels(file):
    with Image.open(BytesIO(file)) as opened:
        return np.asarray(opened.convert("RGB"))


def hexed(values):
    return f"#{bytes(values.tolist()).hex()}"


@pytest.mark.parametrize("dark", [False, True])
def test_shapes_are_painted_where_they_are_said(dark):
    image = pixels(scene_png(scene_of(SHAPES), dark=dark, scale=1))
    assert image.shape == (100, 100, 3)
    for (x, y), role in {(2, 2): "paper", (20, 15): "input", (55, 14): "window", (50, 50): "output_line"}.items():
        assert hexed(image[y, x]) == colour(role, dark=dark)
    assert [hexed(image[20, x]) for x in (75, 85)] == ["#ff0000", "#0000ff"]
    inked = (np.abs(image.astype(int) - image[2, 2]).sum(axis=2) > 60)[68:84].nonzero()[1]
    assert 15 < inked.min() < 25
    assert 75 < inked.max() < 85


def test_a_scale_gives_more_pixels_and_a_huge_one_is_refused():
    assert pixels(scene_png(scene_of(SHAPES), scale=3)).shape == (300, 300, 3)
    with pytest.raises(ValueError) as error:
        scene_png(scene_of(SHAPES), scale=9)
    assert str(error.value) == (
        "scale (=9) must be 1 to 8 and a picture of 100 x 100 have no more than 40,000,000 pixels; leave it out, or "
        "save as .svg"
    )


def test_a_gif_has_a_frame_for_each_moment():
    moments = tuple((box(10 * place, 10, 8, 8, fill="window_line"),) for place in range(4))
    with Image.open(BytesIO(scene_gif(scene_of((), moments=moments)))) as gif:
        assert (gif.n_frames, gif.info["loop"], gif.info["duration"]) == (4, 0, 800)
        for place in range(4):
            gif.seek(place)
            frame = np.asarray(gif.convert("RGB")).astype(int)
            assert np.abs(frame[14, 10 * place + 4] - pixels_of(colour("window_line"))).max() < 8
            assert np.abs(frame[14, 10 * ((place + 1) % 4) + 4] - 255).max() < 8


def pixels_of(code):
    return np.array(list(bytes.fromhex(code[1:])))


def test_a_moving_svg_shows_each_moment_in_its_turn_and_stands_still_for_who_asks():
    moments = tuple((box(10 * place, 10, 8, 8, fill="window"),) for place in range(4))
    svg = scene_svg(scene_of((), still=(box(1, 1, 2, 2, fill="output"),), moments=moments), animated=True)
    root = ET.fromstring(svg)
    groups = [group for group in root.iter(f"{SVG}g") if group.get("class") == "cvm4"]
    assert [group.get("style") for group in groups] == [f"animation-delay:{0.8 * place:.2f}s" for place in range(4)]
    style = root.findtext(f"{SVG}style")
    assert "animation:cv4 3.20s step-end infinite" in style
    assert "@keyframes cv4{0%{visibility:visible}25%{visibility:hidden}}" in style
    assert "@media(prefers-reduced-motion:reduce){.cvm4{animation:none}.cvstill4{display:inline}}" in style
    assert "animation" not in scene_svg(scene_of((), moments=moments))


def test_many_moments_are_shorter():
    assert [scene_of((), moments=((),) * count).seconds for count in (1, 30, 60, 1000)] == [0.8, 0.8, 0.4, 0.12]


@pytest.mark.parametrize("name", ["stops", "stops_numbers", "transposed_numbers"])
def test_a_small_animation_is_a_small_file(name):
    assert len(DIAGRAMS[name]().svg(animated=True).encode()) < 60_000


def test_all_kinds_of_files_are_written(tmp_path):
    picture = DIAGRAMS["stops"]()
    for ending, start in ((".svg", b"<svg"), (".png", b"\x89PNG"), (".gif", b"GIF89a"), (".html", b"<!doctype html>")):
        file = picture.save(tmp_path / f"figure{ending}")
        assert file.read_bytes().startswith(start)
    assert (tmp_path / "figure.svg").read_text(encoding="utf-8") == picture.svg() == picture._repr_svg_()
    picture.save(tmp_path / "figure.svg", animated=True)
    assert "animation" in (tmp_path / "figure.svg").read_text(encoding="utf-8")
    with pytest.raises(ValueError) as error:
        picture.save(tmp_path / "figure.jpg")
    assert str(error.value) == 'path ending (=".jpg") must be one of .svg, .png, .gif, .html; did you mean ".png"?'


def test_a_page_has_the_picture_a_switch_and_nothing_from_elsewhere():
    page = DIAGRAMS["stops"]().html()
    assert '<label for="stop">stand still</label>' in page
    assert "animation-play-state:paused!important" in page
    assert not re.search(r'(src|href)="http', page)
    assert '<html lang="zh-Hans">' in DIAGRAMS["chinese"]().html()
    assert 'id="stop"' not in DIAGRAMS["strip"]().html()


def test_dark_paper_is_dark_in_a_file(tmp_path):
    picture = DIAGRAMS["cone"]()
    for ending in (".png", ".gif"):
        for dark in (False, True):
            file = picture.save(tmp_path / f"figure{ending}", dark=dark)
            assert (pixels(file.read_bytes())[0, 0].mean() < 40) == dark


def test_a_chinese_picture_asks_for_a_font_where_there_is_none(monkeypatch):
    monkeypatch.setattr(lettering, "CHINESE", ("none.ttf", "neither.ttf", "nor.ttf"))
    font.cache_clear()
    with pytest.raises(ValueError) as error:
        scene_png(scene_of([words(5, 50, "输入")]))
    assert str(error.value) == (
        'language (="zh-Hans") needs a font with Chinese letters for PNG and GIF, and this system has none of none.ttf, '
        "neither.ttf, nor.ttf ...; save as .svg or .html, where the reader's own font is taken, or install one"
    )


def luminance(code):
    share = pixels_of(code) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one, two):
    high, low = sorted((luminance(code) @ [0.2126, 0.7152, 0.0722] for code in (one, two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


FILLS = ("paper", "padding", "zero", "input", "window", "output", *GROUPS)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("fill", FILLS)
def test_text_can_be_read_on_every_filling(fill, dark):
    assert contrast(colour("ink", dark=dark), colour(fill, dark=dark)) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("role", ["faint", "input_line", "window_line", "output_line"])
def test_what_is_written_on_paper_can_be_read(role, dark):
    assert contrast(colour(role, dark=dark), colour("paper", dark=dark)) >= 4.5


# Machado, Oliveira, Fernandes (2009): what each kind of colour blindness makes of linear red, green, blue.
BLIND = {
    "none": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def lab(linear):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(
        linear, 0, 1
    )
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", BLIND)
def test_what_differs_in_meaning_differs_for_every_eye(kind, dark):
    seen = {role: lab(BLIND[kind] @ luminance(colour(role, dark=dark))) for role in ("input", "window", "output")}
    lines = {
        role: lab(BLIND[kind] @ luminance(colour(role, dark=dark)))
        for role in ("input_line", "window_line", "output_line")
    }
    for group, least in ((seen, 10), (lines, 20)):
        names = list(group)
        for place, one in enumerate(names):
            for two in names[place + 1 :]:
                assert np.linalg.norm(group[one] - group[two]) > least, (one, two)


def test_every_role_is_two_colours():
    assert all(re.fullmatch("#[0-9a-f]{6}", code) for pair in ROLES.values() for code in pair)
    assert isinstance(Picture(scene_of(SHAPES)), Picture)
