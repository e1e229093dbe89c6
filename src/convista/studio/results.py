"""Every figure of a run as plain JSON, for programs; `SCHEMA` counts the changes of its form."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np

from convista.studio.figures import wilson
from convista.studio.scores import confused_pairs, each_class
from convista.training.facts import Facts, Mistake, Reliability

SCHEMA = 1


def results(facts: Facts) -> dict[str, Any]:
    """Return the figures of a run; what is no number is None."""
    total = int(facts.confusion.sum())
    low, high = wilson(total - facts.errors, total)
    whole = {
        "schema": SCHEMA,
        "data": _data(facts),
        "network": _network(facts),
        "accuracy": {
            "share": facts.accuracy, "right": total - facts.errors, "images": total,
            "interval": [low, high], "method": "Wilson, 95 %",
        },
        "classes": [asdict(one) for one in each_class(facts)],
        "confusion": facts.confusion.tolist(),
        "confused": [asdict(pair) for pair in confused_pairs(facts, facts.confusion.size)],
        "mistakes": list(map(_mistake, facts.mistakes)),
        "calibration": _calibration(facts),
        "test_time_averaging": asdict(facts.averaged) if facts.averaged else None,
        "findings": [asdict(finding) for finding in facts.findings],
        "rate": {"suggestion": facts.sweep.suggestion, "why": facts.sweep.why} if facts.sweep else None,
        "history": [asdict(epoch) for epoch in facts.history],
        "steps": asdict(facts.steps),
        "basis": _basis(facts),
    }  # fmt: skip
    plain: dict[str, Any] = _plain(whole)
    return plain


def results_json(facts: Facts) -> str:
    """Return them as text, a line for each part; names that aren't UTF-8 are escaped, and can be read back."""
    parts = (f"{json.dumps(name)}: {json.dumps(part, allow_nan=False)}" for name, part in results(facts).items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _data(facts: Facts) -> dict[str, Any]:
    return {
        "name": facts.data, "folder": str(facts.folder), "classes": facts.classes, "counts": facts.counts,
        "image_shape": facts.image_shape, "remarks": facts.remarks,
    }  # fmt: skip


def _network(facts: Facts) -> dict[str, Any]:
    return {"text": facts.network, "parameters": facts.parameters, "layers": [asdict(one) for one in facts.layers]}


def _mistake(mistake: Mistake) -> dict[str, Any]:
    return {
        "path": mistake.sample.path, "label": mistake.sample.label, "predicted": mistake.predicted,
        "probability": mistake.probability, "label_probability": mistake.truth_probability,
    }  # fmt: skip


def _calibration(facts: Facts) -> dict[str, Any]:
    told = facts.calibration
    sides = {"before": told.before, "after": told.after}
    found = {side: _reliability(bins) if bins else None for side, bins in sides.items()}
    return {"temperature": told.temperature, "fitted": told.fitted, **found}


def _reliability(bins: Reliability) -> dict[str, Any]:
    return {
        "images": bins.images, "expected_calibration_error": bins.error, "by_chance": bins.chance,
        "log_loss": bins.loss, "counts": bins.counts, "confidence": bins.confidence, "accuracy": bins.accuracy,
    }  # fmt: skip


def _basis(facts: Facts) -> dict[str, Any]:
    seed = facts.settings.get("seed", "")
    return {
        "weights": "moving average after the last step" if facts.ema else "after the last step",
        "chosen_by_validation": facts.stops_early,
        "went_back": facts.went_back,
        "seeds": [int(seed)] if seed.isdecimal() else [],
        "settings": facts.settings, "command": facts.command, "started": facts.started, "seconds": facts.seconds,
        "machine": facts.machine, "versions": facts.versions,
    }  # fmt: skip


def _plain(thing: Any) -> Any:
    """Return JSON's own kinds: what is not finite becomes None, NumPy's numbers Python's."""
    if isinstance(thing, dict):
        return {key: _plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(value) for value in thing]
    if isinstance(thing, np.generic):
        thing = thing.item()
    return None if isinstance(thing, float) and not math.isfinite(thing) else thing
