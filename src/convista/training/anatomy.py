"""What a network is made of: its layers as a table, its first kernels, its work per image."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from convista.network import Network
from convista.network.model import evaluating
from convista.training.facts import Layer


def layers(network: Network) -> tuple[Layer, ...]:
    """Return a row for each innermost module, in the order in which one image passes them."""
    return tuple(
        Layer(name, type(module).__name__, shape, sum(parameter.numel() for parameter in module.parameters()))
        for name, module, shape in _passed(network)
    )


def multiplications(network: Network) -> int:
    """Return how often weights of convolutions and linear layers are multiplied with a number, for one image."""
    return sum(
        module.weight.numel() * math.prod(shape[1:])  # every weight once for each place of the output
        for _, module, shape in _passed(network)
        if isinstance(module, nn.Conv2d | nn.Linear)
    )


def first_kernels(network: Network) -> NDArray[np.float32]:
    """Return the weights of the first convolution (filters, channels, rows, cols); none where there is none."""
    first = next((module for module in network.modules() if isinstance(module, nn.Conv2d)), None)
    if first is None:
        return np.zeros((0, 0, 0, 0), np.float32)
    kernels: NDArray[np.float32] = first.weight.detach().numpy().copy()
    return kernels


def _passed(network: Network) -> list[tuple[str, nn.Module, tuple[int, ...]]]:
    """Send a black image through, and note the name, the module and the output's shape at each."""
    passed: list[tuple[str, nn.Module, tuple[int, ...]]] = []

    def note(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def passes(_: nn.Module, __: object, output: object) -> None:
            if isinstance(output, torch.Tensor):  # a module of one's own may answer with something else
                passed.append((name, module, tuple(output.shape[1:])))

        return module.register_forward_hook(passes)

    innermost = [(name, module) for name, module in network.named_modules() if not list(module.children())]
    handles = [note(name, module) for name, module in innermost]
    try:
        with evaluating(network):
            network(torch.zeros(1, *network.image_shape))
    finally:
        for handle in handles:
            handle.remove()
    return passed
