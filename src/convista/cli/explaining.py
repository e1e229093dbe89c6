"""explain: one number of a network, taken apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convista.cli import arguments
from convista.cli.printing import examples, print_json

if TYPE_CHECKING:
    from torch import nn

    from convista.explanation import Explanation, Field, Route, Source, Trace


def explain(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A run folder, a network's file, or module:function[:arguments] of your own.",
            show_default=False,
        ),
    ],
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="An image file.", show_default=False)],
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="LAYER,CHANNEL,ROW,COL", help="Which number; left out, the layers are listed."),
    ] = None,
    back: Annotated[
        int, typer.Option("--back", metavar="N", help="Follow the N largest contributions of each layer to the pixels.")
    ] = 0,
    size: Annotated[
        str | None,
        typer.Option("--input", metavar="3x224x224", help="Of your own module: bring the image to this form."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="For programs; all terms.")] = False,
) -> None:
    """Take one number that a network computed apart: window x weights + bias, the network's own number beside the sum.

    For a run the way goes on through scaling and resizing to the file's own pixels. Your own module gets the pixels
    divided by 255. Exit code 1 if the sum is not the network's number.
    """
    from convista.cli.learning import need_packages

    need_packages("an explanation")
    trace = _traced(model, image, size)
    if at is None:
        return print_json(_nodes(trace)) if as_json else typer.echo(trace)
    name, index = arguments.number_of(at)
    _check_name(trace, name)
    found, field = trace.explain(name, index), trace.receptive_field(name, index)
    route = trace.back(name, index, top=back) if back else None
    if as_json:
        print_json(_facts(found, field, route))
    else:
        typer.echo(f"{found}\n\n  reads of the image {field}" + (f"\n\n{route}" if route else ""))
    if not found.ok and not found.unknown:
        raise typer.Exit(1)
    return None


def _traced(model: str, image: Path, size: str | None) -> Trace:
    """Run the network on the image."""
    import convista as cx
    from convista.explanation import prepare
    from convista.network import is_own, named_with_arguments

    if not is_own(named_with_arguments(model)[0]):
        if size is not None:
            raise ValueError(f'--input (="{size}") is for modules of your own; the network of a run knows its form')
        return cx.trace(cx.load(model), image)
    prepared = prepare(image, None if size is None else _form(size), divisor=255)
    net = _own(model)
    try:
        return cx.trace(net, prepared)
    except RuntimeError as error:
        form = "x".join(map(str, prepared.tensor.shape[1:]))
        raise ValueError(
            f'model (="{model}") can\'t take an image of {form} ({" ".join(str(error).split())}); '
            "--input CHANNELSxROWSxCOLS brings it to another form"
        ) from error


def _own(text: str) -> nn.Module:
    """Make a module of the user's own, the same in every run, ready to judge."""
    import torch

    from convista.network import own_module

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return own_module(text).eval()


def _form(text: str) -> tuple[int, int, int]:
    found = arguments.shape(text)
    if found is None or len(found) != 3 or 0 in found or found[0] not in (1, 3):
        raise ValueError(f'--input (="{text}") must be CHANNELSxROWSxCOLS with 1 or 3 channels, such as 3x224x224')
    return found[0], found[1], found[2]


def _check_name(trace: Trace, name: str) -> None:
    from convista.errors import did_you_mean

    if name not in trace.slots:
        near = did_you_mean(name, trace.slots)
        raise ValueError(
            f'--at (="{name}") is none of the {len(trace.nodes)} layers{near}; leave --at out to list them'
        )


def _nodes(trace: Trace) -> list[dict[str, Any]]:
    return [{"name": node.name, "kind": node.kind, "shape": node.shape} for node in trace.nodes]


def _facts(found: Explanation, field: Field, route: Route | None) -> dict[str, Any]:
    """Return all of it for programs."""
    terms = [
        {**_source(term.source), "input": term.input, "weight": term.weight, "product": term.product}
        for term in found.terms
    ]
    box = {"box": [[axis.start, axis.stop] for axis in field.box], "pixels": int(field.pixels.sum())}
    steps = [
        {**_source(step.explanation.source), "value": step.explanation.value, "share": step.share}
        for level in (route.steps if route else ())
        for step in level
    ]
    return {
        **_source(found.source), "kind": found.kind, "dtype": found.dtype, "formula": found.formula,
        "value": found.value, "total": found.total, "difference": found.difference, "bound": found.bound,
        "ok": found.ok, "unknown": found.unknown, "notes": dict(found.notes), "terms": terms,
        "receptive_field": box, "back": steps,
    }  # fmt: skip


def _source(source: Source | str) -> dict[str, Any]:
    return {"node": source, "index": None} if isinstance(source, str) else {"node": source.node, "index": source.index}


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    lines = (
        "convista explain runs/first digit.png",
        "convista explain runs/first digit.png --at layers.0.conv,3,5,7 --back 3",
        "convista explain mynets:resnet:18,10 photo.jpg --input 3x224x224 --at layer1.0.conv1,0,9,9",
    )
    app.command(epilog=examples(*lines))(explain)
