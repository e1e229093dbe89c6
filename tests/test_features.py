"""KernelFeatures: scikit-learn's own checks, values against conv2d and by hand, names, refusals."""

import dataclasses
import pickle
import runpy
import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import convista as cx
from convista.features import KernelFeatures, recipe

SQUARE = np.arange(1.0, 10).reshape(1, 9)  # 1 2 3, 4 5 6, 7 8 9


@parametrize_with_checks(
    [KernelFeatures(), KernelFeatures(["sobel_x", "sobel_y"], stride=2, rectify="both", pool=(1, 3), pooling="mean")]
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (dict(pool=1), [1, 2, 1, 1, 2, 1, 1, 2, 1]),
        (dict(), [2, 1, 2, 1]),
        (dict(pooling="mean"), [1.5, 1, 1.5, 1]),
        (dict(pool=(3, 1), pooling="mean"), [1, 2, 1]),
        (dict(pool=99, pooling="mean"), [12 / 9]),
        (dict(pool=None, padding="valid"), [2, 2, 2]),
        (dict(pool=1, stride=2), [1, 1, 1, 1]),
        (dict(pool=1, padding_mode="zeros"), [2, 2, -2, 5, 2, -5, 8, 2, -8]),
        (dict(pool=1, padding_mode="zeros", rectify="relu"), [2, 2, 0, 5, 2, 0, 8, 2, 0]),
        (dict(pool=1, padding_mode="zeros", rectify="abs"), [2, 2, 2, 5, 2, 5, 8, 2, 8]),
        (dict(pool=2, padding_mode="zeros", rectify="both"), [5, 0, 8, 0, 0, 5, 0, 8]),
        (dict(pool=2, padding_mode="zeros", rectify=None), [5, -2, 8, -8]),
    ],
)
def test_three_rows_under_the_central_difference_by_hand(terms, expected):
    terms = {"rectify": "none", **terms}
    assert KernelFeatures("-1 0 1", **terms).fit_transform(SQUARE).tolist() == [expected]


def by_hand(image, bank, terms):
    """The features of one image (rows, cols, channels), a plain loop over everything."""
    rectify, pool = terms["rectify"], terms["pool"]
    signs = {"relu": [1], "both": [1, -1], "abs": [0], "none": [None]}[rectify]
    steps = {name: terms[name] for name in ("stride", "padding", "padding_mode")}
    features = []
    for channel in range(image.shape[2]):
        for kernel in bank:
            answers = cx.conv2d(image[..., channel], kernel, **steps)
            for sign in signs:
                grid = {1: answers.clip(0), -1: (-answers).clip(0), 0: abs(answers), None: answers}[sign]
                for row in range(0, grid.shape[0], pool[0]):
                    for col in range(0, grid.shape[1], pool[1]):
                        window = grid[row : row + pool[0], col : col + pool[1]]
                        features.append(window.max() if terms["pooling"] == "max" else window.mean())
    return features


@given(
    size=st.tuples(st.integers(3, 9), st.integers(3, 9), st.integers(1, 3)), samples=st.integers(1, 4),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)), filters=st.integers(1, 3), seed=st.integers(0, 999),
    block=st.sampled_from([1, 2000, 2**25]), flat=st.booleans(),
    terms=st.fixed_dictionaries({
        "stride": st.integers(1, 3), "padding": st.sampled_from(["valid", 0, 1, (0, 2)]),
        "padding_mode": st.sampled_from(["zeros", "replicate", "circular"]),
        "rectify": st.sampled_from(["relu", "abs", "both", "none"]),
        "pool": st.tuples(st.integers(1, 5), st.integers(1, 5)), "pooling": st.sampled_from(["max", "mean"]),
    }),
)  # fmt: skip
@settings(max_examples=150)
def test_features_are_those_of_plain_loops_in_blocks_of_any_size(
    size, samples, kernel, filters, seed, block, flat, terms
):
    rng = np.random.default_rng(seed)
    images, bank = rng.normal(size=(samples, *size)), rng.normal(size=(filters, *kernel))
    features = KernelFeatures(bank, image_shape=size, **terms)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "BLOCK_BYTES", block)
        result = features.fit_transform(images.reshape(samples, -1) if flat else images)
    expected = [by_hand(image, bank, terms) for image in images]
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)
    assert len(features.get_feature_names_out()) == result.shape[1]


def test_same_padding_has_a_stop_at_every_strideth_pixel():
    images = np.random.default_rng(0).normal(size=(2, 7, 6))
    each, some = (KernelFeatures("sobel_x", stride=stride, pool=1).fit(images) for stride in (1, (2, 3)))
    assert (each.grid_shape_, some.grid_shape_) == ((1, 7, 6), (1, 4, 2))
    grids = each.transform(images).reshape(-1, 7, 6)
    assert np.allclose(some.transform(images).reshape(-1, 4, 2), grids[:, ::2, ::3])


def test_learned_filters_add_the_channels_up():
    images = np.random.default_rng(0).normal(size=(3, 6, 7, 2)).astype("float32")
    layer = torch.nn.Conv2d(2, 4, 3, bias=False)
    features = KernelFeatures(layer.weight, pool=1, padding="valid", rectify=None)
    result = clone(features).fit_transform(images).reshape(3, 4, 4, 5)
    expected = layer(torch.from_numpy(images).permute(0, 3, 1, 2)).detach()
    assert np.allclose(result, expected, atol=1e-5)
    assert features.fit(images).get_feature_names_out()[[0, 79]].tolist() == ["kernel0_r0_c0", "kernel3_r3_c4"]


@pytest.mark.parametrize(
    ("terms", "shape", "names"),
    [
        (dict(kernels="sobel_x"), (1, 8), ["sobel_x_r0_c0", "sobel_x_r0_c1", "sobel_x_r0_c2", "sobel_x_r0_c3"]),
        (dict(kernels=["box:3", "sobel_x"], pool=9), (1, 9), ["box:3_r0_c0", "sobel_x_r0_c0"]),
        (dict(kernels=cx.kernels.sobel_y, rectify="both"), (1, 2, 3), ["sobel_y_pos_r0_c0", "sobel_y_pos_r0_c1", "sobel_y_neg_r0_c0", "sobel_y_neg_r0_c1"]),
        (dict(kernels=["1 -1", [[2, 1]]]), (1, 4), ["kernel0_r0_c0", "kernel1_r0_c0"]),
        (dict(kernels=[[1, -1]]), (1, 1, 1, 2), ["kernel_ch0_r0_c0", "kernel_ch1_r0_c0"]),
        (dict(kernels=["sobel_x", "sobel_x"]), (1, 2, 2), ["sobel_x0_r0_c0", "sobel_x1_r0_c0"]),
    ],
)  # fmt: skip
def test_every_feature_has_a_name(terms, shape, names):
    features = KernelFeatures(**terms).set_output(transform="pandas")
    assert features.fit_transform(np.ones(shape)).columns.tolist() == names


def test_columns_that_are_no_square_are_an_image_of_one_row():
    assert KernelFeatures().fit(np.ones((2, 784))).image_shape_ == (28, 28)
    assert KernelFeatures().fit(np.ones((2, 783))).image_shape_ == (1, 783)
    assert KernelFeatures(image_shape=[27, 29]).fit(np.ones((2, 783))).image_shape_ == (27, 29)
    assert KernelFeatures().fit(np.ones((2, 4, 5, 3))).image_shape_ == (4, 5, 3)
    signal = KernelFeatures("-1 1", padding="valid", pool=1, rectify=None).fit_transform([[1, 4, 9, 16, 25]])
    assert signal.tolist() == [[3, 5, 7, 9]]


@pytest.mark.parametrize(
    ("given", "made"),
    [("bool", "float32"), ("uint8", "float32"), ("int16", "float32"), ("int32", "float64"), ("int64", "float64"),
     ("float16", "float32"), ("float32", "float32"), ("float64", "float64"), (">f4", "float32")],
)  # fmt: skip
def test_the_dtype_follows_the_images(given, made):
    images = np.arange(18).reshape(2, 9).astype(given)
    result = KernelFeatures(np.full((3, 3), 0.1), pooling="mean").fit_transform(images)
    assert result.dtype == made
    assert np.allclose(result, KernelFeatures(np.full((3, 3), 0.1), pooling="mean").fit_transform(images.astype(float)))


def test_memory_beside_images_and_features_is_that_of_a_block(monkeypatch):
    monkeypatch.setattr(recipe, "BLOCK_BYTES", 2**18)
    images = np.random.default_rng(0).integers(0, 256, (3000, 784), dtype=np.uint8)
    features = KernelFeatures(threads=1).fit(images)
    features.transform(images[:200])  # what is compiled is compiled
    tracemalloc.start()
    result = features.transform(images)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < result.nbytes + 8 * 2**18


def test_a_grid_search_finds_its_way_through_a_pipeline():
    images, digits = load_digits(return_X_y=True)  # 8 x 8
    model = make_pipeline(KernelFeatures(), StandardScaler(), LogisticRegression(max_iter=300))
    search = GridSearchCV(
        model, {"kernelfeatures__kernels": [["sobel_x", "sobel_y"], "identity"], "kernelfeatures__pool": [2, 8]}, cv=2
    )
    search.fit(images[:600], digits[:600])
    assert search.best_params_["kernelfeatures__pool"] == 2
    assert search.score(images[600:], digits[600:]) > 0.85
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert again.predict(images).tolist() == search.predict(images).tolist()


REFUSED = [
    (dict(rectify="rlu"), (1, 9), 'rectify (="rlu") must be one of relu, abs, both, none; did you mean "relu"?'),
    (dict(pooling="median"), (1, 9), 'pooling (="median") must be one of max, mean; did you mean "mean"?'),
    (dict(pool=0), (1, 9), "pool (=0) must be 1 or more"),
    (dict(stride=0), (1, 9), "stride (=0) must be 1 or more"),
    (dict(pool=1.5), (1, 9), "pool (=1.5) must be a whole number, 1 or more"),
    (dict(padding_mode="edge"), (1, 9), 'padding_mode (="edge") must be one of zeros, reflect, symmetric, replicate, circular'),
    (dict(threads=0), (1, 9), "threads (=0) must be 1 or more"),
    (dict(image_shape=(3, 4)), (1, 9), "image_shape (=(3, 4)) makes 3 x 4 = 12 numbers an image; X has 9"),
    (dict(image_shape=9), (1, 9), "image_shape (=9) must be (rows, cols) or (rows, cols, channels)"),
    (dict(image_shape=(9,)), (1, 9), "image_shape (=(9,)) must be (rows, cols) or (rows, cols, channels)"),
    (dict(image_shape=(-3, -3)), (1, 9), "image_shape (=-3) must be 1 or more"),
    (
        dict(image_shape=(2, 3)), (1, 3, 2),
        "image_shape (=(2, 3)) must be what X holds, images (3, 2); for such X it can be left out",
    ),
    (
        dict(kernels=["sobel_x", "gaussian:5"]), (1, 49),
        "kernels must have one size, not sobel_x 3x3, gaussian:5 5x5; a FeatureUnion joins banks of different sizes",
    ),
    (dict(kernels=[[1, 2], [3]]), (1, 9), "kernels (nested lists) must be rectangular: row 0 has 2 entries, row 1 has 1"),
    (
        dict(kernels=[1, 2]), (1, 9),
        "kernels (shape (2,)) must be one kernel (rows, cols), several (filters, rows, cols), or (filters, channels, rows, cols)",
    ),
    (dict(kernels=np.ones((0, 3, 3))), (1, 9), "kernel (shape (0, 1, 3, 3)) has no weights; the smallest is 1x1"),
    (
        dict(kernels=np.ones((2, 3, 2, 2))), (1, 9),
        "kernel (shape (2, 3, 2, 2)) meets 3 channels a filter in 1 groups, that is 3; the image has 1",
    ),
    (
        dict(padding="valid"), (1, 10),
        "kernel (=3) with dilation 1 spans 3 pixels, but there are 1 + padding 0 + 0; "
        "the largest kernel that fits is 1, the least padding in all 2",
    ),
    (
        dict(kernels=["sobl_x"]), (1, 9),
        'kernel (="sobl_x") must be one of the 80 names in convista.kernels; did you mean "sobel_x"? '
        'A kernel may also be text ("1 0 -1; 2 0 -2") or a file (.txt, .csv, .npy)',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "shape", "sentence"), REFUSED, ids=[sentence[:40] for *_, sentence in REFUSED])
def test_bad_parameters_are_refused_by_fit_with_a_sentence(terms, shape, sentence):
    features = KernelFeatures(**terms)  # scikit-learn's rule: not here
    with pytest.raises((ValueError, TypeError)) as caught:
        features.fit(np.ones(shape))
    assert str(caught.value) == sentence


def test_images_of_another_shape_are_refused():
    features = KernelFeatures().fit(np.ones((2, 4, 6)))
    assert features.transform(np.ones((3, 24))).shape == features.transform(np.ones((3, 4, 6))).shape
    with pytest.raises(ValueError) as caught:
        features.transform(np.ones((2, 6, 4)))
    assert str(caught.value) == "X holds images (6, 4), but KernelFeatures was fitted on images (4, 6)"
    with pytest.raises(ValueError, match="^X has 25 features, but KernelFeatures is expecting 24 features as input"):
        features.transform(np.ones((2, 25)))


def test_scikit_learn_refuses_what_is_not_a_table_of_numbers():
    for images, error, words in (
        (csr_array(np.eye(9)), TypeError, "Sparse data was passed"),
        (np.full((2, 3, 3), np.nan), ValueError, "Input X contains NaN"),
        (np.ones(9), ValueError, "Expected 2D array, got 1D array"),
        (np.ones((2, 1, 1, 3, 3)), ValueError, "Found array with dim 5"),
        (np.ones((0, 3, 3)), ValueError, r"Found array with 0 sample\(s\)"),
    ):
        with pytest.raises(error, match=words):
            KernelFeatures().fit(images)


def test_parameters_that_change_after_fit_count_from_the_next_fit():
    features = KernelFeatures(image_shape=(3, 3)).fit(SQUARE)
    before = features.transform(SQUARE)
    assert np.array_equal(features.set_params(pool=1, rectify="both").transform(SQUARE), before)
    assert features.fit_transform(SQUARE).shape == (1, 72)


def test_no_warning_comes_from_large_numbers_in_integers():
    with warnings.catch_warnings(action="error"):
        result = KernelFeatures("box:3", pooling="mean").fit_transform(np.full((2, 9), 2**62))
    assert np.allclose(result, 2.0**62)


def test_without_scikit_learn_the_room_says_what_to_type():
    code = "import sys; sys.modules['sklearn'] = None; import convista; convista.conv2d; convista.KernelFeatures"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1] == (
        'convista.errors.MissingExtraError: convista.features needs sklearn; type: pip install "convista[sklearn]"'
    )


def test_the_example_compares_pixels_edges_and_a_network(sample):
    whole = cx.dataset.load_dataset(sample)
    few = {
        name: dataclasses.replace(split, images=split.images[::40], labels=split.labels[::40], paths=split.paths[::40])
        for name, split in (("train", whole.train), ("valid", whole.valid))
    }
    example = runpy.run_path(str(Path(__file__).parents[1] / "examples/edges_as_features.py"))
    table = [row.rsplit("%")[0].split() for row in example["rows"](dataclasses.replace(whole, **few), epochs=3)]
    assert [row[:-1] for row in table] == [
        ["raw", "pixels", "784"],
        ["four", "edges,", "pooled", "784"],
        ["learned", "kernels", "64"],
        ["the", "network's", "own", "end", "64"],
    ]
    assert all(float(row[-1]) > 90 for row in table[:3])
