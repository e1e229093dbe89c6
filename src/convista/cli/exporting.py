"""export: a run's network for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convista.cli.printing import examples, percent

if TYPE_CHECKING:
    from convista.exchange import Exported


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.", show_default=False)],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="model.onnx, or .safetensors.", show_default=False)],
    int8: Annotated[bool, typer.Option("--int8", metavar="", help="ONNX of 8-bit weights and activations.")] = False,
) -> None:
    """Write a run's network for other programs, as ONNX or safetensors.

    An ONNX file is scored on the run's validation images by onnxruntime before it is said to be done.
    """
    if file.suffix not in (".onnx", ".safetensors"):
        raise ValueError(f'FILE (="{file}") must end in .onnx or .safetensors')
    if file.suffix == ".safetensors" and int8:
        raise ValueError("--int8 is for ONNX: give FILE the ending .onnx")
    from convista.cli.learning import need_packages

    need_packages("an export")
    if file.suffix == ".onnx":
        from convista.exchange import export_onnx

        _say(export_onnx(run, file, int8=int8))
    else:
        import convista as cx
        from convista.network import save_network

        save_network(cx.load(run), file)
        typer.echo(file)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    lines = ("convista export runs/first model.onnx", "convista export runs/first small.onnx --int8")
    app.command(epilog=examples(*lines))(export)


def _say(done: Exported) -> None:
    found = done.score
    same = "the same prediction for all" if not found.other else f"another prediction for {found.other:,} of"
    typer.echo(f"{same} {found.images:,} validation images; largest difference of a probability {found.difference:.2g}")
    for name, right in (("torch", found.right_before), ("onnxruntime", found.right_after)):
        typer.echo(f"{name:12} {right:,} of {found.images:,} right, {percent(right / found.images)}")
    typer.echo(f"{done.path}  {done.bytes / 1024:,.0f} KiB")
