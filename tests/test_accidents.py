"""A disk that is really full, a process that is really killed: what was whole stays whole, and it is said in a sentence."""

import errno
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from accidents import PAGE, disk, dying, files_up_to
from shapes import dataset
from typer.testing import CliRunner

import convista as cx
from convista import run as runs
from convista.cli.entry import app
from convista.files import UnwrittenError, write_text

__all__ = ["disk"]  # a fixture

PIXELS = np.random.default_rng(0).integers(0, 256, (120, 150)).astype("uint8")
FULL = "No space left on device"


def run(*words):
    """Return what a command exits with, and the lines that it says about it."""
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    return done.exit_code, [line for line in done.stderr.splitlines() if line.startswith("convista: ")]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- one file ---------------------------------------------------------------------------------------------------


def test_a_file_that_has_no_room_leaves_the_one_before(disk):
    disk.resize(4)
    write_text(disk.path / "note.txt", "before")
    with pytest.raises(UnwrittenError) as caught:
        write_text(disk.path / "note.txt", "x" * 4 * PAGE)
    sentence = f'path (="{disk.path}/note.txt") can\'t be written: {FULL}; make room on its disk, or give another place'
    assert (str(caught.value), caught.value.errno) == (sentence, errno.ENOSPC)
    assert contents(disk.path) == {"note.txt": b"before"}


def test_a_limit_on_files_is_held_to_as_a_full_disk_is(tmp_path):
    write_text(tmp_path / "note.txt", "before")
    with files_up_to(PAGE), pytest.raises(UnwrittenError, match="can't be written: File too large; make room"):
        write_text(tmp_path / "note.txt", "x" * 2 * PAGE)
    assert contents(tmp_path) == {"note.txt": b"before"}


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".bmp", ".tif", ".npy"])
def test_a_picture_that_has_no_room_leaves_the_one_before(disk, tmp_path, ending):
    disk.resize(2)
    place, image = disk.path / f"edges{ending}", tmp_path / "image.npy"
    cx.write_image(place, PIXELS[:9, :9])
    np.save(image, PIXELS)
    before = contents(disk.path)
    code, said = run("apply", image, "--kernel", "sharpen", "--clip", "--engine", "plain", "-o", place)
    (sentence,) = said
    assert code == 1
    assert re.fullmatch(
        r'convista: path \(="\S+"\) can\'t be written: [^;]+; make room on its disk, or give another place', sentence
    )
    assert contents(disk.path) == before


# --- an image in pieces -----------------------------------------------------------------------------------------


def scan(tmp_path):
    zarr = pytest.importorskip("zarr", reason="needs zarr")
    zarr.create_array(tmp_path / "scan.zarr", data=PIXELS, chunks=(40, 50))  # 9 pieces, 2 pages each
    expected = cx.conv2d(PIXELS, "gaussian:9", padding="same", padding_mode="reflect", engine="plain")
    words = "apply", tmp_path / "scan.zarr", "--kernel", "gaussian:9", "--engine", "plain"
    return words, expected, lambda path: zarr.open_array(path, mode="r")[:]


def test_wherever_the_disk_is_full_the_same_command_goes_on(disk, tmp_path):
    words, expected, load = scan(tmp_path)
    out, seen = disk.path / "out.zarr", []
    state = "; (\\d) of 9 pieces are kept, and the same command goes on from there"
    for pages in range(1, 99):
        disk.resize(pages)
        code, said = run(*words, "-o", out)
        if code == 0:
            break
        kept = re.fullmatch(f'convista: out \\(="{out}"\\) can\'t be written: {FULL}(?:{state})?', "\n".join(said))
        assert kept, said
        assert (code, out.exists()) == (1, False)
        disk.resize(64)
        done = CliRunner().invoke(app, [*map(str, words), "-o", str(out)])
        assert f"{9 - int(kept[1] or 0)} piece" in done.stdout
        np.testing.assert_array_equal(load(out), expected)
        assert names(disk.path) == ["out.zarr"]
        seen.append(kept[1])
        shutil.rmtree(out)
    assert {None, "0", "4", "8"} <= set(seen)


def test_a_new_result_that_has_no_room_leaves_the_old_one(disk, tmp_path):
    words, _, _ = scan(tmp_path)
    disk.resize(30)
    assert run(*words, "-o", disk.path / "out.zarr")[0] == 0
    before = contents(disk.path / "out.zarr")
    code, said = run(*words, "-o", disk.path / "out.zarr", "--overwrite", "--flip")
    assert (code, len(said)) == (1, 1)
    assert FULL in said[0]
    assert contents(disk.path / "out.zarr") == before


# --- a run ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shapes(monkeypatch):
    monkeypatch.setattr(runs, "load_dataset", lambda name, **_: dataset(train=24, valid=12))


TRAIN = "train", "shapes", "--network", "5x5/2 8, mean", "--batch", "8", "--epochs", "2"


def size_of(tmp_path):
    """Return the pages that a run takes."""
    run(*TRAIN, "--out", tmp_path / "elsewhere")
    return sum(-(-len(data) // PAGE) for data in contents(tmp_path / "elsewhere").values())


def test_wherever_the_disk_is_full_a_run_says_so_and_can_be_repeated(disk, tmp_path, shapes):
    most = size_of(tmp_path)
    (disk.path / "other").write_bytes(b"x" * PAGE)  # with one page nothing else has room
    for pages in (*range(1, 6), most - 1):
        disk.resize(pages)
        out = disk.path / "run"
        code, said = run(*TRAIN, "--out", out)
        assert said == [
            f'convista: out (="{out}") can\'t be written: {FULL}; make room on its disk, or give another folder'
        ]
        assert code == 1
        disk.resize(most + 40)
        assert run(*TRAIN, "--out", out) == (0, [])
        assert names(disk.path) == ["other", "run"]
        assert cx.load(out).predict(dataset(train=2, valid=2).valid.images)
        shutil.rmtree(out)


def test_a_new_run_that_has_no_room_leaves_the_old_one(disk, tmp_path, shapes):
    most = size_of(tmp_path)
    disk.resize(most + 40)
    assert run(*TRAIN, "--out", disk.path / "run")[0] == 0
    before = contents(disk.path)
    for pages in range(most + 1, 2 * most, max(1, most // 6)):
        disk.resize(pages)
        code, said = run(*TRAIN, "--out", disk.path / "run", "--overwrite")
        assert (code, len(said)) == (1, 1)
        assert contents(disk.path) == before


def test_a_fault_is_still_said_when_the_log_has_no_room_for_it(tmp_path):
    from convista.training import open_log

    with files_up_to(16), pytest.raises(ValueError, match="^the fault itself$"), open_log(Path(tmp_path, "log.txt")):
        raise ValueError("the fault itself")


# --- a cluster --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_worker_that_dies_changes_no_number_of_a_dask_array(tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs dask.distributed")
    da = pytest.importorskip("dask.array", reason="needs dask[array]")
    mark, asked = tmp_path / "mark", {"dtype": PIXELS.dtype, "meta": PIXELS[:0]}
    image = da.from_array(PIXELS, chunks=(60, 80)).map_blocks(dying, mark=mark, **asked)
    room = dict(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50)
    with distributed.LocalCluster(**room) as cluster, distributed.Client(cluster):
        found = cx.conv2d(image, "sobel_x", padding="same", engine="plain").compute()
    np.testing.assert_array_equal(found, cx.conv2d(PIXELS, "sobel_x", padding="same", engine="plain"))
    assert mark.exists()
