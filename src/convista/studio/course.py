"""How training went: the curves and the numbers of each epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from convista.picture.curves import line_chart
from convista.picture.rates import rate_chart
from convista.studio.figures import percent
from convista.studio.markup import lines, section, table, tag
from convista.studio.pages import in_both
from convista.studio.words import WORDS, say
from convista.training.facts import Epoch, Facts
from convista.training.sweep import Sweep

WIDTH, HEIGHT = 440, 280
"""Of a chart in pixels: about its width on the page, so that its text has the size of the page's small text."""


def training(facts: Facts) -> str:
    """Return the section with the curves and the table of the epochs."""
    epochs, steps = facts.history, facts.steps
    losses = {"valid": [epoch.valid_loss for epoch in epochs], "train": [epoch.train_loss for epoch in epochs]}
    figures = [
        *([_finder(facts.sweep)] if facts.sweep else []),
        _chart("loss", "epoch_axis", losses),
        _chart("accuracy_curve", "epoch_axis", {"accuracy": [100 * epoch.accuracy for epoch in epochs]}, y_label="%"),
        _chart("rate", "batch_axis", {"rate": steps.rate}),
        _chart("momentum", "batch_axis", {"momentum": steps.momentum}),
        _chart("batch_loss", "batch_axis", {"batch_loss": steps.loss}, log_y=True),
        _history(facts),
    ]
    return section(
        "training", say("training"), _stopped(facts), tag("div", "\n", lines(figures), "\n", class_="charts")
    )


def _finder(sweep: Sweep) -> str:
    keys = ("finder", "rate", "loss_axis", "smoothed", "each_step", "suggestion")
    curves = sweep.rates, sweep.losses, sweep.smoothed, sweep.suggestion

    def draw(place: int) -> str:
        return rate_chart(*curves, words=[WORDS[key][place] for key in keys], width=WIDTH, height=HEIGHT)

    return tag("figure", in_both(draw))


def _stopped(facts: Facts) -> str:
    """Return what is to be known of a run that ended early."""
    told, patience = facts.settings.get("epochs", ""), facts.settings.get("patience", "0")
    if patience == "0" or told == str(len(facts.history)):
        return ""
    return tag("p", say("stopped", done=len(facts.history), epochs=told, patience=patience))


def _chart(
    title: str, x_axis: str, series: Mapping[str, Sequence[float]], y_label: str = "", log_y: bool = False
) -> str:
    """Return the chart once for each language; keys of `series` are keys of the words."""

    def draw(place: int) -> str:
        named = {WORDS[key][place]: values for key, values in series.items()}
        name, x_label = WORDS[title][place], WORDS[x_axis][place]
        return line_chart(named, title=name, x_label=x_label, y_label=y_label, log_y=log_y, width=WIDTH, height=HEIGHT)

    return tag("figure", in_both(draw))


def _history(facts: Facts) -> str:
    head = [say(key) for key in ("epoch", "train_loss", "valid_loss", "accuracy", "seconds_head")]
    return table("history", say("history"), head, map(_epoch, facts.history))


def _epoch(epoch: Epoch) -> list[str]:
    losses = [f"{loss:.4f}" for loss in (epoch.train_loss, epoch.valid_loss)]
    return [str(epoch.number), *losses, percent(epoch.accuracy), f"{epoch.seconds:.1f}"]
