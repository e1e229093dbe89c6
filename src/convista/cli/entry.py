"""The program `convista`: its commands, and what it exits with.

Exit codes: 0 done, 1 a run that failed, 2 bad input, 130 stopped by Ctrl-C. Errors are one sentence on stderr; with
CONVISTA_TRACEBACK=1 in the environment also where they come from.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from convista._version import __version__
from convista.cli import benching, comparing, datasets, explaining, exporting, filtering, learning
from convista.cli.printing import examples
from convista.errors import MissingExtraError

BAD_INPUT = (
    ValueError, TypeError, IndexError, MissingExtraError,
    FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError,
)  # fmt: skip
FAILED = (RuntimeError, OSError, MemoryError)

EXAMPLES = (
    "convista train --out runs/first",
    "convista predict runs/first digit.png",
    "convista apply photo.jpg --kernel sobel_x -o edges.png",
)


class Sentences(TyperGroup):
    """The commands; what they raise becomes a sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):  # typer leaves quietly when nobody reads any more
            raise
        except KeyboardInterrupt as error:
            raise _stop(str(error) or "stopped", 130) from None
        except BAD_INPUT as error:
            raise _stop(_sentence(error), 2) from error
        except FAILED as error:
            raise _stop(_sentence(error), 1) from error


app = typer.Typer(
    name="convista",
    cls=Sentences,
    help="A glass box for convolution: apply any kernel, train a small CNN, open any number it computed.",
    epilog=examples(*EXAMPLES),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
learning.register(app)
exporting.register(app)
explaining.register(app)
comparing.register(app)
filtering.register(app)
benching.register(app)
app.add_typer(datasets.app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"convista {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", metavar="", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and exit."""
    try:
        app()
    except KeyboardInterrupt:  # before or after the command itself
        sys.exit(130)


def _stop(sentence: str, code: int) -> typer.Exit:
    if os.environ.get("CONVISTA_TRACEBACK"):
        import traceback

        traceback.print_exc()
    typer.echo(f"convista: {sentence}", err=True)
    return typer.Exit(code)


def _sentence(error: BaseException) -> str:
    return str(error) or type(error).__name__
