"""What a run was told: as a record, as JSON, as a command to type."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from convista.errors import did_you_mean
from convista.training import Settings

MOST_SEEDS = 1000


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for."""

    data: str
    size: int | tuple[int, int] | None
    out: Path | None
    settings: Settings
    seeds: int | None = None
    """So many runs, each with a seed of its own."""
    labels: str | None = None
    """A CSV of labels."""

    def __post_init__(self) -> None:
        if self.seeds is None:
            return
        if isinstance(self.seeds, bool) or not isinstance(self.seeds, int) or not 2 <= self.seeds <= MOST_SEEDS:
            raise ValueError(f"seeds (={self.seeds!r}) must be a whole number from 2 to {MOST_SEEDS}")

    def config(self) -> dict[str, Any]:
        """Return what two runs have in common if they are the same run, as JSON reads it back."""
        told = {"data": self.data, "labels": self.labels, "size": self.size, **asdict(self.settings)}
        config: dict[str, Any] = json.loads(json.dumps(told | {"seeds": self.seeds}))
        return config

    @property
    def image_size(self) -> int | tuple[int, int] | None:
        """The size of the images: as told, or the last one of progressive resizing."""
        return self.size or next(reversed(self.settings.sides), None)

    @classmethod
    def read(cls, config: dict[str, Any], out: Path) -> Self:
        """Return what a run was told by its config, an older one too: what that doesn't name has its default."""
        known = {field.name: config[field.name] for field in fields(Settings) if field.name in config}
        size = config.get("size")
        told = tuple(size) if isinstance(size, list) else size
        return cls(config["data"], told, out, Settings(**known), labels=config.get("labels"))

    def command(self) -> str:
        """Return what to type to repeat it."""
        words = ["convista", "train", self.data]
        if self.labels is not None:
            words += ["--labels", self.labels]
        if self.size is not None:
            words += ["--size", str(self.size) if isinstance(self.size, int) else "{},{}".format(*self.size)]
        if self.out is not None:
            words += ["--out", str(self.out)]
        seeds = f" --seeds {self.seeds}" if self.seeds else ""
        return f"{shlex.join(words)} {self.settings.options()}{seeds}"

    @property
    def place(self) -> Path:
        """The folder, where one is named."""
        if self.out is None:
            raise ValueError("out (=None) names no folder")
        return self.out

    def into(self, folder: Path) -> Self:
        """Return the same for a folder that is known."""
        return replace(self, out=folder)


def words_of(data: str | os.PathLike[str]) -> str:
    """Return the data as a word of a command: a Path is a folder, even one that is called as a data set is."""
    return f"{os.curdir}{os.sep}{data}" if isinstance(data, Path) and len(data.parts) == 1 else os.fspath(data)


def settings_of(main: dict[str, Any], recipe: dict[str, Any]) -> Settings:
    """Return the settings that arguments spell; a wrong name is refused with the near one."""
    rest = [field.name for field in fields(Settings) if field.name not in main]
    for name in recipe:
        if name not in rest:
            raise TypeError(f"train has no argument {name}{did_you_mean(name, [*main, *rest])}")
    return Settings(**{**main, **recipe})


def network_of(network: str, model: object) -> str:
    """Return the text of the network: `network` itself, or the module:function of one's own `model`."""
    if model is None:
        return network
    if network != Settings.network:
        raise ValueError(f'network (="{network}") and model (={model!r}) both say what to train; leave one out')
    from convista.network import text_of

    return text_of(model)
