"""Where the weights of a kernel land, stop by stop: on the numbers, on padding, on zeros between numbers.

A transposed convolution is drawn as the plain one it equals: over the same numbers with zeros between them and around
them, the kernel turned by 180 degrees (V. Dumoulin, F. Visin, arXiv:1603.07285, section 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

from convista import window

INPUT, PADDING, ZERO = "input", "padding", "zero"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a convolution. The *board* is the row of cells that the kernel slides over.

    Examples
    --------
    >>> axis = Axis(5, 3, stride=2, before=1, after=1)
    >>> axis.board, axis.output, [axis.taps(stop) for stop in range(axis.output)]
    (7, 3, [(0, 1, 2), (2, 3, 4), (4, 5, 6)])
    >>> Axis(3, 3, stride=2, transposed=True).reads(2)
    ((0, 2), (1, 0))
    """

    size: int
    kernel: int = 1
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1
    transposed: bool = False
    output_padding: int = 0

    @property
    def output(self) -> int:
        """How many stops there are."""
        if self.transposed:
            both = window.transposed_output_size(
                self.size, self.kernel, self.stride, self.before, self.output_padding, self.dilation
            )
            return both + self.before - self.after
        return window.output_size(self.size, self.kernel, self.stride, (self.before, self.after), self.dilation)

    @property
    def span(self) -> int:
        """How many cells the kernel spans, holes included."""
        return window.reach(self.kernel, self.dilation)

    @property
    def apart(self) -> int:
        """How many cells of the board it is from one number of the input to the next."""
        return self.stride if self.transposed else 1

    @property
    def step(self) -> int:
        """How many cells of the board it is from one stop to the next."""
        return 1 if self.transposed else self.stride

    @property
    def lead(self) -> int:
        """How many cells the board has before the input's first; negative: so many at the start are not read."""
        return self.span - 1 - self.before if self.transposed else self.before

    @property
    def tail(self) -> int:
        """The same after the last."""
        return self.span - 1 - self.after + self.output_padding if self.transposed else self.after

    @property
    def board(self) -> int:
        """How many cells the board has."""
        return max(self.lead, 0) + (self.size - 1) * self.apart + 1 + max(self.tail, 0)

    def taps(self, stop: int) -> tuple[int, ...]:
        """Return the cells of the board under the kernel's weights, from its first to its last, at a stop."""
        start = max(-self.lead, 0) + stop * self.step
        return tuple(start + place * self.dilation for place in range(self.kernel))

    def weight(self, place: int) -> int:
        """Return which weight lies on the place of the window: the kernel of a transposed one is turned round."""
        return self.kernel - 1 - place if self.transposed else place

    def source(self, cell: int) -> int | None:
        """Return which number of the input a cell of the board holds; None: a zero."""
        number, between = divmod(cell - max(self.lead, 0), self.apart)
        return number if not between and 0 <= number < self.size else None

    def kind(self, cell: int) -> str:
        """Return what a cell of the board is: "input", "zero" between two numbers, or "padding"."""
        if self.source(cell) is not None:
            return INPUT
        return ZERO if 0 <= cell - max(self.lead, 0) <= (self.size - 1) * self.apart else PADDING

    def reads(self, stop: int) -> tuple[tuple[int, int], ...]:
        """Return the numbers of the input that a stop multiplies, each with its weight's number."""
        pairs = ((self.source(cell), self.weight(place)) for place, cell in enumerate(self.taps(stop)))
        return tuple((number, weight) for number, weight in pairs if number is not None)

    @property
    def left_over(self) -> int:
        """How many numbers at the input's end no window reaches: the stride doesn't come out even."""
        if self.transposed:
            return 0
        return max(self.before + self.size - 1 - self.taps(self.output - 1)[-1], 0)


@dataclass(frozen=True, slots=True)
class Convolution:
    """A kernel over one, two or three axes: (cols), (rows, cols) or (depth, rows, cols).

    Examples
    --------
    >>> plane = Convolution((Axis(4, 3), Axis(5, 3)))
    >>> plane.output, plane.stops[0], plane.reads((0, 0))[:2]
    ((2, 3), (0, 0), [((0, 0), (0, 0)), ((0, 1), (0, 1))])
    """

    axes: tuple[Axis, ...]

    @property
    def transposed(self) -> bool:
        """Whether each number of the input lays the kernel down, rather than being read by it."""
        return self.axes[0].transposed

    @property
    def size(self) -> tuple[int, ...]:
        """Of the input."""
        return tuple(axis.size for axis in self.axes)

    @property
    def output(self) -> tuple[int, ...]:
        """The sizes of the output."""
        return tuple(axis.output for axis in self.axes)

    @property
    def board(self) -> tuple[int, ...]:
        """The sizes of what the kernel slides over."""
        return tuple(axis.board for axis in self.axes)

    @property
    def kernel(self) -> tuple[int, ...]:
        """Of the kernel, without holes."""
        return tuple(axis.kernel for axis in self.axes)

    @property
    def stops(self) -> list[tuple[int, ...]]:
        """All of them, the last axis first."""
        return list(product(*map(range, self.output)))

    @property
    def count(self) -> int:
        """How many stops there are."""
        return prod(self.output)

    def taps(self, stop: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Return the cells of the board under the weights, the last axis first."""
        return list(product(*(axis.taps(place) for axis, place in zip(self.axes, stop, strict=True))))

    def reads(self, stop: tuple[int, ...]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Return the numbers of the input that a stop multiplies, each with its weight's place."""
        each = [axis.reads(place) for axis, place in zip(self.axes, stop, strict=True)]
        return [(tuple(n for n, _ in pairs), tuple(w for _, w in pairs)) for pairs in product(*each)]
