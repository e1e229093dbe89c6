"""A server of files on this machine that does all that servers do, and the small data set that it serves."""

import gzip
import hashlib
import re
import struct
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from convista.dataset.known import File, Known, idx_parts
from convista.dataset.unpack import Part

CLASSES = ("cat", "dog", "owl")


class Mirror(ThreadingHTTPServer):
    """A server of bytes. `stops_after` bytes of a file it hangs up, `hangs` without hanging up."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.asked = files, []
        self.ranges, self.stops_after, self.hangs, self.lengths = True, None, False, True
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Answer(BaseHTTPRequestHandler):
    """What `Mirror` answers."""

    server: Mirror

    def do_GET(self) -> None:
        mirror, name, wanted = self.server, self.path[1:], self.headers.get("Range")
        mirror.asked.append((name, wanted))
        if name not in mirror.files:
            self.send_error(404)
            return
        data = mirror.files[name]
        start = int(re.match(r"bytes=(\d+)-$", wanted)[1]) if wanted and mirror.ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if mirror.lengths:
            self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:][: mirror.stops_after])
        if mirror.hangs:
            self.wfile.flush()
            mirror.released.wait(60)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def idx(array: np.ndarray, level: int = 9) -> bytes:
    """`array` as a packed IDX file."""
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes(), level, mtime=0)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


RANDOM = np.random.default_rng(5)
IMAGES = {"train": RANDOM.integers(0, 256, (6, 200, 200)), "t10k": RANDOM.integers(0, 256, (3, 200, 200))}
LABELS = {"train": np.array([0, 1, 2, 2, 1, 0]), "t10k": np.array([2, 0, 0])}
FILES = {f"{stem}-images-idx3-ubyte.gz": idx(IMAGES[stem]) for stem in IMAGES}
FILES |= {f"{stem}-labels-idx1-ubyte.gz": idx(LABELS[stem]) for stem in LABELS}
FIRST = "train-images-idx3-ubyte.gz"
READ = partial(idx_parts, classes=CLASSES)
SIZE = len(FILES[FIRST])
BLOCK = 1 << 16  # as much as is read, and kept, at once


def a_record(*mirrors: str, files: dict[str, bytes] = FILES, read: Callable[[Path], Iterator[Part]] = READ) -> Known:
    """A data set as the real ones are written down, with these files."""
    return Known("Animals", "Nine animals.", "CC0", "nobody", "http://example.org/", "nothing", read, mirrors,
                 tuple(File(name, len(data), sha256(data)) for name, data in files.items()))  # fmt: skip
