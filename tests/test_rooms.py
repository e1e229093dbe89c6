"""The house's arrows: which room may import which. DESIGN's table, held as data."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import convista

SOURCE = Path(convista.__file__).parent
GROUND = {"bilingual", "cluster", "errors", "files", "progress", "_version"}  # anyone may import these
EVERYTHING = {"*"}

# room -> (rooms of convista, packages from outside)
ROOMS: dict[str, tuple[set[str], set[str]]] = {
    "bilingual": (set(), set()),  # remarks are made in dataset and shown in studio, which don't know each other
    "cluster": (set(), set()),  # distributed: at use
    "errors": (set(), set()),
    "files": (set(), set()),
    "progress": (set(), set()),
    "_version": (set(), set()),
    "image": (set(), {"numpy", "PIL", "tifffile"}),
    "window": (set(), set()),
    "kernel": ({"window"}, {"numpy"}),
    "grid": ({"kernel", "window", "image"}, {"numpy", "numba", "llvmlite", "platformdirs", "torch", "dask"}),
    "store": ({"grid", "kernel", "window"}, {"numpy", "tifffile", "filelock"}),  # zarr, distributed: at use
    "features": ({"grid", "kernel", "window", "image"}, {"numpy", "sklearn"}),
    "dataset": ({"image"}, {"numpy", "pooch", "platformdirs", "filelock", "PIL", "requests"}),
    "network": ({"image", "window"}, {"numpy", "torch", "safetensors"}),  # distributed: at use
    "training": ({"dataset", "network"}, {"numpy", "torch", "safetensors", "lazy_loader"}),
    # image: the way from a file's pixels to a network's is explained, too
    "explanation": ({"kernel", "window", "image"}, {"numpy", "torch", "PIL", "lazy_loader"}),
    "picture": ({"image", "window", "kernel"}, {"numpy", "matplotlib", "PIL", "pandas"}),
    # torch layers and traces become picture's records here, so that picture needs neither torch nor the engine
    "drawing": ({"explanation", "grid", "image", "kernel", "picture", "window"}, {"numpy", "torch", "lazy_loader"}),
    "studio": ({"picture", "training"}, {"numpy"}),
    "run": ({"dataset", "network", "training", "picture", "studio"}, {"numpy", "filelock"}),
    "comparison": ({"dataset", "network", "training", "picture", "studio", "run"}, {"numpy", "torch", "lazy_loader"}),
    "classifier": ({"dataset", "network", "training"}, {"numpy", "sklearn"}),
    "exchange": ({"dataset", "network", "run"}, {"numpy", "torch"}),  # onnx, onnxruntime: at use
    "interop": ({"grid", "kernel", "window", "image"}, {"numpy", "scipy", "torch"}),
    "book": ({"dataset", "image", "picture"}, {"numpy", "pandas", "matplotlib", "torch", "PIL"}),
    # the peers that speed is measured against, each in its own file below bench/peers
    "bench": (
        {"grid", "picture", "training"},
        {
            "numpy",
            "cv2",
            "scipy",
            "PIL",
            "skimage",
            "torch",
            "kornia",
            "onnx",
            "onnxruntime",
            "openvino",
            "jax",
            "threadpoolctl",
        },
    ),
    "cli": (EVERYTHING, {"numpy", "typer", "rich"}),
    "__main__": ({"cli"}, set()),
    "__init__": (EVERYTHING, {"lazy_loader"}),
}


def room_of(file: Path) -> str:
    """The first part of a file's place below the package: its folder, or its own name."""
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module that a file imports, wherever in it the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def faults(room: str, tree: ast.AST) -> list[str]:
    """The imports of a file that its room may not have."""
    rooms, packages = ROOMS[room]
    allowed = rooms | GROUND | {room}
    found = []
    for name in imports(tree):
        first, _, rest = name.partition(".")
        if first == "convista":
            target = rest.partition(".")[0]
            if target not in allowed and rooms != EVERYTHING:
                found.append(f"{room} imports the room {target}")
        elif first not in packages and first not in STANDARD:
            found.append(f"{room} imports the package {first}")
    return found


STANDARD = sys.stdlib_module_names
FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_room_imports_only_what_the_table_allows(file):
    assert faults(room_of(file), ast.parse(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("room", "source", "fault"),
    [
        ("window", "import numpy", "window imports the package numpy"),
        ("image", "from convista.grid import conv2d", "image imports the room grid"),
        ("image", "from convista import grid", "image imports the room grid"),
        ("picture", "def late():\n    import torch", "picture imports the package torch"),
    ],
)
def test_a_planted_fault_is_found(room, source, fault):
    assert faults(room, ast.parse(source)) == [fault]


def test_every_room_stands_in_the_table_and_nothing_else_does():
    assert {room_of(file) for file in FILES} == set(ROOMS)
