"""What a sweep over learning rates found, and the rate it suggests: a record, without torch.

Source of the rule: J. Howard, S. Gugger, "Deep learning for coders with fastai and PyTorch", chapter 5: the rate of the
lowest loss, divided by ten.
"""

from __future__ import annotations

from dataclasses import dataclass

BELOW_LOWEST = 10.0
"""The suggestion is the rate of the lowest smoothed loss, divided by this."""
CLEAR = 0.95
"""A loss that fell to no less than this share of the first says nothing about the rate."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep over the learning rates found."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    """The mean of the losses so far, where each counts 0.9 times as much as the next."""

    @property
    def lowest(self) -> int:
        """The place of the lowest smoothed loss."""
        return self.smoothed.index(min(self.smoothed))

    @property
    def suggestion(self) -> float:
        """A tenth of the rate at which the smoothed loss was lowest, to two digits."""
        return float(f"{self.rates[self.lowest] / BELOW_LOWEST:.2g}")

    @property
    def is_clear(self) -> bool:
        """Whether the loss fell enough to say something."""
        return self.smoothed[self.lowest] < CLEAR * self.smoothed[0]

    @property
    def why(self) -> str:
        """The rule and its numbers, in a sentence."""
        first, low, rate = self.smoothed[0], self.smoothed[self.lowest], self.rates[self.lowest]
        doubt = "" if self.is_clear else "; it hardly fell, so take this as a guess"
        return (
            f"a tenth of {rate:.2g}, where the smoothed loss was lowest ({first:.3g} at the start, {low:.3g} there)"
            f"{doubt}"
        )
