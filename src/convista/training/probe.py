"""Watches a network in some of its training steps; what it computes does not change, nor what is drawn at random."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules import activation

from convista.network import Network
from convista.network.model import evaluating
from convista.training.statistics import BINS, HIGHEST, LOWEST, NEAR_ZERO, Statistics

MOST = 160
"""So many steps of a run are watched at most: enough for a picture, few enough to cost little."""
NUMBERS = 4_096
"""So many numbers of an activation are looked at: a share of them has a standard error below one per cent."""
LEAST = 2
"""Steps from one look to the next, at least, since a look takes up to a sixth of the time of a small network's step."""
THOUGHT = 8
"""Looks after which there is a diagnosis: it takes as long as a look or two."""

Row: TypeAlias = dict[str, Any]
_NO_ACTIVATIONS = (nn.MultiheadAttention, nn.Softmax, nn.LogSoftmax, nn.Softmax2d, nn.Softmin)
_ACTIVATIONS = tuple(
    kind
    for kind in vars(activation).values()
    if isinstance(kind, type) and issubclass(kind, nn.Module) and kind.__module__ == activation.__name__
    and kind not in _NO_ACTIVATIONS
)  # fmt: skip


class Glance:
    """Hears of one step what there is to see; this one looks away."""

    def gradients(self) -> None:
        """Look at the gradients, and at the weights before they move."""

    def moved(self) -> None:
        """Look at how far the weights moved."""


class Probe:
    """The statistics of a run as they grow."""

    def __init__(self, network: Network, total: int) -> None:
        self.every = max(LEAST, math.ceil(total / MOST))
        self.modules = _watched(network)
        self.layers = tuple(_calls(network, self.modules))
        self.weights = {name: weight for name, weight in network.named_parameters() if weight.ndim > 1}
        self.rows: list[Row] = []

    @contextmanager
    def at(self, step: int) -> Iterator[Glance]:
        """Watch a step, if its turn has come; one that fails is not kept."""
        if step % self.every:
            yield Glance()
            return
        look = _Look(list(self.weights.values()), len(self.layers))
        with ExitStack() as stack:
            for module in self.modules:
                for handle in look.hooks(module):
                    stack.callback(handle.remove)
            yield look
        self.rows.append({"steps": np.array(step + 1), **look.row()})

    def has_news(self, step: int) -> bool:
        """Return whether the step of this number, from 1, was watched, and it is time to think about what was seen."""
        return bool(self.rows) and int(self.rows[-1]["steps"]) == step and len(self.rows) % THOUGHT == 0

    @property
    def statistics(self) -> Statistics:
        """All that was seen so far."""
        rows = self.rows
        names = ("steps", "mean", "std", "near_zero", "histogram", "gradient", "update")
        seen: dict[str, Any] = {name: np.stack([row[name] for row in rows]) for name in names if rows}
        if not rows:
            layers, weights = len(self.layers), len(self.weights)
            shapes = {
                "steps": (0,),
                "histogram": (0, layers, 2, BINS),
                "gradient": (0, weights),
                "update": (0, weights),
            }
            seen = {name: np.zeros(shapes.get(name, (0, layers, 2)), np.float32) for name in names}
        return Statistics(every=self.every, layers=self.layers, weights=tuple(self.weights), **seen)

    def state(self) -> dict[str, Tensor]:
        """Return all rows as tensors, to be kept."""
        return {name: torch.from_numpy(np.stack([row[name] for row in self.rows])) for name in (self.rows or [{}])[0]}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from rows that were kept."""
        arrays = {name: tensor.numpy().copy() for name, tensor in state.items()}
        count = len(arrays.get("steps", ()))
        self.rows = [{name: array[number] for name, array in arrays.items()} for number in range(count)]


class _Look(Glance):
    """Looks at one step."""

    def __init__(self, weights: Sequence[nn.Parameter], layers: int) -> None:
        self._weights, self._layers = weights, layers
        self._seen: list[list[Tensor]] = []
        """Some numbers before and after each activation, in the order of the calls."""
        self._open: list[tuple[nn.Module, list[Tensor]]] = []
        self._gradient = self._update = torch.zeros(0)
        self._before: list[Tensor] = []

    def hooks(self, module: nn.Module) -> Iterator[torch.utils.hooks.RemovableHandle]:
        yield module.register_forward_pre_hook(self._enter)
        yield module.register_forward_hook(self._leave)

    def _enter(self, module: nn.Module, given: tuple[Any, ...]) -> None:
        # Now, since an activation may write its answer in the place of what was given.
        self._seen.append([_some(given[0])] if given and isinstance(given[0], Tensor) else [torch.zeros(0)])
        self._open.append((module, self._seen[-1]))

    def _leave(self, _: nn.Module, __: object, answer: object) -> None:
        pair = self._open.pop()[1]
        pair.append(_some(answer) if isinstance(answer, Tensor) else torch.zeros(0))

    @torch.no_grad()
    def gradients(self) -> None:
        self._gradient = _lengths([weight.grad for weight in self._weights])
        self._before = [weight.clone() for weight in self._weights]

    @torch.no_grad()
    def moved(self) -> None:
        steps = [weight - before for weight, before in zip(self._weights, self._before, strict=True)]
        self._update = _lengths(steps) / _lengths(self._before).clamp_min(1e-12)

    def row(self) -> Row:
        pairs = self._seen[: self._layers]
        figures = [[_figures(numbers.numpy()) for numbers in pair] for pair in pairs if len(pair) == 2]
        if missing := self._layers - len(figures):  # a network may call fewer than it did at first
            figures += [[_figures(np.zeros(0, np.float32))] * 2] * missing
        row = {name: np.array([[pair[name] for pair in layer] for layer in figures]) for name in _FIGURES}
        return {**row, "gradient": self._gradient.numpy(), "update": self._update.numpy()}


_FIGURES = ("mean", "std", "near_zero", "histogram")


def _figures(numbers: NDArray[np.float32]) -> Row:
    if not numbers.size:
        nothing = np.float32(math.nan)
        return {"mean": nothing, "std": nothing, "near_zero": nothing, "histogram": np.zeros(BINS, np.int16)}
    places = (numbers - LOWEST) * (BINS / (HIGHEST - LOWEST))
    bins = np.fmax(np.fmin(places, BINS - 1), 0).astype(np.uint8)  # what is no number goes to an end, without a warning
    near = np.count_nonzero(np.abs(numbers) < NEAR_ZERO) / numbers.size
    return {
        "mean": numbers.mean(),
        "std": numbers.std(),
        "near_zero": np.float32(near),
        "histogram": np.bincount(bins, minlength=BINS).astype(np.int16),
    }


def _some(tensor: Tensor) -> Tensor:
    """Return about `NUMBERS` of the numbers: rows of them as they lie in memory, evenly spread, which is quickest."""
    tensor = tensor.detach()
    if tensor.ndim == 4 and not tensor.is_contiguous():
        tensor = tensor.permute(0, 2, 3, 1)  # channels last, as they lie
    rows = tensor.reshape(-1, tensor.shape[-1] if tensor.ndim else 1)
    step = math.ceil(tensor.numel() / NUMBERS)
    step += step % 2 == 0  # an odd step meets the whole image, whose sides most often are even
    return rows[::step].flatten().float().clone()


def _lengths(tensors: Sequence[Tensor | None]) -> Tensor:
    """Return the lengths; zero where there is no gradient, as of a weight that is held fixed."""
    return torch.stack(
        [torch.zeros(()) if tensor is None else tensor.norm().float() for tensor in tensors] or [torch.zeros(0)]
    )


def _watched(network: Network) -> list[nn.Module]:
    found = [module for module in network.modules() if isinstance(module, _ACTIVATIONS)]
    return found or [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


def _calls(network: Network, modules: list[nn.Module]) -> list[str]:
    """Return the names of the modules in the order in which an image passes them; a second time with a number."""
    names = {module: name for name, module in network.named_modules()}
    called: list[str] = []

    def note(module: nn.Module, _: object) -> None:
        earlier = sum(name.partition("#")[0] == names[module] for name in called)
        called.append(f"{names[module]}#{earlier + 1}" if earlier else names[module])

    with ExitStack() as stack, evaluating(network):
        for module in modules:
            stack.callback(module.register_forward_pre_hook(note).remove)
        network(torch.zeros(1, *network.image_shape))
    return called
