"""One forward pass recorded: the model is left as it was found."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map_only

from convista.errors import did_you_mean
from convista.explanation.node import INPUT
from convista.explanation.preparation import PREPARATION, Prepared, prepare
from convista.explanation.recording import Recorder
from convista.explanation.restoring import left_as_found, nothing_compiled
from convista.explanation.trace import Trace


def trace(model: nn.Module, x: Any, *, mode: str | None = None, keep: Sequence[str] | None = None) -> Trace:
    """Run a model once on an input and record every op, so that any number it computed can be taken apart.

    The model, its mode, buffers, hooks, gradient flags and the random numbers of torch, NumPy and Python are left as
    they were found. It is run twice: once as it is, once recorded, with the same random numbers; `Trace.difference`
    says whether the recording changed anything.

    Parameters
    ----------
    model
        Any ``torch.nn.Module``. Compiled models and data-parallel wrappers are opened.
    x
        Its input, the samples in front: (samples, channels, rows, cols); a tuple or a dict of tensors is passed on as
        arguments. For a network of convista also an image file's path: the way from the file's pixels to the network's
        is recorded, too. Or what `prepare` returns.
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
    ValueError
        For another mode, and for a name to keep that is none.

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
    given = _Given.of(x, model)
    with torch.no_grad(), nothing_compiled(), left_as_found(model, mode) as again:
        plain = given.run(model)
        again()
        needed = None
        if keep is not None:
            graph = Recorder(model, lambda _: False)
            given.recorded(model, graph)
            needed = _needed(graph, keep)
            again()
        recorder = Recorder(model, lambda number: needed is None or number in needed)
        output = given.recorded(model, recorder)
        said = "training" if model.training else "evaluation"
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return Trace(tuple(recorder.nodes), output, difference(plain, output), recorder.results, parameters, said)


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


@dataclass(frozen=True, slots=True)
class _Given:
    """What the model is given."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    prepared: Prepared | None = None
    """How an image became it."""

    @classmethod
    def of(cls, x: Any, model: nn.Module) -> _Given:
        if isinstance(x, (str, os.PathLike)):
            shape = getattr(model, "image_shape", None)
            if shape is None:
                raise TypeError(
                    f'x (="{os.fspath(x)}") is a path, and model (={type(model).__name__}) is no network of convista, '
                    "which knows how images are prepared; give convista.explanation.prepare(path, shape), or a tensor"
                )
            x = prepare(x, shape)
        if isinstance(x, Prepared):
            return cls((x.tensor,), {}, x)
        if not any(isinstance(leaf, Tensor) for leaf in tree_leaves(x)):
            raise TypeError(f"x (={type(x).__name__}) must be a tensor, or a tuple or dict with tensors")
        if isinstance(x, Mapping):
            return cls((), dict(x))
        return cls(tuple(x) if isinstance(x, (tuple, list)) else (x,), {})

    def run(self, model: nn.Module) -> Any:
        args, kwargs = _copied((self.args, self.kwargs))
        return _copied(model(*args, **kwargs))

    def recorded(self, model: nn.Module, recorder: Recorder) -> Any:
        args, kwargs = _copied((self.args, self.kwargs))
        if self.prepared is None:
            recorder.given((args, kwargs))
        else:
            self.prepared.record(recorder, args[0])
        with recorder.listening(), recorder:
            output = model(*args, **kwargs)
        return _copied(output)


def _needed(graph: Recorder, keep: Sequence[str]) -> set[int]:
    """Return the numbers of the nodes of these names, of those in modules of these names, and of what they read."""
    own = {node.number for node in graph.nodes if node.op in (INPUT, PREPARATION)}
    for name in keep:
        found = {n.number for n in graph.nodes if n.name == name or n.module == name or n.module.startswith(f"{name}.")}
        found |= {graph.results[name][0]} if name in graph.results else set()
        if not found:
            known = [node.name for node in graph.nodes] + list(graph.results)
            raise ValueError(
                f'keep (="{name}") is neither a node nor a module of this model{did_you_mean(name, known)}'
            )
        own |= found
    return own | {ref.node for number in own for ref in graph.nodes[number].refs if ref.node is not None}


def _copied(things: Any) -> Any:
    return tree_map_only(Tensor, lambda tensor: tensor.detach().clone(), things)


def difference(plain: Any, traced: Any) -> float:
    """Return the largest difference of two results of the same form; NaN in the same places is none.

    >>> difference(torch.tensor([1.0, torch.nan]), torch.tensor([1.5, torch.nan])), difference(torch.nan, torch.nan)
    (0.5, 0.0)
    >>> difference(torch.tensor([1.0]), torch.tensor([torch.nan]))
    inf
    """
    worst = 0.0
    for one, other in zip(tree_leaves(plain), tree_leaves(traced), strict=True):
        if isinstance(one, Tensor) and one.numel() and not torch.equal(one, other):
            first, second = one.to(torch.complex128), other.to(torch.complex128)  # which holds numbers of every type
            gaps = (first - second).abs().nan_to_num(nan=torch.inf)
            gaps[(first == second) | (first.isnan() & second.isnan())] = 0
            worst = max(worst, float(gaps.max()))
    return worst
