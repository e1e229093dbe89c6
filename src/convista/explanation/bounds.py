"""How far a model's number may be from the sum of its terms."""

from __future__ import annotations

import torch

from convista.explanation.node import Node
from convista.explanation.records import Parts

ROUNDINGS = 8
"""How many roundings of the whole sum a model's number may be away from ours: sums in other orders, Winograd, FMA."""
TF32 = 2.0**-10
"""How far apart numbers near 1 are in TensorFloat-32, in which GPUs multiply float32 where torch allows it."""
PRODUCTS = frozenset((
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "linear", "matmul", "mm",
    "bmm", "addmm", "baddbmm", "einsum",
))  # fmt: skip


def bound(node: Node, slot: int, parts: Parts, scale: float) -> float:
    """Return it: eight roundings of the sum of all |products|, and what rounding to whole numbers adds."""
    dtype = node.dtypes[slot]
    smallest = float(torch.finfo(dtype).tiny) if dtype.is_floating_point else 0.0  # below it numbers lose their digits
    return ROUNDINGS * (epsilon(dtype, node.kind, node.device) * scale + smallest) + parts.slack


def epsilon(dtype: torch.dtype, kind: str = "", device: str = "cpu") -> float:
    """Return how far apart numbers near 1 are in the type that computes an op; whole numbers are exact.

    >>> epsilon(torch.float32) == 2.0**-23, epsilon(torch.bfloat16) == 2.0**-7, epsilon(torch.int64)
    (True, True, 0.0)
    """
    if not dtype.is_floating_point:
        return 0.0
    if dtype == torch.float32 and kind in PRODUCTS and _is_rough(kind, device):
        return TF32 if device == "cuda" else float(torch.finfo(torch.bfloat16).eps)
    return float(torch.finfo(dtype).eps)


def _is_rough(kind: str, device: str) -> bool:
    """Return whether torch is allowed to multiply float32 in a smaller type: TF32, or bfloat16 on a CPU."""
    if device == "cuda":
        conv = kind.startswith("conv")
        return bool(torch.backends.cudnn.allow_tf32 if conv else torch.backends.cuda.matmul.allow_tf32)
    return torch.get_float32_matmul_precision() == "medium"
