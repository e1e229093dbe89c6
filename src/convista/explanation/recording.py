"""What a model computes, op by op, as it runs: every torch call that Python sees, its true arguments, its results.

A value is known by (node, slot), never by a tensor's id alone: ids are used again. Results are copied at once, so that
an op that writes into its input later changes no value of before; such an op makes a new value, and whatever shares the
memory is found out where it is used next.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_leaves, tree_map_only

from convista.explanation.aliases import Geometry, Origins, rewritten

INPUT, CONSTANT, REWRITTEN = "input", "constant", "rewritten"
NO_OPS = frozenset(("size", "dim", "stride", "numel", "is_contiguous", "data_ptr", "requires_grad_", "record_stream"))


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor that an op was given."""

    tensor: Tensor
    """A copy as it was; a parameter itself, which is too large to copy."""
    node: int | None
    """Whose result it is; None: the model's own, or made outside."""
    slot: int = 0
    name: str = CONSTANT
    """A parameter's or buffer's path."""
    mark: tuple[int, int] | None = None
    """Of a parameter: its version and the sum of its bits, by which a change is noticed."""


@dataclass(slots=True)
class Node:
    """One op of the model's forward pass."""

    number: int
    name: str
    """The module's path, and from its second call on the number of the call: "layer1.0.relu#2"."""
    kind: str
    """The op in a word: "conv2d", "add", "view"."""
    op: str
    """As torch calls it."""
    function: Callable[..., Any] | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[Tensor | None, ...]
    """Copies of the results; None where they were not to be kept."""
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[torch.dtype, ...]
    module: str = ""
    origins: Origins | None = None
    """Where each number of the result comes from, where that is known from the memory alone."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the (first) result, with the samples in front."""
        return self.shapes[0]

    @property
    def refs(self) -> list[Ref]:
        """All tensors it was given, in the order of its arguments."""
        return [leaf for leaf in tree_leaves((self.args, self.kwargs)) if isinstance(leaf, Ref)]

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.kind}, {'x'.join(map(str, self.shape)) or 'one number'})"


@dataclass(slots=True)
class _Entry:
    """A tensor that is alive, whose value it holds, and since when."""

    tensor: Tensor
    node: int
    slot: int
    version: int
    written: int
    """How many writes had been made when it became known."""


@dataclass(slots=True)
class _Frame:
    """A module's call that is on its way."""

    label: str
    path: str
    nodes: list[int] = field(default_factory=list)
    has_children: bool = False


class Recorder(TorchFunctionMode):
    """Records while it is entered; names come from the modules that are called meanwhile."""

    def __init__(self, model: nn.Module, keep: Callable[[int], bool] = lambda _: True) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.results: dict[str, tuple[int, int]] = {}
        """By a module's name: the value that its call returned."""
        self._paths = {id(module): path for path, module in reversed(list(model.named_modules()))}
        self._owned = {id(p): name for name, p in model.named_parameters(remove_duplicate=False)}
        self._buffers = {id(b): name for name, b in model.named_buffers(remove_duplicate=False)}
        self._keep = keep
        self._entries: dict[int, _Entry] = {}
        self._writes: list[tuple[int, int, int, Geometry]] = []
        """Node, slot, storage and geometry of each write into memory that was there."""
        self._marks: dict[int, tuple[int, int]] = {}
        self._counts: Counter[str] = Counter()
        self._frames: list[_Frame] = []
        self._thread = threading.get_ident()

    def given(self, things: Any) -> None:
        """Take the model's inputs down."""
        for leaf in tree_leaves(things):
            if isinstance(leaf, Tensor):
                self._add(INPUT, INPUT, None, (), {}, [leaf])

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run an op and take it down."""
        kwargs = kwargs or {}
        kind, op = kind_of(func)
        if kind in NO_OPS or (op.endswith(".__get__") and kind not in ("T", "mT", "H", "mH")):
            return func(*args, **kwargs)
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        told_args, told_kwargs = tree_map_only(Tensor, self._ref, (args, kwargs))
        before = [_version(tensor) for tensor in tensors]
        result = func(*args, **kwargs)
        written = [t for t, version in zip(tensors, before, strict=True) if _version(t) != version]
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        made = made or [t for t in written if id(t) in self._entries][:1]
        if made:
            node = self._add(kind, op, func, told_args, told_kwargs, made)
            self._writes += [
                (node.number, slot, _storage(tensor), Geometry.of(tensor))
                for slot, tensor in enumerate(made)
                if any(tensor is other for other in written)
            ]
            for tensor in made:
                self._entries[id(tensor)].written = len(self._writes)
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

    def forget(self) -> None:
        """Let go of the model's own tensors, of which it has copies."""
        self._entries.clear()
        self._writes.clear()

    # How it is done --------------------------------------------------------------------------------------------------

    def _add(
        self, kind: str, op: str, func: Callable[..., Any] | None, args: Any, kwargs: Any, made: list[Tensor]
    ) -> Node:
        frame = self._frames[-1] if self._frames else _Frame("", "")
        base = f"{frame.path}.{kind}" if frame.path else kind
        kept = self._keep(len(self.nodes))
        node = Node(
            len(self.nodes), base, kind, op, func, args, kwargs,
            tuple(t.detach().clone() if kept else None for t in made),
            tuple(tuple(t.shape) for t in made), tuple(t.dtype for t in made), frame.path,
        )  # fmt: skip
        self.nodes.append(node)
        frame.nodes.append(node.number)
        for slot, tensor in enumerate(made):
            self._entries[id(tensor)] = _Entry(tensor, node.number, slot, _version(tensor), len(self._writes))
        if not self._frames:
            self._name(node, base)
        return node

    def _name(self, node: Node, base: str) -> None:
        self._counts[base] += 1
        node.name = base if self._counts[base] == 1 else f"{base}#{self._counts[base]}"

    def _ref(self, tensor: Tensor) -> Ref:
        """Return what a tensor is at this moment."""
        entry = self._entries.get(id(tensor))
        if entry is not None and entry.version != _version(tensor):
            entry = self._rewritten(entry)
        if entry is not None:
            return self._kept(entry.node, entry.slot)
        name = self._owned.get(id(tensor))
        if name is not None:
            if id(tensor) not in self._marks:
                self._marks[id(tensor)] = mark(tensor)
            return Ref(tensor, None, 0, name, self._marks[id(tensor)])
        return Ref(tensor.detach().clone(), None, 0, self._buffers.get(id(tensor), CONSTANT))

    def _rewritten(self, entry: _Entry) -> _Entry:
        """Take down that a tensor was changed through another one that shares its memory."""
        own = _storage(entry.tensor)
        writers = [(n, s, g) for n, s, storage, g in self._writes[entry.written :] if storage == own]
        old = self._kept(entry.node, entry.slot)
        refs = [old, *(self._kept(number, slot) for number, slot, _ in writers)]
        node = self._add(REWRITTEN, REWRITTEN, None, tuple(refs), {}, [entry.tensor])
        node.origins = rewritten(Geometry.of(entry.tensor), [geometry for *_, geometry in writers])
        return self._entries[id(entry.tensor)]

    def _kept(self, node: int, slot: int) -> Ref:
        made = self.nodes[node]
        kept = made.outputs[slot]
        shell = torch.empty(made.shapes[slot], dtype=made.dtypes[slot], device="meta")  # no memory
        return Ref(shell if kept is None else kept, node, slot)

    def _enter(self, module: nn.Module, _: Any) -> None:
        if threading.get_ident() == self._thread and id(module) in self._paths:
            if self._frames:
                self._frames[-1].has_children = True
            path = self._paths[id(module)]
            self._counts[f"call {path}"] += 1
            number = self._counts[f"call {path}"]
            self._frames.append(_Frame(path if number == 1 else f"{path}#{number}", path))

    def _leave(self, module: nn.Module, _: Any, output: Any) -> None:
        if threading.get_ident() != self._thread or id(module) not in self._paths:
            return
        frame = self._frames.pop()
        first = next((leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)), None)
        entry = self._entries.get(id(first)) if first is not None else None
        leaf = not frame.has_children and entry is not None and entry.node in frame.nodes and bool(frame.path)
        for number in frame.nodes:
            node = self.nodes[number]
            if leaf and entry is not None and number == entry.node:
                node.name = frame.label
            else:
                self._name(node, node.name)
        if entry is not None:
            self.results[frame.label] = entry.node, entry.slot


def kind_of(func: Callable[..., Any]) -> tuple[str, str]:
    """Return an op in a word, and torch's own name for it.

    >>> kind_of(torch.Tensor.add_), kind_of(torch.nn.functional.conv2d)
    (('add', 'torch.Tensor.add_'), ('conv2d', 'torch.conv2d'))
    """
    op = resolve_name(func) or getattr(func, "__name__", str(func))
    word = op.removesuffix(".__get__").rpartition(".")[2]
    if word.startswith("__") and word.endswith("__"):
        word = word.strip("_")
        return {"iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "div", "truediv": "div"}.get(word, word), op
    return word.rstrip("_").removeprefix("_"), op


def mark(tensor: Tensor) -> tuple[int, int]:
    """Return by what a change of a parameter is noticed: its version, and the sum of its bits as whole numbers."""
    words = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    bits = tensor.detach()
    if bits.element_size() in words:
        bits = bits.view(words[bits.element_size()])
    return _version(tensor), int(bits.sum(dtype=torch.int64))


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version  # noqa: SLF001  # torch has no public name for it


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
