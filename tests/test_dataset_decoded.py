"""The decoded cache: the same data set, sooner; whole or made anew; never in the user's folder, never too large."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_dataset_folder import encoded, picture, put, state

import convista as cx
from convista.bilingual import in_chinese
from convista.dataset import Dataset, decoded, decoding, load_dataset, memory
from convista.dataset.cache import CacheFolderError
from convista.files import write_text

FILES = {
    f"{split}/{label}/{number}.png": picture(number * 20 + ord(label) % 20, 20, 20)
    for split in ("train", "valid")
    for label in "ab"
    for number in range(10)
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test, in which small data sets are worth a place."""
    monkeypatch.setenv("CONVISTA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(decoded, "WORTH", 1)
    return tmp_path / "home" / "decoded"


def aged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the files be old enough: the clock goes on by an hour."""
    monkeypatch.setattr(decoded.time, "time_ns", lambda: time.clock_gettime_ns(time.CLOCK_REALTIME) + 3600 * 10**9)
    return folder


@pytest.fixture
def letters(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return aged(put(tmp_path / "letters", FILES | {"train/a/bad.png": b"x", "train/a/note.txt": b""}), monkeypatch)


def same(one: Dataset, other: Dataset) -> None:
    for first, second in ((one.train, other.train), (one.valid, other.valid)):
        np.testing.assert_array_equal(first.images, second.images)
        np.testing.assert_array_equal(first.labels, second.labels)
        assert (first.images.dtype, first.labels.dtype) == (second.images.dtype, second.labels.dtype)
        assert first.paths == second.paths
    assert [in_chinese(remark) for remark in one.remarks] == [in_chinese(remark) for remark in other.remarks]
    names = ("name", "folder", "classes", "remarks", "reading", "left_out")
    assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]


def nothing_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("convista.dataset.folder.decode")


def test_a_second_start_decodes_nothing_and_is_the_same(letters: Path, home: Path, monkeypatch: Any) -> None:
    before = state(letters)
    first = load_dataset(letters)
    assert [entry.shape for entry in decoded.entries()] == [(40, 1, 20, 20)]
    nothing_is_decoded(monkeypatch)
    second = load_dataset(letters)
    same(first, second)
    assert second.train.images.flags.writeable
    assert state(letters) == before
    assert {path.name for path in next(home.iterdir()).iterdir()} == {"facts.json", "images.npy"}


@pytest.mark.parametrize(
    "change", ["content", "time put back", "another file", "another name", "size", "labels", "no longer there", "aside"]
)
def test_what_is_no_longer_true_is_not_used(letters: Path, monkeypatch: Any, tmp_path: Path, change: str) -> None:
    first, options, file = load_dataset(letters), {}, letters / "train/a/3.png"
    status = file.stat()
    match change:
        case "content":
            file.write_bytes(picture(255, 20, 20))
        case "time put back":
            file.write_bytes(picture(255, 20, 20))
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        case "another file":
            put(letters, {"train/a/new.png": picture(255, 20, 20)})
        case "another name":
            file.rename(letters / "train/b/moved.png")
        case "size":
            options = {"size": 10}
        case "labels":
            write_text(tmp_path / "l.csv", "file,label\n" + "".join(f"{path},x{path[-5]}\n" for path in FILES))
            options = {"labels": tmp_path / "l.csv"}
        case "no longer there":
            file.unlink()
        case "aside":
            (letters / "train/a/bad.png").unlink()
    second = load_dataset(letters, **options)
    with pytest.raises(AssertionError):
        same(first, second)
    monkeypatch.setattr(decoded, "WORTH", 2**60)
    same(second, load_dataset(letters, **options))  # decoded anew


def test_files_that_have_just_been_changed_are_not_trusted(home: Path, tmp_path: Path) -> None:
    load_dataset(put(tmp_path / "letters", FILES))
    assert decoded.entries() == []


def test_small_folders_are_not_worth_a_place(letters: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(decoded, "WORTH", sum(map(len, FILES.values())) + 2)
    load_dataset(letters)
    assert decoded.entries() == []


@pytest.mark.parametrize("name", ["facts.json", "images.npy"])
@pytest.mark.parametrize("how", ["gone", "empty", "cut", "one bit", "other"])
def test_a_damaged_entry_is_noticed_and_made_anew(letters: Path, home: Path, name: str, how: str) -> None:
    first = load_dataset(letters)
    (file,) = home.glob(f"*/{name}")
    data = file.read_bytes()
    if how == "gone":
        file.unlink()
    else:
        middle = data.index(b"a/5.png") + 2 if name == "facts.json" else len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        file.write_bytes({"empty": b"", "cut": data[:-3], "one bit": flipped, "other": b"null\n{}"}[how])
    same(first, load_dataset(letters))
    assert file.read_bytes() == data
    assert [path.name for path in home.iterdir()] == [file.parent.name]


@pytest.mark.parametrize("fault", ["a file in the way", "no room", "full"])
def test_without_a_place_for_the_cache_all_works(letters: Path, home: Path, monkeypatch: Any, fault: str) -> None:
    home.parent.mkdir()
    if fault == "a file in the way":
        home.touch()
    elif fault == "no room":
        monkeypatch.setattr(decoded, "most_on_disk", lambda: 100)
    else:
        monkeypatch.setattr(decoded.np, "save", full)
    same(load_dataset(letters), load_dataset(letters))
    assert decoded.entries() == []
    assert not home.is_dir() or list(home.iterdir()) == []


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


# Too many for memory -------------------------------------------------------------------------------------------------


def test_images_too_many_for_memory_are_mapped_and_the_same(letters: Path, home: Path, monkeypatch: Any) -> None:
    in_memory = load_dataset(letters, size=8)
    decoded.clear()
    monkeypatch.setattr(decoded, "most_in_memory", lambda: 99)
    monkeypatch.setattr("convista.dataset.folder.most_in_memory", lambda: 99)
    first = load_dataset(letters, size=8)
    same(first, in_memory)
    second = load_dataset(letters, size=8)
    same(second, in_memory)
    for dataset in (first, second):
        assert isinstance(dataset.train.images.base.base, np.memmap)
        (file,) = home.glob("*/images.npy")
        before = file.read_bytes()
        dataset.train.images[:] = 7  # stays in memory
        assert file.read_bytes() == before
    same(load_dataset(letters, size=8), in_memory)


def test_too_many_for_memory_and_no_place_on_the_disk_is_a_sentence(
    letters: Path, home: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(decoded, "most_in_memory", lambda: 99)
    home.parent.mkdir()
    home.touch()
    with pytest.raises(CacheFolderError) as caught:
        load_dataset(letters)
    assert str(caught.value) == (
        f'folder (="{home}") must take the decoded images, which are too many for memory, but: File exists; name '
        "another with the environment variable CONVISTA_HOME, or give a smaller size"
    )


def test_a_full_disk_is_noticed_before_anything_is_written_into_the_map(letters: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(decoded, "most_in_memory", lambda: 99)
    monkeypatch.setattr(decoded.os, "posix_fallocate", full)
    monkeypatch.setattr("convista.dataset.folder.put", lambda *_: pytest.fail("it was written"))
    with pytest.raises(CacheFolderError, match="No space left on device"):
        load_dataset(letters)


# Room ----------------------------------------------------------------------------------------------------------------


def test_the_entry_used_longest_ago_goes_first(home: Path, tmp_path: Path, monkeypatch: Any) -> None:
    folders = [aged(put(tmp_path / name, FILES), monkeypatch) for name in ("one", "two", "three")]
    for age, folder in enumerate(folders[:2]):
        load_dataset(folder)
        os.utime(decoded.entries()[0].place, (1000 - age, 1000 - age))
    load_dataset(folders[1])  # used again
    each = decoded.entries()[0].bytes
    monkeypatch.setattr(decoded, "most_on_disk", lambda: 2 * each + 99)
    load_dataset(folders[2])
    assert {entry.folder for entry in decoded.entries()} == {str(folder) for folder in folders[1:]}


def test_the_cache_takes_no_more_than_half_of_what_the_disk_has_for_it(
    letters: Path, home: Path, monkeypatch: Any
) -> None:
    load_dataset(letters)
    held = decoded.entries()[0].bytes
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(decoded.shutil, "disk_usage", lambda _: usage)
    assert decoded.most_on_disk() == (1000 + held) // 2
    usage.free = 2**50
    assert decoded.most_on_disk() == decoded.LIMIT


def test_what_killed_processes_left_goes_after_a_day(letters: Path, home: Path) -> None:
    old, new = home / ".0123-old", home / ".0123-new"
    for place in (old, new):
        place.mkdir(parents=True)
    os.utime(old, (1000, 1000))
    load_dataset(letters)
    assert not old.exists()
    assert new.exists()


TWICE = """
import sys, time
from convista.dataset import decoded, load_dataset
decoded.WORTH, decoded.SETTLED = 1, -10**18
print("ready", flush=True)
sys.stdin.readline()
dataset = load_dataset(sys.argv[1])
print(int(dataset.train.images.sum()), dataset.reading)
"""


def test_two_processes_may_start_at_once(letters: Path, home: Path) -> None:
    command = [sys.executable, "-c", TWICE, str(letters)]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    answers = [process.communicate("\n", timeout=60)[0] for process in both]
    assert answers[0] == answers[1] != ""
    (entry,) = decoded.entries()
    assert [path.name for path in home.iterdir()] == [entry.place.name]


@pytest.mark.parametrize("most", [2**30, 99])
def test_who_comes_second_leaves_the_first_entry_alone(letters: Path, home: Path, monkeypatch: Any, most: int) -> None:
    monkeypatch.setattr(decoded, "most_in_memory", lambda: most)
    put_in = decoding.put

    def and_another_is_quicker(*arguments: Any) -> None:
        put_in(*arguments)
        monkeypatch.setattr("convista.dataset.folder.put", put_in)
        load_dataset(letters)
        first.append((decoded.entries()[0].place / "images.npy").stat().st_ino)

    first: list[int] = []
    monkeypatch.setattr("convista.dataset.folder.put", and_another_is_quicker)
    load_dataset(letters)
    assert [(entry.place / "images.npy").stat().st_ino for entry in decoded.entries()] == first
    assert len(list(home.iterdir())) == 1


# The size that is chosen ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ([(9, 9)] * 3 + [(5, 5)] * 2, (9, 9)),
        ([(9, 9)] * 2 + [(5, 7), (6, 4)], (6, 7)),
        ([(300, 400), (400, 300), (200, 200)], (96, 96)),
        ([(120, 160)], (72, 96)),
        ([(1, 5000)], (1, 96)),
        ([(96, 96)], (96, 96)),
    ],
)
def test_the_size_is_that_of_most_images_or_the_median_and_never_long(
    tmp_path: Path, sizes: list[tuple[int, int]], chosen: tuple[int, int]
) -> None:
    names = ("train/a/1.png", "train/b/1.png", "valid/a/1.png", "valid/b/1.png", "train/a/2.png")
    put(tmp_path, {name: picture(n, *sizes[n % len(sizes)]) for n, name in enumerate(names[: max(4, len(sizes))])})
    if len(sizes) in (1, 2, 4, 5):
        assert load_dataset(tmp_path).train.images.shape[2:] == chosen
    pictures = [decoding.Picture("", size, False, False, False, b"", None) for size in sizes]
    assert decoding.chosen_size(pictures)[0] == chosen


def test_grey_stored_as_colour_is_one_channel_and_said(tmp_path: Path) -> None:
    from PIL import Image

    put(tmp_path, {name: picture(n, colour=True) for n, name in enumerate(FILES)})
    dataset = load_dataset(tmp_path)
    assert dataset.train.images.shape == (20, 1, 4, 5)
    said = "taken as grey, since their three channels are equal: 40 images stored as colour"
    assert dataset.remarks == (said,)
    put(tmp_path, {"train/a/0.png": encoded(Image.new("RGB", (5, 4), (9, 9, 8)), "PNG")})
    mixed = load_dataset(tmp_path)
    assert mixed.train.images.shape == (20, 3, 4, 5)
    assert mixed.train.images[0, :, 0, 0].tolist() == [9, 9, 8]
    assert mixed.remarks == ("grey among colour: 39 of 40 images, given three equal channels",)
    assert cx.scan(tmp_path)["remarks"][0] == mixed.remarks[0]


# The share of the memory ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "most"),
    [(None, 2**32), ("max\n", 2**32), ("1073741824\n", 2**28), ("9223372036854771712\n", 2**32)],
    ids=["no container", "no limit", "a limit", "a limit beyond the machine"],
)
def test_a_quarter_of_the_memory_or_of_what_a_container_may_use(
    tmp_path: Path, monkeypatch: Any, limit: str | None, most: int
) -> None:
    sizes = {"SC_PAGE_SIZE": 2**12, "SC_PHYS_PAGES": 2**22}
    monkeypatch.setattr(memory.os, "sysconf", sizes.__getitem__)
    monkeypatch.setattr(memory, "_LIMITS", (str(tmp_path / "none"), str(tmp_path / "limit")))
    if limit is not None:
        (tmp_path / "limit").write_text(limit)
    assert memory.most_in_memory() == most


def test_a_system_that_does_not_tell_its_memory(monkeypatch: Any) -> None:
    def unknown(_: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(memory.os, "sysconf", unknown)
    monkeypatch.setattr(memory, "_LIMITS", ())
    assert memory.most_in_memory() == memory.UNKNOWN // 4
