"""apply, kernels, plan: kernels over images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convista.cli import arguments
from convista.cli.printing import examples, print_json, print_table, terminal_width

if TYPE_CHECKING:
    from convista.cli.job import Job
    from convista.grid import Plan
    from convista.kernel import Kernel

KernelText = Annotated[
    str,
    typer.Option("--kernel", "-k", metavar="KERNEL", show_default=False,
                 help='A name (sobel_x, gaussian:31,5), a file, or text: "1 0 -1; 2 0 -2".'),
]  # fmt: skip
PaddingText = Annotated[
    str | None,
    typer.Option("--padding", metavar="WORD|N", show_default=False,
                 help="same, valid, full, or pixels: 1, or ROWS,COLS. Left out: same, with a stride valid."),
]  # fmt: skip
ModeText = Annotated[
    str,
    typer.Option("--padding-mode", metavar="WORD",
                 help="Beyond the edge: zeros, reflect, symmetric, replicate, circular."),
]  # fmt: skip
StrideText = Annotated[str, typer.Option("--stride", metavar="N", help="Pixels between stops: 2, or ROWS,COLS.")]
DilationText = Annotated[str, typer.Option("--dilation", metavar="N", help="Pixels between weights: 2, or ROWS,COLS.")]
Flip = Annotated[
    bool, typer.Option("--flip", metavar="", help="Turn the kernel by 180 degrees: signal processing's convolution.")
]
Engine = Annotated[
    str, typer.Option("--engine", metavar="WORD", help="auto, plain, direct, separable, fourier or torch.")
]
LARGE: dict[str, Any] = {"rich_help_panel": "Images larger than memory"}
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Let workers of dask.distributed do it; or local.", **LARGE),
]
Channels = Annotated[
    str | None, typer.Option("--channels", metavar="first|last", help="Of three axes without names.", **LARGE)
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", metavar="", help="Replace the result, or what another job began.", **LARGE)
]
Json = Annotated[bool, typer.Option("--json", metavar="", help="For programs.")]


def apply(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE", help="Image files.", show_default=False)],
    kernel: KernelText,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE|FOLDER", help="Where to; .npy and .tif keep the numbers."),
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="ROW,COL", help="Write out the sum at one place.")] = None,
    clip: Annotated[
        bool, typer.Option("--clip", metavar="", help="Round, and cut off below 0 and above 255, as OpenCV does.")
    ] = False,
    grey: Annotated[bool, typer.Option("--grey", metavar="", help="Make a colour image grey first.")] = False,
    padding: PaddingText = None,
    padding_mode: ModeText = "reflect",
    stride: StrideText = "1",
    dilation: DilationText = "1",
    flip: Flip = False,
    engine: Engine = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="With --at: JSON, a line for each image.")
    ] = False,
    scheduler: Scheduler = None,
    channels: Channels = None,
    overwrite: Overwrite = False,
) -> None:
    """Apply a kernel to images: into a file, at one place, or in the terminal.

    Each channel of a colour image is taken on its own.
    Negative values are not lost: in a picture file zero is then grey 128.
    The command says by which rule values became greys.
    An image larger than memory, Zarr or TIFF, goes into a Zarr array: -o out.zarr;
    if that is stopped, the same command goes on.
    """
    from convista.cli import large
    from convista.cli.job import Job
    from convista.kernel import as_kernel

    if at is None and as_json:
        raise ValueError("--json needs --at ROW,COL; to keep all numbers write a file: --out result.npy")
    if at is not None and out is not None:
        raise ValueError(f'--at (="{at}") prints one sum and --out (="{out}") writes all of them; leave one out')
    terms = _terms(padding, padding_mode, stride, dilation, flip, engine)
    job, place = Job(as_kernel(kernel), terms, clip, grey), large.Place(scheduler, channels, overwrite)
    if large.concerns(images, out, place) and out is not None:
        if grey:
            raise ValueError("--grey is for image files; of a large image each channel is on its own")
        typer.echo(large.write(images, out, job.kernel, terms, clip, place))
    elif at is not None:
        _print_places(job, images, arguments.place(at), as_json)
    elif out is not None:
        for image, target in zip(images, arguments.targets(images, out), strict=True):
            typer.echo(job.write(image, target))
    else:
        for image in images:
            typer.echo(job.draw(image))


def kernels(
    name: Annotated[
        str | None, typer.Argument(metavar="KERNEL", help="One of them, also gaussian:31,5; a file; or text.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the named kernels, or show one with its weights."""
    import convista as cx
    from convista.kernel import as_kernel

    if name is not None:
        found = as_kernel(name)
        return print_json(_facts(found)) if as_json else typer.echo(found)
    if as_json:
        return print_json([_facts(cx.kernels[each]) for each in cx.kernels])
    columns = ["name", "size", "scale", "formula"] + (["source"] if terminal_width() >= 140 else [])
    rows = [[k.name, " x ".join(map(str, k.shape)), k.scale_text, k.formula, k.source] for k in cx.kernels.values()]
    print_table(columns, [row[: len(columns)] for row in rows], cut=("formula", "source"))
    typer.echo("a1, a2 ... are the window's pixels, row by row. Response * scale has the unit")
    typer.echo("that is shown with the kernel's source by, for example: convista kernels sobel_x")
    return None


def plan(
    image: Annotated[
        str, typer.Argument(metavar="IMAGE|SIZE", help="A file, or 4096x4096, or 480x640x3.", show_default=False)
    ],
    kernel: KernelText,
    padding: PaddingText = None,
    padding_mode: ModeText = "reflect",
    stride: StrideText = "1",
    dilation: DilationText = "1",
    flip: Flip = False,
    engine: Engine = "auto",
    measure: Annotated[
        bool, typer.Option("--measure", metavar="", help="Run every engine that can, and compare with the estimates.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say which engine would apply a kernel, why, about how long it takes and how much work it is."""
    import convista as cx
    from convista.kernel import as_kernel

    read: Any = arguments.shape(image) or cx.read_image(image)
    sizes = read if isinstance(read, tuple) else read.shape
    terms = _terms(padding, padding_mode, stride, dilation, flip, engine)
    chosen = cx.plan(read, as_kernel(kernel), channels_last=len(sizes) == 3, **terms)
    truth = _measured(read, as_kernel(kernel), chosen, terms | {"channels_last": len(sizes) == 3}) if measure else {}
    if not as_json:
        typer.echo(chosen)
        return print_measured(chosen, truth) if measure else None
    return print_json({
        "engine": chosen.engine, "why": chosen.why, "shape": chosen.problem.output_shape,
        "dtype": str(chosen.problem.precision.result), "threads": chosen.threads, "flops": chosen.flops,
        "bytes": chosen.bytes, "seconds": chosen.seconds, "others": dict(chosen.others),
        "measured": truth or None,
    })  # fmt: skip


def _measured(image: Any, kernel: Kernel, chosen: Plan, terms: dict[str, Any]) -> dict[str, float]:
    """Return the seconds that each engine takes, the chosen one's first; of a shape, on random numbers."""
    import numpy as np

    import convista as cx
    from convista.grid.calibration import timed

    pixels = np.random.default_rng(0).random(image, "float32") if isinstance(image, tuple) else image
    names = [chosen.engine, *(name for name, _ in chosen.others)]
    return {
        name: timed(lambda name=name: cx.conv2d(pixels, kernel, **terms | {"engine": name}))  # type: ignore[misc]
        for name in names
    }


def print_measured(chosen: Plan, truth: dict[str, float]) -> None:
    """Print each engine's estimate beside what it took."""
    from convista.grid.planner import spoken_time

    estimates = {chosen.engine: chosen.seconds} | dict(chosen.others)
    rows = [[name, spoken_time(estimates[name]), spoken_time(taken)] for name, taken in truth.items()]
    print_table(["engine", "estimated", "measured"], rows, right=("estimated", "measured"))


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command, lines in (
        (apply, ("convista apply photo.jpg --kernel sobel_x -o edges.png",
                 "convista apply 12.png --kernel top_edge --at 5,7",
                 "convista apply scan.zarr --kernel gaussian:31 -o smooth.zarr")),
        (kernels, ("convista kernels sobel_x", "convista kernels gaussian:31,5")),
        (plan, ("convista plan 4096x4096 --kernel gaussian:31",
                "convista plan photo.jpg --kernel laplacian --measure")),
    ):  # fmt: skip
        app.command(epilog=examples(*lines))(command)


def _terms(
    padding: str | None, padding_mode: str, stride: str, dilation: str, flip: bool, engine: str
) -> dict[str, Any]:
    """Return the arguments of `conv2d`."""
    steps = arguments.pair("--stride", stride)
    return {
        "stride": steps,
        "padding": arguments.padding(padding, steps),
        "padding_mode": padding_mode,
        "dilation": arguments.pair("--dilation", dilation),
        "flip": flip,
        "engine": engine,
    }


def _print_places(job: Job, images: list[Path], place: tuple[int, int], as_json: bool) -> None:
    found = {image: job.stops(image, *place) for image in images}
    if as_json:
        for image, stops in found.items():
            print_json({"image": str(image), **_json_of(stops)})
    else:
        typer.echo(
            "\n\n".join(text for image, stops in found.items() for text in _texts(image, stops, len(images) > 1))
        )


def _texts(image: Path, stops: dict[str, Any], several: bool) -> list[str]:
    """Return each channel's sum, with the names that tell it from the others."""
    names = [", ".join([str(image)] * several + [channel] * (len(stops) > 1)) for channel in stops]
    return [f"{name}: {stop}" if name else str(stop) for name, stop in zip(names, stops.values(), strict=True)]


def _json_of(stops: dict[str, Any]) -> dict[str, Any]:
    """Return one sum's terms; of a colour image each with a list for red, green and blue."""
    first = next(iter(stops.values()))
    each = {name: [getattr(stop, name) for stop in stops.values()] for name in ("pixels", "products", "bias", "total")}
    terms = each if len(stops) > 1 else {name: values[0] for name, values in each.items()}
    return {
        "kernel": first.kernel, "row": first.row, "col": first.col, "channels": list(stops), "weights": first.weights,
    } | terms  # fmt: skip


def _facts(kernel: Kernel) -> dict[str, Any]:
    return {
        "name": kernel.name, "shape": kernel.shape, "weights": kernel.weights, "formula": kernel.formula,
        "scale": kernel.scale, "unit": kernel.unit, "factors": kernel.factors, "source": kernel.source,
    }  # fmt: skip
