"""The clock: contenders side by side, round after round, so that a slow moment slows all of them."""

from __future__ import annotations

import gc
import math
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from convista.bench.contender import Run
from convista.bench.record import OURS, Spread

LEAST_SECONDS = 0.02
"""As long as each contender works in a round, at least."""

PAUSE = 0.005
"""Between two turns where contenders have threads of their own."""

ROUNDS, QUICK_ROUNDS = 9, 5

Clock = Callable[[], float]


def once(run: Run, repeats: int = 1, clock: Clock = time.perf_counter) -> float:
    """Return the seconds of one call, of so many in a row."""
    start = clock()
    for _ in range(repeats):
        run()
    return (clock() - start) / repeats


def rounds_of(
    runs: Mapping[str, Run],
    rounds: int,
    least: float = LEAST_SECONDS,
    pause: float = 0.0,
    clock: Clock = time.perf_counter,
) -> dict[str, list[float]]:
    """Return the seconds of one call in each round, by contender.

    The order is another one in each round, so that nobody always follows the same neighbour, and before each turn the
    threads of the one before get `pause` seconds to fall asleep: many pools spin for a while after their work.
    """
    repeats = {name: max(1, math.ceil(least / max(once(run, 1, clock), 1e-9))) for name, run in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    collecting = gc.isenabled()
    gc.disable()  # else one contender pays for the garbage of another
    try:
        for number in range(rounds):
            for name in _order(list(runs), number):
                time.sleep(pause)
                seconds[name].append(_turn(runs[name], repeats[name], clock))
    finally:
        if collecting:
            gc.enable()
    return seconds


def _order(names: list[str], number: int) -> list[str]:
    """Return the names in an order of the round's own, the same in each run."""
    return random.Random(number).sample(names, len(names))  # noqa: S311  # no secret


def _turn(run: Run, repeats: int, clock: Clock) -> float:
    if repeats > 1:
        run()  # wakes its threads and fetches its memory; to a call as long as a turn that makes no difference
    return once(run, repeats, clock)


def spread(numbers: Sequence[float]) -> Spread:
    """Return the median and the quartiles.

    >>> spread([4.0, 1.0, 3.0, 2.0, 5.0])
    Spread(median=3.0, low=2.0, high=4.0)
    """
    if len(numbers) == 1:
        return Spread(numbers[0], numbers[0], numbers[0])
    low, middle, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return Spread(middle, low, high)


def ratios(seconds: Mapping[str, Sequence[float]]) -> dict[str, Spread]:
    """Return theirs / ours of each round, by peer.

    >>> ratios({"convista": [1.0, 2.0, 1.0], "cv2": [2.0, 2.0, 1.0]})["cv2"].median
    1.0
    """
    ours = seconds.get(OURS, ())
    if not ours:
        return {}
    return {
        name: spread([theirs / own for theirs, own in zip(each, ours, strict=True)])
        for name, each in seconds.items()
        if name != OURS
    }
