"""Which weights an optimizer moves how: AdamW or SGD, the decay, and a moving average of the weights."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from convista.training.schedule import Moment, one_cycle
from convista.training.settings import Settings

SECOND_BETA = 0.99
"""Of AdamW: remembers about a hundred steps, which suits runs of a thousand."""


def optimizer_for(network: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """Return an optimizer whose decay spares norms and biases: they have one number a channel, and nothing to unlearn.

    Both are fused, which is the quickest on a CPU too.
    """
    kernels = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    groups = [
        {"params": kernels, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if settings.optimizer == "sgd":
        momentum = settings.momentum if settings.schedule == "constant" else one_cycle(0, settings.peak).momentum
        return torch.optim.SGD(groups, lr=settings.peak, momentum=momentum, nesterov=momentum > 0, fused=True)
    return torch.optim.AdamW(groups, lr=settings.peak, fused=True)


def set_moment(optimizer: torch.optim.Optimizer, moment: Moment) -> None:
    """Tell an optimizer the learning rate and the momentum of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = moment.rate
        if "betas" in group:
            group["betas"] = (moment.momentum, SECOND_BETA)
        else:
            group["momentum"] = moment.momentum


class Average:
    """A moving average of a network's weights and statistics.

    The decay grows from 1/10 in the first steps, so that the first weights are soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False)
        self._decay = decay

    def follow(self, network: nn.Module, steps: int) -> None:
        """Move towards the weights after so many steps."""
        decay = min(self._decay, (1 + steps) / (10 + steps))
        for mine, new in zip(_numbers(self.network), _numbers(network), strict=True):
            if mine.is_floating_point():
                mine.lerp_(new, 1 - decay)
            else:
                mine.copy_(new)


def _numbers(network: nn.Module) -> list[Tensor]:
    state: dict[str, Any] = network.state_dict(keep_vars=True)
    return [tensor.detach() for tensor in state.values()]
