"""train and predict: networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convista.cli import arguments
from convista.cli.printing import examples, percent
from convista.training.settings import Settings

if TYPE_CHECKING:
    from convista.run import Run

MORE = "The recipe"


def recipe(name: str, words: str, metavar: str = "N") -> Any:
    """Return an option of the recipe, its help with the default that `Settings` has."""
    default = getattr(Settings, name.replace("-", "_"), None)
    shown = f" ({default:g})." if isinstance(default, (int, float)) else f" ({default})." if metavar == "WORD" else "."
    return typer.Option(f"--{name}", help=words + shown, metavar=metavar, rich_help_panel=MORE, show_default=False)


DataText = Annotated[
    str, typer.Argument(metavar="DATA", help="A name (convista data list), or a folder train|valid/CLASS/IMAGE.")
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="The run folder; left out: the next of runs/1 ...")
]
Epochs = Annotated[
    int | None,
    typer.Option("--epochs", metavar="N", help=f"How often each training image is seen ({Settings.epochs})."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Same seed, same machine: same weights.")]
Resume = Annotated[
    bool, typer.Option("--resume", metavar="", help="Go on with a run that was stopped; without --out, the latest.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", metavar="", help="Replace a run that was told the same.")]


def train(
    data: DataText = "mnist_sample",
    out: Out = None,
    epochs: Epochs = None,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    resume: Resume = False,
    log: Annotated[
        list[str] | None,
        typer.Option("--log", metavar="WORD", help="Tell tensorboard (events in the run folder) or mlflow, too."),
    ] = None,
    size: Annotated[str | None, recipe("size", "Bring all images to so many rows and cols: 64, or ROWS,COLS")] = None,
    network: Annotated[str | None, recipe("network", 'A name, or layers: "5x5/2 16, 3x3 32, mean"', "TEXT")] = None,
    batch: Annotated[int | None, recipe("batch", "Images a step")] = None,
    rate: Annotated[float | None, recipe("rate", "The highest learning rate")] = None,
    threads: Annotated[int | None, recipe("threads", "Threads; by default as many as the network needs")] = None,
    weight_decay: Annotated[float | None, recipe("weight-decay", "Shrinks weights, not norms and biases")] = None,
    label_smoothing: Annotated[float | None, recipe("label-smoothing", "Share spread over all classes")] = None,
    rotation: Annotated[float | None, recipe("rotation", "Turn images by up to so many degrees")] = None,
    zoom: Annotated[float | None, recipe("zoom", "Stretch them by up to this share")] = None,
    shear: Annotated[float | None, recipe("shear", "Slant them by up to so many pixels a row")] = None,
    shift: Annotated[float | None, recipe("shift", "Move them by up to so many pixels")] = None,
    flip: Annotated[str | None, recipe("flip", "Mirror them: auto, none, horizontal, both", "WORD")] = None,
    colour: Annotated[float | None, recipe("colour", "Change light and contrast by up to this share")] = None,
    erase: Annotated[float | None, recipe("erase", "Share of images with a grey rectangle")] = None,
    mixup: Annotated[float | None, recipe("mixup", "Mix two images, by a share from Beta(N, N)")] = None,
    cutmix: Annotated[float | None, recipe("cutmix", "Put a part of another image in, by such a share")] = None,
    optimizer: Annotated[str | None, recipe("optimizer", "adamw, or sgd", "WORD")] = None,
    schedule: Annotated[str | None, recipe("schedule", "one_cycle, or constant", "WORD")] = None,
    momentum: Annotated[float | None, recipe("momentum", "Of a constant schedule")] = None,
    clip: Annotated[float | None, recipe("clip", "The gradient's largest length; 0: any")] = None,
    average: Annotated[float | None, recipe("average", "Decay of a moving average of the weights; 0: none")] = None,
    precision: Annotated[str | None, recipe("precision", "float32, bfloat16, or auto", "WORD")] = None,
) -> None:
    """Train a small network on labelled images, and write a report on it.

    Without DATA: threes against sevens, 14,434 digits that come with convista.
    """
    from convista.cli.watching import Terminal
    from convista.training import Settings

    told = {
        "epochs": epochs, "network": network, "batch": batch, "rate": rate, "threads": threads,
        "weight_decay": weight_decay, "label_smoothing": label_smoothing, "rotation": rotation, "zoom": zoom,
        "shear": shear, "shift": shift, "size": None if size is None else arguments.size(size), "flip": flip,
        "colour": colour, "erase": erase, "mixup": mixup, "cutmix": cutmix, "optimizer": optimizer,
        "schedule": schedule, "momentum": momentum, "clip": clip, "average": average, "precision": precision,
    }  # fmt: skip
    chosen: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    with Terminal(chosen.get("epochs", Settings.epochs)) as terminal:
        need_packages("training")
        import convista as cx

        run = cx.train(
            data, out=out, seed=seed, overwrite=overwrite, resume=resume, watcher=terminal, log=log or (), **chosen
        )
    _say_result(run)


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a network's file.", show_default=False)],
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE", help="Image files, or folders of them.", show_default=False)
    ],
    as_json: Annotated[
        bool,
        typer.Option("--json", metavar="", help="A JSON list: image, label, probability; or why it can't be read."),
    ] = False,
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Write file, label, probability, each class, reason; - : print it."),
    ] = None,
    batch: Annotated[int, typer.Option("--batch", metavar="N", help="Images at a time.")] = 256,
) -> None:
    """Say what a trained network takes images for.

    Files that can't be read are listed with the reason; only if all of them are is that a failure (exit code 1).
    """
    if as_json and csv_file is not None:
        raise ValueError("--json and --csv are two forms of one answer; leave one out")
    need_packages("predicting")
    import convista as cx
    from convista.cli import answering

    net = cx.load(run)
    answers = answering.Tally(net.predict_files(answering.files_of(images), batch))
    if csv_file is not None:
        answering.to_csv(answers, net.classes, csv_file)
    elif as_json:
        answering.to_json(answers)
    else:
        answering.to_table(answers)
    answers.end()


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.", show_default=False)],
) -> None:
    """Write a run's report, figures and pictures anew, from its network and its data.

    Into the run folder: report.html, results.json, history.csv, curves.png, confusion.png, reliability.png.
    """
    need_packages("a report")
    import convista as cx

    typer.echo(cx.open_run(run).write())


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command, lines in (
        (train, ("convista train --out runs/first --epochs 3", "convista train my_photos --size 64")),
        (predict, ("convista predict runs/first digit.png", "convista predict runs/first my_digits/ --csv out.csv")),
        (report, ("convista report runs/first",)),
    ):
        app.command(epilog=examples(*lines))(command)


def need_packages(purpose: str) -> None:
    """Say what is missing and how to get it, before any work is done."""
    from convista.errors import need

    for package in ("torch", "safetensors"):
        need(package, "train", purpose)


def _say_result(run: Run) -> None:
    count = int(run.facts.confusion.sum())
    right = count - run.facts.errors
    typer.echo(f"\n{right:,} of {count:,} right, {percent(run.accuracy)}")
    typer.echo(f"report   {run.report()}")
    typer.echo(f"predict  convista predict {run.folder} IMAGE.png")
