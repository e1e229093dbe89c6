"""Where it was measured, and with which versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from convista._version import __version__
from convista.training.machine import machine as common

FEATURES = ("avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "asimd", "sve")
HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
VARIABLES = ("OPENBLAS_CORETYPE", "NUMBA_CPU_NAME", "MALLOC_CONF", "LD_PRELOAD", "ONEDNN_MAX_CPU_ISA")
PACKAGES = (
    "numpy", "numba", "llvmlite", "scipy", "opencv-python-headless", "opencv-python", "torch", "kornia",
    "scikit-image", "onnxruntime", "openvino", "jax", "jaxlib", "pillow",
)  # fmt: skip


def machine() -> dict[str, str]:
    """Return the machine as text: processor, memory, system, CPU features, huge pages, what the environment sets.

    >>> sorted(machine())[:4]
    ['cores', 'environment', 'features', 'huge pages']
    """
    told = " ".join(f"{name}={os.environ[name]}" for name in VARIABLES if name in os.environ)
    return common() | {"features": _features(), "huge pages": _huge_pages(), "environment": told or "nothing set"}


def versions() -> dict[str, str]:
    """Return the versions of Python, convista and the peers that are installed."""
    found = {"convista": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def here() -> tuple[dict[str, str], dict[str, str]]:
    """Return the machine and the versions."""
    return machine(), versions()


def _features() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    words = next((set(line.split()) for line in lines if line.lower().startswith(("flags", "features"))), set())
    return " ".join(name for name in FEATURES if name in words) or "none of those looked for"


def _huge_pages() -> str:
    """Return the kernel's choice for transparent huge pages; it decides what a fresh large array costs."""
    try:
        text = HUGE_PAGES.read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    return text.partition("[")[2].partition("]")[0] or "unknown"
