"""Where a kernel lands: sizes, padding and receptive fields of windows. Integers only.

Rows and columns obey the same rule, so each function speaks of one axis and takes whole numbers; give pairs
``(rows, cols)`` and it answers with a pair. Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic
for deep learning", arXiv:1603.07285, whose letters are i (size), k (kernel), s (stride), p (padding).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias, overload

from convista.errors import one_of

Pair: TypeAlias = tuple[int, int]
Padding: TypeAlias = str | int | Sequence[int] | Sequence[Sequence[int]]

PADDING_WORDS = ("valid", "same", "full")


class ReceptiveField(NamedTuple):
    """What one number at the end of some layers sees of the input, along one axis, in input pixels."""

    size: int
    """How many pixels it spans, holes of dilation included."""
    jump: int
    """How far apart the windows of two neighbouring numbers are."""
    start: int
    """The first pixel of the first number's window; negative when it begins in the padding."""


def reach(kernel: int, dilation: int = 1) -> int:
    """Return how many pixels a kernel spans from its first to its last, holes of dilation included.

    >>> reach(3), reach(3, dilation=2)
    (3, 5)
    """
    return dilation * (kernel - 1) + 1


def pads(padding: Padding, kernel: int, stride: int = 1, dilation: int = 1) -> Pair:
    """Return how many pixels one axis gains before and after, for a word, a number or a pair.

    `same` keeps the size at stride 1; where the sum is odd the extra pixel goes last, as in torch.

    >>> pads("valid", 3), pads("same", 3), pads("same", 4), pads("full", 3), pads((1, 0), 3)
    ((0, 0), (1, 1), (1, 2), (2, 2), (1, 0))
    """
    if isinstance(padding, str):
        return _pads_of_word(padding, kernel, stride, dilation)
    before, after = _two("padding", padding)
    return (whole("padding", before, 0), whole("padding", after, 0))


def pads_of_both(padding: Padding, kernel: Pair, stride: Pair = (1, 1), dilation: Pair = (1, 1)) -> tuple[Pair, Pair]:
    """Return ``((top, bottom), (left, right))`` for a word, a number, a pair or a pair of pairs.

    A pair is ``(rows, cols)``, the same on both sides, as in torch.

    >>> pads_of_both("same", (3, 5)), pads_of_both((1, 2), (3, 5)), pads_of_both(((1, 0), (2, 2)), (3, 5))
    (((1, 1), (2, 2)), ((1, 1), (2, 2)), ((1, 0), (2, 2)))
    """
    if isinstance(padding, str):
        each: Sequence[Padding] = (padding, padding)
    else:
        each = _two("padding", padding)
    rows, cols = (pads(p, k, s, d) for p, k, s, d in zip(each, kernel, stride, dilation, strict=True))
    return rows, cols


@overload
def output_size(size: int, kernel: int, stride: int = 1, padding: Padding = 0, dilation: int = 1) -> int: ...
@overload
def output_size(
    size: Sequence[int],
    kernel: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
) -> Pair: ...
def output_size(
    size: int | Sequence[int],
    kernel: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
) -> int | Pair:
    """Return how many windows fit: ``(size + before + after - reach) // stride + 1``.

    Parameters
    ----------
    size, kernel, stride, dilation
        Whole numbers for one axis, or pairs ``(rows, cols)``.
    padding
        A number, ``"valid"``, ``"same"`` or ``"full"``; for one axis a pair ``(before, after)``, for two a pair
        ``(rows, cols)`` or a pair of such pairs.

    Raises
    ------
    ValueError
        When not even one window fits, with the largest kernel that would.

    Examples
    --------
    >>> output_size(28, 3), output_size(28, 3, stride=2, padding=1), output_size((28, 20), 3, padding="same")
    (26, 14, (28, 20))
    """
    if isinstance(size, int):
        k, s, d = _scalar("kernel", kernel), _scalar("stride", stride), _scalar("dilation", dilation)
        return _output_size(size, k, s, pads(padding, k, s, d), d)
    kernels, strides, dilations = (
        pair("kernel", kernel),
        pair("stride", stride),
        pair("dilation", dilation),
    )
    both = pads_of_both(padding, kernels, strides, dilations)
    rows, cols = map(_output_size, pair("size", size), kernels, strides, both, dilations)
    return rows, cols


def transposed_output_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> int:
    """Return the size a transposed convolution gives: ``(size - 1) * stride - 2 * padding + reach + output_padding``.

    It is the inverse question to `output_size`: the transposed convolution of size 14 gives a size from which
    the convolution gives 14. Several do when the stride is over 1; `output_padding` chooses among them.

    >>> transposed_output_size(14, 3, stride=2, padding=1), transposed_output_size(14, 3, 2, 1, output_padding=1)
    (27, 28)
    >>> output_size(27, 3, 2, 1), output_size(28, 3, 2, 1)
    (14, 14)
    """
    for name, value, least in (("size", size, 1), ("kernel", kernel, 1), ("stride", stride, 1),
                               ("padding", padding, 0), ("output_padding", output_padding, 0),
                               ("dilation", dilation, 1)):  # fmt: skip
        whole(name, value, least)
    if output_padding >= max(stride, dilation):
        raise ValueError(
            f"output_padding (={output_padding}) must be smaller than the stride (={stride}) or the dilation "
            f"(={dilation}); with stride {output_padding + 1} it would fit"
        )
    result = (size - 1) * stride - 2 * padding + reach(kernel, dilation) + output_padding
    if result < 1:
        raise ValueError(
            f"padding (={padding}) crops more than the {result + 2 * padding} pixels there are; "
            f"the largest that leaves one is {(result + 2 * padding - 1) // 2}"
        )
    return result


def receptive_field(layers: Iterable[Sequence[int] | Mapping[str, int]]) -> ReceptiveField:
    """Return what one number at the end of `layers` sees of the input: size, jump and start, in pixels.

    Parameters
    ----------
    layers
        From input to output: ``(kernel, stride, padding, dilation)``, the tail may be left out, or mappings
        with these names. Padding is what comes before the first pixel.

    Examples
    --------
    Two 3x3 layers of stride 2: the second sees seven pixels, its windows start four apart, the first three
    pixels before the image (twice padding 1, the second time in steps of two).

    >>> receptive_field([(3, 2, 1), (3, 2, 1)])
    ReceptiveField(size=7, jump=4, start=-3)
    """
    size, jump, start = 1, 1, 0
    for layer in layers:
        kernel, stride, padding, dilation = _layer(layer)
        size += (reach(kernel, dilation) - 1) * jump
        start -= padding * jump
        jump *= stride
    return ReceptiveField(size, jump, start)


def _layer(layer: Sequence[int] | Mapping[str, int]) -> tuple[int, int, int, int]:
    names, defaults = ("kernel", "stride", "padding", "dilation"), (1, 1, 0, 1)
    if isinstance(layer, Mapping):
        for name in layer:
            one_of("layer", name, names)
        values = [layer.get(name, default) for name, default in zip(names, defaults, strict=True)]
    else:
        values = [*layer, *defaults[len(layer) :]]
    kernel, stride, padding, dilation = values
    return (whole("kernel", kernel, 1), whole("stride", stride, 1), whole("padding", padding, 0),
            whole("dilation", dilation, 1))  # fmt: skip


def _output_size(size: int, kernel: int, stride: int, both_pads: Pair, dilation: int) -> int:
    whole("size", size, 0)
    before, after = both_pads
    span = reach(whole("kernel", kernel, 1), whole("dilation", dilation, 1))
    room = size + before + after - span
    if size + before + after == 0:
        raise ValueError("size (=0) without padding holds no pixel, so that no kernel fits; the least that does is 1")
    if room < 0:
        largest = (size + before + after - 1) // dilation + 1
        raise ValueError(
            f"kernel (={kernel}) with dilation {dilation} spans {span} pixels, but there are {size} + padding "
            f"{before} + {after}; the largest kernel that fits is {largest}, the least padding in all {span - size}"
        )
    return room // whole("stride", stride, 1) + 1


def _pads_of_word(word: str, kernel: int, stride: int, dilation: int) -> Pair:
    one_of("padding", word, PADDING_WORDS)
    extra = reach(kernel, dilation) - 1
    if word == "valid":
        return (0, 0)
    if word == "full":
        return (extra, extra)
    if stride != 1:
        raise ValueError(
            f'padding (="same") keeps the size only with stride 1, not {stride} (libraries disagree on what it '
            f"should mean there); give numbers: padding={extra // 2} gives size/{stride}, rounded"
        )
    return (extra // 2, extra - extra // 2)


def whole(name: str, value: object, least: int) -> int:
    """Return `value` as an int, or say that it must be a whole number of at least `least`."""
    try:
        number = int(value.__index__())  # type: ignore[attr-defined]
    except AttributeError:
        raise TypeError(f"{name} (={value!r}) must be a whole number, {least} or more") from None
    if number < least:
        raise ValueError(f"{name} (={number}) must be {least} or more")
    return number


def _scalar(name: str, value: int | Sequence[int]) -> int:
    if isinstance(value, Sequence):
        raise TypeError(f"{name} (={value!r}) must be one number, since size is one number; give size as a pair too")
    return value


def pair(name: str, value: int | Sequence[int]) -> Pair:
    """Return ``(rows, cols)`` of one number for both, or of two."""
    first, second = _two(name, value)
    return first, second


def _two(name: str, value: object) -> tuple[int, int]:
    if isinstance(value, int):  # asked first: it is the usual case, and asking for a Sequence is slow
        return value, value
    several = value.tolist() if hasattr(value, "tolist") else value  # an array
    if isinstance(several, (tuple, list)) or (isinstance(several, Sequence) and not isinstance(several, str)):
        if len(several) != 2:
            raise ValueError(f"{name} (={several!r}) must be one number or two, not {len(several)}")
        return several[0], several[1]
    return several, several  # type: ignore[return-value]
