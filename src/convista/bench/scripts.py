"""What only a fresh process can show: how long it takes to begin, and the most memory it ever held."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

from convista.bench.cell import Script
from convista.bench.measuring import ratios, spread
from convista.bench.record import Result

NOTHING_COMPILED = """
import os, tempfile
place = tempfile.TemporaryDirectory()
os.environ["NUMBA_CACHE_DIR"] = os.environ["CONVISTA_HOME"] = place.name
"""

TIMED = """
import time
start = time.perf_counter()
{begun}
first = time.perf_counter()
{work}
print(time.perf_counter() - {since})
"""

MEMORY = r"""
import re, resource, sys
import numpy as np
{begun}
size, side = 8192, {side}
rng = np.random.default_rng(0)
kernel = {kernel}
small = rng.standard_normal((64, 64), np.float32)
image = small
{work}

def peak():
    try:  # Linux lets a process inherit `ru_maxrss` from the one that started it; this is its own
        return int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) * 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

try:  # what is held now; the peak so far is that of imports and compiling, and larger
    before = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
except OSError:
    before = peak()
image = rng.standard_normal((size, size), np.float32)
{work}
print((peak() - before) / (image.nbytes + result.nbytes))
"""

OURS_BEGUN, CV2_BEGUN = "import convista as cx; cx.conv2d", "import cv2"
OURS_WORK = "result = cx.conv2d(image, kernel, padding=(side // 2, side // 2), padding_mode='reflect')"
CV2_WORK = "result = cv2.filter2D(image, -1, kernel)"
RANDOM = "rng.standard_normal((side, side), np.float32)"
GAUSSIAN = "np.outer(np.hanning(side + 2)[1:-1], np.hanning(side + 2)[1:-1]).astype(np.float32)"


def scripts() -> Iterator[Script]:
    """Yield all of them."""
    yield Script("import", "import", {
        "convista": _timed(OURS_BEGUN + "; import numba", "", "start"), "cv2": _timed(CV2_BEGUN, "", "start"),
    })  # fmt: skip
    yield Script("first call 28 K=3", "first-call", _first(28, NOTHING_COMPILED))
    yield Script("first compiled call 512 K=3", "warm-call", _first(512))
    for side, kernel in ((3, RANDOM), (31, RANDOM), (31, GAUSSIAN)):
        name = f"memory 8192 K={side}" + " separable" * (kernel == GAUSSIAN)
        yield Script(name, "memory", {
            "convista": MEMORY.format(begun=OURS_BEGUN, side=side, kernel=kernel, work=OURS_WORK),
            "cv2": MEMORY.format(begun=CV2_BEGUN, side=side, kernel=kernel, work=CV2_WORK),
        }, runs=2, quick=False)  # fmt: skip


def measure(script: Script, threads: int) -> Result:
    """Return the number that each program prints, of several runs; the first one fills caches and doesn't count."""
    values: dict[str, list[float]] = {name: [] for name in script.programs}
    left_out: dict[str, str] = {}
    for number in range(script.runs + 1):
        for name, program in script.programs.items():
            if name in left_out:
                continue
            value, fault = run(program)
            if fault:
                left_out[name] = fault
            elif number:
                values[name].append(value)
    whole = {name: found for name, found in values.items() if name not in left_out}
    spreads = {name: spread(found) for name, found in whole.items()}
    return Result(script.name, script.group, threads, spreads, ratios(whole), left_out=left_out)


def run(program: str) -> tuple[float, str]:
    """Run a program in a fresh interpreter; return the number on its last line, or what went wrong."""
    done = subprocess.run(  # noqa: S603  # our own programs, from this file
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=os.environ.copy()
    )
    if done.returncode:
        return 0.0, (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return float(done.stdout.split()[-1]), ""


def _first(size: int, prepared: str = "") -> dict[str, str]:
    data = (
        "import numpy as np; side = 3; rng = np.random.default_rng(0); "
        f"image = rng.standard_normal(({size}, {size}), np.float32); kernel = {RANDOM}"
    )
    return {"convista": prepared + _timed(OURS_BEGUN + "; " + data, OURS_WORK, "first"),
            "cv2": _timed(CV2_BEGUN + "; " + data, CV2_WORK, "first")}  # fmt: skip


def _timed(begun: str, work: str, since: str) -> str:
    return TIMED.format(begun=begun, work=work, since=since)
