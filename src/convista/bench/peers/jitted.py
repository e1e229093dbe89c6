"""jax: shifted copies added up, which XLA fuses, and its own convolution."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from convista.bench.cell import Cell
from convista.bench.contender import Array, Contender, UnfitError
from convista.bench.data import Data, nchw

MODES = {"zeros": "constant", "reflect": "reflect", "symmetric": "symmetric", "replicate": "edge", "circular": "wrap"}
MOST_SHIFTS = 81
"""Beyond it the compiler takes seconds, and the others are far ahead."""


def shift_and_add(cell: Cell, data: Data, _: int) -> Contender:
    """Return the sum of shifted images, each times a constant."""
    if data.kernel.size > MOST_SHIFTS:
        raise UnfitError("compiles for seconds above 9x9, and is far behind there")
    (rows, cols), kernel = cell.output_size, data.kernel.tolist()

    def add_up(image: Any) -> Any:
        padded = _padded(cell, image)
        places = product(range(cell.kernel[2]), range(cell.kernel[3]))
        return sum(kernel[i][j] * padded[:, :, i : i + rows, j : j + cols] for i, j in places)

    return _contender(nchw(data.image, cell.layout), add_up)


def lax_conv(cell: Cell, data: Data, _: int) -> Contender:
    """Return jax.lax.conv_general_dilated."""
    import jax
    import jax.numpy as jnp

    weights = jnp.asarray(np.broadcast_to(data.weights.astype(np.float32), (cell.filters, *cell.kernel[1:])))

    def convolve(image: Any) -> Any:
        return jax.lax.conv_general_dilated(
            _padded(cell, image), weights, (cell.stride,) * 2, "VALID", rhs_dilation=(cell.dilation,) * 2,
            feature_group_count=cell.groups,
        )  # fmt: skip

    return _contender(nchw(data.image, cell.layout), convolve)


def _contender(image: Array, function: Callable[[Any], Any]) -> Contender:
    import jax
    import jax.numpy as jnp

    compiled, here = jax.jit(function), jnp.asarray(np.ascontiguousarray(image))
    return Contender("", lambda: compiled(here).block_until_ready())


def _padded(cell: Cell, image: Any) -> Any:
    import jax.numpy as jnp

    rows, cols = cell.pads
    return jnp.pad(image, ((0, 0), (0, 0), (rows, rows), (cols, cols)), mode=MODES[cell.mode])
