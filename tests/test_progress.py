"""The line that says how far a long job is."""

import contextlib
import io
import itertools
import time
from types import SimpleNamespace

import pytest

from convista import progress
from convista.progress import Progress, say


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch) -> Terminal:
    """Stand for stderr; each step comes a second after the last."""
    stream = Terminal()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream))  # pytest sets the real one anew
    monkeypatch.setattr(time, "monotonic", itertools.count(1).__next__)
    return stream


def test_a_line_is_renewed_and_wiped(terminal):
    with Progress("apples", 4) as line:
        line.step()
        line.step(2)
    assert terminal.getvalue() == "\r\x1b[2Kapples  25 %\r\x1b[2Kapples  75 %\r\x1b[2K"


def test_it_goes_on_from_what_was_done_before(terminal):
    with Progress("apples", 200, done=100) as line:
        line.step(50)
    assert terminal.getvalue() == "\r\x1b[2Kapples  75 %\r\x1b[2K"


def test_it_is_wiped_after_a_failure_too(terminal):
    with contextlib.suppress(KeyError), Progress("apples", 2) as line:
        line.step()
        raise KeyError
    assert terminal.getvalue().endswith("\r\x1b[2K")


def test_quick_steps_are_not_all_written(terminal, monkeypatch):
    monkeypatch.setattr(time, "monotonic", itertools.count(1, 0.06).__next__)
    with Progress("apples", 100) as line:
        for _ in range(4):
            line.step()
    assert terminal.getvalue() == "\r\x1b[2Kapples  1 %\r\x1b[2Kapples  3 %\r\x1b[2K"


def test_a_sentence_is_a_line(terminal):
    say("wait")
    assert terminal.getvalue() == "wait\n"


def test_without_a_terminal_nothing_is_written(capsys):
    with Progress("apples", 10) as line:
        line.step(5)
    say("wait")
    assert capsys.readouterr().err == ""
