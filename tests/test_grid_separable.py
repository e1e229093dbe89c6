"""The pass along a row by shifted vectors: whole numbers, so that every sum is exact and equal to the oracle's."""

import numpy as np
import pytest

import convista as cx
from convista.grid import recall
from convista.grid.separable import passes


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("taps", [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40])
@pytest.mark.parametrize("cols", [130, 163, 300])
def test_pixels_are_shifted_to_the_weights_they_meet(kind, taps, cols):
    rng = np.random.default_rng(taps)
    image = rng.integers(-9, 10, (9, cols)).astype(kind)
    image[2, cols // 3], image[4, cols - 1], image[7, 0] = np.nan, np.inf, -np.inf  # none may reach a stop too many
    kernel = np.outer([1, 2, 3], rng.integers(1, 5, taps)).astype(kind)
    memory = np.full((9, cols + 40), 7, kind)
    for first in (0, 3):  # on a cache line or beside one
        out = memory[:, first : first + cols]
        cx.conv2d(image, kernel, padding="same", engine="separable", out=out, threads=1)
        expected = cx.conv2d(image, kernel, padding="same", engine="plain")
        assert np.array_equal(out, expected, equal_nan=True)
        assert (memory[:, first + cols :] == 7).all()
        memory[:] = 7


def test_shifted_or_not_sums_are_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    image = rng.normal(size=(50, 300)).astype("float32")
    kernel = np.full((5, 21), 1 / 105, "float32")
    shifted = cx.conv2d(image, kernel, padding="same", engine="separable", threads=1)
    recall.forget()
    monkeypatch.setattr(passes, "LINE", 0)  # as on machines with shorter vectors
    assert np.array_equal(cx.conv2d(image, kernel, padding="same", engine="separable", threads=1), shifted)
    recall.forget()
