"""One line on a terminal that says how far a long job is; silent where nobody watches."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self


def say(sentence: str) -> None:
    """Write a line to the terminal, if there is one."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{sentence}\n")


class Progress:
    """A line `label  42 %` on stderr, renewed ten times a second at most and wiped at the end.

    Parameters
    ----------
    label
        What is being done.
    total
        How many steps, or bytes, there are; 0 where nobody knows, and what is done is counted.
    done
        How many of them were done before.
    """

    def __init__(self, label: str, total: int, done: int = 0) -> None:
        self.label, self.total, self.done = label, total, done
        self._shown = sys.stderr.isatty()
        self._last = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._write("")

    def step(self, count: int = 1) -> None:
        """Note that `count` more are done."""
        self.done += count
        now = time.monotonic()
        if self._shown and now - self._last > 0.1:
            self._last = now
            far = f"{100 * self.done // self.total} %" if self.total else f"{self.done:,}"
            self._write(f"{self.label}  {far}")

    def _write(self, line: str) -> None:
        if self._shown:
            sys.stderr.write(f"\r\x1b[2K{line}")
            sys.stderr.flush()
