"""Numbers as the texts and the colours of cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.picture.colours import INKS, Limits, css_colour, default_map, is_dark, paint


def short(value: float) -> str:
    """Return a number in few letters: whole ones whole, others to three digits.

    >>> short(630.0), short(-0.0625), short(1234.56), short(1.5e-7), short(float("nan"))
    ('630', '-0.0625', '1235', '1.5e-07', 'nan')
    """
    return _digits(value, 3)


def exact(value: float) -> str:
    """Return a number of a sum: whole ones whole, others to four digits.

    >>> exact(1234.5678), exact(12)
    ('1235', '12')
    """
    return _digits(value, 4)


def painted(values: NDArray[Any], limits: Limits | None = None) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the colour of each number and that of the ink on it, as ``#rrggbb``; `limits` at the ends of the map.

    >>> fills, inks = painted(np.array([[0, 9]]))
    >>> fills.tolist(), inks.tolist()
    ([['#ffffff', '#000000']], [['#000000', '#f1f1f1']])
    """
    colours = paint(values, default_map(values, limits), limits)
    dark = is_dark(colours)
    fills, inks = np.empty(values.shape, object), np.empty(values.shape, object)
    for place in np.ndindex(values.shape):
        fills[place], inks[place] = css_colour(colours[place]), INKS[int(dark[place])]
    return fills, inks


def _digits(value: float, digits: int) -> str:
    number = float(value)
    if not np.isfinite(number):
        return f"{number:g}"
    if number == int(number) and abs(number) < 1e7:
        return str(int(number))
    return f"{number:.0f}" if 10.0**digits <= abs(number) < 1e7 else f"{number:.{digits}g}"
