"""`torch.nn.functional`'s `conv2d` and `conv_transpose2d`: torch's arguments, tensors in and out.

convista's engine computes tensors of float32 or float64 that NumPy can see: dense, on the CPU, none with a gradient.
Results differ from torch's by rounding only, since sums are made in another order.

Everything else is torch's own call, and so is its answer or its error: gradients (backward, forward and `torch.func`),
other devices and dtypes, autocast, tracing and compiling, subclasses and modes that watch calls, channels-last memory,
empty tensors, and arguments that don't fit. That call is `torch.conv2d`, so that ``torch.nn.functional.conv2d =
convista.interop.functional.conv2d`` brings whole models here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

from convista import grid
from convista.errors import need

torch: Any = need("torch", "train", "convista.interop.functional")  # here, where torch.compile doesn't look

if TYPE_CHECKING:
    from torch import Tensor

Numbers: TypeAlias = int | Sequence[int]
Arrays: TypeAlias = list[NDArray[Any] | None]


def conv2d(
    input: Tensor,  # noqa: A002 - torch's name
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Tensor:
    """Return what `torch.nn.functional.conv2d` does: at each stop the sum of window x weights, plus the bias.

    Parameters
    ----------
    input : Tensor
        (images, channels, rows, cols) or (channels, rows, cols).
    weight : Tensor
        (filters, channels / groups, rows, cols).
    bias : Tensor, optional
        (filters,).
    stride, dilation : int or (int, int)
        Pixels between two stops, and between two weights; rows, cols.
    padding : int, (int, int), "valid" or "same"
        Zeros put around. Where "same" is odd the extra one goes last.
    groups : int
        The channels are split into so many groups, each with its own filters.

    Returns
    -------
    Tensor
        (images, filters, rows, cols), or without images; contiguous.

    Examples
    --------
    >>> import torch
    >>> conv2d(torch.ones(1, 2, 2), torch.ones(1, 1, 2, 2), padding="same").tolist()
    [[[4.0, 2.0], [2.0, 1.0]]]
    """
    steps = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}  # torch's order
    result: Tensor | None = None
    if padding in ("valid", "same") or _numbers(padding):
        result = _compute(_conv2d, (input, weight, bias), **steps)
    if result is None:
        result = torch.conv2d(input, weight, bias, *steps.values())
    return result


def conv_transpose2d(
    input: Tensor,  # noqa: A002 - torch's name
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Numbers = 1,
    padding: Numbers = 0,
    output_padding: Numbers = 0,
    groups: int = 1,
    dilation: Numbers = 1,
) -> Tensor:
    """Return what `torch.nn.functional.conv_transpose2d` does: each pixel lays the kernel down, overlaps add up.

    Parameters
    ----------
    input : Tensor
        (images, channels, rows, cols) or (channels, rows, cols).
    weight : Tensor
        (channels, filters / groups, rows, cols).
    bias : Tensor, optional
        (filters,).
    stride, dilation : int or (int, int)
        Places between two pixels laid down, and between two weights; rows, cols. In torch's order of arguments
        `groups` stands before `dilation`.
    padding : int or (int, int)
        Pixels cropped from each side of the result.
    output_padding : int or (int, int)
        Rows and cols more at the end.
    groups : int
        The channels are split into so many groups.

    Returns
    -------
    Tensor
        (images, filters, rows, cols), or without images; contiguous.

    Examples
    --------
    >>> import torch
    >>> conv_transpose2d(torch.tensor([[[1.0, 2.0]]]), torch.ones(1, 1, 1, 2), None, (1, 2)).tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    """
    steps = {
        "stride": stride, "padding": padding, "output_padding": output_padding, "groups": groups, "dilation": dilation,
    }  # torch's order  # fmt: skip
    result: Tensor | None = _compute(grid.conv_transpose2d, (input, weight, bias), **steps)
    if result is None:
        result = torch.conv_transpose2d(input, weight, bias, *steps.values())
    return result


def _numbers(padding: object) -> bool:
    """Whether padding is one of torch's numbers; `convista.conv2d` knows more forms."""
    several = padding if isinstance(padding, (list, tuple)) else [padding]
    return all(isinstance(each, int) for each in several)


def _conv2d(*arrays: Any, **steps: Any) -> Any:
    return grid.conv2d(*arrays, threads=torch.get_num_threads(), **steps)


def _compute(verb: Callable[..., Any], tensors: Sequence[Any], **steps: Any) -> Any:
    """Return what the verb makes of the tensors, None where torch is to compute or to refuse."""
    arrays = _arrays(tensors)
    if arrays is None or not _one_kind(arrays):
        return None
    try:
        result = verb(*arrays, **steps)
    except (TypeError, ValueError):  # a shape or a step that doesn't fit: torch has its own words for it
        return None
    return torch.from_numpy(result)


def _arrays(tensors: Sequence[Any]) -> Arrays | None:
    """Return the tensors' memory as arrays, None where one of them is more than numbers in memory."""
    given = [tensor for tensor in tensors if tensor is not None]
    if _watched(given) or not all(_only_numbers(tensor) for tensor in given):
        return None
    try:
        return [None if tensor is None else tensor.numpy() for tensor in tensors]
    except (TypeError, RuntimeError):  # another device, sparse, bfloat16, a wrapper of torch.func ...
        return None


def _watched(tensors: Sequence[Any]) -> bool:
    """Whether torch has to see the call itself: compiling, tracing, autocast, a mode or a subclass."""
    if torch.compiler.is_compiling() or torch.jit.is_tracing() or torch.is_autocast_enabled("cpu"):
        return True
    mode = torch.utils._python_dispatch._get_current_dispatch_mode()  # noqa: SLF001 - the only way to know
    return mode is not None or bool(torch.overrides.has_torch_function(tensors))


def _only_numbers(tensor: Any) -> bool:
    """Whether a tensor has no gradient of either kind and its channels' memory comes plane by plane."""
    if not isinstance(tensor, torch.Tensor) or (tensor.requires_grad and torch.is_grad_enabled()):
        return False
    if torch.autograd.forward_ad.unpack_dual(tensor).tangent is not None:
        return False
    return bool(tensor.is_contiguous() or not tensor.is_contiguous(memory_format=torch.channels_last))


def _one_kind(arrays: Arrays) -> bool:
    """Whether image, kernel and bias have the axes and the one float dtype that torch asks for, and aren't empty."""
    image, kernel, bias = arrays
    if image is None or kernel is None or image.ndim not in (3, 4) or 0 in image.shape:
        return False
    if bias is not None and (bias.ndim != 1 or bias.dtype != image.dtype):
        return False
    return kernel.dtype == image.dtype and image.dtype.name in ("float32", "float64")
