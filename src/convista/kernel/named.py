"""Kernels without parameters, one line each: name, weights, unit, source.

The scale of a difference is computed, not declared: a kernel measured in brightness per pixel gets the factor
that makes a slope of one give one, along the kernel's own direction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.kernel.reading import parse_kernel
from convista.kernel.record import Kernel

VALUE = "brightness"
SLOPE = "brightness per pixel"
BEND = "brightness per pixel^2"

FASTBOOK = "J. Howard, S. Gugger, Deep Learning for Coders with fastai and PyTorch, 2020, chapter 13"
SOBEL = "I. Sobel, G. Feldman, A 3x3 isotropic gradient operator, 1968"
PREWITT = "J. M. S. Prewitt, Object enhancement and extraction, 1970"
SCHARR = "H. Scharr, Optimale Operatoren in der digitalen Bildverarbeitung, 2000; OpenCV documentation, Scharr"
ROBERTS = "L. G. Roberts, Machine perception of three-dimensional solids, 1963 (it squares both, so the sign is free)"
KIRSCH = "R. Kirsch, Computer determination of the constituent structure of biological images, 1971"
ROBINSON = "G. S. Robinson, Edge detection by compass gradient masks, 1977"
FREI_CHEN = "W. Frei, C.-C. Chen, Fast boundary detection: a generalization and a new algorithm, 1977"
FARID = "H. Farid, E. P. Simoncelli, Differentiation of discrete multidimensional signals, 2004; digits: scikit-image"
DIFFERENCES = "central finite differences, after B. Taylor, 1715"
BOOK = "R. C. Gonzalez, R. E. Woods, Digital Image Processing, 2nd edition, 2002"
PILLOW = "Pillow documentation, ImageFilter"

TABLE: tuple[tuple[str, str, str, str], ...] = (
    # a textbook's edges: the side that is dark is named
    ("top_edge", "-1 -1 -1; 0 0 0; 1 1 1", SLOPE, FASTBOOK),
    ("bottom_edge", "1 1 1; 0 0 0; -1 -1 -1", SLOPE, "top_edge upside down"),
    ("left_edge", "-1 0 1; -1 0 1; -1 0 1", SLOPE, f"top_edge on its side; {FASTBOOK} has -1 1 0 in each row"),
    ("right_edge", "1 0 -1; 1 0 -1; 1 0 -1", SLOPE, "left_edge mirrored"),
    ("diag1_edge", "0 -1 1; -1 1 0; 1 0 0", "", f"{FASTBOOK}; adds up to 1, so a flat area gives its brightness"),
    ("diag2_edge", "1 -1 0; 0 1 -1; 0 0 1", "", f"{FASTBOOK}; adds up to 1, so a flat area gives its brightness"),
    # first derivatives
    ("sobel_x", "-1 0 1; -2 0 2; -1 0 1", SLOPE, SOBEL),
    ("sobel_y", "-1 -2 -1; 0 0 0; 1 2 1", SLOPE, SOBEL),
    ("sobel_5_x", "-1 -2 0 2 1; -4 -8 0 8 4; -6 -12 0 12 6; -4 -8 0 8 4; -1 -2 0 2 1", SLOPE,
     "OpenCV documentation, getDerivKernels of size 5"),
    ("sobel_5_y", "-1 -4 -6 -4 -1; -2 -8 -12 -8 -2; 0 0 0 0 0; 2 8 12 8 2; 1 4 6 4 1", SLOPE,
     "OpenCV documentation, getDerivKernels of size 5"),
    ("prewitt_x", "-1 0 1; -1 0 1; -1 0 1", SLOPE, PREWITT),
    ("prewitt_y", "-1 -1 -1; 0 0 0; 1 1 1", SLOPE, PREWITT),
    ("scharr_x", "-3 0 3; -10 0 10; -3 0 3", SLOPE, SCHARR),
    ("scharr_y", "-3 -10 -3; 0 0 0; 3 10 3", SLOPE, SCHARR),
    ("roberts_x", "-1 0; 0 1", SLOPE, f"{ROBERTS}; along the diagonal to the lower right"),
    ("roberts_y", "0 -1; 1 0", SLOPE, f"{ROBERTS}; along the diagonal to the lower left"),
    ("central_x", "-1 0 1", SLOPE, DIFFERENCES),
    ("central_y", "-1; 0; 1", SLOPE, DIFFERENCES),
    ("forward_x", "-1 1", SLOPE, "the difference of neighbours"),
    ("forward_y", "-1; 1", SLOPE, "the difference of neighbours"),
    ("five_point_x", "1 -8 0 8 -1", SLOPE, f"{DIFFERENCES}; exact up to the fourth power"),
    ("five_point_y", "1; -8; 0; 8; -1", SLOPE, f"{DIFFERENCES}; exact up to the fourth power"),
    # second derivatives
    ("second_x", "1 -2 1", BEND, DIFFERENCES),
    ("second_y", "1; -2; 1", BEND, DIFFERENCES),
    ("second_xy", "1 0 -1; 0 0 0; -1 0 1", BEND, DIFFERENCES),
    ("laplacian", "0 1 0; 1 -4 1; 0 1 0", BEND, f"second_x + second_y; {BOOK}"),
    ("laplacian_8", "1 1 1; 1 -8 1; 1 1 1", BEND, f"with the diagonals; {BOOK}"),
    ("mexican_hat", "0 0 -1 0 0; 0 -1 -2 -1 0; -1 -2 16 -2 -1; 0 -1 -2 -1 0; 0 0 -1 0 0", "",
     f"minus the Laplacian of a gaussian, in small whole numbers; {BOOK}"),
    # lines, one pixel wide and bright
    ("line_horizontal", "-1 -1 -1; 2 2 2; -1 -1 -1", VALUE, BOOK),
    ("line_vertical", "-1 2 -1; -1 2 -1; -1 2 -1", VALUE, BOOK),
    ("line_rising", "-1 -1 2; -1 2 -1; 2 -1 -1", VALUE, f"{BOOK}; +45 degrees"),
    ("line_falling", "2 -1 -1; -1 2 -1; -1 -1 2", VALUE, f"{BOOK}; -45 degrees"),
    # whole pictures
    ("identity", "0 0 0; 0 1 0; 0 0 0", VALUE, "changes nothing: the neutral element of convolution"),
    ("sharpen", "0 -1 0; -1 5 -1; 0 -1 0", VALUE, f"identity - laplacian; {BOOK}"),
    ("sharpen_8", "-1 -1 -1; -1 9 -1; -1 -1 -1", VALUE, f"identity - laplacian_8; {BOOK}"),
    ("outline", "-1 -1 -1; -1 8 -1; -1 -1 -1", VALUE, f"{PILLOW}.FIND_EDGES"),
    ("emboss", "-2 -1 0; -1 1 1; 0 1 2", VALUE, "Aspose.Imaging documentation, ConvolutionFilter.Emboss3x3"),
    ("detail", "0 -1/6 0; -1/6 10/6 -1/6; 0 -1/6 0", VALUE, f"{PILLOW}.DETAIL"),
    ("edge_enhance", "-1/2 -1/2 -1/2; -1/2 10/2 -1/2; -1/2 -1/2 -1/2", VALUE, f"{PILLOW}.EDGE_ENHANCE"),
    ("smooth", "1/13 1/13 1/13; 1/13 5/13 1/13; 1/13 1/13 1/13", VALUE, f"{PILLOW}.SMOOTH"),
)  # fmt: skip

COMPASS = ("n", "nw", "w", "sw", "s", "se", "e", "ne")
"""The point names the bright side. Some books name the direction of the edge instead, or the dark side."""

FREI_CHEN_ROWS = (  # r stands for the square root of two
    ("1 r 1; 0 0 0; -1 -r -1", "edge"), ("1 0 -1; r 0 -r; 1 0 -1", "edge"),
    ("0 -1 r; 1 0 -1; -r 1 0", "ripple"), ("r -1 0; -1 0 1; 0 1 -r", "ripple"),
    ("0 1 0; -1 0 -1; 0 1 0", "line"), ("-1 0 1; 0 0 0; 1 0 -1", "line"),
    ("1 -2 1; -2 4 -2; 1 -2 1", "Laplacian"), ("-2 1 -2; 1 4 1; -2 1 -2", "Laplacian"),
    ("1 1 1; 1 1 1; 1 1 1", "mean"),
)  # fmt: skip

FARID_SMOOTH = (0.0376593171958126, 0.249153396177344, 0.426374573253687, 0.249153396177344, 0.0376593171958126)
FARID_SLOPE = (-0.109603762960254, -0.276690988455557, 0.0, 0.276690988455557, 0.109603762960254)


def fixed_kernels() -> list[Kernel]:
    """Return every kernel without parameters, in reading order."""
    table = [_kernel(name, parse_kernel(text), unit, source) for name, text, unit, source in TABLE]
    return [*table, *_compass("kirsch", "5 5 5; -3 0 -3; -3 -3 -3", VALUE, KIRSCH),
            *_compass("robinson", "1 2 1; 0 0 0; -1 -2 -1", SLOPE, ROBINSON), *_frei_chen(), *_farid()]  # fmt: skip


def _kernel(name: str, weights: NDArray[Any], unit: str, source: str) -> Kernel:
    return Kernel(name, weights, "", source, _scale(weights, unit), unit)


def _scale(weights: NDArray[Any], unit: str) -> float:
    """Return one over what the kernel answers to one of its units: a slope, a curvature, a step between two means."""
    if unit == SLOPE:
        return 1 / float(np.hypot(_moment(weights, 1, 0), _moment(weights, 0, 1)))
    if unit == BEND:
        return 1 / max(_moment(weights, 2, 0) / 2, _moment(weights, 0, 2) / 2, _moment(weights, 1, 1))
    if unit == VALUE and weights.sum() == 0:
        return 1 / float(weights[weights > 0].sum())
    return 1.0


def _moment(weights: NDArray[Any], x_power: int, y_power: int) -> float:
    """Return what the kernel answers to the picture x^x_power * y^y_power, counted from its middle."""
    rows, cols = weights.shape
    x, y = np.arange(cols) - (cols - 1) / 2, (np.arange(rows) - (rows - 1) / 2)[:, None]
    return float((weights * x**x_power * y**y_power).sum())


def _compass(family: str, text: str, unit: str, source: str) -> list[Kernel]:
    """Turn the ring around the middle by one place for each point of the compass, against the clock."""
    ring = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    weights, kernels = parse_kernel(text), []
    for turn, point in enumerate(COMPASS):
        turned = weights.copy()
        for place, (i, j) in enumerate(ring):
            turned[i, j] = weights[ring[(place + turn) % len(ring)]]
        kernels.append(_kernel(f"{family}_{point}", turned, unit, f"{source}; bright to the {point.upper()}"))
    return kernels


def _frei_chen() -> list[Kernel]:
    """Return the nine, each of length one and at right angles to the others."""
    kernels = []
    for number, (text, what) in enumerate(FREI_CHEN_ROWS, start=1):
        weights = parse_kernel(text.replace("r", repr(2**0.5)))
        length, formula = np.sqrt(np.square(weights).sum()), ""
        if "r" in text:  # the others are whole numbers over a whole number, and their formula is written from them
            length, formula = np.sqrt(8), f"({text}) / sqrt(8), r = sqrt(2)"
        kernels.append(Kernel(f"frei_chen_{number}", weights / length, formula, f"{FREI_CHEN}; {what}"))
    return kernels


def _farid() -> list[Kernel]:
    weights = np.outer(FARID_SMOOTH, FARID_SLOPE)
    source = f"{FARID}; a slope of 1 gives 0.992"
    return [
        Kernel("farid_x", weights, "smoothing column times differencing row", source, 1.0, SLOPE),
        Kernel("farid_y", weights.T, "differencing column times smoothing row", source, 1.0, SLOPE),
    ]
