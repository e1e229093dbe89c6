"""train and predict: networks."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convista.cli import arguments
from convista.cli.printing import examples, percent, print_json, print_table
from convista.training.launch import speaks
from convista.training.settings import Settings

if TYPE_CHECKING:
    from convista.run import Run, SeedRuns

MORE = "The recipe"


def recipe(name: str, words: str, metavar: str = "N") -> Any:
    """Return an option of the recipe, its help with the default that `Settings` has."""
    default = getattr(Settings, name.replace("-", "_"), None)
    shown = f" ({default:g})." if isinstance(default, (int, float)) else f" ({default})." if metavar == "WORD" else "."
    return typer.Option(f"--{name}", help=words + shown, metavar=metavar, rich_help_panel=MORE, show_default=False)


DataText = Annotated[
    str,
    typer.Argument(
        metavar="DATA", help="A name (convista data list), or a folder train|valid/CLASS/IMAGE, CLASS/IMAGE."
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="The run folder; left out: the next of runs/1 ...")
]
Epochs = Annotated[
    int | None,
    typer.Option("--epochs", metavar="N", help="How often each training image is seen; by default 10 to 40, by rule."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Same seed, same machine: same weights.")]
Resume = Annotated[
    bool, typer.Option("--resume", metavar="", help="Go on with a run that was stopped; without --out, the latest.")
]
Labels = Annotated[
    Path | None, typer.Option("--labels", metavar="CSV", help="Columns file,label[,split], in place of class folders.")
]
Strict = Annotated[bool, typer.Option("--strict", metavar="", help="Refuse a folder with files that can't be used.")]
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
    labels: Labels = None,
    strict: Strict = False,
    network: Annotated[str | None, recipe("network", 'A name, or layers: "5x5/2 16, 3x3 32, mean"', "TEXT")] = None,
    model: Annotated[str | None, recipe("model", "Your own network: module:function", "TEXT")] = None,
    batch: Annotated[int | None, recipe("batch", "Images a step; by default 128 to 512, by their number")] = None,
    rate: Annotated[str | None, recipe("rate", "The highest learning rate; auto: see convista rate")] = None,
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
    weighted: Annotated[
        bool, typer.Option("--weighted", metavar="", help="Let each class count alike.", rich_help_panel=MORE)
    ] = False,
    optimizer: Annotated[str | None, recipe("optimizer", "adamw, or sgd", "WORD")] = None,
    schedule: Annotated[str | None, recipe("schedule", "one_cycle, or constant", "WORD")] = None,
    momentum: Annotated[float | None, recipe("momentum", "Of a constant schedule")] = None,
    clip: Annotated[float | None, recipe("clip", "The gradient's largest length; 0: any")] = None,
    average: Annotated[float | None, recipe("average", "Decay of a moving average of the weights; 0: none")] = None,
    precision: Annotated[str | None, recipe("precision", "float32, bfloat16, or auto", "WORD")] = None,
    sizes: Annotated[str | None, recipe("sizes", "Small images first: 64,96 pixels; none", "TEXT")] = None,
    patience: Annotated[int | None, recipe("patience", "End after N epochs without a new low; 0: never")] = None,
    tta: Annotated[int | None, recipe("tta", "Judge N views of each image, too")] = None,
    no_statistics: Annotated[
        bool,
        typer.Option(
            "--no-statistics", metavar="", help="Don't watch activations and gradients.", rich_help_panel=MORE
        ),
    ] = False,
    seeds: Annotated[
        int | None, typer.Option("--seeds", metavar="N", help="Train N seeds: mean and spread.", show_default=False)
    ] = None,
) -> None:
    """Train a small network on labelled images, and write a report on it.

    Without DATA: threes against sevens, 14,434 digits that come with convista.
    """
    from convista.cli.watching import Terminal

    told = {
        "epochs": epochs, "network": network, "model": model, "batch": batch, "rate": arguments.rate(rate),
        "threads": threads, "sizes": sizes, "patience": patience, "tta": tta, "statistics": not no_statistics,
        "weight_decay": weight_decay, "label_smoothing": label_smoothing, "rotation": rotation, "zoom": zoom,
        "shear": shear, "shift": shift, "size": None if size is None else arguments.size(size), "flip": flip,
        "colour": colour, "erase": erase, "mixup": mixup, "cutmix": cutmix, "optimizer": optimizer,
        "schedule": schedule, "momentum": momentum, "clip": clip, "average": average, "precision": precision,
        "weighted": weighted or None,
    }  # fmt: skip
    chosen: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    with Terminal() as terminal:
        need_packages("training")
        import convista as cx

        if seeds is not None:
            if overwrite:
                raise ValueError("--overwrite and --seeds can't be used together; give another folder")
            if log:
                raise ValueError("--log and --seeds can't be used together; log the runs one by one")
            runs = cx.train_seeds(
                data, seeds=seeds, out=out, seed=seed, resume=resume, labels=labels, strict=strict, watcher=terminal,
                **chosen,
            )  # fmt: skip
        else:
            run = cx.train(
                data, out=out, seed=seed, overwrite=overwrite, resume=resume, labels=labels, strict=strict,
                watcher=terminal, log=log or (), **chosen,
            )  # fmt: skip
    if seeds is not None:
        _say_seeds(runs)
    elif speaks():
        _say_result(run)


def rate(
    data: DataText = "mnist_sample",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE.svg", help="Write the plot.", show_default=False)
    ] = None,
    size: Annotated[str | None, recipe("size", "Bring all images to so many rows and cols: 64, or ROWS,COLS")] = None,
    network: Annotated[str | None, recipe("network", 'A name, or layers: "5x5/2 16, 3x3 32, mean"', "TEXT")] = None,
    model: Annotated[str | None, recipe("model", "Your own network: module:function", "TEXT")] = None,
    batch: Annotated[int | None, recipe("batch", "Images a step; by default 128 to 512, by their number")] = None,
    optimizer: Annotated[str | None, recipe("optimizer", "adamw, or sgd", "WORD")] = None,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="The sweep as JSON.")] = False,
) -> None:
    """Look for a learning rate, in up to 100 steps with a rate that grows from 1e-6 to 10.

    Suggests a tenth of the rate where the smoothed loss was lowest (fastbook, chapter 5). train --rate auto does the
    same first. Nothing is left behind.
    """
    if out is not None and out.suffix.lower() != ".svg":
        raise ValueError(f'--out (="{out}") must end in .svg')
    need_packages("looking for a rate")
    import convista as cx

    told = {"size": None if size is None else arguments.size(size), "network": network, "model": model, "batch": batch,
            "optimizer": optimizer}  # fmt: skip
    chosen: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    found = cx.find_rate(data, seed=seed, **chosen)
    if out is not None:
        found.save(out)
    if as_json:
        sweep = found.sweep
        return print_json({"rate": found.rate, "why": found.why, "rates": sweep.rates, "losses": sweep.losses,
                           "smoothed": sweep.smoothed})  # fmt: skip
    typer.echo(f"rate   {found.rate:g}: {found.why}")
    typer.echo(f"train  convista train {shlex.quote(data)} --rate {found.rate:g}")
    return None


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
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Let workers of dask.distributed do it; or local."),
    ] = None,
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
    answers = answering.Tally(net.predict_files(answering.files_of(images), batch, scheduler))
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
        (rate, ("convista rate", "convista rate my_photos --network resnet -o rate.svg")),
        (
            predict,
            (
                "convista predict runs/first digit.png",
                "convista predict runs/first my_digits/ --csv out.csv",
                "convista predict runs/first archive/ --csv out.csv --scheduler local",
            ),
        ),
        (report, ("convista report runs/first",)),
    ):
        app.command(epilog=examples(*lines))(command)


def need_packages(purpose: str) -> None:
    """Say what is missing and how to get it, before any work is done."""
    from convista.errors import need

    for package in ("torch", "safetensors"):
        need(package, "train", purpose)


def _say_result(run: Run) -> None:
    count, averaged = int(run.facts.confusion.sum()), run.facts.averaged
    typer.echo(f"\n{count - run.facts.errors:,} of {count:,} right, {percent(run.accuracy)}")
    if averaged:
        right = f"{count - averaged.errors:,} of {count:,} right, {percent(averaged.accuracy)}"
        typer.echo(f"{right} with the mean of {averaged.views} views (told for comparison)")
    for finding in run.facts.findings:
        typer.echo(f"{'wrong' if finding.severe else 'odd'}:  {finding.english}")
    typer.echo(f"report   {run.report()}")
    typer.echo(f"predict  convista predict {run.folder} IMAGE.png")


def _say_seeds(runs: SeedRuns) -> None:
    typer.echo("")
    rows = [
        (str(run.seed), percent(run.accuracy), str(run.errors), f"{run.seconds:.1f}", str(runs.folder / run.folder))
        for run in runs.runs
    ]
    print_table(
        ("seed", "accuracy", "errors", "seconds", "folder"), rows, right=("seed", "accuracy", "errors", "seconds")
    )
    mean, spread = percent(runs.accuracy), f"{100 * runs.spread:.2f} %"
    typer.echo(f"mean {mean}, spread (standard deviation) {spread}, {runs.seconds:.1f} s a run")
