"""All cells: the table that the engine is held to, written out. Where a quick run measures a cell, it says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

from convista.bench.cell import Cell, Script
from convista.bench.scripts import scripts
from convista.bench.sweep import sweep

SIDES = (3, 5, 7, 9, 11, 15, 21, 31, 63)
SIZES = (256, 1024, 2048, 4096)
HUGE, HUGE_SIDES = 8192, (3, 5, 7, 9, 11)
MODES = ("zeros", "symmetric", "replicate", "circular")
QUICK_SIZES, QUICK_SIDES = (256, 1024), (3, 7, 15, 31)

DIRECT = ("cv2.filter2D", "scipy.ndimage", "torch", "torch channels_last", "kornia", "onnxruntime", "openvino",
          "jax shift-and-add", "jax lax.conv")  # fmt: skip
SPECTRAL = ("scipy.fftconvolve", "scipy.oaconvolve")
SMOOTH = ("cv2.sepFilter2D", "cv2.GaussianBlur", "ndimage.correlate1d", "ndimage.gaussian_filter", "skimage.gaussian",
          "torch two passes")  # fmt: skip
STACK = ("cv2.filter2D, stacked", "cv2.filter2D, loop", "scipy.ndimage", "torch", "torch channels_last", "onnxruntime",
         "openvino", "jax lax.conv")  # fmt: skip
COLOUR = ("cv2.filter2D", "scipy.ndimage", "torch", "torch channels_last", "onnxruntime", "openvino",
          "jax shift-and-add")  # fmt: skip
LAYER = ("torch", "torch channels_last", "onnxruntime", "openvino", "jax lax.conv")
OUT = ("cv2.filter2D", "scipy.ndimage")

# images, channels, rows and cols, filters, kernel, stride
BANKS = (
    (1, 1, 512, 8, 3, 1), (1, 1, 512, 8, 7, 1), (1, 1, 512, 32, 3, 1), (1, 1, 512, 32, 7, 1), (1, 1, 512, 64, 3, 1),
    (1, 1, 512, 64, 7, 1), (1, 1, 2048, 8, 3, 1), (1, 3, 1024, 32, 3, 1), (256, 1, 28, 8, 3, 1),
    (256, 1, 28, 64, 3, 1), (256, 1, 28, 32, 7, 1), (256, 3, 32, 32, 3, 1), (256, 3, 32, 64, 3, 1),
    (64, 3, 64, 64, 3, 1), (16, 3, 112, 16, 5, 1),
)  # fmt: skip
LAYERS = (
    (256, 1, 28, 8, 3, 2), (256, 1, 28, 8, 5, 2), (16, 3, 224, 64, 7, 2), (16, 3, 224, 32, 3, 2),
    (256, 8, 14, 16, 3, 2), (64, 16, 28, 32, 3, 1), (64, 32, 28, 32, 3, 1), (64, 64, 28, 64, 3, 1),
    (64, 64, 56, 64, 3, 1), (64, 128, 14, 128, 3, 1), (64, 256, 7, 256, 3, 1), (64, 256, 14, 64, 1, 1),
    (64, 32, 28, 64, 3, 2),
)  # fmt: skip


@cache
def cells() -> tuple[Cell | Script, ...]:
    """Return every cell, those of one group together."""
    every: list[Cell | Script] = [
        *_images(), *_separable(), *_stacks(), *_colour(), *_bytes(), *_layers("banks", BANKS),
        *_layers("layers", LAYERS), *_offsets(), *_roofs(), *_calls(), *sweep(), *scripts(),
    ]  # fmt: skip
    order = list(dict.fromkeys(cell.group for cell in every))
    return tuple(sorted(every, key=lambda cell: order.index(cell.group)))


def find(name: str) -> Cell | Script:
    """Return the cell of that name."""
    return next(cell for cell in cells() if cell.name == name)


def chosen(only: str = "", *, quick: bool = False, out_given: bool = False) -> list[Cell | Script]:
    """Return the cell named `only`, else those whose name or group holds it, of a quick run, with out= alone.

    Raises
    ------
    ValueError
        When that leaves none.
    """
    named = [cell for cell in cells() if cell.name == only]
    found = named or [
        cell
        for cell in cells()
        if (only in cell.name or only in cell.group)
        and (cell.quick or not quick)
        and (not out_given or (isinstance(cell, Cell) and cell.out))
    ]
    if not found:
        raise ValueError(f'--only (="{only}") is in no cell or group of this run; see convista bench --list')
    return found


def _images() -> Iterator[Cell]:
    for side in SIDES:
        for size in SIZES + (HUGE,) * (side in HUGE_SIDES):
            yield _image(size, side)
            yield replace(_image(size, side, out=True, precision="high" if side >= 15 else "standard"), peers=OUT)
            if side >= 15:
                yield _image(size, side, precision="high")
    for mode in MODES:
        for side in (3, 7, 15):
            yield replace(_image(1024, side, mode=mode), quick=side == 7)


def _image(size: int, side: int, *, mode: str = "reflect", out: bool = False, precision: str = "standard") -> Cell:
    words = [str(size), f"K={side}", mode, *["out="] * out, *[precision] * (precision != "standard")]
    return Cell(
        " ".join(words), _image_group(size, side, out, precision), DIRECT + SPECTRAL * (side >= 7),
        (1, 1, size, size), (1, 1, side, side), mode=mode, out=out, precision=precision,
        quick=size in QUICK_SIZES and side in QUICK_SIDES,
    )  # fmt: skip


def _image_group(size: int, side: int, out: bool, precision: str) -> str:
    if side >= 15:
        group = "k15-63" + "-high" * (precision == "high" and not out)
    elif side >= 5:
        group = "k5-11" + "-small" * (size < 1024)
    else:
        group = "k3" + "-large" * (size > 2048 and not out)
    return "out-" * out + group


def _separable() -> Iterator[Cell]:
    for size in (256, 1024, 4096):
        for side in (3, 5, 7, 9, 15, 21, 31, 63):
            yield Cell(
                f"separable {size} K={side}", "separable" if side >= 7 else "separable-small", SMOOTH,
                (1, 1, size, size), (1, 1, side, side), weights="gaussian",
                quick=size in QUICK_SIZES and side in (3, 9, 31),
            )  # fmt: skip


def _stacks() -> Iterator[Cell]:
    for side in (3, 5, 7, 11):
        yield Cell(
            f"10000 x 28 K={side}", "stack", STACK, (10_000, 1, 28, 28), (1, 1, side, side), layout="nhw",
            padded=False, mode="zeros", quick=side in (3, 7),
        )  # fmt: skip


def _colour() -> Iterator[Cell]:
    for size in (256, 1024, 2048):
        for side in (3, 5, 9, 15):
            yield Cell(
                f"RGB {size} K={side}", "colour", COLOUR, (1, 3, size, size), (1, 1, side, side), layout="hwc",
                quick=size in QUICK_SIZES and side in (3, 9),
            )  # fmt: skip


def _bytes() -> Iterator[Cell]:
    for size in (256, 1024, 4096):
        yield _of_bytes(size, 3, "sobel", "int16", ("cv2.Sobel", "cv2.filter2D", "scipy.ndimage"))
        for side in (3, 5):
            yield _of_bytes(size, side, "sobel", "float32", ("cv2.Sobel", "cv2.filter2D"))
            yield _of_bytes(size, side, "normal", "float32", ("cv2.filter2D",))
        for side in (3, 5, 7):
            yield _of_bytes(size, side, "sharp", "uint8", ("cv2.filter2D", "PIL.Kernel"))
        for side in (3, 5, 9):
            yield _of_bytes(size, side, "box", "uint8", ("cv2.blur", "cv2.filter2D"))
            yield _of_bytes(size, side, "gaussian", "uint8", ("cv2.GaussianBlur", "cv2.filter2D"))


def _of_bytes(size: int, side: int, weights: str, result: str, peers: tuple[str, ...]) -> Cell:
    return Cell(
        f"uint8 {size} K={side} {weights} to {result}", "bytes-smooth" if weights in ("box", "gaussian") else "bytes",
        peers, (1, 1, size, size), (1, 1, side, side), weights=weights, dtype="uint8", result=result,
        quick=size == 1024 and side <= 5,
    )  # fmt: skip


def _layers(group: str, rows: tuple[tuple[int, int, int, int, int, int], ...]) -> Iterator[Cell]:
    for number, (images, channels, size, filters, side, stride) in enumerate(rows):
        yield Cell(
            f"{images}x{channels}x{size}^2 to {filters}, K={side}, stride {stride}", group, LAYER,
            (images, channels, size, size), (filters, channels, side, side), layout="nchw", mode="zeros",
            stride=stride, quick=number % 3 == 0,
        )  # fmt: skip


def _roofs() -> Iterator[Cell]:
    for size in (1024, 2048):
        for side in (5, 7, 9, 11):
            yield replace(
                _image(size, side, out=True), name=f"sgemm {size} K={side}", group="share", peers=("sgemm",),
                quick=size == 1024,
            )  # fmt: skip
    yield replace(
        _image(4096, 3, out=True), name="copy 4096 K=3", group="copy", peers=("np.positive", "np.copyto"), quick=True
    )


def _calls() -> Iterator[Cell]:
    for side in (3, 7):
        yield replace(_image(28, side), name=f"call 28 K={side}", group="call", quick=True)


def _offsets() -> Iterator[Cell]:
    for side, precision in product((3, 9, 31), ("standard", "high")):
        high = precision == "high"
        yield replace(
            _image(1024, side, precision=precision), name=f"offset 1e4 1024 K={side}" + " high" * high,
            group="offset" + "-high" * high, weights="flat", offset=1e4, quick=side == 9,
        )  # fmt: skip
