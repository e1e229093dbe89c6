"""The picture room as a whole: its names, and that looking at numbers loads no plotting library before it must."""

import os
import subprocess
import sys

import pytest

import convista.picture

HEAVY = ("matplotlib", "pandas", "torch", "jinja2")
PLAIN = """
import sys
from convista.picture import data_uri, line_chart, terminal_image
data_uri([[0, 1]])
terminal_image([[0, -1]], colour=True)
line_chart({"loss": [1, 2]}, title="Loss")
"""


def loaded_after(code: str) -> str:
    script = f"{code}\nimport sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True,
                         env=os.environ | {"MPLBACKEND": "Agg"})  # fmt: skip
    return run.stdout.splitlines()[-1]


def test_importing_the_room_loads_neither_matplotlib_nor_pandas():
    assert loaded_after("import convista.picture") == "[]"


def test_reports_and_terminals_do_without_them_too():
    assert loaded_after(PLAIN) == "[]"


def test_the_detector_can_fail():
    assert loaded_after("from convista.picture import show_image; show_image([[0, 1]])") == "['matplotlib']"


@pytest.mark.parametrize(
    "name",
    ["Line", "PixelTable", "data_uri", "line_chart", "png_bytes", "show_grid", "show_image", "show_pixels",
     "terminal_image"],
)  # fmt: skip
def test_the_rooms_names(name):
    assert getattr(convista.picture, name).__doc__
