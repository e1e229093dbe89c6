"""What nodes are called: after the modules that are being called while they run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from torch import nn

from convista.explanation.node import Node


@dataclass(slots=True)
class Frame:
    """A module's call that is on its way."""

    label: str
    """The module's path, with the number of the call."""
    path: str
    nodes: list[Node] = field(default_factory=list)
    """Those that it made itself, not by a module inside."""
    is_leaf: bool = True


class Names:
    """The calls on their way, one inside the other, and the names that are taken."""

    def __init__(self, model: nn.Module) -> None:
        self._paths = {module: path for path, module in reversed(list(model.named_modules()))}
        self._taken = set(self._paths.values())
        self._calls: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._frames: list[Frame] = []

    def knows(self, module: nn.Module) -> bool:
        """Return whether a module is a part of the model."""
        return module in self._paths

    @property
    def path(self) -> str:
        """Of the module that is being called."""
        return self._frames[-1].path if self._frames else ""

    def enter(self, module: nn.Module) -> None:
        """Take down that a module is called."""
        path = self._paths[module]
        if self._frames:
            self._frames[-1].is_leaf = False
        self._calls[path] += 1
        call = self._calls[path]
        self._frames.append(Frame(path if call == 1 else f"{path}#{call}", path))

    def add(self, node: Node) -> None:
        """Name a node for the time being; whose it is comes out when the module's call ends."""
        if self._frames:
            self._frames[-1].nodes.append(node)
        else:
            self._name(node)

    def leave(self, made: int | None) -> Frame:
        """Name the nodes of the call that ends; a module without others inside gives its name to what it returns."""
        frame = self._frames.pop()
        for node in frame.nodes:
            if frame.is_leaf and frame.path and node.number == made:
                node.name = frame.label
            else:
                self._name(node)
        return frame

    def _name(self, node: Node) -> None:
        """Name an op after itself and the module that called it; a module of that very name goes first."""
        base = f"{node.module}.{node.kind}" if node.module else node.kind
        if base in self._taken:
            base += "()"
        self._counts[base] += 1
        count = self._counts[base]
        node.name = base if count == 1 else f"{base}#{count}"
