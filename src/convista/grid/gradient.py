"""Tensors that only torch can serve: those that carry a gradient, or are more than numbers in memory."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor

from convista.grid import kinds
from convista.grid.by_torch import convolve_tensors
from convista.grid.layout import from_nchw, to_nchw
from convista.grid.precision import Weights
from convista.grid.problem import four_axes, read_bias, read_kernel_argument
from convista.grid.recall import Terms
from convista.image import as_array


def convolve(image: Any, kernel: Any, bias: Any, *, out: Any, engine: str, terms: Terms) -> Tensor:
    """Return `conv2d` by torch's own operation, on the image's device, with every gradient kept."""
    for name, value in (("out", out), ("dtype", terms.dtype)):
        if value is not None:
            raise ValueError(
                f"{name} can't be given for a tensor that requires a gradient, is not on the CPU or is "
                f"bfloat16: torch's own operation makes a new tensor of its own dtype; leave {name} out"
            )
    if engine not in ("auto", "torch"):
        raise ValueError(f'engine (="{engine}") gives no gradient; use "auto" or "torch", or image.detach()')
    if not kinds.is_tensor(image):
        arrived = kinds.arrive(image)
        image, terms = arrived.array, terms._replace(channels_last=terms.channels_last or arrived.channels_last)
    pixels, weights, biases = as_tensors(image, kernel, bias)
    bias_in = None if biases is None else _stand_in(biases)
    problem = terms.problem(_stand_in(pixels).array, _stand_in(weights), bias_in)
    sums = convolve_tensors(
        problem,
        to_nchw(pixels, problem.layout.image),
        four_axes(problem, weights.flip(-2, -1) if terms.flip else weights),
        None if biases is None else torch.broadcast_to(biases, (problem.filters,)),
    )
    result: Tensor = from_nchw(sums, problem.layout.result)
    return result


def as_tensors(image: Any, kernel: Any, bias: Any) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return image, kernel and bias as tensors of one float type on one device, their gradients kept.

    The type is the widest of those that count, as for arrays; integers alone become float32.
    """
    pixels = image if kinds.is_tensor(image) else _from_array(as_array(image))
    (weights, weak), (biases, bias_weak) = _read(kernel, read_kernel_argument), _read(bias, read_bias)
    for name, tensor in (("image", pixels), ("kernel", weights), ("bias", biases)):
        if tensor is not None:
            _check_kind(name, tensor)
    counted = [pixels, *([] if weak else [weights]), *([] if biases is None or bias_weak else [biases])]
    widest = reduce(
        torch.promote_types, [each.dtype for each in counted if each.is_floating_point()] or [torch.float32]
    )
    device = pixels.device if kinds.is_tensor(image) else weights.device
    moved = [None if each is None else each.to(device, widest) for each in (pixels, weights, biases)]
    return moved[0], moved[1], moved[2]  # type: ignore[return-value]


def _check_kind(name: str, tensor: Tensor) -> None:
    """Refuse tensors that hold no plain real numbers."""
    if tensor.is_complex():
        step = "convolve its .real and .imag"
    elif tensor.is_quantized:
        step = f"use {name}.dequantize()"
    elif tensor.layout is not torch.strided:
        step = f"use {name}.to_dense()"
    elif tensor.is_floating_point() and tensor.dtype.itemsize == 1:
        step = f"use {name}.float()"
    else:
        return
    kind = str(tensor.dtype).removeprefix("torch.")
    raise TypeError(f"{name} (a {_layout(tensor)} tensor of {kind}) must be dense, of integers or floats; {step}")


def _layout(tensor: Tensor) -> str:
    return str(tensor.layout).removeprefix("torch.").replace("strided", "dense")


def _stand_in(tensor: Tensor) -> Weights:
    """Return numbers of the tensor's shape, for what is decided by shapes alone."""
    return Weights(np.broadcast_to(np.float32(0), tuple(tensor.shape)), weak=True)


def _read(thing: Any, read: Any) -> tuple[Any, bool]:
    """Return a kernel or a bias as a tensor, and whether its own type doesn't count."""
    if thing is None or kinds.is_tensor(thing):
        return thing, False
    numbers: Weights = read(thing)
    return _from_array(numbers.array), numbers.weak


def _from_array(array: Any) -> Tensor:
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))
