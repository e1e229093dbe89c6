"""The verb: a kernel at every place of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from convista.grid import kinds, planner
from convista.grid.layout import from_nchw, to_nchw
from convista.grid.planner import Plan
from convista.grid.precision import Array, Weights, saturate
from convista.grid.problem import Problem, four_axes, read_bias, read_kernel_argument, read_problem
from convista.grid.threads import thread_count
from convista.window import Padding, whole


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
    engine : {"auto", "plain", "direct", "torch"}
        Who computes; `convista.plan` says who would, and why.
    threads : int, optional
        At most so many; by default NUMBA_NUM_THREADS, OMP_NUM_THREADS, or the processors there are.
    batch, channels_last : bool
        What three axes mean, see above.

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
    terms = {
        "stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "padding_mode": padding_mode,
        "fill": fill, "dtype": dtype, "batch": batch, "channels_last": channels_last,
    }  # fmt: skip
    if any(map(kinds.is_dask, (image, kernel, bias))):
        from convista.grid import blocks

        return blocks.convolve(image, kernel, bias, flip=flip, out=out, engine=engine, threads=threads, **terms)
    if kinds.needs_torch(image, kernel, bias):
        from convista.grid import gradient  # loads torch

        return gradient.convolve(image, kernel, bias, flip=flip, out=out, engine=engine, **terms)
    arrived = kinds.arrive(image)
    terms["channels_last"] = channels_last or arrived.channels_last
    weights, biases = read_kernel_argument(kernel, flip=flip), read_bias(bias)
    problem = read_problem(arrived.array, weights, biases, **terms)  # type: ignore[arg-type]
    chosen = planner.choose(problem, engine, thread_count(threads))
    result = _result_array(problem, out, arrived.array, weights.array)
    _fill(result, chosen, arrived.array, weights, biases)
    return arrived.hand_back(result) if out is None else out


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
    engine  plain: 6,084 multiply-adds are done before a compiled engine is loaded
    result  26 x 26, float32, ... thread...
    work    12,168 flops, 5,876 bytes, 2.1 flops a byte
    """
    if any(map(kinds.is_dask, (image, kernel, bias))):
        from convista.grid import blocks

        return blocks.plan(
            image, kernel, bias, stride=stride, padding=padding, dilation=dilation, groups=groups,
            padding_mode=padding_mode, fill=fill, flip=flip, dtype=dtype, engine=engine, threads=threads, batch=batch,
            channels_last=channels_last,
        )  # fmt: skip
    if _is_shape(image):
        for size in image:
            whole("image", size, 0)
        arrived = kinds.Arrived(np.broadcast_to(np.float32(0), image), lambda result: result, channels_last=False)
    else:
        arrived = kinds.arrive(image)
    weights = read_kernel_argument(kernel, flip=flip)
    problem = read_problem(
        arrived.array, weights, read_bias(bias), stride=stride, padding=padding, dilation=dilation, groups=groups,
        padding_mode=padding_mode, fill=fill, dtype=dtype, batch=batch,
        channels_last=channels_last or arrived.channels_last,
    )  # fmt: skip
    return planner.choose(problem, engine, thread_count(threads))


def _is_shape(thing: Any) -> bool:
    return isinstance(thing, tuple) and all(isinstance(size, (int, np.integer)) for size in thing)


def _result_array(problem: Problem, out: Any, *inputs: Array) -> Array:
    """Return the array to fill: `out` if it fits, else a new one."""
    if out is None:
        return np.empty(problem.output_shape, problem.precision.result)
    target: Array = out.detach().numpy() if kinds.is_tensor(out) and not kinds.needs_torch(out) else out
    if not isinstance(target, np.ndarray):
        raise TypeError(f"out (a {type(out).__name__}) must be a NumPy array, or a tensor on the CPU without gradient")
    if target.shape != problem.output_shape:
        raise ValueError(f"out (shape {target.shape}) must have the result's shape {problem.output_shape}")
    if target.dtype != problem.precision.result:
        raise ValueError(
            f"out (dtype {target.dtype}) must have the result's dtype {problem.precision.result}; "
            f"with dtype='{target.dtype}' the result is rounded and saturated to it"
        )
    if not target.flags.writeable:
        raise ValueError("out is read-only; give a writable array")
    if any(_overlap(target, array) for array in inputs):
        raise ValueError("out shares memory with the image or the kernel, whose pixels are still needed; give another")
    return target


def _overlap(one: Array, other: Array) -> bool:
    """Whether two arrays have a byte in common; where that is hard to tell, whether they might."""
    try:
        return np.shares_memory(one, other, max_work=10_000)  # type: ignore[arg-type]  # the stub knows two values
    except np.exceptions.TooHardError:
        return True


def _fill(result: Array, chosen: Plan, image: Array, weights: Weights, biases: Weights | None) -> None:
    problem = chosen.problem
    if result.size == 0:
        return
    work, layout = problem.precision.work, problem.layout
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity are numbers here, not surprises
        sums = planner.run(
            chosen,
            to_nchw(image, layout.image).astype(work, copy=False),
            four_axes(problem, weights.array).astype(work, copy=False),
            np.broadcast_to(np.asarray(0 if biases is None else biases.array, work), (problem.filters,)),
        )
    result[...] = from_nchw(saturate(sums, problem.precision.result), layout.result)
