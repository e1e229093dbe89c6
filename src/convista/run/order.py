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


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for."""

    data: str
    size: int | tuple[int, int] | None
    out: Path | None
    settings: Settings

    def config(self) -> dict[str, Any]:
        """Return what two runs have in common if they are the same run, as JSON reads it back."""
        config: dict[str, Any] = json.loads(json.dumps({"data": self.data, "size": self.size, **asdict(self.settings)}))
        return config

    @classmethod
    def read(cls, config: dict[str, Any], out: Path) -> Self:
        """Return what a run was told by its config, an older one too: what that doesn't name has its default."""
        known = {field.name: config[field.name] for field in fields(Settings) if field.name in config}
        size = config.get("size")
        return cls(config["data"], tuple(size) if isinstance(size, list) else size, out, Settings(**known))

    def command(self) -> str:
        """Return what to type to repeat it."""
        words = ["convista", "train", self.data]
        if self.size is not None:
            words += ["--size", str(self.size) if isinstance(self.size, int) else "{},{}".format(*self.size)]
        if self.out is not None:
            words += ["--out", str(self.out)]
        return f"{shlex.join(words)} {self.settings.options()}"

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
