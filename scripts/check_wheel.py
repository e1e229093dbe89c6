"""Build the wheel, install it into an empty environment without its dependencies' extras, and import it there.

What this catches: a file that the wheel forgot, a name that only the checkout has, an import that needs an extra.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

TRY = """
import convista as cx
assert "site-packages" in cx.__file__, cx.__file__
assert cx.conv2d([[1, 2], [3, 4]], [[1, 1]]) == [[3], [7]]
folder = cx.untar_data("mnist_sample")
assert float(cx.apply_kernel(cx.read_image(folder / "train/3/12.png"), 5, 7, cx.kernels.top_edge)) == 762
print("the wheel of convista", cx.__version__, "works in an empty environment")
"""


def main() -> None:
    """Build, install, import; any failure ends with the command's own output."""
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(root))
        (wheel,) = place.glob("*.whl")
        python = empty_environment(place / "venv")
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "-c", str(root / "constraints.txt"), str(wheel))  # fmt: skip
        print(run(python, "-c", TRY, cwd=place), end="")


def empty_environment(place: Path) -> str:
    """Make a virtual environment and return its interpreter."""
    venv.create(place, with_pip=True)
    return str(place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a command and return what it printed; show everything if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
