"""Array in, same kind out: NumPy, torch tensors (sharing memory), PIL images (to arrays), nested lists, Dask arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import numpy as np

from convista.grid.precision import Array
from convista.image import as_array

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A caller's image as an array, and how to hand the result back."""

    array: Array
    hand_back: Callable[[Array], Any]
    channels_last: bool
    """Known from the kind: a colour PIL image is (rows, cols, channels)."""


def arrive(image: Any) -> Arrived:
    """Return the array in `image`, of whatever kind it is."""
    if type(image) is np.ndarray and image.dtype.kind in "biuf":  # asked first, since it is the usual case
        return Arrived(image, unchanged, channels_last=False)
    if type(image).__module__.startswith("dask."):
        raise TypeError(
            f"image (a Dask {type(image).__name__}) can't be read here; conv2d and plan take Dask arrays, "
            "for all else give image.compute(), or parts of it"
        )
    array = as_array(image)
    if is_tensor(image):
        return Arrived(array, sys.modules["torch"].from_numpy, channels_last=False)
    if isinstance(image, (list, tuple)):
        return Arrived(array, lambda result: result.tolist(), channels_last=False)
    pillow = type(image).__module__.startswith("PIL.")
    return Arrived(array, unchanged, channels_last=pillow and array.ndim == 3)


def unchanged(result: Array) -> Any:
    """Hand a result back as it is."""
    return result


def is_dask(thing: Any) -> bool:
    """Whether `thing` is a Dask array; Dask is not loaded to find out."""
    dask = sys.modules.get("dask.array")
    return dask is not None and isinstance(thing, dask.Array)


def is_tensor(thing: Any) -> bool:
    """Whether `thing` is a torch tensor; torch is not loaded to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.Tensor)


def needs_torch(*things: Any) -> bool:
    """Whether a tensor among `things` must stay with torch: it wants a gradient, or NumPy can't see its memory."""
    return any(is_tensor(thing) and _only_torch(thing) for thing in things)


def uncompiled(verb: Callable[P, Any]) -> Callable[P, Any]:
    """Keep torch.compile out of `verb`, whose arrays it would take for tensors: the graph breaks, the verb runs."""

    @wraps(verb)
    def called(*args: P.args, **terms: P.kwargs) -> Any:
        torch = sys.modules.get("torch")
        if torch is not None and torch.compiler.is_compiling():
            return torch.compiler.disable(verb)(*args, **terms)
        return verb(*args, **terms)

    return called


def written(tensor: Any) -> None:
    """Tell autograd that a tensor has new numbers: a gradient that needs the old ones is then refused, not wrong."""
    sys.modules["torch"].autograd.graph.increment_version(tensor)


def _only_torch(tensor: Any) -> bool:
    """Whether a tensor carries a gradient, backward or forward, is being traced, or is more than numbers in memory."""
    torch = sys.modules["torch"]
    if (tensor.requires_grad and torch.is_grad_enabled()) or torch.jit.is_tracing():
        return True
    if torch.autograd.forward_ad.unpack_dual(tensor).tangent is not None:
        return True
    try:
        tensor.detach().numpy()
    except (TypeError, RuntimeError):  # another device, bfloat16, sparse, a wrapper of torch.func ...
        return True
    return False
