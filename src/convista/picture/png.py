"""PNG files in memory, each pixel a block: pictures for pages, without matplotlib."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np

from convista.picture.colours import Limits, paint_picture
from convista.picture.layout import picture_array


def png_bytes(
    image: object,
    scale: int = 1,
    *,
    cmap: str | None = None,
    limits: Limits | None = None,
    channels_last: bool | None = None,
) -> bytes:
    r"""Return `image` as a PNG file, each pixel a block of `scale` x `scale`.

    Parameters
    ----------
    image
        One channel (rows, cols) or (1, rows, cols), or colour (rows, cols, 3) or (3, rows, cols).
    scale
        Pixels of the file per pixel of the image.
    cmap
        The colour map of one channel. None: Greys (lowest value white), or RdBu_r around zero if a value is
        negative.
    limits
        The values at the ends of the map; None: the lowest and the highest.
    channels_last
        Needed where the shape has two readings.

    Examples
    --------
    >>> png_bytes([[0, 1], [2, 3]], scale=8)[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    from PIL import Image

    if scale < 1:
        raise ValueError(f"scale (={scale}) must be 1 or more")
    colours = paint_picture(picture_array(image, channels_last), cmap, limits)  # (rows, cols, 3)
    if (colours == colours[:, :, :1]).all():
        colours = colours[:, :, 0]  # a third of the size
    blocks = colours.repeat(scale, axis=0).repeat(scale, axis=1)
    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(blocks)).save(file, "PNG", optimize=True)
    return file.getvalue()


def data_uri(
    image: object,
    scale: int = 1,
    *,
    cmap: str | None = None,
    limits: Limits | None = None,
    channels_last: bool | None = None,
) -> str:
    """Return `png_bytes` as the address that an HTML page's ``<img src="...">`` takes.

    >>> data_uri([[0, 1], [2, 3]])[:26]
    'data:image/png;base64,iVBO'
    """
    file = png_bytes(image, scale, cmap=cmap, limits=limits, channels_last=channels_last)
    return f"data:image/png;base64,{base64.b64encode(file).decode('ascii')}"
