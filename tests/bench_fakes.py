"""A peer of the benchmarks that does what a test wants, and results without a measurement."""

from dataclasses import dataclass

import numpy as np
import scipy.ndimage

from convista.bench.cell import Cell
from convista.bench.contender import Contender
from convista.bench.record import Result, Spread

TINY = Cell("tiny", "k3", ("fake",), (1, 1, 12, 15), (1, 1, 3, 3))


@dataclass
class FakePeer:
    """SciPy's sum plus `wrong`; or an exception; or not there."""

    wrong: float = 0.0
    fault: Exception | None = None
    is_there: bool = True
    package: str = "fake-package"
    setting: str = "none"
    spins: float = 0.0

    def builder(self):
        def build(cell, data, threads):
            if self.fault:
                raise self.fault
            exact = scipy.ndimage.correlate(data.image, data.kernel, mode="mirror")
            return Contender(
                "", lambda: exact + np.float32(self.wrong), lambda result: result[None, None], spins=self.spins
            )

        return build


def result(cell="256 K=3 reflect", group="k3", threads=1, ours=1.0, errors=None, left_out=None, **ratios):
    """A result with these ratios; names have _ for the dot."""
    named = {name.replace("_", "."): value for name, value in ratios.items()}
    values = {"convista": ours} | {name: ours * value for name, value in named.items()}
    spreads = [{name: Spread(value, value, value) for name, value in each.items()} for each in (values, named)]
    return Result(cell, group, threads, *spreads, errors=errors or {}, left_out=left_out or {})
