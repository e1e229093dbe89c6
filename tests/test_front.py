"""The front: `import convista` is quick, brings every public name, and loads nothing heavy."""

import subprocess
import sys

import pytest

import convista

HEAVY = ("torch", "numba", "matplotlib", "pandas", "scipy", "sklearn", "typer", "rich", "numpy", "PIL")
LOADED = "import sys; print([name for name in {heavy!r} if name in sys.modules])"


def loaded_after(code: str) -> str:
    """Which heavy packages a fresh interpreter holds after `code`."""
    script = f"{code}\n{LOADED.format(heavy=HEAVY)}"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1]


def test_importing_convista_loads_nothing_heavy():
    assert loaded_after("import convista") == "[]"


def test_the_detector_can_fail():
    assert loaded_after("import convista\nimport numpy") == "['numpy']"


def test_a_small_convolution_loads_neither_numba_nor_torch():
    assert loaded_after("import convista as cx; cx.conv2d([[1, 2]], [[1]])") == "['numpy', 'PIL']"


@pytest.mark.parametrize("name", convista.__all__)
def test_every_public_name_can_be_had(name):
    assert getattr(convista, name) is not None


def test_an_unknown_name_says_so():
    with pytest.raises(AttributeError, match="No convista attribute convolve"):
        _ = convista.convolve
