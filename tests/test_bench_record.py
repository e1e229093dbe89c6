"""The file that holds a run."""

import json

import pytest
from bench_fakes import result

from convista.bench.machine import machine, versions
from convista.bench.record import Record, load, save

SOME = (result(cv2_filter2D=1.234567891, left_out={"jax": "not installed"}), result(threads=2, torch=2.0))


def a_record(*results):
    return Record({"processor": "a loom"}, {"convista": "0"}, {"rounds": 9}, results)


def test_what_was_saved_is_loaded_to_four_digits(tmp_path):
    save(tmp_path / "run.json", a_record(*SOME))
    found = load(tmp_path / "run.json")
    assert found.machine == {"processor": "a loom"}
    assert found.results[0].ratios["cv2.filter2D"].median == 1.235
    assert found.results[1] == SOME[1]
    save(tmp_path / "again.json", found)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "run.json").read_bytes()


@pytest.mark.parametrize("results", [(), SOME])
def test_the_file_is_json_with_a_line_for_each_cell(tmp_path, results):
    save(tmp_path / "run.json", a_record(*results))
    text = (tmp_path / "run.json").read_text()
    assert json.loads(text)["schema"] == 1
    assert sum(line.startswith('  {"cell"') for line in text.splitlines()) == len(results)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 1, "results": [1]}', "\xff"])
def test_another_file_is_refused(tmp_path, text):
    place = tmp_path / "other.json"
    place.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError) as refusal:
        load(place)
    assert str(refusal.value) == f'"{place}" is no record of `convista bench --json`; give another file'


def test_another_schema_is_refused(tmp_path):
    place = tmp_path / "old.json"
    place.write_text('{"schema": 0, "results": [], "machine": {}, "versions": {}, "options": {}}')
    with pytest.raises(ValueError) as refusal:
        load(place)
    assert str(refusal.value) == f'"{place}" has schema 0, this convista reads 1; measure it again'


def test_a_record_knows_what_it_has():
    found = a_record(*SOME)
    assert found.measured() == {("256 K=3 reflect", 1), ("256 K=3 reflect", 2)}
    assert found.threads() == [1, 2]
    assert found.of("k3", 2) == [SOME[1]]
    assert SOME[0].best == "cv2.filter2D"


def test_the_machine_is_told_with_features_and_huge_pages():
    assert {"processor", "cores", "memory", "features", "huge pages", "environment"} <= set(machine())
    assert {"convista", "python", "numpy", "numba"} <= set(versions())
