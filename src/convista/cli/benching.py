"""The command that measures: bench."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convista.cli.printing import examples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convista.bench.cell import Cell, Script
    from convista.bench.record import Record, Result
    from convista.bench.session import Options

Only = Annotated[str, typer.Option("--only", metavar="WORD", help="Cells with this in their name or group.")]
ThreadsText = Annotated[str, typer.Option("--threads", metavar="1,2", help="Numbers of threads; default 1,2.")]
Quick = Annotated[bool, typer.Option("--quick", help="Fewer cells and 5 rounds: minutes, not an hour.")]
OutGiven = Annotated[bool, typer.Option("--out-given", help="Only cells that write into a given array.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the record here, after each cell.")]
Resume = Annotated[bool, typer.Option("--resume", help="Keep the cells that the JSON file has.")]
PictureFile = Annotated[Path | None, typer.Option("--picture", help="Draw the picture, an SVG file.")]
Show = Annotated[Path | None, typer.Option("--show", help="Measure nothing; tell and draw this record.")]
Calibrate = Annotated[bool, typer.Option("--calibrate", help="Only learn how fast this machine is, for the planner.")]
Warm = Annotated[bool, typer.Option("--warm", help="Only compile the engines, so that first calls are quick.")]
List = Annotated[bool, typer.Option("--list", help="Measure nothing; list cells, goals and peers.")]


def bench(
    only: Only = "",
    threads: ThreadsText = "",
    quick: Quick = False,
    out_given: OutGiven = False,
    json: JsonFile = None,
    resume: Resume = False,
    picture: PictureFile = None,
    show: Show = None,
    calibrate: Calibrate = False,
    warm: Warm = False,
    list_all: List = False,
) -> None:
    """Measure the engines beside other libraries on this machine; losses are printed like wins."""
    from convista.bench import chart, listing
    from convista.bench import record as records
    from convista.bench.session import Options

    if calibrate or warm:
        return _prepare(calibrate, warm)
    if resume and json is None:
        raise ValueError("--resume needs the file to go on with: --json FILE")
    options = Options(_threads(threads), only, quick, out_given)
    if list_all:
        return _print_lines(listing.lines(_chosen(options)))
    if picture and not show:
        chart.require(cell.name for cell in _chosen(options))
    record = records.load(show) if show else _measure(options, json, resume)
    _tell(record)
    return _draw(record, picture) if picture else None


def _prepare(calibrate: bool, warm: bool) -> None:
    """Compile, measure this machine's rates, or both, and say what came out."""
    import time

    from convista.grid import calibration
    from convista.grid.compiling import folder
    from convista.grid.rates import file

    start = time.perf_counter()
    if warm:
        problems = calibration.warm()
        typer.echo(f"compiled for {problems} kinds of problem in {time.perf_counter() - start:.0f} s: {folder()}")
    if calibrate:
        for name, value in calibration.calibrate().spoken():
            typer.echo(f"{name:<13} {value}")
        typer.echo(f"kept in {file()}; `convista plan` uses it from now on")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    lines = (
        "convista bench --quick",
        "convista bench --warm --calibrate",
        'convista bench --only "1024 K=7" --threads 1 --json mine.json',
    )
    app.command(epilog=examples(*lines))(bench)


def _threads(text: str) -> tuple[int, ...]:
    from convista.bench.worker import cores

    words = text.split(",") if text else ["1", *["2"] * (cores() > 1)]
    if not all(word.strip().isdigit() for word in words):
        raise ValueError(f'--threads (="{text}") must be whole numbers, such as 1,2')
    return tuple(dict.fromkeys(map(int, words)))


def _measure(options: Options, json: Path | None, resume: bool) -> Record:
    from convista.bench import report
    from convista.bench.machine import here
    from convista.bench.session import run

    def told(result: Result, number: int, total: int) -> None:
        _print_lines(report.cell_lines(result, number, total))

    cells = _chosen(options)
    _print_lines(report.head_lines(*here()))
    return run(options, cells, told, json, resume=resume)


def _tell(record: Record) -> None:
    from convista.bench import report

    typer.echo()
    _print_lines(report.goal_lines(record))
    _print_lines(report.worst_lines(record))


def _draw(record: Record, picture: Path) -> None:
    from convista.bench.chart import chart
    from convista.files import write_text

    write_text(picture, chart(record, record.threads()[0]))
    typer.echo(f"picture  {picture}")


def _chosen(options: Options) -> list[Cell | Script]:
    from convista.bench.catalogue import chosen

    return chosen(options.only, quick=options.quick, out_given=options.out_given)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)
