"""Compiled functions, and where they are kept between runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba.extending import intrinsic
from platformdirs import user_cache_path

from convista._version import __version__


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """Compile `function` on its first call, once for all processes of this machine where a folder can be written.

    It runs without the interpreter's lock, divides as NumPy does, and no flag lets the compiler assume that a number is
    finite. `options` are Numba's own.
    """
    compile_it: Any = njit  # the stubs don't know all options
    return kept(lambda cache: compile_it(function, nogil=True, error_model="numpy", cache=cache, **options))


def kept(compile_it: Callable[[bool], Any]) -> Any:
    """Return what ``compile_it(cache)`` makes, kept between runs if any folder can be written, else not."""
    with _our_folder():
        try:
            return compile_it(True)
        except RuntimeError:  # neither that folder nor Numba's own can be written: compile in each process
            return compile_it(False)


def for_such(function: Any, arguments: Sequence[Any]) -> Callable[..., None]:
    """Return a compiled function for arguments of these types: their types are looked at now, and not at each call."""
    return function.compile(tuple(map(numba.typeof, arguments)))  # type: ignore[no-any-return]


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make `function` part of the compiled functions that call it, so that constants stay known in it."""
    return njit(function, inline="always")  # type: ignore[no-any-return]


def instruction(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make `function`, which writes LLVM's instructions, something that compiled functions can call.

    Its first argument is Numba's own and not given by callers.
    """
    return intrinsic(prefer_literal=True)(function)


@contextmanager
def _our_folder() -> Iterator[None]:
    """Have Numba choose our folder, unless the user has named one (NUMBA_CACHE_DIR)."""
    config: Any = numba.config
    before = config.CACHE_DIR
    if not before:
        config.CACHE_DIR = str(folder())
    try:
        yield
    finally:
        config.CACHE_DIR = before


@cache
def folder() -> Path:
    """Return the folder for what this version of the engine compiles.

    Numba notices a change in a function's own file only; what it calls may have changed too. So each state of the
    whole room has a folder of its own.
    """
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return user_cache_path("convista") / "compiled" / f"{__version__}-{digest.hexdigest()[:12]}"
