"""Measuring this machine: one small problem for each of the planner's rates, a second or two in all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from convista.grid import recall
from convista.grid.convolution import conv2d, plan
from convista.grid.planner import Plan
from convista.grid.rates import Rates, keep, rates

ROUNDS = 7
LEAST_SECONDS = 2e-3


def calibrate() -> Rates:
    """Measure on one thread, keep what came out for this kind of processor, and return it."""
    now = rates()
    image, large = _image(512), _image(2048)
    call = _seconds(_image(32), 3, "direct")
    plain_call = _seconds(_image(8), 3, "plain")
    direct = (_seconds(image, 9, "direct") - call) / _products(image, 9)
    passes = (_seconds(image, 15, "separable") - call) / (_products(image, 15) / 225 * 34)
    fourier_call = call + 2e-5
    found = {
        "call": call,
        "plain_call": plain_call,
        "plain": (_seconds(_image(128), 5, "plain") - plain_call) / _products(_image(128), 5),
        "direct": direct,
        "passes": passes,
        "fourier_call": fourier_call,
        "fourier": now.fourier * (_seconds(image, 31, "fourier") - fourier_call) / _expected(image, 31, now),
        "memory": _seconds(large, 3, "direct") / _plan(large, 3, "direct").bytes,
    }
    if find_spec("torch"):
        found |= dict(_torch())
    measured = Rates(**{name: max(value, 1e-13) for name, value in found.items()}, measured=True)
    keep(measured)
    recall.forget()
    return measured


def _torch() -> Iterator[tuple[str, float]]:
    """Yield torch's rates: a call, a multiply-add of many channels, a byte where one weight meets each pixel."""
    random = np.random.default_rng(0)
    call = timed(lambda: conv2d(_image(8), np.ones((3, 3), "float32"), engine="torch", threads=1))
    yield "torch_call", call
    image = random.random((16, 64, 28, 28), "float32")
    terms: dict[str, Any] = {"engine": "torch", "threads": 1}
    taken, asked = [], []
    for side in (3, 1):
        kernel = random.random((64, 64, side, side), "float32")
        asked.append(plan(image, kernel, **terms).problem)
        taken.append(timed(lambda k=kernel: conv2d(image, k, **terms)) - call)  # type: ignore[misc]
    counts = [(problem.multiply_adds, problem.bytes) for problem in asked]
    yield from zip(("torch", "torch_byte"), map(float, np.linalg.solve(counts, taken)), strict=True)


def _image(size: int) -> Any:
    return np.random.default_rng(size).random((size, size), "float32")


def _kernel(size: int, engine: str) -> Any:
    random = np.random.default_rng(size)
    if engine == "separable":
        return np.outer(random.random(size), random.random(size)).astype("float32")
    return random.random((size, size), "float32")


def _plan(image: Any, size: int, engine: str) -> Plan:
    return plan(image, _kernel(size, engine), engine=engine, threads=1, padding="same", padding_mode="reflect")


def _products(image: Any, size: int) -> int:
    return int(image.size) * size * size


def _expected(image: Any, size: int, now: Rates) -> float:
    """Return the seconds that the Fourier engine is expected to take at today's rates, without the call."""
    return _plan(image, size, "fourier").seconds - now.fourier_call


def _seconds(image: Any, size: int, engine: str) -> float:
    kernel = _kernel(size, engine)
    return timed(lambda: conv2d(image, kernel, engine=engine, threads=1, padding="same", padding_mode="reflect"))


def timed(run: Callable[[], Any]) -> float:
    """Return the median seconds of a call, each time of as many as take two milliseconds."""
    run()
    start = time.perf_counter()
    run()
    repeats = max(1, round(LEAST_SECONDS / max(time.perf_counter() - start, 1e-7)))
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        rounds.append((time.perf_counter() - start) / repeats)
    return statistics.median(rounds)


SMOOTH, SLOPE = np.outer((0.3, 0.4, 0.3), (0.3, 0.4, 0.3)).astype(np.float32), np.outer((1, 2, 1), (1, 0, -1))
"""Kernels over bytes that are separable, but no box: one of fractions, one of whole numbers."""


def warm() -> int:
    """Compile what images of usual types need, into the folder that later processes read; return how many problems.

    Images of uint8, float32 and float64, with results of their own kind and of uint8, on every compiled engine.
    """
    done = 0
    for kind, result in (("uint8", None), ("uint8", "uint8"), ("float32", None), ("float64", None)):
        image = np.ones((40, 80), kind)
        for engine in ("direct", "separable", "fourier"):
            for weights in (np.ones((3, 3), "float32"), np.ones((3, 3), int)):
                if engine == "fourier" and kind == "uint8" and weights.dtype.kind == "i":
                    continue
                conv2d(image, weights, padding="same", dtype=result, engine=engine)
                done += 1
    for weights, results in ((SMOOTH, ("uint8",)), (SLOPE, ("int16", "int32", "float32"))):
        for result in results:
            conv2d(np.ones((40, 80), np.uint8), weights, padding="same", dtype=result, engine="separable")
            done += 1
    return done
