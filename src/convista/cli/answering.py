"""What `predict` prints and writes: a table, JSON, a CSV file; and the files that can't be read."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from convista.cli.printing import percent, print_json, print_table
from convista.files import whole_file
from convista.image import read_image, shown

if TYPE_CHECKING:
    from convista.network import FileAnswer


class Tally:
    """Answers that are counted as they go by; those of unreadable files are kept."""

    def __init__(self, answers: Iterator[FileAnswer]) -> None:
        self._answers = answers
        self.count = 0
        self.unread: list[FileAnswer] = []

    def __iter__(self) -> Iterator[FileAnswer]:
        for answer in self._answers:
            self.count += 1
            if answer.prediction is None:
                self.unread.append(answer)
            yield answer

    def end(self) -> None:
        """List on stderr what can't be read; if that is all there was, leave with exit code 1."""
        for answer in self.unread:
            typer.echo(f'convista: path (="{shown(answer.path)}") can\'t be read: {answer.reason}', err=True)
        if self.unread and len(self.unread) == self.count:
            raise typer.Exit(1)


def files_of(images: Sequence[Path]) -> list[Path]:
    """Return the images that were named, and those of the folders; what is not there is refused."""
    from convista.network.inputs import image_files

    for path in images:
        if not path.exists():
            read_image(path)  # its sentence names the near file
    return [file for path in images for file in image_files(path)]


def to_csv(answers: Tally, classes: Sequence[str], place: Path) -> None:
    """Write a row for each file, whole or not at all; the place "-" is the terminal."""
    if str(place) == "-":
        _write_rows(answers, classes, sys.stdout)
        return
    with (
        whole_file(place) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as f,
    ):
        _write_rows(answers, classes, f)
    typer.echo(f"{answers.count - len(answers.unread):,} of {answers.count:,} images read; {place} has a row for each")


def _write_rows(answers: Tally, classes: Sequence[str], file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["file", "label", "probability", *classes, "reason"])
    for answer in answers:
        if answer.prediction is None or answer.probabilities is None:
            said: list[Any] = [""] * (2 + len(classes))
        else:
            said = [answer.prediction.label, answer.prediction.probability, *answer.probabilities.tolist()]
        writer.writerow([os.fspath(answer.path), *said, answer.reason])


def to_json(answers: Tally) -> None:
    """Print a list."""
    print_json([_record(answer) for answer in answers])


def _record(answer: FileAnswer) -> dict[str, Any]:
    image = os.fspath(answer.path)
    if answer.prediction is None:
        return {"image": image, "label": None, "probability": None, "reason": answer.reason}
    return {"image": image, "label": answer.prediction.label, "probability": answer.prediction.probability}


def to_table(answers: Tally) -> None:
    """Print a row for each file that could be read."""
    rows = [(shown(a.path), a.prediction.label, percent(a.prediction.probability)) for a in answers if a.prediction]
    if rows:
        print_table(("image", "label", "probability"), rows, right=("probability",))
