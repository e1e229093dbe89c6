"""The letters of PNG and GIF files: Pillow's own font, and the system's where a text is Chinese."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from PIL import ImageFont

    Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

CHINESE = (
    "NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.otf", "NotoSansCJKsc-Regular.otf", "SourceHanSansSC-Regular.otf",
    "DroidSansFallbackFull.ttf", "wqy-microhei.ttc", "wqy-zenhei.ttc", "msyh.ttc", "simhei.ttf", "PingFang.ttc",
    "Hiragino Sans GB.ttc", "STHeiti Medium.ttc", "Arial Unicode.ttf",
)  # fmt: skip
"""Files that Pillow looks for in the system's font folders."""


def is_chinese(texts: Iterable[str]) -> bool:
    """Return whether a letter is wider than Latin ones.

    >>> is_chinese(["input", "×"]), is_chinese(["输入"])
    (False, True)
    """
    return any(unicodedata.east_asian_width(letter) in "WF" for text in texts for letter in text)


@lru_cache(maxsize=64)
def font(size: float, *, chinese: bool = False) -> Font:
    """Return letters of `size` pixels.

    Raises
    ------
    ValueError
        When the text is Chinese and no font of the system has its letters.
    """
    from PIL import ImageFont

    if not chinese:
        return ImageFont.load_default(size)
    for name in CHINESE:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    raise ValueError(
        'language (="zh-Hans") needs a font with Chinese letters for PNG and GIF, and this system has none of '
        f"{', '.join(CHINESE[:3])} ...; save as .svg or .html, where the reader's own font is taken, or install one"
    )
