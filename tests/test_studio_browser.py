"""The report in a browser, opened from disk without a network."""

import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from imagined_run import facts

from convista.studio import write_report
from convista.studio.words import WORDS
from convista.training.facts import Facts


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("skipped: no Chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser, tmp_path) -> Iterator[Callable[..., Any]]:
    """Opens the report from disk without a network; whatever goes wrong in the page fails the test."""
    path = tmp_path / "report.html"
    contexts, requests, faults = [], [], []

    def open_report(told: Facts | None = None, **options: Any) -> Any:
        write_report(told or facts(), path)
        context = browser.new_context(**options)
        contexts.append(context)
        context.route(re.compile("^https?:"), lambda route: route.abort())
        tab = context.new_page()
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.goto(path.as_uri())
        return tab

    yield open_report
    for context in contexts:
        context.close()
    assert faults == []
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()] * len(contexts)


@pytest.mark.parametrize("width", [320, 400, 1280])
@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_the_page_is_never_wider_than_the_window(visit, width, locale):
    tab = visit(viewport={"width": width, "height": 800}, locale=locale)
    assert tab.evaluate("document.documentElement.scrollWidth") == width


def test_a_wide_table_scrolls_in_its_box(visit):
    tab = visit(viewport={"width": 320, "height": 800})
    assert tab.evaluate("(box => box.scrollWidth > box.clientWidth)(document.querySelector('.matrix').parentNode)")


def test_light_and_dark_are_both_readable(visit):
    colours = {}
    for scheme in ("light", "dark"):
        tab = visit(color_scheme=scheme)
        for place in ("body", ".interval", ".strip dt", "a", ".matrix .wrong", ".matrix .none"):
            ink, paper = tab.evaluate(COLOURS, place)
            colours[scheme, place] = ink, paper
            assert contrast(ink, paper) >= 4.5, (scheme, place)
    every_colour = facts(first_kernels=np.linspace(-1, 1, 600, dtype=np.float32).reshape(24, 1, 5, 5))
    tab = visit(every_colour)
    for ink, paper in tab.evaluate(f"[...document.querySelectorAll('.kernel td')].map({COLOURS})"):
        assert contrast(ink, paper) >= 4.5, paper
    assert all(colours["light", place] != colours["dark", place] for _, place in colours)


COLOURS = """place => {
    const node = place instanceof Element ? place : document.querySelector(place), solid = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const over = [];
    for (let up = node; up; up = up.parentElement) over.unshift(getComputedStyle(up).backgroundColor);
    for (const colour of over) { solid.fillStyle = colour; solid.fillRect(0, 0, 1, 1); }
    const paper = [...solid.getImageData(0, 0, 1, 1).data];
    solid.globalAlpha = getComputedStyle(node).opacity;
    solid.fillStyle = getComputedStyle(node).color; solid.fillRect(0, 0, 1, 1);
    return [[...solid.getImageData(0, 0, 1, 1).data], paper];
}"""


def contrast(one: list[int], other: list[int]) -> float:
    """WCAG 2's contrast of two colours, 1 to 21."""
    dark, light = sorted(luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: list[int]) -> float:
    shares = [level / 255 for level in colour[:3]]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("locale", "language", "word"), [("en-GB", "en", "Network"), ("zh-CN", "zh-Hans", "网络")])
def test_the_language_follows_the_browser(visit, locale, language, word):
    tab = visit(locale=locale)
    assert tab.evaluate("document.documentElement.lang") == language
    assert tab.locator("#network-title").inner_text() == word


def test_the_switch_changes_the_language_by_keyboard(visit):
    tab = visit(locale="en-GB")
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#network-title").inner_text() == "网络"
    assert tab.evaluate("document.documentElement.lang") == "zh-Hans"
    assert tab.locator("svg:visible title").nth(1).text_content() == WORDS["loss"][1]  # the finder's comes first


def test_without_javascript_it_is_english_and_can_be_switched(visit):
    tab = visit(locale="zh-CN", java_script_enabled=False)
    assert tab.locator("#network-title").inner_text() == "Network"
    tab.locator("label[for=language-zh]").click()
    assert tab.locator("#network-title").inner_text() == "网络"


def test_printing_is_on_white_paper_without_the_contents(visit):
    tab = visit(color_scheme="dark")
    tab.emulate_media(media="print")
    assert tab.evaluate(COLOURS, "body")[1][:3] == [253, 253, 252]
    assert not tab.locator("nav").is_visible()
