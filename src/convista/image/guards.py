"""What holds for each reader of image files: the limit, and silence about what ends up in a reason."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

MAX_PIXELS = 178_956_970
"""Larger images are refused unless asked for; the number from which Pillow, too, refuses."""

_PILLOW_LOCK = threading.Lock()


class UnreadableError(Exception):
    """A reason, on its way to the public edge, where the path is known."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason, hint)
        self.reason, self.hint = reason, hint


@contextmanager
def silent_pillow(max_pixels: int) -> Iterator[None]:
    """Let Pillow neither warn (of odd EXIF, of large images) nor apply its own limit instead of ours.

    Both settings are global to the process, therefore one thread at a time.
    """
    with _PILLOW_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = max_pixels  # from twice this on Pillow raises; we refuse before
        try:
            yield
        except Image.DecompressionBombError as error:
            raise UnreadableError(f"it has more than twice the limit of {max_pixels:,} pixels") from error
        finally:
            Image.MAX_IMAGE_PIXELS = before


def check_size(rows: int, cols: int, max_pixels: int) -> None:
    """Refuse an image without pixels, or with more than `max_pixels`.

    >>> check_size(50_000, 50_000, MAX_PIXELS)
    Traceback (most recent call last):
    convista.image.guards.UnreadableError: ('it has 50,000 rows x 50,000 cols = 2,500,000,000 pixels,
        over the limit of 178,956,970', 'if you trust it, pass max_pixels=2500000000')
    """
    pixels = rows * cols
    if rows < 1 or cols < 1:
        raise UnreadableError(f"it has no pixels ({rows} rows x {cols} cols)")
    if pixels > max_pixels:
        size = f"{rows:,} rows x {cols:,} cols = {pixels:,} pixels"
        raise UnreadableError(
            f"it has {size}, over the limit of {max_pixels:,}", f"if you trust it, pass max_pixels={pixels}"
        )


def check_numbers(count: int, max_pixels: int) -> None:
    """Refuse an image whose channels hold, all together, more than four numbers for each of `max_pixels`."""
    if count > 4 * max_pixels:
        raise UnreadableError(
            f"its channels hold {count:,} numbers, over four times the limit of {max_pixels:,} pixels",
            f"if you trust it, pass max_pixels={-(-count // 4)}",
        )
