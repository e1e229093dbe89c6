"""For tests and doctests alike: data sets are unpacked into a folder of this run's own, never the user's."""

import os
import shutil
import tempfile

import pytest

HOME = "CONVISTA_HOME"


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder, also for the programs that tests start."""
    if HOME not in os.environ:
        config.stash[FOLDER] = os.environ[HOME] = tempfile.mkdtemp(prefix="convista-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder that was made."""
    shutil.rmtree(config.stash.get(FOLDER, ""), ignore_errors=True)


FOLDER = pytest.StashKey[str]()
