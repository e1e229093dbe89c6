"""A network as one readable line: the text, and the small records it is parsed into once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

from convista.errors import did_you_mean

NAMED = MappingProxyType(
    {
        "chapter": "no norm, 5x5/2 8, 3x3/2 16, 3x3/2 32, 3x3/2 64, 3x3/2 classes",
        "simple": "3x3/2 8, 3x3/2 16, 3x3/2 32, 3x3/2 64, 3x3/2 classes",
        "small": "5x5/2 16, 3x3 16, 3x3/2 32, 3x3 32, 3x3/2 64, 3x3 64, mean",
        "medium": "5x5/2 32, 3x3 32, 3x3/2 64, 3x3 64, 3x3/2 128, 3x3 128, mean",
        "resnet": "5x5/2 32, 3x3/2 64, res 3x3, 3x3/2 128, res 3x3, 3x3/2 256, res 3x3, mean",
    }
)
"""Networks with a name, and the line that each stands for."""

GRAMMAR = (
    'a line of items with commas between, from the image to the answer: "3x3 16" is a convolution of 3x3 pixels with '
    '16 filters, "3x3/2 16" the same with stride 2, "res 3x3" two that are added to what comes in; the last item is a '
    'convolution with "classes" for its number of filters, or "mean" (the mean of each channel, then a linear layer '
    'unless the channels are the classes); "no norm" in front leaves the batch normalisation out'
)

_CONVOLUTION = re.compile(r"(?P<rows>\d+)x(?P<cols>\d+)(?:/(?P<stride>\d+))?\s+(?P<filters>\d+|classes)", re.ASCII)
_RESIDUAL = re.compile(r"res\s+(?P<rows>\d+)x(?P<cols>\d+)", re.ASCII)
_WORDS = ("mean", "classes", "res")
NO_NORM = "no norm"
_MOST = 4096  # of any number in an item: beyond it stands a slip of the finger, or a file made to exhaust memory


@dataclass(frozen=True, slots=True)
class Convolution:
    """One convolution: its kernel ``(rows, cols)``, its stride, and how many kernels there are."""

    kernel: tuple[int, int]
    stride: int
    filters: int | None
    """None: as many as there are classes, which makes it the last."""

    @property
    def padding(self) -> tuple[int, int]:
        """Half the kernel, so that stride 1 keeps the size and stride 2 halves it, rounded up."""
        return self.kernel[0] // 2, self.kernel[1] // 2

    def __str__(self) -> str:
        stride = f"/{self.stride}" if self.stride > 1 else ""
        return f"{self.kernel[0]}x{self.kernel[1]}{stride} {self.filters or 'classes'}"


@dataclass(frozen=True, slots=True)
class Residual:
    """Two convolutions that keep size and channels, and whose result is added to what came in."""

    kernel: tuple[int, int]

    @property
    def padding(self) -> tuple[int, int]:
        """Half the kernel, which keeps the size."""
        return self.kernel[0] // 2, self.kernel[1] // 2

    def __str__(self) -> str:
        return f"res {self.kernel[0]}x{self.kernel[1]}"


Item = Convolution | Residual


@dataclass(frozen=True, slots=True)
class Description:
    """A whole network: its items in order, and whether each channel's mean and a linear layer follow."""

    items: tuple[Item, ...]
    mean: bool
    norm: bool = True
    """Whether batch normalisation follows each convolution but the last."""

    @property
    def convolutions(self) -> tuple[Convolution, ...]:
        """Those that may change the size or the number of channels."""
        return tuple(item for item in self.items if isinstance(item, Convolution))

    def __str__(self) -> str:
        return ", ".join([*([] if self.norm else [NO_NORM]), *map(str, self.items), *(["mean"] if self.mean else [])])


def describe(network: str) -> Description:
    """Parse the name or the line of a network.

    >>> print(describe("simple"))
    3x3/2 8, 3x3/2 16, 3x3/2 32, 3x3/2 64, 3x3/2 classes
    >>> describe("5x5/2 16, mean")
    Description(items=(Convolution(kernel=(5, 5), stride=2, filters=16),), mean=True, norm=True)
    """
    text = network.strip()
    if text.isidentifier() and text not in _WORDS:
        text = _line_of(text)
    items = [item.strip() for item in text.split(",")]
    norm = " ".join(items[0].split()) != NO_NORM
    items = items[not norm :] or [""]
    mean = items[-1] == "mean"
    parsed = tuple(_item(item, text) for item in (items[:-1] if mean else items))
    _check_order(parsed, mean, items)
    return Description(parsed, mean, norm)


def _line_of(name: str) -> str:
    if name not in NAMED:
        raise ValueError(
            f'network (="{name}") must be one of {", ".join(NAMED)}{did_you_mean(name, NAMED)}; or {GRAMMAR}'
        )
    return NAMED[name]


def _item(item: str, text: str) -> Item:
    found = _RESIDUAL.fullmatch(item)
    return _residual(item, found) if found else _convolution(item, text)


def _residual(item: str, found: re.Match[str]) -> Residual:
    kernel = int(found["rows"]), int(found["cols"])
    if not all(1 <= size <= _MOST and size % 2 for size in kernel):
        raise _fault(item, f"needs odd sizes from 1 to {_MOST}, which keep the size of the image")
    return Residual(kernel)


def _convolution(item: str, text: str) -> Convolution:
    found = _CONVOLUTION.fullmatch(item)
    if item == "mean":
        raise _fault(item, "must be the last")
    if item == NO_NORM:
        raise _fault(item, "must be the first")
    if not found:
        raise _fault(item, f'is not understood in "{text}"{did_you_mean(_guess(item), _WORDS)}')
    rows, cols, stride = int(found["rows"]), int(found["cols"]), int(found["stride"] or 1)
    filters = None if found["filters"] == "classes" else int(found["filters"])
    if not all(1 <= number <= _MOST for number in (rows, cols, stride, 1 if filters is None else filters)):
        raise _fault(item, f"has a number outside 1 to {_MOST}")
    return Convolution((rows, cols), stride, filters)


def _guess(item: str) -> str:
    """Return the word of a faulty item that may be a slip of a known one."""
    return next((word for word in item.split() if word.isalpha() and word not in _WORDS), "")


def _check_order(parsed: tuple[Item, ...], mean: bool, items: list[str]) -> None:
    if not parsed or isinstance(parsed[0], Residual):
        raise _fault(items[0], "needs at least one convolution before it")
    *inner, last = parsed
    if any(isinstance(one, Convolution) and one.filters is None for one in inner):
        raise _fault(next(item for item in items if "classes" in item), "must be the last convolution")
    if not mean and not (isinstance(last, Convolution) and last.filters is None):
        raise _fault(items[-1], 'can\'t end a network: put "mean" after it, or "classes" in place of the number')


def _fault(item: str, fault: str) -> ValueError:
    return ValueError(f'network: the item "{item}" {fault}; a network is {GRAMMAR}')
