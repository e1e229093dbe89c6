"""An op of a recorded forward pass, and the tensors that it was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from convista.explanation.aliases import Origins

INPUT, CONSTANT, REWRITTEN = "input", "constant", "rewritten"

Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor that an op was given."""

    tensor: Tensor
    """A copy as it was; a parameter itself, which is too large to copy."""
    node: int | None
    """Whose result it is; None: the model's own, or made where Python sees no op."""
    slot: int = 0
    name: str = CONSTANT
    """A parameter's or buffer's path."""
    mark: Mark | None = None
    """Of a parameter: by what a change is noticed."""


@dataclass(slots=True, eq=False)
class Node:
    """One op of the model's forward pass."""

    number: int
    name: str
    """The module's path, and from its second call on the number of the call: "layer1.0.relu#2"."""
    kind: str
    """The op in a word: "conv2d", "add", "view"."""
    op: str
    """As torch calls it."""
    function: Callable[..., Any] | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[Tensor | None, ...]
    """Copies of the results; None where they were not to be kept."""
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[torch.dtype, ...]
    module: str = ""
    """The path of the module that called it."""
    device: str = "cpu"
    """Where it ran; the copies lie on the CPU."""
    origins: dict[int, Origins] = field(default_factory=dict)
    """By slot: where each number of a result comes from; filled when somebody asks."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the (first) result, with the samples in front."""
        return self.shapes[0]

    @property
    def refs(self) -> list[Ref]:
        """All tensors it was given, in the order of its arguments."""
        return [leaf for leaf in tree_leaves((self.args, self.kwargs)) if isinstance(leaf, Ref)]

    @property
    def is_kept(self) -> bool:
        """Whether its results and all that it was given were kept."""
        return None not in self.outputs and not any(ref.tensor.is_meta for ref in self.refs)

    def called(self, slot: int) -> str:
        """Return what a result is called: the node's name, and from the second result on its number, "chunk:1"."""
        return f"{self.name}:{slot}" if slot else self.name

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.kind}, {'x'.join(map(str, self.shape)) or 'one number'})"


def mark(tensor: Tensor) -> Mark:
    """Return by what a change of a parameter is noticed: its version, and a sum of its bits that knows their order.

    The version alone would not do: a write through ``.data`` leaves it as it was.

    >>> weight = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> before = mark(weight)
    >>> weight.data[0] = torch.tensor([2.0, 1.0])
    >>> mark(weight) == before
    False
    """
    words = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    whole = tensor.detach()
    if not whole.numel():
        return version(tensor), 0
    bits = whole.contiguous().view(words.get(whole.element_size(), torch.int64))
    table = bits.reshape(bits.shape[0], -1) if bits.ndim > 1 else bits.reshape(-1, 1)
    total = 0
    for axis in (0, 1):
        sums = table.sum(dim=axis, dtype=torch.int64)
        total = total * 31 + int((sums * torch.arange(1, sums.numel() + 1, device=sums.device)).sum())
    return version(tensor), total


def version(tensor: Tensor) -> int:
    """Return how often a tensor has been written to; torch does not count this of inference tensors."""
    return 0 if tensor.is_inference() else tensor._version  # noqa: SLF001  # torch has no public name for it
