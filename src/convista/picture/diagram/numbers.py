"""The numbers of one convolution: what it read, its weights, and what it gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.picture.diagram.view import Stop, View


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Arrays of (depth, rows, cols); those of a plane or a row have ones in front."""

    image: NDArray[Any]
    weights: NDArray[Any]
    output: NDArray[Any]
    """The engine's own."""
    bias: float = 0

    def board(self, view: View) -> NDArray[Any]:
        """Return what the kernel slides over: the image with its zeros, as far as it is drawn."""
        cells = np.zeros(view.board, self.image.dtype)
        for cell in np.ndindex(view.board):
            source = view.source(cell)
            if source is not None:
                cells[cell] = self.image[source]
        return cells

    def laid(self, view: View) -> NDArray[Any]:
        """Return the weights as they lie on the board: turned by 180 degrees for a transposed convolution."""
        return np.array([self.weights[place] for place in view.weights()]).reshape(self.weights.shape)

    def products(self, view: View, stop: Stop) -> list[float]:
        """Return pixel x weight for each weight, zeros of padding too."""
        pairs = zip(view.taps(stop), view.weights(), strict=True)
        sources = [(view.source(cell), weight) for cell, weight in pairs]
        return [self.image[s].item() * self.weights[w].item() if s is not None else 0 for s, w in sources]


def checked(image: NDArray[Any], weights: NDArray[Any], output: NDArray[Any], view: View, bias: float = 0) -> Numbers:
    """Return the numbers with three axes, or say whose shape is not the convolution's."""
    sizes = (
        ("image", image, view.plan.size),
        ("kernel", weights, view.plan.kernel),
        ("output", output, view.plan.output),
    )
    for name, array, shape in sizes:
        if array.shape != shape:
            raise ValueError(f"{name} (shape {array.shape}) must have the shape {shape} of the convolution's {name}")
    image, weights, output = (array.reshape((1,) * (3 - array.ndim) + array.shape) for _, array, _ in sizes)
    return Numbers(image, weights, output, bias)
