"""What the figures rest on: which weights, chosen by what, from which seed, judged on what, computed where."""

from __future__ import annotations

from convista.studio.figures import count
from convista.studio.markup import section, tag
from convista.studio.words import say
from convista.training.facts import Facts


def basis(facts: Facts) -> str:
    """Return the section, a sentence each."""
    told = facts.settings
    weights = say("ema_weights", decay=told.get("average", "?")) if facts.ema else say("last_weights")
    computed = {
        "processor": facts.machine.get("processor", "?"),
        "threads": told.get("threads", "?"),
        "torch": facts.versions.get("torch", "?"),
    }
    sentences = [
        weights,
        say("went_back" if facts.went_back else "straight"),
        say("one_seed", seed=told.get("seed", "?")),
        say("stopped_early_on" if facts.stops_early else "judged_on", total=count(int(facts.confusion.sum()))),
        say("computed", **computed),
    ]
    return section("basis", say("basis"), tag("ul", *(tag("li", sentence) for sentence in sentences)))
