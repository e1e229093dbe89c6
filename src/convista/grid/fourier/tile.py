"""Pixels into the waves of a tile, what can't be transformed set aside, and results out again.

Two tiles go through one complex transform: their pixels are the real parts (part 0) and the imaginary parts (part 1)
of the same waves. From each pixel the tile's usual value is subtracted first, so that a bright image loses nothing to
rounding. A pixel that is not finite, or so large that it would drown its neighbours, is set aside as a *stray* and
added to the windows that hold it at the end.

A plane is an address and the steps to the next row and column, in bytes. Maps say which pixel stands where.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convista.grid import compiling
from convista.grid.fourier import pixels

NOWHERE = -2  # beyond the padded image, where border.OUTSIDE is the fill value
SAMPLES = 5  # a side: 25 pixels tell a tile's usual value, and how far others lie from it
RARE = 4  # of them fewer than this may be strays
BLOCK = 8  # rows; more would push each other out of the cache where an image's width is a power of two


def compiled(body: Callable[..., Any]) -> Any:
    """Compile a function that only compiled code calls: what Python would need to call it is left out."""
    return compiling.compiled(body, no_cpython_wrapper=True, no_cfunc_wrapper=True)


@compiled
def survey(kind: Any, plane: Any, waves: Any, work: Any, maps: Any, top: int, left: int, usual: Any) -> None:
    """Put into `usual` a tile's median, and how far a pixel may lie from it: so many times as far as others do."""
    _, ceiling, apart = maps.limits
    count = 0
    for sample in range(SAMPLES * SAMPLES):
        row = maps.rows[top + (2 * (sample // SAMPLES) + 1) * work.rows // (2 * SAMPLES)]
        col = maps.cols[left + (2 * (sample % SAMPLES) + 1) * work.cols // (2 * SAMPLES)]
        if row >= 0 and col >= 0:
            value = pixels.read(kind, plane[0] + row * plane[1] + col * plane[2], waves)
            if abs(value) <= ceiling:  # not so for NaN
                _insert(usual, count, value)
                count += 1
    usual[0] = usual[2 + count // 2] if count else 0
    for k in range(count):
        _insert(usual, k, abs(usual[2 + k] - usual[0]))
    last = count + 1  # of the distances, now sorted
    for k in range(last, max(last - RARE, 2), -1):
        if usual[k] > apart * usual[k - 1] and usual[k - 1] > 0:
            last = k - 1
    usual[1] = min(ceiling, apart * usual[last]) if count and usual[last] > 0 else ceiling


@compiled
def _insert(usual: Any, count: int, value: Any) -> None:
    """Insert a value into `count` sorted ones, which begin at element 2."""
    place = count + 2
    while place > 2 and usual[place - 1] > value:
        usual[place] = usual[place - 1]
        place -= 1
    usual[place] = value


@compiled
def pack(
    kind: Any, plane: Any, waves: Any, work: Any, maps: Any, top: int, left: int, first: int, count: int, part: int,
    channel: int, usual: Any, strays: Any,
) -> None:  # fmt: skip
    """Put `count` strips of a tile, from strip `first` on, into waves."""
    lanes, fill = work.lanes, maps.limits[0]
    for block in range(0, work.rows, BLOCK):
        for s in range(count):
            col = left + (first + s) * lanes
            source = maps.cols[col]
            neighbours = plane[2] == kind.itemsize and source >= 0 and maps.cols[col + lanes - 1] == source + lanes - 1
            for r in range(block, block + BLOCK):
                row, at, done = maps.rows[top + r], ((s * work.rows + r) * 2 + part) * lanes, False
                place = plane[0] + row * plane[1]
                if row >= 0 and neighbours:
                    done = pixels.take(kind, place + source * plane[2], waves, at, usual[0], usual[1])
                elif row >= 0:
                    done = pixels.gather(kind, place, plane[2], waves, at, maps.cols, col, fill, usual[0], usual[1])
                if not done:
                    _pack_slowly(
                        kind, place, plane[2], waves, at, lanes, maps, row, col, usual, strays, part, channel, r, left
                    )


@compiled
def _pack_slowly(
    kind: Any, place: int, step: int, waves: Any, at: int, lanes: int, maps: Any, row: int, col: int, usual: Any,
    strays: Any, part: int, channel: int, r: int, left: int,
) -> None:  # fmt: skip
    """Put one vector of pixels into waves, pixel by pixel: border, fill value, nothing at all, strays."""
    places, values = strays
    constant = maps.limits[0] - usual[0] if row != NOWHERE else usual[0] * 0
    if row < 0 and abs(constant) <= usual[1]:
        for lane in range(lanes):
            waves[at + lane] = constant
        return
    for lane in range(lanes):
        source = maps.cols[col + lane]
        moved = constant if source != NOWHERE else usual[0] * 0
        if row >= 0 and source >= 0:
            moved = pixels.read(kind, place + source * step, waves) - usual[0]
        waves[at + lane] = moved
        if not abs(moved) <= usual[1]:  # NaN is not
            waves[at + lane] = 0
            count = places[0, 0] + 1
            places[0, 0] = count
            values[count] = moved
            places[count, 0], places[count, 1], places[count, 2], places[count, 3] = channel, part, r, col + lane - left


@compiled
def repair(waves: Any, work: Any, first: int, count: int, kernels: Any, f: int, strays: Any) -> None:
    """Add the strays to the windows that hold them."""
    places, values = strays
    lanes = work.lanes
    for k in range(1, places[0, 0] + 1):
        for i in range(kernels.shape[2]):
            down = places[k, 2] - i * work.dilation_rows
            for j in range(kernels.shape[3]):
                right = places[k, 3] - j * work.dilation_cols - first * lanes
                if down >= 0 and 0 <= right < count * lanes:
                    at = (((right // lanes) * work.rows + down) * 2 + places[k, 1]) * lanes + right % lanes
                    waves[at] += kernels[f, places[k, 0], i, j] * values[k]


@compiled
def unpack(
    kind: Any, plane: Any, waves: Any, work: Any, top: int, left: int, first: int, count: int, part: int, base: Any
) -> None:
    """Write the results of some strips, plus `base`, to those pixels that the plane has."""
    lanes = work.lanes
    together, shift = plane[2] == kind.itemsize, waves.dtype.type(base)
    right = min(work.right, work.output_cols - left)
    for r in range(min(work.down, work.output_rows - top)):
        for s in range(count):
            at = ((s * work.rows + r) * 2 + part) * lanes
            col = (first + s) * lanes
            place = plane[0] + (top + r) * plane[1] + (left + col) * plane[2]
            if together and col + lanes <= right:
                pixels.give(kind, place, waves, at, shift)
                continue
            for lane in range(min(lanes, right - col)):
                pixels.write(kind, place + lane * plane[2], waves, at + lane, shift)
