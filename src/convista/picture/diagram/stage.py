"""The panels of one convolution: the input, the kernel where there are numbers, the output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convista.picture.diagram.grid import Panel, panel
from convista.picture.diagram.numbers import Numbers
from convista.picture.diagram.values import short
from convista.picture.diagram.view import Stop, View
from convista.picture.diagram.words import say, times
from convista.picture.svg import text_width

MARGIN, TOP = 20, 44.0
NUMBER = 11
"""The size of a cell's number."""

_APART, _WIDEST = 40, 1100


@dataclass(frozen=True)
class Stage:
    """The panels of one convolution, where they stand, and what they say."""

    view: View
    numbers: Numbers | None
    language: str
    given: Panel | None
    """The input of a transposed convolution as it is."""
    board: Panel
    kernel: Panel | None
    output: Panel

    @property
    def panels(self) -> list[Panel]:
        """Those that are there, in reading order."""
        return [one for one in (self.given, self.board, self.kernel, self.output) if one]


def stage_of(view: View, numbers: Numbers | None, language: str) -> Stage:
    """Return the panels side by side; those of one row or of many slices one below the other."""
    side = _side(view, numbers)
    flat = len(view.plan.axes) == 1 or view.board[0] > 1 or view.board[2] * side > _WIDEST / 2
    place, made = (float(MARGIN), TOP), dict[str, Panel]()
    for name, shape, heading, note in _plan(view, numbers, language):
        deep = len(view.plan.axes) == 3
        tags = tuple(say("slice", language, number=number) for number in range(shape[0])) if deep else ()
        made[name] = one = panel(*place, shape, side, heading, note, tags)
        place = (MARGIN, one.bottom + _APART / 2) if flat else (one.right + _APART, TOP)
    return Stage(view, numbers, language, made.get("given"), made["board"], made.get("kernel"), made["output"])


def _plan(view: View, numbers: Numbers | None, language: str) -> Iterator[tuple[str, Stop, str, str]]:
    """Yield name, shape, heading and note of each panel that is there."""
    plan = view.plan
    if plan.transposed:
        yield "given", view.input, say("input", language), _part(view.input, plan.size, language)
        yield "board", view.board, say("spread", language), _excerpt(_spread(view, language), view, language)
    else:
        padded = plan.board != plan.size
        note = say("padded", language, size=times(plan.size), board=times(plan.board)) if padded else times(plan.size)
        yield "board", view.board, say("input", language), _excerpt(note, view, language)
    if numbers:
        depth, rows, cols = (axis.kernel for axis in view.axes)
        heading = say("turned" if plan.transposed else "kernel", language)
        yield "kernel", (depth, rows, cols), heading, times(plan.kernel)
    yield "output", view.output, say("output", language), _part(view.output, plan.output, language)


def _part(shown: Stop, size: tuple[int, ...], language: str) -> str:
    part = shown[-len(size) :]
    return times(size) if part == size else say("first_of", language, shown=times(part), size=times(size))


def _excerpt(note: str, view: View, language: str) -> str:
    """Return the note, and how much is drawn where that isn't all."""
    if view.whole:
        return note
    return say("and", language).join((note, say("shown", language, shown=times(view.board[-len(view.plan.size) :]))))


def _spread(view: View, language: str) -> str:
    if any(axis.lead < 0 or axis.tail < 0 for axis in view.axes):
        return say("cropped", language, board=times(view.plan.board))
    between = any(axis.apart > 1 and axis.size > 1 for axis in view.axes)
    return say("zeros" if between else "zeros_around", language, board=times(view.plan.board))


def _side(view: View, numbers: Numbers | None) -> float:
    most = max(view.board[1:])
    if numbers is None:
        room = 300 if view.board[0] == 1 else 130
        return float(min(28, max(10, room // most)))
    shown = (numbers.board(view), numbers.output[tuple(map(slice, view.output))], numbers.weights)
    texts = [short(value) for array in shown for value in array.ravel().tolist()]
    return max(34.0, max(text_width(text, NUMBER) for text in texts) + 6)
