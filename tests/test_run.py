"""A run folder: train into it, load from it."""

import csv
import json
import re
import shutil
import signal
import time
from dataclasses import replace
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from shapes import dataset

from convista import run as room
from convista.dataset import load_dataset
from convista.network import OwnNetworkError, save_network
from convista.run import Run, RunFolderError, find_rate, load, train
from convista.training import Checkpoint, Finding, Statistics, Stopped

NETWORK = "5x5/2 8, mean"
FILES = [
    "checkpoint.safetensors",
    "config.json",
    "confusion.png",
    "curves.png",
    "history.csv",
    "log.txt",
    "model.safetensors",
    "reliability.png",
    "report.html",
    "results.json",
    "statistics.npz",
]


@pytest.fixture(autouse=True)
def shapes(monkeypatch):
    """Runs of these tests learn from tiny shapes, whatever data they name; the sample alone is itself."""
    data = dataset(train=24, valid=12)
    monkeypatch.setattr(room, "load_dataset", lambda name, **_: load_dataset(name) if name == "mnist_sample" else data)
    return data


def quick(out=None, **choices):
    return train("shapes", out=out, **{"network": NETWORK, "epochs": 2, "batch": 8, **choices})


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def contents(folder):
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "load_dataset", lambda name, **_: dataset(train=24, valid=12))
        return quick(tmp_path_factory.mktemp("runs") / "first")


def test_the_folder_is_the_one_asked_for_with_all_that_belongs_in(done):
    assert done.folder.name == "first"
    assert names(done.folder) == FILES
    assert names(done.folder.parent) == ["first"]


def test_the_run_knows_its_result(done, shapes):
    assert isinstance(done, Run)
    assert done.accuracy == done.facts.accuracy == done.history[-1].accuracy
    assert [epoch.number for epoch in done.history] == [1, 2]
    assert done.facts.command == (
        f"convista train shapes --out {done.folder} --network '5x5/2 8, mean' --epochs 2 --batch 8 --seed 0"
    )


def test_the_loaded_network_is_the_trained_one(done, shapes):
    wanted = done.model.predict(shapes.valid.images)
    assert load(done.folder).predict(shapes.valid.images) == wanted
    assert load(str(done.folder / "model.safetensors")).predict(shapes.valid.images) == wanted
    right = [p.label == shapes.classes[truth] for p, truth in zip(wanted, shapes.valid.labels, strict=True)]
    assert np.mean(right) == done.accuracy


def test_one_epoch_of_the_sample_is_worth_something(tmp_path):
    run = train(out=tmp_path / "sample", epochs=1)
    assert run.accuracy >= 0.985
    counts = {"train": (6131, 6265), "valid": (1010, 1028)}
    assert (run.facts.counts, run.facts.classes, run.facts.image_shape) == (counts, ("3", "7"), (1, 28, 28))
    assert f"{run.accuracy:.4f}" in (run.folder / "log.txt").read_text()


def test_config_says_what_was_asked_for(done):
    config = json.loads((done.folder / "config.json").read_text())
    assert config["convista"]
    assert {name: config[name] for name in ("data", "size", "network", "epochs", "batch", "seed", "threads")} == {
        "data": "shapes", "size": None, "network": NETWORK, "epochs": 2, "batch": 8, "seed": 0, "threads": None,
    }  # fmt: skip


def test_history_has_a_row_for_each_epoch(done):
    with (done.folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["number", "train_loss", "valid_loss", "accuracy", "seconds"]
    assert [(int(row["number"]), float(row["valid_loss"])) for row in rows] == [
        (epoch.number, epoch.valid_loss) for epoch in done.history
    ]


def test_the_results_are_there_for_programs(done):
    results = json.loads((done.folder / "results.json").read_text())
    told = results["accuracy"]
    assert (told["share"], told["right"], told["images"]) == (done.accuracy, 12 - done.facts.errors, 12)
    assert results["findings"] == []
    assert (results["test_time_averaging"], results["rate"]) == (None, None)
    assert results["basis"]["settings"]["batch"] == "8"
    assert results["basis"]["chosen_by_validation"] is False


def test_findings_averaging_and_the_rate_stand_in_the_results(tmp_path, monkeypatch):
    finding = Finding("slow", False, "It is slow.", "很慢。")
    monkeypatch.setattr("convista.training.gathering.diagnose", lambda evidence: (finding,))
    run = quick(tmp_path / "a", epochs=1, tta=3, rate="auto")
    results = json.loads((run.folder / "results.json").read_text())
    assert results["findings"] == [{"rule": "slow", "severe": False, "english": "It is slow.", "chinese": "很慢。"}]
    assert results["test_time_averaging"]["views"] == 3
    assert results["rate"]["suggestion"] == run.facts.sweep.suggestion
    assert "It is slow." in (run.folder / "log.txt").read_text()


def test_what_was_seen_of_activations_stands_beside_the_run(done, tmp_path):
    seen = Statistics.read(done.folder / "statistics.npz")
    assert seen.layers == ("layers.0.relu",)
    assert seen.steps.tolist() == [1, 3, 5]
    assert "statistics.npz" not in names(quick(tmp_path / "a", epochs=1, statistics=False).folder)


def test_a_network_of_ones_own_trains_and_loads_again(tmp_path, shapes, monkeypatch):
    import own_networks

    run = train("shapes", out=tmp_path / "a", model=own_networks.fixed, epochs=1)
    assert " --network own_networks:fixed " in run.facts.command
    assert json.loads((run.folder / "config.json").read_text())["network"] == "own_networks:fixed"
    assert load(run.folder).predict(shapes.valid.images) == run.model.predict(shapes.valid.images)
    report = (run.folder / "report.html").read_text()
    assert "A network of your own; this function makes its layers:" in report
    assert "The network has no convolution." in report
    monkeypatch.delattr(own_networks, "fixed")
    with pytest.raises(OwnNetworkError, match="names nothing: own_networks has no fixed"):
        load(run.folder)


def test_two_networks_are_one_too_many(tmp_path):
    with pytest.raises(ValueError, match="both say what to train") as caught:
        quick(tmp_path / "a", model="own_networks:fixed")
    assert str(caught.value) == (
        f"network (=\"{NETWORK}\") and model (='own_networks:fixed') both say what to train; leave one out"
    )


def test_the_size_follows_the_last_of_the_sizes(tmp_path, monkeypatch, shapes):
    asked = []
    monkeypatch.setattr(room, "load_dataset", lambda name, size=None, **_: asked.append(size) or shapes)
    quick(tmp_path / "a", epochs=2, sizes="8,16")
    quick(tmp_path / "b", epochs=2, sizes="8", size=16)
    assert asked == [16, 16]


def test_a_learning_rate_is_found_and_drawn(tmp_path, monkeypatch, shapes):
    monkeypatch.setattr("convista.run.rates.load_dataset", lambda name, size=None, **_: shapes)
    found = find_rate("shapes", network=NETWORK, batch=8)
    assert found.rate == quick(tmp_path / "a", rate="auto", epochs=1).facts.sweep.suggestion
    assert found.why == found.sweep.why
    assert found.save(tmp_path / "rate.svg").read_text() == found.chart() == found._repr_svg_()
    assert f"Learning-rate finder: {found.rate:g}" in found.chart()
    with pytest.raises(ValueError, match="must end in .svg"):
        found.save(tmp_path / "rate.png")


def test_the_log_tells_the_course_with_the_time(done):
    lines = (done.folder / "log.txt").read_text().splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d ", line) for line in lines)
    subjects = [line.split(" ", 2)[1] for line in lines]
    assert subjects == ["began:", "settings:", "machine:", "versions:", "data:", "data:", "epoch", "epoch", "done:"]
    assert lines[5].endswith("shapes/odd.png was left out: it is empty")


def test_a_missing_report_is_written_anew(done):
    before = (done.folder / "report.html").read_text()
    (done.folder / "report.html").unlink()
    assert done.report() == done.folder / "report.html"
    assert (done.folder / "report.html").read_text() == before


def test_without_a_folder_runs_are_numbered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "2").mkdir(parents=True)
    (tmp_path / "runs" / "2" / "mine.txt").write_text("kept")
    assert [quick(epochs=1).folder.as_posix() for _ in range(2)] == ["runs/1", "runs/3"]
    assert names(tmp_path / "runs" / "2") == ["mine.txt"]


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "empty").mkdir()
    assert names(quick(tmp_path / "empty", epochs=1).folder) == FILES


def refused(out, **choices):
    with pytest.raises(RunFolderError) as caught:
        quick(out, **choices)
    return str(caught.value)


def test_a_run_is_not_overwritten_unasked(done):
    before = contents(done.folder)
    assert refused(done.folder) == (
        f'out (="{done.folder}") already holds a run; give another folder, '
        "or overwrite=True (--overwrite) to replace it"
    )
    assert contents(done.folder) == before


def test_another_run_is_not_overwritten_at_all(done):
    before = contents(done.folder)
    assert refused(done.folder, epochs=3, overwrite=True) == (
        f'out (="{done.folder}") holds another run (epochs was 2, is 3), which overwriting would lose; '
        "give another folder"
    )
    assert contents(done.folder) == before


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert refused(tmp_path, overwrite=True) == (
        f'out (="{tmp_path}") holds "notes.txt", no file of a run; give a folder that is new or empty'
    )
    assert names(tmp_path) == ["notes.txt"]


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file") == f'out (="{tmp_path}/file") is a file; give a folder that is new or empty'


def test_a_folder_that_can_not_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file" / "run") == (
        f'out (="{tmp_path}/file/run") can\'t be made (the system says: Not a directory); give another folder'
    )


def test_the_same_run_is_replaced_when_asked(tmp_path):
    first = quick(tmp_path / "demo", epochs=1)
    (first.folder / "report.html").unlink()
    model = (first.folder / "model.safetensors").read_bytes()
    again = quick(tmp_path / "demo", epochs=1, overwrite=True)
    assert again.folder == first.folder
    assert names(tmp_path) == ["demo"]
    assert names(again.folder) == FILES
    assert (again.folder / "model.safetensors").read_bytes() == model  # the same seed, the same bits


def test_a_failure_while_replacing_leaves_the_old_run(tmp_path, monkeypatch):
    quick(tmp_path / "demo", epochs=1)
    before = contents(tmp_path / "demo")
    monkeypatch.setattr(room.desk, "save_network", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError, match="the disk is full"):
        quick(tmp_path / "demo", epochs=1, overwrite=True)
    assert contents(tmp_path / "demo") == before
    assert names(tmp_path) == ["demo"]


class Fault:
    def batch(self, done, total, loss):
        if done == 2:
            raise RuntimeError("a sentence")

    def epoch(self, epoch):
        pass

    def say(self, sentence):
        pass


def test_a_failed_run_keeps_its_log(tmp_path):
    with pytest.raises(RuntimeError):
        quick(tmp_path / "a", watcher=Fault())
    assert names(tmp_path / "a") == ["config.json", "log.txt"]
    last = (tmp_path / "a" / "log.txt").read_text().splitlines()[-1]
    assert last.endswith(" stopped: RuntimeError: a sentence")
    assert names(quick(tmp_path / "a").folder) == FILES  # the same again goes on


def test_two_runs_that_begin_at_once_do_not_mix(tmp_path, monkeypatch, shapes):
    def late(name, **_):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "config.json").write_text("{}")
        return shapes

    monkeypatch.setattr(room, "load_dataset", late)
    assert refused(tmp_path / "a") == f'out (="{tmp_path}/a"): another run has just begun there; give another folder'


@pytest.mark.parametrize("choice", [{"epochs": 0}, {"network": "simpel"}, {"network": "3x3 classes"}, {"rotation": -1}])
def test_what_can_not_be_trained_leaves_no_folder(tmp_path, choice):
    with pytest.raises(ValueError, match=next(iter(choice))):
        quick(tmp_path / "a", **choice)
    assert names(tmp_path) == []


def test_the_watcher_hears_too(tmp_path):
    heard = []

    class Watcher:
        def batch(self, done, total, loss):
            heard.append((done, total))

        def epoch(self, epoch):
            heard.append(epoch.number)

        def say(self, sentence):
            heard.append(sentence)

    quick(tmp_path / "a", epochs=2, batch=12, watcher=Watcher())
    assert heard == [(1, 4), (2, 4), 1, (3, 4), (4, 4), 2]


def test_a_watcher_with_a_method_for_it_hears_of_the_data_and_the_decisions_first(tmp_path, shapes):
    class Watcher(At):
        def planned(self, dataset, settings):
            self.said.append((dataset, settings.rounds, settings.threads, self.steps))

        steps = 0

        def batch(self, done, total, loss):
            self.steps = done

    watcher = Watcher(0, fail)
    quick(tmp_path / "a", watcher=watcher)
    assert watcher.said == [(shapes, 2, 1, 0)]


def test_a_wrong_argument_names_the_near_one(tmp_path):
    with pytest.raises(TypeError) as caught:
        quick(tmp_path / "a", epoch=3)
    assert str(caught.value) == 'train has no argument epoch; did you mean "epochs"?'


def test_load_says_what_is_missing(tmp_path, done):
    (tmp_path / "log.txt").touch()
    with pytest.raises(RunFolderError) as caught:
        load(tmp_path)
    assert str(caught.value) == (
        f'run (="{tmp_path}") is not the folder of a finished run: it lacks config.json, model.safetensors, '
        "history.csv, report.html"
    )


def test_load_names_the_near_folder(tmp_path):
    (tmp_path / "first").mkdir()
    with pytest.raises(FileNotFoundError) as caught:
        load(tmp_path / "frist")
    assert str(caught.value) == f'run (="{tmp_path}/frist") is neither a folder nor a file; did you mean "first"?'


def test_a_network_of_ones_own_file_loads(tmp_path, done):
    save_network(done.model, tmp_path / "mine.safetensors")
    assert load(tmp_path / "mine.safetensors").text == done.model.text


@pytest.mark.parametrize(("size", "words"), [(20, "--size 20"), ((20, 30), "--size 20,30")])
def test_the_command_repeats_the_size(tmp_path, size, words):
    assert f" {words} " in quick(tmp_path / "a", epochs=1, size=size).facts.command


def test_a_path_means_a_folder_even_if_a_data_set_is_called_so(tmp_path):
    assert train(Path("mnist"), out=tmp_path / "a", network=NETWORK, epochs=1, batch=8).facts.command.startswith(
        "convista train ./mnist --out"
    )


# To go on ------------------------------------------------------------------------------------------------------------


class At:
    """Stops a run at a step, in its own way."""

    def __init__(self, step, stop):
        self.step, self.stop, self.said = step, stop, []

    def batch(self, done, total, loss):
        if done == self.step:
            self.stop()

    def epoch(self, epoch):
        pass

    def say(self, sentence):
        self.said.append(sentence)


def control_c():
    signal.raise_signal(signal.SIGINT)


def fail():
    raise RuntimeError("a sentence")


def test_the_same_command_goes_on_to_the_same_bits(tmp_path, done):
    with pytest.raises(RuntimeError):
        quick(tmp_path / "a", watcher=At(5, fail))
    assert names(tmp_path / "a") == ["checkpoint.safetensors", "config.json", "log.txt"]
    watcher = At(0, fail)
    again = quick(tmp_path / "a", watcher=watcher)
    assert watcher.said == ["goes on after step 3 of 6"]
    assert (again.folder / "model.safetensors").read_bytes() == (done.folder / "model.safetensors").read_bytes()
    assert names(again.folder) == FILES


def test_control_c_leaves_a_network_and_says_how_to_go_on(tmp_path, done):
    with pytest.raises(Stopped) as caught:
        quick(tmp_path / "a", watcher=At(4, control_c))
    assert str(caught.value) == (
        f'stopped after step 4 of 6; the network so far is in "{tmp_path}/a"; go on: convista train shapes '
        f"--out {tmp_path}/a --network '5x5/2 8, mean' --epochs 2 --batch 8 --seed 0 --resume"
    )
    assert load(tmp_path / "a").classes == ("cross", "ring")
    again = quick(tmp_path / "a", resume=True)
    assert (again.folder / "model.safetensors").read_bytes() == (done.folder / "model.safetensors").read_bytes()


def test_without_a_folder_the_latest_run_on_its_way_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for choices in ({}, {}, {"seed": 1}):
        with pytest.raises(RuntimeError):
            quick(watcher=At(5, fail), **choices)
    quick()
    assert quick(resume=True).folder.as_posix() == "runs/2"
    assert quick(resume=True).folder.as_posix() == "runs/1"
    with pytest.raises(RunFolderError, match="on its way; leave --resume out to begin one"):
        quick(resume=True)


def test_a_finished_run_that_is_told_to_go_on_comes_back_as_it_is(done):
    before = {name: data for name, data in contents(done.folder).items() if name.startswith(("model", "config"))}
    again = quick(done.folder, resume=True)
    assert [replace(epoch, seconds=0) for epoch in again.history] == [replace(e, seconds=0) for e in done.history]
    assert again.facts.steps == done.facts.steps
    assert {name: contents(done.folder)[name] for name in before} == before
    assert names(done.folder) == FILES


def test_another_run_on_its_way_is_not_gone_on_with(tmp_path):
    with pytest.raises(RuntimeError):
        quick(tmp_path / "a", watcher=At(5, fail))
    assert refused(tmp_path / "a", epochs=3) == (
        f'out (="{tmp_path}/a") holds another run (epochs was 2, is 3), which can\'t go on as this one; '
        "give another folder"
    )


def test_two_processes_do_not_go_on_with_one_run(tmp_path):
    (tmp_path / "a").mkdir()
    with FileLock(tmp_path / "a" / ".lock"):
        assert refused(tmp_path / "a") == (
            f'out (="{tmp_path}/a"): another process is at work on a run there; give another folder, or wait for it'
        )


def test_what_a_killed_process_left_of_a_file_is_cleared_away(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".checkpoint-0123456789ab.safetensors").write_bytes(b"half")
    assert names(quick(tmp_path / "a").folder) == FILES


def long(out):
    """A run that keeps its state after each step; in a process of its own."""
    room.load_dataset = lambda name, **_: dataset(train=64, valid=16)
    room.desk.Checkpoint = lambda folder: Checkpoint(folder, every=0.0)
    network = "5x5/2 8, 3x3/2 16, mean"
    train("shapes", out=out, network=network, epochs=15, batch=8, precision="float32", resume=True)


@pytest.fixture
def begun():
    """Begins a long run in a process of its own; all of them come from one that has loaded torch, and nothing else."""
    context = get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
    context.set_forkserver_preload(["convista.run", "convista.studio"])

    def begin(out):
        process = context.Process(target=long, args=(out,))
        process.start()
        return process

    return begin


def test_kills_at_any_moment_change_no_bit(begun, tmp_path):
    whole, out, random = tmp_path / "whole", tmp_path / "killed", np.random.default_rng()
    first = begun(whole)
    first.join()
    assert first.exitcode == 0
    killed = 0
    while killed < 5:
        process = begun(out)
        while not (out / "checkpoint.safetensors").exists() and process.is_alive():
            time.sleep(0.001)
        process.join(random.uniform(0, 0.4))
        process.kill()
        process.join()
        assert process.exitcode in (0, -9, -15)  # done, killed, killed on Windows
        killed += process.exitcode != 0
        if process.exitcode == 0:
            assert (out / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
            shutil.rmtree(out)
    last = begun(out)
    last.join()
    assert last.exitcode == 0
    assert (out / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
