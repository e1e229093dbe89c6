"""`convista apply` of images larger than memory: killed and gone on with, in bounded memory, refused in sentences."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

import convista as cx
from convista.cli.entry import app

zarr = pytest.importorskip("zarr", reason="needs zarr")

PIXELS = np.random.default_rng(0).integers(0, 256, (400, 500)).astype("uint8")
COMMAND = ["apply", "scan.zarr", "--kernel", "gaussian:9", "-o", "out.zarr", "--engine", "plain"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    zarr.create_array("scan.zarr", data=PIXELS, chunks=(40, 50))  # 100 pieces
    return tmp_path


def run(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "80"})
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.stdout if code == 0 else result.stderr.removeprefix("convista: ").rstrip("\n")


def start():
    return subprocess.Popen(
        [sys.executable, "-m", "convista", *COMMAND], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def journal_lines():
    book = Path(".out.zarr-unfinished/journal.txt")
    return book.read_text().count("\n") if book.exists() else 0


def stop(how, lines):
    """Start the command, and send a signal once the journal has so many lines; return exit code and stderr."""
    with start() as process:
        while process.poll() is None and journal_lines() < lines:
            time.sleep(0.001)
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
        return process.returncode, said


def test_a_killed_job_goes_on_until_it_is_whole(here):
    chance, kept = random.Random(0), 0
    for _ in range(4):
        code, _ = stop(signal.SIGKILL, kept + chance.randint(0, 20))
        assert code == -signal.SIGKILL
        assert not Path("out.zarr").exists()
        assert journal_lines() >= kept
        kept = journal_lines()
    said = run(*COMMAND)
    made = int(said.partition(" pieces made")[0].rpartition(" ")[2])
    assert 100 - kept - 1 <= made <= 100 - kept + 1
    expected = cx.conv2d(PIXELS, "gaussian:9", padding="same", padding_mode="reflect", engine="plain")
    np.testing.assert_array_equal(zarr.open_array("out.zarr", mode="r")[:], expected)
    assert sorted(path.name for path in here.iterdir()) == ["out.zarr", "scan.zarr"]


def test_ctrl_c_says_what_is_kept(here):
    code, said = stop(signal.SIGINT, 10)
    assert code == 130
    assert said.startswith("convista: stopped; ")
    assert said.endswith(" of 100 pieces are kept, and the same command goes on from there\n")
    assert not Path("out.zarr").exists()
    assert " kept from before\n" in run(*COMMAND)


MEMORY = """
import json, resource, sys
import convista.cli
sys.argv = ["convista", *sys.argv[1:]]
try: convista.cli.main()
except SystemExit as end: print(json.dumps([end.code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


def peak(*words):
    """Run a command in a process of its own, and return the most memory that it had, in bytes."""
    done = subprocess.run([sys.executable, "-c", MEMORY, *words], capture_output=True, text=True, check=True)
    code, most = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return most * (1 if sys.platform == "darwin" else 1024)


def test_memory_stays_bounded_however_many_pieces_there_are(here):
    rows = 1024
    for name, pieces in (("one.zarr", 2), ("many.zarr", 48)):
        array = zarr.create_array(name, shape=(rows * pieces, 4096), chunks=(rows, 4096), dtype="uint8")
        for first in range(0, array.shape[0], rows):
            array[first : first + rows] = first // rows
    least = peak("apply", "one.zarr", "--kernel", "box", "-o", "one-out.zarr")
    most = peak("apply", "many.zarr", "--kernel", "box", "-o", "many-out.zarr")  # 200 MB in, 800 MB out
    assert most - least < 250_000_000  # 200 of them for chunks at hand


def test_a_plain_tiff_is_not_read_whole(here):
    tifffile.imwrite("scan.tif", np.zeros((1000, 1000), "uint8"))
    tifffile.imwrite("large.tif", shape=(100_000, 4096), dtype="uint8")  # 400 MB
    least = peak("apply", "scan.tif", "--kernel", "1", "--stride", "9", "-o", "least.zarr")
    most = peak("apply", "large.tif", "--kernel", "1", "--stride", "9", "-o", "most.zarr")
    assert most - least < 200_000_000


def test_the_command_says_what_it_did(here):
    size, rest = "400 x 500", "100 pieces made\n"
    assert run(*COMMAND) == f"out.zarr: gaussian:9 on scan.zarr; {size}, float32; {rest}"
    assert run(*COMMAND, "--overwrite", "--clip") == f"out.zarr: gaussian:9 on scan.zarr; {size}, uint8; {rest}"
    tifffile.imwrite("photo.tif", PIXELS.reshape(100, 200, 10)[..., :3].astype("uint16"), photometric="rgb")
    said = run("apply", "photo.tif", "-k", "sobel_x", "-o", "photo.zarr", "--clip")
    assert said == "photo.zarr: sobel_x on photo.tif; 100 x 200 x 3, uint16; 1 piece made\n"


REFUSED = [
    (["scan.zarr"], 'image (="scan.zarr") is a folder, and its result becomes one: --out result.zarr'),
    (["scan.zarr", "-o", "edges.png"], 'image (="scan.zarr") is a folder, and its result becomes one: --out result.zarr, not --out (="edges.png")'),
    (["scan.zarr", "--at", "5,7"], 'image (="scan.zarr") is a folder, and its result becomes one: --out result.zarr'),
    (["scan.zarr", "scan.zarr", "-o", "out.zarr"], '--out (="out.zarr") takes one image, and there are 2; give them one by one'),
    (["scan.zarr", "-o", "out.zarr", "--grey"], "--grey is for image files; of a large image each channel is on its own"),
    (["photo.png", "--overwrite"], "--overwrite is for large images: a Zarr array or a TIFF file with --out result.zarr"),
    (["none.zarr", "-o", "out.zarr"], 'image (="none.zarr") doesn\'t exist'),
    (["none.zarr", "-o", "out.zarr", "--clip"], 'image (="none.zarr") doesn\'t exist'),
    (["scan.zarr", "-o", "scan.zarr"], 'out (="scan.zarr") and image (="scan.zarr") lie in each other; give out another place'),
]  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_what_makes_no_sense_is_refused(here, words, sentence):
    assert run("apply", *words, "--kernel", "box", code=2) == sentence
    assert not Path("out.zarr").exists()
