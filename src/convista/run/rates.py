"""A learning rate looked for: the sweep, the suggestion, and its picture."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convista.dataset import load_dataset
from convista.files import write_text
from convista.picture.rates import rate_chart
from convista.run.order import Order, network_of, settings_of, words_of
from convista.training import Settings, Sweep, find_sweep


@dataclass(frozen=True)
class FoundRate:
    """A learning rate, and what it rests on."""

    sweep: Sweep

    @property
    def rate(self) -> float:
        """The suggestion: a tenth of the rate at which the smoothed loss was lowest."""
        return self.sweep.suggestion

    @property
    def why(self) -> str:
        """The rule with its numbers, in a sentence."""
        return self.sweep.why

    def chart(self) -> str:
        """Return the plot as SVG."""
        sweep = self.sweep
        return rate_chart(sweep.rates, sweep.losses, sweep.smoothed, sweep.suggestion, alone=True)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the plot as an SVG file, whole or not at all."""
        if Path(path).suffix.lower() != ".svg":
            raise ValueError(f'path (="{path}") must end in .svg')
        write_text(path, self.chart())
        return Path(path)

    def _repr_svg_(self) -> str:
        return self.chart()


def find_rate(
    data: str | os.PathLike[str] = "mnist_sample",
    *,
    size: int | tuple[int, int] | None = None,
    network: str = Settings.network,
    model: str | Callable[..., Any] | None = None,
    **recipe: Any,
) -> FoundRate:
    """Look for a learning rate: up to 100 steps with a rate that grows from 1e-6 to 10.

    The suggestion is a tenth of the rate at which the smoothed loss was lowest, for use as the peak of a cycle:
    ``train(rate="auto")`` does both. Nothing is left behind, and torch's random numbers stay as they were.

    Parameters
    ----------
    data, size, network, model, **recipe
        As those of `train`.

    Examples
    --------
    >>> found = find_rate(network="3x3/2 4, mean", batch=64, precision="float32")
    >>> 1e-6 < found.rate < 10, found.why.split(",")[0].startswith("a tenth of")
    (True, True)
    """
    settings = settings_of({"network": network_of(network, model)}, recipe)
    order = Order(words_of(data), size, None, settings)
    return FoundRate(find_sweep(load_dataset(order.data, size=order.image_size), settings))
