"""Sentences for bad input: the argument, its value, the rule, the next step."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


class MissingExtraError(ImportError):
    """A package of one of convista's extras is not installed."""


def one_of(argument: str, value: object, choices: Iterable[str]) -> str:
    """Return `value` if it is one of `choices`, else raise with the nearest choice.

    >>> one_of("padding_mode", "reflect", ["zeros", "reflect"])
    'reflect'
    >>> one_of("padding_mode", "refelct", ["zeros", "reflect"])
    Traceback (most recent call last):
    ValueError: padding_mode (="refelct") must be one of zeros, reflect; did you mean "reflect"?
    """
    allowed = list(choices)
    if isinstance(value, str) and value in allowed:
        return value
    shown = f'"{value}"' if isinstance(value, str) else repr(value)
    raise ValueError(f"{argument} (={shown}) must be one of {', '.join(allowed)}{did_you_mean(value, allowed)}")


def did_you_mean(value: object, choices: Iterable[str]) -> str:
    """Return ``'; did you mean "x"?'`` for the choice nearest to `value`, or nothing.

    >>> did_you_mean("sobel", ["sobel_x", "box"])
    '; did you mean "sobel_x"?'
    >>> did_you_mean("zzz", ["sobel_x", "box"])
    ''
    """
    near = difflib.get_close_matches(str(value), list(choices), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def need(package: str, extra: str, purpose: str) -> ModuleType:
    """Import `package`, or say which extra of convista brings it.

    >>> need("no_such_package", "train", "training")
    Traceback (most recent call last):
    convista.errors.MissingExtraError: training needs no_such_package; type: pip install "convista[train]"
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package.partition(".")[0]:
            raise
        raise MissingExtraError(f'{purpose} needs {package}; type: pip install "convista[{extra}]"') from None


@contextmanager
def silent_logger(name: str) -> Iterator[None]:
    """Keep a library from writing to the terminal what becomes a sentence here; for the whole process."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
