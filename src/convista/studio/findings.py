"""What went wrong in training: the sentences of the diagnosis."""

from __future__ import annotations

from convista.studio.markup import section, tag
from convista.studio.words import both, say
from convista.training.facts import Facts, Finding


def diagnosis(facts: Facts) -> str:
    """Return the section with the findings, the severe ones marked."""
    if not facts.findings:
        return section("diagnosis", say("diagnosis"), tag("p", say("no_findings")))
    lead = tag("p", say("severe_findings")) if any(finding.severe for finding in facts.findings) else ""
    return section("diagnosis", say("diagnosis"), lead, tag("ul", *map(_item, facts.findings), class_="findings"))


def _item(finding: Finding) -> str:
    return tag("li", both((finding.english, finding.chinese)), class_="severe" if finding.severe else None)
