"""Pictures for the terminal: half blocks in 24-bit colour, or plain numbers where there is no colour."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.picture.colours import Colours, Limits, default_map, paint, rgb_bytes
from convista.picture.layout import picture_array
from convista.picture.table import left_out, text_table

_RESET = "\x1b[0m"


def terminal_image(
    image: object,
    width: int = 80,
    colour: bool | None = None,
    *,
    cmap: str | None = None,
    limits: Limits | None = None,
    decimals: int = 2,
    channels_last: bool | None = None,
) -> str:
    """Return `image` as text for a terminal: half blocks, two pixels a character, or numbers.

    An image of more columns than `width` is made smaller, each new pixel the mean of the area it covers; a
    smaller one keeps its size. Printed numbers are the image's own: what does not fit is left out and counted.

    Parameters
    ----------
    image
        One channel (rows, cols) or (1, rows, cols), or colour (rows, cols, 3) or (3, rows, cols).
    width
        Characters a line may have.
    colour
        Half blocks in 24-bit colour, or plain numbers. None: colour where standard output is a terminal that
        shows colours and the variable ``NO_COLOR`` is not set.
    cmap
        The colour map of one channel. None: Greys (lowest value white), or RdBu_r around zero if a value is
        negative.
    limits
        The values at the ends of the map; None: the lowest and the highest shown.
    decimals
        Digits after the point of floats.
    channels_last
        Needed where the shape has two readings.

    Examples
    --------
    >>> print(terminal_image([[0, 250, 3], [9, 17, 4]], colour=False))
         0   1   2
    0    0 250   3
    1    9  17   4
    """
    if width < 1:
        raise ValueError(f"width (={width}) must be 1 or more characters")
    picture = picture_array(image, channels_last)
    if has_colour() if colour is None else colour:
        return half_blocks(_small_colours(picture, width, cmap, limits))
    if picture.ndim == 2:
        return _number_lines(picture, width, decimals)
    names = ("red", "green", "blue")
    return "\n".join(f"{name}\n{_number_lines(picture[:, :, i], width, decimals)}" for i, name in enumerate(names))


def half_blocks(colours: Colours) -> str:
    """Return (rows, cols, 3) as lines of upper half blocks: the text's colour above, the background's below."""
    return "\n".join(_line(colours[row : row + 2]) for row in range(0, len(colours), 2))


def has_colour() -> bool:
    """Return whether standard output is a terminal that may be written in colour (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def area_mean(picture: NDArray[Any], cols: int) -> NDArray[np.float64]:
    """Return `picture` with `cols` columns and its aspect kept; each pixel is the mean of the area it covers.

    Where NaN or infinity lies under a pixel, the pixel is NaN.

    >>> area_mean(np.array([[0, 2, 4], [6, 8, 10]]), cols=1)
    array([[5.]])
    >>> area_mean(np.array([[0, 3, 6]]), cols=2)
    array([[1., 5.]])
    """
    rows = max(round(picture.shape[0] * cols / picture.shape[1]), 1)
    across = _shares(picture.shape[1], cols)  # (new cols, cols)
    down = _shares(picture.shape[0], rows)  # (new rows, rows)
    return np.stack([_mean_line(picture, weights, across) for weights in down])


def _mean_line(picture: NDArray[Any], weights: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.float64]:
    under = np.flatnonzero(weights)
    values = picture[under].astype(np.float64)  # (rows under the line, cols) or (..., 3)
    bad = ~np.isfinite(values)
    column = np.tensordot(weights[under], np.where(bad, 0, values), 1)  # (cols,) or (cols, 3)
    line = across @ column
    line[(across > 0) @ bad.any(axis=0)] = np.nan
    return np.asarray(line)


def _shares(size: int, new: int) -> NDArray[np.float64]:
    """Return which share of each of `new` pixels each of `size` pixels makes up, (new, size)."""
    edges = np.arange(new + 1)[:, None] * size  # in whole numbers: an old pixel is `new` wide, a new one `size`
    left = np.maximum(edges[:-1], np.arange(size) * new)
    right = np.minimum(edges[1:], np.arange(1, size + 1) * new)
    return np.asarray(np.maximum(right - left, 0) / size)


def _small_colours(picture: NDArray[Any], width: int, cmap: str | None, limits: Limits | None) -> Colours:
    cols = min(width, picture.shape[1])
    if picture.ndim == 3:
        return area_mean(rgb_bytes(picture, limits), cols).round().astype(np.uint8)
    return paint(area_mean(picture, cols), cmap or default_map(picture, limits), limits)


def _line(pair: Colours) -> str:
    above, below = pair[0].tolist(), pair[-1].tolist() if len(pair) == 2 else None
    text, last = "", ""
    for col, top in enumerate(above):
        code = _code(38, top) + (";" + _code(48, below[col]) if below else "")
        text += ("" if code == last else f"\x1b[{code}m") + "▀"
        last = code
    return text + _RESET


def _code(which: int, colour: list[int]) -> str:
    return f"{which};2;" + ";".join(map(str, colour))


def _number_lines(values: NDArray[Any], width: int, decimals: int) -> str:
    shown = min(len(values), max(width // 2, 1))
    text = text_table(values[:shown], range(shown), range(values.shape[1]), decimals=decimals, width=width)
    return "\n".join([text, *left_out(len(values) - shown, "row")])
