"""How training went: the curves and the numbers of each epoch."""

from __future__ import annotations

from convista.picture.rates import rate_chart
from convista.studio.charts import HEIGHT, WIDTH, Chart
from convista.studio.figures import percent
from convista.studio.markup import lines, section, table, tag
from convista.studio.pages import in_both
from convista.studio.words import WORDS, say
from convista.training.facts import Epoch, Facts
from convista.training.sweep import Sweep


def training(facts: Facts) -> str:
    """Return the section with the curves and the table of the epochs."""
    figures = [
        *([_finder(facts.sweep)] if facts.sweep else []),
        *(chart.figure() for chart in charts(facts)),
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


def charts(facts: Facts) -> list[Chart]:
    """Return the curves of the epochs and of the batches."""
    epochs, steps = facts.history, facts.steps
    valid, train = [epoch.valid_loss for epoch in epochs], [epoch.train_loss for epoch in epochs]
    accuracy = [100 * epoch.accuracy for epoch in epochs]
    return [
        Chart.of("loss", "epoch_axis", valid=valid, train=train),
        Chart.of("accuracy_curve", "epoch_axis", y_label="%", accuracy=accuracy),
        Chart.of("rate", "batch_axis", rate=steps.rate),
        Chart.of("momentum", "batch_axis", momentum=steps.momentum),
        Chart.of("batch_loss", "batch_axis", log_y=True, batch_loss=steps.loss),
    ]


def _history(facts: Facts) -> str:
    head = [say(key) for key in ("epoch", "train_loss", "valid_loss", "accuracy", "seconds_head")]
    return table("history", say("history"), head, map(_epoch, facts.history))


def _epoch(epoch: Epoch) -> list[str]:
    losses = [f"{loss:.4f}" for loss in (epoch.train_loss, epoch.valid_loss)]
    return [str(epoch.number), *losses, percent(epoch.accuracy), f"{epoch.seconds:.1f}"]
