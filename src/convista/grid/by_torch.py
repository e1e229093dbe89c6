"""The torch engine: PyTorch's own convolution, for arrays where it wins and for tensors that want gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from convista.errors import need
from convista.grid.border import border_index
from convista.grid.precision import Array, saturate
from convista.grid.problem import Problem

if TYPE_CHECKING:
    import torch

PART = 2**21
"""Bytes of results, about, that each thread of torch makes at a time.

They are made in memory of torch's own, and so are still near when they are copied, and small enough for the same memory
to serve again, where more would come fresh from the system each time."""


def prepare(problem: Problem, weights: Array, bias: Array, threads: int) -> Callable[[Array, Array], None]:
    """Return a call that fills a result by `torch.nn.functional.conv2d`; weights as for `plain.convolve`.

    Weights stay C-ordered. With their channels laid last torch lays its result so too, and turning it back takes longer
    than is won.
    """
    torch = need("torch", "train", 'engine="torch"')
    kind, images = problem.precision.sums, images_at_a_time(problem, threads)
    kept, shift = torch.from_numpy(weights.astype(kind)), torch.from_numpy(bias.astype(kind))

    def fill(image: Array, out: Array) -> None:
        with torch.inference_mode(), _at_most(torch, threads), np.errstate(over="ignore"):
            for first in range(0, len(image), images):
                part = slice(first, first + images)
                tensor = torch.from_numpy(_plain_memory(image[part].astype(kind, copy=False)))
                _hand_over(torch, problem, convolve_tensors(problem, tensor, kept, shift), out[part])

    return fill


def images_at_a_time(problem: Problem, threads: int) -> int:
    """Return how many images' results are about `PART` bytes a thread, one image at least."""
    _, *each = problem.output_nchw
    return max(1, threads * PART // max(1, problem.precision.sums.itemsize * math.prod(each)))


def _hand_over(torch: Any, problem: Problem, sums: Any, out: Array) -> None:
    """Put results where the caller wants them, in his kind of numbers."""
    if sums.numpy().dtype == out.dtype:
        torch.from_numpy(out).copy_(sums)  # it turns the axes quicker than NumPy
    else:
        out[...] = saturate(sums.numpy(), problem.precision.result)


@contextmanager
def _at_most(torch: Any, threads: int) -> Iterator[None]:
    """Have torch use no more than so many threads meanwhile."""
    before = torch.get_num_threads()
    if before <= threads:
        yield
        return
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def convolve_tensors(
    problem: Problem, image: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """Return the convolution of tensors by torch's own differentiable operations, on the image's device.

    `torch.conv2d` is what `torch.nn.functional.conv2d` is, unless somebody has put another function in its place.
    """
    import torch

    (top, bottom), (left, right) = problem.pads
    if problem.padding_mode == "zeros" and problem.fill == 0 and (top, left) == (bottom, right):
        own_padding = (top, left)
    else:
        own_padding = (0, 0)
        image = _pad(problem, image)
    return torch.conv2d(image, weights, bias, problem.stride, own_padding, problem.dilation, problem.groups)


def _pad(problem: Problem, image: torch.Tensor) -> torch.Tensor:
    from torch.nn import functional as F

    (top, bottom), (left, right) = problem.pads
    if problem.padding_mode == "zeros":
        fill = float(problem.precision.work.type(problem.fill))  # what float32 can't hold becomes infinity
        return F.pad(image, (left, right, top, bottom), value=fill)
    for axis, size, pads in zip((2, 3), problem.size, problem.pads, strict=True):
        image = image.index_select(axis, _index(size, pads, problem.padding_mode, image))
    return image


def _index(size: int, pads: Any, mode: str, image: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.from_numpy(border_index(size, pads, mode)).to(image.device)


def _plain_memory(array: Array) -> Array:
    """Return `array` in a form torch can share: writable, with positive strides."""
    positive = all(step >= 0 for step in array.strides)
    return array if array.flags.writeable and positive else array.copy()
