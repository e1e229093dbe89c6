"""torch's convolution, a few images at a time, against the plain engine."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convista as cx
from convista.grid import by_torch, recall


@pytest.fixture
def small_parts(monkeypatch):
    """Have torch do one, two or three images at a time."""
    recall.forget()
    monkeypatch.setattr(by_torch, "PART", 4 * 3 * 60)
    yield
    recall.forget()


def problem(images, filters, rows, cols, dtype="float32"):
    image, kernel = np.empty((images, 1, rows, cols), dtype), np.empty((filters, 1, 1, 1), dtype)
    return cx.plan(image, kernel).problem


def test_images_at_a_time_have_results_of_about_two_mebibytes():
    assert by_torch.images_at_a_time(problem(100, 8, 32, 64), 1) == 32
    assert by_torch.images_at_a_time(problem(100, 8, 32, 64, "float64"), 1) == 16
    assert by_torch.images_at_a_time(problem(100, 8, 32, 64), 2) == 64
    assert by_torch.images_at_a_time(problem(100, 9, 32, 64), 1) == 28
    assert by_torch.images_at_a_time(problem(2, 3, 1024, 1024), 1) == 1


@pytest.mark.usefixtures("small_parts")
@given(
    images=st.integers(1, 9), groups=st.sampled_from([1, 1, 2]), channels=st.integers(1, 3), filters=st.integers(1, 3),
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)), stride=st.integers(1, 2),
    padding=st.sampled_from([0, 1, ((0, 2), (1, 0))]), mode=st.sampled_from(["zeros", "reflect", "circular"]),
    dtypes=st.sampled_from([("float32", None), ("float64", None), ("uint8", None), ("float32", "uint8")]),
    layout=st.sampled_from(["C", "turned", "every other", "backwards", "read-only"]), seed=st.integers(0, 999),
)  # fmt: skip
@settings(max_examples=150)
def test_each_image_meets_the_kernel_once_whatever_the_part(
    images, groups, channels, filters, size, stride, padding, mode, dtypes, layout, seed
):
    rng = np.random.default_rng(seed)
    image = laid(rng.integers(0, 200, (images, groups * channels, *size)).astype(dtypes[0]), layout)
    kernel = rng.normal(size=(groups * filters, channels, 3, 3)).astype("float32")
    terms = dict(bias=rng.normal(size=groups * filters).astype("float32"), stride=stride, groups=groups,
                 padding=padding, padding_mode=mode, dtype=dtypes[1])  # fmt: skip
    expected = cx.conv2d(image, kernel, **terms, engine="plain")
    whole = np.full((images, groups * filters, *np.multiply(expected.shape[2:], 2)), 7, expected.dtype)
    out = whole[:, :, ::2, 1::2]
    assert cx.conv2d(image, kernel, **terms, engine="torch", out=out) is out
    new = cx.conv2d(image, kernel, **terms, engine="torch")
    assert new.flags.c_contiguous
    assert np.array_equal(new, out)
    assert (whole[:, :, 1::2] == 7).all()
    assert (whole[:, :, :, ::2] == 7).all()
    tolerance = 1 if expected.dtype == "uint8" else 1e-2  # a half may be rounded up by one and down by the other
    np.testing.assert_allclose(new.astype("float64"), expected.astype("float64"), rtol=0, atol=tolerance)


def laid(image, layout):
    """The same numbers, in other memory."""
    if layout == "turned":
        return np.ascontiguousarray(image.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    if layout == "every other":
        return np.repeat(image, 2, axis=0)[::2]
    if layout == "backwards":
        return image[::-1, :, ::-1].copy()[::-1, :, ::-1]
    image.flags.writeable = layout != "read-only"
    return image
