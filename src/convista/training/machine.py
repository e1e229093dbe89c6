"""What a run was computed on, and with which versions: a time or a last digit means little without."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from convista._version import __version__
from convista.training.launch import rank_and_size


def machine() -> dict[str, str]:
    """Return the processor, its cores, the memory and the operating system, as text; the processes if several train.

    >>> sorted(machine())
    ['cores', 'memory', 'processor', 'system']
    """
    told = {"processor": _processor(), "cores": str(_cores()), "memory": _memory(), "system": platform.platform()}
    _, processes = rank_and_size()
    return told | ({"processes": str(processes)} if processes > 1 else {})


def versions() -> dict[str, str]:
    """Return the versions of Python, convista and what its numbers rest on."""
    packages = {name: version(name) for name in ("torch", "numpy", "pillow", "safetensors")}
    return {"convista": __version__, "python": platform.python_version(), **packages}


def _processor() -> str:
    """Return the processor's name; Linux tells it in a file only, elsewhere Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), platform.processor() or platform.machine())


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a POSIX system
        return "unknown"
    return f"{size / 2**30:.0f} GiB"
