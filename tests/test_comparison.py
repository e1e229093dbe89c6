"""Runs side by side: the ladder of techniques, and any two runs."""

import json
import math
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from html_page import cells, read, table
from shapes import dataset
from typer.testing import CliRunner

from convista import comparison, run
from convista.cli.entry import app
from convista.comparison import LADDER, Attempt, Study, compare, pair, study, studying
from convista.comparison.ladder import GROUND, chosen, recipe
from convista.comparison.page import study_html
from convista.comparison.pair import even_split
from convista.comparison.words import WORDS
from convista.network import Network
from convista.run import RunFolderError
from convista.training import DivergedError, Epoch, Settings

QUICK = {"seeds": 2, "epochs": 1, "rungs": ["batch norm", "one cycle"]}


@pytest.fixture(autouse=True)
def shapes(monkeypatch):
    """Every run learns from tiny shapes, whatever data it names."""
    data = dataset(train=24, valid=12)
    for room in (run, studying, pair):
        monkeypatch.setattr(room, "load_dataset", lambda name, **_: data)
    return data


# The ladder ----------------------------------------------------------------------------------------------------------


def test_each_rung_keeps_what_those_below_it_changed():
    below = dict(GROUND)
    for rung in LADDER:
        told = recipe(rung, (1, 28, 28))
        changed = {name for name in told if told[name] != below[name] and name != "network"}
        assert changed <= set(rung.change)
        assert rung.change.keys() <= told.keys()
        below = told


def test_every_rung_is_a_valid_recipe_for_small_and_large_images():
    for rung, shape in product(LADDER, ((1, 28, 28), (3, 96, 64), (1, 16, 16), (3, 17, 32))):
        settings = Settings(**recipe(rung, shape))
        Network(settings.network, classes=("a", "b"), image_shape=shape, mean=[0] * shape[0], std=[1] * shape[0])


def test_the_first_rungs_have_no_norms_and_the_fourth_has():
    bare = ["norm," not in recipe(rung, (1, 28, 28))["network"] for rung in LADDER[:4]]
    assert bare == [False, False, False, True]


def test_a_wrong_name_names_the_near_one():
    with pytest.raises(
        ValueError, match='^rungs \\(="batchnorm"\\) must be one of sgd, .*; did you mean "batch norm"\\?$'
    ):
        chosen(["sgd", "batchnorm"])


# What came of it -----------------------------------------------------------------------------------------------------


def attempt(rung, seed, accuracy, **more):
    return Attempt(rung, seed, {"seed": seed}, (Epoch(1, 0.5, 0.4, accuracy, 2.0),), (0.7, 0.5), 3.0 + seed, **more)


def imagined():
    attempts = (
        attempt("sgd", 0, 0.5), attempt("sgd", 1, 0.9, fault="training diverged: the loss was nan"),
        attempt("batch norm", 0, 0.97, near_zero=0.25), attempt("batch norm", 1, 0.99, near_zero=0.35),
    )  # fmt: skip
    return Study("<shapes>", 1, 2, 1000, 0.5, attempts, (("cores", "2"),), (("torch", "2.13.0"),))


def test_the_table():
    assert str(imagined()).splitlines() == [
        "technique     accuracy  spread  seconds  near 0",
        "sgd            50.00 %       -      3.5       -  diverged 1/2, learned nothing 1/2",
        "+ batch norm   98.00 %  1.41 %      3.5    30 %",
    ]


def test_the_record_comes_back(tmp_path):
    comparison.records.save(tmp_path / "study.json", imagined())
    assert comparison.records.load(tmp_path / "study.json") == imagined()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "can't be read as a study"),
        ("[]", "can't be read as a study"),
        ('{"schema": 1}', "can't be read as a study"),
        (json.dumps(imagined().facts() | {"schema": 2}), "is a study of another version of convista"),
    ],
)
def test_another_file_is_no_study(tmp_path, text, fault):
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(ValueError, match=fault):
        comparison.records.load(tmp_path / "study.json")


def test_the_page_shows_every_rung_and_escapes_what_it_is_given():
    html = study_html(imagined())
    page = read(html)
    assert "<shapes>" not in html
    assert html == study_html(imagined())
    _, *rows = cells(table(page, "ladder-table"))
    assert [[cell.replace("\u202f", " ") for cell in row] for row in rows] == [
        ["sgd", "50.00 %", "–", "3.5", "–", "diverged 1 of 2, learned nothing 1 of 2"],
        ["+ batch norm", "98.00 %", "1.41 %", "3.5", "30.00 %", ""],
    ]
    assert [heading.english for heading in page.all("h3")] == ["sgd", "batch norm"]
    assert LADDER[3].why[1] in page.text


def test_every_word_is_used():
    source = "".join(file.read_text(encoding="utf-8") for file in Path(comparison.__file__).parent.glob("*.py"))
    assert [key for key in WORDS if source.count(f'"{key}"') < 2] == []


# The study itself ----------------------------------------------------------------------------------------------------


class Heard:
    """A listener that counts."""

    def __init__(self):
        self.calls = Counter()
        self.ended = []

    def begin(self, rung, seed):
        self.calls[rung] += 1

    def batch(self, done, total, loss):
        self.calls["batches"] += 1

    def epoch(self, epoch):
        self.calls["epochs"] += 1

    def say(self, sentence):
        self.calls[sentence] += 1

    def end(self, attempt):
        self.ended.append((attempt.rung, attempt.seed))


def test_every_rung_is_trained_with_every_seed_and_all_is_written_down(tmp_path, shapes):
    heard = Heard()
    done = study("shapes", out=tmp_path / "s", listener=heard, **QUICK)
    assert [(a.rung, a.seed) for a in done.attempts] == heard.ended
    assert heard.ended == [("one cycle", 0), ("one cycle", 1), ("batch norm", 0), ("batch norm", 1)]
    assert all(a.history and a.losses and a.seconds > 0 for a in done.attempts)
    assert comparison.records.load(tmp_path / "s" / "study.json") == done
    assert (tmp_path / "s" / "study.html").read_text(encoding="utf-8") == study_html(done)
    assert done.commonest == np.bincount(shapes.valid.labels).max() / 12
    one = json.loads((tmp_path / "s" / "batch-norm-1" / "config.json").read_text())
    assert (one["seed"], one["rate"], one["epochs"]) == (1, 0.1, 1)


def test_the_same_call_goes_on_and_trains_only_what_is_missing(tmp_path):
    first = study("shapes", out=tmp_path, **QUICK | {"seeds": 1})
    heard = Heard()
    more = study("shapes", out=tmp_path, listener=heard, **QUICK)
    assert heard.ended == [("one cycle", 1), ("batch norm", 1)]
    assert all(attempt in more.attempts for attempt in first.attempts)


def test_a_run_that_diverges_is_a_result_and_the_study_goes_on(tmp_path, monkeypatch):
    def train(data, **told):
        if told["seed"] == 0:
            raise DivergedError("the loss was nan", "try less")
        return run.train(data, **told)

    monkeypatch.setattr(studying, "train", train)
    done = study("shapes", out=tmp_path, **QUICK | {"rungs": ["one cycle"]})
    (result,) = done.results
    assert result.diverged == 1
    assert math.isnan(result.attempts[0].accuracy)
    assert result.attempts[0].fault == "training diverged: the loss was nan; try less"
    assert result.mean == result.attempts[1].accuracy


def test_another_study_or_other_files_are_not_written_over(tmp_path):
    study("shapes", out=tmp_path / "s", **QUICK | {"seeds": 1})
    with pytest.raises(ValueError, match='holds a study of "shapes" with 1 epochs and 12 validation images'):
        study("shapes", out=tmp_path / "s", **QUICK | {"epochs": 2})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="is not empty and holds no study"):
        study("shapes", out=tmp_path / "mine", **QUICK)


@pytest.mark.parametrize("name", ["seeds", "epochs"])
def test_numbers_out_of_range_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=f"^{name} \\(=0\\) must be a whole number from 1 to 1000$"):
        study("shapes", out=tmp_path, **{name: 0})


# Two runs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), [(0, 0), (1, 0), (3, 3), (2, 9), (12, 4)])
def test_the_chance_of_an_uneven_split_is_what_counting_all_tosses_gives(one, other):
    tosses = product((0, 1), repeat=one + other)
    as_uneven = [abs(2 * sum(toss) - one - other) >= abs(one - other) for toss in tosses]
    assert even_split(one, other) == pytest.approx(np.mean(as_uneven))


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "load_dataset", lambda name, **_: dataset(train=24, valid=12))
        told = {"network": "5x5/2 4, mean", "epochs": 1, "batch": 8}
        run.train("shapes", out=folder / "a", **told)
        run.train("shapes", out=folder / "b", **told | {"rate": 0.001, "seed": 3})
    return folder / "a", folder / "b"


def test_two_runs_differ_in_what_they_were_told_and_image_by_image(two, shapes):
    found = compare(*two)
    assert dict(found.differences) == {"rate": (0.02, 0.001), "seed": (0, 3)}
    truth = [shapes.classes[label] for label in shapes.valid.labels]
    wrong = [
        {i for i, p in enumerate(run.load(folder).predict(shapes.valid.images)) if p.label != truth[i]}
        for folder in two
    ]
    assert found.only_first_wrong == len(wrong[0] - wrong[1])
    assert found.only_second_wrong == len(wrong[1] - wrong[0])
    assert found.first.accuracy == 1 - len(wrong[0]) / 12
    assert f"{100 * found.chance:.2g} %" in found.sentence


def test_the_chance_is_that_of_the_images_which_only_one_got_wrong(two):
    found = replace(compare(*two), only_first_wrong=0, only_second_wrong=6)
    assert found.chance == 0.03125
    assert "which is more than chance explains" in found.sentence


def test_a_run_is_never_better_than_itself(two):
    found = compare(two[0], two[0])
    assert (found.differences, found.only_first_wrong, found.only_second_wrong, found.chance) == ((), 0, 0, 1.0)
    assert "so neither is shown to be the better" in found.sentence


def test_where_the_images_are_gone_the_numbers_stay(two, monkeypatch):
    def gone(name, **_):
        raise FileNotFoundError(f'data (="{name}") is not there')

    monkeypatch.setattr(pair, "load_dataset", gone)
    found = compare(*two)
    assert math.isnan(found.chance)
    assert found.sentence == 'The runs can\'t be compared image by image: data (="shapes") is not there.'


def test_runs_judged_by_other_images_are_not_compared_image_by_image(two, monkeypatch):
    sets = iter([dataset(train=24, valid=12), dataset(train=24, valid=9)])
    monkeypatch.setattr(pair, "load_dataset", lambda name, **_: next(sets))
    assert compare(*two).why_not == "their validation images are not the same"


def test_a_folder_without_a_run_is_named(tmp_path, two):
    with pytest.raises(RunFolderError, match=r"is not the folder of a finished run"):
        compare(two[0], tmp_path)


# The commands --------------------------------------------------------------------------------------------------------


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "80"})


def test_the_study_command_prints_a_line_a_run_and_the_table(tmp_path):
    told = invoke(
        "study", "shapes", "--out", tmp_path / "s", "--seeds", 1, "--epochs", 1, "--only", "one cycle, batch norm"
    )
    assert told.exit_code == 0, told.output
    lines = told.stdout.splitlines()
    assert lines[0].startswith("one cycle, seed 0: ")
    assert lines[1].startswith("batch norm, seed 0: ")
    assert lines[3].split() == ["technique", "accuracy", "spread", "seconds", "near", "0"]
    assert max(map(len, lines[:-1])) <= 80
    told = invoke(
        "study", "shapes", "--out", tmp_path / "s", "--seeds", 1, "--epochs", 1, "--only", "one cycle", "--json"
    )
    assert {a["rung"] for a in json.loads(told.stdout)["attempts"]} == {"one cycle", "batch norm"}


def test_the_compare_command(two):
    told = invoke("compare", *two)
    assert told.exit_code == 0
    assert "McNemar" in told.stdout
    assert ["rate", "0.02", "0.001"] in [line.split() for line in told.stdout.splitlines()]
    assert json.loads(invoke("compare", *two, "--json").stdout)["differences"] == [
        ["rate", [0.02, 0.001]],
        ["seed", [0, 3]],
    ]


def test_a_wrong_technique_is_bad_input(tmp_path):
    told = invoke("study", "shapes", "--out", tmp_path, "--only", "sdg")
    assert told.exit_code == 2
    assert 'did you mean "sgd"?' in told.stderr


def test_the_known_attempt_is_the_one_told_the_same():
    made = imagined()
    assert made.known("sgd", {"seed": 1}) == made.attempts[1]
    assert made.known("sgd", {"seed": 2}) is None
    assert replace(made, attempts=()).known("sgd", {"seed": 1}) is None
