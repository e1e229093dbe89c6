"""A training run on the terminal: a bar that moves, and a line for each epoch that stays."""

from __future__ import annotations

import shlex
from types import TracebackType
from typing import TYPE_CHECKING, Self

from convista.cli.printing import console, percent

if TYPE_CHECKING:
    from convista.dataset import Dataset
    from convista.training import Epoch, Settings

REMARKS = 8
"""What is odd about the data, as far as it is said before training begins."""
HEAD = f"{'epoch':>5}  {'train loss':>10}  {'valid loss':>10}  {'accuracy':>9}  {'seconds':>7}"


class Terminal:
    """Hears how training goes, and shows it. The bar is for a terminal only; the lines are for files, too."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = console()
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("steps"),
            TimeRemainingColumn(), console=self._console, transient=True, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("reading the images", total=None)
        self._epochs, self._headed = 1, False

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def planned(self, dataset: Dataset, settings: Settings) -> None:
        """Say what is learned from, the first of what is odd about it, and how; the log and the report say all."""
        self._epochs = settings.rounds
        self._console.print(dataset.summary)
        beyond = len(dataset.remarks) - REMARKS
        more = [f"and {beyond} more remarks: convista data check {shlex.quote(dataset.name)}"] if beyond > 0 else []
        for line in (dataset.counts, *dataset.remarks[:REMARKS], *more):
            self._console.print(f"- {line}")
        self._console.print(f"network {settings.network}")
        self._console.print(
            f"- epochs {settings.rounds}; images a step {settings.batch}; {settings.optimizer}; "
            f"threads {settings.threads}"
        )

    def batch(self, done: int, total: int, loss: float) -> None:
        """Move the bar."""
        number = (done - 1) * self._epochs // total + 1
        words = f"epoch {number} of {self._epochs}, loss {loss:.3f}"
        self._bar.update(self._task, completed=done, total=total, description=words)

    def say(self, sentence: str) -> None:
        """Write what is out of the ordinary."""
        self._console.print(sentence)

    def epoch(self, epoch: Epoch) -> None:
        """Write a line."""
        if not self._headed:
            self._console.print(HEAD, style="bold")
            self._headed = True
        self._console.print(
            f"{epoch.number:>5}  {epoch.train_loss:>10.4f}  {epoch.valid_loss:>10.4f}  {percent(epoch.accuracy):>9}"
            f"  {epoch.seconds:>7.1f}"
        )
