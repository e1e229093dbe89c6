from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convista.dataset import load_dataset, read_idx
from convista.dataset.idx import MAX_BYTES

CODES = {"u1": 0x08, "i1": 0x09, ">i2": 0x0B, ">i4": 0x0C, ">f4": 0x0D, ">f8": 0x0E}


def idx_of(array: NDArray[Any], kind: str = "u1") -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, CODES[kind], array.ndim]) + sizes + np.asarray(array, kind).tobytes()


def refusal(path: Path) -> str:
    with pytest.raises(ValueError) as caught:
        read_idx(path)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some-idx"


# One file ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3), (1, 2, 1, 2, 2), (0, 3)])
@pytest.mark.parametrize("packed", [False, True])
def test_each_type_and_rank_comes_back(file: Path, kind: str, shape: tuple[int, ...], packed: bool) -> None:
    array = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) * 17 - 9).astype(kind)
    data = idx_of(array, kind)
    file.write_bytes(gzip.compress(data) if packed else data)
    back = read_idx(file)
    assert back.dtype == np.dtype(kind).newbyteorder("=")
    assert back.flags.writeable
    np.testing.assert_array_equal(back, array)


def test_numbers_are_big_endian(file: Path) -> None:
    file.write_bytes(bytes([0, 0, 0x0C, 1, 0, 0, 0, 2, 0, 0, 1, 2, 0xFF, 0xFF, 0xFF, 0xFE]))
    assert read_idx(file).tolist() == [258, -2]


@pytest.mark.parametrize("start", ["89 50 4e 47", "00 00 07 01", "00 01 08 01", "00 00 08 41", "00 00", "nothing"])
def test_a_wrong_beginning_is_shown(file: Path, start: str) -> None:
    file.write_bytes(b"" if start == "nothing" else bytes.fromhex(start))
    assert refusal(file) == (
        f'path (="{file}") can\'t be read as IDX: it begins with {start}, not with 00 00, a type (08, 09, 0b, 0c, '
        "0d, 0e) and the number of axes"
    )


@pytest.mark.parametrize(("change", "held"), [(-1, "11"), (1, "more")])
def test_a_wrong_length_is_told_in_numbers(file: Path, change: int, held: str) -> None:
    data = idx_of(np.zeros((2, 3, 2)))
    file.write_bytes(data[:change] if change < 0 else data + b"\0")
    assert refusal(file) == (
        f'path (="{file}") can\'t be read as IDX: its header promises 2 x 3 x 2 numbers, 12 bytes; it holds {held}'
    )


def test_sizes_that_are_cut_off(file: Path) -> None:
    file.write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 9]))
    assert refusal(file) == f'path (="{file}") can\'t be read as IDX: it ends before the sizes of its 3 axes'


def test_a_promise_beyond_the_limit_is_refused_unread(file: Path) -> None:
    file.write_bytes(gzip.compress(bytes([0, 0, 8, 2]) + b"\xff" * 8))
    assert refusal(file) == (
        f'path (="{file}") can\'t be read as IDX: its header promises 4,294,967,295 x 4,294,967,295 numbers, '
        f"18,446,744,065,119,617,025 bytes, over the limit of {MAX_BYTES:,}"
    )


@pytest.mark.parametrize("cut", [-1, -5, 12])
def test_damaged_gzip_data(file: Path, cut: int) -> None:
    file.write_bytes(gzip.compress(idx_of(np.arange(100)))[:cut])
    assert refusal(file) == (
        f'path (="{file}") can\'t be read as IDX: its gzip data are damaged (Compressed file ended before the '
        "end-of-stream marker was reached)"
    )


def test_gzip_data_with_a_wrong_checksum(file: Path) -> None:
    data = bytearray(gzip.compress(idx_of(np.arange(100))))
    data[-6] ^= 1
    file.write_bytes(data)
    assert "its gzip data are damaged (CRC check failed" in refusal(file)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        read_idx(tmp_path / "no")
    assert str(caught.value) == f'path (="{tmp_path}/no") is not a file'


# Four files ----------------------------------------------------------------------------------------------------------

IMAGES = {stem: np.arange(n * 12, dtype=np.uint8).reshape(n, 3, 4) for stem, n in (("train", 5), ("t10k", 2))}
LABELS = {"train": np.array([10, 2, 2, 7, 10], np.uint8), "t10k": np.array([7, 2], np.uint8)}


def four_files(folder: Path, ending: str = "") -> Path:
    for stem in IMAGES:
        for content, array in (("images-idx3", IMAGES[stem]), ("labels-idx1", LABELS[stem])):
            data = idx_of(array)
            (folder / f"{stem}-{content}-ubyte{ending}").write_bytes(gzip.compress(data) if ending else data)
    return folder


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_folder_of_four_files_is_a_data_set(tmp_path: Path, ending: str) -> None:
    dataset = load_dataset(four_files(tmp_path, ending))
    assert (dataset.name, dataset.folder, dataset.remarks) == (str(tmp_path), tmp_path, ())
    assert dataset.classes == ("2", "7", "10")
    assert dataset.train.labels.tolist() == [2, 0, 0, 1, 2]
    assert dataset.valid.labels.tolist() == [1, 0]
    assert (str(dataset.train.labels.dtype), str(dataset.train.images.dtype)) == ("int64", "uint8")
    np.testing.assert_array_equal(dataset.train.images[:, 0], IMAGES["train"])
    np.testing.assert_array_equal(dataset.valid.images, IMAGES["t10k"][:, None])
    assert dataset.train.paths[3] == "train-images-idx3-ubyte#3"
    assert dataset.valid.paths == ("t10k-images-idx3-ubyte#0", "t10k-images-idx3-ubyte#1")


def test_four_files_are_brought_to_a_size(tmp_path: Path) -> None:
    dataset = load_dataset(four_files(tmp_path), size=8)
    assert dataset.train.images.shape == (5, 1, 8, 8)
    assert dataset.remarks == (
        "resized: 7 of 7 images, to 8 rows x 8 cols; their aspect is kept, the space beside them filled with their "
        "border's mean",
    )


def test_validation_images_of_another_size_follow_the_training_images(tmp_path: Path) -> None:
    four_files(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx_of(np.full((2, 6, 8), 9)))
    dataset = load_dataset(tmp_path)
    assert dataset.valid.images.shape == (2, 1, 3, 4)
    assert dataset.remarks[0].startswith("resized: 2 of 7 images, to 3 rows x 4 cols; ")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (
            "train-images-idx3-ubyte",
            np.zeros((5, 12)),
            "must have train images (count, rows, cols) of uint8, not (5, 12) of uint8",
        ),
        (
            "t10k-labels-idx1-ubyte",
            np.zeros(3),
            "must have a whole number for each of the 2 valid images, not (3,) of uint8",
        ),
        (
            "t10k-images-idx3-ubyte",
            None,
            "must hold the four files of MNIST; t10k-images-idx3-ubyte is missing, with .gz and without",
        ),
    ],
)
def test_files_that_do_not_belong_together(tmp_path: Path, name: str, array: Any, message: str) -> None:
    four_files(tmp_path)
    if array is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(idx_of(array))
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        load_dataset(tmp_path)
    assert str(caught.value) == f'data (="{tmp_path}") {message}'


def test_labels_that_are_all_the_same(tmp_path: Path) -> None:
    four_files(tmp_path)
    for stem in LABELS:
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(idx_of(np.full_like(LABELS[stem], 3)))
    with pytest.raises(ValueError) as caught:
        load_dataset(tmp_path)
    assert str(caught.value) == f'data (="{tmp_path}") must have at least two classes; its labels are [3]'


def test_an_image_folder_wins_over_idx_files_beside_it(tmp_path: Path) -> None:
    four_files(tmp_path)
    (tmp_path / "train").mkdir()
    with pytest.raises(ValueError, match="must be a folder with train/<class>/<image>"):
        load_dataset(tmp_path)


def test_canonical_mnist(shared_data: Path) -> None:
    """Against the hashes that its README states for the unpacked files, and the counts that everyone knows."""
    dataset = load_dataset(shared_data / "mnist")
    assert dataset.classes == tuple("0123456789")
    assert (dataset.train.images.shape, dataset.valid.images.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert np.bincount(dataset.valid.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    head = bytes([0, 0, 8, 3]) + struct.pack(">3I", 60_000, 28, 28)
    sha256 = hashlib.sha256(head + dataset.train.images.tobytes()).hexdigest()
    assert sha256 == "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
