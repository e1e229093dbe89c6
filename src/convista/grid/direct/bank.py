"""Many filters: what `bank_sweep` is told about memory of one kind, and when it is the quicker way."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from convista.grid import outputs
from convista.grid.border import border_index
from convista.grid.compiling import for_such
from convista.grid.direct import zeros
from convista.grid.direct.bank_sweep import sweep_bank
from convista.grid.direct.geometry import PAST_CACHE, geometry_of
from convista.grid.lanes import vector_bytes, vector_registers
from convista.grid.outputs import LINE
from convista.grid.precision import Array
from convista.grid.problem import Problem
from convista.window import Pair

STOPS = (16, 14, 8, 7)
"""How many stops a block may have: what rows of usual sizes are made of."""
BLOCK_COST = 2
"""Stops that could be computed while a block is begun and ended."""
FEWEST_LANES = 4
WEIGHTS_A_FILTER = 100
"""Weights up to which laying the pixels of a stride side by side takes longer than lanes that lie idle."""
FEW_PRODUCTS = 16
"""Products a stop that take no longer than storing it does."""
FULL, HALF = 0.85, 0.5
"""What a product of whole and of smaller vectors takes, by that of the other way."""
TURN = 6
"""Products that turning and storing one filter's sums takes."""
PACK_ROW, PACK_PIXEL, PACK_APART = 600, 7, 54
"""Multiply-adds that packing a row and a pixel of it takes, and a pixel or a result that lies apart from the next."""
SETS = 64
"""Places of a first-level cache at which a line can lie."""


def suits(problem: Problem, sums: np.dtype[Any]) -> bool:
    """Whether filters had best be laid into the lanes of vectors, rather than stops."""
    lanes, filters = vector_bytes() // sums.itemsize, problem.filters // problem.groups
    weights = math.prod(problem.kernel)
    if problem.stride[1] > 1:  # stops would have to be laid side by side first
        return weights <= WEIGHTS_A_FILTER * filters
    if filters < lanes and weights * problem.channels // problem.groups < FEW_PRODUCTS and _is_large(problem):
        return False
    alone = problem.stride[0] > 1 or problem.dilation[0] > 1 or problem.kernel[0] < 3
    narrow = problem.output_size[1] <= 2 * lanes
    return filters > 1 and filters * (4 if alone or narrow else 2) >= lanes


def _is_large(problem: Problem) -> bool:
    """Whether results had best be stored past the cache, which only stops in lanes are."""
    return math.prod(problem.output_nchw) * problem.precision.result.itemsize >= PAST_CACHE


def cost(problem: Problem, sums: np.dtype[Any]) -> float:
    """Return how many multiply-adds of stops in lanes take about as long as all that is done here.

    Lanes that lie idle cost as well, half of a vector's time at least; so do turning the sums of a block, and packing.
    """
    most, filters = vector_bytes() // sums.itemsize, problem.filters // problem.groups
    stops, lanes = stops_of(problem.output_size[1]), lanes_of(filters, sums.itemsize)
    blocks = -(-problem.output_size[1] // stops) * problem.output_size[0] * -(-filters // lanes)
    products = problem.channels // problem.groups * math.prod(problem.kernel) * stops
    each = products * most * (FULL if lanes == most else HALF) + TURN * lanes * most
    return problem.images * (problem.groups * blocks * each + _copying(problem, sums))


def _copying(problem: Problem, sums: np.dtype[Any]) -> float:
    """Return the multiply-adds that packing the pixels of an image, and unpacking its results, takes the time of."""
    pixels, rows = problem.channels * math.prod(problem.size), problem.channels * problem.size[0]
    if problem.has_channels_between:
        return PACK_ROW * rows + PACK_APART * (pixels + problem.filters * math.prod(problem.output_size))
    in_place = problem.pixels == sums and is_read_in_place(problem)
    return 0 if in_place else PACK_ROW * rows + PACK_PIXEL * pixels


class BankWay:
    """What the compiled loops are told about memory of one kind."""

    def __init__(self, problem: Problem, weights: Array, bias: Array, image: Array, out: Array) -> None:
        geometry = geometry_of(problem, image, out, weights.dtype, 1)
        g = geometry[0]
        g["phases"] = 1
        (g["solid_top"], g["solid_bottom"]), (g["lead"], g["trail"]) = _needed(problem, weights)
        least = int((g["block_cols"] - 1) * g["right"] + g["reach_right"])
        g["packed_cols"] = _pitch(least, int(g["packed_rows"]), weights.itemsize)
        stops = stops_of(int(g["out_cols"]))
        neighbours = image.dtype == weights.dtype and image.strides[3] == image.itemsize
        in_place = neighbours and is_read_in_place(problem) and zeros.add_nothing(problem, weights)
        if in_place:
            g["block_cols"] = g["out_cols"]
        row_map, col_map = (
            border_index(size, pads, problem.padding_mode)
            for size, pads in zip(problem.size, problem.pads, strict=True)
        )
        lanes = lanes_of(int(g["filters_per_group"]), weights.itemsize)
        self.lines = int(problem.images * g["groups"] * g["out_rows"])
        self._arguments = (
            (0,) * stops, (0,) * lanes, (0,) * problem.stride[1], image.dtype, weights.dtype, out.dtype, geometry,
            bool(in_place), *_interleaved(weights, bias, problem.groups, lanes), row_map, col_map,
        )  # fmt: skip
        self._sweep = for_such(sweep_bank, (*self._arguments, 0, 0, 0, 0))

    def sweep(self, source: int, target: int, first: int, last: int) -> None:
        """Compute lines first..last of the image at one address to the place at another."""
        self._sweep(*self._arguments, source, target, first, last)


def stops_of(cols: int) -> int:
    """Return how many stops a block had best have for rows of so many; as many sums must find registers.

    >>> stops_of(28), stops_of(7), stops_of(8)
    (14, 7, 8)
    """
    able = [stops for stops in STOPS if stops < vector_registers()]
    return min(able, key=lambda stops: -(-cols // stops) * (stops + BLOCK_COST))


def lanes_of(filters: int, size: int) -> int:
    """Return over how many lanes to lay filters: as many as a vector has, fewer for fewer filters."""
    most = vector_bytes() // size
    return min(most, max(FEWEST_LANES, 1 << (filters - 1).bit_length()))


def is_read_in_place(problem: Problem) -> bool:
    """Whether blocks can read pixels where they are, if those are numbers to calculate with and lie side by side."""
    whole = problem.output_size[1] >= stops_of(problem.output_size[1])
    padded = any(map(any, problem.pads))
    return whole and (not padded or (problem.kernel != (1, 1) and zeros.allow_reading_in_place(problem)))


def _needed(problem: Problem, weights: Array) -> tuple[Pair, Pair]:
    """Return from where to where the padded image has rows that count, and all stops of a row cols that do."""
    if problem.kernel == (1, 1):  # there, channels take the place of cols
        return (0, sum(problem.pads[0]) + problem.size[0]), (0, problem.channels // problem.groups)
    if not zeros.add_nothing(problem, weights):
        return (0, sum(problem.pads[0]) + problem.size[0]), (0, problem.kernel[1])
    return zeros.rows_on_image(problem), zeros.cols_on_image(problem)


@cache
def _pitch(least: int, rows: int, size: int) -> int:
    """Return how long a packed row is, so that channels fall on as many different places of the first-level cache."""

    def places(cols: int) -> int:
        return len({channel * rows * cols * size // LINE % SETS for channel in range(SETS)})

    return max(range(least, least + LINE // 4), key=lambda cols: (places(cols), -cols))


def _interleaved(weights: Array, bias: Array, groups: int, lanes: int) -> tuple[Array, Array]:
    """Return weights and bias with the filters of a block beside each other, the last block filled up with zeros."""
    filters = len(weights) // groups
    blocks = -(-filters // lanes)
    found = []
    for numbers in (weights, bias):
        taps = numbers.shape[1:]
        kept = outputs.aligned((groups, blocks, *taps, lanes), numbers.dtype)
        full = np.zeros((groups, blocks * lanes, *taps), numbers.dtype)
        full[:, :filters] = numbers.reshape(groups, filters, *taps)
        kept[...] = np.moveaxis(full.reshape(groups, blocks, lanes, *taps), 2, -1)
        found.append(kept)
    return found[0], found[1]
