"""The engines: what each can do, how long it would take, and how it is made ready.

A ready engine is called with an image (images, channels, rows, cols) and a place for the result (images, filters, rows,
cols), views of any memory. Numba and torch are loaded when one of theirs is made ready, not before.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Protocol, TypeAlias

import numpy as np

from convista.grid import plain
from convista.grid.precision import Array, saturate
from convista.grid.problem import Problem
from convista.grid.rates import Rates
from convista.grid.work import Work

Job: TypeAlias = Callable[[Array, Array], None]

COMPILED = "convista.grid.direct.sweep"
"""The module that is loaded once anything has been compiled."""
SMALL = 30_000
"""Multiply-adds up to which NumPy is done before Numba's first import would be (about 0.3 s)."""
MOST_EXACT_FILL = 2**53
MANY = 8
"""Channels from which the direct engine's pixels don't stay in the nearest cache."""
TORCH_LANES, TORCH_DOUBLE, TORCH_APART = 16, 4, 6
"""Over how many lanes torch lays filters, be they so many or not, how much longer it takes in float64, and how much
longer for the bytes of pixels between which other channels lie."""
ROW = 2000
"""Products that a row of results takes to begin and to end, its edges and all."""
ROLLED, WIDENED = 3, 4
"""Products a stop that keeping rows of 16-bit sums costs, and making 32 bits of them in the end."""
WHOLE_A_STEP, IN_LOOPS = 0.38, 1.5
"""How long a product of 16 bits takes, against one of float32, and how much longer where weights aren't written out."""
FLOATS_A_STEP = 0.8
"""How long a product of bytes takes whose float sums become bytes again, against one in two passes over the image."""
BETWEEN = 4
"""Products a stop that holding the sums between two passes costs."""
BYTES_A_STEP = 0.35
"""How long an addition of 16 bits takes, against a product of float32."""
ROWS_ALONE, STRIDED, MANY_CHANNELS = 2.7, 4, 2.5
"""How much longer the direct engine takes a product where no pixel serves several rows, none several stops, and over
many channels."""


SEEN = 0.1
"""The share of the shorter of products and memory traffic that the longer one does not hide."""


class Engine(Protocol):
    """One way to compute."""

    name: str

    def refusal(self, work: Work) -> str:
        """Return why it can't, or nothing."""

    def seconds(self, work: Work, rates: Rates) -> float:
        """Return about how long it would take."""

    def why(self, work: Work) -> str:
        """Return what speaks for it."""

    def prepare(self, work: Work) -> Job:
        """Make it ready."""


class _Plain:
    """NumPy: see `plain`."""

    name = "plain"

    def refusal(self, work: Work) -> str:  # noqa: ARG002 - it can do everything
        return ""

    def seconds(self, work: Work, rates: Rates) -> float:
        return rates.plain_call + rates.plain * work.problem.multiply_adds

    def why(self, work: Work) -> str:
        return f"{work.problem.multiply_adds:,} multiply-adds are done before a compiled engine is loaded"

    def prepare(self, work: Work) -> Job:
        problem, kind = work.problem, work.problem.precision.work
        weights, bias = work.weights.astype(kind, copy=False), work.bias.astype(kind, copy=False)

        def fill(image: Array, out: Array) -> None:
            with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity are numbers here, not surprises
                sums = plain.convolve(problem, image.astype(kind, copy=False), weights, bias)
            out[...] = saturate(sums, problem.precision.result)

        return fill


class _Direct:
    """Every product, in registers: see `direct`."""

    name = "direct"

    def refusal(self, work: Work) -> str:
        return _too_large(work)

    def seconds(self, work: Work, rates: Rates) -> float:
        from convista.grid.direct import bank  # loads numba
        from convista.grid.ready import sums_of

        problem, sums = work.problem, sums_of(work.problem.precision)
        if bank.suits(problem, sums):
            return rates.call + _shared(work, rates.direct * _width(work) * bank.cost(problem, sums), rates)
        many = problem.channels // problem.groups >= MANY
        products = problem.multiply_adds * _alone(problem) * (MANY_CHANNELS if many else 1)
        copied = any(map(any, problem.pads)) and problem.kernel != (3, 3)  # the edges of that one are met in place
        rows = problem.images * problem.filters * problem.output_size[0] * copied
        each = rates.direct * _width(work)
        return rates.call + _shared(work, each * (products + ROW * rows), rates)

    def why(self, work: Work) -> str:
        problem = work.problem
        rows, cols = problem.kernel
        from convista.grid.direct import bank  # loads numba
        from convista.grid.ready import sums_of

        if bank.suits(problem, sums_of(problem.precision)):
            return f"{problem.filters // problem.groups} filters lie side by side in vectors, and share each pixel"
        return f"{rows} x {cols} weights a stop, multiplied and added in registers straight from the image"

    def prepare(self, work: Work) -> Job:
        from convista.grid import direct  # loads numba

        return direct.prepare(work.problem, work.weights, work.bias, work.threads)


class _Separable:
    """Down the columns, then along the rows: see `separable`."""

    name = "separable"

    def refusal(self, work: Work) -> str:
        if work.problem.stride != (1, 1):
            return "it takes steps of 1 only"
        if not work.finite:
            return "a weight is not finite"
        return _too_large(work) if work.factors else "the kernel is not a column times a row"

    def seconds(self, work: Work, rates: Rates) -> float:
        rows, cols = work.problem.kernel
        if work.scale is not None:
            stops = work.problem.multiply_adds // (rows * cols)
            return rates.call + _shared(work, rates.passes * BYTES_A_STEP * (cols + BETWEEN) * stops, rates)
        if work.whole is not None:
            steps = rows + cols + ROLLED + WIDENED * (work.problem.precision.result.itemsize == 4)
            each = rates.passes * WHOLE_A_STEP * (1 if rows == cols and rows in (3, 5) else IN_LOOPS)
            products = each * steps * (work.problem.multiply_adds // (rows * cols)) / work.threads
            return rates.call + products + SEEN * rates.memory * work.problem.bytes  # few bytes: never bound by memory
        stops = work.problem.multiply_adds // (rows * cols)
        if work.rolls:
            return rates.call + _shared(work, rates.passes * FLOATS_A_STEP * (rows + cols + 1) * stops, rates)
        passes = stops * (rows + cols + BETWEEN)
        return rates.call + _shared(work, rates.passes * _width(work) * passes, rates)

    def why(self, work: Work) -> str:
        rows, cols = work.problem.kernel
        if work.scale is not None:
            return f"{rows} x {cols} equal weights: exact sums of bytes slide down the columns and are scaled once"
        if work.whole is not None:
            return (
                f"a column times a row, whole numbers over bytes: {rows} + {cols} exact products a stop in 16-bit lanes"
            )
        once = ", and sums become bytes again in the same pass" if work.rolls else ""
        return f"the kernel is a column times a row: {rows} + {cols} products a stop in place of {rows * cols:,}{once}"

    def prepare(self, work: Work) -> Job:
        from convista.grid import separable  # loads numba

        columns, rows = work.factors or (work.weights, work.weights)
        return separable.prepare(work.problem, columns, rows, work.bias, work.scale, work.whole, work.threads)


class _Fourier:
    """Spectra in place of windows: see `fourier`."""

    name = "fourier"

    def refusal(self, work: Work) -> str:
        from convista.grid import fourier  # loads numba

        return fourier.refusal(work.problem, work.weights)

    def seconds(self, work: Work, rates: Rates) -> float:
        from convista.grid.fourier import cycles

        return rates.fourier_call + _shared(work, rates.fourier * cycles(work.problem), rates)

    def why(self, work: Work) -> str:
        rows, cols = work.problem.kernel
        return f"{rows} x {cols} weights cost less as a spectrum, tile by tile, than one by one at every stop"

    def prepare(self, work: Work) -> Job:
        from convista.grid import fourier  # loads numba

        kind = work.problem.precision.work
        return fourier.prepare(work.problem, work.weights.astype(kind), work.bias.astype(kind), work.threads)


class _Torch:
    """PyTorch's own convolution: see `by_torch`."""

    name = "torch"

    def refusal(self, work: Work) -> str:
        precision = work.problem.precision
        if precision.work.kind == "i":
            return f"integer sums ({precision.work}) are made exactly by the plain and the direct engine"
        return "" if find_spec("torch") else "torch is not installed"

    def seconds(self, work: Work, rates: Rates) -> float:
        problem = work.problem
        if "torch" not in sys.modules:
            return math.inf  # loading it takes a second or more
        filters = problem.filters // problem.groups
        laid = -(-filters // TORCH_LANES) * TORCH_LANES / filters
        double = TORCH_DOUBLE if problem.precision.sums.itemsize == 8 else 1
        products = problem.multiply_adds * _on_image(problem) * laid * double
        moved = problem.bytes * (TORCH_APART if problem.has_channels_between else 1)
        return rates.torch_call + _shared(work, rates.torch * products + rates.torch_byte * moved, rates)

    def why(self, work: Work) -> str:
        channels = work.problem.channels // work.problem.groups
        return f"{channels} channels meet each filter, and torch's matrix kernels share them best"

    def prepare(self, work: Work) -> Job:
        from convista.grid import by_torch  # loads torch

        return by_torch.prepare(work.problem, work.weights, work.bias, work.threads)


ENGINES: dict[str, Engine] = {
    engine.name: engine for engine in (_Plain(), _Direct(), _Separable(), _Fourier(), _Torch())
}


def compiled_is_loaded() -> bool:
    """Whether this process has compiled code at hand."""
    return COMPILED in sys.modules


def _too_large(work: Work) -> str:
    """Return what is wrong with a fill value that compiled code, to which it is a float64, doesn't hold exactly."""
    if work.problem.precision.work.kind != "i" or abs(work.problem.fill) <= MOST_EXACT_FILL:
        return ""
    return f"it holds no fill as large as {work.problem.fill:.3g} exactly"


def _width(work: Work) -> float:
    """Return how much longer numbers take than float32, by their size; small exact integers take half."""
    precision = work.problem.precision
    if precision.work.kind == "i":
        return 0.5 if precision.largest < 2**15 else 1 if precision.largest < 2**24 else 2
    return precision.sums.itemsize / 4


def _shared(work: Work, seconds: float, rates: Rates) -> float:
    """Return how long work takes on the threads there are; memory gives all together no more than it has."""
    products, memory = seconds / work.threads, rates.memory * work.problem.bytes
    return max(products, memory) + SEEN * min(products, memory)


def _alone(problem: Problem) -> float:
    """Return how much longer products take that share fewer pixels."""
    if max(problem.stride) > 1:
        return STRIDED
    return ROWS_ALONE if problem.dilation[0] > 1 or problem.kernel[0] < 3 else 1


def _on_image(problem: Problem) -> float:
    """Return the share of products whose pixel lies on the image; torch leaves out those of the zeros around it."""
    if problem.padding_mode != "zeros":
        return 1
    terms = zip(
        problem.size, problem.pads, problem.kernel, problem.stride, problem.dilation, problem.output_size, strict=True
    )
    return math.prod(_share(size, before, *rest) for size, (before, _), *rest in terms)


def _share(size: int, before: int, kernel: int, stride: int, dilation: int, stops: int) -> float:
    """Return the share along one axis.

    >>> _share(7, 1, 3, 1, 1, 7)  # each of the outer weights hangs over at one of seven stops
    0.904...
    """
    met = 0
    for start in range(-before, -before + kernel * dilation, dilation):  # where the first stop has this weight
        first, last = (min(max(-(-edge // stride), 0), stops) for edge in (-start, size - start))
        met += last - first
    return met / max(1, kernel * stops)
