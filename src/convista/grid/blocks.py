"""Images larger than memory: `conv2d` of a Dask array, lazy, chunk by chunk, with pixels from the neighbours.

Each chunk of the result is one task. It gathers the pixels that its windows see, whole chunks and strips cut from
the neighbours where those are (so that a cluster sends strips, not chunks), and calls `conv2d` on them. What stands
beyond the image's edge is settled before: a circular border takes its strips from the far side, a mirrored one
turns them round.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise, product
from operator import getitem
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from convista.grid import convolution, kinds
from convista.grid.footprint import Footprint, arrange, plain_footprint, steps_of
from convista.grid.planner import Plan
from convista.grid.precision import Array, Weights
from convista.grid.problem import Problem, read_bias, read_kernel_argument, read_problem
from convista.window import Pair

if TYPE_CHECKING:
    import dask.array

Key: TypeAlias = tuple[Any, ...]
Parts: TypeAlias = tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Some pixels of one chunk, along one axis, counted from the chunk's first."""

    chunk: int
    first: int
    last: int
    of: int
    """How many pixels the chunk has."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What one chunk of the result sees along one axis, and which parts of the image's chunks that is."""

    seen: Footprint
    parts: Parts

    def places(self) -> list[slice]:
        """Return where each part stands among the pixels seen."""
        edges = accumulate((part.last - part.first for part in self.parts), initial=0)
        return [slice(first, last) for first, last in pairwise(edges)]


@dataclass(frozen=True, slots=True)
class Work:
    """What every chunk has in common."""

    problem: Problem
    """Of the whole image."""
    image: np.dtype[Any]
    kernel: Array
    bias: Array | None
    terms: dict[str, Any]
    """Arguments of `conv2d` that don't change from chunk to chunk."""

    def tile(self, cuts: Sequence[Cut], blocks: Sequence[Array]) -> Array:
        """Return the pixels that one chunk of the result sees; `blocks` are chunks, or strips already cut."""
        if len(blocks) == 1:
            return _taken(blocks[0], tuple(cut.parts[0] for cut in cuts))
        pixels = np.empty([cut.seen.size for cut in cuts], self.image)
        all_parts, all_places = product(*(cut.parts for cut in cuts)), product(*(cut.places() for cut in cuts))
        for block, parts, places in zip(blocks, all_parts, all_places, strict=True):
            pixels[places] = _taken(block, parts)
        return pixels

    def convolve(self, cuts: Sequence[Cut], blocks: Sequence[Array]) -> Array:
        """Return one chunk of the result."""
        pixels = arrange(self.tile(cuts, blocks), [cut.seen for cut in cuts])
        result: Array = convolution.conv2d(pixels, self.kernel, self.bias, padding=self.padding(cuts), **self.terms)
        return result

    def plan(self, cuts: Sequence[Cut]) -> Plan:
        """Return the plan of one chunk of the result."""
        pixels = np.broadcast_to(self.image.type(0), [cut.seen.length for cut in cuts])
        return convolution.plan(pixels, self.kernel, self.bias, padding=self.padding(cuts), **self.terms)

    def padding(self, cuts: Sequence[Cut]) -> tuple[Pair, Pair]:
        """Return the fill values around one chunk's pixels."""
        axes = self.problem.layout.image
        return cuts[axes.index("h")].seen.pads, cuts[axes.index("w")].seen.pads


@dataclass(frozen=True, slots=True)
class Tile:
    """The task that makes one chunk of the result."""

    cuts: tuple[Cut, ...]

    def __call__(self, work: Work, blocks: Sequence[Array]) -> Array:
        """Do it."""
        return work.convolve(self.cuts, blocks)


def convolve(image: Any, kernel: Any, bias: Any, *, out: Any, **terms: Any) -> dask.array.Array:
    """Return `conv2d` of a Dask array as one, not yet computed. Nothing of the image is read."""
    if out is not None:
        raise ValueError(
            "out can't be given for a Dask array, whose result is computed later; "
            "leave it out, and put the result where it belongs with .store(), .to_zarr() or .compute()"
        )
    work, cuts, chunks = _read(image, kernel, bias, **terms)
    work.plan(_largest(cuts))  # refuses an engine that can't
    return _array(image, work, cuts, chunks)


def plan(image: Any, kernel: Any, bias: Any, **terms: Any) -> Plan:
    """Return the plan of the largest chunk of `conv2d` of a Dask array."""
    work, cuts, _ = _read(image, kernel, bias, **terms)
    found = work.plan(_largest(cuts))
    return replace(found, why=f"{found.why}; planned for the largest of {math.prod(map(len, cuts)):,} chunks")


def _read(
    image: Any, kernel: Any, bias: Any, *, flip: bool, engine: str, threads: int | None, **terms: Any
) -> tuple[Work, list[list[Cut]], list[tuple[int, ...]]]:
    """Return the work, the cuts along each axis of the image, and the result's chunks along each of its axes."""
    _check(image, kernel, bias)
    weights, biases = read_kernel_argument(kernel, flip=flip), read_bias(bias)
    problem = read_problem(_outline(image), weights, biases, **terms)
    told = {name: value for name, value in terms.items() if name not in ("padding", "padding_mode")}
    told |= {"engine": engine, "threads": 1 if threads is None else threads}  # Dask has threads of its own
    shift = None if biases is None else _settled(problem, biases)
    work = Work(problem, image.dtype, _settled(problem, weights), shift, told)
    return work, *_cut_up(problem, image.chunks)


def _check(image: Any, kernel: Any, bias: Any) -> None:
    from dask.array.utils import meta_from_array

    for name, thing in (("kernel", kernel), ("bias", bias)):
        if kinds.is_dask(thing):
            raise TypeError(
                f"{name} (a Dask array) must be in memory, since every chunk needs it; pass {name}.compute()"
            )
        if kinds.needs_torch(thing):
            raise TypeError(f"{name} (a tensor that only torch can use) gets no gradient from a Dask array; detach it")
    meta = meta_from_array(image)  # type: ignore[no-untyped-call]
    if not isinstance(meta, np.ndarray) or isinstance(meta, np.ma.MaskedArray):
        kind = f"{type(meta).__module__}.{type(meta).__name__}"
        raise TypeError(f"image (a Dask array of {kind}) must be made of NumPy arrays; convert with image.map_blocks")
    if any(math.isnan(size) for size in image.shape):
        raise ValueError(
            f"image (shape {image.shape}) has chunks of unknown size; call image.compute_chunk_sizes() first"
        )


class _Outline(np.ndarray[Any, Any]):
    """Shape and dtype of an image that isn't there.

    Whether its numbers overflow int64 is asked again, of the pixels themselves, when a chunk is computed.
    """

    def min(self, *_: Any, **__: Any) -> Any:
        return 0

    def max(self, *_: Any, **__: Any) -> Any:
        return 0


def _outline(image: Any) -> Array:
    return np.broadcast_to(np.zeros((), image.dtype), image.shape).view(_Outline)


def _settled(problem: Problem, weights: Weights) -> Array:
    """Return a kernel or a bias in numbers whose own dtype leads to the same precision."""
    work = problem.precision.work
    return np.array(weights.array, work if work.kind == "f" else weights.array.dtype, order="C")


def _cut_up(problem: Problem, chunks: Sequence[tuple[int, ...]]) -> tuple[list[list[Cut]], list[tuple[int, ...]]]:
    """Return the cuts along each axis of the image, and the chunks along each axis of the result."""
    cuts: list[list[Cut]] = []
    sizes: dict[str, tuple[int, ...]] = {"c": (problem.filters,)}
    for axis, each in zip(problem.layout.image, chunks, strict=True):
        footprints, results = _along(problem, axis, each)
        cuts.append([Cut(footprint, tuple(_parts(footprint, each))) for footprint in footprints])
        sizes |= results
    return cuts, [sizes[axis] for axis in problem.layout.result]


def _along(problem: Problem, axis: str, chunks: tuple[int, ...]) -> tuple[list[Footprint], dict[str, tuple[int, ...]]]:
    """Return what each chunk of the result sees along one axis, and the sizes of those chunks."""
    if axis in "hw":
        at = "hw".index(axis)
        steps = steps_of(problem)[at]
        shares = steps.shares(chunks, problem.output_size[at])
        return [steps.footprint(sum(chunks), *share) for share in shares], {axis: tuple(b - a for a, b in shares)}
    if axis == "n" or problem.layout.each_channel:
        kept = tuple(filter(None, chunks)) or (0,)
        return [plain_footprint(*edges) for edges in pairwise(accumulate(kept, initial=0))], {axis: kept}
    return [plain_footprint(0, sum(chunks))], {}  # a filter needs all channels


def _parts(seen: Footprint, chunks: tuple[int, ...]) -> Iterator[Part]:
    """Yield which pixels of which chunk a footprint covers, from left to right."""
    edges = [0, *accumulate(chunks)]
    for first, last in seen.spans:
        begin, end = bisect_right(edges, first) - 1, bisect_left(edges, last)
        for chunk in range(begin, end):
            here = max(first, edges[chunk]) - edges[chunk], min(last, edges[chunk + 1]) - edges[chunk]
            if here[0] < here[1]:
                yield Part(chunk, *here, of=chunks[chunk])


def _largest(cuts: Sequence[Sequence[Cut]]) -> list[Cut]:
    return [max(each, key=lambda cut: (cut.seen.length + sum(cut.seen.pads), cut.seen.length)) for each in cuts]


def _taken(block: Array, parts: Parts) -> Array:
    """Return a chunk's pixels; where it is a strip already, that axis is as long as it should be."""
    return block[
        tuple(
            slice(None) if size == part.last - part.first else slice(part.first, part.last)
            for size, part in zip(block.shape, parts, strict=True)
        )
    ]


def _array(image: Any, work: Work, cuts: list[list[Cut]], chunks: list[tuple[int, ...]]) -> dask.array.Array:
    """Return the lazy result: one task for each chunk of it, and one for each strip that a neighbour needs."""
    import dask.array
    from dask.base import tokenize
    from dask.highlevelgraph import HighLevelGraph

    axes, result_axes = work.problem.layout.image, work.problem.layout.result
    border = (work.problem.pads, work.problem.padding_mode)
    name = f"conv2d-{tokenize(image.name, work.kernel, work.bias, work.terms, border)}"
    graph: dict[Any, Any] = {f"work-{name}": work}
    for places in product(*(range(len(each)) for each in cuts)):
        tile = tuple(each[place] for each, place in zip(cuts, places, strict=True))
        blocks = [_block(graph, image.name, name, parts) for parts in product(*(cut.parts for cut in tile))]
        at = dict(zip(axes, places, strict=True))
        graph[name, *(at.get(axis, 0) for axis in result_axes)] = (Tile(tile), f"work-{name}", blocks)
    layers = HighLevelGraph.from_collections(name, graph, dependencies=[image])
    dtype = work.problem.precision.result
    return dask.array.Array(layers, name, chunks, dtype=dtype)  # type: ignore[no-untyped-call]


def _block(graph: dict[Any, Any], image: str, name: str, parts: Parts) -> Key:
    """Return the key of a chunk, or of a strip of it, whose task is put into the graph.

    A corner is cut from the strip of its rows when the tile is made: one strip serves three tiles.
    """
    chunk = (image, *(part.chunk for part in parts))
    cut = next((axis for axis, part in enumerate(parts) if part.last - part.first != part.of), None)
    if cut is None:
        return chunk
    part = parts[cut]
    key = (f"strip-{name}", *chunk[1:], cut, part.first, part.last)
    graph[key] = (getitem, chunk, (slice(None),) * cut + (slice(part.first, part.last),))
    return key
