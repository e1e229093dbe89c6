"""The verb: a kernel at every place of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from convista.grid import kinds, outputs, planner, recall
from convista.grid.layout import to_nchw
from convista.grid.planner import Plan
from convista.grid.precision import Array
from convista.grid.recall import Terms
from convista.grid.threads import thread_count
from convista.window import Padding, whole


@kinds.uncompiled
def conv2d(
    image: Any,
    kernel: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = "valid",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    fill: float = 0,
    flip: bool = False,
    dtype: DTypeLike | None = None,
    out: Any = None,
    engine: str = "auto",
    threads: int | None = None,
    batch: bool = False,
    channels_last: bool = False,
    precision: str = "standard",
) -> Any:
    """Slide the kernel over the image without flipping it: cross-correlation, deep learning's convolution.

    Signal processing's convolution turns the kernel by 180 degrees first; ``flip=True`` does.

    Parameters
    ----------
    image : array_like
        ============================  ==============================  ===========================================
        image                         kernel                          result
        ============================  ==============================  ===========================================
        (rows, cols)                  (rows, cols)                    (rows, cols)
        (rows, cols)                  (filters, rows, cols)           (filters, rows, cols)
        (channels, rows, cols)        (filters, channels / groups,    (filters, rows, cols)
                                      rows, cols)
        (images, channels, rows,      the same                        (images, filters, rows, cols)
        cols)
        (images, rows, cols),         any of them                     (images, rows, cols) or
        ``batch=True``                                                (images, filters, rows, cols)
        (rows, cols, channels),       (rows, cols): each channel on   (rows, cols, channels) or
        ``channels_last=True``        its own, or with channels       (rows, cols, filters)
        ============================  ==============================  ===========================================

        A NumPy array, a torch tensor (no copy; one that requires a gradient goes to torch's own operation), a PIL
        image (a colour one is read with its channels last), or a nested list. The result is of the same kind, an
        array for a PIL image.
    kernel : array_like
        Numbers, a `Kernel` (``cx.kernels.sobel_x``), a text (``"1 0 -1; 2 0 -2; 1 0 -1"`` or ``"gaussian:5"``),
        or a list of such kernels.
    bias : array_like, optional
        Added to every sum: one number, or one a filter.
    stride, dilation : int or (int, int)
        Pixels between two stops, and between two weights; rows, cols.
    padding : {"valid", "same", "full"}, int, pair or pair of pairs
        Pixels put around: ``(rows, cols)`` or ``((top, bottom), (left, right))``. "same" needs stride 1; where it
        is odd the extra pixel goes last, as in torch.
    groups : int
        The channels are split into so many groups, each with its own filters.
    padding_mode : {"zeros", "reflect", "symmetric", "replicate", "circular"}
        What stands beyond the edge, in torch's words:

        =============  ========================  =================  =======================  ==================
        here           of ``1 2 3 4``, two out   scipy.ndimage      cv2                      numpy.pad
        =============  ========================  =================  =======================  ==================
        zeros, fill=   ``0 0 | 1 2 3 4 | 0 0``   constant, cval=    BORDER_CONSTANT          constant
        reflect        ``3 2 | 1 2 3 4 | 3 2``   mirror             BORDER_REFLECT_101       reflect
        symmetric      ``2 1 | 1 2 3 4 | 4 3``   reflect            BORDER_REFLECT           symmetric
        replicate      ``1 1 | 1 2 3 4 | 4 4``   nearest            BORDER_REPLICATE         edge
        circular       ``3 4 | 1 2 3 4 | 1 2``   wrap, grid-wrap    BORDER_WRAP              wrap
        =============  ========================  =================  =======================  ==================
    fill : number
        The value beyond the edge with padding_mode "zeros".
    flip : bool
        Turn the kernel by 180 degrees first.
    dtype : dtype, optional
        Of the result. Without it, integers with integers give exact int32 (int64 where int32 could overflow),
        anything else float32, or float64 where an array is float64. A narrower integer type is rounded half to
        even and saturated, as OpenCV does.
    out : array, optional
        Where to put the result; its shape and dtype must fit, and it must not share memory with the inputs.
    engine : {"auto", "plain", "direct", "separable", "fourier", "torch"}
        Who computes; `convista.plan` says who would, and why.
    threads : int, optional
        At most so many; by default NUMBA_NUM_THREADS, OMP_NUM_THREADS, or the processors there are.
    batch, channels_last : bool
        What three axes mean, see above.
    precision : {"standard", "high"}
        With "high" the sums of floats are made in float64, whatever goes in and comes out.

    Raises
    ------
    ValueError, TypeError
        A shape with two readings, a kernel that doesn't fit, numbers that would wrap, an engine that can't.

    Examples
    --------
    >>> conv2d([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0], [0, 0]])
    [[1, 2], [4, 5]]

    One impulse under the kernel 1..9 shows which way round it is: unflipped it comes out turned.

    >>> conv2d([[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[1, 2, 3], [4, 5, 6], [7, 8, 9]], padding=1)
    [[9, 8, 7], [6, 5, 4], [3, 2, 1]]
    """
    terms = (stride, padding, dilation, groups, padding_mode, fill, flip, dtype, batch, channels_last, precision)
    known = recall.known(image, kernel, bias, terms, engine, threads)
    if known is not None:
        return _answer(known, image, kernel, out)
    if any(map(kinds.is_dask, (image, kernel, bias))):
        from convista.grid import blocks

        return blocks.convolve(image, kernel, bias, out=out, engine=engine, threads=threads, **Terms(*terms)._asdict())
    if kinds.needs_torch(image, kernel, bias):
        from convista.grid import gradient  # loads torch

        return gradient.convolve(image, kernel, bias, out=out, engine=engine, terms=Terms(*terms))
    arrived = kinds.arrive(image)
    if arrived.channels_last:
        terms = (*terms[:-2], True, precision)
    ready = recall.ready(arrived.array, kernel, bias, terms, engine, threads)
    result = _answer(ready, arrived.array, kernel, out)
    return arrived.hand_back(result) if out is None else out


def _answer(ready: recall.Ready, image: Array, kernel: Any, out: Any) -> Any:
    """Return the result: `out` filled where it is given, else a new array."""
    problem = ready.problem
    if out is None:
        result = outputs.empty(ready.shape, problem.precision.result, image)
    else:
        result = _place(ready, out, image, kernel)
    if result.size:
        ready.job(to_nchw(image, problem.layout.image), to_nchw(result, problem.layout.result))
    if out is None:
        return result
    if kinds.is_tensor(out):
        kinds.written(out)
    return out


def plan(
    image: Any,
    kernel: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = "valid",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    fill: float = 0,
    flip: bool = False,
    dtype: DTypeLike | None = None,
    engine: str = "auto",
    threads: int | None = None,
    batch: bool = False,
    channels_last: bool = False,
    precision: str = "standard",
) -> Plan:
    """Return which engine `conv2d` would use, and why; nothing is computed.

    Parameters
    ----------
    image : array_like or shape
        An image, or its shape as a tuple of whole numbers (float32 is then assumed).
    kernel, bias, ...
        As for `conv2d`.

    Examples
    --------
    >>> print(plan((28, 28), "top_edge"))
    engine  ...
    time    about ...
    result  26 x 26, float32, ... thread...
    work    12,168 flops, 5,876 bytes, 2.1 flops a byte
    """
    terms = Terms(
        stride, padding, dilation, groups, padding_mode, fill, flip, dtype, batch, channels_last, precision
    )  # fmt: skip
    if any(map(kinds.is_dask, (image, kernel, bias))):
        from convista.grid import blocks

        return blocks.plan(image, kernel, bias, engine=engine, threads=threads, **terms._asdict())
    if _is_shape(image):
        for size in image:
            whole("image", size, 0)
        arrived = kinds.Arrived(np.broadcast_to(np.float32(0), image), kinds.unchanged, channels_last=False)
    else:
        arrived = kinds.arrive(image)
    terms = terms._replace(channels_last=channels_last or arrived.channels_last)
    return planner.choose(recall.read(arrived.array, kernel, bias, terms, thread_count(threads)), engine)


def _is_shape(thing: Any) -> bool:
    return isinstance(thing, tuple) and all(isinstance(size, (int, np.integer)) for size in thing)


def _place(ready: recall.Ready, out: Any, image: Array, kernel: Any) -> Array:
    """Return the array in `out`, if the result may go there."""
    target: Array = out.detach().numpy() if kinds.is_tensor(out) and not kinds.needs_torch(out) else out
    if not isinstance(target, np.ndarray):
        raise TypeError(f"out (a {type(out).__name__}) must be a NumPy array, or a tensor on the CPU without gradient")
    if target.shape != ready.shape:
        raise ValueError(f"out (shape {target.shape}) must have the result's shape {ready.shape}")
    kind = ready.problem.precision.result
    if target.dtype != kind:
        raise ValueError(
            f"out (dtype {target.dtype}) must have the result's dtype {kind}; "
            f"with dtype='{target.dtype}' the result is rounded and saturated to it"
        )
    if not target.flags.writeable:
        raise ValueError("out is read-only; give a writable array")
    if _overlap(target, image) or (isinstance(kernel, np.ndarray) and _overlap(target, kernel)):
        raise ValueError("out shares memory with the image or the kernel, whose pixels are still needed; give another")
    return target


def _overlap(one: Array, other: Array) -> bool:
    """Whether two arrays have a byte in common; where that is hard to tell, whether they might."""
    if not np.may_share_memory(one, other):
        return False
    try:
        return np.shares_memory(one, other, max_work=10_000)  # type: ignore[arg-type]  # the stub knows two values
    except np.exceptions.TooHardError:
        return True
