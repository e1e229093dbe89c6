"""Sizes and steps for the compiled loops: what lies inside, how large blocks are, which way results take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.grid.lanes import vector_bytes
from convista.grid.memory import address
from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.window import reach

BLOCK = (64, 1024)
"""Rows and cols of the stops that are computed from one packed window, at most."""
PACKED = 2**17
"""Numbers in a packed window, about: what fits the second-level cache beside its results."""
NARROW = 1024
"""Cols of a result up to which copying whole rows, edges and all, takes less than copying the edges alone."""
CHUNK = 24
"""Rows that one filter does before the next one reads the same pixels: a multiple of the bands of three and four."""
PAST_CACHE = 8 * 2**20
"""Bytes of results from which they are stored past the cache, which they would only flush."""
NEAR = 2**19
"""Bytes of a plane up to which it lies in a near cache anyway, and nothing is asked for ahead."""
AHEAD = 5
"""Rows below the window that are asked for: those of the next band but one."""
PAGE = 4096
"""Rows of pixels as many bytes apart would share a few places of the first-level cache."""

FIELDS = (
    "groups", "per_group", "filters_per_group", "kernel_rows", "kernel_cols", "cols", "top", "left",
    "out_rows", "out_cols", "down", "right", "phases", "holes_down", "holes_right", "reach_down", "reach_right",
    "shares_rows", "square_of_three", "lanes", "pixel_bytes", "sums_bytes", "result_bytes",
    "image_step", "channel_step", "row_step", "col_step",
    "out_image_step", "out_filter_step", "out_row_step", "out_col_step",
    "inner_top", "inner_bottom", "inner_left", "inner_right", "strip_left", "strip_right",
    "columns", "head", "chunk", "edges", "out_at",
    "past_cache", "ahead", "solid_top", "solid_bottom", "lead", "trail",
    "block_rows", "block_cols", "segment", "packed_rows", "packed_cols", "laid_cols", "held_cols", "shifts",
    "tile", "pitch", "as_it_lies", "unrolled",
)  # fmt: skip
GEOMETRY = np.dtype([(name, np.int64) for name in FIELDS] + [("fill", np.float64)])

Fields = dict[str, int]


def geometry_of(problem: Problem, image: Array, out: Array, sums: np.dtype[Any], across: int) -> NDArray[Any]:
    """Return one record with all sizes and steps; steps are in bytes.

    `image` is (images, channels, rows, cols), `out` (images, filters, rows, cols), `across` from `across_of`.
    """
    lanes = vector_bytes() // sums.itemsize
    fields = _sizes(problem, across) | _steps(image, out, across) | {
        "lanes": lanes, "pixel_bytes": image.itemsize, "sums_bytes": sums.itemsize, "result_bytes": out.itemsize,
        "out_at": address(out) % (lanes * out.itemsize),
    }  # fmt: skip
    fields |= _inside(fields, image.shape[2])
    fields |= _edges(fields)
    fields |= _blocks(fields) | _streams(fields, out, image.shape[2])
    geometry = np.zeros(1, GEOMETRY)
    for name, value in fields.items():
        geometry[name] = value
    geometry["fill"] = problem.fill
    return geometry


def across_of(problem: Problem, image: Array, out: Array) -> int:
    """Return how many channels lie beside each other in both memories under one kernel: they are one long row then."""
    alike = problem.layout.each_channel and problem.stride[1] == 1 and problem.channels > 1
    for array in (image, out):
        channel, pixel = array.strides[1], array.strides[3]
        alike = alike and channel == array.itemsize and pixel == problem.channels * channel
    return problem.channels if alike else 1


def _sizes(problem: Problem, across: int) -> Fields:
    """Return the sizes of image, kernel and result; channels side by side count as columns."""
    (down, right), (holes_down, holes_right), (rows, cols) = problem.stride, problem.dilation, problem.kernel
    per_group = problem.channels // problem.groups
    together = down == holes_down == 1
    return {
        "groups": problem.groups // across, "per_group": per_group,
        "filters_per_group": problem.filters // problem.groups, "kernel_rows": rows, "kernel_cols": cols,
        "cols": problem.size[1] * across, "top": problem.pads[0][0], "left": problem.pads[1][0] * across,
        "out_rows": problem.output_size[0], "out_cols": problem.output_size[1] * across,
        "down": down, "right": right, "phases": right, "holes_down": holes_down, "holes_right": holes_right * across,
        "reach_down": reach(rows, holes_down),
        "reach_right": (reach(cols, holes_right) - 1) * across + 1,
        "shares_rows": together and rows >= 3, "square_of_three": together and rows == cols == 3 and per_group == 1,
    }  # fmt: skip


def _steps(image: Array, out: Array, across: int) -> Fields:
    """Return the steps in memory."""
    names = ("image_step", "channel_step", "row_step", "col_step")
    out_names = ("out_image_step", "out_filter_step", "out_row_step", "out_col_step")
    steps = dict(zip(names + out_names, image.strides + out.strides, strict=True))
    return steps | ({"col_step": image.itemsize, "out_col_step": out.itemsize} if across > 1 else {})


def _inside(f: Fields, rows: int) -> Fields:
    """Return the stops that are computed in place: their windows lie inside, and vectors can read and write them."""
    lanes, bottom = f["lanes"], rows - f["reach_down"] + f["top"] + 1
    left, right = f["left"], f["cols"] - f["reach_right"] + f["left"] + 1
    neighbours = f["col_step"] == f["pixel_bytes"] and f["out_col_step"] == f["result_bytes"]
    if not neighbours or f["down"] != 1 or f["right"] != 1 or right - left < lanes or bottom <= f["top"]:
        return _nothing(f)
    edges = left + f["out_cols"] - right
    if edges == 0 or f["square_of_three"]:
        return _middle(f, bottom, left, right, edges)
    left, right = -(-left // lanes) * lanes, right // lanes * lanes if right < f["out_cols"] else right
    if f["out_cols"] <= NARROW or right - left < lanes:
        return _nothing(f)
    return _middle(f, bottom, left, right, 0) | {"strip_left": left, "strip_right": right}


def _edges(f: Fields) -> Fields:
    """Return whether any stop is left that isn't computed in place."""
    inside = f["inner_top"], f["inner_bottom"], f["strip_left"], f["strip_right"]
    return {"edges": inside != (0, f["out_rows"], 0, f["out_cols"])}


def _nothing(f: Fields) -> Fields:
    names = ("inner_left", "inner_right", "strip_left", "strip_right", "columns", "head")
    return dict.fromkeys(names, 0) | {"inner_top": f["out_rows"], "inner_bottom": f["out_rows"], "chunk": CHUNK}


def _middle(f: Fields, bottom: int, left: int, right: int, columns: int) -> Fields:
    """Return that cols left..right are computed by vectors, and so many at the edges one by one."""
    vector, begin = f["lanes"] * f["result_bytes"], f["out_at"] + left * f["result_bytes"]
    head = -begin % vector // f["result_bytes"]
    return {
        "inner_top": f["top"], "inner_bottom": bottom, "inner_left": left, "inner_right": right, "strip_left": 0,
        "strip_right": f["out_cols"], "columns": columns, "head": head if right - left >= f["lanes"] + head else 0,
        "chunk": CHUNK,
    }  # fmt: skip


def _blocks(f: Fields) -> Fields:
    """Return how large a window is packed at once; with many channels fewer stops share one."""
    lanes = f["lanes"]
    rows, cols = min(BLOCK[0], f["out_rows"]), max(lanes, min(BLOCK[1], f["out_cols"]))
    while True:
        segment = -(-(cols + (f["reach_right"] - 1) // f["right"] + lanes) // lanes) * lanes
        segment += lanes if segment * f["sums_bytes"] % PAGE == 0 else 0
        packed_rows, packed_cols = (rows - 1) * f["down"] + f["reach_down"], segment * f["right"]
        if f["per_group"] * packed_rows * packed_cols <= PACKED or (rows <= 4 and cols <= 2 * lanes):
            break
        rows, cols = (rows // 2, cols) if rows > 4 else (rows, max(lanes, cols // 2))
    return {
        "block_rows": rows, "block_cols": cols, "segment": segment, "packed_rows": packed_rows,
        "packed_cols": packed_cols, "laid_cols": cols,
    }  # fmt: skip


def _streams(f: Fields, out: Array, rows: int) -> Fields:
    """Return whether results go past the cache, and how far ahead pixels are asked for."""
    first = f["out_at"] + (f["inner_left"] + f["head"]) * out.itemsize
    whole = first % (f["lanes"] * out.itemsize) == 0
    large = abs(f["row_step"]) * rows > NEAR
    return {
        "past_cache": whole and lies_past_cache(f, out),
        "ahead": (f["reach_down"] + AHEAD) * f["row_step"] if large else 0,
    }


def lies_past_cache(f: Any, out: Array) -> bool:
    """Whether results are so many that they pass the cache by, and all rows lie to vectors as the first one does."""
    steps = f["out_row_step"], f["out_filter_step"], f["out_image_step"]
    return out.nbytes >= PAST_CACHE and not any(step % (f["lanes"] * out.itemsize) for step in steps)
