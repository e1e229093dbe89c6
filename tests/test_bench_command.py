"""`convista bench` on the command line."""

import json

import pytest
from bench_fakes import result
from test_cli import refused, run

from convista.bench.catalogue import chosen
from convista.bench.record import Record, save


def test_the_list_names_groups_goals_cells_and_peers():
    listed = run("bench", "--list").stdout
    assert "k3: 1 channel, same, K = 3, to 2048\n  goal  1.30 or more" in listed
    assert "256 K=3 reflect, 1024 K=3 reflect" in listed
    assert "cv2.filter2D: setNumThreads" in listed
    assert max(map(len, listed.splitlines())) <= 80


def test_the_list_follows_the_choice():
    listed = run("bench", "--list", "--only", "stack", "--quick").stdout
    assert "cells 10000 x 28 K=3, 10000 x 28 K=7\n" in listed
    assert "k3:" not in listed


def test_a_record_is_told_and_drawn_without_measuring(tmp_path):
    record, picture = tmp_path / "run.json", tmp_path / "run.svg"
    save(record, Record({}, {}, {}, (result(cell="1024 K=3 reflect", cv2_filter2D=1.21),)))
    told = run("bench", "--show", record, "--picture", picture).stdout
    assert "missed (1.21 of 1.30)" in told
    assert picture.read_text().startswith("<svg")


def test_one_cell_is_measured(tmp_path, monkeypatch):
    place, asked = tmp_path / "run.json", result(cell="call 28 K=3", group="call", cv2=0.5)
    monkeypatch.setattr("convista.bench.session.measured", lambda cells, *_: [asked for _ in cells])
    told = run("bench", "--only", "call 28 K=3", "--threads", 1, "--quick", "--json", place).stdout
    assert "[1/1] call 28 K=3, 1 thread: " in told
    assert "one image of 28 x 28" in told
    facts = json.loads(place.read_text())
    assert facts["results"][0]["cell"] == "call 28 K=3"
    assert facts["options"]["rounds"] == 5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--only", "nothing"), '--only (="nothing") is in no cell or group of this run; see convista bench --list'),
        (("--threads", "two"), '--threads (="two") must be whole numbers, such as 1,2'),
        (
            ("--only", "stack", "--picture", "x.svg"),
            '--picture is made of cells such as "1024 K=3 reflect", and none is there; measure them, too',
        ),
        (("--resume",), "--resume needs the file to go on with: --json FILE"),
    ],
)
def test_refusals(words, sentence):
    assert refused("bench", *words) == sentence


def test_only_finds_cells_and_groups():
    assert {cell.group for cell in chosen("separable")} == {"separable", "separable-small", "memory"}
    assert all(cell.out for cell in chosen(out_given=True))
    assert len(chosen(quick=True)) < len(chosen()) / 4
