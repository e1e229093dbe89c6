"""What happens to an image before a network sees it; each step rounds to whole numbers, and the bound says so."""

from __future__ import annotations

import numpy as np

from convista.explanation.node import Ref
from convista.explanation.records import Index, Parts, Terms
from convista.explanation.rules.book import rule
from convista.explanation.rules.call import Call, Floats, Ints, place

ROUNDED = 0.5
"""How far a number may move when it is rounded."""
GREY = (19595 / 65536, 38470 / 65536, 7471 / 65536)
"""Of red, green and blue, after Rec. 601: 0.299, 0.587, 0.114, as Pillow stores them."""


@rule("resize")
def resized(call: Call, input: Ref, axis: int) -> Parts:
    """The pixels below the new one, along one axis, each with its share."""
    shape = tuple(input.tensor.shape)
    taps, shares = triangle(call.index[axis], shape[axis], call.node.shape[axis])
    spots = [place(shape, (*call.index[:axis], int(tap), *call.index[axis + 1 :])) for tap in taps]
    # Pillow's shares have 22 bits.
    slack = ROUNDED + 255 * len(spots) * 2.0**-23
    words = f"{len(spots)} pixels {'along the row' if axis == 3 else 'down the column'} x their shares, rounded"
    return Parts(Terms([call.group(input, spots, shares)]), words, slack=slack)


def triangle(at: int, old: int, new: int) -> tuple[Ints, Floats]:
    """Return the pixels that make one pixel of a resized row, and their shares: Pillow's bilinear filter.

    >>> taps, shares = triangle(0, 4, 2)
    >>> taps.tolist(), shares.round(4).tolist()
    ([0, 1, 2], [0.4286, 0.4286, 0.1429])
    """
    scale = old / new
    support, centre = max(scale, 1.0), (at + 0.5) * scale
    taps = np.arange(max(int(centre - support + 0.5), 0), min(int(centre + support + 0.5), old))
    shares = np.maximum(1 - np.abs((taps - centre + 0.5) / support), 0)
    return taps, shares / shares.sum()


@rule("frame")
def framed(call: Call, input: Ref, top: int, left: int) -> Parts:
    """The pixel itself, or around the image the mean of its outermost pixels."""
    shape = tuple(input.tensor.shape)
    sample, channel, row, col = call.index
    if 0 <= row - top < shape[2] and 0 <= col - left < shape[3]:
        spots = [place(shape, (sample, channel, row - top, col - left))]
        return Parts(Terms([call.group(input, spots, [1.0])]), "the same number, from there")
    spots = np.flatnonzero(border(shape, (sample, channel)))
    shares = np.full(spots.size, 1 / spots.size)
    words = "around the image: the mean of its outermost pixels, rounded"
    return Parts(Terms([call.group(input, spots, shares)]), words, slack=ROUNDED)


def border(shape: Index, own: Index) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return the mask of the outermost pixels of one channel."""
    mask = np.zeros(shape, bool)
    mask[own] = True
    mask[(*own, slice(1, -1), slice(1, -1))] = False
    return mask


@rule("grey")
def grey(call: Call, input: Ref) -> Parts:
    """Red, green and blue as the eye weighs them."""
    shape, (sample, _, row, col) = tuple(input.tensor.shape), call.index
    spots = [place(shape, (sample, channel, row, col)) for channel in range(3)]
    words = "red, green and blue as Rec. 601 weighs them, rounded"
    return Parts(Terms([call.group(input, spots, GREY)]), words, slack=ROUNDED)


@rule("channels")
def channels(call: Call, input: Ref) -> Parts:
    """Grey as each of three channels."""
    spot = place(tuple(input.tensor.shape), (call.index[0], 0, *call.index[2:]))
    return Parts(Terms([call.group(input, [spot], [1.0])]), "the same number, from the one channel there is")


@rule("high_byte")
def high_byte(call: Call, input: Ref) -> Parts:
    """16 bits over 256, without what is left over."""
    return _of_one(call, input, 1 / 256, "the number / 256, rounded down", 255 / 256)


@rule("scaled")
def scaled(call: Call, input: Ref, divisor: float) -> Parts:
    """The pixel over a number."""
    return _of_one(call, input, 1 / divisor, f"the number / {divisor:g}")


@rule("prepared")
def prepared(call: Call, input: Ref) -> Parts:
    """What the network is given."""
    return _of_one(call, input, 1.0, "the same number, given to the network")


def _of_one(call: Call, input: Ref, weight: float, words: str, slack: float = 0.0) -> Parts:
    spot = place(tuple(input.tensor.shape), call.index)
    return Parts(Terms([call.group(input, [spot], [weight])]), words, slack=slack)
