"""`convista bench` on all cells, written into benchmarks/results: what `make bench` does.

Options are those of `convista bench`. With one that leaves cells out, only files that are named are written, so that a
look at one cell never replaces a whole run.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from convista._version import __version__
from convista.bench.machine import machine
from convista.cli.entry import app

PARTS = {"--only", "--quick", "--out-given", "--list", "--show", "--help", "-h"}
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure, tell, write the record and draw the picture."""
    if PARTS & set(sys.argv):
        app(["bench", *sys.argv[1:]], prog_name="convista")
    RESULTS.mkdir(exist_ok=True)
    processor = re.sub(r"[^a-z0-9]+", "-", machine()["processor"].lower()).strip("-")
    record = RESULTS / f"{__version__}--{processor}.json"
    files = ["--json", str(record), "--picture", str(record.with_suffix(".svg"))]
    app(["bench", *files, *sys.argv[1:]], prog_name="convista")


if __name__ == "__main__":
    main()
