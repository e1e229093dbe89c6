"""What the report says, read back from the page and added up again."""

import base64
import hashlib
import os
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from html_page import Node, cells, number, pixels, read, table
from imagined_run import HOSTILE, calibration, facts, statistics
from PIL import Image

from convista.picture.colours import paint
from convista.picture.heat import painted
from convista.studio import report_html
from convista.studio.results import results
from convista.studio.words import WORDS
from convista.training.facts import Averaged, Epoch, Sample, Steps

GOLDEN = Path(__file__).parent / "golden" / "report.html"


@pytest.fixture(scope="module")
def page() -> Node:
    return read(report_html(facts()))


def test_the_page_is_the_one_in_the_golden_file():
    body = report_html(facts()).partition("<body>")[2].partition("<script>")[0]
    body = re.sub(r'"data:image/png;base64,([^"]*)"', digest, body)
    body = re.sub("(<svg)[^>]*>.*?(<title>.*?</title>).*?(</svg>)", r"\1>\2\3", body, flags=re.DOTALL)  # another room's
    if os.environ.get("CONVISTA_RENEW"):
        GOLDEN.write_text(body, encoding="utf-8")
    assert body == GOLDEN.read_text(encoding="utf-8")


def digest(address: re.Match[str]) -> str:
    """A picture by its pixels: another version of the PNG writer may pack them in other bytes."""
    with Image.open(BytesIO(base64.b64decode(address[1]))) as opened:
        array = np.asarray(opened)
    return f'"{"x".join(map(str, array.shape))} {hashlib.sha256(array.tobytes()).hexdigest()[:12]}"'


def test_the_headline_gives_counts_and_the_interval_by_hand(page):
    header = page.one("header")
    assert header.one("p", **{"class": "score"}).english == "99.80\u202f%2,041 of 2,045 right"
    n, p, z = 2045, 2041 / 2045, 1.96
    middle, reach = p + z * z / 2 / n, z * (p * (1 - p) / n + z * z / 4 / n / n) ** 0.5
    low, high = ((middle + sign * reach) / (1 + z * z / n) for sign in (-1, 1))
    assert f"{low:.2%}".replace("%", "\u202f%") in header.one("p", **{"class": "interval"}).english
    assert f"{high:.2%}".replace("%", "\u202f%") in header.one("p", **{"class": "interval"}).english


def test_the_strip_names_the_run_in_figures(page):
    strip = page.one("dl", **{"class": "strip"})
    named = {row.one("dt").english: row.one("dd").english for row in strip.all("div")}
    assert named == {
        "errors": "4",
        "training images": "2,540",
        "classes": "3",
        "parameters": "1,256",
        "epochs": "2",
        "time": "1 h 1 min",
    }


def test_the_parameters_add_up(page):
    layers = table(page, "layers")
    each = [number(row[-1]) for row in cells(layers.one("tbody"))]
    assert sum(each) == number(cells(layers.one("tfoot"))[0][-1]) == facts().parameters
    assert cells(layers.one("tbody"))[0] == ["layers.0", "Conv2d", "2\xa0×\xa03\xa0×\xa03", "18"]


def test_the_confusion_matrix_is_that_of_the_facts_and_adds_up(page):
    rows = cells(table(page, "matrix").one("tbody"))
    matrix = np.array([[number(cell) for cell in row[1:-2]] for row in rows])
    assert (matrix == facts().confusion).all()
    assert [number(row[-2]) for row in rows] == matrix.sum(axis=1).tolist()
    assert [row[-1] for row in rows] == ["99.80\u202f%", "99.90\u202f%", "85.71\u202f%"]


def test_the_matrix_shades_right_and_wrong_differently_and_more_errors_deeper(page):
    body = table(page, "matrix").one("tbody")
    right, wrong = (body.all("td", **{"class": kind}) for kind in ("right", "wrong"))
    assert [cell.text for cell in right] == ["1,008", "1,027", "6"]
    assert [(cell.text, cell.attributes["style"]) for cell in wrong] == [
        ("2", "--deep:1.000"),
        ("1", "--deep:0.500"),
        ("1", "--deep:0.500"),
    ]


def test_the_counts_of_the_images_add_up(page):
    counts = table(page, "counts")
    rows = np.array([[number(cell) for cell in row[1:]] for row in cells(counts.one("tbody"))])
    assert rows[:, :2].T.tolist() == [list(facts().counts["train"]), list(facts().counts["valid"])]
    assert (rows[:, 0] + rows[:, 1] == rows[:, 2]).all()
    assert [number(cell) for cell in cells(counts.one("tfoot"))[0][1:]] == rows.sum(axis=0).tolist()


def test_the_pictures_are_the_images_pixel_for_pixel(page):
    told = facts()
    shown = page.one("dl", **{"class": "samples"}).all("img") + page.one("ol", **{"class": "cards"}).all("img")
    images = [s.image[0] for s in told.samples] + [m.sample.image[0] for m in told.mistakes]
    for picture, image in zip(shown, images, strict=True):
        assert (pixels(picture) == image).all()


def test_a_colour_photo_is_shown_in_colour_and_shrunk():
    image = np.zeros((3, 300, 200), np.uint8)
    image[0, :150], image[2, 150:] = 250, 100  # red above blue
    told = facts(samples=(Sample("train/a.jpg", "3", image),), mistakes=())
    (picture,) = read(report_html(told)).one("dl", **{"class": "samples"}).all("img")
    assert pixels(picture).shape == (60, 40, 3)
    assert pixels(picture)[[0, -1], 20].tolist() == [[250, 0, 0], [0, 0, 100]]


def test_a_mistake_says_what_the_network_thought(page):
    first, second = page.one("ol", **{"class": "cards"}).all("li")
    assert first.one("b").english == f"3, taken for {HOSTILE}"
    thoughts = [[row.one("dt").text, row.one("dd").text] for row in second.all("div")]
    assert thoughts == [["3", "75.00\u202f%"], ["nine", "20.00\u202f%"]]
    assert [row.one("dd").text for row in first.all("div")] == ["> 99.99\u202f%", "< 0.01\u202f%"]


def test_the_kernels_are_written_and_coloured_on_one_scale_around_zero(page):
    weights = facts().first_kernels
    tables = page.one("section", id="kernels").all("table")
    shown = [float(cell.replace("−", "-")) for kernel in tables for row in cells(kernel) for cell in row]
    assert np.allclose(shown, weights.ravel(), atol=0.005)
    styles = [cell.attributes["style"] for kernel in tables for cell in kernel.all("td")]
    colours = paint(weights.ravel(), "RdBu_r", (-0.5, 0.5))
    assert styles == [f"background:#{bytes(colour.tolist()).hex()}" for colour in colours]


def test_large_kernels_are_pictures_with_their_numbers_beside():
    bank = np.random.default_rng(0).normal(size=(70, 3, 7, 7)).astype(np.float32)
    section = read(report_html(facts(first_kernels=bank))).one("section", id="kernels")
    pictures = [image for figure in section.all("figure") for image in figure.all("img")]
    assert len(pictures) == 64 * 3
    assert "and 6 more kernels" in section.english
    numbers = [float(n) for n in str(pictures[0].attributes["title"]).replace("−", "-").split()]
    assert np.allclose(numbers, bank[0, 0].ravel(), atol=0.05)


def test_the_command_the_settings_and_the_machine_are_told(page):
    run = page.one("section", id="run")
    assert run.one("pre").text == facts().command
    assert cells(table(page, "settings")) == [["epochs", "2"], ["label smoothing", "0.1"], ["odd one", "<1>"]]
    assert cells(table(page, "machine")) == [["processor", "One"], ["cores", "2"]]
    assert cells(table(page, "versions")) == [["convista", "0.1.0"], ["python", "3.11.7"]]
    assert cells(table(page, "clock"))[0] == ["Started", "2026-11-22 23:10:00+01:00"]


def test_each_epoch_has_a_row_and_each_curve_a_title(page):
    assert cells(table(page, "history").one("tbody")) == [
        ["1", "0.5000", "0.2500", "90.00\u202f%", "1.2"],
        ["2", "0.1250", "0.0625", "99.80\u202f%", "1.5"],
    ]
    titles = [chart.one("title").text for chart in page.one("section", id="training").all("svg")]
    assert titles[2::2] == [WORDS[key][0] for key in ("loss", "accuracy_curve", "rate", "momentum", "batch_loss")]
    assert titles[3::2] == [WORDS[key][1] for key in ("loss", "accuracy_curve", "rate", "momentum", "batch_loss")]


def test_each_class_has_its_recall_its_interval_and_its_precision(page):
    rows = cells(table(page, "classes_each").one("tbody"))
    assert [row[0] for row in rows] == ["3", HOSTILE, "nine"]
    assert rows[2][1:3] == ["7", "85.71\u202f%"]
    assert rows[2][4] == "100\u202f%"
    z2, n, p = 1.96**2, 7, 6 / 7
    low = (p + z2 / 2 / n - (z2 * (p * (1 - p) / n + z2 / 4 / n / n)) ** 0.5) / (1 + z2 / n)
    assert rows[2][3].startswith(f"{low:.2%}".replace("%", "\u202f% – "))


def test_pairs_stand_below_the_matrix_of_more_than_two_classes(page):
    assert cells(table(page, "pairs").one("tbody"))[0] == ["3", HOSTILE, "2", "0.20\u202f%"]
    two = facts(classes=("3", "7"), counts={"train": (5, 5), "valid": (9, 9)}, confusion=np.array([[8, 1], [0, 9]]))
    assert not [c for c in read(report_html(two)).all("caption") if c.attributes.get("id") == "pairs"]


def test_calibration_shows_its_figures_and_says_on_what(page):
    section = page.one("section", id="calibration")
    assert [row[1:] for row in cells(table(page, "ece").one("tbody"))] == [
        ["5.00\u202f%", "1.00\u202f%"],
        ["0.20\u202f%", "0.20\u202f%"],
        ["0.0400", "0.0400"],
    ]
    assert cells(table(page, "bins").one("tbody")) == [
        ["47–53", "50.00\u202f%", "50.00\u202f%", "2"],
        ["87–93", "90.00\u202f%", "95.00\u202f%", "20"],
        ["93–100", "95.00\u202f%", "99.80\u202f%", "1,000"],
    ]
    for words in ("temperature 0.62", "fitted on 1,023 validation images", "are of the other 1,022"):
        assert words in section.english
    assert len(section.all("path")) >= 2 * 3


def test_without_a_temperature_nothing_is_said_after_it():
    told = read(report_html(facts(calibration=calibration(after=None, temperature=None)))).one(
        "section", id="calibration"
    )
    assert "No temperature was found" in told.english
    assert [row[2] for row in cells(table(told, "ece").one("tbody"))] == ["–"] * 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ["those after the last step", "went straight through", "seed, ?", "2,045 validation images", "on One"]),
        ({"ema": True, "settings": {"average": "0.99", "seed": "3"}}, ["EMA, decay 0.99", "one seed, 3"]),
        ({"went_back": True}, ["the run went back", "a third of the learning rate"]),
    ],
    ids=["last", "average", "back"],
)
def test_it_is_said_what_the_figures_rest_on(changes, words):
    told = read(report_html(facts(**changes))).one("section", id="basis").english
    assert [word for word in words if word not in told] == []


def test_images_that_decided_when_to_stop_are_said_to_have_done_so():
    for patience, words, chosen in (("0", "served for these figures and for nothing else", False),
                                    ("2", "they decided when to stop", True)):  # fmt: skip
        told = facts(settings={"patience": patience, "seed": "3", "epochs": "2"})
        assert words in read(report_html(told)).one("section", id="basis").english
        assert results(told)["basis"]["chosen_by_validation"] is chosen


# Runs that went otherwise.


def test_many_classes_are_listed_as_pairs_the_most_confused_first():
    confusion = np.diag(np.full(30, 9))
    confusion[4, 7], confusion[8, 1] = 3, 1
    names = tuple(f"class {number}" for number in range(30))
    counts = {"train": (9,) * 30, "valid": tuple(confusion.sum(axis=1).tolist())}
    page = read(report_html(facts(classes=names, counts=counts, confusion=confusion)))
    assert cells(table(page, "pairs").one("tbody")) == [
        ["class 4", "class 7", "3", "25.00\u202f%"],
        ["class 8", "class 1", "1", "10.00\u202f%"],
    ]


@pytest.mark.parametrize(
    ("changes", "section", "words"),
    [
        ({"remarks": ()}, "data", "Nothing odd was found in the data."),
        ({"mistakes": (), "confusion": np.diag([5, 5, 5])}, "mistakes", "every validation image was right"),
        ({"mistakes": ()}, "mistakes", "No pictures of them were kept."),
        ({"confusion": np.diag([5, 5, 0])}, "confusion", "–"),
        ({"first_kernels": np.zeros((1, 1, 3, 3), np.float32)}, "kernels", "0.00"),
        ({"first_kernels": np.full((1, 1, 3, 3), np.nan, np.float32)}, "kernels", "nan"),
        ({"history": (Epoch(1, float("nan"), float("inf"), 0.5, 1.0),)}, "training", "nan"),
        ({"steps": Steps((), (), ())}, "training", "Learning rate"),
    ],
    ids=["no remarks", "no errors", "no pictures", "no image of a class", "zeros", "NaN", "diverged", "no steps"],
)
def test_a_run_of_another_kind_has_its_report(changes, section, words):
    assert words in read(report_html(facts(**changes))).one("section", id=section).english


def test_remarks_are_told_in_both_languages_and_marked_where_they_are_in_one(page):
    both, alone = page.one("section", id="data").one("ul").all("li")
    assert both.english == 'valid/"a" & b.png was left out: it is <truncated>.'
    assert both.one("span", lang="zh-Hans").text == '未使用：valid/"a" & b.png，它<不完整>。'
    assert (alone.text, alone.attributes) == ("In <English> alone.", {"lang": "en"})


def test_the_findings_are_told_the_severe_ones_marked(page):
    section = page.one("section", id="diagnosis")
    items = section.all("li")
    assert [item.english for item in items] == ["Since step 5 <relu> is silent.", "It began slowly."]
    assert [item.attributes.get("class") for item in items] == ["severe", None]
    assert "What stands in bold makes the run useless as it is." in section.english
    mild = read(report_html(facts(findings=facts().findings[1:]))).one("section", id="diagnosis")
    assert "useless" not in mild.english
    assert "No sign of trouble" in read(report_html(facts(findings=()))).one("section", id="diagnosis").english


def test_each_layer_has_its_pictures_before_and_after(page):
    figures = page.one("section", id="activations").all("figure")
    captions = [figure.one("figcaption").english for figure in figures[:4]]
    assert captions == [f"{side} layers.{n}.<relu>" for n in (0, 1) for side in ("Before", "After")]
    assert len(figures) == 8  # and four charts
    histograms = statistics().histogram
    for figure, (layer, side) in zip(figures[:4], ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True):
        address = figure.one("image").attributes["href"]
        with Image.open(BytesIO(base64.b64decode(address.partition(",")[2]))) as opened:
            shown = np.asarray(opened.convert("RGB"))
        counts = histograms[:, layer, side]
        used = np.flatnonzero(counts.any(axis=0))
        assert (shown == painted(counts[:, used[0] : used[-1] + 1].astype(float))).all()


def test_of_many_layers_some_are_shown():
    section = read(report_html(facts(statistics=statistics(layers=20)))).one("section", id="activations")
    captions = [figure.one("figcaption").english for figure in section.all("figure")[:12]]
    assert captions[::2] == [f"Before layers.{n}.<relu>" for n in (0, 4, 8, 11, 15, 19)]
    assert "and 14 more layers" in section.english


def test_without_statistics_the_page_says_so():
    section = read(report_html(facts(statistics=None))).one("section", id="activations")
    assert section.english.split("\n") == ["", "Activations and gradients", "They were not watched.", ""]


def test_test_time_averaging_is_told_beside_the_score_not_for_it(page):
    header = page.one("header")
    told = header.one("p", **{"class": "averaged"}).english
    assert told.startswith(
        "With test-time averaging over 9 views (moved by up to 1 px): 2,042 of 2,045 right, 99.85\u202f%. It is told for"
    )
    assert header.one("p", **{"class": "score"}).english.startswith("99.80")
    mirrored = facts(averaged=Averaged(18, 3, True, 3, 0.99))
    assert "(moved by up to 3 px and mirrored)" in read(report_html(mirrored)).one("header").english
    assert not read(report_html(facts(averaged=None))).all("p", **{"class": "averaged"})


def test_a_run_that_ended_early_says_why():
    told = facts(settings={"epochs": "9", "patience": "2"})
    words = read(report_html(told)).one("section", id="training").english
    assert "Training ended after epoch 2 of 9: no new lowest validation loss in 2 epochs." in words
    assert "ended after" not in read(report_html(facts(settings={"epochs": "2", "patience": "2"}))).english


def test_the_finders_plot_is_there_where_a_rate_was_looked_for(page):
    assert "Learning-rate finder: 0.001" in page.one("section", id="training").english
    assert "finder" not in read(report_html(facts(sweep=None))).one("section", id="training").english


def test_a_network_of_ones_own_is_called_so():
    section = read(report_html(facts(network="mynets:tiny"))).one("section", id="network")
    assert "this function makes its layers:mynets:tiny" in section.english
    no_convolution = facts(first_kernels=np.zeros((0, 0, 0, 0), np.float32))
    assert "The network has no convolution." in read(report_html(no_convolution)).one("section", id="kernels").english
