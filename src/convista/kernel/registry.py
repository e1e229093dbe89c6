"""All named kernels by their names, and anything to a Kernel."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from convista.errors import did_you_mean
from convista.kernel import families, reading
from convista.kernel.named import fixed_kernels
from convista.kernel.parameters import parse_parameters
from convista.kernel.reading import parse_kernel, read_kernel
from convista.kernel.record import Kernel

_NAME = re.compile(r"\s*[A-Za-z_][A-Za-z0-9_]*\s*(:.*)?", re.DOTALL)


class KernelNameError(KeyError, ValueError):
    """No kernel has this name. It is a KeyError for mappings and a ValueError as other bad input is."""

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError would put the sentence in quotes


class Kernels(Mapping[str, Kernel]):
    """The named kernels: ``kernels.sobel_x``, ``kernels["sobel_x"]``, ``list(kernels)``.

    Those with parameters are kernels with their defaults, can be called, and take numbers in their name.

    >>> kernels.top_edge.formula
    'a7 + a8 + a9 - a1 - a2 - a3'
    >>> kernels["gaussian:31,5"] == kernels.gaussian(31, 5)
    True
    >>> kernels["sobl_x"]
    Traceback (most recent call last):
    convista.kernel.registry.KernelNameError: kernel (="sobl_x") must be one of the 80 names in convista.kernels; did
    you mean "sobel_x"?
    """

    @cached_property
    def _all(self) -> dict[str, Kernel]:
        found: list[Kernel] = [*fixed_kernels(), *map(families.family, families.ABOUT)]
        return {kernel.name: kernel for kernel in found}

    def __getitem__(self, name: str) -> Kernel:
        base, colon, numbers = (part.strip() for part in str(name).partition(":"))
        if base not in self._all:
            raise KernelNameError(self._unknown(name))
        kernel = self._all[base]
        if not colon:
            return kernel
        if isinstance(kernel, families.Family):
            values, named = parse_parameters(name, numbers)
            return kernel(*values, **named)
        raise ValueError(f'kernel (="{name}") must stand without numbers, since {base} has no parameters')

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._all:
            raise AttributeError(self._unknown(name))
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and bool(self[name].name)
        except (ValueError, TypeError):
            return False

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._all]

    def __repr__(self) -> str:
        return f"<{len(self)} kernels: {', '.join(self)}>"

    def _unknown(self, name: object) -> str:
        nearest = did_you_mean(str(name).partition(":")[0], self)
        return f'kernel (="{name}") must be one of the {len(self)} names in convista.kernels{nearest}'


kernels = Kernels()


def as_kernel(thing: object) -> Kernel:
    """Return `thing` as a Kernel: a Kernel, a name, text, a file, or rows and cols of numbers.

    Parameters
    ----------
    thing
        A `Kernel`; a name such as ``"sobel_x"`` or ``"gaussian:31,5"``; numbers such as ``"1 0 -1; 2 0 -2"``; the
        path of a .txt, .csv or .npy file; a nested list, an array, or a tensor. A name goes before a file that
        is called the same.

    Raises
    ------
    ValueError, TypeError
        When it is none of these, or its numbers are not rows and cols.
    FileNotFoundError
        When it is the path of no file.

    Examples
    --------
    >>> as_kernel("gaussian:31").shape
    (31, 31)
    >>> as_kernel("1 0 -1").formula
    'a1 - a3'
    """
    if isinstance(thing, Kernel):
        return thing
    if isinstance(thing, os.PathLike):
        return _from_file(Path(thing))
    if isinstance(thing, str):
        return _from_text(thing)
    if isinstance(thing, bytes):
        raise TypeError("kernel (of type bytes) must be a name, text, a path, or rows and cols of numbers")
    detach = getattr(thing, "detach", None)  # a tensor that is being trained
    return Kernel("kernel", np.asarray(detach() if detach else thing), source="given as numbers")


def _from_text(text: str) -> Kernel:
    if text in kernels:
        return kernels[text]
    path = Path(text)
    if path.suffix.lower() in reading.FILE_ENDINGS or (os.sep in text and not _looks_like_numbers(text)):
        return _from_file(path)
    if _NAME.fullmatch(text):
        _not_a_name(text)
    return Kernel("kernel", parse_kernel(text), source="given as text")


def _from_file(path: Path) -> Kernel:
    try:
        return Kernel(path.stem, read_kernel(path), source=f"file {path}")
    except FileNotFoundError as error:
        same = f'; the kernel of that name is "{path.stem}"' if path.stem in kernels else ""
        raise FileNotFoundError(f"{error}{same}") from None


def _not_a_name(text: str) -> None:
    """Raise: the parameters' error if there is such a kernel, else what was meant, a file of this folder included."""
    try:
        kernels[text]
    except KernelNameError as error:
        files = [name for name in reading.kernel_files(Path()) if Path(name).stem == text]
        also = f' There is a file "{files[0]}".' if files else ""
        end = "" if str(error).endswith("?") else "."
        raise KernelNameError(
            f'{error}{end}{also} A kernel may also be text ("1 0 -1; 2 0 -2") or a file (.txt, .csv, .npy)'
        ) from None


def _looks_like_numbers(text: str) -> bool:
    return not re.search(r"[^\s\d.,;/+\-eE\[\]#]", text)
