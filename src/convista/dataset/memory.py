"""How much memory this machine has, and which part of it images may take."""

from __future__ import annotations

import os
from pathlib import Path

SHARE = 0.25
"""Of the memory: images that take more are mapped from the disk, since the network and other programs need some."""
UNKNOWN = 2**33
"""What is taken for the memory where the system doesn't tell."""
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def most_in_memory() -> int:
    """Return how many bytes of images are kept in memory."""
    return int(SHARE * min((_installed(), *map(_limit, _LIMITS))))


def _installed() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a POSIX system
        return UNKNOWN


def _limit(file: str) -> int:
    """Return what a container may use."""
    try:
        return int(Path(file).read_text(encoding="ascii"))
    except (OSError, ValueError):  # no container, or no limit: "max"
        return 2**63
