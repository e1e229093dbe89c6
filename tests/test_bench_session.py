"""A run in processes of its own: two tiny cells, resuming, and a process that ends in the middle."""

from dataclasses import replace

import pytest
from bench_fakes import result

from convista.bench import session
from convista.bench.catalogue import find
from convista.bench.record import Record, load, save
from convista.bench.session import Options, run

CELLS = [find("call 28 K=3"), find("256x8x14^2 to 16, K=3, stride 2")]


def heard(told):
    return lambda result, number, total: told.append((result.cell, number, total))


def test_two_cells_are_measured_saved_and_resumed(tmp_path, monkeypatch):
    told, place = [], tmp_path / "run.json"
    options = Options((1,), quick=True)
    record = run(options, CELLS[:1], heard(told), place)
    assert {"convista", "cv2.filter2D", "torch"} <= set(record.results[0].values)
    assert record.results[0].errors["convista"] < 1e-5
    both = run(options, CELLS, heard(told), place, resume=True)
    assert told == [(CELLS[0].name, 1, 1), (CELLS[1].name, 2, 2)]
    assert [each.cell for each in load(place).results] == [cell.name for cell in CELLS]
    assert both.results[1].ratios["torch"].median > 0
    monkeypatch.setattr(session, "Worker", None)  # nothing is left to be measured
    assert len(run(options, CELLS, heard(told), place, resume=True).results) == 2


@pytest.mark.parametrize(("what", "name"), [("machine", "processor"), ("versions", "convista")])
def test_another_machine_or_version_is_not_resumed(tmp_path, what, name):
    place = tmp_path / "run.json"
    facts = {"machine": session.machine(), "versions": session.versions()}
    facts[what][name] = "another"
    save(place, Record(**facts, options={}))
    with pytest.raises(ValueError) as refusal:
        run(Options(), CELLS, heard([]), place, resume=True)
    assert str(refusal.value) == (
        f'--resume: "{place}" was measured with other {what} ({name}); measure into a new file, or leave out --resume'
    )


def test_more_threads_than_cores_are_refused(monkeypatch):
    monkeypatch.setattr(session, "cores", lambda: 2)
    with pytest.raises(ValueError) as refusal:
        run(Options((1, 3)), CELLS, heard([]))
    assert str(refusal.value) == "--threads (=3) must be from 1 to the 2 cores this process may use"


def test_a_process_that_ends_is_told_and_replaced(monkeypatch):
    born = []

    class Dying:
        def __init__(self, threads, rounds):
            born.append(threads)

        def ask(self, name):
            if name == "second":
                raise EOFError
            return result(cell=name)

        def stop(self):
            return -11

    monkeypatch.setattr(session, "Worker", Dying)
    cells = [replace(CELLS[0], name=name) for name in ("first", "second", "third")]
    record = run(Options(), cells, heard([]))
    assert [each.cell for each in record.results] == ["first", "second", "third"]
    assert record.results[1].left_out == {"convista": "the process ended with code -11"}
    assert born == [1, 1]


def test_a_worker_that_is_killed_is_noticed():
    worker = session.Worker(1, 1)
    worker._process.kill()
    worker._process.wait()
    with pytest.raises(EOFError):
        worker.ask(CELLS[0].name)
    assert worker.stop() == -9
