"""Whether the network is right as often as it says: the reliability diagram and its numbers."""

from __future__ import annotations

import math

from convista.picture.curves import Line
from convista.studio.charts import Chart
from convista.studio.figures import count, percent
from convista.studio.markup import lines, section, table, tag
from convista.studio.words import say
from convista.training.facts import Calibration, Facts, Reliability

SURE = 100.0
"""Per cent."""


def calibration(facts: Facts) -> str:
    """Return the section: what is asked, the diagram, the figures before and after, the bins."""
    told = facts.calibration
    if not told.before.images:
        return section("calibration", say("calibration"), tag("p", say("no_calibration")))
    figures = [reliability(told).figure(), tag("div", _figures(told), _bins(told.before))]
    return section(
        "calibration",
        say("calibration"),
        tag("p", say("calibrated", bins=len(told.before.counts))),
        tag("p", _temperature(told)),
        tag("div", "\n", lines(figures), "\n", class_="charts"),
    )


def reliability(told: Calibration) -> Chart:
    """Return the diagram: how sure the network was, and how often it was right, in per cent."""
    curves = [_line("answers_as_they_are", told.before)] + (
        [_line("answers_calibrated", told.after)] if told.after else []
    )
    return Chart("reliability", "sure_axis", (*curves, Line("as_sure", (0, SURE), (0, SURE))), y_label="%", ends=False)


def _line(name: str, bins: Reliability) -> Line:
    full = [place for place, number in enumerate(bins.counts) if number]
    sure, right = ([SURE * values[place] for place in full] for values in (bins.confidence, bins.accuracy))
    return Line(name, right, sure)


def _temperature(told: Calibration) -> str:
    if told.temperature is None:
        return say("no_temperature", fitted=count(told.fitted), images=count(told.before.images))
    numbers = {"fitted": count(told.fitted), "images": count(told.before.images)}
    return say("temperature", temperature=f"{told.temperature:.2f}", **numbers)


def _figures(told: Calibration) -> str:
    columns = [told.before, told.after]
    rows = [
        [say("ece"), *(percent(c.error) if c else "–" for c in columns)],
        [say("by_chance"), *(percent(c.chance) if c else "–" for c in columns)],
        [say("log_loss"), *(f"{c.loss:.4f}" if c else "–" for c in columns)],
    ]
    return table("ece", say("ece_table"), ["", say("answers_as_they_are"), say("answers_calibrated")], rows)


def _bins(bins: Reliability) -> str:
    head = [say("bin"), say("sure"), say("accuracy"), say("count")]
    width = SURE / len(bins.counts)
    rows = [
        [f"{width * place:.0f}–{width * (place + 1):.0f}", percent(sure), percent(right), count(number)]
        for place, (number, sure, right) in enumerate(zip(bins.counts, bins.confidence, bins.accuracy, strict=True))
        if not math.isnan(sure)
    ]
    return table("bins", say("bins"), head, rows)
