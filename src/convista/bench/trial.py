"""One cell: prepare everyone, check the numbers, leave the hopeless out, then measure side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from convista.bench import data as numbers
from convista.bench.cell import Cell
from convista.bench.contender import Contender, UnfitError
from convista.bench.exact import error, tolerance
from convista.bench.measuring import LEAST_SECONDS, PAUSE, once, ratios, rounds_of, spread
from convista.bench.record import OURS, Result

HOPELESS_SECONDS, HOPELESS_TIMES = 0.25, 8.0
"""A peer that takes longer than the first, and so many times as long as the quickest peer, is left out."""

ENGINES = "engines"
"""In place of a peer: every engine that can do the cell, forced."""


@dataclass(slots=True)
class Field:
    """Who takes part, and who doesn't and why."""

    contenders: dict[str, Contender] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def drop(self, name: str, why: str) -> None:
        """Leave one out."""
        self.contenders.pop(name, None)
        self.left_out[name] = why


def measure(cell: Cell, threads: int, rounds: int, least: float = LEAST_SECONDS) -> Result:
    """Return what came out of a cell; nothing is timed where there is nothing to compare with."""
    entered, data = Field(), numbers.make(cell)
    _enter(entered, OURS, cell, data, threads)
    for name in _hopeful(cell, threads, entered) if entered.contenders else ():
        _enter(entered, name, cell, data, threads)
    check(cell, data, entered)
    _drop_hopeless(entered)
    if OURS not in entered.contenders:
        return Result(cell.name, cell.group, threads, errors=entered.errors, left_out=entered.left_out)
    runs = {name: each.run for name, each in entered.contenders.items()}
    seconds = rounds_of(runs, rounds, least, pause(entered.contenders.values(), threads))
    scaled = {name: [each * entered.contenders[name].scale for each in found] for name, found in seconds.items()}
    return Result(
        cell.name, cell.group, threads, {name: spread(each) for name, each in scaled.items()}, ratios(scaled),
        entered.errors, entered.left_out,
    )  # fmt: skip


def pause(contenders: Iterable[Contender], threads: int) -> float:
    """Return the seconds before each turn in which everybody's threads fall asleep; none where there is one thread.

    Else who comes next shares his processors with threads that only wait, and is measured at half his speed.
    """
    return max([PAUSE, *(each.spins for each in contenders)]) if threads > 1 else 0.0


def check(cell: Cell, data: numbers.Data, entered: Field) -> None:
    """Drop who has wrong numbers, ourselves as well."""
    for name, contender in list(entered.contenders.items()):
        if contender.is_roof:
            continue
        try:
            found = error(cell, data, contender, contender.nchw(contender.run()))
        except Exception as fault:  # whatever a peer throws, the others are still measured
            entered.drop(name, _sentence(fault))
            continue
        entered.errors[name] = found
        if not found <= tolerance(cell):
            entered.drop(name, f"wrong numbers: an error of {found:.2g}, allowed {tolerance(cell):g}")


def hopeless(estimates: Mapping[str, float]) -> dict[str, float]:
    """Return who would take so long, and be so far behind, that measuring would say nothing more.

    >>> hopeless({"quick": 0.1, "slow": 3.0, "second": 0.6})
    {'slow': 3.0}
    """
    bound = max(HOPELESS_SECONDS, HOPELESS_TIMES * min(estimates.values(), default=0.0))
    return {name: seconds for name, seconds in estimates.items() if seconds > bound}


def _drop_hopeless(entered: Field) -> None:
    """Leave out who turns out to be slow on the whole cell only: cut in pieces, a large image fits into the caches."""
    peers = {name: each for name, each in entered.contenders.items() if name != OURS and not each.is_roof}
    for name, seconds in hopeless({name: once(each.run) for name, each in peers.items()}).items():
        entered.drop(name, f"{seconds:.1f} s")


def _hopeful(cell: Cell, threads: int, entered: Field) -> list[str]:
    """Return the peers worth preparing on the whole cell, by their time on a smaller one."""
    small = cell.smaller()
    if small == cell or ENGINES in cell.peers:
        return list(cell.peers)
    tried, data = Field(), numbers.make(small)
    for name in cell.peers:
        _enter(tried, name, small, data, threads)
    estimates = {name: _estimate(each, cell.times_larger(small)) for name, each in tried.contenders.items()}
    for name, seconds in hopeless({name: seconds for name, seconds in estimates.items() if seconds}).items():
        entered.left_out[name] = f"about {seconds:.1f} s"
    return [name for name in cell.peers if name not in entered.left_out]


def _estimate(contender: Contender, times: float) -> float | None:
    """Return the seconds that the whole cell would take, None where that can't be told."""
    if contender.is_roof:
        return None
    try:
        contender.run()  # the first call prepares things
        return once(contender.run) * times
    except Exception:  # it is told when the whole cell is checked
        return None


def _enter(entered: Field, name: str, cell: Cell, data: numbers.Data, threads: int) -> None:
    """Take a contender in, or write down why it can't be."""
    try:
        built = _built(name, cell, data, threads, entered)
    except (UnfitError, ModuleNotFoundError) as fault:
        entered.left_out[name] = str(fault)
    except Exception as fault:  # whatever a peer throws, the others are still measured
        entered.left_out[name] = _sentence(fault)
    else:
        entered.contenders |= {each.name or name: replace(each, name=each.name or name) for each in built}


def _built(name: str, cell: Cell, data: numbers.Data, threads: int, entered: Field) -> list[Contender]:
    from convista.bench.peers import PEERS
    from convista.bench.peers.ours import forced, ours

    if name == OURS:
        return [ours(cell, data, threads)]
    if name == ENGINES:
        able, unable = forced(cell, data, threads)
        entered.left_out |= unable
        return able
    if not PEERS[name].is_there:
        raise UnfitError(f"{PEERS[name].package} is not installed")
    return [PEERS[name].builder()(cell, data, threads)]


def _sentence(fault: BaseException) -> str:
    return f"{type(fault).__name__}: {str(fault).partition(chr(10))[0]}"
