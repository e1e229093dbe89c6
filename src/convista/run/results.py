"""What came out of a run, as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict

from convista.training import Facts


def results_text(facts: Facts) -> str:
    """Return the results as JSON: the accuracy with its counts, what went wrong, what it took."""
    last = facts.history[-1]
    results = {
        "accuracy": facts.accuracy,
        "errors": facts.errors,
        "images": int(facts.confusion.sum()),
        "epochs": len(facts.history),
        "train_loss": last.train_loss,
        "valid_loss": last.valid_loss,
        "seconds": facts.seconds,
        "parameters": facts.parameters,
        "settings": facts.settings,
        "test_time_averaging": asdict(facts.averaged) if facts.averaged else None,
        "findings": [asdict(finding) for finding in facts.findings],
        "rate": {"suggestion": facts.sweep.suggestion, "why": facts.sweep.why} if facts.sweep else None,
        "command": facts.command,
        "versions": facts.versions,
    }
    return json.dumps(results, indent=2, ensure_ascii=False) + "\n"
