"""The data sets that have a name: their records, and how their files are read."""

import gzip
import io
import re
import tarfile

import numpy as np
import pytest
from mirror import FILES, FIRST, IMAGES, idx, sha256
from PIL import Image

from convista.dataset.known import KNOWN, File, cifar_parts
from convista.dataset.unpack import write_images


def test_what_is_known_is_written_down_whole():
    assert list(KNOWN) == ["mnist_sample", "mnist", "fashion_mnist", "cifar10"]
    for record in KNOWN.values():
        assert all((record.title, record.about, record.licence, record.citation, record.homepage, record.changed))
        assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in record.mirrors)
        assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in record.files)
        assert bool(record.files) == bool(record.mirrors)


def test_mnists_record_fits_mnist(shared_data):
    record = KNOWN["mnist"]
    assert all(file.is_at(shared_data / "mnist" / file.name) for file in record.files)
    train, valid = record.read(shared_data / "mnist")
    assert (train.split, train.images.shape, valid.split, valid.images.shape) == (
        "train", (60_000, 28, 28), "valid", (10_000, 28, 28))  # fmt: skip
    assert train.names[:6] == ["5", "0", "4", "1", "9", "2"]
    assert [train.names.count(str(digit)) for digit in (3, 7)] == [6131, 6265]


def test_a_file_of_known_content_may_be_packed_otherwise(tmp_path):
    data = FILES[FIRST]
    file = File(FIRST, len(data), sha256(data), content_sha256=sha256(gzip.decompress(data)))
    for level in (1, 9):
        (tmp_path / FIRST).write_bytes(idx(IMAGES["train"], level))
        assert file.is_at(tmp_path / FIRST)
    for other in (idx(IMAGES["train"] + 1), data[:-20], data[:4000] + bytes(50) + data[4050:], b"no gzip", b""):
        (tmp_path / FIRST).write_bytes(other)
        assert not file.is_at(tmp_path / FIRST)


def tar(members: dict[str, bytes], **odd: object) -> bytes:
    """A packed tar file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for key, value in odd.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


CIFAR = "cifar-10-binary.tar.gz"
needs_the_filter = pytest.mark.skipif(
    not hasattr(tarfile, "data_filter"), reason="this Python's tarfile can't refuse harmful archives (3.11.4 can)"
)


@needs_the_filter
def test_cifars_binary_records_become_colour_images(tmp_path):
    random = np.random.default_rng(6)
    batches = {name: random.integers(0, 256, (count, 3, 32, 32)).astype(np.uint8)
               for name, count in (("data_batch_1", 3), ("data_batch_2", 2), ("test_batch", 2))}  # fmt: skip
    labels = {"data_batch_1": [6, 9, 0], "data_batch_2": [9, 1], "test_batch": [8, 3]}
    (tmp_path / CIFAR).write_bytes(tar({
        f"cifar-10-batches-bin/{name}.bin": b"".join(
            bytes([label]) + image.tobytes() for label, image in zip(labels[name], images, strict=True))
        for name, images in batches.items()
    }))  # fmt: skip
    left = tmp_path / ".unpacked" / "cifar-10-batches-bin" / "data_batch_9.bin"  # by a killed process
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(1 + 3 * 32 * 32))
    folder = tmp_path / "images"
    write_images(folder, cifar_parts(tmp_path), "")
    expected = {"train/frog/0.png": ("data_batch_1", 0), "train/truck/1.png": ("data_batch_1", 1),
                "train/airplane/2.png": ("data_batch_1", 2), "train/truck/3.png": ("data_batch_2", 0),
                "train/automobile/4.png": ("data_batch_2", 1), "valid/ship/0.png": ("test_batch", 0),
                "valid/cat/1.png": ("test_batch", 1)}  # fmt: skip
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*.png")} == set(expected)
    for path, (name, number) in expected.items():
        pixels = batches[name][number].transpose(1, 2, 0)  # (rows, cols, channels)
        np.testing.assert_array_equal(np.asarray(Image.open(folder / path)), pixels)
    assert sorted(p.name for p in tmp_path.iterdir()) == [CIFAR, "images"]


@needs_the_filter
@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (tar({"../evil": b"x"}), "'../evil' would be extracted to"),
        (tar({"evil": b""}, type=tarfile.SYMTYPE, linkname="/etc"), "'evil' is a link to an absolute path"),
        (tar({"evil": b""}, type=tarfile.CHRTYPE), "'evil' is a special file"),
    ],
    ids=["outside", "link", "device"],
)
def test_a_harmful_archive_is_refused(tmp_path, archive, reason):
    place = tmp_path / "downloads"
    place.mkdir()
    (place / CIFAR).write_bytes(archive)
    start = f"{place / CIFAR} is refused, since it is not a plain archive of files: {reason}"
    with pytest.raises(ValueError, match=re.escape(start)):
        list(cifar_parts(place))
    assert [p.name for p in tmp_path.rglob("*")] == ["downloads", CIFAR]


def test_a_python_that_cannot_refuse_harmful_archives_unpacks_none(tmp_path, monkeypatch):
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    sentence = (
        "unpacking cifar-10-binary.tar.gz needs Python 3.11.4 or newer, whose tarfile can refuse harmful archives"
    )
    with pytest.raises(RuntimeError, match=f"^{re.escape(sentence)}$"):
        next(iter(cifar_parts(tmp_path)))
