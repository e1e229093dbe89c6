"""A model as it was found: modes, buffers, random numbers; and nothing compiled meanwhile."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from torch import nn


@contextmanager
def left_as_found(model: nn.Module, mode: str | None) -> Iterator[Callable[[], None]]:
    """Yield what brings buffers and random numbers back to the beginning; do so, and restore the modes, at the end.

    >>> net = nn.BatchNorm1d(1)
    >>> with left_as_found(net, "training"):
    ...     _ = net(torch.ones(2, 1))
    ...     net.num_batches_tracked
    tensor(1)
    >>> net.num_batches_tracked
    tensor(0)
    """
    modes = [(module, module.training) for module in model.modules()]
    buffers_again, draw_again = _buffers(model), _chance()

    def again() -> None:
        draw_again()
        buffers_again()

    if mode is not None:
        model.train(mode == "training")
    try:
        yield again
    finally:
        again()
        for module, training in modes:
            module.training = training


def _buffers(model: nn.Module) -> Callable[[], None]:
    """Return what gives all buffers back what they hold now."""
    found = [
        (module, name, buffer, buffer.clone())
        for module in model.modules()
        for name, buffer in module.named_buffers(recurse=False)
    ]

    def again() -> None:
        for module, name, buffer, before in found:
            if getattr(module, name) is not buffer:
                setattr(module, name, buffer)
            if not torch.equal(buffer, before):  # NaN, too, is written back
                buffer.copy_(before)

    return again


def _chance() -> Callable[[], None]:
    """Return what makes all random numbers begin again as they would now."""
    python, numpy, torch_ = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002  # the model's
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []

    def again() -> None:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        torch.set_rng_state(torch_)
        if cuda:
            torch.cuda.set_rng_state_all(cuda)

    return again


def nothing_compiled() -> AbstractContextManager[object]:
    """Return a context in which compiled parts of a model run as they were written; only such have loaded dynamo."""
    if "torch._dynamo" not in sys.modules or not hasattr(torch.compiler, "set_stance"):
        return nullcontext()
    stance: AbstractContextManager[object] = torch.compiler.set_stance("force_eager")
    return stance
