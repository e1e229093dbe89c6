"""The picture: how many pixels a second each library filters, over the size of the kernel."""

from __future__ import annotations

import math
from collections.abc import Iterable

from convista.bench.catalogue import SIDES
from convista.bench.record import OURS, Record, Result
from convista.picture import Line, line_chart

SIZE = 1024
MODE = "reflect"

LIBRARIES = {
    OURS: "convista", "cv2": "OpenCV", "scipy": "SciPy", "torch": "torch", "kornia": "torch",
    "onnxruntime": "onnxruntime", "openvino": "OpenVINO", "jax": "jax",
}  # fmt: skip
"""By the first word of a contender's name; kornia is made of torch."""


NAMES = {side: f"{SIZE} K={side} {MODE}" for side in SIDES}
"""The cells that the picture is made of."""


def chart(record: Record, threads: int = 1) -> str:
    """Return the picture as SVG: each library's quickest way of filtering 1024 x 1024 pixels, on logarithmic axes.

    Raises
    ------
    ValueError
        When the record has no such cell.
    """
    found = {result.cell: result for result in record.results if result.threads == threads and OURS in result.values}
    require(found)
    lines = _lines({side: found[name] for side, name in NAMES.items() if name in found})
    return line_chart(
        lines, title=f"K x K kernel over {SIZE} x {SIZE} float32, {threads} thread{'s' * (threads != 1)}",
        x_label="K, rows and cols of the kernel", y_label="million pixels a second, higher is quicker; "
        "reflected border, a new array for each result", log_x=True, log_y=True, width=760, height=420, alone=True,
    )  # fmt: skip


def require(names: Iterable[str]) -> None:
    """Raise if none of these cells is in the picture: before an hour of measuring, not after it."""
    if not set(names) & set(NAMES.values()):
        raise ValueError(f'--picture is made of cells such as "{NAMES[3]}", and none is there; measure them, too')


def _lines(row: dict[int, Result]) -> Iterable[Line]:
    sides = list(row)
    for library in dict.fromkeys(LIBRARIES.values()):
        seconds = [_quickest(library, row[side]) for side in sides]
        if any(map(math.isfinite, seconds)):
            yield Line(library, [SIZE**2 / each / 1e6 for each in seconds], sides)


def _quickest(library: str, result: Result) -> float:
    """Return the seconds of a library's quickest way; NaN where it took no part."""
    ways = [spread.median for name, spread in result.values.items() if _library(name) == library]
    return min(ways, default=math.nan)


def _library(contender: str) -> str | None:
    return LIBRARIES.get(contender.partition(" ")[0].partition(".")[0])
