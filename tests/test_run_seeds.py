"""The same run with several seeds: mean, spread, and a folder for each."""

import json
import statistics

import pytest
from shapes import dataset
from test_run import FILES, NETWORK, At, control_c, fail, names

from convista import run as room
from convista.run import RunFolderError, SeedRun, SeedRuns, load, train, train_seeds
from convista.training import Stopped


@pytest.fixture(autouse=True)
def shapes(monkeypatch):
    monkeypatch.setattr(room, "load_dataset", lambda name, size=None, **_: dataset(train=24, valid=12))


def quick(out=None, **choices):
    return train_seeds("shapes", out=out, **{"network": NETWORK, "epochs": 2, "batch": 8, "seeds": 3, **choices})


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "load_dataset", lambda name, size=None, **_: dataset(train=24, valid=12))
        return quick(tmp_path_factory.mktemp("runs") / "three", seed=4)


def test_each_seed_has_a_run_folder_of_its_own(done):
    assert names(done.folder) == ["1", "2", "3", "config.json", "results.json"]
    assert [names(done.folder / run.folder) for run in done.runs] == [FILES] * 3
    assert [(run.seed, run.folder) for run in done.runs] == [(4, "1"), (5, "2"), (6, "3")]


def test_each_is_the_run_that_it_would_be_alone(done, tmp_path):
    alone = train("shapes", out=tmp_path / "a", network=NETWORK, epochs=2, batch=8, seed=5)
    saved = done.folder / "2" / "model.safetensors"
    assert saved.read_bytes() == (alone.folder / "model.safetensors").read_bytes()
    assert done.runs[1].accuracy == alone.accuracy


def test_mean_and_spread_are_those_of_the_runs():
    runs = SeedRuns(None, tuple(SeedRun(i, str(i), share, 0, 2.0 * i) for i, share in enumerate((0.9, 0.94, 0.98))))
    assert (runs.accuracy, runs.spread, runs.seconds) == pytest.approx((0.94, 0.04, 2.0))


def test_the_table_stands_in_the_folder(done):
    told = json.loads((done.folder / "results.json").read_text())
    shares = [run["accuracy"] for run in told["runs"]]
    assert told["accuracy"] == statistics.fmean(shares) == done.accuracy
    assert told["spread"] == statistics.stdev(shares) == done.spread
    each = [json.loads((done.folder / str(n) / "results.json").read_text()) for n in (1, 2, 3)]
    assert shares == [one["accuracy"]["share"] for one in each]


@pytest.mark.parametrize("stop", [control_c, fail])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_stop_in_any_seed_goes_on_to_the_same_bits(done, tmp_path, stop, seed):
    watcher, at = At(0, stop), iter(range(1, 100))
    watcher.batch = lambda *_: stop() if next(at) == 6 * seed - 2 else None
    with pytest.raises((Stopped, RuntimeError)) as caught:
        quick(tmp_path / "a", seed=4, watcher=watcher)
    if stop is control_c:
        assert str(caught.value) == (
            f'stopped after step 4 of 6; the network so far is in "{tmp_path}/a/{seed}"; go on: convista train shapes '
            f"--out {tmp_path}/a --network '5x5/2 8, mean' --epochs 2 --batch 8 --seed 4 --seeds 3 --resume"
        )
    watcher = At(0, fail)
    again = quick(tmp_path / "a", seed=4, watcher=watcher)
    assert [line for line in watcher.said if line.startswith("seed")] == [f"seed {s}" for s in range(3 + seed, 7)]
    assert [line for line in watcher.said if line.startswith("goes on after")] != []
    for number in ("1", "2", "3"):
        model = (again.folder / number / "model.safetensors").read_bytes()
        assert model == (done.folder / number / "model.safetensors").read_bytes()


def test_finished_runs_are_refused_or_come_back(done):
    with pytest.raises(RunFolderError) as caught:
        quick(done.folder, seed=4)
    assert str(caught.value) == f'out (="{done.folder}") already holds these runs; give another folder'
    assert quick(done.folder, seed=4, resume=True).runs == done.runs


def test_other_runs_and_other_files_are_left_alone(done, tmp_path):
    with pytest.raises(
        RunFolderError, match="holds another run \\(epochs was 2, is 3\\), which can't go on as this one"
    ):
        quick(done.folder, seed=4, epochs=3, resume=True)
    (tmp_path / "mine.txt").touch()
    with pytest.raises(RunFolderError, match='holds "mine.txt", no file of a run'):
        quick(tmp_path)


def test_a_single_run_and_several_are_not_taken_for_each_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError):
        quick(watcher=At(4, fail))
    with pytest.raises(RunFolderError, match="no run in"):
        train("shapes", network=NETWORK, epochs=2, batch=8, resume=True)
    assert quick(resume=True).folder.as_posix() == "runs/1"
    with pytest.raises(RunFolderError, match="no run in"):
        quick(resume=True)


def test_one_of_them_must_be_named_to_be_loaded(done):
    with pytest.raises(RunFolderError) as caught:
        load(done.folder)
    assert str(caught.value) == (
        f'run (="{done.folder}") holds one run for each seed; name one of them, such as {done.folder}/1'
    )
    assert load(done.folder / "1").classes == ("cross", "ring")


@pytest.mark.parametrize("seeds", [1, 0, 2.0, True, 1001])
def test_fewer_than_two_have_no_spread(tmp_path, seeds):
    with pytest.raises(ValueError, match="seeds") as caught:
        quick(tmp_path / "a", seeds=seeds)
    assert str(caught.value) == f"seeds (={seeds!r}) must be a whole number from 2 to 1000"
    assert names(tmp_path) == []
