"""How wide this machine's vectors are: the one place that asks the processor."""

from __future__ import annotations

from functools import cache

import llvmlite.binding as llvm
import numba

BYTES = {"avx512f": 64, "avx": 32}
"""Bytes of a vector register by the feature that brings it; all others, SSE and ARM's NEON among them, have 16."""


@cache
def features() -> frozenset[str]:
    """Return what the processor can, in LLVM's words; where LLVM can't tell, nothing.

    Numba's own setting for it, NUMBA_CPU_FEATURES, goes first.
    """
    asked = numba.config.CPU_FEATURES  # type: ignore[attr-defined]
    if asked is not None:
        return frozenset(name[1:] for name in asked.split(",") if name.startswith("+"))
    try:
        return frozenset(name for name, on in llvm.get_host_cpu_features().items() if on)
    except RuntimeError:  # LLVM does not know this kind of machine
        return frozenset()


def vector_bytes() -> int:
    """Return how many bytes one vector register holds: 64, 32 or 16."""
    return next((size for feature, size in BYTES.items() if feature in features()), 16)


def vector_registers() -> int:
    """Return how many vector registers there are: 32 with AVX-512 and on 64-bit ARM, 16 otherwise."""
    return 32 if features() & {"avx512f", "neon"} else 16


def name() -> str:
    """Return LLVM's name for the processor, such as znver4 or skylake-avx512."""
    return str(llvm.get_host_cpu_name())
