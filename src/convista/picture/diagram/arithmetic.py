"""The pictures of convolution arithmetic, from whole numbers alone."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from convista.errors import one_of
from convista.picture.diagram.landing import Convolution
from convista.picture.diagram.matrix import matrix_scene
from convista.picture.diagram.numbers import checked
from convista.picture.diagram.picture import Picture
from convista.picture.diagram.reading import Whole, convolution
from convista.picture.diagram.stops import stops_scene
from convista.picture.diagram.view import View
from convista.window import Padding

VIEWS = ("stops", "matrix")


def draw_arithmetic(
    size: Whole,
    kernel: Whole,
    stride: Whole = 1,
    padding: Padding = 0,
    dilation: Whole = 1,
    *,
    transposed: bool = False,
    output_padding: Whole = 0,
    ceil_mode: bool = False,
    view: str = "stops",
    language: str = "en",
    animated: bool = False,
) -> Picture:
    """Draw where a kernel lands and how many numbers that makes.

    Parameters
    ----------
    size
        Of the input: one number for a square, or (cols,), (rows, cols), (depth, rows, cols).
    kernel, stride, padding, dilation, output_padding
        One number, or one for each axis; `padding` may be a word of `convista.window` or pairs (before, after).
    transposed
        Draw the transposed convolution: the zeros it puts between the numbers, and the numbers each stop gathers.
    ceil_mode
        Whether the last window may hang over the end, as in pooling.
    view
        ``"stops"`` or ``"matrix"``, the convolution as a matrix.
    language
        ``"en"`` or ``"zh-Hans"``.
    animated
        Whether it moves in a notebook and as SVG.

    Returns
    -------
    Picture
        With ``.save("figure.svg")``; also ``.png``, ``.gif``, ``.html``.

    Examples
    --------
    >>> draw_arithmetic(28, 3, stride=2, padding=1)
    <Picture: 28 × 28 to 14 × 14, kernel 3 × 3, padding 1, stride 2; 196 moments>
    """
    plan = convolution(
        size, kernel, stride, padding, dilation, transposed=transposed, output_padding=output_padding,
        ceil_mode=ceil_mode,
    )  # fmt: skip
    return picture_of(plan, view=view, language=language, animated=animated)


def picture_of(
    plan: Convolution,
    numbers: tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None = None,
    bias: float = 0,
    *,
    view: str = "stops",
    notes: tuple[str, ...] = (),
    language: str = "en",
    animated: bool = False,
) -> Picture:
    """Draw a convolution, with the numbers (image, kernel, output) in its cells where they are given.

    Parameters
    ----------
    plan
        Where the kernel lands.
    numbers
        Image, kernel and output, each with as many axes as the convolution.
    bias
        Added to each sum.
    view, language, animated
        As for `draw_arithmetic`.
    notes
        More lines below.
    """
    one_of("view", view, VIEWS)
    if view == "matrix":
        weights = numbers[1] if numbers else None
        return Picture(matrix_scene(plan, weights, language=language), animated)
    part = View(plan, numbered=numbers is not None)
    told = checked(*numbers, part, bias) if numbers else None
    return Picture(stops_scene(part, told, notes=notes, language=language), animated)
