"""Accidents that are real: a disk of a few pages, a limit on files that the kernel holds to, a process that is killed."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

PAGE = 4096


class SmallDisk:
    """A disk in memory, mounted at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self._mount("-t", "tmpfs", "-o", f"size={PAGE}", "tmpfs")

    def resize(self, pages: int) -> None:
        """Give it so many pages, more or fewer."""
        self._mount("-o", f"remount,size={pages * PAGE}")

    def remove(self) -> None:
        """Unmount it; what is on it is gone."""
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)

    def _mount(self, *words: str) -> None:
        subprocess.run(["mount", *words, str(self.path)], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk, where this process may mount one."""
    if sys.platform != "linux":
        pytest.skip("a small disk is mounted on Linux only")
    try:
        small = SmallDisk(tmp_path / "disk")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a small disk (root)")
    yield small
    small.remove()


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Have the kernel refuse to write any file of this process beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def dying(pixels: Any, mark: Path) -> Any:
    """Return the pixels; the first process that asks for them dies, as one does from which the system takes the memory."""
    with suppress(FileExistsError):
        mark.touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGKILL)
    return pixels
