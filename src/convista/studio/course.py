"""How training went: the curves and the numbers of each epoch."""

from __future__ import annotations

from convista.studio.charts import Chart
from convista.studio.figures import percent
from convista.studio.markup import lines, section, table, tag
from convista.studio.words import say
from convista.training.facts import Epoch, Facts


def training(facts: Facts) -> str:
    """Return the section with the curves and the table of the epochs."""
    figures = [*(chart.figure() for chart in charts(facts)), _history(facts)]
    return section("training", say("training"), tag("div", "\n", lines(figures), "\n", class_="charts"))


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
