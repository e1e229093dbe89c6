"""How folders and CSVs are read: which split and class each image has, and what is kept to judge by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_dataset_folder import PLAIN, error_of, picture, put

import convista as cx
from convista.dataset import Dataset, load_dataset
from convista.dataset.records import Place
from convista.dataset.splitting import kept_to_judge


def labels(dataset: Dataset) -> dict[str, str]:
    """The split and class of each path."""
    splits = {"train": dataset.train, "valid": dataset.valid}
    return {
        path: f"{name} {dataset.classes[label]}"
        for name, split in splits.items()
        for path, label in zip(split.paths, split.labels, strict=True)
    }


def numbered(count: int, start: int = 0, label: str = "cat") -> dict[str, bytes]:
    return {f"{label}/{number:03}.png": picture(number % 250, 2, 2 + number // 250) for number in range(start, count)}


# Folders for splits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("train", ["train", "Train", "training"])
@pytest.mark.parametrize("valid", ["valid", "val", "VALIDATION", "test", "testing"])
def test_splits_may_be_spelt_as_people_spell_them(tmp_path: Path, train: str, valid: str) -> None:
    put(tmp_path, {path.replace("train", train).replace("valid", valid): data for path, data in PLAIN.items()})
    dataset = load_dataset(tmp_path)
    assert labels(dataset) == {
        f"{train}/cat/a.png": "train cat",
        f"{train}/cat/b.png": "train cat",
        f"{train}/dog/10.png": "train dog",
        f"{train}/dog/9.png": "train dog",
        f"{valid}/cat/4.png": "valid cat",
        f"{valid}/dog/3.png": "valid dog",
    }
    assert dataset.reading == f"as {train}/<class>/<image> and {valid}/<class>/<image>"
    assert dataset.counts == "to learn from + to judge by: cat 2 + 1, dog 2 + 1"
    assert dataset.summary == f"4 images of 2 classes to learn from, 2 to judge by; read {dataset.reading}"


def test_a_test_beside_valid_is_kept_aside_but_looked_at(tmp_path: Path) -> None:
    put(tmp_path, PLAIN | {"test/cat/1.png": PLAIN["train/cat/a.png"], "test/dog/2.png": picture(70)})
    dataset, found = load_dataset(tmp_path), cx.scan(tmp_path)
    assert len(dataset.train.labels) + len(dataset.valid.labels) == len(PLAIN)
    assert dataset.remarks == ("not looked at: 2 images of the test; in the end: convista predict RUN IMAGE...",)
    assert found["classes"]["cat"] == {"train": 2, "valid": 1, "test": 1}
    assert found["duplicates"] == [["test/cat/1.png", "train/cat/a.png"]]
    assert len(found["used"]) == len(PLAIN) + 2


def test_a_test_without_classes_says_nothing_and_train_is_split(tmp_path: Path) -> None:
    put(tmp_path, {f"train/{path}": data for path, data in (numbered(10) | numbered(60, 50, "dog")).items()})
    put(tmp_path, {"test/1.png": picture(1)})
    dataset = load_dataset(tmp_path)
    assert np.bincount(dataset.valid.labels).tolist() == [2, 2]
    assert dataset.reading == (
        "as train/<class>/<image>; 4 images, 20% of each class, kept to judge by, chosen by a hash of their paths"
    )
    assert {one.path for one in dataset.left_out} == {"test/1.png"}


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    put(tmp_path, numbered(5, 0, "train") | numbered(15, 10, "test") | numbered(25, 20, "bus"))
    assert load_dataset(tmp_path).classes == ("bus", "test", "train")


def test_of_many_classes_the_first_are_counted(tmp_path: Path) -> None:
    put(tmp_path, {f"{label:02}/{n}.png": picture(label * 2 + n) for label in range(22) for n in range(2)})
    told = load_dataset(tmp_path).counts
    assert told.startswith("to learn from + to judge by: 00 1 + 1, 01 1 + 1, ")
    assert told.endswith(", 19 1 + 1, 2 more classes")


# A split by hash -----------------------------------------------------------------------------------------------------


def test_a_fifth_of_each_class_is_kept_and_stays_the_same(tmp_path: Path) -> None:
    put(tmp_path / "a", numbered(100) | numbered(111, 100, "dog") | numbered(202, 200, "owl"))
    first = load_dataset(tmp_path / "a")
    assert np.bincount(first.train.labels).tolist() == [80, 9, 1]
    assert np.bincount(first.valid.labels).tolist() == [20, 2, 1]
    put(tmp_path / "b", {path: picture(number, 3, 3) for number, path in enumerate(labels(first))})  # other pixels
    assert labels(load_dataset(tmp_path / "b")) == labels(first)
    put(tmp_path / "a", {"cat/new.png": picture(3, 9, 9)})
    second = labels(load_dataset(tmp_path / "a"))
    assert sum(second[path] != split for path, split in labels(first).items()) <= 1


def test_the_choice_is_the_one_that_was_always_made(tmp_path: Path) -> None:
    """Another choice would judge old runs and new ones by different images."""
    put(tmp_path, numbered(10) | numbered(20, 10, "dog"))
    assert load_dataset(tmp_path).valid.paths == ("cat/000.png", "cat/008.png", "dog/010.png", "dog/016.png")


def test_equal_pixels_stay_together(tmp_path: Path) -> None:
    put(tmp_path, numbered(40) | {f"cat/again {n}.png": picture(n, 2, 2) for n in range(40)} | numbered(60, 50, "dog"))
    found = cx.scan(tmp_path)
    assert found["duplicates"] == []
    assert found["classes"]["cat"] == {"train": 64, "valid": 16}


def test_a_group_that_is_too_large_is_learned_from() -> None:
    places = [Place(f"cat/{number}.png", "cat", "") for number in range(10)]
    pixels = {place.path: b"one" if number < 8 else place.path.encode() for number, place in enumerate(places)}
    assert sorted(kept_to_judge(places, pixels)) == ["cat/8.png", "cat/9.png"]
    assert kept_to_judge(places[6:9], pixels) == {"cat/8.png"}
    assert not kept_to_judge(places[:1], pixels)
    assert not kept_to_judge(places[:8], pixels)


def test_where_each_image_is_there_twice_one_pair_is_kept() -> None:
    places = [Place(f"cat/{number}.png", "cat", "") for number in range(4)]
    kept = kept_to_judge(places, {place.path: bytes([number // 2]) for number, place in enumerate(places)})
    assert sorted(kept) in (["cat/0.png", "cat/1.png"], ["cat/2.png", "cat/3.png"])


# A CSV of labels -----------------------------------------------------------------------------------------------------

FLAT = {f"{number}.png": picture(number) for number in range(8)} | {"deep/é 8.png": picture(8)}


def labelled(folder: Path, text: str | bytes, **options: Any) -> Dataset:
    put(folder, FLAT)
    file = folder.parent / "labels.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_dataset(folder, labels=file, **options)


def test_a_csv_names_labels_and_splits(tmp_path: Path) -> None:
    dataset = labelled(
        tmp_path / "flat",
        "file,label,split\n0.png,ant,train\n./1.png,bee/wasp,training\n2.png,ant,val\ndeep\\é 8.png,bee/wasp,valid\n"
        "3.png,bee/wasp,test\n99.png,ant,train\n/etc/passwd,ant,train\n../x.png,ant,train\n",
    )
    assert labels(dataset) == {
        "0.png": "train ant",
        "1.png": "train bee/wasp",
        "2.png": "valid ant",
        "deep/é 8.png": "valid bee/wasp",
    }
    assert dataset.reading == f"by the labels in {tmp_path}/labels.csv"
    told = {one.path: one.reason for one in dataset.left_out}
    assert told == {
        **dict.fromkeys(("4.png", "5.png", "6.png", "7.png"), "labels.csv has no label for it"),
        "99.png": "line 7 of labels.csv names it, but it is not there",
        "/etc/passwd": "line 8 of labels.csv names it, but its path must be one below the folder",
        "../x.png": "line 9 of labels.csv names it, but its path must be one below the folder",
    }


ALL = "".join(f"{number}.png{{0}}{'ab'[number % 2]}\n" for number in range(8))


@pytest.mark.parametrize(
    "text",
    [
        "file,label\n" + ALL.format(","),
        "\ufefffile,label\r\n" + ALL.format(",").replace("\n", "\r\n"),
        "file;label\n" + ALL.format(";"),
        "FILE\tlabel\n" + ALL.format("\t"),
        'more,"label",file\n' + "".join(f'"x,y",{"ab"[number % 2]},{number}.png\n\n' for number in range(8)),
        "file,label,split\n" + ALL.format(",").replace("\n", ",\n"),
        "file,label,split\n" + ALL.format(",").replace("\n", ",train\n"),
    ],
    ids=["plain", "from Windows", "semicolons", "tabs", "more columns", "no split said", "all to train"],
)
def test_csvs_as_programs_write_them_and_a_split_where_none_is_said(tmp_path: Path, text: str) -> None:
    dataset = labelled(tmp_path / "flat", text)
    assert np.bincount(dataset.train.labels).tolist() == [3, 3]
    assert np.bincount(dataset.valid.labels).tolist() == [1, 1]
    assert "; 2 images, 20% of each class, kept to judge by, " in dataset.reading


def test_names_in_a_csv_need_not_be_utf8(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path / "flat") + b"/\xe9.png"
    put(tmp_path / "flat", {"x": b""})
    Path(os.fsdecode(raw)).write_bytes(picture(100))
    dataset = labelled(
        tmp_path / "flat", b"file,label,split\n\xe9.png,a,train\n1.png,b,train\n2.png,a,valid\n3.png,b,valid\n"
    )
    assert os.fsencode(dataset.train.paths[1]) == b"\xe9.png"


HEADER = 'begin with a line that names the columns "file" and "label" once; it has '


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", f"{HEADER}nothing"),
        ("0.png,a\n1.png,b\n", f"{HEADER}0.png, a"),
        ("image_id,label\n0.png,a\n", f"{HEADER}image_id, label"),
        ("file,label,file\n0.png,a,b\n", f"{HEADER}file, label, file"),
        ("file,label\n0.png,\n", "give a file and a label in each line; line 2 lacks one"),
        ("file,label\n0.png,a\n1.png\n", "give a file and a label in each line; line 3 lacks one"),
        (
            "file,label,split\n0.png,a,dev\n",
            'name a split by one of train, training, valid, validation, val, test, testing; line 2 has "dev"',
        ),
        ("file,label\n0.png,a\n0.png,b\n", 'say one thing of "0.png"; lines 2 and 3 differ'),
        (
            "file,label,split\n0.png,a,train\n1.png,b,\n",
            "name the split of each file, or of none; line 3 names none",
        ),
    ],
)
def test_a_csv_that_cannot_be_used_says_the_line_and_the_rule(tmp_path: Path, text: str, rule: str) -> None:
    put(tmp_path, {**FLAT, "l.csv": text.encode()})
    assert error_of(tmp_path, labels=tmp_path / "l.csv") == f'labels (="{tmp_path}/l.csv") must {rule}'


def test_a_csv_that_is_missing_or_names_nothing(tmp_path: Path) -> None:
    put(tmp_path, {**FLAT, "l.csv": b"file,label\nx.png,a\n"})
    assert error_of(tmp_path, labels=tmp_path / "no.csv") == f'labels (="{tmp_path}/no.csv") is not a file'
    assert error_of(tmp_path, labels=tmp_path / "l.csv") == (
        f'data (="{tmp_path}") must be a folder with images that {tmp_path}/l.csv names; it holds none'
    )


def test_a_scan_takes_the_labels_too(tmp_path: Path) -> None:
    put(tmp_path, {**FLAT, "l.csv": b"file,label,split\n0.png,a,train\n1.png,b,train\n2.png,a,valid\n"})
    found = cx.scan(tmp_path, labels=tmp_path / "l.csv")
    assert found["classes"] == {"a": {"train": 1, "valid": 1}, "b": {"train": 1, "valid": 0}}
    assert {one["path"] for one in found["left_out"]} == set(FLAT) - {"0.png", "1.png", "2.png"} | {"l.csv"}
