"""What stands beyond the edge of an image: the padding modes, as maps from a position to the pixel it repeats.

=============  ========================  =================  =======================  ==================
convista       of ``1 2 3 4``, two out   scipy.ndimage      cv2                      numpy.pad
=============  ========================  =================  =======================  ==================
zeros, fill=   ``0 0 | 1 2 3 4 | 0 0``   constant, cval=    BORDER_CONSTANT          constant
reflect        ``3 2 | 1 2 3 4 | 3 2``   mirror             BORDER_REFLECT_101       reflect
symmetric      ``2 1 | 1 2 3 4 | 4 3``   reflect            BORDER_REFLECT           symmetric
replicate      ``1 1 | 1 2 3 4 | 4 4``   nearest            BORDER_REPLICATE         edge
circular       ``3 4 | 1 2 3 4 | 1 2``   wrap, grid-wrap    BORDER_WRAP              wrap
=============  ========================  =================  =======================  ==================

torch's names are these (it has no symmetric).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convista.window import Pair

MODES = ("zeros", "reflect", "symmetric", "replicate", "circular")
OUTSIDE = -1


def border_index(size: int, pads: Pair, mode: str) -> NDArray[np.intp]:
    """Return for each position of one padded axis the pixel it shows, -1 where it shows the fill value.

    Paddings larger than the image go on in the same pattern.

    >>> border_index(4, (2, 2), "reflect").tolist(), border_index(4, (1, 5), "circular").tolist()
    ([2, 1, 0, 1, 2, 3, 2, 1], [3, 0, 1, 2, 3, 0, 1, 2, 3, 0])
    """
    position = np.arange(-pads[0], size + pads[1])
    if mode == "zeros":
        return np.where((position < 0) | (position >= size), OUTSIDE, position)
    if mode == "replicate":
        return position.clip(0, size - 1)
    if mode == "circular":
        return position % size
    if mode == "symmetric":
        folded = position % (2 * size)
        return np.minimum(folded, 2 * size - 1 - folded)
    folded = position % max(2 * size - 2, 1)  # reflect; a single pixel reflects itself
    return np.minimum(folded, 2 * size - 2 - folded) if size > 1 else folded


def pad(image: NDArray[Any], pads: tuple[Pair, Pair], mode: str, fill: float) -> NDArray[Any]:
    """Return (images, channels, rows, cols) with its borders put around; the image itself where there are none."""
    (top, bottom), (left, right) = pads
    if not (top or bottom or left or right):
        return image
    rows, cols = image.shape[2:]
    if mode != "zeros":
        by_row = image.take(border_index(rows, pads[0], mode), axis=2)
        return by_row.take(border_index(cols, pads[1], mode), axis=3)
    padded = np.full((*image.shape[:2], top + rows + bottom, left + cols + right), fill, image.dtype)
    padded[:, :, top : top + rows, left : left + cols] = image
    return padded
