"""Downloads, from a server on this machine that does all that servers do: good, wrong, broken off, gone."""

import gzip
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mirror import BLOCK, CLASSES, FILES, FIRST, IMAGES, LABELS, READ, SIZE, Answer, Mirror, a_record, sha256
from PIL import Image

from convista.dataset import untar_data
from convista.dataset.download import DownloadError
from convista.dataset.known import KNOWN, File, Known


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def serve() -> Iterator[object]:
    """Start a `Mirror` for files; all are ended after the test."""
    mirrors = []

    def start(files: dict[str, bytes]) -> Mirror:
        mirrors.append(Mirror(files))
        threading.Thread(target=mirrors[-1].serve_forever, args=(0.01,), daemon=True).start()
        return mirrors[-1]

    yield start
    for mirror in mirrors:
        mirror.released.set()
        mirror.shutdown()
        mirror.server_close()


@pytest.fixture
def known(monkeypatch):
    """Give the name "tiny" to a data set."""

    def name(record: Known) -> None:
        monkeypatch.setitem(KNOWN, "tiny", record)

    return name


def check(folder: Path) -> None:
    """Hold the image folder against what was served."""
    expected = {
        f"{split}/{CLASSES[label]}/{index}.png": IMAGES[stem][index]
        for split, stem in (("train", "train"), ("valid", "t10k"))
        for index, label in enumerate(LABELS[stem])
    }
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*.png")} == set(expected)
    for path, pixels in expected.items():
        np.testing.assert_array_equal(np.asarray(Image.open(folder / path)), pixels)


def sentence(home: Path, reasons: str, files: dict[str, bytes] = FILES, url: str = "") -> str:
    """The error that says what to put where."""
    first = next(iter(files))
    places = " and ".join(url + name for name in files)
    return (
        f"tiny needs {first}, which could not be downloaded ({reasons}). Try again later, or get {places} on "
        f"another machine and put it into the folder {home / 'downloads' / 'tiny'}"
    )


def test_good_files_become_an_image_folder(serve, known, tmp_path):
    mirror = serve(FILES)
    known(a_record(mirror.url))
    folder = untar_data("tiny", tmp_path)
    check(folder)
    assert mirror.asked == [(name, None) for name in FILES]
    assert sorted(p.name for p in folder.iterdir()) == ["LICENSE.md", "train", "valid"]
    assert (folder / "LICENSE.md").read_text() == (
        "# Animals\n\nNine animals.\n\n- Licence: CC0\n- Source: nobody\n- Origin: http://example.org/\n- Changed: nothing\n"
    )
    assert sorted(p.name for p in (tmp_path / "downloads" / "tiny").iterdir()) == sorted(FILES)


def test_a_second_call_asks_nobody(serve, known, tmp_path):
    mirror = serve(FILES)
    known(a_record(mirror.url))
    folder = untar_data("tiny", tmp_path)
    assert untar_data("tiny", tmp_path) == folder
    assert len(mirror.asked) == len(FILES)


def test_a_file_with_another_hash_is_not_used(serve, known, tmp_path):
    wrong = FILES | {FIRST: bytes(SIZE)}
    mirror = serve(wrong)
    known(a_record(mirror.url))
    with pytest.raises(DownloadError) as caught:
        untar_data("tiny", tmp_path)
    assert str(caught.value) == sentence(
        tmp_path, f"{mirror.url}: its file is another one, by the sha256", url=mirror.url
    )
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["tiny.lock"]
    assert mirror.asked == [(FIRST, None)]


def test_a_file_of_another_length_is_not_even_begun(serve, known, tmp_path):
    mirror = serve(FILES | {FIRST: b"<html>Please log in</html>"})
    known(a_record(mirror.url))
    with pytest.raises(DownloadError) as caught:
        untar_data("tiny", tmp_path)
    assert str(caught.value) == sentence(tmp_path, f"{mirror.url}: its file has 26 bytes, not {SIZE:,}", url=mirror.url)


def test_an_answer_without_end_is_cut(serve, known, tmp_path):
    mirror = serve(FILES | {FIRST: FILES[FIRST] + bytes(1000)})
    mirror.lengths = False
    known(a_record(mirror.url))
    with pytest.raises(DownloadError) as caught:
        untar_data("tiny", tmp_path)
    assert str(caught.value) == sentence(
        tmp_path, f"{mirror.url}: it sends more than the {SIZE:,} bytes of the file", url=mirror.url
    )


@pytest.mark.parametrize("lengths", [True, False])
def test_a_file_that_breaks_off_is_taken_up_where_it_broke(serve, known, tmp_path, lengths):
    mirror = serve(FILES)
    mirror.stops_after, mirror.lengths = BLOCK, lengths
    known(a_record(mirror.url))
    with pytest.raises(DownloadError) as caught:
        untar_data("tiny", tmp_path)
    # As long as something comes, the mirror is asked again, three times at most.
    assert mirror.asked == [(FIRST, None), (FIRST, f"bytes={BLOCK}-"), (FIRST, f"bytes={2 * BLOCK}-")]
    reason = "the connection broke" if lengths else f"it broke off after {3 * BLOCK:,} of {SIZE:,} bytes"
    assert str(caught.value) == sentence(tmp_path, f"{mirror.url}: {reason}", url=mirror.url)
    assert not (tmp_path / "tiny").exists()

    mirror.stops_after = None
    mirror.asked.clear()
    check(untar_data("tiny", tmp_path))
    assert mirror.asked[0] == (FIRST, f"bytes={3 * BLOCK}-")


def leave_part(home: Path, data: bytes) -> Path:
    """Leave behind what an interrupted download does."""
    part = home / "downloads" / "tiny" / f"{FIRST}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(data)
    return part


def test_a_server_that_knows_no_ranges_sends_the_whole_file(serve, known, tmp_path):
    mirror = serve(FILES)
    mirror.ranges = False
    known(a_record(mirror.url))
    part = leave_part(tmp_path, FILES[FIRST][:700])
    check(untar_data("tiny", tmp_path))
    assert mirror.asked[:2] == [(FIRST, "bytes=700-"), ("t10k-images-idx3-ubyte.gz", None)]
    assert not part.exists()


def test_a_part_that_was_complete_is_only_checked(serve, known, tmp_path):
    mirror = serve(FILES)
    known(a_record(mirror.url))
    leave_part(tmp_path, FILES[FIRST])
    check(untar_data("tiny", tmp_path))
    assert FIRST not in dict(mirror.asked)


@pytest.mark.parametrize("rubbish", [bytes(700), bytes(SIZE), bytes(SIZE + 1)], ids=["part", "whole", "more"])
def test_a_part_of_something_else_is_thrown_away(serve, known, tmp_path, rubbish):
    mirror = serve(FILES)
    known(a_record(mirror.url))
    leave_part(tmp_path, rubbish)
    check(untar_data("tiny", tmp_path))
    assert [wanted for name, wanted in mirror.asked if name == FIRST][-1] is None


def test_another_part_than_the_one_asked_for_is_refused(serve, known, tmp_path, monkeypatch):
    mirror = serve(FILES)
    known(a_record(mirror.url))
    leave_part(tmp_path, FILES[FIRST][:700])
    send = Answer.send_header
    monkeypatch.setattr(
        Answer, "send_header", lambda self, key, value: send(self, key, value.replace("bytes 700-", "bytes 0-"))
    )
    with pytest.raises(DownloadError) as caught:
        untar_data("tiny", tmp_path)
    assert str(caught.value) == sentence(
        tmp_path, f"{mirror.url}: it sends another part than was asked for", url=mirror.url
    )


def test_the_next_mirror_is_used_and_goes_on_with_the_part(serve, known, tmp_path):
    empty, broken, good = serve({}), serve(FILES), serve(FILES)
    broken.stops_after = BLOCK
    known(a_record(empty.url, broken.url, good.url))
    check(untar_data("tiny", tmp_path))
    assert empty.asked == [(name, None) for name in FILES]
    assert good.asked[0] == (FIRST, f"bytes={3 * BLOCK}-")


def test_with_no_network_it_says_which_files_to_put_where(serve, known, tmp_path):
    mirror = serve(FILES)
    known(a_record(mirror.url, mirror.url + "other/"))
    mirror.shutdown()
    mirror.server_close()
    with pytest.raises(DownloadError) as caught:
        untar_data("tiny", tmp_path)
    reasons = f"{mirror.url}: no connection; {mirror.url}other/: no connection"
    assert str(caught.value) == sentence(tmp_path, reasons, url=mirror.url)

    for name, data in FILES.items():
        (tmp_path / "downloads" / "tiny" / name).write_bytes(data)
    check(untar_data("tiny", tmp_path))


def test_a_missing_file_is_named_with_its_status(serve, known, tmp_path):
    mirror = serve({})
    known(a_record(mirror.url))
    with pytest.raises(DownloadError) as caught:
        untar_data("tiny", tmp_path)
    assert str(caught.value) == sentence(tmp_path, f"{mirror.url}: HTTP 404", url=mirror.url)


def test_files_packed_by_somebody_else_can_be_put_in_place(known, tmp_path):
    files = tuple(File(name, len(data), sha256(data), sha256(gzip.decompress(data))) for name, data in FILES.items())
    known(Known("Animals", "", "", "", "", "", READ, (), files))
    place = tmp_path / "downloads" / "tiny"
    place.mkdir(parents=True)
    for name, data in FILES.items():
        (place / name).write_bytes(gzip.compress(gzip.decompress(data), 1))
    check(untar_data("tiny", tmp_path))


def test_the_right_file_with_another_content_than_known_is_not_used(serve, known, tmp_path):
    mirror = serve(FILES)
    record = a_record(mirror.url)
    odd = tuple(File(f.name, f.bytes, f.sha256, content_sha256="0" * 64) for f in record.files)
    known(Known("Animals", "", "", "", "", "", record.read, record.mirrors, odd))
    with pytest.raises(DownloadError) as caught:
        untar_data("tiny", tmp_path)
    reason = f"{mirror.url}: the file has the right hash, its content hasn't"
    assert str(caught.value) == sentence(tmp_path, reason, url=mirror.url)


# In a process of its own: the record travels as JSON.
CHILD = """
import json, sys
from functools import partial
from convista.dataset import untar_data
from convista.dataset.known import KNOWN, File, Known, idx_parts
home, url, files = json.loads(sys.argv[1])
read = partial(idx_parts, classes=("cat", "dog", "owl"))
KNOWN["tiny"] = Known("Animals", "", "", "", "", "", read, (url,), tuple(File(*file) for file in files))
untar_data("tiny", home)
"""


def start(mirror: Mirror, home: Path) -> subprocess.Popen[bytes]:
    """Ask for the data set in another process."""
    files = [(name, len(data), sha256(data)) for name, data in FILES.items()]
    return subprocess.Popen([sys.executable, "-c", CHILD, json.dumps([str(home), mirror.url, files])])


def test_two_processes_at_once_download_once(serve, tmp_path):
    mirror = serve(FILES)
    both = [start(mirror, tmp_path) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    check(tmp_path / "tiny")
    assert mirror.asked == [(name, None) for name in FILES]


def test_a_killed_download_is_taken_up_where_it_was(serve, known, tmp_path):
    mirror = serve(FILES)
    mirror.stops_after, mirror.hangs = BLOCK, True
    process = start(mirror, tmp_path)
    part = tmp_path / "downloads" / "tiny" / f"{FIRST}.part"
    while not (part.exists() and part.stat().st_size == BLOCK):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()

    mirror.stops_after, mirror.hangs = None, False
    mirror.asked.clear()
    known(a_record(mirror.url))
    check(untar_data("tiny", tmp_path))
    assert mirror.asked[0] == (FIRST, f"bytes={BLOCK}-")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["downloads", "tiny", "tiny.lock"]


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="must be one of") as caught:
        untar_data("fashion-mnist")
    assert str(caught.value) == (
        'name (="fashion-mnist") must be one of mnist_sample, mnist, fashion_mnist, cifar10; '
        'did you mean "fashion_mnist"? (Images of your own need no name: give load_dataset or train the path of their folder.)'
    )


def test_a_terminal_sees_how_far_it_is(serve, known, tmp_path, monkeypatch, capsys):
    known(a_record(serve(FILES).url))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(time, "monotonic", itertools.count().__next__)  # each step comes a second later
    untar_data("tiny", tmp_path)
    lines = capsys.readouterr().err.split("\r\x1b[2K")
    assert f"{FIRST}  100 %" in lines
    assert "tiny: writing valid  33 %" in lines
