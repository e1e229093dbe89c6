"""study and compare: runs side by side."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Self

import typer

from convista.cli import arguments
from convista.cli.learning import DataText, need_packages
from convista.cli.printing import console, examples, percent, print_json, print_table

if TYPE_CHECKING:
    from convista.comparison import Attempt
    from convista.training import Epoch


def study(
    data: DataText = "mnist_sample",
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="New, or of the same study.")] = Path(
        "runs/study"
    ),
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", help="Runs of each technique.")] = 3,
    epochs: Annotated[int, typer.Option("--epochs", metavar="N", help="Of each run.")] = 3,
    only: Annotated[str | None, typer.Option("--only", metavar="NAMES", help='Some: "sgd, batch norm".')] = None,
    size: Annotated[str | None, typer.Option("--size", metavar="N", help="Rows and cols: 64, or ROWS,COLS.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", metavar="N", help="Threads of each run.")] = None,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="The whole record, for programs.")] = False,
) -> None:
    """Lay the techniques that make training stable side by side, on the same images.

    From plain SGD over one cycle and batch norm to augmentation and averaging; each stands on those before it. Stopped
    or killed, the same command goes on.
    """
    need_packages("a study")
    import convista as cx

    rungs = None if only is None else [name.strip() for name in only.split(",")]
    pixels = None if size is None else arguments.size(size)
    with Lines(quiet=as_json) as listener:
        done = cx.study(
            data, out=out, seeds=seeds, epochs=epochs, rungs=rungs, size=pixels, threads=threads, listener=listener
        )
    if as_json:
        return print_json(done.facts())
    typer.echo(f"\n{done}\n")
    return typer.echo(f"page   {out / 'study.html'}")


def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    second: Annotated[Path, typer.Argument(metavar="RUN", help="Another one.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="For programs.")] = False,
) -> None:
    """Compare two runs: what they were told otherwise, and whether they differ by more than chance."""
    need_packages("comparing runs")
    import convista as cx

    found = cx.compare(first, second)
    if as_json:
        return print_json(found.facts())
    print_table(("", str(first), str(second)), found.rows())
    return console().print(found.sentence)


class Lines:
    """Hears how a study goes: a bar that moves for the run that is on, and a line that stays for each that is done."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console, self._quiet = console(), quiet
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TextColumn("steps  {task.fields[loss]}"),
            console=self._console, transient=True, disable=quiet or not self._console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("reading the images", total=None, loss="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def begin(self, rung: str, seed: int) -> None:
        """Name the run."""
        self._bar.update(self._task, completed=0, total=None, description=f"{rung}, seed {seed}")

    def batch(self, done: int, total: int, loss: float) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done, total=total, loss=f"loss {loss:.3f}")

    def epoch(self, epoch: Epoch) -> None:
        """Show nothing: runs are many."""

    def say(self, sentence: str) -> None:
        """Write what is out of the ordinary."""
        if not self._quiet:
            self._console.print(f"  {sentence}")

    def end(self, attempt: Attempt) -> None:
        """Write a line."""
        result = attempt.fault or f"{percent(attempt.accuracy)}, {attempt.seconds:.1f} s"
        if not self._quiet:
            self._console.print(f"{attempt.rung}, seed {attempt.seed}: {result}")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command, line in (
        (study, 'convista study my_photos --size 64 --only "sgd, one cycle, batch norm"'),
        (compare, "convista compare runs/1 runs/2"),
    ):
        app.command(epilog=examples(line))(command)
