"""A study as one HTML page: the table, the accuracy along the ladder, and the loss of each rung."""

from __future__ import annotations

import math
from pathlib import Path

from convista.comparison.records import Result, Study
from convista.comparison.words import WORDS, say
from convista.files import write_text
from convista.picture.curves import Line, line_chart
from convista.studio.figures import count, percent
from convista.studio.markup import lines, section, table, tag, text, words
from convista.studio.pages import in_both, page
from convista.studio.words import WORDS as STUDIO
from convista.studio.words import both, term
from convista.studio.words import say as said

WIDTH, HEIGHT = 440, 240


def write_page(study: Study, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_text(path, study_html(study))


def study_html(study: Study) -> str:
    """Return the page; equal studies give equal pages."""
    title = say("study_title", rungs=len(study.results), data=study.data)
    contents = {"ladder": say("ladder"), "each_rung": say("each_rung"), "ground": say("ground")}
    sections = _ladder(study), _rungs(study), _ground(study)
    name = f"{study.data}: {len(study.results)} techniques (convista)"
    return page(name, say("study"), tag("h1", title), contents, sections)


def _ladder(study: Study) -> str:
    values = {
        "seeds": study.seeds, "epochs": study.epochs, "images": count(study.images),
    }  # fmt: skip
    lead = tag("p", say("study_read", **values), " ", say("study_chance", share=percent(study.commonest)))
    head = [
        say("technique"), say("mean_accuracy"), say("spread"), said("seconds_head"), say("near_zero"),
        words(say("trouble"), head=True),
    ]  # fmt: skip
    rows = [_row(study, result, number) for number, result in enumerate(study.results)]
    shown = [lead, table("ladder-table", say("ladder"), head, rows)]
    if len(study.results) > 1:
        shown.append(tag("figure", in_both(lambda place: _along(study, place))))
    return section("ladder", say("ladder"), *shown)


def _row(study: Study, result: Result, number: int) -> list[str]:
    name = both((result.rung.name, result.rung.chinese), {})
    return [
        ("+ " if number else "") + name,
        _share(result.mean), _share(result.spread), f"{result.seconds:.1f}", _share(result.near_zero),
        words(_trouble(result, study.commonest)),
    ]  # fmt: skip


def _share(value: float) -> str:
    return "–" if math.isnan(value) else percent(value)


def _trouble(result: Result, commonest: float) -> str:
    total = len(result.attempts)
    found = (("diverged_of", result.diverged), ("stuck_of", result.stuck(commonest)))
    return ", ".join(say(key, number=number, total=total) for key, number in found if number)


def _along(study: Study, place: int) -> str:
    """Return the chart of the errors along the ladder, where a tenth of them is as far as the tenth before."""
    results = study.results
    across = list(range(1, len(results) + 1))
    means = [100 * (1 - result.mean) for result in results]
    worst = [100 * (1 - min(result.accuracies, default=math.nan)) for result in results]
    best = [100 * (1 - max(result.accuracies, default=math.nan)) for result in results]
    keys = ("mean_seed", "worst_seed", "best_seed")
    curves = [Line(WORDS[key][place], y, across) for key, y in zip(keys, (means, worst, best), strict=True)]
    title, axis = WORDS["errors_along"][place], WORDS["rung_axis"][place]
    return line_chart(curves, title=title, x_label=axis, y_label="%", log_y=True, width=2 * WIDTH, height=320)


def _rungs(study: Study) -> str:
    return section("each_rung", say("each_rung"), tag("div", lines(map(_card, study.results)), class_="charts"))


def _card(result: Result) -> str:
    """Return a rung's losses, one line a seed, under what it changes and why."""
    name = tag("h3", both((result.rung.name, result.rung.chinese), {}))
    why = tag("p", both(result.rung.why, {}))
    drawn = [attempt for attempt in result.attempts if attempt.losses]
    if not drawn:
        return tag("div", name, why, tag("p", text(result.attempts[0].fault)))

    def chart(place: int) -> str:
        curves = [Line(WORDS["seed_line"][place].format(seed=attempt.seed), attempt.losses) for attempt in drawn]
        title, axis = STUDIO["batch_loss"][place], STUDIO["batch_axis"][place]
        return line_chart(curves, title=title, x_label=axis, log_y=True, width=WIDTH, height=HEIGHT)

    return tag("div", name, why, tag("figure", in_both(chart)))


def _ground(study: Study) -> str:
    facts = [table(name, said(name), [], [[term(key), words(text(value))] for key, value in getattr(study, name)])
             for name in ("machine", "versions")]  # fmt: skip
    return section("ground", say("ground"), *facts)
