"""A network of one's own: a function, named as module:function, that makes any torch module."""

from __future__ import annotations

import ast
import copy
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

_OWN = re.compile(r"(?P<module>[^\W\d]\w*(\.[^\W\d]\w*)*):(?P<function>[^\W\d]\w*)")


class OwnNetworkError(ValueError):
    """A network of one's own that can't be made, or is none."""


def is_own(text: str) -> bool:
    """Return whether a text names a function, and is no line of layers.

    >>> is_own("mynets:tiny"), is_own("lab.nets:Tiny"), is_own("5x5/2 16, mean"), is_own("simple")
    (True, True, False, False)
    """
    return _OWN.fullmatch(text.strip()) is not None


def text_of(function: object) -> str:
    """Return the module:function of a function or class that another process can import, too.

    >>> text_of("mynets:tiny"), text_of(nn.Identity)
    ('mynets:tiny', 'torch.nn.modules.linear:Identity')
    """
    if isinstance(function, str):
        if is_own(function):
            return function.strip()
        raise ValueError(f'model (="{function}") must be module:function, such as mynets:tiny')
    if isinstance(function, nn.Module):
        raise TypeError(
            f"model (a {type(function).__name__}) is a module that is made already; give the function or class that "
            "makes it, so that the run can be repeated and loaded"
        )
    name, module = getattr(function, "__qualname__", ""), getattr(function, "__module__", "__main__")
    if not callable(function) or module == "__main__" or not name.isidentifier():
        raise ValueError(
            f"model (={function!r}) must be a function or class that stands by its name in a module's file, "
            'so that a saved run can be loaded; put it into mynets.py and give "mynets:tiny"'
        )
    return f"{module}:{name}"


def own_layers(text: str, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Call the function that a text names, and see that its module takes the images and answers with the classes.

    The module's file may stand in the current folder. The function gets ``channels`` and ``classes`` by name if it
    has these, both in this order if it asks for two things, or nothing.

    Raises
    ------
    OwnNetworkError
        When there is no such function, or what it makes does not fit; the text says which.
    """
    function = _function(text)
    layers = _called(function, text, image_shape[0], classes)
    if not isinstance(layers, nn.Module):
        raise _fault(text, f"returned a {type(layers).__name__}; it must return a torch.nn.Module")
    _try(layers, text, image_shape, classes)
    return layers


def own_module(text: str) -> nn.Module:
    """Call the function that a text names with the arguments behind it, if any, and return the module it makes.

    >>> own_module("torch.nn:Linear:3,2")
    Linear(in_features=3, out_features=2, bias=True)

    Raises
    ------
    OwnNetworkError
        When there is no such function, or it makes no module; the text says which.
    """
    name, arguments = named_with_arguments(text)
    function = _function(name)
    try:
        given = ast.literal_eval(f"({arguments},)") if arguments.strip() else ()
    except (ValueError, SyntaxError):
        raise _fault(text, f"has arguments ({arguments}) that are no plain numbers, words in quotes or lists") from None
    try:
        made = function(*given)
    except TypeError as error:
        raise _fault(text, f"can't be called with ({arguments}): {error}") from error
    if not isinstance(made, nn.Module):
        raise _fault(text, f"returned a {type(made).__name__}; it must return a torch.nn.Module")
    return made


def named_with_arguments(text: str) -> tuple[str, str]:
    """Return module:function and what stands behind a second colon.

    >>> named_with_arguments("mynets:tiny:3,10"), named_with_arguments("mynets:tiny"), named_with_arguments("runs/1")
    (('mynets:tiny', '3,10'), ('mynets:tiny', ''), ('runs/1', ''))
    """
    module, first, rest = text.strip().partition(":")
    function, _, arguments = rest.partition(":")
    return module + first + function, arguments


def _function(text: str) -> Callable[..., Any]:
    found = _OWN.fullmatch(text.strip())
    if not found:
        raise _fault(text, "must be module:function, such as mynets:tiny")
    if found["module"].partition(".")[0] in sys.stdlib_module_names:  # a forged file must not call os.abort
        raise _fault(text, "names a module of Python itself, which holds no network")
    function = getattr(_module(found["module"], text), found["function"], None)
    if function is None:
        raise _fault(text, f"names nothing: {found['module']} has no {found['function']}")
    if isinstance(function, nn.Module):
        raise _fault(text, "is a module that is made already; name the function or class that makes it")
    if not inspect.isfunction(function) and not (inspect.isclass(function) and issubclass(function, nn.Module)):
        raise _fault(text, "is neither a function nor a torch.nn.Module class")
    return function


def _module(name: str, text: str) -> ModuleType:
    try:
        with _here():
            return import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise _fault(text, f"can't be imported: {error}") from error
        raise _fault(
            text, f"can't be imported: there is no {error.name} in this folder or installed; go to the folder of "
            f"{name.partition('.')[0]}.py, or install it"
        ) from None  # fmt: skip
    except Exception as error:
        raise _fault(text, f"can't be imported: {type(error).__name__}: {error}") from error


@contextmanager
def _here() -> Iterator[None]:
    """Let modules of the current folder be imported, as `python` does and an installed program does not."""
    before, here = list(sys.path), str(Path.cwd())
    if here not in before:
        sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path[:] = before


def _called(function: Callable[..., Any], text: str, channels: int, classes: int) -> object:
    known = {"channels": channels, "classes": classes}
    asked = inspect.signature(function).parameters.values()
    needed = [p for p in asked if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    named = {p.name: known[p.name] for p in asked if p.name in known and p.kind != p.POSITIONAL_ONLY}
    if {p.name for p in needed} <= named.keys():
        return function(**named)
    if len(needed) == 2 and all(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in needed):
        return function(channels, classes)
    words = ", ".join(p.name for p in needed)
    raise _fault(text, f"asks for ({words}); it may ask for channels and classes, or for nothing")


def _try(layers: nn.Module, text: str, image_shape: tuple[int, int, int], classes: int) -> None:
    """Send a copy of the module one black image; a lazy module takes its form from it."""
    lazy = any(torch.nn.parameter.is_lazy(parameter) for parameter in layers.parameters())
    tried = layers if lazy else copy.deepcopy(layers)
    what = f"images of shape {image_shape}"
    try:
        with torch.no_grad():
            answer = tried.eval()(torch.zeros(1, *image_shape))
    except Exception as error:
        raise _fault(text, f"can't take {what}: {' '.join(str(error).split())}") from error
    layers.train()
    shape = tuple(answer.shape) if isinstance(answer, torch.Tensor) else f"a {type(answer).__name__}"
    if shape != (1, classes):
        raise _fault(text, f"answers {what} with {shape}; it must be one number a class, (1, {classes})")


def _fault(text: str, fault: str) -> OwnNetworkError:
    return OwnNetworkError(f'model (="{text}") {fault}')
