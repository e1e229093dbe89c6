"""A data set's name to its image folder: built in, or downloaded from the first mirror that gives the right file.

pooch checks the hash and puts a file in its place; what it doesn't do, going on after an interruption and trying
other mirrors, is here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from convista.dataset.cache import cache_folder, whole_folder
from convista.dataset.known import KNOWN, File, Known
from convista.dataset.unpack import write_images
from convista.errors import one_of
from convista.progress import Progress

if TYPE_CHECKING:
    import requests

TRIES = 3
"""How often one mirror is asked for one file, as long as each attempt brings something."""
SECONDS = (10, 60)
"""How long to wait for a connection, and for the next bytes."""


class DownloadError(OSError):
    """No mirror gave the right file."""


class _NotWholeError(Exception):
    """A mirror's answer isn't the file, or not all of it."""


def untar_data(name: str, folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the image folder ``train|valid/<class>/<index>.png`` of a data set that has a name.

    The first call makes it, in the cache folder; later ones find it there. To have it made anew, delete it.

    Parameters
    ----------
    name
        ``mnist_sample`` is built in. ``mnist``, ``fashion_mnist`` and ``cifar10`` are downloaded, checked by hash.
    folder
        Where to keep data sets, in place of the user's cache folder or what the environment variable
        CONVISTA_HOME names.

    Returns
    -------
    Path
        It holds ``train``, ``valid`` and ``LICENSE.md``, which says whose the images are. An index counts from 0
        in the data set's own file.

    Raises
    ------
    ValueError
        For an unknown name.
    DownloadError
        When no mirror gave the right file; it says which file to put where.
    CacheFolderError
        When the folder can't be written.

    Examples
    --------
    >>> path = untar_data("mnist_sample")
    >>> sorted(p.name for p in path.iterdir()), (path / "train" / "3" / "12.png").exists()
    (['LICENSE.md', 'train', 'valid'], True)
    """
    record = KNOWN[_known(name)]
    home = cache_folder(folder)
    return whole_folder(home / name, partial(_fill, name, record, home / "downloads" / name))


def _known(name: str) -> str:
    try:
        return one_of("name", name, KNOWN)
    except ValueError as error:
        raise ValueError(
            f"{error} (Images of your own need no name: give load_dataset or train the path of their folder.)"
        ) from None


def _fill(name: str, record: Known, downloads: Path, target: Path) -> None:
    for file in record.files:
        if not file.is_at(downloads / file.name):
            _download(name, record, file, downloads)
    write_images(target, record.read(downloads), name)
    (target / "LICENSE.md").write_text(record.notice, encoding="utf-8", newline="\n")


def _download(name: str, record: Known, file: File, downloads: Path) -> None:
    """Put `file` into the folder, from the first mirror that has it."""
    downloads.mkdir(parents=True, exist_ok=True)
    reasons = []
    for mirror in record.mirrors:
        reason = _from_mirror(mirror + file.name, file, downloads)
        if not reason:
            return
        reasons.append(f"{mirror}: {reason}")
    missing = [record.mirrors[0] + f.name for f in record.files if not f.is_at(downloads / f.name)]
    raise DownloadError(
        f"{name} needs {file.name}, which could not be downloaded ({'; '.join(reasons)}). Try again later, or get "
        f"{' and '.join(missing)} on another machine and put it into the folder {downloads}"
    )


def _from_mirror(url: str, file: File, downloads: Path) -> str:
    """Try to put `file` into the folder; return the reason why not, or nothing.

    Another attempt is made after one that brought a part, or that went on with a part which was wrong.
    """
    import pooch  # slow to load, so only where something is downloaded
    from requests import RequestException

    resume = _Resume(downloads / f"{file.name}.part", file.bytes)
    reason = ""
    for _ in range(TRIES):
        before = resume.have
        try:
            pooch.retrieve(url, f"sha256:{file.sha256}", file.name, downloads, downloader=resume)
        except (RequestException, _NotWholeError, ValueError) as error:
            reason = _reason(error)
        else:
            return "" if file.is_at(downloads / file.name) else "the file has the right hash, its content hasn't"
        if resume.have == before:
            break
    return reason


@dataclass(frozen=True, slots=True)
class _Resume:
    """What pooch calls to download: it keeps the part that came, and goes on from there the next time."""

    part: Path
    size: int

    @property
    def have(self) -> int:
        """How many bytes came so far."""
        return self.part.stat().st_size if self.part.exists() else 0

    def __call__(self, url: str, output_file: str, pooch: object, check_only: bool = False) -> None:
        del pooch, check_only  # pooch's way to call, not needed here
        if self.have < self.size:
            self._get(url)
        self.part.replace(output_file)

    def _get(self, url: str) -> None:
        import requests

        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={self.have}-"} if self.have else {})
        with requests.get(url, headers=headers, stream=True, timeout=SECONDS) as response:
            response.raise_for_status()
            start = self._start(response)
            self._write(response, start)
        if self.have < self.size:
            raise _NotWholeError(f"it broke off after {self.have:,} of {self.size:,} bytes")

    def _start(self, response: requests.Response) -> int:
        """Return at which byte the answer starts, or refuse an answer that can't be this file."""
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            if not response.headers.get("Content-Range", "").startswith(f"bytes {self.have}-"):
                raise _NotWholeError("it sends another part than was asked for")
            return self.have
        length = int(response.headers.get("Content-Length", self.size))
        if length != self.size:
            raise _NotWholeError(f"its file has {length:,} bytes, not {self.size:,}")
        return 0

    def _write(self, response: requests.Response, start: int) -> None:
        with self.part.open("ab" if start else "wb") as file, Progress(self.part.stem, self.size, start) as progress:
            for chunk in response.iter_content(1 << 16):
                if file.tell() + len(chunk) > self.size:
                    raise _NotWholeError(f"it sends more than the {self.size:,} bytes of the file")
                file.write(chunk)
                progress.step(len(chunk))


def _reason(error: Exception) -> str:
    """Return in a few words why a mirror was of no use."""
    from requests import Response, exceptions

    match error:
        case exceptions.HTTPError(response=Response(status_code=status)):
            return f"HTTP {status}"
        case exceptions.Timeout():
            return "no answer in time"
        case exceptions.SSLError():
            return "its certificate is not trusted"
        case exceptions.ConnectionError():
            return "no connection"
        case exceptions.ChunkedEncodingError():
            return "the connection broke"
        case exceptions.RequestException() | _NotWholeError():
            return str(error)
    return "its file is another one, by the sha256"
