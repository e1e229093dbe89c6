from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_files import FILES, encoded, png_of, tiff_of
from numpy.typing import NDArray
from PIL import Image

from convista.dataset import Dataset, decoded, decoding, load_dataset


def picture(value: int, rows: int = 4, cols: int = 5, *, colour: bool = False) -> bytes:
    return encoded(Image.fromarray(np.full((rows, cols, 3) if colour else (rows, cols), value, np.uint8)), "PNG")


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


RED = Image.new("RGB", (5, 4), (200, 10, 30))
PLAIN = {
    "train/cat/b.png": picture(2),
    "train/cat/a.png": picture(1),
    "train/dog/10.png": picture(10),
    "train/dog/9.png": picture(9),
    "valid/dog/3.png": picture(3),
    "valid/cat/4.png": picture(4),
}


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two classes of grey images, 4 rows x 5 cols, each of one value."""
    return put(tmp_path / "pets", PLAIN)


def values(dataset: Dataset) -> dict[str, int]:
    """For each path, the value of its image's first pixel."""
    splits = (dataset.train, dataset.valid)
    return {
        path: int(image[0, 0, 0]) for split in splits for path, image in zip(split.paths, split.images, strict=True)
    }


def error_of(data: Any, **options: Any) -> str:
    with pytest.raises((ValueError, FileNotFoundError, TypeError)) as caught:
        load_dataset(data, **options)
    return str(caught.value)


def state(folder: Path) -> dict[str, tuple[bytes, float]]:
    """Everything that a program could change in a folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else b"", path.lstat().st_mtime_ns)
        for path in [folder, *folder.rglob("*")]
    }


# A good folder -------------------------------------------------------------------------------------------------------


def test_images_labels_and_paths_stand_in_one_order(pets: Path) -> None:
    dataset = load_dataset(pets)
    assert (dataset.name, dataset.folder, dataset.classes) == (str(pets), pets, ("cat", "dog"))
    assert dataset.train.paths == ("train/cat/a.png", "train/cat/b.png", "train/dog/10.png", "train/dog/9.png")
    assert dataset.train.labels.tolist() == [0, 0, 1, 1]
    assert dataset.valid.paths == ("valid/cat/4.png", "valid/dog/3.png")
    assert dataset.valid.labels.tolist() == [0, 1]
    assert values(dataset) == {
        "train/cat/a.png": 1,
        "train/cat/b.png": 2,
        "train/dog/10.png": 10,
        "train/dog/9.png": 9,
        "valid/cat/4.png": 4,
        "valid/dog/3.png": 3,
    }
    assert dataset.remarks == ()


def test_arrays_are_uint8_and_int64_and_torch_can_share_them(pets: Path) -> None:
    train = load_dataset(pets).train
    assert (str(train.images.dtype), train.images.shape) == ("uint8", (4, 1, 4, 5))
    assert (str(train.labels.dtype), train.labels.shape) == ("int64", (4,))
    assert train.images.flags.writeable
    assert train.images.flags.c_contiguous


def test_a_class_may_hold_folders_and_any_case_of_ending(pets: Path) -> None:
    put(pets, {"train/cat/deep/er/c.PNG": picture(5), "train/cat/d.JpEg": picture(6)})
    assert load_dataset(pets).train.paths[:4] == (
        "train/cat/a.png",
        "train/cat/b.png",
        "train/cat/d.JpEg",
        "train/cat/deep/er/c.PNG",
    )


def test_a_path_and_its_text_give_the_same(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pets.parent)
    for data in (pets, str(pets), "pets", f"{pets}/"):
        assert len(load_dataset(data).train.labels) == 4
    assert load_dataset("pets").name == "pets"


def test_a_folder_that_is_called_like_a_data_set(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pets.rename(pets.with_name("mnist"))
    monkeypatch.chdir(pets.parent)
    for data in (Path("mnist"), "./mnist"):
        assert load_dataset(data).classes == ("cat", "dog")


def test_the_folder_is_only_read(pets: Path) -> None:
    put(pets, {"train/cat/bad.png": b"x", "train/cat/notes.txt": b"x", "valid/dog/big.png": picture(1, 9, 9)})
    before = state(pets)
    load_dataset(pets)
    load_dataset(pets, size=3)
    assert state(pets) == before


@pytest.mark.parametrize("side", [4, 65])  # by one thread, by several
def test_many_files_keep_their_order(tmp_path: Path, side: int) -> None:
    put(tmp_path, {f"train/cat/{number:03}.png": picture(number, side, side) for number in range(250)})
    put(tmp_path, {name: picture(0, side, side) for name in ("train/dog/1.png", "valid/cat/1.png", "valid/dog/1.png")})
    found = values(load_dataset(tmp_path))
    assert [found[f"train/cat/{number:03}.png"] for number in range(250)] == list(range(250))


# Channels, bits, sizes -----------------------------------------------------------------------------------------------


def test_one_colour_image_gives_all_three_channels(pets: Path) -> None:
    put(pets, {"valid/cat/red.png": encoded(Image.new("RGB", (5, 4), (200, 10, 30)), "PNG")})
    dataset = load_dataset(pets)
    assert dataset.train.images.shape == (4, 3, 4, 5)
    assert dataset.train.images[:, :, 0, 0].tolist() == [[1] * 3, [2] * 3, [10] * 3, [9] * 3]
    assert dataset.valid.images[1, :, 2, 2].tolist() == [200, 10, 30]
    assert dataset.remarks == ("grey among colour: 6 of 7 images, given three equal channels",)


def test_sixteen_bits_become_the_high_byte(pets: Path) -> None:
    deep = np.full((4, 5), 0x37FF, np.uint16)
    put(pets, {"train/cat/a.png": encoded(Image.fromarray(deep), "PNG")})
    dataset = load_dataset(pets)
    assert values(dataset)["train/cat/a.png"] == 0x37
    assert dataset.remarks == ("cut to 8 bits, the high byte: 1 image of 16 bits",)


def test_the_most_common_size_wins_and_is_said(pets: Path) -> None:
    put(pets, {"train/cat/wide.png": picture(50, 4, 10), "train/dog/small.png": picture(60, 2, 2)})
    dataset = load_dataset(pets)
    assert dataset.train.images.shape == (6, 1, 4, 5)
    assert values(dataset)["train/cat/wide.png"] == 50
    assert values(dataset)["train/dog/small.png"] == 60
    assert dataset.remarks == (
        "resized: 2 of 8 images, to 4 rows x 5 cols, the most common size; their aspect is kept, the space beside "
        "them filled with their border's mean",
    )


def test_of_equally_common_sizes_the_smaller_wins(tmp_path: Path) -> None:
    names = ("train/a/1.png", "train/b/1.png", "valid/a/1.png", "valid/b/1.png")
    put(tmp_path, {name: picture(1, 3 + number % 2, 4) for number, name in enumerate(names)})
    assert load_dataset(tmp_path).train.images.shape == (2, 1, 3, 4)


@pytest.mark.parametrize(("size", "shape"), [(8, (8, 8)), ((6, 7), (6, 7)), (np.int64(3), (3, 3))])
def test_a_given_size_counts(pets: Path, size: Any, shape: tuple[int, int]) -> None:
    dataset = load_dataset(pets, size=size)
    assert dataset.train.images.shape == (4, 1, *shape)
    assert dataset.remarks == (
        f"resized: 6 of 6 images, to {shape[0]} rows x {shape[1]} cols; their aspect is kept, the space beside them "
        "filled with their border's mean",
    )


def test_images_too_large_to_keep_are_decoded_again_to_the_same(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(pets, {"train/cat/large.png": picture(50, 40, 50), "train/cat/cut.png": picture(9, 40, 50)[:-30]})
    once = load_dataset(pets)
    decode = decoding.decode
    kept = []

    def keep_nothing(root: str, paths: Any, size: Any, keep: int) -> Any:
        pictures, left_out = decode(root, paths, size, 8 * 19)  # 19 bytes an image
        kept.extend(one.image for one in pictures)
        return pictures, left_out

    monkeypatch.setattr("convista.dataset.folder.decode", keep_nothing)
    twice = load_dataset(pets)
    assert kept == [None] * 7
    np.testing.assert_array_equal(once.train.images, twice.train.images)
    assert once.remarks == twice.remarks


@pytest.mark.parametrize("change", ["vanish", "differ"])
def test_a_file_that_changes_while_it_is_read_ends_it(pets: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    def and_change(*arguments: Any) -> Any:
        found = decoding.decode(*arguments[:3], 0)
        (pets / "train/cat/a.png").unlink()
        if change == "differ":
            put(pets, {"train/cat/a.png": picture(77)})
        return found

    monkeypatch.setattr("convista.dataset.folder.decode", and_change)
    sentence = '"train/cat/a.png" has changed while the images were being read; start again'
    with pytest.raises(RuntimeError, match=f"^{sentence}$"):
        load_dataset(pets)


def test_images_that_fit_nowhere_are_refused_before(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("folder.decode", "decoded._new_entry"):
        monkeypatch.delattr(f"convista.dataset.{place}")  # neither is even tried
    monkeypatch.setattr(decoded, "most_in_memory", lambda: 2**20)
    monkeypatch.setattr(decoded, "most_on_disk", lambda: 2**31)
    assert error_of(pets, size=(50_000, 40_000)) == (
        "size (=50000 rows x 40000 cols) must let 6 images fit into 2.0 GiB, but they take 11.2 GiB; give size=224 or "
        "less"
    )


def test_colour_takes_three_times_the_room(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(pets, {"train/cat/a.png": picture(1, colour=True), "train/cat/b.png": encoded(RED, "PNG")})
    monkeypatch.setattr(decoded, "most_on_disk", lambda: 0)
    monkeypatch.setattr(decoded, "most_in_memory", lambda: 6 * 4 * 5 * 3 - 1)
    assert error_of(pets).startswith("size (=4 rows x 5 cols) must let 6 images fit into ")
    monkeypatch.setattr(decoded, "most_in_memory", lambda: 6 * 4 * 5 * 3)
    assert load_dataset(pets).train.images.shape == (4, 3, 4, 5)


# Files that aren't used ----------------------------------------------------------------------------------------------

BOMB = png_of(50_000, 50_000, 8, 2, b"\0" * 99)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty (0 bytes)"),
        (b"hello", "its first bytes are those of no PNG, JPEG, WebP, TIFF, BMP or GIF file"),
        (FILES["png rgb"][:-30], "it is cut short or damaged (image file is truncated)"),
        (BOMB, "it has 50,000 rows x 50,000 cols = 2,500,000,000 pixels, over the limit of 178,956,970"),
        (
            FILES["tiff float rgb"],
            "it holds float32 numbers, whose black and white are not known; save it as 8 or 16 bit",
        ),
        (
            tiff_of(np.zeros((4, 5, 2), np.uint8), photometric="minisblack", planarconfig="contig"),
            "it has shape (4, 5, 2), not (rows, cols) or (rows, cols, 3)",
        ),
    ],
)
def test_a_bad_file_is_left_out_by_name_with_the_reason(pets: Path, data: bytes, reason: str) -> None:
    put(pets, {"train/cat/0.png": data})
    dataset = load_dataset(pets)
    assert dataset.train.paths == ("train/cat/a.png", "train/cat/b.png", "train/dog/10.png", "train/dog/9.png")
    assert dataset.train.images[:, 0, 0, 0].tolist() == [1, 2, 10, 9]
    assert dataset.remarks == (f"left out: train/cat/0.png, since {reason}",)


def test_other_files_are_counted_and_hidden_ones_passed_over(pets: Path) -> None:
    put(
        pets,
        {
            "train/cat/notes.txt": b"",
            "train/cat/deep/b.csv": b"",
            "valid/dog/Thumbs.db": b"",
            "train/labels": b"",
            "train/.ipynb_checkpoints/a.png": picture(1),
            "train/cat/.hidden.png": picture(1),
            ".git/train/x.png": picture(1),
            "train/loose.png": picture(1),
            "README.md": b"",
            "more/cat/x.png": picture(1),
        },
    )
    dataset = load_dataset(pets)
    assert len(dataset.train.labels) == 4
    assert dataset.classes == ("cat", "dog")
    assert dataset.remarks == (
        "left out: train/loose.png, since it lies in no class folder",
        "ignored: 2 files (.git/train/x.png, train/.ipynb_checkpoints/a.png): it lies in a hidden folder",
        "ignored: 1 file (more/cat/x.png): it lies outside of the folders that are read",
        "ignored: 1 file (train/cat/.hidden.png): it is hidden: its name begins with a dot",
        "ignored: 4 files (train/cat/deep/b.csv, train/cat/notes.txt, train/labels and 1 more): its ending is no "
        "image's",
    )


def test_links_are_followed_only_to_files_inside(pets: Path, tmp_path: Path) -> None:
    put(tmp_path, {"secret.png": picture(99), "other/x.png": picture(98)})
    cats = pets / "train/cat"
    (cats / "in.png").symlink_to("../dog/9.png")
    (cats / "out.png").symlink_to(tmp_path / "secret.png")
    (cats / "sneaky.png").symlink_to("../../../secret.png")
    (cats / "more").symlink_to(tmp_path / "other")
    (cats / "circle").symlink_to("..")
    (cats / "nothing.png").symlink_to("nowhere.png")
    dataset = load_dataset(pets)
    assert dataset.train.paths[:3] == ("train/cat/a.png", "train/cat/b.png", "train/cat/in.png")
    assert values(dataset)["train/cat/in.png"] == 9
    assert dataset.remarks[:5] == (
        "left out: train/cat/circle, since it is a link to a folder",
        "left out: train/cat/more, since it is a link out of the folder",
        "left out: train/cat/out.png, since it is a link out of the folder",
        "left out: train/cat/sneaky.png, since it is a link out of the folder",
        "left out: train/cat/nothing.png, since it is a link to nothing",
    )


def test_the_folder_itself_may_be_reached_by_a_link(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(pets)
    (pets / "train/cat/in.png").symlink_to("../dog/9.png")
    dataset = load_dataset(tmp_path / "short")
    assert len(dataset.train.labels) == 5
    assert dataset.left_out == ()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_left_out_without_waiting_for_it(pets: Path) -> None:
    os.mkfifo(pets / "train/cat/pipe.png")
    assert load_dataset(pets).remarks == ("left out: train/cat/pipe.png, since it is a pipe, a socket or a device",)


def test_names_that_are_not_utf8_are_used_and_can_be_printed(pets: Path) -> None:
    raw = os.fsencode(pets)
    for name, data in ((b"/train/cat/\xe9.png", picture(7)), (b"/train/dog/\xff.png", b"")):
        Path(os.fsdecode(raw + name)).write_bytes(data)
    (Path(os.fsdecode(raw + b"/train/\xe8"))).mkdir()
    Path(os.fsdecode(raw + b"/train/\xe8/1.png")).write_bytes(picture(8))
    dataset = load_dataset(pets)
    assert os.fsencode(dataset.train.paths[2]) == b"train/cat/\xe9.png"
    assert [os.fsencode(name) for name in dataset.classes] == [b"cat", b"dog", b"\xe8"]
    assert dataset.remarks == (
        "left out: train/dog/\ufffd.png, since it is empty (0 bytes)",
        'no validation images: class "\ufffd", whose accuracy stays unknown',
        'imbalanced: "cat" has 3 images to learn from, "\ufffd" 1; the option weighted makes each class count alike',
    )
    "\n".join(dataset.remarks).encode()


def test_names_with_dashes_blanks_and_other_scripts(tmp_path: Path) -> None:
    places = [f"{split}/{name}/-rf ü 猫.png" for split in ("train", "valid") for name in ("-x", "犬")]
    put(tmp_path, {place: picture(number) for number, place in enumerate(places)})
    dataset = load_dataset(tmp_path)
    assert dataset.classes == ("-x", "犬")
    assert dataset.remarks == ()


# Classes -------------------------------------------------------------------------------------------------------------


def test_labels_go_by_name_where_valid_lacks_classes_or_has_others(pets: Path) -> None:
    put(pets, {"train/ant/1.png": picture(20), "valid/zebra/1.png": picture(30), "valid/zebra/2.png": picture(30)})
    (pets / "valid/nothing").mkdir()
    dataset = load_dataset(pets)
    assert dataset.classes == ("ant", "cat", "dog")
    assert dataset.train.labels.tolist() == [0, 1, 1, 2, 2]
    assert dict(zip(dataset.valid.paths, dataset.valid.labels.tolist(), strict=True)) == {
        "valid/cat/4.png": 1,
        "valid/dog/3.png": 2,
    }
    assert dataset.remarks == (
        "left out: valid/zebra/1.png, since no image to learn from has its class",
        "left out: valid/zebra/2.png, since no image to learn from has its class",
        'no validation images: class "ant", whose accuracy stays unknown',
    )


def test_an_empty_class_in_valid_is_a_remark(pets: Path) -> None:
    (pets / "valid/cat/4.png").unlink()
    assert load_dataset(pets).remarks == ('no validation images: class "cat", whose accuracy stays unknown',)


LAYOUT = "must be a folder with train/<class>/<image> and valid/<class>/<image>, or with <class>/<image>"
CAT, DOG = {"train/cat/a.png": picture(1)}, {"train/dog/a.png": picture(2)}


@pytest.mark.parametrize(
    ("files", "rest"),
    [
        ({}, f"{LAYOUT}; it is empty"),
        ({"cat/a.txt": b"", ".git/x.png": picture(1)}, f"{LAYOUT}; it holds cat/, but no image"),
        (
            {f"{n}.png": b"" for n in range(9)},
            f"{LAYOUT}; it holds 0.png, 1.png, 2.png, 3.png, 4.png, 5.png and 3 more",
        ),
        (CAT | DOG | {"val/cat/1.png": b"", "Valid/cat/1.png": b""}, f"{LAYOUT}; Valid and val could both be valid: "
         "rename one"),
        ({"train": b"", "valid/cat/a.png": b""}, f"{LAYOUT}; it holds train, valid/, but no train/"),
        ({"train/a.png": picture(1), "valid/cat/a.png": picture(1)}, f"{LAYOUT}; train holds no class folders"),
        (CAT | DOG | {"valid/a.png": picture(1)}, f"{LAYOUT}; valid holds no class folders"),
        (
            CAT | {"valid/cat/a.png": picture(1)},
            'must be a folder with two classes or more; it holds one, "cat"',
        ),
        ({"cat/a.png": picture(1)}, 'must be a folder with two classes or more; it holds one, "cat"'),
        (
            {"train/cat/a.txt": b"", "train/dog/a.txt": b"", "valid/cat/a.png": picture(1)},
            f"{LAYOUT}; it holds no images to learn from",
        ),
        (
            CAT | DOG | {"valid/Cat/a.png": picture(1)},
            "must be a folder with images to judge by; it holds none of the classes cat, dog",
        ),
        (
            CAT | {"train/dog/a.png": b"", "valid/cat/a.png": picture(1)},
            'must be a folder with images of each class; none of class "dog" can be read: train/dog/a.png, since it is '
            "empty (0 bytes)",
        ),
        (
            CAT | DOG | {"valid/cat/a.png": b""},
            'must be a folder with images to judge by; none of class "cat" can be read: valid/cat/a.png, since it '
            "is empty (0 bytes)",
        ),
        (
            {"cat/a.png": picture(1), "dog/a.png": picture(2)},
            "must be a folder with several images of a class, so that some can be kept to judge by",
        ),
    ],
)  # fmt: skip
def test_a_folder_of_another_layout_is_refused(tmp_path: Path, files: dict[str, bytes], rest: str) -> None:
    put(tmp_path, files)
    assert error_of(tmp_path) == f'data (="{tmp_path}") {rest}'


def test_an_empty_class_folder_is_no_class(pets: Path) -> None:
    (pets / "train/bird").mkdir()
    dataset = load_dataset(pets)
    assert dataset.classes == ("cat", "dog")
    assert dataset.remarks == ("no class: train/bird, since it holds no images",)


def test_a_split_that_is_a_link_is_said_to_be_left_out(pets: Path, tmp_path: Path) -> None:
    (pets / "valid").rename(tmp_path / "elsewhere")
    (pets / "valid").symlink_to(tmp_path / "elsewhere")
    assert error_of(pets) == f'data (="{pets}") {LAYOUT}; valid is left out, since it is a link out of the folder'


# What is given -------------------------------------------------------------------------------------------------------

NAMES = "mnist_sample, mnist, fashion_mnist, cifar10"


def test_what_is_neither_name_nor_folder_is_refused(tmp_path: Path) -> None:
    assert error_of("mnist_smple") == (
        f'data (="mnist_smple") must be one of {NAMES}, or a folder that exists; did you mean "mnist_sample"?'
    )
    assert error_of(tmp_path / "no") == f'data (="{tmp_path}/no") must be one of {NAMES}, or a folder that exists'
    put(tmp_path, {"a.zip": b""})
    assert (
        error_of(tmp_path / "a.zip") == f'data (="{tmp_path}/a.zip") must be one of {NAMES}, or a folder; it is a file'
    )
    assert error_of(3) == "data (a int) must be the name of a data set, or a folder"


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (0, "size (=0) must be 1 or more"),
        ((4, -1), "size (=(4, -1)) must be 1 or more"),
        (2.5, "size (=2.5) must be a whole number, or two: (rows, cols)"),
        ("64", "size (='64') must be a whole number, or two: (rows, cols)"),
        ((1, 2, 3), "size (=(1, 2, 3)) must be a whole number, or two: (rows, cols)"),
    ],
)
def test_a_size_is_a_whole_number_or_two(pets: Path, size: Any, message: str) -> None:
    assert error_of(pets, size=size) == message


def test_the_sample_is_loaded_by_its_name(shared_data: Path) -> None:
    from convista.dataset import read_idx

    dataset = load_dataset("mnist_sample")
    assert (dataset.name, dataset.classes, dataset.remarks) == ("mnist_sample", ("3", "7"), ())
    for split, stem, counts in ((dataset.train, "train", [6131, 6265]), (dataset.valid, "t10k", [1010, 1028])):
        images: NDArray[np.uint8] = read_idx(shared_data / "mnist" / f"{stem}-images-idx3-ubyte.gz")
        labels = read_idx(shared_data / "mnist" / f"{stem}-labels-idx1-ubyte.gz")
        indices = [int(Path(path).stem) for path in split.paths]
        np.testing.assert_array_equal(split.images[:, 0], images[indices])
        assert [dataset.classes[label] for label in split.labels] == [str(label) for label in labels[indices]]
        assert np.bincount(split.labels).tolist() == counts


def test_photos_of_several_classes(shared_data: Path, tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(shared_data / "trashnet.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    dataset = load_dataset(tmp_path / "trashnet", size=48)
    assert dataset.classes == ("cardboard", "glass", "metal", "paper", "plastic", "trash")
    assert len(dataset.train.labels) + len(dataset.valid.labels) == 2524
    assert dataset.train.images.shape[1:] == (3, 48, 48)


def test_a_folder_of_nasty_files_is_used_or_told_file_by_file(pets: Path) -> None:
    """Every kind of file at once: each is used or named."""
    exif = Image.Exif()
    exif[274] = 6
    tall = np.full((5, 4), 33, np.uint8)
    tall[0] = 0
    good = {
        "turned.jpg": encoded(Image.fromarray(np.full((8, 10), 50, np.uint8)), "JPEG", exif=exif),
        "turned.png": encoded(Image.fromarray(tall), "PNG", exif=exif),
        "cmyk.jpg": encoded(Image.new("CMYK", (5, 4), (0, 255, 255, 0)), "JPEG"),
        "moving.gif": encoded(
            Image.new("L", (5, 4), 9), "GIF", save_all=True, append_images=[Image.new("L", (5, 4), 99)]
        ),
        "dot.png": picture(7, 1, 1),
        "line.png": picture(8, 1, 5000),
        "a photo.WEBP": encoded(Image.new("RGB", (5, 4), (1, 2, 3)), "WEBP", lossless=True),
        "really a png.jpg": picture(6),
    }
    bad = {"cut.png": FILES["png rgb"][:-30], "empty.bmp": b"", "text.png": b"hello", "bomb.png": BOMB}
    put(pets, {f"train/cat/{name}": data for name, data in {**good, **bad}.items()})
    dataset = load_dataset(pets)
    used = {Path(path).name for path in dataset.train.paths if path.startswith("train/cat")}
    assert used == {"a.png", "b.png", *good}
    assert [remark.split(", since")[0] for remark in dataset.remarks[:4]] == [
        f"left out: train/cat/{name}" for name in sorted(bad)
    ]
    found = values(dataset)
    assert (found["train/cat/moving.gif"], found["train/cat/dot.png"], found["train/cat/line.png"]) == (9, 7, 8)
    place = dataset.train.paths.index("train/cat/turned.png")
    assert dataset.train.images[place, 0, 1].tolist() == [33, 33, 33, 33, 0]  # the dark top row is now on the right


def test_headers_alone_decide_about_bombs(pets: Path) -> None:
    data = bytearray(FILES["bmp"])
    data[18:26] = struct.pack("<ii", 60_000, 60_000)
    put(pets, {"train/cat/bomb.bmp": bytes(data)})
    assert load_dataset(pets).remarks == (
        "left out: train/cat/bomb.bmp, since it has 60,000 rows x 60,000 cols = 3,600,000,000 pixels, over the limit "
        "of 178,956,970",
    )
