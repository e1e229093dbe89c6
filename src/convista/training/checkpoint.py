"""Where a run keeps its state while it is on its way: one file, whole or absent, and the one before it beside it.

A file holds tensors and plain JSON (safetensors), so reading it runs nothing. It is written to a temporary name,
synchronised to the disk, and renamed; the state before it is renamed first, and stays.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from convista.files import whole_file

NEWEST, PREVIOUS = "checkpoint.safetensors", "checkpoint-previous.safetensors"
KEY = "convista.checkpoint"
EVERY = 30.0
"""Seconds between two states within an epoch."""


@dataclass(frozen=True, slots=True)
class State:
    """All that a run needs to go on as if it had never stopped."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]
    """Plain JSON."""


@dataclass(slots=True)
class Checkpoint:
    """The states of one run in its folder.

    Examples
    --------
    >>> import tempfile, torch
    >>> checkpoint = Checkpoint(Path(tempfile.mkdtemp()))
    >>> checkpoint.read() is None
    True
    >>> checkpoint.write(State({"weight": torch.ones(2)}, {"step": 3}))
    >>> checkpoint.read().facts
    {'step': 3}
    """

    folder: Path
    every: float = EVERY
    _written: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        """Whether the last state is old enough for a new one."""
        return time.monotonic() - self._written >= self.every

    def write(self, state: State) -> None:
        """Keep a state, and the one before it."""
        newest, previous = self.folder / NEWEST, self.folder / PREVIOUS
        tensors = {name: tensor.contiguous() for name, tensor in state.tensors.items()}
        with whole_file(newest) as temporary:
            temporary.write_bytes(save(tensors, {KEY: json.dumps(state.facts)}))
            if newest.exists():
                newest.replace(previous)
        self._written = time.monotonic()

    def read(self) -> State | None:
        """Return the newest state that is whole; None where there is none."""
        return next(self._whole(), None)

    def _whole(self) -> Iterator[State]:
        for name in (NEWEST, PREVIOUS):
            try:
                with safe_open(self.folder / name, "pt") as file:
                    facts = json.loads(file.metadata()[KEY])
                    tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118
            except (OSError, SafetensorError, KeyError, TypeError, ValueError):
                continue  # absent, or damaged by something else than us
            yield State(tensors, facts)

    def forget_previous(self) -> None:
        """Drop what a finished run needs no more."""
        (self.folder / PREVIOUS).unlink(missing_ok=True)
