"""Images on the disk: the same numbers as in memory, whatever they are read from, and nothing half-done."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

import convista as cx
from convista import store
from convista.store import job as jobs
from convista.store import journal, result, source

zarr = pytest.importorskip("zarr", reason="needs zarr")

PIXELS = np.random.default_rng(0).integers(0, 256, (50, 70)).astype("uint8")


def save(path, pixels=PIXELS, chunks=(16, 20), **terms):
    """Write a Zarr array."""
    zarr.create_array(path, data=pixels, chunks=chunks, overwrite=True, **terms)
    return path


def load(path):
    return zarr.open_array(path, mode="r")[:]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in, with an image of 16 pieces."""
    monkeypatch.chdir(tmp_path)
    save("image.zarr")
    return tmp_path


# --- the numbers ------------------------------------------------------------------------------------------------

cases = st.fixed_dictionaries({
    "shape": st.tuples(st.integers(1, 30), st.integers(1, 30)), "chunks": st.tuples(st.integers(1, 12), st.integers(1, 12)),
    "kernel": st.tuples(st.integers(1, 6), st.integers(1, 6)), "stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "dilation": st.tuples(st.integers(1, 2), st.integers(1, 2)), "padding": st.sampled_from(["full", 7, ((0, 3), (5, 1))]),
    "mode": st.sampled_from(["zeros", "reflect", "symmetric", "replicate", "circular"]), "flip": st.booleans(),
    "dtype": st.sampled_from(["uint8", "int64", ">u2", "float32"]), "to": st.sampled_from([None, "uint8"]),
    "most": st.sampled_from([2**24, 20]), "form": st.sampled_from([2, 3]), "seed": st.integers(0, 999),
})  # fmt: skip


@given(case=cases)
@settings(max_examples=60)
def test_a_result_on_the_disk_is_what_it_is_in_memory(case):
    rng = np.random.default_rng(case["seed"])
    pixels = rng.integers(0, 200, case["shape"]).astype(case["dtype"])
    kernel, fill = rng.integers(-5, 6, case["kernel"]), -3 if case["mode"] == "zeros" else 0
    terms = {name: case[name] for name in ("stride", "dilation", "padding", "flip")}
    terms |= dict(padding_mode=case["mode"], fill=fill, dtype=case["to"])
    try:
        expected = cx.conv2d(pixels, kernel, 2, **terms)
    except ValueError:  # the kernel doesn't fit
        return
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "MOST_PIXELS", case["most"])
        image = save(Path(folder, "image.zarr"), pixels, case["chunks"], zarr_format=case["form"])
        done = store.convolve(image, Path(folder, "out.zarr"), kernel, 2, **terms)
        found = zarr.open_array(done.path, mode="r")
        assert (found.shape, found.dtype, found.metadata.zarr_format) == (expected.shape, expected.dtype, case["form"])
        np.testing.assert_array_equal(found[:], expected)
        assert {path.name for path in Path(folder).iterdir()} == {"image.zarr", "out.zarr"}


def test_with_same_size_the_chunks_and_shards_are_those_of_the_image(here):
    assert zarr.open_array(store.convolve("image.zarr", "out.zarr", "gaussian:31").path).chunks == (16, 20)
    done = store.convolve(save("sharded.zarr", shards=(32, 40)), "shards.zarr", "box", padding_mode="circular")
    found = zarr.open_array(done.path)
    assert (found.chunks, found.shards, done.made) == ((16, 20), (32, 40), 4)
    np.testing.assert_allclose(found[:], cx.conv2d(PIXELS, "box", padding="same", padding_mode="circular"), rtol=1e-6)


def test_pieces_of_many_pixels_are_cut(here, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_PIXELS", 600)
    found = zarr.open_array(store.convolve(save("large.zarr", chunks=(50, 70)), "out.zarr", "sobel_x").path)
    assert found.chunks == (25, 18)
    assert found[:].tolist() == cx.conv2d(PIXELS, "sobel_x", padding="same").tolist()


def test_a_piece_of_zeros_has_a_file_too(here):
    done = store.convolve(save("black.zarr", np.zeros((8, 8), "uint8"), (4, 4)), "out.zarr", "box")
    assert sorted(path.name for path in done.path.glob("c/*/*")) == ["0", "0", "1", "1"]


def test_the_result_says_where_it_comes_from(here):
    store.convolve("image.zarr", "out.zarr", "gaussian:5", dtype="uint8")
    said = zarr.open_array("out.zarr").attrs["convista"]
    assert (said["kernel"], said["image"], said["version"]) == ("gaussian:5", "image.zarr", cx.__version__)
    assert said["terms"]["dtype"] == "uint8"


# --- what can be read -------------------------------------------------------------------------------------------

PLANES = np.random.default_rng(1).integers(0, 256, (3, 30, 40)).astype("uint8")


def expected_planes(kernel="box"):
    return np.stack([cx.conv2d(plane, kernel, padding="same") for plane in PLANES])


def check(path, expected, said="", **terms):
    done = store.convolve(path, "result.zarr", "box", overwrite=True, **terms)
    np.testing.assert_allclose(load(done.path), expected, rtol=1e-6)
    assert done.said == said


def test_axes_are_known_by_name_or_by_where_the_channels_are(here):
    last = np.moveaxis(PLANES, 0, -1)
    check(save("named.zarr", PLANES, (2, 16, 16), dimension_names=["c", "y", "x"]), expected_planes())
    check(save("named.zarr", last, (16, 16, 3), dimension_names=["Y", "X", "C"]), np.moveaxis(expected_planes(), 0, -1))
    old = save("old.zarr", PLANES, (2, 16, 16), zarr_format=2, attributes={"_ARRAY_DIMENSIONS": ["c", "rows", "cols"]})
    check(old, expected_planes())
    assert zarr.open_array("result.zarr").attrs["_ARRAY_DIMENSIONS"] == ["c", "rows", "cols"]
    check(save("plain.zarr", PLANES, (2, 16, 16)), expected_planes(), channels="first")
    check(save("plain.zarr", last, (16, 16, 2)), np.moveaxis(expected_planes(), 0, -1), channels="last")


@pytest.mark.parametrize("form", [2, 3])
def test_an_ome_zarr_image_is_read_in_full_size_and_a_group_by_its_array(here, form):
    axes = [{"name": name} for name in "tcyx"]
    scales = [{"axes": axes, "datasets": [{"path": "0"}, {"path": "1"}]}]
    group = zarr.open_group("image.ome.zarr", mode="w", zarr_format=form)
    group.attrs.update({"multiscales": scales} if form == 2 else {"ome": {"version": "0.5", "multiscales": scales}})
    group.create_array("0", data=PLANES[None], chunks=(1, 1, 16, 16))
    group.create_array("1", data=PLANES[None, :, ::2, ::2], chunks=(1, 1, 16, 16))
    check("image.ome.zarr", expected_planes()[None], 'the full size ("0") of an OME-Zarr image')
    single = zarr.open_group("group.zarr", mode="w", zarr_format=form)
    single.create_array("pixels", data=PIXELS, chunks=(16, 16))
    check("group.zarr", cx.conv2d(PIXELS, "box", padding="same"), 'the array "pixels" of a group')


TIFFS = {
    "plain": {}, "big-endian": {"byteorder": ">"}, "BigTIFF": {"bigtiff": True}, "tiles": {"tile": (16, 16), "compression": "zlib"},
    "strips": {"rowsperstrip": 4, "compression": "zlib"},
}  # fmt: skip


@pytest.mark.parametrize("terms", TIFFS.values(), ids=TIFFS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_tiff_is_read_however_it_is_stored(here, monkeypatch, terms, dtype):
    monkeypatch.setattr(source, "BLOCK", (16, 16))
    pixels = PIXELS.astype(dtype)
    tifffile.imwrite("image.tif", pixels, **terms)
    check("image.tif", cx.conv2d(pixels, "box", padding="same"))


def test_a_tiff_says_what_its_axes_are_and_which_image_it_is(here):
    tifffile.imwrite("pages.tif", PLANES, photometric="minisblack")
    check("pages.tif", expected_planes())
    tifffile.imwrite("photo.tif", np.moveaxis(PLANES, 0, -1), photometric="rgb")
    check("photo.tif", np.moveaxis(expected_planes(), 0, -1))
    with tifffile.TiffWriter("two.tif") as file:
        file.write(PIXELS)
        file.write(PIXELS[:9].astype("float32"))
    check("two.tif", cx.conv2d(PIXELS, "box", padding="same"), "the first of 2 images")
    with tifffile.TiffWriter("levels.tif") as file:
        file.write(PIXELS, subifds=1, tile=(16, 16))
        file.write(PIXELS[::2, ::2], subfiletype=1, tile=(16, 16))
    check("levels.tif", cx.conv2d(PIXELS, "box", padding="same"), "the full size of an image that has smaller ones")


def test_an_image_that_has_changed_is_read_anew(here):
    store.convolve("image.zarr", "one.zarr", [[1]])
    zarr.open_array("image.zarr", mode="r+")[:] = 7
    store.convolve("image.zarr", "two.zarr", [[1]])
    assert (load("two.zarr") == 7).all()


# --- going on ---------------------------------------------------------------------------------------------------

LEFT = Path(".out.zarr-unfinished")


def stop_after(count, error=KeyboardInterrupt):
    """Return a progress callback that raises."""

    def progress(done, total):
        if done == count:
            raise error

    return progress


def begin(count=5, **terms):
    """Stop a job after `count` pieces."""
    with pytest.raises(KeyboardInterrupt) as caught:
        store.convolve("image.zarr", "out.zarr", "sobel_x", threads=1, progress=stop_after(count), **terms)
    assert not Path("out.zarr").exists()
    return str(caught.value)


def finish(**terms):
    done = store.convolve("image.zarr", "out.zarr", "sobel_x", **terms)
    assert load("out.zarr").tolist() == cx.conv2d(PIXELS, "sobel_x", padding="same").tolist()
    assert not LEFT.exists()
    return done.made, done.kept, done.damaged


def test_a_stopped_job_says_what_is_kept_and_goes_on(here):
    assert begin(5) == "stopped; 5 of 16 pieces are kept, and the same command goes on from there"
    assert begin(9).startswith("stopped; 9 of 16")
    assert finish() == (7, 9, 0)


def test_a_piece_whose_file_has_changed_is_made_again(here):
    begin(6)
    first, second, third = sorted((LEFT / "out.zarr" / "c" / "0").iterdir())[:3]
    first.write_bytes(b"x" + first.read_bytes()[1:])
    second.write_bytes(second.read_bytes()[:-1])
    third.unlink()
    assert finish() == (13, 3, 3)


def test_a_journal_that_was_cut_short_or_damaged_is_believed_as_far_as_it_is_whole(here):
    begin(6)
    book = LEFT / "journal.txt"
    lines = book.read_text().splitlines()
    assert [each.split()[0] for each in lines] == ["c/0/0", "c/0/1", "c/0/2", "c/0/3", "c/1/0", "c/1/1"]
    book.write_text("\n".join([lines[0], lines[1].replace("c/0/1", "c/3/3"), "\x00\x00", *lines[2:5], lines[5][:-3]]))
    assert finish() == (12, 4, 0)


def test_a_full_disk_leaves_what_is_done(here, monkeypatch):
    whole, count = result.seal, iter(range(99))

    def full(path):
        if next(count) == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path)

    monkeypatch.setattr(result, "seal", full)
    with pytest.raises(OSError, match="^out") as caught:
        store.convolve("image.zarr", "out.zarr", "sobel_x", threads=1)
    assert str(caught.value) == (
        'out (="out.zarr") can\'t be written: No space left on device; '
        "4 of 16 pieces are kept, and the same command goes on from there"
    )
    assert not Path("out.zarr").exists()
    assert finish() == (12, 4, 0)


def test_a_piece_that_was_begun_when_another_failed_is_kept(here, monkeypatch):
    whole, failed = result.make, threading.Event()

    def make(job, path, place):
        if place == (0, 0):
            failed.set()
            raise OSError(errno.EIO, "Input/output error")
        failed.wait(10)
        return whole(job, path, place)

    monkeypatch.setattr(result, "make", make)
    with pytest.raises(OSError, match="Input/output error; 1 of 16 pieces are kept"):
        store.convolve("image.zarr", "out.zarr", "sobel_x", threads=2)
    monkeypatch.undo()
    os.chdir(here)
    assert finish() == (15, 1, 0)


def test_another_jobs_leftovers_are_refused_or_replaced(here):
    begin(5)
    place = Path.cwd() / LEFT
    for terms, what in ((dict(kernel="sobel_y"), "kernel"), (dict(kernel="sobel_x", padding_mode="reflect"), "terms"),
                        (dict(kernel="sobel_x", dtype="uint8"), "terms, result"), (dict(kernel="box:3"), "kernel, result")):  # fmt: skip
        with pytest.raises(FileExistsError) as caught:
            store.convolve("image.zarr", Path.cwd() / "out.zarr", **terms)
        assert str(caught.value) == (
            f'out (="{Path.cwd() / "out.zarr"}") was begun by another job, whose {what} differs; '
            f'delete "{place}", or overwrite=True (--overwrite) to replace it'
        )
    save("image.zarr", PIXELS[::-1])
    with pytest.raises(FileExistsError, match="by another job, whose image differs"):
        store.convolve("image.zarr", "out.zarr", "sobel_x")
    save("image.zarr")
    assert finish(overwrite=True) == (16, 0, 0)


def test_a_result_is_replaced_only_when_asked_and_only_by_a_whole_one(here):
    finish()
    with pytest.raises(FileExistsError) as caught:
        store.convolve("image.zarr", "out.zarr", "box")
    assert (
        str(caught.value)
        == 'out (="out.zarr") exists; give another name, or overwrite=True (--overwrite) to replace it'
    )
    with pytest.raises(KeyboardInterrupt):
        store.convolve("image.zarr", "out.zarr", "box", overwrite=True, progress=stop_after(7))
    assert load("out.zarr").tolist() == cx.conv2d(PIXELS, "sobel_x", padding="same").tolist()
    assert store.convolve("image.zarr", "out.zarr", "box", overwrite=True).kept >= 7
    np.testing.assert_allclose(load("out.zarr"), cx.conv2d(PIXELS, "box", padding="same"), rtol=1e-6)


def test_a_kill_between_the_last_piece_and_the_move_loses_nothing(here, monkeypatch):
    finish()
    monkeypatch.setattr(store.work.Folder, "close", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.convolve("image.zarr", "out.zarr", "sobel_x", overwrite=True)
    monkeypatch.undo()
    os.chdir(here)
    Path("out.zarr").rename(LEFT / "replaced")  # as far as a kill during the move comes
    assert finish() == (0, 16, 0)


def test_the_whole_result_is_moved_not_copied(here):
    places = []
    done = store.convolve(
        "image.zarr", "out.zarr", "box", progress=lambda *_: places.append((LEFT / "out.zarr").stat().st_ino)
    )
    assert {done.path.stat().st_ino} == set(places)


def test_the_same_pixels_at_another_place_are_another_image(here):
    begin(5)
    shutil.copytree("image.zarr", "copy.zarr")  # times are copied, too
    with pytest.raises(FileExistsError, match="by another job, whose image differs"):
        store.convolve("copy.zarr", "out.zarr", "sobel_x")


def test_one_image_is_open_at_a_time_and_none_at_the_end(here):
    shutil.copytree("image.zarr", "copy.zarr")
    for name in ("image.zarr", "copy.zarr"):
        source.open_source(Path(name), source.stamp(Path(name)))
        assert [path.name for path, _ in source._opened] == [name]
    store.convolve("image.zarr", "out.zarr", "box")
    assert not source._opened


def test_one_process_at_a_time(here):
    from filelock import FileLock

    begin(5)
    with FileLock(LEFT / "lock"), pytest.raises(FileExistsError) as caught:
        store.convolve("image.zarr", "out.zarr", "sobel_x")
    assert str(caught.value) == 'out (="out.zarr") is being made by another process; wait for it'
    assert finish() == (11, 5, 0)


# --- refused ----------------------------------------------------------------------------------------------------


def refusals():
    return [
        (dict(image="none.zarr"), FileNotFoundError, 'image (="none.zarr") doesn\'t exist'),
        (dict(out="nowhere/out.zarr"), FileNotFoundError, 'out (="nowhere/out.zarr") must lie in a folder that exists; make "nowhere" first'),
        (dict(out="image.zarr"), ValueError, 'out (="image.zarr") and image (="image.zarr") lie in each other; give out another place'),
        (dict(out="image.zarr/out.zarr"), ValueError, 'out (="image.zarr/out.zarr") and image (="image.zarr") lie in each other; give out another place'),
        (dict(out="album", overwrite=True), FileExistsError, 'out (="album") is no Zarr array, and is not replaced; give another name'),
        (dict(image="album"), ValueError, 'image (="album") is a folder, but no Zarr array: '),
        (dict(image="half.zarr"), ValueError, 'image (="half.zarr") is a folder, but no Zarr array: '),
        (dict(image="text.txt"), ValueError, 'image (="text.txt") is neither a Zarr folder nor a TIFF file: '),
        (dict(image="line.zarr"), ValueError, "image (shape (9,)) must have rows and cols"),
        (dict(image="three.zarr"), ValueError, 'image (shape (3, 9, 9)) has 3 axes without names; say where the channels are: channels="first" or "last"'),
        (dict(image="four.zarr"), ValueError, "image (shape (2, 3, 9, 9)) has 4 axes without names; name them in the file, two of them y and x"),
        (dict(image="three.zarr", channels="frist"), ValueError, 'channels (="frist") must be one of first, last; did you mean "first"?'),
        (dict(channels="last"), ValueError, 'channels (="last") is for an image of 3 axes; this one has shape (50, 70)'),
        (dict(image="two.zarr"), ValueError, 'image (="two.zarr") is a Zarr group with 2 arrays (a, b); give one: two.zarr/a'),
        (dict(image="no.zarr"), ValueError, 'image (="no.zarr") is a Zarr group with no array'),
        (dict(image="complex.zarr"), TypeError, "image (dtype complex64) must hold integers or floats up to 64 bits; "),
        (dict(kernel=np.ones((2, 3, 3))), ValueError, "kernel (shape (2, 3, 3)) must be one kernel (rows, cols), which each plane meets alone"),
        (dict(kernel="sobl_x"), ValueError, None),
        (dict(padding="some"), ValueError, None),
        (dict(threads=0), ValueError, "threads (=0) must be 1 or more"),
        (dict(engine="fast"), ValueError, None),
        (dict(kernel=np.ones((80, 3)), padding="valid"), ValueError, "kernel (=80) with dilation 1 spans 80 pixels, but there are 50 + padding 0 + 0; the largest kernel that fits is 50, the least padding in all 30"),
        (dict(scheduler="nonsense"), ValueError, 'scheduler (="nonsense") can\'t be reached; '),
    ]  # fmt: skip


@pytest.mark.parametrize(("terms", "kind", "sentence"), refusals())
def test_bad_input_is_refused_with_a_sentence_and_leaves_nothing(here, terms, kind, sentence):
    Path("album").mkdir()
    Path("album/holiday.jpg").write_bytes(b"precious")
    Path("text.txt").write_text("no image")
    Path("half.zarr").mkdir()
    Path("half.zarr/zarr.json").write_text("{")
    save("line.zarr", np.ones(9), (3,))
    save("three.zarr", np.ones((3, 9, 9)), (3, 3, 3))
    save("four.zarr", np.ones((2, 3, 9, 9)), (3, 3, 3, 3))
    save("complex.zarr", np.ones((9, 9), "complex64"), (3, 3))
    zarr.open_group("no.zarr", mode="w")
    two = zarr.open_group("two.zarr", mode="w")
    two.create_array("a", shape=(3, 3), dtype="u1")
    two.create_array("b", shape=(3, 3), dtype="u1")
    with pytest.raises(kind) as caught:
        store.convolve(**{"image": "image.zarr", "out": "out.zarr", "kernel": "box"} | terms)
    assert str(caught.value).startswith(sentence or "")
    assert sentence is None or sentence.endswith((": ", "; ")) or str(caught.value) == sentence
    assert not Path("out.zarr").exists()
    assert Path("album/holiday.jpg").read_bytes() == b"precious"


@pytest.mark.skipif(not os.access("/proc", os.R_OK), reason="needs a folder that nobody can write into")
def test_a_folder_that_is_read_only_is_said_to_be(here):
    with pytest.raises(OSError, match="^out") as caught:
        store.convolve("image.zarr", "/proc/out.zarr", "box")
    assert str(caught.value).startswith('out (="/proc/out.zarr") can\'t be written: ')


def test_an_image_that_is_damaged_says_where(here):
    Path("image.zarr/c/1/2").write_bytes(b"no chunk")
    with pytest.raises(RuntimeError) as caught:
        store.convolve("image.zarr", "out.zarr", [[1]], threads=1)
    assert str(caught.value).startswith('image (="image.zarr") can\'t be read at 16..31, 40..59: ')
    assert str(caught.value).endswith("; 6 of 16 pieces are kept, and the same command goes on from there")


def test_what_would_overflow_is_refused_when_it_is_found(here):
    save("huge.zarr", np.full((9, 9), 2**62), (4, 4))
    with pytest.raises(ValueError, match=r"can reach 1.38e\+19, more than int64 holds .*; 0 of 9 pieces are kept"):
        store.convolve("huge.zarr", "out.zarr", [[1, 1, 1]])


def test_only_whole_lines_of_a_journal_count(tmp_path):
    book = tmp_path / "journal.txt"
    assert journal.read(book) == {}
    journal.rewrite(book, {"c/0/0": "ab", "c/0/1": "cd"})
    for end in range(1, len(book.read_text())):
        (tmp_path / "cut.txt").write_text(book.read_text()[:end])
        whole = book.read_text()[:end].count("\n") + (book.read_text()[end] == "\n")
        assert len(journal.read(tmp_path / "cut.txt")) == whole


# --- a cluster --------------------------------------------------------------------------------------------------


@pytest.fixture
def cluster(here):
    """Two workers, each a process, that start in the folder to work in."""
    distributed = pytest.importorskip("distributed", reason="needs dask.distributed")
    room = dict(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50)
    with distributed.LocalCluster(**room) as two:
        yield two


def test_a_cluster_makes_the_same_numbers(cluster):
    address = cluster.scheduler_address
    begin(5)
    assert finish(scheduler=address) == (11, 5, 0)
    Path("image.zarr/c/1/2").write_bytes(b"no chunk")
    with pytest.raises(RuntimeError) as caught:
        store.convolve("image.zarr", "second.zarr", [[1]], scheduler=address)
    assert str(caught.value).startswith('image (="image.zarr") can\'t be read at 16..31, 40..59: ')


def killing(cluster, *counts):
    """Return a progress callback that kills a worker after so many pieces, as a machine without memory does."""

    def progress(done, total):
        if done in counts:
            os.kill(cluster.workers[counts.index(done)].pid, signal.SIGKILL)

    return progress


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_worker_that_dies_takes_no_piece_with_it(cluster):
    first = cluster.workers[0].pid
    assert finish(scheduler=cluster.scheduler_address, progress=killing(cluster, 3)) == (16, 0, 0)
    assert cluster.workers[0].pid != first


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_pieces_that_take_their_workers_with_them_end_the_job_with_a_sentence(cluster):
    cluster.scheduler.allowed_failures = 0  # else each is tried three times more
    with pytest.raises(RuntimeError) as caught:
        store.convolve("image.zarr", "out.zarr", "sobel_x", scheduler=cluster.scheduler_address,
                       progress=killing(cluster, 3, 4))  # fmt: skip
    count = len((LEFT / "journal.txt").read_text().splitlines())
    assert 4 <= count < 16
    assert str(caught.value) == (
        "the cluster lost a piece for good (KilledWorker); see what its workers' logs say, or give them more memory; "
        f"{count} of 16 pieces are kept, and the same command goes on from there"
    )
    assert finish() == (16 - count, count, 0)


def test_the_job_is_written_down_in_words(here):
    begin(1)
    facts = json.loads((LEFT / "job.json").read_text())
    assert (facts["image"]["shape"], facts["image"]["files"], facts["terms"]["padding"]) == ([50, 70], 17, "same")
    assert facts["kernel"]["shape"] == [3, 3]
    assert facts["result"] == {"shape": [50, 70], "dtype": "<i4", "piece": [16, 20], "chunks": [16, 20]}


def test_the_store_loads_zarr_only_when_it_is_used():
    program = "import sys, convista.store; print([name for name in ('zarr', 'dask', 'tifffile', 'torch') if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
