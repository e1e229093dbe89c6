"""data: the data sets that have a name, a folder looked at before training, and the cache of decoded images."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convista.cli.printing import console, examples, print_json, print_table

if TYPE_CHECKING:
    from convista.dataset import Scan
    from convista.dataset.known import Known

app = typer.Typer(
    help="Data sets that have a name, folders of your own, decoded images.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
cache = typer.Typer(
    help="Decoded images, kept so that a second start needs no decoding.", no_args_is_help=True, rich_markup_mode="rich"
)
app.add_typer(cache, name="cache")

SHOWN = 20
"""Files left out that are listed; --json lists all."""


@app.command("list", epilog=examples("convista data list"))
def list_(as_json: Annotated[bool, typer.Option("--json", metavar="", help="For programs.")] = False) -> None:
    """List the data sets, and which of them are on this machine."""
    from convista.dataset.cache import cache_folder
    from convista.dataset.known import KNOWN

    home = cache_folder()
    if as_json:
        return print_json([_facts(name, known, home) for name, known in KNOWN.items()])
    rows = [
        (name, known.about, _megabytes(known), "yes" if (home / name).is_dir() else "no")
        for name, known in KNOWN.items()
    ]
    print_table(("name", "what", "download", "here"), rows, right=("download",))
    typer.echo(f"They are kept in {home}; the environment variable CONVISTA_HOME names another folder.")
    typer.echo("Licences and sources: convista data list --json")
    return None


@app.command(epilog=examples("convista data get mnist_sample"))
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="mnist_sample, mnist, fashion_mnist or cifar10.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="FOLDER", help="Where to keep it, in place of the cache folder.")
    ] = None,
) -> None:
    """Put a data set on this machine, if it isn't there, and print its folder."""
    from convista.dataset import untar_data

    typer.echo(untar_data(name, folder))


@app.command(epilog=examples("convista data check my_photos", "convista data check my_photos --json"))
def check(
    data: Annotated[str, typer.Argument(metavar="FOLDER", help="A folder of images, or a name.", show_default=False)],
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="CSV", help="Columns file,label[,split], in place of class folders."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="For programs; every file.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", metavar="", help="Fail (exit code 1) if a file can't be used.")
    ] = False,
) -> None:
    """Decode every image of a folder, and say what is used, what is left out and what is odd. Nothing is changed."""
    from convista.dataset import scan
    from convista.dataset.folder import refuse_left_out
    from convista.image import shown

    found = scan(data, labels=labels)
    if as_json:
        print_json(found)
    else:
        _print_scan(data, found)
    if strict:
        if found.fault:
            raise RuntimeError(f'data (="{shown(data)}") must be {found.fault}')
        refuse_left_out(data, found.faults)


@cache.command("list", epilog=examples("convista data cache list"))
def cache_list(as_json: Annotated[bool, typer.Option("--json", metavar="", help="For programs.")] = False) -> None:
    """List the folders whose decoded images are kept, the one used last first."""
    from convista.dataset import decoded
    from convista.image import shown

    held = decoded.entries()
    if as_json:
        return print_json([asdict(one) for one in held])
    rows = [(shown(one.folder), _shape(one.shape), f"{one.bytes / 1e6:,.1f}") for one in held]
    print_table(("folder", "images", "MB"), rows, right=("MB",), cut=("folder",))
    total = sum(one.bytes for one in held) / 1e6
    typer.echo(f"{total:,.1f} MB in {decoded.home()}; the oldest go at {decoded.most_on_disk() / 1e9:,.0f} GB.")
    return None


@cache.command("clear", epilog=examples("convista data cache clear"))
def cache_clear() -> None:
    """Remove all decoded images; they are made again when they are needed."""
    from convista.dataset import decoded
    from convista.dataset.remarks import count_of

    held = decoded.entries()
    decoded.clear()
    megabytes = sum(one.bytes for one in held) / 1e6
    typer.echo(f"removed the decoded images of {count_of(len(held), 'folder')}, {megabytes:,.1f} MB")


def _print_scan(data: str, found: Scan) -> None:
    """Print what was found, for people."""
    from convista.dataset.remarks import count_of
    from convista.image import shown

    out = console()
    how = f"; read {found.reading}" if found.reading else ""
    out.print(f"{shown(data)}: {count_of(len(found['used']), 'image')} can be used{how}")
    _print_classes(found["classes"])
    rest = len(found["left_out"]) - len(found.faults)
    sentences = [f"left out: {shown(one.path)}, since {one.reason}" for one in found.faults[:SHOWN]]
    if len(found.faults) > SHOWN:
        sentences.append(f"left out: {len(found.faults) - SHOWN:,} more; with --json all")
    if rest:
        sentences.append(f"ignored: {count_of(rest, 'file')} that nobody would miss; with --json all")
    for sentence in (*sentences, *found["remarks"]):
        out.print(f"- {sentence}")


def _print_classes(classes: dict[str, dict[str, int]]) -> None:
    from convista.image import shown

    if classes:
        splits = list(next(iter(classes.values())))
        total = {split: sum(counts[split] for counts in classes.values()) for split in splits}
        counted = [*((shown(name), counts) for name, counts in classes.items()), ("all", total)]
        rows = [(name, *(f"{counts[split]:,}" for split in splits)) for name, counts in counted]
        print_table(("class", *splits), rows, right=splits)


def _shape(shape: tuple[int, int, int, int]) -> str:
    """Return the shape of images in words.

    >>> _shape((60000, 1, 28, 28))
    '60,000, 28 x 28, grey'
    """
    count, channels, rows, cols = shape
    return f"{count:,}, {rows} x {cols}, {'grey' if channels == 1 else 'colour'}"


def _facts(name: str, known: Known, home: Path) -> dict[str, Any]:
    return {
        "name": name, "title": known.title, "about": known.about, "bytes": sum(file.bytes for file in known.files),
        "folder": home / name if (home / name).is_dir() else None, "licence": known.licence,
        "source": known.citation, "homepage": known.homepage, "changed": known.changed,
    }  # fmt: skip


def _megabytes(known: Known) -> str:
    return f"{sum(file.bytes for file in known.files) / 1e6:,.0f} MB" if known.files else "built in"
