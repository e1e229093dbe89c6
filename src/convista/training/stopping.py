"""A run that is asked to stop, and does so after a batch: Ctrl-C, or the signal of a system that shuts down."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from convista.network import Network

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """A run was asked to end, and did so after a batch; its state is kept, and its network can be used as it is."""

    def __init__(self, network: Network, done: int, total: int) -> None:
        super().__init__(f"stopped after step {done:,} of {total:,}")
        self.network = network

    def with_words(self, words: str) -> Self:
        """Return it with more to say."""
        self.args = (f"{self}; {words}",)
        return self


@contextmanager
def asked_to_stop(patient: bool = False) -> Iterator[threading.Event]:
    """Have the first signal set the event that is yielded, and the second one stop at once as ever.

    With `patient` the second one sets it, too: torchrun passes on a Ctrl-C that its processes had already.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # signals come to the main thread only
        yield asked
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def hear(number: int, _: FrameType | None) -> None:
        asked.set()
        if not patient:
            signal.signal(number, before[signal.Signals(number)])

    for number in SIGNALS:
        signal.signal(number, hear)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
