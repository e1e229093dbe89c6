"""Overlap-save: each pair of tiles through the transform, the kernel's spectrum, and back.

The columns of a tile are transformed first, a strip at a time; then, turned by 90 degrees, its rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from convista.grid import compiling
from convista.grid.fourier import stages, tile
from convista.grid.fourier.tile import compiled
from convista.grid.fourier.transform import DOWN, FILTER, UP


class Side(NamedTuple):
    """Where the pixels of images or results lie: an address, and steps in bytes."""

    address: int
    image: int
    channel: int
    row: int
    col: int


class Work(NamedTuple):
    """The whole numbers that compiled code needs. `sheets` results of one image share a kernel."""

    lanes: int
    band: int
    rows: int
    cols: int
    down: int
    right: int
    tiles_down: int
    tiles_right: int
    output_rows: int
    output_cols: int
    planes: int
    sheets: int
    per_group: int
    filters_per_group: int
    dilation_rows: int
    dilation_cols: int


class Axis(NamedTuple):
    """Where the machine code of `transform` is; the stages and turning factors for one axis of a tile."""

    strip: int
    turn: int
    stages: Any
    factors: Any


class Maps(NamedTuple):
    """Which pixel stands in each row and column of the padded image; fill value, largest pixel, how far apart."""

    rows: Any
    cols: Any
    limits: Any


class Kernels(NamedTuple):
    """The weights (filters, channels, rows, cols), their sums (filters, channels), the bias, the spectra (flat)."""

    weights: Any
    sums: Any
    bias: Any
    spectra: Any


class Scratch(NamedTuple):
    """Memory of one thread. All waves are flat arrays."""

    band: Any
    """Some strips of a tile."""
    tiles: Any
    """A tile for each channel."""
    total: Any
    """Their sum, where one tile is not enough."""
    usual: Any
    """What is usual in each (part, channel): `tile.survey`."""
    where: Any
    """Of each part: image, sheet, top row, left column."""
    strays: Any


@compiling.compiled
def pairs(
    kinds: Any, image: Any, result: Any, work: Any, axes: Any, maps: Any, kernels: Any, scratch: Any, first: int,
    last: int,
) -> None:  # fmt: skip
    """Do the units `first` to `last`: each a pair of tiles under the filters of one group.

    Where the second tile is missing the first one is done twice.
    """
    tiles = work.planes * work.tiles_down * work.tiles_right
    for unit in range(first, last):
        group, pair = divmod(unit, (tiles + 1) // 2)
        for part in range(2):
            where, number = scratch.where[part], min(2 * pair + part, tiles - 1)
            plane, place = divmod(number, work.tiles_down * work.tiles_right)
            where[0], where[1] = divmod(plane, work.sheets)
            where[2], where[3] = place // work.tiles_right * work.down, place % work.tiles_right * work.right
        scratch.strays[0][0, 0] = 0
        for channel in range(work.per_group):
            _channel_down(kinds[0], image, work, axes[0], maps, scratch, group * work.per_group, channel)
        for f in range(group * work.filters_per_group, (group + 1) * work.filters_per_group):
            waves = _product(work, axes[1], kernels, scratch, f)
            _filter_up(kinds[1], result, work, axes[0], kernels, scratch, waves, f)


@compiled
def _channel_down(
    kind: Any, image: Any, work: Any, axis: Any, maps: Any, scratch: Any, base: int, channel: int
) -> None:
    """Transform the columns of one channel of both tiles, a band at a time, and turn them into rows."""
    strips, square = work.cols // work.lanes, 2 * work.lanes * work.lanes
    band, levels = scratch.band, axis.stages.size // 3
    for first in range(0, strips, work.band):
        count = min(work.band, strips - first)
        for part in range(2):
            where, usual = scratch.where[part], scratch.usual[part, channel]
            top, left = where[2], where[3]
            address = image.address + where[0] * image.image + (where[1] + base + channel) * image.channel
            plane = (address, image.row, image.col)
            if first == 0:
                tile.survey(kind, plane, band, work, maps, top, left, usual)
            tile.pack(kind, plane, band, work, maps, top, left, first, count, part, channel, usual, scratch.strays)
        for strip in range(count):
            start = strip * 2 * work.lanes * work.rows
            into = channel * 2 * work.rows * work.cols + (first + strip) * square
            stages.strip(axis.strip, DOWN, band, start, axis.stages, levels, axis.factors, band, 0)
            stages.turn(axis.turn, band, start, square, scratch.tiles, into, strips * square, work.rows // work.lanes)


@compiled
def _product(work: Any, axis: Any, kernels: Any, scratch: Any, f: int) -> Any:
    """Return the tile with its rows back from the spectrum: for one channel and one filter in one go."""
    numbers, levels = 2 * work.rows * work.cols, axis.stages.size // 3
    alone = work.per_group == 1 and work.filters_per_group == 1
    total = scratch.tiles if alone else scratch.total
    way = FILTER if alone else UP
    for at in range(0, numbers, 2 * work.lanes * work.cols):
        spectrum = f * work.per_group * numbers + at
        if not alone:
            _mix(work, axis, kernels, scratch, f, at, spectrum)
        stages.strip(axis.strip, way, total, at, axis.stages, levels, axis.factors, kernels.spectra, spectrum)
    return total


@compiled
def _mix(work: Any, axis: Any, kernels: Any, scratch: Any, f: int, at: int, spectrum: int) -> None:
    """Add up the channels of one strip of rows, each times its spectrum; for the first filter, transform them first."""
    numbers, levels = 2 * work.rows * work.cols, axis.stages.size // 3
    tiles, total = scratch.tiles, scratch.total
    for place in range(at, at + 2 * work.lanes * work.cols):
        total[place] = 0
    for channel in range(work.per_group):
        start = channel * numbers + at
        if f % work.filters_per_group == 0:
            stages.strip(axis.strip, DOWN, tiles, start, axis.stages, levels, axis.factors, tiles, start)
        stages.add_product(total, at, tiles, start, work.cols, kernels.spectra, spectrum + channel * numbers)


@compiled
def _filter_up(kind: Any, result: Any, work: Any, axis: Any, kernels: Any, scratch: Any, waves: Any, f: int) -> None:
    """Turn rows into columns, transform them back, and write the results of both tiles."""
    square, useful = 2 * work.lanes * work.lanes, (work.right + work.lanes - 1) // work.lanes
    far, levels, band = work.cols // work.lanes * square, axis.stages.size // 3, scratch.band
    for first in range(0, useful, work.band):
        count = min(work.band, useful - first)
        for strip in range(count):
            start = strip * 2 * work.lanes * work.rows
            stages.turn(axis.turn, waves, (first + strip) * square, far, band, start, square, work.rows // work.lanes)
            stages.strip(axis.strip, UP, band, start, axis.stages, levels, axis.factors, band, 0)
        tile.repair(band, work, first, count, kernels.weights, f, scratch.strays)
        for part in range(2):
            where = scratch.where[part]
            number = f + where[1]
            base = kernels.bias[number]
            for channel in range(work.per_group):
                base += scratch.usual[part, channel, 0] * kernels.sums[f, channel]
            address = result.address + where[0] * result.image + number * result.channel
            plane = (address, result.row, result.col)
            tile.unpack(kind, plane, band, work, where[2], where[3], first, count, part, base)


@compiling.compiled
def spectra(weights: Any, work: Any, axes: Any, band: Any, spectrum: Any) -> None:
    """Fill `spectrum` with the transforms of the kernels (filters, channels, rows, cols), turned round the corner."""
    lanes, strips, square = work.lanes, work.cols // work.lanes, 2 * work.lanes * work.lanes
    upright, flat = axes
    for number in range(weights.shape[0] * weights.shape[1]):
        start = number * 2 * work.rows * work.cols
        for strip in range(strips):
            for place in range(2 * lanes * work.rows):
                band[place] = 0
            empty = True
            for j in range(weights.shape[3]):
                lane = -j * work.dilation_cols % work.cols - strip * lanes
                if not 0 <= lane < lanes:
                    continue
                empty = False
                for i in range(weights.shape[2]):
                    weight = weights[number // weights.shape[1], number % weights.shape[1], i, j]
                    row = -i * work.dilation_rows % work.rows
                    band[row * 2 * lanes + lane] = weight / (work.rows * work.cols)
            if not empty:
                levels = upright.stages.size // 3
                stages.strip(upright.strip, DOWN, band, 0, upright.stages, levels, upright.factors, band, 0)
            into = start + strip * square
            stages.turn(upright.turn, band, 0, square, spectrum, into, strips * square, work.rows // lanes)
        for at in range(start, start + 2 * work.rows * work.cols, 2 * lanes * work.cols):
            levels = flat.stages.size // 3
            stages.strip(flat.strip, DOWN, spectrum, at, flat.stages, levels, flat.factors, spectrum, at)
