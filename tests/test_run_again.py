"""A finished run read again: from its network and its data, also one that an older version left."""

import json
import re
from dataclasses import replace

import pytest
from shapes import dataset

from convista import run as room
from convista.run import RunFolderError, open_run, reading, train

NEW = ("results.json", "curves.png", "confusion.png", "reliability.png")


@pytest.fixture(autouse=True)
def data(monkeypatch):
    for place in (room, reading):
        monkeypatch.setattr(place, "load_dataset", lambda name, size=None, **_: dataset(train=24, valid=12))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "load_dataset", lambda name, size=None, **_: dataset(train=24, valid=12))
        return train("shapes", out=tmp_path_factory.mktemp("runs") / "a", network="5x5/2 8, mean", epochs=2, batch=8)


@pytest.fixture
def done(whole, tmp_path):
    """The run in a folder of this test's own."""
    for file in whole.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return replace(whole, folder=tmp_path)


def same(facts):
    """The facts but for what differs in a copy: the time to a tenth, and arrays, which tests compare by themselves."""
    return (facts.started, facts.machine, facts.versions, facts.command, facts.steps, facts.history, facts.calibration.before.error)  # fmt: skip


def test_the_facts_are_those_of_the_run(done):
    again = open_run(done.folder)
    assert same(again.facts) == same(done.facts)
    assert again.facts.seconds == pytest.approx(done.facts.seconds, abs=0.06)
    assert (again.facts.confusion == done.facts.confusion).all()
    assert again.accuracy == done.accuracy


def test_where_and_when_it_ran_is_what_the_log_says_not_this_machine(done):
    log = done.folder / "log.txt"
    told = re.sub(r"machine: processor [^;]*;", "machine: processor Z80; fast;", log.read_text())
    log.write_text(re.sub(r"^\S+", "1981-04-01T12:00:00+00:00", told) + "x began: later\n")
    again = open_run(done.folder).facts
    assert again.machine == done.facts.machine | {"processor": "Z80; fast"}
    assert again.started == "1981-04-01T12:00:00+00:00"
    assert again.command == done.facts.command
    log.unlink()
    assert open_run(done.folder).facts.machine == done.facts.machine


def test_a_run_of_an_older_version_gets_all_files(done):
    report = (done.folder / "report.html").read_text()
    for name in (*NEW, "report.html", "history.csv"):
        (done.folder / name).unlink()
    config = json.loads((done.folder / "config.json").read_text())
    for setting in ("clip", "average", "cutmix"):  # as before these were known
        del config[setting]
    (done.folder / "config.json").write_text(json.dumps(config))
    before = {file.name: file.read_bytes() for file in done.folder.iterdir()}
    assert open_run(done.folder).write() == done.folder / "report.html"
    assert {name: (done.folder / name).read_bytes() for name in before} == before
    assert all((done.folder / name).stat().st_size for name in (*NEW, "history.csv"))
    assert without_times((done.folder / "report.html").read_text()) == without_times(report)


def without_times(page):
    return re.sub(r"\d+\.\d+( ?s| 秒)", "", page)


def test_other_data_are_refused(done, monkeypatch):
    monkeypatch.setattr(reading, "load_dataset", lambda name, size=None, **_: dataset(train=24, valid=14))
    with pytest.raises(RunFolderError) as caught:
        open_run(done.folder)
    assert str(caught.value) == (
        f'run (="{done.folder}") learned from other images than are now in "shapes"; its figures can\'t be made anew'
    )


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("config.json", "has no config.json that can be read"),
        ("checkpoint.safetensors", "lacks checkpoint.safetensors, which holds the course of its training"),
        ("model.safetensors", "is not the folder of a finished run: it lacks model.safetensors"),
    ],
)
def test_what_is_missing_is_named(done, missing, sentence):
    (done.folder / missing).unlink()
    with pytest.raises(RunFolderError, match=sentence):
        open_run(done.folder)


def test_a_run_on_its_way_is_not_finished_by_a_report(done):
    config = json.loads((done.folder / "config.json").read_text())
    (done.folder / "config.json").write_text(json.dumps(config | {"epochs": 9}))
    (done.folder / "report.html").unlink()
    with pytest.raises(RunFolderError, match="is not finished; go on: convista train shapes --out"):
        open_run(done.folder)
