"""The built-in sample: all of MNIST's threes and sevens, pixel for pixel, unpacked once and whole."""

import hashlib
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convista.dataset import sample, untar_data
from convista.dataset.idx import read_idx
from convista.dataset.known import KNOWN
from convista.dataset.unpack import Part, png_bytes, write_images

COUNTS = {"train/3": 6131, "train/7": 6265, "valid/3": 1010, "valid/7": 1028}
PIXELS = "db1eaaee56f1873280867d02483debcbba1a5ea489298e97fd20458836a57541"
"""sha256 over all paths, in order, and their pixels; made from MNIST's own files."""

UNPACK = "import sys; from convista import untar_data; print(untar_data('mnist_sample', sys.argv[1]))"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """Return the folder, made by two processes at once; once, since it is 14,434 files."""
    home = tmp_path_factory.mktemp("home")
    command = [sys.executable, "-c", UNPACK, str(home)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert printed == [f"{home / 'mnist_sample'}\n"] * 2
    assert sorted(path.name for path in home.iterdir()) == ["mnist_sample", "mnist_sample.lock"]
    return home / "mnist_sample"


def test_two_processes_at_once_make_the_splits_the_classes_and_the_licence(unpacked):
    assert unpacked.name == "mnist_sample"
    assert sorted(p.relative_to(unpacked).as_posix() for p in unpacked.rglob("*") if p.suffix != ".png") == [
        "LICENSE.md", "train", "train/3", "train/7", "valid", "valid/3", "valid/7"]  # fmt: skip
    assert {place: len(list((unpacked / place).iterdir())) for place in COUNTS} == COUNTS


def test_every_image_is_pixel_for_pixel_the_one_that_was_pinned(unpacked):
    digest = hashlib.sha256()
    for path in sorted(path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*.png")):
        with Image.open(unpacked / path) as image:
            assert (image.format, image.mode, image.size) == ("PNG", "L", (28, 28))
            digest.update(path.encode() + image.tobytes())
    assert digest.hexdigest() == PIXELS


@pytest.mark.parametrize(("split", "stem"), [("train", "train"), ("valid", "t10k")])
@pytest.mark.parametrize("digit", [3, 7])
def test_every_image_is_mnists(unpacked, shared_data, split, stem, digit):
    labels = read_idx(shared_data / "mnist" / f"{stem}-labels-idx1-ubyte.gz")
    pixels = read_idx(shared_data / "mnist" / f"{stem}-images-idx3-ubyte.gz")
    folder = unpacked / split / str(digit)
    assert sorted(int(path.stem) for path in folder.iterdir()) == np.flatnonzero(labels == digit).tolist()
    for path in folder.iterdir():
        np.testing.assert_array_equal(np.asarray(Image.open(path)), pixels[int(path.stem)])


def test_the_textbooks_three_has_the_textbooks_numbers(unpacked):
    three = np.asarray(Image.open(unpacked / "train/3/12.png")).astype(int)
    top_edge = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
    assert (three[4:7, 6:9] * top_edge).sum() == 762
    assert (three[7:10, 17:20] * top_edge).sum() == -29


def test_the_licence_lies_beside_the_packed_file_and_the_images(unpacked):
    shipped = (files("convista.dataset") / "files" / "LICENSE.md").read_text(encoding="utf-8")
    assert shipped == (unpacked / "LICENSE.md").read_text(encoding="utf-8") == KNOWN["mnist_sample"].notice
    for words in ("CC BY-SA 3.0, https://creativecommons.org/licenses/by-sa/3.0/", "Y. LeCun, C. Cortes, C. J. C. Burges",
                  "Changed: threes and sevens only, repacked"):  # fmt: skip
        assert words in shipped


def test_a_second_call_writes_nothing(unpacked):
    paths = [unpacked.parent, unpacked, unpacked / "train", unpacked / "train/3", unpacked / "train/3/12.png"]
    before = [path.stat().st_mtime_ns for path in paths]
    assert untar_data("mnist_sample", unpacked.parent) == unpacked
    assert [path.stat().st_mtime_ns for path in paths] == before


def test_the_environment_variable_names_the_cache_folder(unpacked, monkeypatch):
    monkeypatch.setenv("CONVISTA_HOME", str(unpacked.parent))
    assert untar_data("mnist_sample") == unpacked


def test_a_damaged_installation_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(sample, "SHA256", "0" * 64)
    with pytest.raises(OSError, match=r"^the installed file mnist_sample.xz is damaged; install convista again$"):
        untar_data("mnist_sample", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mnist_sample.lock"]


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (28, 28), (4, 7, 3)])
def test_our_png_is_read_by_pillow(shape, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(png_bytes(image))
    with Image.open(tmp_path / "a.png") as opened:
        opened.verify()
    with Image.open(tmp_path / "a.png") as opened:
        assert opened.mode == ("L" if len(shape) == 2 else "RGB")
        np.testing.assert_array_equal(np.asarray(opened), image)


def test_as_many_labels_as_images_are_wanted(tmp_path):
    with pytest.raises(ValueError, match="zip"):
        write_images(tmp_path, [Part("train", np.zeros((2, 3, 3), np.uint8), ["a"], [0, 1])], "x")
