"""A folder looked at before training: each file is used, or left out by name with the reason, and nothing is changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_files import FILES, encoded, png_of
from PIL import Image
from test_dataset_folder import BOMB, PLAIN, picture, put

import convista as cx
from convista.dataset import LeftOutError, load_dataset


def reasons(found: dict[str, Any]) -> dict[str, str]:
    return {one["path"]: one["reason"] for one in found["left_out"]}


def files_below(folder: Path) -> set[str]:
    """Every file and link, as the names are on the disk."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


def tree(folder: Path) -> str:
    """A hash of all that is on the disk: names, kinds, times, rights, targets and bytes."""
    digest = hashlib.sha256()
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        content: object = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        facts = (path, status.st_mode, status.st_size, status.st_mtime_ns, content)
        digest.update(repr(facts).encode())
    return digest.hexdigest()


def exif(number: int) -> Image.Exif:
    held = Image.Exif()
    held[274] = number
    return held


GREY = Image.fromarray(np.arange(20, dtype=np.uint8).reshape(4, 5) * 9)
GOOD = {
    "16 bit.png": encoded(Image.fromarray(np.arange(20, dtype=np.uint16).reshape(4, 5) * 999), "PNG"),
    "cmyk.jpg": encoded(Image.new("CMYK", (5, 4), (0, 255, 255, 0)), "JPEG"),
    "turned.jpg": encoded(GREY, "JPEG", exif=exif(6)),
    "moving.gif": encoded(GREY, "GIF", save_all=True, append_images=[Image.new("L", (5, 4), 99)]),
    "moving.webp": encoded(GREY, "WEBP", save_all=True, append_images=[Image.new("L", (5, 4), 99)]),
    "dot.png": picture(7, 1, 1),
    "line.png": picture(8, 1, 5000),
    "post.png": picture(8, 5000, 1),
    "really a png.jpg": picture(6),
    "-rf.png": picture(11),
    "--help.JPG": encoded(Image.fromarray(np.full((4, 5), 12, np.uint8)), "JPEG"),
    "ünï 猫 \U0001f408.PNG": picture(13),
    "new\nline.png": picture(14),
    "a'b\"c$(d).png": picture(15),
    "UPPER.TIFF": encoded(Image.fromarray(np.full((4, 5), 16, np.uint8)), "TIFF"),
    "deep/er/x.Bmp": encoded(Image.fromarray(np.full((4, 5), 17, np.uint8)), "BMP"),
}
BAD = {
    "cut.png": (FILES["png rgb"][:-30], "it is cut short or damaged"),
    "cut.jpg": (FILES["jpeg"][:-40], "it is cut short or damaged"),
    "cut.bmp": (FILES["bmp"][:-20], "it is cut short or damaged"),
    "cut.gif": (FILES["gif"][: len(FILES["gif"]) // 2], "it is cut short or damaged"),
    "cut.tif": (FILES["tiff"][:-60], "it is cut short or damaged"),
    "cut.webp": (FILES["webp lossless"][:-20], "it is cut short or damaged"),
    "empty.bmp": (b"", "it is empty (0 bytes)"),
    "text.png": (b"hello", "its first bytes are those of no PNG"),
    "page.jpg": (b"<html></html>", "its first bytes are those of no PNG"),
    "bomb.png": (BOMB, "it has 50,000 rows x 50,000 cols"),
    "wide bomb.png": (png_of(1, 2**31 - 1, 8, 0, b"\0" * 99), "it has 1 rows x 2,147,483,647 cols"),
    "float.tif": (FILES["tiff float rgb"], "it holds float32 numbers"),
}
ASIDE = {
    "train/cat/.hidden.png": "it is hidden: its name begins with a dot",
    "train/.ipynb_checkpoints/a.png": "it lies in a hidden folder",
    "train/.ipynb_checkpoints/deep/a.png": "it lies in a hidden folder",
    ".git/config": "it lies in a hidden folder",
    ".DS_Store": "it is hidden: its name begins with a dot",
    "train/cat/notes.txt": "its ending is no image's",
    "train/cat/no ending": "its ending is no image's",
    "README.md": "its ending is no image's",
    "other/x.png": "it lies outside of the folders that are read",
    "cover.png": "it lies outside of the folders that are read",
    "train/stray.png": "it lies in no class folder",
    "valid/zebra/1.png": "no image to learn from has its class",
}
LINKS = {
    "in.png": ("../dog/9.png", None),
    "out.png": ("../../../secret.png", "it is a link out of the folder"),
    "absolute.png": ("/etc/passwd", "it is a link out of the folder"),
    "nothing.png": ("nowhere.png", "it is a link to nothing"),
    "circle": ("..", "it is a link to a folder"),
    "self.png": ("self.png", "it is a link to nothing"),
    "elsewhere": ("../../..", "it is a link out of the folder"),
}


@pytest.fixture
def nasty(tmp_path: Path) -> Path:
    """Every kind of trouble at once."""
    folder = put(tmp_path / "nasty", PLAIN)
    put(tmp_path, {"secret.png": picture(99)})
    put(folder, {f"train/cat/{name}": data for name, data in GOOD.items()})
    put(folder, {f"train/cat/{name}": data for name, (data, _) in BAD.items()})
    put(folder, {path: picture(1) for path in ASIDE})
    for name, (target, _) in LINKS.items():
        (folder / "train/cat" / name).symlink_to(target)
    for raw, data in ((b"train/cat/\xe9.png", picture(18)), (b"train/dog/\xff.png", b"")):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + raw)).write_bytes(data)
    os.mkfifo(folder / "train/cat/pipe.png")
    (folder / "train/bird").mkdir()
    return folder


def test_every_file_is_used_or_named_with_the_reason_and_nothing_is_changed(nasty: Path) -> None:
    before = tree(nasty)
    found = cx.scan(nasty)
    assert tree(nasty) == before
    assert list(found) == ["used", "left_out", "classes", "duplicates", "remarks"]
    told = reasons(found)
    assert set(found["used"]) | set(told) == files_below(nasty)
    assert not set(found["used"]) & set(told)
    assert {f"train/cat/{name}" for name in GOOD} <= set(found["used"])
    assert {f"train/cat/{name}" for name, (_, reason) in LINKS.items() if reason is None} <= set(found["used"])
    assert os.fsdecode(b"train/cat/\xe9.png") in found["used"]
    for name, (_, reason) in BAD.items():
        assert told.pop(f"train/cat/{name}").startswith(reason), name
    links = {f"train/cat/{name}": reason for name, (_, reason) in LINKS.items() if reason}
    assert told == ASIDE | links | {
        "train/cat/pipe.png": "it is a pipe, a socket or a device",
        "train/dog/\udcff.png": "it is empty (0 bytes)",
    }
    assert found["classes"] == {
        "bird": {"train": 0, "valid": 0},
        "cat": {"train": 4 + len(GOOD), "valid": 1},
        "dog": {"train": 2, "valid": 1},
    }
    assert found["remarks"][0] == "no class: train/bird, since it holds no images"
    assert found.fault == ""


def test_training_data_are_what_the_scan_says(nasty: Path) -> None:
    before, found = tree(nasty), cx.scan(nasty)
    dataset = load_dataset(nasty)
    assert tree(nasty) == before
    assert sorted(dataset.train.paths + dataset.valid.paths) == found["used"]
    assert [{"path": one.path, "reason": one.reason} for one in dataset.left_out] == found["left_out"]
    with pytest.raises(LeftOutError) as caught:
        load_dataset(nasty, strict=True)
    assert str(caught.value).startswith(f'data (="{nasty}") must hold nothing that can\'t be used (strict), but ')


def test_the_command_prints_it_as_json_that_other_programs_read(nasty: Path) -> None:
    command = [sys.executable, "-m", "convista", "data", "check", str(nasty)]
    plain = subprocess.run([*command, "--json"], capture_output=True, check=True)
    found = json.loads(plain.stdout)
    assert found == dict(cx.scan(nasty))
    assert os.fsencode(next(path for path in found["used"] if "\udce9" in path)) == b"train/cat/\xe9.png"
    strict = subprocess.run([*command, "--json", "--strict"], capture_output=True, text=True)
    assert (strict.returncode, json.loads(strict.stdout)) == (1, found)
    assert strict.stderr.startswith(f'convista: data (="{nasty}") must hold nothing that can\'t be used (strict), but ')
    assert strict.stderr.count("\n") == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_files_and_folders_that_may_not_be_read_are_named(nasty: Path) -> None:
    (nasty / "train/cat/a.png").chmod(0)
    (nasty / "train/dog/closed").mkdir(mode=0)
    told = reasons(cx.scan(nasty))
    (nasty / "train/dog/closed").chmod(0o700)
    assert told["train/cat/a.png"] == told["train/dog/closed"] == "the system says: Permission denied"


def test_a_folder_that_may_not_be_opened_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Any) -> Any:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = cx.scan(tmp_path)
    assert found.fault.endswith("; . is left out, since the system says: Permission denied")
    assert reasons(found) == {".": "the system says: Permission denied"}


@pytest.mark.parametrize("what", ["a file", "a folder"])
def test_what_the_system_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """As above, for those who are root."""
    put(tmp_path, {**PLAIN, "train/cat/deep/c.png": picture(3)})
    real = {"a file": os.stat, "a folder": os.scandir}[what]

    def refuse(path: Any, *rest: Any, **options: Any) -> Any:
        if str(path).endswith("deep" if what == "a folder" else "deep/c.png"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *rest, **options)

    monkeypatch.setattr(os, real.__name__, refuse)
    told = reasons(cx.scan(tmp_path))
    monkeypatch.undo()
    place = "train/cat/deep" if what == "a folder" else "train/cat/deep/c.png"
    assert told == {place: "the system says: Permission denied"}


MEMORY = """
import resource, sys
import convista as cx
from convista.dataset import load_dataset
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
cx.scan(sys.argv[1]); load_dataset(sys.argv[1], size=32)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_stays_bounded_by_the_size_that_is_used(tmp_path: Path) -> None:
    """40 images of 3 MB each, and a few bombs: what is read and what is kept is far less than all of it."""
    large = png_of(1000, 1000, 8, 2, b"".join(b"\0" + bytes([row % 256, 9, 8]) * 1000 for row in range(1000)))
    names = [f"{split}/{label}/{n}.png" for split in ("train", "valid") for label in "ab" for n in range(10)]
    put(tmp_path, dict.fromkeys(names, large) | {f"train/a/bomb{n}.png": BOMB for n in range(4)})
    done = subprocess.run([sys.executable, "-c", MEMORY, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 60_000 * (1024 if sys.platform == "darwin" else 1)  # bytes there, else kilobytes


# Duplicates and other remarks ----------------------------------------------------------------------------------------


def test_equal_pixels_in_train_and_valid_are_named_however_they_are_stored(tmp_path: Path) -> None:
    grey = np.arange(20, dtype=np.uint8).reshape(4, 5)
    colour = Image.fromarray(np.stack([grey] * 3, axis=2))
    put(
        tmp_path,
        {
            **PLAIN,
            "train/cat/x.png": encoded(Image.fromarray(grey), "PNG"),
            "valid/cat/y.bmp": encoded(colour, "BMP"),
            "valid/dog/z.tif": encoded(Image.fromarray(grey), "TIFF"),
            "valid/dog/other.png": encoded(Image.fromarray(grey.reshape(5, 4)), "PNG"),  # equal numbers, other rows
            "train/dog/9 again.png": PLAIN["train/dog/9.png"],
        },
    )
    found = cx.scan(tmp_path)
    assert found["duplicates"] == [["train/cat/x.png", "valid/cat/y.bmp", "valid/dog/z.tif"]]
    assert found["remarks"][:3] == [
        "the same pixels in train and valid: train/cat/x.png = valid/cat/y.bmp = valid/dog/z.tif; the accuracy looks "
        "better than it is",
        "the same pixels in two classes: train/cat/x.png = valid/cat/y.bmp = valid/dog/z.tif; one of the labels is "
        "wrong",
        "the same pixels more than once within a split: train/dog/9 again.png = train/dog/9.png; harmless, if they are "
        "no mistake",
    ]
    assert load_dataset(tmp_path).remarks[:3] == tuple(found["remarks"][:3])


def test_imbalance_and_sizes_are_noted(tmp_path: Path) -> None:
    put(tmp_path, PLAIN | {f"train/dog/more{n}.png": picture(100 + n, 4, 6) for n in range(4)})
    assert cx.scan(tmp_path)["remarks"] == [
        'imbalanced: "dog" has 6 images to learn from, "cat" 2; the option weighted makes each class count alike',
        "sizes, rows x cols: 4 x 5 (6 images), 4 x 6 (4 images)",
    ]
    (tmp_path / "train/dog/more3.png").unlink()
    assert not any("imbalanced" in remark for remark in cx.scan(tmp_path)["remarks"])


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"train/cat/a.png": picture(1), "valid/cat/b.png": picture(2)}, 'it holds one, "cat"'),
        ({"train/cat/a.png": picture(1), "train/dog/a.png": b"", "valid/cat/b.png": picture(2)}, "none of class"),
        ({}, "it is empty"),
        (
            {f"{split}/cat/a.png": picture(1) for split in ("train", "val", "valid")},
            "val and valid could both be valid",
        ),
    ],
)
def test_a_folder_nothing_can_be_learned_from_is_still_looked_at(
    tmp_path: Path, files: dict[str, bytes], fault: str
) -> None:
    found = cx.scan(put(tmp_path, files))
    assert fault in found.fault
    assert found["remarks"][-1] == f"can't be learned from: it must be {found.fault}"
    assert set(found["used"]) | set(reasons(found)) == set(files)
    with pytest.raises(ValueError, match="must be a folder"):
        load_dataset(tmp_path)


def test_idx_files_are_looked_at_too(tmp_path: Path) -> None:
    for stem, count in (("train", 3), ("t10k", 2)):
        head = bytes([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 1, 0, 0, 0, 2])
        put(tmp_path, {f"{stem}-images-idx3-ubyte": head + bytes(range(2 * count))})
        put(tmp_path, {f"{stem}-labels-idx1-ubyte": bytes([0, 0, 8, 1, 0, 0, 0, count, *range(count)])})
    found = cx.scan(tmp_path)
    assert found["classes"] == {
        "0": {"train": 1, "valid": 1},
        "1": {"train": 1, "valid": 1},
        "2": {"train": 1, "valid": 0},
    }
    assert found["duplicates"] == [
        [f"t10k-images-idx3-ubyte#{number}", f"train-images-idx3-ubyte#{number}"] for number in range(2)
    ]
    assert len(found["used"]) == 5
