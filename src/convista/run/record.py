"""A finished run as an object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from convista.network import Network
from convista.run.folder import REPORT
from convista.run.writing import write_facts
from convista.training import Epoch, Facts


@dataclass(frozen=True)
class Run:
    """A finished training run."""

    folder: Path
    model: Network
    facts: Facts

    @property
    def accuracy(self) -> float:
        """Share of the validation images that the network gets right, 0 to 1."""
        return self.facts.accuracy

    @property
    def history(self) -> tuple[Epoch, ...]:
        """How each epoch went."""
        return self.facts.history

    def report(self) -> Path:
        """Return the path of the report, which is written anew if it is missing."""
        from convista.studio import write_report

        path = self.folder / REPORT
        return path if path.is_file() else write_report(self.facts, path)

    def write(self) -> Path:
        """Write everything that is made from the facts anew, and return the path of the report."""
        write_facts(self.folder, self.facts)
        return self.folder / REPORT
