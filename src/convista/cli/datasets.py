"""data list and data get: data sets that have a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convista.cli.printing import examples, print_json, print_table

if TYPE_CHECKING:
    from convista.dataset.known import Known

app = typer.Typer(help="The data sets that have a name.", no_args_is_help=True, rich_markup_mode="rich")


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


def _facts(name: str, known: Known, home: Path) -> dict[str, Any]:
    return {
        "name": name, "title": known.title, "about": known.about, "bytes": sum(file.bytes for file in known.files),
        "folder": home / name if (home / name).is_dir() else None, "licence": known.licence,
        "source": known.citation, "homepage": known.homepage, "changed": known.changed,
    }  # fmt: skip


def _megabytes(known: Known) -> str:
    return f"{sum(file.bytes for file in known.files) / 1e6:,.0f} MB" if known.files else "built in"
