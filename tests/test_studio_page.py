"""What the report is made of: safe, whole, in two languages, told to those who can't see it, and small."""

import base64
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from html_page import Node, cells, every, read, table
from imagined_run import HOSTILE, facts, sample

import convista.studio
from convista.studio import report_html, write_report
from convista.studio.words import CHOSEN, TERMS, WORDS
from convista.training.facts import Mistake, Steps
from convista.training.settings import CHOICES, Settings


@pytest.fixture(scope="module")
def page() -> Node:
    return read(report_html(facts()))


def test_equal_facts_give_equal_pages():
    assert report_html(facts()) == report_html(facts())


def test_names_can_not_become_code(page):
    assert len(page.all("script")) == 1
    assert HOSTILE in cells(table(page, "counts").one("tbody"))[1]
    assert not any(name.startswith("on") for node in every(page) for name in node.attributes)


def test_a_file_name_that_is_not_utf_8_is_shown_and_the_file_still_is(tmp_path):
    name = b"train/caf\xe9.png".decode("utf-8", "surrogateescape")
    path = write_report(facts(samples=(sample(name, "3", 1),), folder=Path(name)), tmp_path / "report.html")
    assert "caf\ufffd.png" in path.read_text(encoding="utf-8")


def test_the_page_may_load_nothing_and_run_only_its_own_script(page):
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    script = page.one("script").text
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{allowed}'; "
        "base-uri 'none'; form-action 'none'"
    )
    addresses = [node.attributes[name] for node in every(page) for name in ("src", "href") if name in node.attributes]
    assert all(str(address).startswith(("data:image/png", "#")) for address in addresses)
    assert "url(" not in page.one("style").text


def test_the_contents_lead_to_every_section(page):
    links = [link.attributes["href"] for link in page.one("nav").all("a")]
    assert links == [f"#{section.attributes['id']}" for section in page.one("main").all("section")]


def test_a_screen_reader_is_told_what_everything_is(page):
    ids = [node.attributes["id"] for node in every(page) if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    assert all(
        node.attributes["aria-labelledby"] in ids for node in every(page) if "aria-labelledby" in node.attributes
    )
    assert all(image.attributes["alt"] for image in page.all("img"))
    assert all(th.attributes.get("scope") in ("row", "col") for th in page.all("th"))
    assert [node.tag for node in every(page) if re.fullmatch("h[1-6]", node.tag)][:3] == ["h1", "h2", "h3"]


def test_every_english_word_has_its_chinese_beside_it(page):
    for node in every(page):
        spoken = [
            c.attributes["lang"]
            for c in node.children
            if isinstance(c, Node) and c.tag in ("span", "div") and "lang" in c.attributes
        ]
        assert spoken == ["en", "zh-Hans"] * (len(spoken) // 2)


@pytest.mark.parametrize("key", [*WORDS, *TERMS])
def test_words_have_the_same_places_for_values_in_both_languages(key):
    english, chinese = (WORDS | TERMS)[key]
    places = [sorted(re.findall(r"{(\w+)}", words)) for words in (english, chinese)]
    assert places[0] == places[1]
    assert [bool(re.search("[\u4e00-\u9fff]", words)) for words in (english, chinese)] == [False, True]


@pytest.mark.parametrize("name", Settings().words())
def test_every_setting_and_every_choice_has_its_chinese(name):
    assert name.replace("_", " ") in TERMS
    assert {*CHOICES.get(name, ())} - {"adamw", "sgd", "float32", "bfloat16"} <= {*CHOSEN}


def test_every_word_is_used():
    source = "".join(file.read_text(encoding="utf-8") for file in Path(convista.studio.__file__).parent.glob("*.py"))
    assert [key for key in WORDS if source.count(f'"{key}"') < 2] == []


def test_a_large_run_stays_under_a_megabyte():
    names = tuple(str(number) for number in range(10))
    noise = [sample(f"train/{i}.png", names[i % 10], i, (1, 28, 28)) for i in range(64 + 24)]
    loss = tuple(np.random.default_rng(0).random(20_000).tolist())
    told = facts(
        classes=names,
        counts={"train": (6000,) * 10, "valid": (1000,) * 10},
        confusion=np.full((10, 10), 100),
        samples=tuple(noise[:64]),
        mistakes=tuple(Mistake(s, "3", 0.9, 0.1) for s in noise[64:]),
        steps=Steps(loss, loss, loss),
        first_kernels=np.ones((64, 1, 3, 3), np.float32),
    )
    assert len(report_html(told).encode()) < 1_000_000
