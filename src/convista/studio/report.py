"""The training report: one HTML file that opens from disk with the network off."""

from __future__ import annotations

import os
from pathlib import Path

from convista.bilingual import Bilingual
from convista.files import write_text
from convista.studio.activations import activations
from convista.studio.basis import basis
from convista.studio.calibration import calibration
from convista.studio.course import training
from convista.studio.figures import count, duration, percent, shape, wilson
from convista.studio.findings import diagnosis
from convista.studio.markup import lines, section, table, tag, text, words
from convista.studio.outcome import confusion, mistakes
from convista.studio.pages import page
from convista.studio.thumbnails import thumbnail
from convista.studio.weights import kernels
from convista.studio.words import WORDS, both, choice, say, term
from convista.training.facts import Facts

MOST_CLASSES = 60
"""So many classes have their training images shown."""
SAMPLE = 64
"""Pixels of the longer side of a sample."""


def report_html(facts: Facts) -> str:
    """Return the report as one HTML page that loads nothing: pictures, looks and both languages are inside.

    Equal facts give equal pages. English is shown first, Chinese where the browser prefers it; a switch on the
    page changes it.
    """
    title = f"{facts.data}: {percent(facts.accuracy)} (convista)"
    contents, sections = {name: say(name) for name in _PARTS}, (part(facts) for part in _PARTS.values())
    return page(title, say("report"), _headline(facts), contents, sections)


def write_report(facts: Facts, path: str | os.PathLike[str]) -> Path:
    """Write the report to `path`, whole or not at all, and return the path."""
    write_text(path, report_html(facts))
    return Path(path)


def data(facts: Facts) -> str:
    """Return the section on the images: counts, samples, what was odd."""
    read = say("read", data=facts.data, folder=facts.folder, shape=shape(facts.image_shape))
    return section("data", say("data"), tag("p", read), _counts(facts), _samples(facts), _remarks(facts))


def network(facts: Facts) -> str:
    """Return the section on the layers, their shapes and parameters."""
    line = tag("p", say("own_line" if ":" in facts.network else "line")) + tag("pre", tag("code", text(facts.network)))
    head = [say("layer"), words(say("kind"), head=True), say("shape"), say("parameters_head")]
    rows = [
        [
            tag("code", text(layer.name).replace(".", ".<wbr>")),  # or a phone would lose the last column
            words(text(layer.kind)),
            shape(layer.output_shape),
            count(layer.parameters),
        ]
        for layer in facts.layers
    ]
    foot = [say("sum"), "", "", count(facts.parameters)]
    return section("network", say("network"), line, table("layers", say("layers"), head, rows, foot))


def run(facts: Facts) -> str:
    """Return the section with what it takes to repeat the run: command, settings, machine, versions, time."""
    command = tag("p", say("repeat")) + tag("pre", tag("code", text(facts.command)))
    epochs = sum(epoch.seconds for epoch in facts.history)
    clock = [
        [say("started"), words(text(facts.started.replace("T", " ")))],
        [say("whole_run"), words(duration(facts.seconds))],
        [say("training_time"), words(duration(epochs))],
    ]
    settings = [[term(key), words(choice(value))] for key, value in facts.settings.items()]
    tables = [_pairs("clock", clock), _pairs("settings", settings)]
    tables += [
        _pairs(name, [[term(key), words(text(value))] for key, value in pairs.items()])
        for name, pairs in (("machine", facts.machine), ("versions", facts.versions))
    ]
    return section("run", say("run"), command, tag("div", "\n", lines(tables), "\n", class_="columns"))


def _pairs(name: str, rows: list[list[str]]) -> str:
    return table(name, say(name), (), rows)


def _headline(facts: Facts) -> str:
    total = int(facts.confusion.sum())
    right = total - facts.errors
    low, high = wilson(right, total)
    score = tag("strong", percent(facts.accuracy)) + tag("span", say("right", right=count(right), total=count(total)))
    interval = say("interval", low=percent(low), high=percent(high), total=count(total))
    figures = {
        "errors": count(facts.errors),
        "images": count(sum(facts.counts["train"])),
        "classes": count(len(facts.classes)),
        "parameters": count(facts.parameters),
        "epochs": count(len(facts.history)),
        "time": duration(facts.seconds),
    }
    strip = (tag("div", tag("dt", say(name)), tag("dd", figure)) for name, figure in figures.items())
    return lines([
        tag("h1", text(facts.data)),
        tag("p", score, class_="score"),
        tag("p", interval, class_="interval"),
        _averaged(facts),
        tag("dl", *strip, class_="strip"),
    ])  # fmt: skip


def _averaged(facts: Facts) -> str:
    """Return what test-time averaging would give, where it was asked for."""
    told = facts.averaged
    if not told:
        return ""
    total = int(facts.confusion.sum())
    moved = [words.format(pixels=told.pixels) for words in WORDS["mirrored" if told.mirrored else "moved"]]
    values = {"views": count(told.views), "right": count(total - told.errors), "total": count(total),
              "share": percent(told.accuracy)}  # fmt: skip
    english, chinese = (words.format(**values, moved=how) for words, how in zip(WORDS["averaged"], moved, strict=True))
    return tag("p", both((english, chinese)), class_="averaged")


def _counts(facts: Facts) -> str:
    train, valid = facts.counts["train"], facts.counts["valid"]
    rows = [
        [text(name), count(t), count(v), count(t + v)] for name, t, v in zip(facts.classes, train, valid, strict=True)
    ]
    foot = [say("sum"), count(sum(train)), count(sum(valid)), count(sum(train) + sum(valid))]
    return table("counts", say("counts"), [say("class"), say("train"), say("valid"), say("sum")], rows, foot)


def _samples(facts: Facts) -> str:
    rows = lines(_sample_row(facts, name) for name in facts.classes[:MOST_CLASSES])
    rest = len(facts.classes) - MOST_CLASSES
    more = tag("p", say("more_classes", count=count(rest))) if rest > 0 else ""
    return lines([tag("h3", say("samples")), tag("dl", "\n", rows, "\n", class_="samples"), more])


def _sample_row(facts: Facts, name: str) -> str:
    pictures = (thumbnail(sample, SAMPLE) for sample in facts.samples if sample.label == name)
    return tag("div", tag("dt", text(name)), tag("dd", *pictures))


def _remarks(facts: Facts) -> str:
    title = tag("h3", say("remarks"))
    if not facts.remarks:
        return title + tag("p", say("no_remarks"))
    return title + tag("ul", *map(_remark, facts.remarks))


def _remark(remark: str) -> str:
    """Return a remark in both languages; one in English alone is marked as such."""
    if isinstance(remark, Bilingual):
        return tag("li", both((remark, remark.chinese)))
    return tag("li", text(remark), lang="en")


_PARTS = {
    "data": data,
    "network": network,
    "diagnosis": diagnosis,
    "training": training,
    "activations": activations,
    "confusion": confusion,
    "calibration": calibration,
    "mistakes": mistakes,
    "kernels": kernels,
    "basis": basis,
    "run": run,
}
