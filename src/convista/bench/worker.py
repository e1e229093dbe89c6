"""The process that measures, on one number of threads. Its parent writes names of cells and reads results as JSON.

It limits itself to as many cores as threads: some peers have no other knob, and a thread that wanders is noise.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO


def environment(threads: int) -> dict[str, str]:
    """Return what the libraries read when they are loaded."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    one = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} if threads == 1 else {}
    quiet = {"JAX_PLATFORMS": "cpu", "OPENVINO_TELEMETRY_DISABLE": "1"}
    return dict.fromkeys(names, str(threads)) | one | quiet


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main(threads: int, rounds: int) -> None:
    """Answer until the parent hangs up."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])  # the first core serves the system, too
    answers = _own_output()
    for line in sys.stdin:
        result = answer(line.strip(), threads, rounds)
        answers.write(result + "\n")
        answers.flush()


def answer(name: str, threads: int, rounds: int) -> str:
    """Measure a cell and return its result as JSON."""
    from convista.bench import scripts, trial
    from convista.bench.catalogue import find
    from convista.bench.cell import Script
    from convista.bench.record import to_json

    cell = find(name)
    if isinstance(cell, Script):
        return to_json(scripts.measure(cell, threads))
    return to_json(trial.measure(cell, threads, rounds))


def _own_output() -> TextIO:
    """Keep the real output for answers; what peers print goes to the error output."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
