"""The command line: what it prints and writes, its exit codes, and that nobody ever sees a traceback."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from shapes import dataset
from typer.testing import CliRunner

import convista as cx
from convista.cli.entry import app
from convista.cli.picture import as_picture

COMMANDS = [
    "train",
    "rate",
    "predict",
    "report",
    "export",
    "explain",
    "apply",
    "kernels",
    "plan",
    "data list",
    "data get",
    "data check",
    "data cache list",
    "data cache clear",
    "bench",
]


def run(*words: object, code: int = 0):
    """Run a command inside this process, and check its exit code."""
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "80"})
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def refused(*words: object, code: int = 2) -> str:
    """Return the one line on stderr that a refused command gives."""
    result = run(*words, code=code)
    assert result.stdout == ""
    assert result.stderr.startswith("convista: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("convista: ").rstrip("\n")


def program(*words: object, **options) -> subprocess.CompletedProcess[str]:
    """Run the program itself."""
    command = [sys.executable, "-m", "convista", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder to work in, with a grey and a colour picture."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(5)
    Image.fromarray(random.integers(0, 256, (12, 15), np.uint8)).save("grey.png")
    Image.fromarray(random.integers(0, 256, (12, 15, 3), np.uint8)).save("photo.png")
    return tmp_path


# --- the program ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_into_80_columns_and_has_an_example(command):
    result = run(*command.split(), "--help")
    assert "Example" in result.stdout
    assert f"convista {command}".strip() in result.stdout.partition("Example")[2]
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert run(*command.split(), "-h").stdout == result.stdout


def test_version():
    assert run("--version").stdout == f"convista {cx.__version__}\n"


def test_help_and_version_load_nothing_heavy():
    program_text = (
        "import sys, convista.cli\n"
        "sys.argv = ['convista', '--help']\n"
        "try: convista.cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numba', 'matplotlib', 'scipy', 'pandas', 'numpy', 'PIL'} & set(sys.modules)\n"
        "sys.exit(str(sorted(heavy)) if heavy else 0)\n"
    )
    result = subprocess.run([sys.executable, "-c", program_text], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_wrong_words_are_explained_with_code_2():
    for words in (["fliter"], ["apply"], ["apply", "x.png"], ["kernels", "--jsno"], ["train", "--epochs", "three"]):
        result = run(*words, code=2)
        assert "Usage: convista" in result.stderr
        assert "Traceback" not in result.output


def test_errors_are_one_sentence_without_a_traceback(tmp_path):
    result = program("apply", tmp_path / "nope.png", "--kernel", "sobel_x", "-o", tmp_path / "out.png")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f'convista: path (="{tmp_path / "nope.png"}") doesn\'t exist\n'


def test_the_traceback_can_be_asked_for():
    result = program("kernels", "sobl_x", env={**os.environ, "CONVISTA_TRACEBACK": "1"})
    assert result.returncode == 2
    assert "KernelNameError" in result.stderr


@pytest.mark.parametrize("error", [RuntimeError("no memory left"), OSError("disk full"), MemoryError()])
def test_a_failed_run_exits_with_1(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("convista.kernel.as_kernel", fail)
    assert refused("kernels", "sobel_x", code=1) == (str(error) or "MemoryError")


def test_a_programming_error_is_not_hidden(monkeypatch):
    monkeypatch.setattr("convista.kernel.as_kernel", lambda _: {}["a bug"])
    with pytest.raises(KeyError):
        CliRunner().invoke(app, ["kernels", "sobel_x"], catch_exceptions=False)


def test_ctrl_c_exits_with_130(monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("convista.kernel.as_kernel", interrupt)
    assert refused("kernels", "sobel_x", code=130) == "stopped"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_stops_the_program_quietly():
    text = (
        "import time, convista.cli, convista.kernel\n"
        "def wait(_): print('waiting', flush=True); time.sleep(60)\n"
        "convista.kernel.as_kernel = wait\n"
        "convista.cli.main()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", text, "kernels", "sobel_x"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "waiting\n"
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=60)
    assert (child.returncode, stderr) == (130, "convista: stopped\n")


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("words", [["kernels"], ["kernels", "sobel_x"], ["kernels", "--json"]])
def test_a_reader_that_leaves_causes_no_noise(words):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-m", "convista", *words]
        result = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    finally:
        os.close(writing)
    assert (result.returncode, result.stderr) == (1, "")


# --- apply ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("here")
def test_apply_at_a_place_writes_the_sum_out():
    assert run("apply", "grey.png", "--kernel", "top_edge", "--at", "5,7").stdout == (
        f"{cx.apply_kernel(cx.read_image('grey.png'), 5, 7, 'top_edge')}\n"
    )


@pytest.mark.usefixtures("here")
def test_apply_at_a_place_as_json():
    stop = cx.apply_kernel(cx.read_image("grey.png"), 5, 7, "top_edge")
    answer = json.loads(run("apply", "grey.png", "-k", "top_edge", "--at", "5,7", "--json").stdout)
    assert answer == {
        "image": "grey.png", "kernel": "top_edge", "row": 5, "col": 7, "channels": ["grey"],
        "pixels": stop.pixels.tolist(), "weights": stop.weights.tolist(), "products": stop.products.tolist(),
        "bias": 0, "total": stop.total,
    }  # fmt: skip


@pytest.mark.usefixtures("here")
def test_apply_at_a_place_of_a_colour_picture_takes_each_channel():
    image = cx.read_image("photo.png")
    stops = [cx.apply_kernel(image[..., i], 5, 7, "sobel_x") for i in range(3)]
    text = run("apply", "photo.png", "-k", "sobel_x", "--at", "5,7").stdout
    named = [f"{name}: {stop}" for name, stop in zip(["red", "green", "blue"], stops, strict=True)]
    assert text == "\n\n".join(named) + "\n"
    lines = run("apply", "photo.png", "grey.png", "-k", "sobel_x", "--at", "5,7", "--json").stdout.splitlines()
    colour, grey = map(json.loads, lines)
    assert colour["channels"] == ["red", "green", "blue"]
    assert colour["total"] == [stop.total for stop in stops]
    assert np.shape(colour["pixels"]) == (3, 3, 3)
    assert (colour["image"], grey["image"], grey["channels"]) == ("photo.png", "grey.png", ["grey"])


@pytest.mark.usefixtures("here")
def test_json_has_no_nan():
    image = np.ones((5, 5), np.float32)
    image[2, 2], image[1, 1] = np.nan, np.inf
    np.save("odd.npy", image)
    text = run("apply", "odd.npy", "-k", "box", "--at", "2,2", "--json").stdout
    assert "NaN" not in text
    assert json.loads(text)["pixels"] == [[None, 1.0, 1.0], [1.0, None, 1.0], [1.0, 1.0, 1.0]]


@pytest.mark.usefixtures("here")
def test_apply_at_a_place_flipped():
    text = run("apply", "grey.png", "-k", "1 0 0; 0 0 0; 0 0 0", "--at", "5,7", "--flip", "--json").stdout
    assert json.loads(text)["total"] == cx.read_image("grey.png")[6, 8]


def test_the_textbook_numbers(sample):
    digit = sample / "train" / "3" / "12.png"
    for place, total in (("5,7", 762), ("8,18", -29), ("1,1", 0)):
        assert json.loads(run("apply", digit, "-k", "top_edge", "--at", place, "--json").stdout)["total"] == total
    assert refused("apply", digit, "-k", "top_edge", "--at", "0,0") == (
        "top_edge has no complete window at row 0, col 0 of an image of 28 rows x 28 cols: "
        "rows 1 to 26 and cols 1 to 26 are possible"
    )


def as_opencv(image: np.ndarray, kernel: str) -> np.ndarray:
    """Return what `apply` computes by default: the size kept, the edge reflected."""
    return cx.conv2d(image, kernel, padding="same", padding_mode="reflect", channels_last=image.ndim == 3)


@pytest.mark.usefixtures("here")
def test_a_colour_picture_is_written_zero_centred_and_the_rule_is_said():
    said = run("apply", "photo.png", "--kernel", "sobel_x", "-o", "edges.png").stdout
    values = as_opencv(cx.read_image("photo.png"), "sobel_x")
    most = np.abs(values).max()
    assert said == (
        f"edges.png: sobel_x on photo.png, each channel on its own; 12 x 15 x 3; values {values.min()}..{values.max()} "
        f"shown as 128 + value * 127 / {most}; zero is grey 128\n"
    )
    assert (cx.read_image("edges.png") == np.rint(128 + values * (127 / most))).all()


@pytest.mark.usefixtures("here")
def test_clip_is_what_opencv_does():
    cv2 = pytest.importorskip("cv2", reason="OpenCV is of the dev extra")
    said = run("apply", "photo.png", "--kernel", "sharpen", "--clip", "-o", "sharp.png").stdout
    assert said.endswith("; values rounded and clipped to 0..255\n")
    theirs = cv2.filter2D(np.array(Image.open("photo.png")), -1, np.asarray(cx.kernels.sharpen, np.float32))
    assert (cx.read_image("sharp.png") == theirs).all()


@pytest.mark.usefixtures("here")
def test_sharpening_without_clip_says_how_to_get_a_photo():
    assert run("apply", "photo.png", "-k", "sharpen", "-o", "s.png").stdout.endswith(
        "zero is grey 128; for a picture like the photo add --clip\n"
    )


@pytest.mark.usefixtures("here")
def test_smoothing_stays_a_photo():
    assert run("apply", "grey.png", "-k", "gaussian:5", "-o", "g.png").stdout.endswith("written as they are, rounded\n")
    values = as_opencv(cx.read_image("grey.png"), "gaussian:5")
    assert (cx.read_image("g.png") == np.rint(values)).all()


@pytest.mark.parametrize("ending", [".npy", ".tif"])
@pytest.mark.parametrize("image", ["grey.png", "photo.png"])
@pytest.mark.usefixtures("here")
def test_number_files_keep_every_number(image, ending):
    said = run("apply", image, "-k", "sobel_x", "-o", f"numbers{ending}").stdout
    values = as_opencv(cx.read_image(image), "sobel_x")
    assert f"; int32 values {values.min()}..{values.max()} as they are\n" in said
    assert (cx.read_image(f"numbers{ending}") == values).all()


@pytest.mark.usefixtures("here")
def test_sixteen_bits_stay_sixteen_bits_where_the_file_can():
    Image.fromarray(np.arange(0, 60000, 300, dtype=np.uint16).reshape(10, 20)).save("deep.png")
    assert run("apply", "deep.png", "-k", "box", "-o", "out.png").stdout.endswith("written as they are, rounded\n")
    assert cx.read_image("out.png").dtype == np.uint16
    assert cx.read_image("out.png").max() > 50000
    assert "shown as value * 255 / " in run("apply", "deep.png", "-k", "box", "-o", "out.bmp").stdout
    assert run("apply", "deep.png", "-k", "sobel_x", "--clip", "-o", "c.png").stdout.endswith("clipped to 0..65535\n")


@pytest.mark.usefixtures("here")
def test_options_reach_the_convolution():
    run("apply", "grey.png", "-k", "1 2; 3 4", "-o", "a.npy", "--stride", "2,1", "--dilation", "2", "--padding", "1,2",
        "--padding-mode", "zeros", "--flip", "--engine", "plain")  # fmt: skip
    expected = cx.conv2d(
        cx.read_image("grey.png"), "1 2; 3 4", stride=(2, 1), dilation=2, padding=(1, 2), flip=True, engine="plain"
    )
    assert (np.load("a.npy") == expected).all()
    run("apply", "grey.png", "-k", "box", "-o", "b.npy", "--stride", "2")
    assert np.load("b.npy").shape == (5, 7)


@pytest.mark.usefixtures("here")
def test_grey_is_made_first():
    run("apply", "photo.png", "-k", "identity", "--grey", "-o", "a.png")
    theirs = np.array(Image.open("photo.png").convert("L"), int)
    assert np.abs(cx.read_image("a.png").astype(int) - theirs).max() <= 1  # Pillow cuts where we round


@pytest.mark.usefixtures("here")
def test_several_images_go_into_a_folder():
    run("apply", "grey.png", "photo.png", "-k", "box", "-o", "results")
    assert sorted(path.name for path in Path("results").iterdir()) == ["grey.png", "photo.png"]
    run("apply", "grey.png", "-k", "identity", "-o", "results")
    assert (cx.read_image("results/grey.png") == cx.read_image("grey.png")).all()


@pytest.mark.usefixtures("here")
def test_without_a_place_to_go_the_result_is_drawn():
    from convista.picture import terminal_image

    values = as_opencv(cx.read_image("grey.png"), "sobel_x")
    assert run("apply", "grey.png", "-k", "sobel_x").stdout == terminal_image(values, 80, colour=False) + "\n"


@pytest.mark.usefixtures("here")
def test_in_a_colour_terminal_it_is_a_picture(monkeypatch):
    monkeypatch.setattr("convista.picture.terminal.has_colour", lambda: True)
    for image, kernel in (("grey.png", "sobel_x"), ("photo.png", "sobel_x"), ("photo.png", "box")):
        lines = run("apply", image, "-k", kernel).stdout.splitlines()
        assert [line.count("▀") for line in lines[:-1]] == [15] * 6
        assert lines[-1].startswith(f"{kernel} on {image}: values ")


@pytest.mark.usefixtures("here")
def test_apply_refuses_with_a_sentence():
    Path("folder").mkdir()
    Path("folder/grey.png").write_bytes(Path("photo.png").read_bytes())
    several = ["apply", "grey.png", "photo.png", "-k", "box"]
    for words, sentence in (
        ([*several, "-o", "x.png"], '--out (="x.png") must be a folder, since there are 2 images'),
        (["apply", "grey.png", "folder/grey.png", "-k", "box", "-o", "out"],
         'images "grey.png" and "folder/grey.png" would both become "out/grey.png"; rename one'),
        (["apply", "grey.png", "-k", "box", "-o", "./grey.png"],
         '--out (="grey.png") is the image itself; give another file'),
        (["apply", "grey.png", "-k", "box", "--at", "5;7"], '--at (="5;7") must be ROW,COL, such as 5,7'),
        (["apply", "grey.png", "-k", "box", "--at", "5,7", "-o", "x.png"],
         '--at (="5,7") prints one sum and --out (="x.png") writes all of them; leave one out'),
        (["apply", "grey.png", "-k", "box", "--json"],
         "--json needs --at ROW,COL; to keep all numbers write a file: --out result.npy"),
        (["apply", "grey.png", "-k", "box", "--stride", "0,x"],
         '--stride (="0,x") must be a whole number, or ROWS,COLS such as 2,1'),
        (["apply", "grey.png", "-k", "sobl_x", "-o", "x.png"],
         'kernel (="sobl_x") must be one of the 80 names in convista.kernels; did you mean "sobel_x"? '
         'A kernel may also be text ("1 0 -1; 2 0 -2") or a file (.txt, .csv, .npy)'),
        (["apply", "grey.png", "-k", "1 2; 3", "-o", "x.png"],
         "kernel, row 2 has 1 entry, but row 1 has 2 entries; all rows must be equally long"),
        (["apply", "grey.png", "-k", "box", "--padding-mode", "refelct", "-o", "x.png"],
         'padding_mode (="refelct") must be one of zeros, reflect, symmetric, replicate, circular; '
         'did you mean "reflect"?'),
    ):  # fmt: skip
        assert refused(*words) == sentence
    assert not Path("x.png").exists()


# --- numbers to greys -----------------------------------------------------------------------------------------


def test_values_that_are_no_numbers_are_counted():
    picture, said = as_picture(np.array([[np.nan, -np.inf, np.inf, -1.0, 2.0]]), 255)
    assert picture.tolist() == [[128, 0, 255, 64, 255]]
    assert said == "values -1..2 shown as 128 + value * 127 / 2; zero is grey 128; 3 values are no finite numbers"
    picture, said = as_picture(np.full((1, 2), np.nan), 255)
    assert picture.tolist() == [[0, 0]]


def test_fractions_of_one_are_scaled_not_rounded_away():
    picture, said = as_picture(np.array([[0.0, 0.25, 0.5]]), None)
    assert picture.tolist() == [[0, 128, 255]]
    assert said == "values 0..0.5 shown as value * 255 / 0.5"
    assert as_picture(np.zeros((1, 2)), None)[0].tolist() == [[0, 0]]


# --- kernels and plan -------------------------------------------------------------------------------------------


def test_kernels_lists_all_of_them():
    lines = run("kernels").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines[3:83]] == list(cx.kernels)
    assert lines[3].split("  ")[0] == " top_edge"
    assert lines[3].rstrip().endswith("  3 x 3    1/6       a7 + a8 + a9 - a1 - a2 - a3")
    assert any(line.rstrip().endswith("…") for line in lines)


def test_kernels_lists_sources_where_there_is_room():
    wide = CliRunner().invoke(app, ["kernels"], env={"COLUMNS": "160"}).stdout.splitlines()
    assert max(map(len, wide)) <= 160
    assert "left_edge mirrored" in "\n".join(wide)


@pytest.mark.parametrize("name", ["sobel_x", "gaussian:31,5", "1 0 -1; 2 0 -2"])
def test_kernels_shows_one(name):
    from convista.kernel import as_kernel

    assert run("kernels", name).stdout == f"{as_kernel(name)}\n"


def test_kernels_as_json():
    every = json.loads(run("kernels", "--json").stdout)
    assert [each["name"] for each in every] == list(cx.kernels)
    assert json.loads(run("kernels", "sobel_x", "--json").stdout) == {
        "name": "sobel_x", "shape": [3, 3], "weights": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        "formula": "a3 + 2*a6 + a9 - a1 - 2*a4 - a7", "scale": 0.125, "unit": "brightness per pixel",
        "factors": [[1, 2, 1], [-1, 0, 1]], "source": cx.kernels.sobel_x.source,
    }  # fmt: skip


@pytest.mark.usefixtures("here")
def test_plan_says_what_the_planner_says():
    terms = {"padding": "same", "padding_mode": "reflect"}
    for text, thing in (("4096x4096", (4096, 4096)), ("grey.png", cx.read_image("grey.png"))):
        assert run("plan", text, "--kernel", "gaussian:31").stdout == f"{cx.plan(thing, 'gaussian:31', **terms)}\n"
    assert run("plan", "48x64x3", "-k", "box").stdout == (
        f"{cx.plan((48, 64, 3), 'box', channels_last=True, **terms)}\n"
    )
    answer = json.loads(run("plan", "48x64", "-k", "box", "--stride", "2", "--json").stdout)
    assert (answer["shape"], answer["dtype"]) == ([23, 31], "float32")
    assert answer["flops"] == 2 * 9 * 23 * 31
    assert {"engine", "why", "threads", "bytes", "seconds"} <= set(answer)
    assert answer["measured"] is None


@pytest.mark.usefixtures("here")
def test_plan_measures_every_engine_that_can(monkeypatch):
    from convista.grid import calibration

    monkeypatch.setattr(calibration, "ROUNDS", 1)
    monkeypatch.setattr(calibration, "LEAST_SECONDS", 1e-4)
    printed = run("plan", "200x300", "-k", "gaussian:9", "--measure").stdout
    assert all(name in printed for name in ("estimated", "measured", "separable", "fourier", "direct", "plain"))
    answer = json.loads(run("plan", "48x64", "-k", "laplacian", "--measure", "--json").stdout)
    assert next(iter(answer["measured"])) == answer["engine"]
    assert all(seconds > 0 for seconds in answer["measured"].values())
    assert "separable" not in answer["measured"]


def test_bench_compiles_and_calibrates(monkeypatch, tmp_path):
    from convista.grid import calibration, rates

    monkeypatch.setattr(rates, "file", lambda: tmp_path / "rates.json")  # what is compiled serves the other tests, too
    monkeypatch.setattr(calibration, "ROUNDS", 1)
    monkeypatch.setattr(calibration, "LEAST_SECONDS", 1e-4)
    printed = run("bench", "--warm", "--calibrate").stdout
    rates.rates.cache_clear()
    assert printed.startswith("compiled for 26 kinds of problem in ")
    assert "direct" in printed
    assert json.loads(rates.file().read_text())["measured"]


# --- data -----------------------------------------------------------------------------------------------------


def test_data_list(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVISTA_HOME", str(tmp_path))
    (tmp_path / "cifar10").mkdir()
    text = run("data", "list").stdout
    assert max(map(len, text.splitlines()[:-2])) <= 80
    for word in ("mnist_sample", "mnist", "fashion_mnist", "cifar10", "built in", str(tmp_path)):
        assert word in text
    facts = {fact["name"]: fact for fact in json.loads(run("data", "list", "--json").stdout)}
    assert facts["cifar10"]["folder"] == str(tmp_path / "cifar10")
    assert facts["mnist"]["folder"] is None
    assert facts["mnist"]["bytes"] > 11_000_000
    assert facts["mnist_sample"]["licence"].startswith("CC BY-SA 3.0")


def test_data_get_prints_the_folder(sample):
    assert run("data", "get", "mnist_sample").stdout == f"{sample}\n"
    assert refused("data", "get", "mnits").startswith('name (="mnits") must be one of mnist_sample, mnist,')


@pytest.fixture
def photos(tmp_path) -> Path:
    """Ten images of each of two classes, and some trouble."""
    folder = tmp_path / "photos"
    for number, name in enumerate(("lying", "upright")):
        (folder / name).mkdir(parents=True)
        for image in range(10):
            pixels = np.full((4, 5), 100 * number + image, np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{image}.png")
    (folder / "lying" / "a very long name of a file that was cut short while it was copied, quite long.png").touch()
    (folder / "lying" / ".DS_Store").touch()
    (folder / "notes").mkdir()
    return folder


def test_data_check_says_what_is_used_and_what_is_not(photos, monkeypatch):
    monkeypatch.chdir(photos.parent)
    text = run("data", "check", "photos").stdout
    assert max(map(len, text.splitlines())) <= 80
    rows = [line.split() for line in text.splitlines()]
    for row in ("class train valid", "lying 8 2", "upright 8 2", "all 16 4"):
        assert row.split() in rows
    told = " ".join(text.split())
    for words in (
        "photos: 20 images can be used; read as <class>/<image>; 4 images, 20% of each class, kept to judge by, chosen",
        "- left out: lying/a very long name of a file that was cut short while it was copied, quite long.png, since "
        "it is empty (0 bytes)",
        "- ignored: 1 file that nobody would miss; with --json all",
        "- no class: notes, since it holds no images",
        "- sizes, rows x cols: 4 x 5 (20 images)",
    ):
        assert words in told
    found = json.loads(run("data", "check", "photos", "--json").stdout)
    assert found == dict(cx.scan("photos"))
    assert found["left_out"][0]["path"] == "lying/.DS_Store"


def test_data_check_fails_where_it_is_strict(photos):
    strict = run("data", "check", photos, "--strict", code=1)
    assert strict.stdout == run("data", "check", photos).stdout
    assert strict.stderr == (
        f'convista: data (="{photos}") must hold nothing that can\'t be used (strict), but 1 file would be left out, '
        "the first lying/a very long name of a file that was cut short while it was copied, quite long.png, since it "
        f"is empty (0 bytes); to see all: convista data check {photos}\n"
    )
    next((photos / "lying").glob("a very*")).unlink()
    run("data", "check", photos, "--strict")
    shutil.rmtree(photos / "upright")
    sentence = 'must be a folder with two classes or more; it holds one, "lying"'
    assert sentence in run("data", "check", photos, "--strict", code=1).stderr
    assert sentence in " ".join(run("data", "check", photos).stdout.split())
    assert refused("data", "check", photos / "no").startswith('data (="')


def test_data_check_lists_at_most_twenty_files(photos):
    for number in range(30):
        (photos / "lying" / f"x{number}.png").touch()
    text = run("data", "check", photos).stdout
    assert text.count("- left out: lying/") == 20
    assert "- left out: 11 more; with --json all" in text


def test_data_check_takes_labels(photos, tmp_path):
    (tmp_path / "l.csv").write_text("file,label\nlying/0.png,a\nlying/1.png,a\nlying/2.png,b\nlying/3.png,b\n")
    found = json.loads(run("data", "check", photos, "--labels", tmp_path / "l.csv", "--json").stdout)
    assert found["classes"] == {"a": {"train": 1, "valid": 1}, "b": {"train": 1, "valid": 1}}


def test_data_cache_is_listed_and_cleared(photos, tmp_path, monkeypatch):
    from convista.dataset import decoded, load_dataset

    monkeypatch.setenv("CONVISTA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(decoded, "WORTH", 1)
    monkeypatch.setattr(decoded, "SETTLED", -(10**18))
    load_dataset(photos)
    text = run("data", "cache", "list").stdout
    assert "20, 4 x 5, grey" in text
    assert f"0.0 MB in {tmp_path / 'home' / 'decoded'};" in text
    (entry,) = json.loads(run("data", "cache", "list", "--json").stdout)
    assert (entry["folder"], entry["shape"]) == (str(photos), [20, 1, 4, 5])
    assert run("data", "cache", "clear").stdout == "removed the decoded images of 1 folder, 0.0 MB\n"
    assert json.loads(run("data", "cache", "list", "--json").stdout) == []
    assert list((tmp_path / "home" / "decoded").iterdir()) == []


# --- train and predict ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def little(tmp_path_factory) -> Path:
    """A data set of 2 x 24 bars, upright and lying."""
    folder = tmp_path_factory.mktemp("bars")
    random = np.random.default_rng(2)
    for split, count in (("train", 16), ("valid", 8)):
        for name in ("lying", "upright"):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                image = random.integers(0, 40, (28, 28), np.uint8)
                place = random.integers(8, 20)
                (image if name == "lying" else image.T)[place - 2 : place + 2] = 250
                Image.fromarray(image).save(folder / split / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def trained(little, tmp_path_factory):
    """What training on it printed, and the run folder."""
    pytest.importorskip("torch", reason="torch is of the train extra")
    out = tmp_path_factory.mktemp("runs") / "bars"
    return run("train", little, "--out", out, "--epochs", "2", "--batch", "8", "--seed", "3").stdout, out


def test_train_prints_a_row_per_epoch_and_the_end(trained):
    text, out = trained
    first, *lines = text.splitlines()
    assert first.startswith("32 images of 2 classes to learn from, 16 to judge by; read as ")
    while not lines[0].startswith("epoch"):  # the rest of the sentence
        del lines[0]
    assert lines[0].split() == ["epoch", "train", "loss", "valid", "loss", "accuracy", "seconds"]
    assert [line.split()[0] for line in lines[1:3]] == ["1", "2"]
    assert len({len(line) for line in lines[:3]}) == 1
    assert lines[4].endswith(" %")
    assert " of 16 right, " in lines[4]
    assert lines[5] == f"report   {out / 'report.html'}"
    assert lines[6] == f"predict  convista predict {out} IMAGE.png"
    assert (out / "report.html").is_file()
    config = json.loads((out / "config.json").read_text())
    assert (config["epochs"], config["batch"], config["seed"]) == (2, 8, 3)


def test_the_command_in_the_report_is_one_the_program_understands(trained, little):
    out = trained[1]
    net = cx.load(out)
    assert refused("train", little, "--out", out, "--epochs", "2", "--batch", "8", "--seed", "3").startswith("out (=")
    again = run("train", little, "--out", out, "--epochs", "2", "--batch", "8", "--seed", "3", "--overwrite")
    assert "right" in again.stdout
    for mine, theirs in zip(net.state_dict().values(), cx.load(out).state_dict().values(), strict=True):
        assert (mine == theirs).all()


def test_every_setting_has_an_option(tmp_path, little):
    pytest.importorskip("torch", reason="torch is of the train extra")
    from convista.training import Settings

    settings = Settings(network="3x3/2 4, mean", epochs=1, batch=9, rate=0.02, seed=4, threads=1, weight_decay=0.1,
                        label_smoothing=0.2, rotation=1, zoom=0.2, shear=0.2, shift=1, statistics=False, patience=3,
                        tta=4, sizes="7,14", flip="none", colour=0.1, erase=0.1, mixup=0.1, cutmix=0.1,
                        optimizer="sgd", schedule="constant", momentum=0.8, clip=2, average=0.5,
                        precision="float32")  # fmt: skip
    run("train", little, "--out", tmp_path / "run", "--size", "14", *shlex.split(settings.options()))
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert {name: config[name] for name in vars(settings)} == vars(settings)
    assert not (tmp_path / "run" / "statistics.npz").exists()
    assert config["size"] in (14, [14, 14])


def test_several_seeds_end_in_one_table(tmp_path, little):
    pytest.importorskip("torch", reason="torch is of the train extra")
    words = ("train", little, "--out", tmp_path / "runs", "--epochs", "1", "--batch", "8", "--seeds", "2")
    lines = run(*words, "--precision", "float32").stdout.splitlines()
    assert [line for line in lines if line.startswith("seed ")] == ["seed 0", "seed 1"]
    end = next(
        number
        for number, line in enumerate(lines)
        if line.split() == ["seed", "accuracy", "errors", "seconds", "folder"]
    )
    rows = [line.split() for line in lines[end:] if line.split()[:1] in (["0"], ["1"])]
    told = json.loads((tmp_path / "runs" / "results.json").read_text())
    assert [[row[0], row[1], row[3]] for row in rows] == [
        [str(one["seed"]), f"{100 * one['accuracy']:.2f}", str(one["errors"])] for one in told["runs"]
    ]
    mean, spread = f"{100 * told['accuracy']:.2f} %", f"{100 * told['spread']:.2f} %"
    assert lines[-1].startswith(f"mean {mean}, spread (standard deviation) {spread}, ")
    assert refused(*words, "--overwrite") == "--overwrite and --seeds can't be used together; give another folder"


def test_findings_and_averaging_are_told_at_the_end(tmp_path, little, monkeypatch):
    pytest.importorskip("torch", reason="torch is of the train extra")
    from convista.training import Finding

    found = (Finding("silent", True, "It is silent.", "无声。"), Finding("slow", False, "It is slow.", "很慢。"))
    monkeypatch.setattr("convista.training.gathering.diagnose", lambda evidence: found)
    out = run("train", little, "--out", tmp_path / "run", "--epochs", "1", "--batch", "8", "--tta", "3").stdout
    told = json.loads((tmp_path / "run" / "results.json").read_text())["test_time_averaging"]
    right = 16 - told["errors"]
    assert f"\n{right} of 16 right, {100 * right / 16:.2f} % with the mean of 3 views (told for comparison)\n" in out
    assert "\nwrong:  It is silent.\nodd:  It is slow.\n" in out


def test_a_rate_is_suggested_with_its_reason_and_its_plot(tmp_path, little):
    pytest.importorskip("torch", reason="torch is of the train extra")
    words = ("rate", little, "--batch", "8", "--network", "3x3/2 4, mean")
    suggestion, command = run(*words, "-o", tmp_path / "rate.svg").stdout.splitlines()
    told = json.loads(run(*words, "--json").stdout)
    assert suggestion == f"rate   {told['rate']:g}: {told['why']}"
    assert command == f"train  convista train {little} --rate {told['rate']:g}"
    assert len(told["rates"]) == len(told["losses"]) == len(told["smoothed"])
    assert f"Learning-rate finder: {told['rate']:g}" in (tmp_path / "rate.svg").read_text()
    assert refused("rate", little, "-o", "rate.jpg") == '--out (="rate.jpg") must end in .svg'


def test_auto_is_a_rate_and_other_words_are_not(tmp_path, little):
    pytest.importorskip("torch", reason="torch is of the train extra")
    run("train", little, "--out", tmp_path / "run", "--epochs", "1", "--batch", "8", "--rate", "auto")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["rate"] == "auto"
    assert refused("train", little, "--rate", "fast") == '--rate (="fast") must be a number, such as 0.01, or auto'


def test_a_network_of_ones_own_is_named_by_module_and_function(tmp_path, little, monkeypatch):
    pytest.importorskip("torch", reason="torch is of the train extra")
    run("train", little, "--out", tmp_path / "run", "--epochs", "1", "--batch", "8", "--model", "own_networks:plain")
    lines = run("predict", tmp_path / "run", little / "valid").stdout
    assert "upright" in lines
    assert refused("train", little, "--model", "own_networks:none").endswith("own_networks has no none")


def test_bad_settings_are_refused_before_anything_is_made(tmp_path, little):
    pytest.importorskip("torch", reason="torch is of the train extra")
    assert refused("train", little, "--out", tmp_path / "run", "--epochs", "0").startswith("epochs (=0) must be")
    assert refused("train", tmp_path / "nowhere", "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_on_a_terminal_there_is_a_bar_and_the_rows_stay(monkeypatch):
    pytest.importorskip("torch", reason="torch is of the train extra")
    from convista.cli.watching import Terminal
    from convista.training import Epoch, Settings, resolve

    screen = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    monkeypatch.setattr("convista.cli.watching.console", lambda: screen)
    data = dataset()
    with Terminal() as terminal:
        terminal.planned(data, resolve(data, Settings(epochs=2, batch=24)))
        for done in range(1, 9):
            terminal.batch(done, 8, loss=1 / done)
            terminal._bar.refresh()
            if done % 4 == 0:
                terminal.epoch(Epoch(done // 4, 0.5, 0.25, 0.9985, 1.5))
    text = screen.file.getvalue()
    for words in ("reading the images", "epoch 1 of 2, loss 0.250", "4/8 steps", "epoch 2 of 2, loss 0.200"):
        assert words in text
    assert "    2      0.5000      0.2500    99.85 %      1.5\n" in text
    assert "epoch 3 of 2" not in text
    assert "network 3x3/2 8, 3x3/2 16, 3x3/2 32, 3x3/2 64, 3x3/2 classes\n" in text
    assert "- epochs 2; images a step 24; adamw; threads 1\n" in text


@pytest.mark.parametrize("words", [["train"], ["predict", "run", "x.png"]])
def test_without_torch_the_extra_is_named(words, tmp_path):
    text = "import sys, convista.cli; sys.modules['torch'] = None; convista.cli.main()"
    command = [sys.executable, "-c", text, *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    purpose = "training" if words == ["train"] else "predicting"
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f'convista: {purpose} needs torch; type: pip install "convista[train]"\n'
    assert list(tmp_path.iterdir()) == []


def test_predict_in_three_forms(trained, little, monkeypatch):
    monkeypatch.chdir(little)
    out = trained[1]
    images = ["valid/lying/0.png", "valid/upright/1.png"]
    expected = cx.load(out).predict(images)
    answers = json.loads(run("predict", out, *images, "--json").stdout)
    assert [answer["image"] for answer in answers] == images
    assert [answer["label"] for answer in answers] == [prediction.label for prediction in expected]
    assert [answer["probability"] for answer in answers] == [prediction.probability for prediction in expected]
    lines = run("predict", out, *images, "--csv", "-").stdout.splitlines()
    assert lines[0] == "file,label,probability,lying,upright,reason"
    assert lines[1].startswith(f"{images[0]},{expected[0].label},{expected[0].probability},")
    table = run("predict", out, *images).stdout
    for image, prediction in zip(images, expected, strict=True):
        assert [image, prediction.label, f"{prediction.probability:.2%}".replace("%", ""), "%"] in [
            line.split() for line in table.splitlines()
        ]


def test_predict_takes_folders(trained, little, monkeypatch):
    monkeypatch.chdir(little)
    answers = json.loads(run("predict", trained[1], "valid", "--json").stdout)
    assert [answer["image"] for answer in answers] == sorted(str(path) for path in Path("valid").rglob("*.png"))


def test_predict_refuses_with_a_sentence(trained, little, tmp_path):
    assert refused("predict", tmp_path / "nowhere", little).startswith(f'run (="{tmp_path / "nowhere"}")')
    assert refused("predict", trained[1], tmp_path / "nothing.png").startswith('path (="')
    assert refused("predict", trained[1], little, "--json", "--csv", "-") == (
        "--json and --csv are two forms of one answer; leave one out"
    )


def test_predict_writes_a_csv_with_every_class_and_what_it_could_not_read(trained, little, tmp_path):
    folder, out = tmp_path / "mixed", tmp_path / "out.csv"
    folder.mkdir()
    for name in ("a.png", "z.png"):
        (folder / name).write_bytes((little / "valid" / "lying" / "0.png").read_bytes())
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:200])
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.png"))
    odd.write_bytes(b"")
    result = run("predict", trained[1], folder, "--csv", out, "--batch", "2")
    assert result.stdout == f"2 of 4 images read; {out} has a row for each\n"
    assert "cut.png\") can't be read: it is cut short or damaged" in result.stderr
    with out.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == sorted(str(path) for path in folder.iterdir())
    (expected,) = cx.load(trained[1]).predict(folder / "a.png")
    whole = [row for row in rows if row["label"]]
    for row in whole:
        assert (row["label"], float(row["probability"]), row["reason"]) == (expected.label, expected.probability, "")
        assert float(row["lying"]) + float(row["upright"]) == pytest.approx(1)
        assert float(row[row["label"]]) == float(row["probability"])
    assert [row["reason"].partition(" (")[0] for row in rows if not row["label"]] == [
        "it is empty",
        "it is cut short or damaged",
    ]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["mixed", "out.csv"]


def test_predict_by_a_cluster_writes_the_same_file_or_none(trained, little, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="needs dask.distributed")
    monkeypatch.chdir(little)
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    words = ("predict", trained[1], "valid", tmp_path / "cut.png", "--batch", "3", "--csv")
    told = run(*words, tmp_path / "here.csv")
    with distributed.LocalCluster(2, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster:
        address = cluster.scheduler_address
        by_cluster = run(*words, tmp_path / "there.csv", "--scheduler", address)
    assert (by_cluster.stdout, by_cluster.stderr) == (told.stdout.replace("here.csv", "there.csv"), told.stderr)
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    client = distributed.Client
    monkeypatch.setattr(distributed, "Client", lambda address, timeout, **o: client(address, timeout="0.2s", **o))
    sentence = refused(*words, tmp_path / "no.csv", "--scheduler", "tcp://127.0.0.1:9")
    assert sentence.startswith('scheduler (="tcp://127.0.0.1:9") can\'t be reached; ')
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cut.png", "here.csv", "there.csv"]


def test_predict_fails_only_if_nothing_can_be_read(trained, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"no image")
    for form in ([], ["--json"], ["--csv", tmp_path / "out.csv"]):
        result = run("predict", trained[1], tmp_path, *form, code=1)
        assert result.stderr.count("can't be read: ") == 2
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 3


def test_export_says_what_onnxruntime_found(trained, tmp_path):
    pytest.importorskip("onnxruntime", reason="onnxruntime is of the onnx extra")
    lines = run("export", trained[1], tmp_path / "a.onnx").stdout.splitlines()
    assert lines[0].startswith("the same prediction for all 16 validation images; largest difference of a probability ")
    assert [line.split()[:4] for line in lines[1:3]] == [[n, *next(line for line in trained[0].splitlines() if " right, " in line).split()[:3]] for n in ("torch", "onnxruntime")]  # fmt: skip
    assert lines[3].startswith(f"{tmp_path / 'a.onnx'}  ")
    run("export", trained[1], tmp_path / "a.safetensors")
    assert cx.load(tmp_path / "a.safetensors").text == cx.load(trained[1]).text
    assert (
        refused("export", trained[1], tmp_path / "a.pt")
        == f'FILE (="{tmp_path / "a.pt"}") must end in .onnx or .safetensors'
    )
    assert refused("export", trained[1], tmp_path / "b.safetensors", "--int8").startswith("--int8 is for ONNX")


def test_report_writes_a_run_s_files_anew(trained):
    out = trained[1]
    for name in ("report.html", "results.json", "curves.png"):
        (out / name).unlink()
    assert run("report", out).stdout == f"{out / 'report.html'}\n"
    assert json.loads((out / "results.json").read_text())["accuracy"]["images"] == 16
    assert (out / "curves.png").is_file()
    assert refused("report", out / "nowhere").startswith(f'run (="{out / "nowhere"}") is neither a folder nor a file')


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_train_takes_labels_and_weights_and_may_be_strict(photos, tmp_path):
    pytest.importorskip("torch", reason="torch is of the train extra")
    words = ("train", photos, "--epochs", "1", "--batch", "4", "--network", "3x3 2, mean")
    assert refused(*words, "--strict", "--out", tmp_path / "no", code=1).startswith(f'data (="{photos}") must hold ')
    assert not (tmp_path / "no").exists()
    rows = [f"{path.relative_to(photos)},{path.stem in '0123'}" for path in sorted(photos.glob("*/[0-9].png"))]
    (tmp_path / "l.csv").write_text("\n".join(["file,label", *rows]))
    out = tmp_path / "run"
    text = run(*words, "--labels", tmp_path / "l.csv", "--weighted", "--out", out).stdout
    assert text.startswith("16 images of 2 classes to learn from, 4 to judge by; read by the labels in ")
    assert "- left out: lying/.DS_Store" not in text
    assert cx.load(out).classes == ("False", "True")
    config = json.loads((out / "config.json").read_text())
    assert (config["labels"], config["weighted"]) == (str(tmp_path / "l.csv"), True)
    again = shlex.split(next(line for line in (out / "log.txt").read_text().splitlines() if " began: " in line))
    assert again[again.index("convista") :] == [
        "convista", "train", str(photos), "--labels", str(tmp_path / "l.csv"), "--out", str(out),
        "--network", "3x3 2, mean", "--epochs", "1", "--batch", "4", "--seed", "0", "--weighted",
    ]  # fmt: skip


def test_train_says_the_first_of_many_remarks(photos, tmp_path):
    pytest.importorskip("torch", reason="torch is of the train extra")
    for number in range(5):
        (photos / "lying" / f"x{number}.png").write_bytes(b"x" * (number + 1) if number else b"")
        (photos / "lying" / f"y{number}.png").symlink_to("/etc/passwd")
    text = run("train", photos, "--epochs", "1", "--network", "3x3 2, mean", "--out", tmp_path / "run").stdout
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert lines[-2].startswith("- and ")
    assert lines[-1] == "- epochs 1; images a step 128; adamw; threads 1"
    assert lines[0] == "- to learn from + to judge by: lying 8 + 2, upright 8 + 2"
    assert len(lines) == 11
    log = (tmp_path / "run" / "log.txt").read_text()
    assert log.count(" data: left out: ") == 11


def test_ctrl_c_while_training(little, tmp_path):
    pytest.importorskip("torch", reason="torch is of the train extra")
    command = [
        sys.executable,
        "-m",
        "convista",
        "train",
        str(little),
        "--out",
        str(tmp_path / "run"),
        "--epochs",
        "9999",
    ]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    assert child.stdout is not None
    while child.stdout.readline().split()[0] != "epoch":
        assert child.poll() is None
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=60)
    assert child.returncode == 130
    assert re.match(r"convista: stopped after step \d+ of 9,999; the network so far is in ", stderr)
    assert stderr.endswith(f"--out {tmp_path / 'run'} --epochs 9999 --seed 0 --resume\n")
