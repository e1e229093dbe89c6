"""One kernel on one channel: ours, OpenCV, SciPy and torch, each at its best settings."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import convista as cx
from convista.files import write_text
from convista.training.machine import machine, versions

CASES = [(size, kernel) for size in (28, 256, 1024, 2048) for kernel in (3, 5, 9)]
PEERS = ("opencv-python-headless", "scipy", "numba")
ROUNDS = 15
LEAST_SECONDS = 0.02

Run = Callable[[], Any]


def contenders(image: np.ndarray, kernel: np.ndarray, threads: int) -> dict[str, Run]:
    """Return what is measured: float32, reflected border, a fresh output each."""
    import cv2
    import scipy.ndimage
    import torch

    cv2.setNumThreads(threads)
    torch.set_num_threads(threads)
    pads = tuple(size // 2 for size in kernel.shape)
    tensor = torch.from_numpy(image)[None, None].contiguous(memory_format=torch.channels_last)
    weights = torch.from_numpy(kernel)[None, None].contiguous(memory_format=torch.channels_last)
    wide = (pads[1], pads[1], pads[0], pads[0])
    return {
        "convista": lambda: cx.conv2d(image, kernel, padding=pads, padding_mode="reflect", threads=threads),
        "cv2.filter2D": lambda: cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101),
        "scipy.ndimage": lambda: scipy.ndimage.correlate(image, kernel, mode="mirror"),
        "torch, channels_last": lambda: torch.nn.functional.conv2d(
            torch.nn.functional.pad(tensor, wide, mode="reflect"), weights
        ),
    }


def check(runs: dict[str, Run], image: np.ndarray, kernel: np.ndarray) -> None:
    """Refuse to time a contender whose numbers are wrong."""
    pads = tuple(size // 2 for size in kernel.shape)
    exact = cx.conv2d(image.astype("float64"), kernel.astype("float64"), padding=pads, padding_mode="reflect")
    for name, run in runs.items():
        np.testing.assert_allclose(np.asarray(run()).reshape(exact.shape), exact, atol=1e-3, err_msg=name)


def measure(runs: dict[str, Run]) -> dict[str, float]:
    """Return the median seconds of one call of each, the rounds interleaved."""
    repeats = {name: max(1, round(LEAST_SECONDS / _once(run, 1))) for name, run in runs.items()}
    rounds = [{name: _once(run, repeats[name]) for name, run in runs.items()} for _ in range(ROUNDS)]
    return {name: statistics.median(each[name] for each in rounds) for name in runs}


def _once(run: Run, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


def main() -> None:
    """Measure all cases and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = []
    print(f"float32, one channel, reflected border, fresh output, {options.threads} thread(s), median of {ROUNDS}")
    print(f"{'image':>12} {'kernel':>6} {'ours':>10}  theirs / ours: over 1, ours is quicker")
    for size, side in CASES:
        rng = np.random.default_rng(size * side)
        image, kernel = (rng.normal(size=(n, n)).astype("float32") for n in (size, side))
        runs = contenders(image, kernel, options.threads)
        check(runs, image, kernel)
        seconds = measure(runs)
        ours = seconds["convista"]
        ratios = "  ".join(f"{name} {value / ours:.2f}" for name, value in seconds.items() if name != "convista")
        print(f"{size:>5} x {size:<4} {side:>4}^2 {ours * 1e3:>7.3f} ms  {ratios}", flush=True)
        results.append({"size": size, "kernel": side, "seconds": seconds})
    if options.json:
        peers = {name: version(name) for name in PEERS}
        facts = {
            "machine": machine(),
            "versions": versions() | peers,
            "threads": options.threads,
            "rounds": ROUNDS,
            "results": results,
        }
        write_text(options.json, json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
