"""TensorBoard and MLflow: told where they are asked for, and never in the way of the training."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
from shapes import dataset

from convista import run as room
from convista.errors import MissingExtraError
from convista.run import train


@pytest.fixture(autouse=True)
def shapes(monkeypatch, tmp_path):
    monkeypatch.setattr(room, "load_dataset", lambda name, size=None, **_: dataset(train=24, valid=12))
    monkeypatch.chdir(tmp_path)


def quick(out, **choices):
    return train("shapes", out=out, **{"network": "5x5/2 8, mean", "epochs": 2, "batch": 8, **choices})


class Fake:
    """Stands for a writer or a client: keeps every call."""

    def __init__(self, *given, **named):
        self.calls = [("made", *given)]
        made.append(self)

    def get_experiment_by_name(self, name):
        return None if name == "new" else SimpleNamespace(experiment_id=f"id of {name}")

    def create_experiment(self, name):
        return f"new id of {name}"

    def create_run(self, experiment, run_name):
        self.calls.append(("create_run", experiment, run_name))
        return SimpleNamespace(info=SimpleNamespace(run_id="7"))

    def __getattr__(self, name):
        def note(*given, **named):
            if name == broken:
                raise OSError("no route\nto host")
            self.calls.append((name, *given, *named.values()))

        return note


made: list[Fake] = []
broken = ""


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    global broken
    made.clear()
    broken = ""
    for name, kind in (("tensorboardX", "SummaryWriter"), ("mlflow", "MlflowClient")):
        module = ModuleType(name)
        setattr(module, kind, Fake)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)


def of(fake, name):
    return [call[1:] for call in fake.calls if call[0] == name]


def test_tensorboard_is_told_every_step_every_epoch_and_the_result(tmp_path):
    run = quick(tmp_path / "a", log="tensorboard")
    (writer,) = made
    assert of(writer, "made") == [(str(tmp_path / "a" / "tensorboard"),)]
    scalars = of(writer, "add_scalar")
    losses = [(value, step) for name, value, step in scalars if name == "batch/loss"]
    assert losses == list(zip(run.facts.steps.loss, range(1, 7), strict=True))
    assert [(value, step) for name, value, step in scalars if name == "epoch/accuracy"] == [(e.accuracy, e.number) for e in run.history]  # fmt: skip
    texts = dict(of(writer, "add_text"))
    assert f"`{run.facts.command}`" in texts["run"]
    assert "- batch: 8" in texts["run"]
    assert texts["result"] == f"{run.facts.errors} of 12 validation images wrong"
    assert writer.calls[-1] == ("close",)
    assert len(of(writer, "close")) == 1


@pytest.mark.parametrize(("name", "experiment"), [("", "id of Default"), ("known", "id of known"), ("new", "new id of new")])  # fmt: skip
def test_mlflow_is_told_the_settings_every_epoch_and_the_end(tmp_path, monkeypatch, name, experiment):
    if name:
        monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", name)
    run = quick(tmp_path / "a", log=["mlflow"])
    (client,) = made
    assert of(client, "create_run") == [(experiment, "a")]
    assert ("7", "batch", "8") in of(client, "log_param")
    assert ("7", "valid_loss", run.history[1].valid_loss, 2) in of(client, "log_metric")
    assert len(of(client, "log_metric")) == 2 * 4
    assert client.calls[-1] == ("set_terminated", "7", "FINISHED")


def test_the_real_tensorboard_writes_its_events(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorboardX")
    pytest.importorskip("tensorboardX", reason="tensorboardX is of the logging extra")
    quick(tmp_path / "a", log="tensorboard")
    (events,) = (tmp_path / "a" / "tensorboard").iterdir()
    assert b"epoch/accuracy" in events.read_bytes()
    assert "hears no more" not in (tmp_path / "a" / "log.txt").read_text()


def test_without_the_option_nobody_is_told(tmp_path):
    quick(tmp_path / "a")
    assert made == []
    assert not (tmp_path / "a" / "tensorboard").exists()


def test_a_run_that_is_told_the_same_goes_on_beside_its_events(tmp_path):
    class Fault:
        def batch(self, done, total, loss):
            if done == 5:
                raise RuntimeError

        def epoch(self, epoch):
            pass

        def say(self, sentence):
            pass

    with pytest.raises(RuntimeError):
        quick(tmp_path / "a", watcher=Fault(), log=["tensorboard", "mlflow"])
    (tmp_path / "a" / "tensorboard").mkdir()
    assert made[1].calls[-1] == ("set_terminated", "7", "KILLED")
    quick(tmp_path / "a", log="tensorboard")
    assert ("remark", "goes on after step 3 of 6") in of(made[2], "add_text")


@pytest.mark.parametrize("call", ["create_experiment", "log_param", "log_metric", "set_terminated"])
def test_a_logger_that_fails_is_let_go_and_the_run_ends_well(tmp_path, monkeypatch, call):
    global broken
    broken = call
    if call == "create_experiment":
        monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "new")
        monkeypatch.setattr(Fake, "create_experiment", lambda self, name: self.__getattr__("create_experiment")())
    run = quick(tmp_path / "a", log=["mlflow", "tensorboard"])
    assert len(run.history) == 2
    log = (tmp_path / "a" / "log.txt").read_text()
    assert log.count("mlflow hears no more of this run: no route to host") == 1
    assert "done: " in log
    assert len([step for name, _, step in of(made[1], "add_scalar") if name == "batch/loss"]) == 6


def test_a_word_that_is_none_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(ValueError, match='log \\(="tensorbord"\\) must be one of tensorboard, mlflow; did you mean'):
        quick(tmp_path / "a", log="tensorbord")
    assert not (tmp_path / "a").exists()


def test_what_is_not_installed_is_named_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError) as caught:
        quick(tmp_path / "a", log="tensorboard")
    assert str(caught.value) == 'log (="tensorboard") needs tensorboardX; type: pip install "convista[logging]"'
    assert not (tmp_path / "a").exists()
