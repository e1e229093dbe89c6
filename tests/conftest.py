"""What all tests share: the data that may lie beside the checkout, and quiet, repeatable hypothesis runs."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with canonical MNIST and photos; tests that need it skip where it is missing."""
    place = Path(os.environ.get("CONVISTA_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    if not place.is_dir():
        pytest.skip("needs the full data sets (CONVISTA_SHARED)")
    return place


@pytest.fixture(scope="session")
def sample() -> Path:
    """The built-in threes and sevens, unpacked."""
    from convista import untar_data

    return untar_data("mnist_sample")
