"""The files of a run that are made from its facts."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, fields
from pathlib import Path

from convista.files import write_text
from convista.run.folder import HISTORY, REPORT, RESULTS, STATISTICS
from convista.training import Epoch, Facts


def write_facts(place: Path, facts: Facts) -> None:
    """Write what is made from the facts; the report last, by which a run is known to be finished."""
    from convista.studio import results_json, write_pictures, write_report

    write_text(place / HISTORY, _table(facts.history))
    write_text(place / RESULTS, results_json(facts))
    if facts.statistics:
        facts.statistics.write(place / STATISTICS)
    write_pictures(facts, place)
    write_report(facts, place / REPORT)


def _table(history: tuple[Epoch, ...]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(field.name for field in fields(Epoch))
    writer.writerows(astuple(epoch) for epoch in history)
    return file.getvalue()
