"""convista, by its public function alone."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np

from convista.bench.cell import Cell
from convista.bench.contender import Contender, UnfitError
from convista.bench.data import Data, nchw
from convista.bench.record import OURS
from convista.grid import conv2d

RESULT_LAYOUTS = {"hw": "hw", "nhw": "nhw", "hwc": "hwc", "nchw": "nchw"}


def ours(cell: Cell, data: Data, threads: int, engine: str = "auto") -> Contender:
    """Return our side: the planner's choice, or a forced engine."""
    kernel = data.weights if cell.layout == "nchw" else data.kernel
    terms = _terms(cell) | {"threads": threads, "engine": engine}
    if cell.out:
        terms["out"] = np.empty_like(conv2d(data.image, kernel, **terms))
    name = OURS if engine == "auto" else f"engine {engine}"
    return Contender(name, lambda: conv2d(data.image, kernel, **terms), lambda result: nchw(result, cell.layout))


def forced(cell: Cell, data: Data, threads: int) -> tuple[list[Contender], dict[str, str]]:
    """Return every engine that can do a cell, and for the others the sentence that says why not."""
    able, unable = [], {}
    for engine in engines():
        contender = ours(cell, data, threads, engine)
        try:
            contender.run()
        except ValueError as refusal:
            unable[contender.name] = str(refusal)
        else:
            able.append(contender)
    return able, unable


def engines() -> list[str]:
    """Return the names of the engines; the error that a wrong name gets lists them.

    >>> "direct" in engines(), "auto" in engines()
    (True, False)
    """
    try:
        conv2d(np.zeros((1, 1)), np.zeros((1, 1)), engine="?")
    except ValueError as sentence:
        listed = re.search(r"one of ([\w, -]+)", str(sentence))
        return [name for name in listed[1].split(", ") if name != "auto"] if listed else []
    return []


def _terms(cell: Cell) -> dict[str, Any]:
    terms: dict[str, Any] = {
        "stride": cell.stride, "dilation": cell.dilation, "padding": cell.pads, "padding_mode": cell.mode,
        "batch": cell.layout == "nhw", "channels_last": cell.layout == "hwc",
    }  # fmt: skip
    if cell.result != "float32" or cell.weights == "sobel":
        terms["dtype"] = cell.result
    if cell.precision != "standard":
        if "precision" not in inspect.signature(conv2d).parameters:
            raise UnfitError("this convista has no precision= yet")
        terms["precision"] = cell.precision
    return terms
