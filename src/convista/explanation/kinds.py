"""What an op is called: in a word, and by torch's own name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import resolve_name

VIEWS = frozenset(("T", "mT", "H", "mH", "data", "real", "imag"))
"""Attributes whose reading makes a tensor; of others it makes no number."""
QUIET = frozenset(("size", "dim", "stride", "numel", "is_contiguous", "data_ptr", "is_floating_point", "device"))
"""Questions, often asked, that make no tensor."""
IN_PLACE = {"iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "div", "truediv": "div"}


def kind_of(func: Callable[..., Any]) -> tuple[str, str]:
    """Return an op in a word, and torch's own name for it.

    >>> kind_of(torch.Tensor.add_), kind_of(torch.nn.functional.conv2d)
    (('add', 'torch.Tensor.add_'), ('conv2d', 'torch.conv2d'))
    >>> kind_of(torch.Tensor.__iadd__), kind_of(torch.ops.aten.add.Tensor)
    (('add', 'torch.Tensor.__iadd__'), ('add', 'aten::add'))
    """
    op = _name_of(func)
    word = op.removesuffix(".__get__").replace("::", ".").rpartition(".")[2]
    if word.startswith("__") and word.endswith("__"):
        word = word.strip("_")
        return IN_PLACE.get(word, word), op
    return word.strip("_"), op


def _name_of(func: Callable[..., Any]) -> str:
    if isinstance(func, torch._ops.OpOverload):  # noqa: SLF001  # torch has no public name for its class
        return str(func.name()).partition(".")[0]
    name = resolve_name(func)
    return name if isinstance(name, str) else str(getattr(func, "__name__", func))


def makes_no_number(kind: str, op: str) -> bool:
    """Return whether a call only asks something of a tensor.

    >>> makes_no_number("shape", "torch.Tensor.shape.__get__"), makes_no_number("T", "torch.Tensor.T.__get__")
    (True, False)
    """
    return kind in QUIET or (op.endswith(".__get__") and kind not in VIEWS)


def writes_into_first(op: str, kwargs: dict[str, Any]) -> bool:
    """Return whether an op says itself that it writes into its first argument.

    >>> writes_into_first("torch.Tensor.add_", {}), writes_into_first("torch.Tensor.__iadd__", {})
    (True, True)
    >>> writes_into_first("torch.Tensor.__add__", {}), writes_into_first("torch.relu", {"inplace": True})
    (False, True)
    """
    word = op.rpartition(".")[2]
    if word.startswith("__"):
        return word == "__setitem__" or word.strip("_") in ("iadd", "isub", "imul", "itruediv")
    return word.endswith("_") or kwargs.get("inplace") is True
