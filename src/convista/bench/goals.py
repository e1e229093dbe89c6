"""What each group of cells must reach. Goals are data: the report prints them beside what was reached."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from convista.bench.record import OURS, Result


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on every cell of a group."""

    least: float | None = None
    """The smallest ratio theirs / ours, against the best peer."""
    most: float | None = None
    """The largest value of ours, in the group's unit."""
    over: str = ""
    """Only the peers whose name begins so; empty: all."""
    as_exact: bool = False
    """A slower peer that is more exact than we are doesn't count: it is met with precision="high". One that is
    quicker as well as more exact always counts."""

    of_errors: bool = False
    """The ratio is of errors, theirs / ours, not of seconds."""

    @property
    def text(self) -> str:
        """Return the goal in words.

        >>> Goal(least=5, over="torch").text, Goal(most=0.35).text
        ('5.00 or more over torch', '0.35 or less')
        >>> Goal(least=0.8, over="torch", of_errors=True).text
        'error: 0.80 or more over torch'
        """
        if self.least is None:
            return f"{self.most or 0:.2f} or less"
        return "error: " * self.of_errors + f"{self.least:.2f} or more" + (f" over {self.over}" if self.over else "")

    @property
    def about(self) -> str:
        """Return what tells this goal from others of its group.

        >>> Goal(least=0.8, over="torch", of_errors=True).about, Goal(least=2).about
        (' (error, torch)', '')
        """
        words = ", ".join(["error"] * self.of_errors + [self.over] * bool(self.over))
        return f" ({words})" if words else ""

    def figure(self, result: Result) -> float | None:
        """Return the number of a cell that the goal is about; None where it was not measured."""
        if self.most is not None:
            return result.values[OURS].median if OURS in result.values else None
        if self.of_errors:
            return self._of_errors(result)
        counted = [spread.median for name, spread in result.ratios.items() if self.counts(name, result)]
        return min(counted, default=None)

    def counts(self, peer: str, result: Result) -> bool:
        """Return whether a peer stands for this goal."""
        set_aside = self.as_exact and is_more_exact(peer, result) and result.ratios[peer].median >= 1
        return peer.startswith(self.over) and not set_aside

    def _of_errors(self, result: Result) -> float | None:
        """Return the smallest peer's error over ours; two errors of zero are alike."""
        ours = result.errors.get(OURS)
        theirs = [error for name, error in result.errors.items() if name != OURS and name.startswith(self.over)]
        if ours is None or not theirs:
            return None
        return min(theirs) / ours if ours else 1.0

    def is_met(self, figure: float) -> bool:
        """Return whether one cell reaches it."""
        return figure >= self.least if self.least is not None else figure <= (self.most or 0)

    def worst(self, figures: list[float]) -> float:
        """Return the figure that is farthest from the goal, or farthest within it."""
        return min(figures) if self.least is not None else max(figures)

    def verdict(self, figures: list[float]) -> str:
        """Return in words whether the worst cell reaches it.

        >>> Goal(least=1.3).verdict([1.5, 1.21]), Goal(least=1.3).verdict([1.5]), Goal(least=1.3).verdict([])
        ('missed (1.21 of 1.30)', 'met', 'not measured')
        """
        if not figures:
            return "not measured"
        worst = self.worst(figures)
        if self.is_met(worst):
            return "met"
        return f"missed ({_short(worst)} of {_short(self.least if self.most is None else self.most)})"


@dataclass(frozen=True, slots=True)
class Group:
    """Cells that share a goal."""

    title: str
    goals: tuple[Goal, ...] = field(default=())
    unit: str = "s"


LESS_ERROR = 1.25
"""A peer's error so many times below ours makes it more exact; less is the luck of the numbers."""


def is_more_exact(peer: str, result: Result) -> bool:
    """Return whether a peer's error is clearly below ours."""
    ours, theirs = result.errors.get(OURS), result.errors.get(peer)
    return ours is not None and theirs is not None and ours > LESS_ERROR * theirs


def figures(goal: Goal, results: list[Result]) -> list[float]:
    """Return the numbers that a goal is about, one for each cell that has one."""
    return [figure for figure in map(goal.figure, results) if figure is not None]


def middle(numbers: list[float]) -> float:
    """Return the median."""
    return statistics.median(numbers)


def _short(number: float | None) -> str:
    return f"{number or 0:.3g}" if (number or 0) < 0.1 else f"{number:.2f}"


AS_EXACT = Goal(least=2.0, as_exact=True)
NO_WORSE = 1 / LESS_ERROR
AS_TORCH = Goal(least=NO_WORSE, over="torch", of_errors=True)
AS_CV2 = Goal(least=NO_WORSE, over="cv2", of_errors=True)

GROUPS: dict[str, Group] = {
    "k3": Group("1 channel, same, K = 3, to 2048", (Goal(least=1.3), AS_TORCH)),
    "k3-large": Group("1 channel, same, K = 3, 4096 and 8192", (Goal(least=1.1), AS_TORCH)),
    "k5-11-small": Group("1 channel, same, K = 5 to 11, at 256", (Goal(least=1.5), AS_TORCH)),
    "k5-11": Group("1 channel, same, K = 5 to 11, from 1024", (Goal(least=1.9), AS_TORCH)),
    "k15-63": Group("1 channel, same, K = 15 to 63, peers as exact", (AS_EXACT, AS_TORCH)),
    "k15-63-high": Group('1 channel, same, K = 15 to 63, "high"', (Goal(least=2.0), AS_CV2)),
    "offset": Group("offset 1e4, kernel of zero mean", (Goal(least=NO_WORSE, of_errors=True),)),
    "offset-high": Group('offset 1e4, kernel of zero mean, "high"', (Goal(least=NO_WORSE, of_errors=True),)),
    "out-k3": Group("out= given, K = 3", (Goal(least=1.3),)),
    "out-k5-11-small": Group("out= given, K = 5 to 11, at 256", (Goal(least=1.5),)),
    "out-k5-11": Group("out= given, K = 5 to 11, from 1024", (Goal(least=1.9),)),
    "out-k15-63": Group('out= given, K = 15 to 63, "high"', (Goal(least=2.0),)),
    "separable-small": Group("separable, K = 3 and 5"),
    "separable": Group("separable, K = 7 to 63", (Goal(least=1.5),)),
    "stack": Group("10,000 images of 28 x 28", (Goal(least=5, over="torch"), Goal(least=2, over="cv2"))),
    "colour": Group("RGB interleaved, each channel", (Goal(least=1.6),)),
    "bytes": Group("uint8 in: Sobel, float32 and saturated", (Goal(least=1.5),)),
    "bytes-smooth": Group("uint8 box and Gaussian to uint8", (Goal(least=1.0),)),
    "banks": Group("a bank on 1 or 3 channels, stride 1", (Goal(least=1.05),)),
    "layers": Group("strided, many-channel, 1x1 layers", (Goal(least=0.95),)),
    "share": Group("K = 5 to 11: share of sgemm's rate", (Goal(least=0.65),)),
    "copy": Group("K = 3 at 4096 against a plain-store copy", (Goal(least=1.0, over="np.positive"),)),
    "planner": Group("the planner against each forced engine", (Goal(least=1 / 1.1),)),
    "call": Group("one image of 28 x 28"),
    "import": Group("importing the engine, seconds", (Goal(most=0.35),)),
    "first-call": Group("first call, nothing compiled, seconds", (Goal(most=0.1),)),
    "warm-call": Group("first compiled call, warm cache"),
    "memory": Group("peak memory / (input + output)", (Goal(most=1.2),), unit="x"),
}
"""By the name that `--only` finds."""
