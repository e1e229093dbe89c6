"""One convolution to be measured: what goes in, what comes out, and against whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

WHOLE = 256
"""Rows and cols of the smaller problem that slow peers are judged by."""

FEW = 64
"""Images of the smaller problem."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A convolution, a group of cells that it belongs to, and the peers that can do it."""

    name: str
    group: str
    peers: tuple[str, ...]
    image: tuple[int, int, int, int]
    """Images, channels, rows, cols; how they lie in memory is `layout`."""
    kernel: tuple[int, int, int, int]
    """Filters, channels that each filter meets, rows, cols."""
    layout: str = "hw"
    """The axes of the image that convista gets: hw, nhw (a stack), hwc (each channel on its own) or nchw."""
    weights: str = "normal"
    padded: bool = True
    """Half a kernel on each side; else only complete windows."""
    mode: str = "reflect"
    stride: int = 1
    dilation: int = 1
    dtype: str = "float32"
    """Of the image."""
    result: str = "float32"
    offset: float = 0.0
    """Added to each pixel; a kernel of zero mean takes it out again, and digits with it."""
    out: bool = False
    """Whether the result goes into an array that is there already."""
    precision: str = "standard"
    quick: bool = False
    """Whether a quick run measures it, too."""

    @property
    def groups(self) -> int:
        """Into how many groups the channels are split."""
        return self.image[1] // self.kernel[1]

    @property
    def filters(self) -> int:
        """Channels of the result."""
        return self.image[1] if self.layout == "hwc" else self.kernel[0]

    @property
    def pads(self) -> tuple[int, int]:
        """Pixels put around: rows and cols."""
        rows, cols = self.kernel[2:]
        return (rows // 2 * self.dilation, cols // 2 * self.dilation) if self.padded else (0, 0)

    @property
    def output_size(self) -> tuple[int, int]:
        """Rows and cols of the result."""
        rows, cols = (
            (size + 2 * pad - self.dilation * (side - 1) - 1) // self.stride + 1
            for size, pad, side in zip(self.image[2:], self.pads, self.kernel[2:], strict=True)
        )
        return rows, cols

    @property
    def flops(self) -> int:
        """Multiplications and additions, each counted."""
        return 2 * self.image[0] * self.filters * prod(self.output_size) * prod(self.kernel[1:])

    @property
    def side(self) -> int:
        """Rows of the kernel."""
        return self.kernel[2]

    def smaller(self) -> Cell:
        """Return the same work on a smaller image, or on fewer images.

        >>> Cell("a", "b", (), (1, 1, 4096, 4096), (1, 1, 3, 3)).smaller().image
        (1, 1, 256, 256)
        """
        images, channels, rows, cols = self.image
        return replace(self, image=(min(images, FEW), channels, min(rows, WHOLE), min(cols, WHOLE)))

    def times_larger(self, other: Cell) -> float:
        """Return how many times the pixels of `other` this one has."""
        return prod(self.image) / prod(other.image)


@dataclass(frozen=True, slots=True)
class Script:
    """Something that only a fresh process can show: programs that print one number each."""

    name: str
    group: str
    programs: dict[str, str]
    """By contender."""
    runs: int = 5
    quick: bool = True
