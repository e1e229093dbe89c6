"""Other programs that hear how training goes, where they are asked for: TensorBoard and MLflow. They never ask back.

TensorBoard's events lie in the run folder (`tensorboard --logdir runs`). Where MLflow keeps its own is what MLflow's
settings say (MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME; by default mlflow.db in the current folder).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from convista.errors import need, one_of
from convista.run.folder import LOGGED
from convista.training import Epoch, Facts, Settings

EXTRA = "logging"
MODULES = {"tensorboard": "tensorboardX", "mlflow": "mlflow"}
"""What a logger is called, and what it is imported from."""


class Logger(Protocol):
    """A watcher that is told the begin and the end, too."""

    def begin(self, command: str, settings: Settings) -> None:
        """Hear what is about to happen."""

    def batch(self, done: int, total: int, loss: float) -> None:
        """Hear of a step."""

    def epoch(self, epoch: Epoch) -> None:
        """Hear how an epoch went."""

    def say(self, sentence: str) -> None:
        """Hear of what is out of the ordinary."""

    def end(self, facts: Facts | None) -> None:
        """Hear the result, None of a run that was stopped."""


def checked(names: str | Iterable[str]) -> dict[str, ModuleType]:
    """Return the modules of the loggers that were asked for; refuse what isn't known or not installed.

    >>> checked(())
    {}
    >>> checked("tensorbord")
    Traceback (most recent call last):
    ValueError: log (="tensorbord") must be one of tensorboard, mlflow; did you mean "tensorboard"?
    """
    known = [one_of("log", name, MODULES) for name in ([names] if isinstance(names, str) else names)]
    return {name: need(MODULES[name], EXTRA, f'log (="{name}")') for name in known}


@contextmanager
def opened(modules: dict[str, ModuleType], place: Path, tell: Callable[[str], None]) -> Iterator[list[Careful]]:
    """Yield the loggers; they are ended in any case."""
    makers: dict[str, Callable[[ModuleType], Logger]] = {
        "tensorboard": lambda module: TensorBoard(module.SummaryWriter(str(place / LOGGED))),
        "mlflow": lambda module: MLflow(module.MlflowClient(), place),
    }
    loggers = [Careful(name, lambda name=name: makers[name](modules[name]), tell) for name in modules]  # type: ignore[misc]
    try:
        yield loggers
    finally:
        for logger in loggers:
            logger.end(None)


class Careful:
    """A logger that can't stop the training: when it fails it is let go, with a sentence."""

    def __init__(self, name: str, make: Callable[[], Logger], tell: Callable[[str], None]) -> None:
        self._name, self._tell = name, tell
        self._logger: Logger | None = None
        self._try(lambda: setattr(self, "_logger", make()))

    def begin(self, command: str, settings: Settings) -> None:
        """Pass on what is about to happen."""
        self._pass(lambda logger: logger.begin(command, settings))

    def batch(self, done: int, total: int, loss: float) -> None:
        """Pass on a step."""
        self._pass(lambda logger: logger.batch(done, total, loss))

    def epoch(self, epoch: Epoch) -> None:
        """Pass on an epoch."""
        self._pass(lambda logger: logger.epoch(epoch))

    def say(self, sentence: str) -> None:
        """Pass on a sentence."""
        self._pass(lambda logger: logger.say(sentence))

    def end(self, facts: Facts | None) -> None:
        """Pass on the result, once."""
        self._pass(lambda logger: logger.end(facts))
        self._logger = None

    def _pass(self, call: Callable[[Logger], None]) -> None:
        logger = self._logger
        if logger:
            self._try(lambda: call(logger))

    def _try(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:
            self._logger = None
            said = " ".join(str(error).split()) or type(error).__name__
            self._tell(f"{self._name} hears no more of this run: {said}")


class TensorBoard:
    """Writes TensorBoard's events."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def begin(self, command: str, settings: Settings) -> None:
        """Write the command and the settings."""
        told = "".join(f"\n- {name}: {value}" for name, value in settings.words().items())
        self._writer.add_text("run", f"`{command}`\n{told}")

    def batch(self, done: int, total: int, loss: float) -> None:  # noqa: ARG002 - a watcher's arguments
        """Write the loss of a step."""
        self._writer.add_scalar("batch/loss", loss, done)

    def epoch(self, epoch: Epoch) -> None:
        """Write the figures of an epoch."""
        for name, value in _figures(epoch).items():
            self._writer.add_scalar(f"epoch/{name}", value, epoch.number)

    def say(self, sentence: str) -> None:
        """Write a sentence."""
        self._writer.add_text("remark", sentence)

    def end(self, facts: Facts | None) -> None:
        """Write the result, and close the file."""
        if facts:
            self._writer.add_text("result", _result(facts))
        self._writer.close()


class MLflow:
    """Tells MLflow."""

    def __init__(self, client: Any, place: Path) -> None:
        self._client = client
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "Default")
        known = client.get_experiment_by_name(name)
        experiment = known.experiment_id if known else client.create_experiment(name)
        self._run = client.create_run(experiment, run_name=place.name).info.run_id

    def begin(self, command: str, settings: Settings) -> None:
        """Tell the command and the settings."""
        self._client.set_tag(self._run, "command", command)
        for name, value in settings.words().items():
            self._client.log_param(self._run, name, value)

    def batch(self, done: int, total: int, loss: float) -> None:
        """Tell nothing: each would be a message to a server."""

    def epoch(self, epoch: Epoch) -> None:
        """Tell the figures of an epoch."""
        for name, value in _figures(epoch).items():
            self._client.log_metric(self._run, name, value, step=epoch.number)

    def say(self, sentence: str) -> None:
        """Tell a sentence."""
        self._client.set_tag(self._run, "remark", sentence)

    def end(self, facts: Facts | None) -> None:
        """Tell the result, and that the run is over."""
        if facts:
            self._client.set_tag(self._run, "result", _result(facts))
        self._client.set_terminated(self._run, "FINISHED" if facts else "KILLED")


def _figures(epoch: Epoch) -> dict[str, float]:
    """Return what is told of an epoch."""
    names = ("train_loss", "valid_loss", "accuracy", "seconds")
    return {name: getattr(epoch, name) for name in names}


def _result(facts: Facts) -> str:
    return f"{facts.errors:,} of {int(facts.confusion.sum()):,} validation images wrong"
