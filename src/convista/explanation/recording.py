"""What a model computes, op by op, as it runs: every torch call that Python sees, its true arguments, its results.

A value is known by (node, slot), never by a tensor's id alone: ids are used again. Results are copied at once, so that
an op that writes into its input later changes no value of before; such an op makes a new value, and whatever shares the
memory is found out where it is used next. What no op was seen to make, TorchScript inside a model, or code in C++,
becomes a node of the module that returned it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map_only

from convista.explanation.aliases import Geometry, hits, rewritten
from convista.explanation.kinds import kind_of, makes_no_number, writes_into_first
from convista.explanation.naming import Names
from convista.explanation.node import INPUT, REWRITTEN, Mark, Node, Ref, mark, version


@dataclass(slots=True)
class _Entry:
    """A tensor that is alive, whose value it holds, and since when."""

    alive: weakref.ref[Tensor]
    node: int
    slot: int
    written: int
    """How many writes had been made when it became known."""


@dataclass(frozen=True, slots=True)
class _Write:
    """A write into memory that was there before."""

    node: int
    slot: int
    storage: int
    place: Geometry


class Recorder(TorchFunctionMode):
    """Records while it is entered; names come from the modules that are called meanwhile."""

    def __init__(self, model: nn.Module, keep: Callable[[int], bool] = lambda _: True) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.results: dict[str, tuple[int, int]] = {}
        """By a module's name: the value that its call returned."""
        self._names = Names(model)
        self._owned = {id(p): name for name, p in model.named_parameters(remove_duplicate=False)}
        self._buffers = {id(b): name for name, b in model.named_buffers(remove_duplicate=False)}
        self._keep = keep
        self._entries: dict[int, _Entry] = {}
        self._writes: list[_Write] = []
        self._marks: dict[int, Mark] = {}
        self._thread = threading.get_ident()
        self._is_deaf = False
        """While it asks tensors itself."""

    def given(self, things: Any) -> None:
        """Take the model's inputs down."""
        for leaf in tree_leaves(things):
            if isinstance(leaf, Tensor):
                self.add(INPUT, INPUT, None, (), {}, [leaf])

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run an op and take it down."""
        kwargs = kwargs or {}
        kind, op = kind_of(func)
        if self._is_deaf or makes_no_number(kind, op):
            return func(*args, **kwargs)
        tensors = _tensors((args, kwargs))
        told_args, told_kwargs = tree_map_only(Tensor, self.ref, (args, kwargs))
        before = [version(tensor) for tensor in tensors]
        result = func(*args, **kwargs)
        written = [t for t, was in zip(tensors, before, strict=True) if version(t) != was]
        if writes_into_first(op, kwargs) and tensors and not any(tensors[0] is t for t in written):
            written.append(tensors[0])
        made = _tensors(result) or written[:1]
        if made:
            self._written(self.add(kind, op, func, told_args, told_kwargs, made), made, written)
        return result

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear for a block which modules are called."""
        handles = [
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave, always_call=True),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def add(
        self, kind: str, op: str, func: Callable[..., Any] | None, args: Any, kwargs: Any, made: list[Tensor]
    ) -> Node:
        """Take an op down, with copies of what it made."""
        kept = self._keep(len(self.nodes))
        node = Node(
            len(self.nodes), kind, kind, op, func, args, kwargs,
            tuple(_copy(t) if kept else None for t in made), tuple(tuple(t.shape) for t in made),
            tuple(t.dtype for t in made), self._names.path, made[0].device.type,
        )  # fmt: skip
        self.nodes.append(node)
        self._names.add(node)
        for slot, tensor in enumerate(made):
            self._entries[id(tensor)] = _Entry(weakref.ref(tensor), node.number, slot, len(self._writes))
        return node

    def ref(self, tensor: Tensor) -> Ref:
        """Return what a tensor is at this moment."""
        entry = self._entry(tensor)
        if entry is not None:
            return self._kept(entry.node, entry.slot)
        name = self._owned.get(id(tensor))
        if name is not None:
            if id(tensor) not in self._marks:
                self._marks[id(tensor)] = mark(tensor)
            return Ref(tensor, None, 0, name, self._marks[id(tensor)])
        name = self._buffers.get(id(tensor))
        return Ref(_copy(tensor), None) if name is None else Ref(_copy(tensor), None, 0, name)

    # How it is done --------------------------------------------------------------------------------------------------

    def _written(self, node: Node, made: list[Tensor], written: list[Tensor]) -> None:
        """Take down which results lie in memory that was there before."""
        self._writes += [
            _Write(node.number, slot, _storage(tensor), Geometry.of(tensor))
            for slot, tensor in enumerate(made)
            if any(tensor is other for other in written)
        ]
        for tensor in made:
            self._entries[id(tensor)].written = len(self._writes)

    def _entry(self, tensor: Tensor) -> _Entry | None:
        """Return whose value a tensor holds now; one that was changed through other memory gets a node of its own."""
        entry = self._entries.get(id(tensor))
        if entry is None or entry.alive() is not tensor:
            return None
        if entry.written == len(self._writes):
            return entry
        own, place = _storage(tensor), Geometry.of(tensor)
        writers = [w for w in self._writes[entry.written :] if w.storage == own and hits(place, w.place)]
        entry.written = len(self._writes)
        if not writers:
            return entry
        refs = [self._kept(entry.node, entry.slot), *(self._kept(w.node, w.slot) for w in writers)]
        node = self.add(REWRITTEN, REWRITTEN, None, tuple(refs), {}, [tensor])
        node.origins[0] = rewritten(place, [w.place for w in writers])
        return self._entries[id(tensor)]

    def _kept(self, node: int, slot: int) -> Ref:
        made = self.nodes[node]
        kept = made.outputs[slot]
        shell = torch.empty(made.shapes[slot], dtype=made.dtypes[slot], device="meta")  # no memory
        return Ref(shell if kept is None else kept, node, slot)

    def _enter(self, module: nn.Module, _: Any) -> None:
        if threading.get_ident() == self._thread and self._names.knows(module):
            self._names.enter(module)

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        if threading.get_ident() != self._thread or not self._names.knows(module):
            return
        self._is_deaf = True
        try:
            entry = self._returned(module, args, _tensors(output))
        finally:
            self._is_deaf = False
        frame = self._names.leave(entry.node if entry else None)
        if entry is not None:
            self.results[frame.label] = entry.node, entry.slot

    def _returned(self, module: nn.Module, args: Any, made: list[Tensor]) -> _Entry | None:
        """Return whose value a module returned, taking the module itself down where no op was seen to make it."""
        if not made:
            return None
        entry = self._entry(made[0])
        if entry is None and id(made[0]) not in self._owned and id(made[0]) not in self._buffers:
            word, given = type(module).__name__, tree_map_only(Tensor, self.ref, args)
            self.add(word, word, None, given, {}, made)
            entry = self._entries[id(made[0])]
        return entry


def _tensors(things: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(things) if isinstance(leaf, Tensor)]


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True)


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
