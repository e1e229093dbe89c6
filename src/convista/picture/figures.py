"""Images and feature maps as matplotlib figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convista.errors import need
from convista.picture.colours import (
    NOT_FINITE,
    Limits,
    checked_limits,
    colour_map,
    css_colour,
    rgb_bytes,
    value_limits,
)
from convista.picture.layout import numbers, picture_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def show_image(
    image: object,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    title: str | None = None,
    cmap: str = "Greys",
    *,
    limits: Limits | None = None,
    channels_last: bool | None = None,
    **options: Any,
) -> Axes:
    """Draw an image without axes, each pixel a block, and return the matplotlib axes.

    Parameters
    ----------
    image
        An array, tensor, PIL image or nested list: one channel (rows, cols) or (1, rows, cols), or colour
        (rows, cols, 3) or (3, rows, cols), whose floats are from 0 to 1.
    ax
        Where to draw; None: a new pyplot figure.
    figsize
        Of the new figure, inches (cols, rows).
    title
        Above the image.
    cmap
        The colour map of one channel, any of matplotlib's. Greys has the lowest value white.
    limits
        The values at the ends of the map; None: the lowest and the highest finite value. NaN and infinity are
        violet.
    channels_last
        Needed where the shape has two readings, such as (3, 5, 3).
    **options
        Passed on to ``Axes.imshow``.

    Raises
    ------
    ValueError
        For a shape that is no image or can be read as two, and for colours outside their range.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> axes = show_image([[0, 1], [2, 3]], title="four pixels")
    >>> axes.images[0].get_cmap().name, axes.get_title()
    ('Greys', 'four pixels')
    >>> plt.close(axes.figure)
    """
    picture = picture_array(image, channels_last)
    axes = _pyplot("show_image").subplots(figsize=figsize, layout="constrained")[1] if ax is None else ax
    _draw(axes, picture, cmap, limits, options)
    axes.set_axis_off()
    if title is not None:
        axes.set_title(title)
    return axes


def show_grid(
    maps: object,
    titles: Sequence[str] | None = None,
    cols: int | None = None,
    *,
    cmap: str | None = None,
    center: float | None = 0.0,
    limits: Limits | None = None,
    size: float = 1.4,
) -> Figure:
    """Draw feature maps side by side on one shared scale with a colour bar, and return the matplotlib figure.

    One colour means one number in every map. The scale reaches as far below `center` as above, so that white is
    zero, below is blue and above red, also where all values are positive. NaN and infinity are violet, and the
    figure says how many there are.

    Parameters
    ----------
    maps
        (count, rows, cols): an array, a tensor or a list of maps of one size.
    titles
        One for each map.
    cols
        Maps side by side; None: about as many as there are lines of maps.
    cmap
        A colour map of matplotlib; None: RdBu_r, and Greys (lowest value white) where `center` is None.
    center
        The value in the middle of the scale; None: the scale is from the lowest to the highest value.
    limits
        The values at the ends of the scale, in place of both rules.
    size
        Inches from one map to the next.

    Raises
    ------
    ValueError
        For another shape, or another number of titles than maps.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> figure = show_grid([[[1, 2]], [[-3, 0]]])
    >>> [axes.images[0].get_clim() for axes in figure.axes[:2]]
    [(-3.0, 3.0), (-3.0, 3.0)]
    >>> plt.close(figure)
    """
    stack = _stack(maps)  # (count, rows, cols)
    across = _columns(len(stack), cols)
    titles = _titles(titles, len(stack))
    cmap = cmap or ("Greys" if center is None else "RdBu_r")
    limits = checked_limits(limits) or value_limits(stack, center)
    figure, places = _sheet(stack.shape, across, size, titled=bool(titles))
    drawn = [_draw(axes, one, cmap, limits, {}) for axes, one in zip(places, stack, strict=False)]
    for axes, text in zip(places, titles, strict=False):
        axes.set_title(text, fontsize=8)
    _colour_bar(figure, drawn[0], places)
    _note_not_finite(figure, stack)
    return figure


def _pyplot(purpose: str) -> ModuleType:
    need("matplotlib", "plot", purpose)
    return import_module("matplotlib.pyplot")


def _draw(axes: Axes, picture: NDArray[Any], cmap: str, limits: Limits | None, options: dict[str, Any]) -> Any:
    settings: dict[str, Any] = {"interpolation": "nearest"}
    if picture.ndim == 3:
        return axes.imshow(rgb_bytes(picture, limits), **settings | options)
    settings["cmap"] = _with_violet(options.get("cmap", cmap))
    if "norm" not in options:
        settings["vmin"], settings["vmax"] = checked_limits(limits) or value_limits(picture)
    return axes.imshow(np.ma.masked_invalid(picture), **settings | options)


def _with_violet(cmap: str) -> Any:
    """Return matplotlib's map of that name with the colour for NaN, which is see-through there."""
    if isinstance(cmap, str):
        colour_map(cmap)  # for its error
    colormaps = need("matplotlib", "plot", "a figure").colormaps
    return colormaps.get_cmap(cmap).with_extremes(bad=css_colour(np.array(NOT_FINITE, np.uint8)))


def _sheet(shape: tuple[int, ...], across: int, size: float, *, titled: bool) -> tuple[Figure, list[Axes]]:
    """Return a figure with room for `across` maps side by side, and the axes, those without a map hidden."""
    pyplot = _pyplot("show_grid")
    from convista.picture.sheet import Sheet

    count, rows, cols = shape
    down = math.ceil(count / across)
    height = size * min(max(rows / cols, 0.25), 4) + 0.22 * titled
    figsize = (across * size + 0.8, max(down * height, 1.2))
    figure = pyplot.figure(FigureClass=Sheet, figsize=figsize, layout="constrained")
    places = list(figure.subplots(down, across, squeeze=False).ravel())
    for axes in places:
        axes.set_axis_off()
    return figure, places


def _colour_bar(figure: Figure, drawn: Any, places: list[Axes]) -> None:
    share = 1.0 if figure.get_figheight() < 2.5 else 0.8
    thin = figure.get_figheight() * share / 0.13  # an eighth of an inch wide at any height
    bar = figure.colorbar(drawn, ax=places, shrink=share, aspect=thin, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8)


def _stack(maps: object) -> NDArray[Any]:
    stack = numbers(maps, "maps")
    if stack.ndim != 3:
        hint = {2: "; one map is maps[None]", 4: "; the maps of one image are maps[0]"}.get(stack.ndim, "")
        raise ValueError(f"maps has shape {stack.shape}; it must be (count, rows, cols){hint}")
    return stack


def _columns(count: int, cols: int | None) -> int:
    if cols is None:
        return math.ceil(math.sqrt(count))
    if cols < 1:
        raise ValueError(f"cols (={cols}) must be 1 or more")
    return min(cols, count)


def _titles(titles: Sequence[str] | None, count: int) -> Sequence[str]:
    if titles is not None and len(titles) != count:
        raise ValueError(f"titles has {len(titles)} entries for {count} maps; give one for each")
    return titles or ()


def _note_not_finite(figure: Figure, stack: NDArray[Any]) -> None:
    count = int((~np.isfinite(stack)).sum())
    if count:
        are = "value is" if count == 1 else "values are"
        figure.supxlabel(f"violet: {count:,} {are} NaN or infinite", fontsize=8)
