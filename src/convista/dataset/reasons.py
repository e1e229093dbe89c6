"""Why a file isn't used, in Chinese. Where the reason is found it is a clause in English, for a sentence about "it"."""

from __future__ import annotations

import re
from functools import cache

from convista.bilingual import Bilingual

CLAUSES: tuple[tuple[str, str], ...] = (
    # the place of a file
    ("it is hidden: its name begins with a dot", "它是隐藏的：名称以点开头"),
    ("it lies in a hidden folder", "它位于隐藏文件夹中"),
    ("its ending is no image's", "其扩展名不是图像的扩展名"),
    ("it is a pipe, a socket or a device", "它是管道、套接字或设备"),
    ("it is a link out of the folder", "它是指向文件夹之外的链接"),
    ("it is a link to a folder", "它是指向文件夹的链接"),
    ("it is a link to nothing", "它是无效的链接"),
    ("it lies in no class folder", "它不在任何类别文件夹中"),
    ("it can't be told what the folder's layout means", "无法判断文件夹结构的含义"),
    ("no image to learn from has its class", "训练图像中没有它的类别"),
    ("it lies outside of the folders that are read", "它位于所读取的文件夹之外"),
    ("it isn't among the four files of MNIST", "它不属于 MNIST 的四个文件"),
    ("{file} has no label for it", "{file} 中没有它的标签"),
    ("line {line} of {file} names it, but its path must be one below the folder",
     "{file} 第 {line} 行列出了它，但其路径必须在该文件夹之内"),
    ("line {line} of {file} names it, but it is not there", "{file} 第 {line} 行列出了它，但它不存在"),
    # the file
    ("it is a folder", "它是文件夹"),
    ("it is not a regular file but a pipe, a socket or a device", "它不是普通文件，而是管道、套接字或设备"),
    ("it is empty (0 bytes)", "它是空的（0 字节）"),
    ("it has vanished meanwhile", "它在读取期间消失了"),
    ("the system says: {words}", "系统提示：{words}"),
    ("tifffile says: {words}", "tifffile 提示：{words}"),
    ("its first bytes are those of no PNG, JPEG, WebP, TIFF, BMP or GIF file",
     "其开头字节不属于 PNG、JPEG、WebP、TIFF、BMP 或 GIF 文件"),
    ("it is cut short or damaged ({words})", "它不完整或已损坏（{words}）"),
    # its pixels
    ("it has no pixels ({rows} rows x {cols} cols)", "它没有像素（{rows} 行 x {cols} 列）"),
    ("it has {rows} rows x {cols} cols = {pixels} pixels, over the limit of {limit}",
     "它有 {rows} 行 x {cols} 列 = {pixels} 个像素，超过上限 {limit}"),
    ("it has more than twice the limit of {limit} pixels", "其像素数超过上限 {limit} 的两倍"),
    ("its channels hold {count} numbers, over four times the limit of {limit} pixels",
     "其各通道共有 {count} 个数，超过像素上限 {limit} 的四倍"),
    ("it has shape {shape}, not (rows, cols) or (rows, cols, 3)", "其形状为 {shape}，而不是（行, 列）或（行, 列, 3）"),
    ("its array has shape {shape}, not (rows, cols) or (rows, cols, channels)",
     "其数组形状为 {shape}，而不是（行, 列）或（行, 列, 通道）"),
    ("its first page has axes {axes}, not rows, cols and channels", "其第一页的轴为 {axes}，而不是行、列与通道"),
    ("it holds {kind} numbers, whose black and white are not known; save it as 8 or 16 bit",
     "它存有 {kind} 数值，黑与白的取值未知；请存为 8 位或 16 位"),
    ("it holds {kind} values, not real numbers", "它存有 {kind} 数值，而不是实数"),
)  # fmt: skip
"""English and Chinese; ``{name}`` stands for what differs from file to file."""


def in_both(reason: str) -> Bilingual:
    """Return a clause about "it" in both languages; one that isn't known stays English in the Chinese words, too.

    >>> in_both("it is empty (0 bytes)").chinese, in_both("line 3 of a.csv names it, but it is not there").chinese
    ('它是空的（0 字节）', 'a.csv 第 3 行列出了它，但它不存在')
    """
    for pattern, chinese in _patterns():
        if found := pattern.fullmatch(reason):
            return Bilingual(reason, chinese.format_map(found.groupdict()))
    return Bilingual(reason, reason)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the clauses as what they match."""
    return tuple((re.compile(_expression(english), re.DOTALL), chinese) for english, chinese in CLAUSES)


def _expression(clause: str) -> str:
    r"""Return the expression that a clause is.

    >>> _expression("{file} is empty (0)")
    '(?P<file>.+)\\ is\\ empty\\ \\(0\\)'
    """
    parts = re.split(r"\{(\w+)\}", clause)  # words, name, words, name, ..., words
    return "".join(f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
