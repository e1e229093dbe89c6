"""The torch engine: PyTorch's own convolution, for arrays where it wins and for tensors that want gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convista.errors import need
from convista.grid.border import border_index
from convista.grid.precision import Array
from convista.grid.problem import Problem

if TYPE_CHECKING:
    import torch


def convolve(problem: Problem, image: Array, weights: Array, bias: Array) -> Array:
    """Return what `torch.nn.functional.conv2d` computes, as an array. Shapes are those of `plain.convolve`."""
    torch = need("torch", "train", 'engine="torch"')
    tensors = [torch.from_numpy(_plain_memory(array)) for array in (image, weights, bias)]
    with torch.no_grad():
        sums = convolve_tensors(problem, *tensors)
    result: Array = sums.numpy()
    return result


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
