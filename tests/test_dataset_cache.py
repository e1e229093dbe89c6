"""Where data sets lie, and that a folder of them is whole or absent."""

import errno
import re
import subprocess
import sys
import threading
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock

from convista.dataset import cache, untar_data
from convista.dataset.cache import CacheFolderError, cache_folder, whole_folder


@pytest.mark.parametrize("inside", ["", "deeper"])
def test_a_folder_that_cannot_be_one_says_what_to_do(tmp_path, monkeypatch, inside):
    (tmp_path / "file").touch()
    home = tmp_path / "file" / inside
    monkeypatch.setenv("CONVISTA_HOME", str(home))
    with pytest.raises(CacheFolderError) as caught:
        untar_data("mnist_sample")
    reason = "Not a directory" if inside else "File exists"
    assert str(caught.value) == (
        f'folder (="{home}") must be a folder that can be written, but: {reason}; '
        "name another with the argument folder or the environment variable CONVISTA_HOME"
    )


def test_the_argument_goes_before_the_environment_and_that_before_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "users"))
    monkeypatch.setenv("CONVISTA_HOME", "")
    assert cache_folder() == platformdirs.user_cache_path("convista")
    monkeypatch.setenv("CONVISTA_HOME", str(tmp_path / "a"))
    assert cache_folder() == tmp_path / "a"
    assert cache_folder(tmp_path / "b") == tmp_path / "b"
    monkeypatch.chdir(tmp_path)
    assert cache_folder("c") == tmp_path / "c"


def test_who_waits_for_another_process_is_told(monkeypatch, tmp_path):
    said, told = [], threading.Event()
    monkeypatch.setattr(cache, "say", lambda sentence: (said.append(sentence), told.set()))
    lock = FileLock(tmp_path / "a.lock", thread_local=False)
    lock.acquire()
    waiting = threading.Thread(target=whole_folder, args=(tmp_path / "a", lambda folder: None))
    waiting.start()
    told.wait(60)
    lock.release()
    waiting.join(60)
    assert said == [f"another process is making {tmp_path / 'a'}; waiting for it"]
    assert (tmp_path / "a").is_dir()


# It says so when the folder is half made, and then hangs until it is killed.
HANG = """
import sys, time
from pathlib import Path
from convista.dataset.cache import whole_folder
def fill(folder):
    (folder / "first").touch()
    print("half", flush=True)
    time.sleep(600)
whole_folder(Path(sys.argv[1]), fill)
"""


def fill(folder: Path) -> None:
    assert list(folder.iterdir()) == []
    for name in ("first", "second"):
        (folder / name).touch()


def test_a_killed_process_leaves_nothing_that_counts_or_stays(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HANG, str(tmp_path / "a")], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "half\n"
    process.kill()
    process.communicate()
    (left,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert re.fullmatch(r"\.a-[0-9a-f]{12}", left.name)
    assert [path.name for path in left.iterdir()] == ["first"]

    folder = whole_folder(tmp_path / "a", fill)
    assert sorted(path.name for path in folder.iterdir()) == ["first", "second"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a.lock"]


def test_a_folder_whose_making_fails_is_not_there(tmp_path):
    def fail(folder: Path) -> None:
        fill(folder)
        raise KeyError("second thoughts")

    with pytest.raises(KeyError, match="second thoughts"):
        whole_folder(tmp_path / "a", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["a.lock"]


def test_another_names_temporary_folder_is_left_alone(tmp_path):
    others = tmp_path / ".a_sample-0123456789ab"
    others.mkdir()
    whole_folder(tmp_path / "a", fill)
    assert others.is_dir()


def test_a_full_disk_is_a_sentence_and_another_fault_is_itself(tmp_path):
    def full(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def lost(folder: Path) -> None:
        (folder / "nothing").read_bytes()

    sentence = (
        f'folder (="{tmp_path}") must be a folder that can be written, but: No space left on device; '
        "name another with the argument folder or the environment variable CONVISTA_HOME"
    )
    with pytest.raises(CacheFolderError, match=f"^{re.escape(sentence)}$"):
        whole_folder(tmp_path / "a", full)
    with pytest.raises(FileNotFoundError, match="nothing"):
        whole_folder(tmp_path / "a", lost)
