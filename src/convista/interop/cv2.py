"""OpenCV's `filter2D` without OpenCV: its arguments in its order, its constants, its results.

Sums are made in float32, or in float64 where the image or the result is float64, as OpenCV does; integer results are
rounded half to even and saturated. So results are identical where all products and sums are whole numbers below 2**24
(an 8-bit image under a kernel of small integers). Otherwise sums may differ by float32's rounding, since OpenCV adds
in another order, and from 130 weights on (50 for some types) in Fourier space: an integer result may then be off by
one where a sum lies that close to a half.

Where the two part on purpose:

- A sum beyond int32, or NaN from an infinite kernel, saturates here (NaN to 0); OpenCV's cast overflows.
- NaN and infinite pixels reach the stops whose weights, zeros left out, lie on them. OpenCV agrees (unless all
  weights are zero) up to the size where it turns to Fourier space; from there on they spoil the whole image.
- BORDER_WRAP, and depths that OpenCV's documentation doesn't list, are refused for every kernel; OpenCV refuses
  them only up to the size where it turns to Fourier space.
- Arrays of one axis are refused: OpenCV 4 reads them as a column, OpenCV 5 as a row.
- Errors are ValueError and TypeError, not cv2.error.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.grid import conv2d
from convista.grid.border import pad
from convista.grid.layout import from_nchw, to_nchw
from convista.window import Pair

CV_8U, CV_8S, CV_16U, CV_16S, CV_32S, CV_32F, CV_64F = range(7)
BORDER_CONSTANT, BORDER_REPLICATE, BORDER_REFLECT, BORDER_WRAP, BORDER_REFLECT_101, BORDER_TRANSPARENT = range(6)
BORDER_REFLECT101 = BORDER_DEFAULT = BORDER_REFLECT_101
BORDER_ISOLATED = 16

MODES = {
    BORDER_CONSTANT: "zeros",
    BORDER_REPLICATE: "replicate",
    BORDER_REFLECT: "symmetric",
    BORDER_REFLECT_101: "reflect",
}
"""OpenCV's borders in convista's words."""

DEPTH_NAMES = ("CV_8U", "CV_8S", "CV_16U", "CV_16S", "CV_32S", "CV_32F", "CV_64F")
DTYPES = ("uint8", "int8", "uint16", "int16", "int32", "float32", "float64")

RESULTS = {
    "uint8": (CV_8U, CV_16U, CV_16S, CV_32F, CV_64F),
    "uint16": (CV_16U, CV_32F, CV_64F),
    "int16": (CV_16S, CV_32F, CV_64F),
    "float32": (CV_32F,),
    "float64": (CV_64F,),
}
"""The depths that OpenCV 5 gives for each image."""


def filter2D(  # noqa: N802 - OpenCV's names
    src: NDArray[Any],
    ddepth: int,
    kernel: Any,
    dst: NDArray[Any] | None = None,
    anchor: Sequence[int] = (-1, -1),
    delta: float = 0,
    borderType: int = BORDER_DEFAULT,  # noqa: N803
) -> NDArray[Any]:
    """Return what `cv2.filter2D` does: at each pixel the sum of window x kernel, the kernel not flipped.

    Parameters
    ----------
    src : array
        (rows, cols) or (rows, cols, channels), uint8, uint16, int16, float32 or float64. Each channel is filtered
        on its own.
    ddepth : int
        Depth of the result: CV_8U, CV_16U, CV_16S, CV_32F or CV_64F, or -1 for the image's.
    kernel : array_like
        (rows, cols).
    dst : array, optional
        Filled and returned where its shape and dtype are the result's, ignored otherwise; it may be `src`.
    anchor : (int, int)
        The weight that lies on the pixel: its col, then its row. -1 means ``size // 2``.
    delta : number
        Added to every sum.
    borderType : int
        What stands beyond the edge: BORDER_DEFAULT, which is BORDER_REFLECT_101 (``3 2 | 1 2 3 4 | 3 2``),
        BORDER_REFLECT (``2 1 | 1 2 3 4 | 4 3``), BORDER_REPLICATE (``1 1 | 1 2 3 4 | 4 4``) or BORDER_CONSTANT
        (zeros). BORDER_ISOLATED may be added; an array has nothing beyond its edge anyway.

    Returns
    -------
    array
        Rows and cols of `src`, and its channels if it has more than one.

    Raises
    ------
    ValueError, TypeError
        For what OpenCV refuses.

    Examples
    --------
    >>> image = np.array([[0, 0, 0], [100, 100, 100], [200, 200, 200]], np.uint8)
    >>> filter2D(image, -1, np.array([[-1.0], [0.0], [1.0]])).tolist()
    [[0, 0, 0], [200, 200, 200], [0, 0, 0]]
    """
    image = _read_image(src)
    dtype = _read_depth(ddepth, image.dtype)
    weights = _read_kernel(kernel, np.float64 if np.float64 in (image.dtype, dtype) else np.float32)
    pads, mode = _read_anchor(anchor, weights.shape), _read_border(borderType)
    delta = _read_delta(delta)
    if image.dtype.kind == "f" and not (weights.all() or np.isfinite(image).all()):
        result = _without_zeros(image, weights, pads, mode, delta)
    else:
        if _small_whole(image, weights, delta):
            weights, delta = weights.astype(np.int32), int(delta)
        hwc = image.ndim == 3
        result = conv2d(image, weights, delta, padding=pads, padding_mode=mode, dtype=dtype, channels_last=hwc)
    return _deliver(result, dst)


def _read_image(src: Any) -> NDArray[Any]:
    """Return (rows, cols) or (rows, cols, channels) in native byte order."""
    image = np.asarray(src)
    if image.dtype.name not in RESULTS:
        raise TypeError(f"src (dtype {image.dtype}) must be one of {', '.join(RESULTS)}; convert it with src.astype()")
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(
            f"src (shape {image.shape}) must be (rows, cols) or (rows, cols, channels), one of each at least"
        )
    one_channel = image.ndim == 3 and image.shape[2] == 1  # OpenCV knows no third axis of size 1
    return (image[..., 0] if one_channel else image).astype(image.dtype.newbyteorder("="), copy=False)


def _read_depth(ddepth: int, image: np.dtype[Any]) -> np.dtype[Any]:
    if not isinstance(ddepth, (int, np.integer)):
        raise TypeError(f"ddepth (={ddepth!r}) must be a constant such as CV_8U, or -1 for the image's own depth")
    if ddepth < 0:
        return image
    allowed = RESULTS[image.name]
    if ddepth not in allowed:
        shown = DEPTH_NAMES[ddepth] if ddepth < len(DEPTH_NAMES) else ddepth
        raise ValueError(
            f"ddepth (={shown}) can't be had from src (dtype {image}); OpenCV's filter2D gives "
            f"{', '.join(DEPTH_NAMES[depth] for depth in allowed)}, or -1 for the image's own"
        )
    return np.dtype(DTYPES[ddepth])


def _read_kernel(kernel: Any, dtype: type[np.floating[Any]]) -> NDArray[Any]:
    weights = np.asarray(kernel)
    if weights.dtype.kind not in "biuf":
        raise TypeError(f"kernel (dtype {weights.dtype}) must hold integers or floats")
    if weights.ndim == 3 and weights.shape[2] == 1:
        weights = weights[..., 0]
    if weights.ndim != 2 or weights.size == 0:
        raise ValueError(
            f"kernel (shape {weights.shape}) must be (rows, cols) with one weight at least; it meets every channel on "
            "its own, so filter channels apart to give each another kernel"
        )
    with np.errstate(over="ignore"):  # to infinity, as OpenCV's conversion
        return weights.astype(dtype)


def _read_anchor(anchor: Sequence[int], kernel: tuple[int, ...]) -> tuple[Pair, Pair]:
    """Return ``((top, bottom), (left, right))``."""
    if (
        not isinstance(anchor, Sequence)
        or len(anchor) != 2
        or not all(isinstance(a, (int, np.integer)) for a in anchor)
    ):
        raise TypeError(f"anchor (={anchor!r}) must be two whole numbers, the weight's col and its row")
    (rows, cols), (col, row) = kernel, anchor
    row, col = rows // 2 if row == -1 else row, cols // 2 if col == -1 else col
    if not (0 <= row < rows and 0 <= col < cols):
        raise ValueError(
            f"anchor (={tuple(anchor)}) must lie within the kernel: col 0 to {cols - 1}, row 0 to {rows - 1}, "
            "or -1 for the centre"
        )
    return (int(row), rows - 1 - int(row)), (int(col), cols - 1 - int(col))


def _read_border(border: int) -> str:
    known = border & ~BORDER_ISOLATED if isinstance(border, (int, np.integer)) else None
    if known not in MODES:
        wrap = '; for a border that wraps: convista.conv2d with padding_mode="circular"' if known == BORDER_WRAP else ""
        raise ValueError(
            f"borderType (={'BORDER_WRAP' if known == BORDER_WRAP else repr(border)}) must be BORDER_CONSTANT, "
            f"BORDER_REPLICATE, BORDER_REFLECT or BORDER_REFLECT_101, alone or with BORDER_ISOLATED{wrap}"
        )
    return MODES[known]


def _read_delta(delta: Any) -> float:
    if not isinstance(delta, Real):
        raise TypeError(f"delta (={delta!r}) must be a number; it is added to every sum")
    return float(delta)


def _small_whole(image: NDArray[Any], weights: NDArray[Any], delta: float) -> bool:
    """Whether all sums are integers that float32 holds: integer sums are then the same, and done sooner."""
    if image.dtype.kind == "f" or not delta.is_integer():
        return False
    pixel = -int(np.iinfo(image.dtype).min) or int(np.iinfo(image.dtype).max)
    largest = pixel * float(np.abs(weights).sum()) + abs(delta)
    return largest < 2**24 and bool(np.all(weights == np.rint(weights)))


def _without_zeros(
    image: NDArray[Any], weights: NDArray[Any], pads: tuple[Pair, Pair], mode: str, delta: float
) -> NDArray[Any]:
    """Add up weight by weight, leaving out zeros: infinity times a weight that OpenCV doesn't apply is not NaN."""
    axes = "hwc"[: image.ndim]
    padded = pad(to_nchw(image, axes), pads, mode, 0)
    sums = np.full((*padded.shape[:2], *image.shape[:2]), delta, image.dtype)
    rows, cols = image.shape[:2]
    with np.errstate(invalid="ignore", over="ignore"):
        for i, j in np.argwhere(weights):
            sums += weights[i, j] * padded[:, :, i : i + rows, j : j + cols]
    result: NDArray[Any] = np.ascontiguousarray(from_nchw(sums, axes))
    return result


def _deliver(result: NDArray[Any], dst: NDArray[Any] | None) -> NDArray[Any]:
    """Return the result, in the caller's array if there is one that fits."""
    if dst is None:
        return result
    if not isinstance(dst, np.ndarray):
        raise TypeError(f"dst (a {type(dst).__name__}) must be an array, or None")
    if not dst.flags.writeable:
        raise ValueError("dst is read-only; give a writable array, or None")
    target = dst[..., 0] if dst.shape == (*result.shape, 1) else dst
    if target.shape != result.shape or target.dtype != result.dtype:
        return result
    target[...] = result
    return dst
