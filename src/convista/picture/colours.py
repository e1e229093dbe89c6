"""Numbers to colours without matplotlib, for reports, PNG files, tables and terminals.

The colours of Greys and RdBu are ColorBrewer's (C. Brewer, M. Harrower, The Pennsylvania State University,
Apache-2.0), interpolated to 256 steps as matplotlib and pandas do, so that a number has the same colour wherever it
is shown (matplotlib's own drawing rounds down instead, by one 255th).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convista.errors import did_you_mean, need

Limits: TypeAlias = tuple[float, float]
Colours: TypeAlias = NDArray[np.uint8]  # (..., 3)

NOT_FINITE = (170, 0, 255)
"""The colour of NaN and infinity: violet, far from each colour of `MAPS` for each kind of colour vision."""

INKS = ("#000000", "#f1f1f1")
"""Text on a light and on a dark colour, as pandas writes it."""

_DARK_BELOW = 0.1655  # relative luminance where both inks have a contrast of 4.3:1


def _table(*stops: str) -> Colours:
    corners = np.array([list(bytes.fromhex(stop)) for stop in stops])
    places = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(places, np.arange(len(stops)), channel) for channel in corners.T]
    return np.stack(channels, axis=1).round().astype(np.uint8)  # (256, 3)


MAPS: dict[str, Colours] = {
    "Greys": _table("ffffff", "f0f0f0", "d9d9d9", "bdbdbd", "969696", "737373", "525252", "252525", "000000"),
    "gray": _table("000000", "ffffff"),
    "RdBu_r": _table("053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7",
                     "fddbc7", "f4a582", "d6604d", "b2182b", "67001f"),
}  # fmt: skip
"""Colour maps of 256 steps: Greys has the lowest value white, gray black; RdBu_r is blue below, red above."""

CENTRED = frozenset({"RdBu_r"})
"""Maps whose middle is zero."""


def colour_map(name: str) -> Colours:
    """Return the 256 colours of a map: ours, or matplotlib's where it is installed.

    >>> colour_map("Greys")[[0, 255]].tolist()
    [[255, 255, 255], [0, 0, 0]]
    """
    if name in MAPS:
        return MAPS[name]
    theirs = need("matplotlib", "plot", f'cmap (="{name}")').colormaps
    if name not in theirs:
        raise ValueError(
            f'cmap (="{name}") must be one of {", ".join(MAPS)} or a name of matplotlib{did_you_mean(name, theirs)}'
        )
    share = np.asarray(theirs[name].resampled(256)(np.arange(256)))[:, :3]  # (256, 3)
    return (share * 255).round().astype(np.uint8)


def value_limits(values: NDArray[Any], center: float | None = None) -> Limits:
    """Return the lowest and highest finite value; with `center`, limits as far below it as above.

    >>> value_limits(np.array([-1.0, 3.0, np.nan])), value_limits(np.array([-1.0, 3.0]), center=0)
    ((-1.0, 3.0), (-3.0, 3.0))
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if center is None:
        return low, high
    reach = max(high - center, center - low) or 1.0
    return center - reach, center + reach


def paint(values: NDArray[Any], cmap: str = "Greys", limits: Limits | None = None) -> Colours:
    """Return the colour of each value, `limits` at the ends of the map; values beyond them get the ends' colours.

    Parameters
    ----------
    values
        Numbers of any shape.
    cmap
        A name in `MAPS`, or one of matplotlib's.
    limits
        The values at the two ends; None: the lowest and the highest finite value, for a map of `CENTRED` as far
        below zero as above.

    Examples
    --------
    >>> paint(np.array([0.0, 5.0, 10.0, np.nan])).tolist()
    [[255, 255, 255], [149, 149, 149], [0, 0, 0], [170, 0, 255]]
    """
    low, high = checked_limits(limits) or value_limits(values, center=0 if cmap in CENTRED else None)
    finite = np.isfinite(values)
    level = np.where(finite, values, low).astype(np.float64)
    share = (level - low) / (high - low) if high > low else np.zeros_like(level)
    colours = colour_map(cmap)[np.clip(share * 256, 0, 255).astype(np.intp)]  # (..., 3)
    colours[~finite] = NOT_FINITE
    return colours


def default_map(values: NDArray[Any], limits: Limits | None = None) -> str:
    """Return the map for one channel: Greys, or RdBu_r where a value or the lower limit is negative.

    >>> default_map(np.array([0, 9])), default_map(np.array([-2, 9]))
    ('Greys', 'RdBu_r')
    """
    low, _ = limits or value_limits(values)
    return "RdBu_r" if low < 0 else "Greys"


def paint_picture(picture: NDArray[Any], cmap: str | None = None, limits: Limits | None = None) -> Colours:
    """Return the colours of (rows, cols), by `default_map` unless `cmap` is given, or of (rows, cols, 3)."""
    if picture.ndim == 3:
        return rgb_bytes(picture, limits)
    return paint(picture, cmap or default_map(picture, limits), limits)


def rgb_bytes(picture: NDArray[Any], limits: Limits | None = None) -> Colours:
    """Return (rows, cols, 3) colour as bytes: 8-bit as it is, other integers and floats scaled.

    Without `limits` floats are from 0 to 1, 16-bit unsigned integers from 0 to 65535, other integers from 0 to
    255; a value outside is an error, since cutting it off would show a colour that isn't there. With `limits`
    values outside get the ends' colours.

    >>> rgb_bytes(np.array([[[0.0, 0.5, 1.0]]])).tolist()
    [[[0, 128, 255]]]
    """
    if picture.dtype == np.uint8 and limits is None:
        return picture
    low, high = checked_limits(limits) or _colour_limits(picture)
    finite = np.isfinite(picture)
    level = (np.where(finite, picture, low).astype(np.float64) - low) / (high - low)
    colours = (np.clip(level, 0, 1) * 255).round().astype(np.uint8)
    colours[~finite.all(axis=2)] = NOT_FINITE
    return colours


def checked_limits(limits: Limits | None) -> Limits | None:
    """Return `limits` as two floats, the first below the second, or None as it is."""
    if limits is None:
        return None
    low, high = (float(limit) for limit in limits)
    if not low < high or not np.isfinite([low, high]).all():
        raise ValueError(f"limits (={limits}) must be two finite numbers, the lower first")
    return low, high


def is_dark(colours: Colours) -> NDArray[np.bool_]:
    """Return where the light ink has more contrast than the dark one, by the relative luminance of WCAG 2.

    The choice is for the larger contrast, which is 4.3:1 or more; pandas' own (light ink below 0.408) goes down
    to 1.9:1 in the middle of Greys.

    >>> is_dark(paint(np.array([0, 128, 255]))).tolist()
    [False, False, True]
    """
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ [0.2126, 0.7152, 0.0722] < _DARK_BELOW)


def css_colour(colour: Colours) -> str:
    """Return ``#rrggbb``.

    >>> css_colour(np.array([170, 0, 255], np.uint8))
    '#aa00ff'
    """
    return f"#{bytes(colour.tolist()).hex()}"


def _colour_limits(picture: NDArray[Any]) -> Limits:
    high = {"f": 1.0, "b": 1.0}.get(picture.dtype.kind, 65535.0 if picture.dtype == np.uint16 else 255.0)
    lowest, highest = value_limits(picture)
    if lowest < -high * _ROUNDING or highest > high * (1 + _ROUNDING):
        raise ValueError(
            f"image has colours from {lowest:g} to {highest:g}, but {picture.dtype} colours are from 0 to {high:g}; "
            f"name the values of black and full colour: limits=({min(lowest, 0):g}, {highest:g})"
        )
    return 0.0, high


_ROUNDING = 1e-3  # what resizing and normalising may put a float beyond its range
