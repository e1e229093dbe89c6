"""Convolutions that were asked for before: what was decided then, and the engine that was made ready.

Reading a problem and choosing an engine takes longer than a small image does. Here the same question, down to how the
memory lies and which numbers the kernel holds, finds its answer again.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from convista.grid import planner, threads
from convista.grid.engines import Job, compiled_is_loaded
from convista.grid.precision import Array
from convista.grid.problem import Problem, read_bias, read_kernel_argument, read_problem
from convista.grid.work import Work
from convista.kernel import Kernel

MOST = 128
"""Questions that are remembered; the oldest is forgotten first."""
MOST_WEIGHT_BYTES, MOST_SPECTRUM_BYTES, MOST_BYTES = 2**22, 2**18, 2**25
"""Of a kernel whose numbers are part of a question; of one whose spectra, many times as large, are kept; of all kernels
that are remembered."""
LOOKED_AT = 2**12
"""Bytes of a kernel that its hash is made of: kernels that differ only farther on are told apart by comparing them."""


class Terms(NamedTuple):
    """The arguments of `conv2d` that say what is to be computed."""

    stride: Any
    padding: Any
    dilation: Any
    groups: int
    padding_mode: str
    fill: float
    flip: bool
    dtype: Any
    batch: bool
    channels_last: bool
    precision: str

    def problem(self, image: Array, weights: Any, bias: Any) -> Problem:
        """Return the problem that they pose for an image and a kernel."""
        return read_problem(
            image, weights, bias, stride=self.stride, padding=self.padding, dilation=self.dilation, groups=self.groups,
            padding_mode=self.padding_mode, fill=self.fill, dtype=self.dtype, batch=self.batch,
            channels_last=self.channels_last, precision=self.precision,
        )  # fmt: skip


class Numbers(NamedTuple):
    """Many numbers, quick to look up."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    data: bytes

    def __hash__(self) -> int:
        """Look at the beginning only: at all weights of a layer it would take longer than comparing them does."""
        return hash((self.shape, self.data[:LOOKED_AT]))


@dataclass(frozen=True, slots=True)
class Ready:
    """A question's answer."""

    problem: Problem
    shape: tuple[int, ...]
    """Of the result."""
    job: Job
    weight_bytes: int
    """Of the kernel, which is kept as part of the question and in the engine's own order."""


_known: dict[Any, Ready] = {}


def known(image: Any, kernel: Any, bias: Any, terms: tuple[Any, ...], engine: str, threads: int | None) -> Ready | None:
    """Return what was made ready for NumPy's own arrays when the question was asked before."""
    if type(image) is not np.ndarray:
        return None
    try:
        return _known.get(_key(image, kernel, bias, terms, engine, threads))
    except TypeError:  # a list or an array among the arguments
        return None


def ready(image: Array, kernel: Any, bias: Any, terms: tuple[Any, ...], engine: str, wanted: int | None) -> Ready:
    """Return the engine made ready for an image of this kind, from memory where the question was asked before."""
    answer = known(image, kernel, bias, terms, engine, wanted)
    if answer is not None:
        return answer
    work = read(image, kernel, bias, Terms(*terms), threads.thread_count(wanted))
    own = replace(work, weights=work.weights.copy(), bias=work.bias.copy())  # the caller may change his numbers later
    plan = planner.choose(own, engine)
    answer = Ready(work.problem, work.problem.output_shape, planner.prepare(plan, own), own.weights.nbytes)
    small = plan.engine != "fourier" or answer.weight_bytes <= MOST_SPECTRUM_BYTES
    if small and not work.problem.precision.by_values:
        _remember(_key(image, kernel, bias, terms, engine, wanted), answer)
    return answer


def read(image: Array, kernel: Any, bias: Any, terms: Terms, count: int) -> Work:
    """Return the problem with its numbers, everything checked."""
    weights, biases = read_kernel_argument(kernel, flip=terms.flip), read_bias(bias)
    problem = terms.problem(image, weights, biases)
    return planner.work_of(problem, weights.array, None if biases is None else biases.array, count)


def _key(image: Array, kernel: Any, bias: Any, terms: tuple[Any, ...], engine: str, wanted: int | None) -> Any:
    """Return all that an answer depends on, None where that is more than is worth comparing."""
    numbers, shift = _numbers(kernel), None if bias is None else _numbers(bias)
    if numbers is None or (bias is not None and shift is None):
        return None
    loaded = "torch" in sys.modules, compiled_is_loaded(), threads.forked()
    return image.shape, image.strides, image.dtype, numbers, shift, terms, engine, wanted, loaded


def _numbers(thing: Any) -> Any:
    if type(thing) is np.ndarray:
        if thing.nbytes > MOST_WEIGHT_BYTES:
            return None
        numbers = thing.shape, thing.dtype, thing.tobytes()
        return numbers if thing.nbytes <= LOOKED_AT else Numbers(*numbers)
    return thing if isinstance(thing, (Kernel, float, int)) else None


def _remember(key: Any, answer: Ready) -> None:
    """Keep an answer, if its question can be compared with others."""
    try:
        hash(key)
    except TypeError:
        return
    if key is None:
        return
    room = MOST_BYTES - answer.weight_bytes
    while len(_known) >= MOST or sum(each.weight_bytes for each in list(_known.values())) > room:
        _known.pop(next(iter(_known), None), None)
    _known[key] = answer


def forget() -> None:
    """Ask all questions anew."""
    _known.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)  # answers hold the parent's number of threads
