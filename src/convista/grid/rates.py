"""How fast this machine is: the numbers that the planner's estimates are made with.

They are measured once for each kind of processor (`convista bench --calibrate`) and kept in the user's cache folder.
Before that, those of one machine stand in.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

from convista.files import write_text


@dataclass(frozen=True, slots=True)
class Rates:
    """Seconds, on one thread, per piece of work; by default what an AMD Zen 4 at 3.7 GHz needs."""

    call: float = 8e-6
    """A call that finds everything ready."""
    plain_call: float = 6e-5
    plain: float = 6e-9
    """A multiply-add of the plain engine."""
    direct: float = 2.0e-11
    """A multiply-add in float32, from registers."""
    passes: float = 2.9e-11
    """A multiply-add of the separable engine's two passes."""
    fourier: float = 4.2e-10
    """What `fourier.cycles` counts."""
    fourier_call: float = 3e-5
    memory: float = 3e-11
    """A byte read or written where it lies in no cache."""
    torch_call: float = 4.5e-5
    torch: float = 1.9e-11
    """A multiply-add of torch's own convolution, all lanes in use."""
    torch_byte: float = 1.6e-10
    """A byte of pixels or results that it turns into its own order and back."""

    measured: bool = False

    def spoken(self) -> Iterator[tuple[str, str]]:
        """Yield each rate as a name and how much of it fits into a second, or how long a call takes."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("call"):
                yield field.name, f"{value * 1e6:.1f} us"
            elif field.name != "measured":
                yield field.name, f"{1e-9 / value:.2f} billion a second"


@cache
def rates() -> Rates:
    """Return what was measured on this kind of machine, or a plain laptop's."""
    try:
        kept = json.loads(file().read_text(encoding="utf-8"))
        return Rates(**{field.name: kept[field.name] for field in fields(Rates)})
    except (OSError, ValueError, KeyError, TypeError):  # none, or another version's
        return Rates()


def keep(measured: Rates) -> Path:
    """Write rates down for later processes and use them from now on; return the file."""
    file().parent.mkdir(parents=True, exist_ok=True)
    write_text(file(), json.dumps(asdict(measured), indent=1) + "\n")
    rates.cache_clear()
    return file()


def file() -> Path:
    """Return where rates of this kind of processor are kept: below CONVISTA_HOME, or in the user's cache folder."""
    home = os.environ.get("CONVISTA_HOME")
    return (Path(home) if home else user_cache_path("convista")) / "rates" / f"{processor()}.json"


@cache
def processor() -> str:
    """Return the processor's name, fit for a file."""
    from convista.grid.lanes import name

    text = f"{name()}-{platform.machine()}"
    return "".join(letter if letter.isalnum() else "-" for letter in text).strip("-").lower()
