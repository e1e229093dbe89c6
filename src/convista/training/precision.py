"""Whether convolutions are trained in bfloat16: measured in a few steps, once for a network on a kind of machine.

With bfloat16 a processor that knows it multiplies faster; one that does not is slower than with float32. What was found
is written down, so that the same run on the same machine gives the same weights.
"""

from __future__ import annotations

import copy
import hashlib
import json
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch

from convista.dataset import Dataset, Split
from convista.dataset.cache import cache_folder
from convista.files import write_text
from convista.network import Network
from convista.training.course import Course
from convista.training.machine import machine
from convista.training.settings import Settings
from convista.training.start import batch_for

STEPS = 3
GAIN = 1.1
"""How much quicker bfloat16 must be to be worth its rounding."""


def quicker_precision(network: Network, dataset: Dataset, settings: Settings) -> str:
    """Return "float32" or "bfloat16", from what was measured before or now; the network is left as it was."""
    file = _file(network, settings)
    with suppress(OSError, ValueError, KeyError, TypeError):
        known: str = json.loads(file.read_text(encoding="utf-8"))["precision"]
        if known in ("float32", "bfloat16"):
            return known
    seconds = {name: _measure(network, dataset, replace(settings, precision=name)) for name in ("float32", "bfloat16")}
    chosen = "bfloat16" if seconds["float32"] > GAIN * seconds["bfloat16"] else "float32"
    with suppress(OSError):  # no place to write it down: measured again next time
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps({"precision": chosen, "seconds": seconds}, indent=1) + "\n")
    return chosen


def _measure(network: Network, dataset: Dataset, settings: Settings) -> float:
    """Return the seconds of the quickest of some steps of a copy, of its own random numbers."""
    batch = batch_for(settings, len(dataset.train.labels))
    few = Split(dataset.train.images[:batch], dataset.train.labels[:batch], ())
    told = replace(settings, statistics=False, rate=Settings.rate)  # which may be looked for only later
    course = Course(copy.deepcopy(network), replace(dataset, train=few), told)
    chosen = torch.arange(len(few.labels))
    seconds = []
    for _ in range(1 + STEPS):  # the first one warms up
        began = time.perf_counter()
        course.step(chosen)
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:])


def _file(network: Network, settings: Settings) -> Path:
    facts = network.text, network.image_shape, settings.batch, settings.threads, torch.__version__, machine()
    name = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    return cache_folder() / "precision" / f"{name}.json"
