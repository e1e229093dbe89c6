"""`scipy.ndimage`'s `correlate` and `convolve`: its signatures, its defaults, its results.

convista's engine computes a 2-D image of numbers (integers or floats of 32 and 64 bits, integers of 8 and 16) when

- the output is a float: sums are made in float64, as SciPy does, but in another order, so they may differ by
  rounding, at most by float64's eps times n times the sum of all n ``|pixel * weight|``; or
- the output is an integer, the image is too, the weights and `cval` are whole numbers, and no sum can leave int32
  (for a 64-bit output: 2**53). Then results are identical, including how a sum wraps that a narrow type can't hold.

Everything else is SciPy's own call, and so is its answer or its error: other numbers of axes, `axes=`, complex, bool,
float16 and object arrays, empty arrays, bad arguments. So are integer outputs from weights such as 0.1, where the last
bit of a sum decides what is cut off, and NaN or infinite pixels under a kernel with zeros, since SciPy leaves out the
weights that are zero (up to 2.2e-16) and so doesn't make NaN of infinity times zero.

One difference is meant: with mode "reflect", where a kernel reaches four times the image's size beyond the image's
beginning, SciPy (1.17) reads memory that isn't the image's; here the pattern goes on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convista.grid import conv2d
from convista.window import Pair

MODES = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "constant": "zeros",
    "grid-constant": "zeros",
    "nearest": "replicate",
    "mirror": "reflect",
    "grid-wrap": "circular",
    "wrap": "circular",
}
"""SciPy's names of the borders, in convista's words."""

NUMBERS = frozenset("bhilqBHILQfd")
"""Type codes of the integers of 8 to 64 bits, float32 and float64."""

NO_WEIGHT = float(np.finfo(np.float64).eps)
"""SciPy leaves out weights up to this size."""

EXACT = 2**53
"""Integers below this are exact in float64, in which SciPy sums."""


@dataclass(frozen=True, slots=True)
class Task:
    """One correlation that the engine can do as SciPy would."""

    image: NDArray[Any]  # (rows, cols)
    weights: NDArray[np.float64]  # (rows, cols), not to be flipped
    pads: tuple[Pair, Pair]
    mode: str
    cval: float
    dtype: np.dtype[Any]
    """Of the result."""


def correlate(
    input: ArrayLike,  # noqa: A002 - SciPy's name
    weights: ArrayLike,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Return what `scipy.ndimage.correlate` does: at each pixel the sum of window x weights.

    Parameters
    ----------
    input : array_like
        An image (rows, cols). With other numbers of axes SciPy computes.
    weights : array_like
        (rows, cols); the weight at ``size // 2`` lies on the pixel.
    output : array or dtype, optional
        Where to put the result, or its dtype; by default the image's, to which sums are cut off (not rounded) and
        in which they wrap.
    mode : {"reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "grid-wrap", "wrap"}
        What stands beyond the edge, in SciPy's words: of ``1 2 3 4``, "reflect" continues with ``4 3``, "mirror"
        with ``3 2``, "nearest" with ``4 4``, "wrap" with ``1 2``, "constant" with `cval`.
    cval : number
        The value beyond the edge with "constant".
    origin : int or sequence of int
        How far the kernel is moved; positive numbers move it towards the image's beginning.
    axes : sequence of int, optional
        SciPy's own work.

    Returns
    -------
    array
        As large as the image.

    Examples
    --------
    >>> correlate([[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[1, 2, 3], [4, 5, 6], [7, 8, 9]]).tolist()
    [[9, 8, 7], [6, 5, 4], [3, 2, 1]]
    """
    return _filter("correlate", input, weights, output, mode, cval, origin, axes)


def convolve(
    input: ArrayLike,  # noqa: A002 - SciPy's name
    weights: ArrayLike,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Return what `scipy.ndimage.convolve` does: `correlate` with the kernel turned by 180 degrees.

    Parameters
    ----------
    input, weights, output, mode, cval, axes
        As for `correlate`; of an even kernel the weight that lies on the pixel is ``size // 2`` before turning too.
    origin : int or sequence of int
        How far the kernel is moved; positive numbers move it towards the image's end.

    Examples
    --------
    >>> convolve([[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[1, 2, 3], [4, 5, 6], [7, 8, 9]]).tolist()
    [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    """
    return _filter("convolve", input, weights, output, mode, cval, origin, axes)


def _filter(
    verb: str, image: Any, weights: Any, output: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> NDArray[Any]:
    task = _read(image, weights, output, mode, cval, origin, flip=verb == "convolve") if axes is None else None
    if task is not None:
        return _deliver(_compute(task), output)
    from scipy import ndimage

    scipys_own: Any = getattr(ndimage, verb)
    result: NDArray[Any] = scipys_own(image, weights, output, mode, cval, origin, axes=axes)
    return result


def _read(image: Any, weights: Any, output: Any, mode: Any, cval: Any, origin: Any, *, flip: bool) -> Task | None:
    """Return the task, or None where it is SciPy's to compute or to refuse."""
    pixels, kernel = np.asarray(image), np.asarray(weights)
    dtype = _output_dtype(output, pixels)
    if dtype is None or not _plain(pixels, kernel) or not isinstance(cval, Real):
        return None
    padding_mode = MODES.get(mode) if isinstance(mode, str) else None
    pads = _pads(kernel.shape, origin, flip=flip)
    if padding_mode is None or pads is None:
        return None
    kernel = (kernel[::-1, ::-1] if flip else kernel).astype(np.float64)
    kernel = np.where(np.abs(kernel) > NO_WEIGHT, kernel, 0)  # a NaN is left out too
    task = Task(pixels, kernel, pads, padding_mode, float(cval) if padding_mode == "zeros" else 0.0, dtype)
    return task if _same_numbers(task) else None


def _plain(image: NDArray[Any], kernel: NDArray[Any]) -> bool:
    shapes = image.ndim == kernel.ndim == 2 and image.size > 0 and kernel.size > 0
    return shapes and image.dtype.char in NUMBERS and (kernel.dtype.char in NUMBERS or kernel.dtype.char in "?e")


def _output_dtype(output: Any, image: NDArray[Any]) -> np.dtype[Any] | None:
    """Return the dtype that `output` asks for, None where that isn't a plain array or a number type."""
    if isinstance(output, np.ndarray):
        fits = type(output) is np.ndarray and output.shape == image.shape and output.flags.writeable
        dtype = output.dtype if fits else None
    elif output is None:
        dtype = image.dtype.newbyteorder("=")
    else:
        dtype = np.dtype(output) if isinstance(output, (str, type, np.dtype)) else None
    return dtype if dtype is not None and dtype.char in NUMBERS else None


def _pads(kernel: tuple[int, ...], origin: Any, *, flip: bool) -> tuple[Pair, Pair] | None:
    """Return ``((top, bottom), (left, right))``, None for an origin that isn't one, or lies outside the kernel."""
    origins = list(origin) if isinstance(origin, (list, tuple)) else [origin] * 2
    if len(origins) != 2 or not all(isinstance(each, (int, np.integer)) for each in origins):
        return None
    centres = [_centre(size, int(each), flip=flip) for size, each in zip(kernel, origins, strict=True)]
    if not all(0 <= centre < size for centre, size in zip(centres, kernel, strict=True)):
        return None
    rows, cols = ((centre, size - 1 - centre) for centre, size in zip(centres, kernel, strict=True))
    return rows, cols


def _centre(size: int, origin: int, *, flip: bool) -> int:
    """Return which weight, counted after turning, lies on the pixel."""
    return (size - 1) // 2 - origin if flip else size // 2 + origin


def _same_numbers(task: Task) -> bool:
    """Whether the engine's sums give SciPy's result: exactly for integers, within rounding for floats."""
    if task.dtype.kind != "f":
        return _whole(task) and _largest_sum(task) < (EXACT if task.dtype.itemsize == 8 else 2**31)
    pixels_finite = task.image.dtype.kind != "f" or bool(np.isfinite(task.image).all())
    return (pixels_finite and math.isfinite(task.cval)) or bool(task.weights.all())


def _whole(task: Task) -> bool:
    """Whether pixels, weights and cval are whole numbers."""
    whole_cval = math.isfinite(task.cval) and float(task.cval).is_integer()
    return task.image.dtype.kind != "f" and whole_cval and bool(np.all(task.weights == np.rint(task.weights)))


def _largest_sum(task: Task) -> float:
    """Return a bound on the size of every sum; infinite or NaN for infinite weights."""
    narrow = np.iinfo(task.image.dtype) if task.image.dtype.itemsize <= 2 else None  # spares reading the image
    least, most = (narrow.min, narrow.max) if narrow else (int(task.image.min()), int(task.image.max()))
    return max(abs(least), abs(most), abs(task.cval)) * float(np.abs(task.weights).sum())


def _compute(task: Task) -> NDArray[Any]:
    exact = _whole(task) and _largest_sum(task) < EXACT
    kernel = task.weights.astype(np.int64) if exact else task.weights  # float64 weights make float64 sums
    sums = conv2d(task.image, kernel, padding=task.pads, padding_mode=task.mode, fill=task.cval)
    with np.errstate(over="ignore"):
        result: NDArray[Any] = sums.astype(task.dtype)  # between integers this wraps
    return result


def _deliver(result: NDArray[Any], output: Any) -> NDArray[Any]:
    """Return the result, in the caller's array if there is one."""
    if not isinstance(output, np.ndarray):
        return result
    output[...] = result  # only now: it may share memory with the image
    return output
