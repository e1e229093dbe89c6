"""How the network did on the validation images: the confusion of the classes, each class, the worst mistakes."""

from __future__ import annotations

from convista.studio.figures import count, percent
from convista.studio.markup import lines, section, table, tag, text, words
from convista.studio.scores import ClassScore, confused_pairs, each_class
from convista.studio.thumbnails import thumbnail
from convista.studio.words import say
from convista.training.facts import Facts, Mistake

LARGEST_MATRIX = 20
"""With more classes than this the most confused pairs stand without the whole table."""
MOST_PAIRS = 10
PICTURE = 112
"""Pixels of the longer side of a mistake."""


def confusion(facts: Facts) -> str:
    """Return the section with the confusion matrix unless there are many classes, the most confused pairs, each class.

    Of two classes the matrix says everything about pairs.
    """
    small = len(facts.classes) <= LARGEST_MATRIX
    lead = [] if small else [tag("p", say("many", classes=count(len(facts.classes))))]
    pairs = [] if len(facts.classes) == 2 else _pairs(facts)
    return section("confusion", say("confusion"), *lead, *(_matrix(facts) if small else []), *pairs, _classes(facts))


def mistakes(facts: Facts) -> str:
    """Return the section that shows the worst mistakes and what the network thought."""
    if not facts.mistakes:
        none = say("no_pictures" if facts.errors else "no_mistakes")
        return section("mistakes", say("mistakes"), tag("p", none))
    all_shown = len(facts.mistakes) == facts.errors
    lead = say("all_worst" if all_shown else "worst", shown=count(len(facts.mistakes)), errors=count(facts.errors))
    cards = tag("ol", "\n", lines(map(_card, facts.mistakes)), "\n", class_="cards")
    return section("mistakes", say("mistakes"), tag("p", lead), cards)


def _matrix(facts: Facts) -> list[str]:
    numbers: list[list[int]] = facts.confusion.tolist()
    most = max((n for i, row in enumerate(numbers) for j, n in enumerate(row) if i != j), default=0)
    head = [say("truth"), *map(text, facts.classes), say("sum"), say("share_right")]
    rows = [_matrix_row(name, i, row, most) for i, (name, row) in enumerate(zip(facts.classes, numbers, strict=True))]
    return [tag("p", say("shades")), table("matrix", say("matrix"), head, rows, kind="matrix")]


def _matrix_row(name: str, truth: int, row: list[int], most: int) -> list[str]:
    total = sum(row)
    cells = [
        _cell(number, "right", total) if said == truth else _cell(number, "wrong", most)
        for said, number in enumerate(row)
    ]
    return [text(name), *cells, count(total), percent(row[truth] / total) if total else "–"]


def _cell(number: int, kind: str, deepest: int) -> str:
    if not number:
        return tag("td", "0", class_="none")
    return tag("td", count(number), class_=kind, style=f"--deep:{number / deepest:.3f}")


def _pairs(facts: Facts) -> list[str]:
    worst = confused_pairs(facts, MOST_PAIRS)
    if not worst:
        return [tag("p", say("no_pairs"))]
    head = [say("truth"), words(say("said"), head=True), say("count"), say("share_class")]
    rows = [[text(p.truth), words(text(p.predicted)), count(p.images), percent(p.share)] for p in worst]
    return [table("pairs", say("pairs"), head, rows)]


def _classes(facts: Facts) -> str:
    head = [say("class"), say("count"), say("recall"), say("interval_head"), say("precision")]
    return table("classes_each", say("classes_each"), head, map(_class, each_class(facts)))


def _class(one: ClassScore) -> list[str]:
    ends = "–" if one.interval is None else f"{percent(one.interval[0])} – {percent(one.interval[1])}"
    shares = ["–" if share is None else percent(share) for share in (one.recall, one.precision)]
    return [text(one.name), count(one.images), shares[0], ends, shares[1]]


def _card(mistake: Mistake) -> str:
    truth, predicted = mistake.sample.label, mistake.predicted
    thoughts = _thought(predicted, mistake.probability, "wrong") + _thought(truth, mistake.truth_probability, "right")
    headline = tag("b", say("taken", truth=truth, predicted=predicted))
    path = tag("code", text(mistake.sample.path))
    caption = tag("figcaption", headline, tag("dl", thoughts), path)
    return tag("li", tag("figure", thumbnail(mistake.sample, PICTURE), caption))


def _thought(name: str, share: float, kind: str) -> str:
    bar = tag("span", class_=f"bar {kind}", style=f"--share:{share:.4f}")
    return tag("div", tag("dt", text(name)), tag("dd", percent(share), bar))
