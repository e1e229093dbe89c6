"""One forward pass recorded: the model is left as it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map_only

from convista.errors import did_you_mean
from convista.explanation.recording import Recorder
from convista.explanation.trace import Trace


def trace(model: nn.Module, x: Any, *, mode: str | None = None, keep: Sequence[str] | None = None) -> Trace:
    """Run a model once on an input and record every op, so that any number it computed can be taken apart.

    The model, its mode, buffers, hooks, gradient flags and torch's random numbers are left as they were found. It is
    run twice: once as it is, once recorded, with the same random numbers; `Trace.difference` says whether the recording
    changed anything.

    Parameters
    ----------
    model
        Any ``torch.nn.Module``. Compiled models and data-parallel wrappers are opened.
    x
        Its input, the samples in front: (samples, channels, rows, cols); a tuple or a dict of tensors is passed on as
        arguments.
    mode
        "evaluation" or "training"; None: as the model is.
    keep
        Names of nodes, or of modules, whose numbers are kept, with what they are computed from; None: all. For models
        that would not fit in memory.

    Returns
    -------
    Trace

    Raises
    ------
    TypeError
        For what is no ``torch.nn.Module``, and for TorchScript, whose ops Python does not see.

    Examples
    --------
    >>> import torch
    >>> t = trace(torch.nn.Conv2d(1, 1, 2), torch.zeros(1, 1, 3, 3))
    >>> [node.name for node in t.nodes], t.difference
    (['input', 'conv2d'], 0.0)
    """
    model = opened(model)
    if mode not in (None, "evaluation", "training"):
        raise ValueError(f'mode (="{mode}") must be evaluation or training; leave it out to take the model as it is')
    given = _arguments(x)
    with torch.no_grad(), _left_as_found(model, mode) as again:
        plain = _run(model, given)
        again()
        needed = None
        if keep is not None:
            graph = Recorder(model, lambda _: False)
            _recorded(model, given, graph)
            needed = _needed(graph, keep)
            again()
        recorder = Recorder(model, lambda number: needed is None or number in needed)
        output = _recorded(model, given, recorder)
        said = "training" if model.training else "evaluation"
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return Trace(tuple(recorder.nodes), output, _difference(plain, output), recorder.results, parameters, said)


def opened(model: nn.Module) -> nn.Module:
    """Return the model inside what compiles or spreads it.

    >>> opened(nn.DataParallel(nn.ReLU()))
    ReLU()
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model (={type(model).__name__}) must be a torch.nn.Module")
    if isinstance(model, torch.jit.ScriptModule):
        raise TypeError(f"model (={type(model).__name__}) is TorchScript, whose ops Python can't see; give its module")
    inner = getattr(model, "_orig_mod", None)
    if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        inner = model.module
    return opened(inner) if isinstance(inner, nn.Module) else model


def _arguments(x: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of the forward pass; refuse what holds no tensor."""
    if not any(isinstance(leaf, Tensor) for leaf in tree_leaves(x)):
        raise TypeError(f"x (={type(x).__name__}) must be a tensor, or a tuple or dict with tensors")
    if isinstance(x, Mapping):
        return (), dict(x)
    return tuple(x) if isinstance(x, (tuple, list)) else (x,), {}


def _run(model: nn.Module, given: tuple[tuple[Any, ...], dict[str, Any]]) -> Any:
    args, kwargs = _copied(given)
    return _copied(model(*args, **kwargs))


def _recorded(model: nn.Module, given: tuple[tuple[Any, ...], dict[str, Any]], recorder: Recorder) -> Any:
    args, kwargs = _copied(given)
    recorder.given((args, kwargs))
    with recorder.listening(), recorder:
        output = model(*args, **kwargs)
    recorder.forget()
    return _copied(output)


def _needed(graph: Recorder, keep: Sequence[str]) -> set[int]:
    """Return the numbers of the nodes of these names, of those in modules of these names, and of what they read."""
    own: set[int] = {0}
    for name in keep:
        found = {n.number for n in graph.nodes if n.name == name or n.module == name or n.module.startswith(f"{name}.")}
        found |= {graph.results[name][0]} if name in graph.results else set()
        if not found:
            known = [node.name for node in graph.nodes] + list(graph.results)
            raise ValueError(f'keep: "{name}" is neither a node nor a module of this model{did_you_mean(name, known)}')
        own |= found
    return own | {ref.node for number in own for ref in graph.nodes[number].refs if ref.node is not None}


@contextmanager
def _left_as_found(model: nn.Module, mode: str | None) -> Iterator[Callable[[], None]]:
    """Yield what brings buffers and random numbers back to the beginning; do so, and restore the modes, at the end."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    state = torch.get_rng_state()

    def again() -> None:
        torch.set_rng_state(state)
        for buffer, before in buffers:
            if not torch.equal(buffer, before):  # NaN, too, is written back
                buffer.copy_(before)

    if mode is not None:
        model.train(mode == "training")
    try:
        yield again
    finally:
        again()
        for module, training in modes:
            module.training = training


def _copied(things: Any) -> Any:
    return tree_map_only(Tensor, lambda tensor: tensor.detach().clone(), things)


def _difference(plain: Any, traced: Any) -> float:
    """Return the largest difference of two results of the same form; NaN in the same places is none."""
    pairs = zip(tree_leaves(plain), tree_leaves(traced), strict=True)
    worst = 0.0
    for one, other in pairs:
        if isinstance(one, Tensor) and not torch.equal(one, other) and one.numel():
            gaps = torch.nan_to_num((one.double() - other.double()).abs())
            worst = max(worst, float(gaps.max()))
    return worst
