"""Kernels: the named ones against numbers from elsewhere, the user's own, and what is said about bad ones."""

from __future__ import annotations

import copy
import math
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from PIL import ImageFilter

from convista.kernel import Kernel, KernelNameError, as_kernel, factors_of, kernels, parse_kernel, read_kernel

SLOPES = [name for name in kernels if kernels[name].unit == "brightness per pixel" and not name.startswith("farid")]
NO_FORMULA = re.compile(r"[a-z]{2}")


def said(kind: type[Exception], call, *values, **named) -> str:
    """Return what the exception says: exactly this kind, the whole text."""
    with pytest.raises(kind) as caught:
        call(*values, **named)
    return str(caught.value)


def offsets(kernel: Kernel) -> tuple[np.ndarray, np.ndarray]:
    rows, cols = kernel.shape
    return np.arange(cols) - (cols - 1) / 2, (np.arange(rows) - (rows - 1) / 2)[:, None]


# --- the record ---------------------------------------------------------------------------------------------


def test_weights_are_a_read_only_copy_and_whole_numbers_stay_whole():
    mine = np.array([[1.0, 2.0]])
    kernel = Kernel("mine", mine)
    mine[0, 0] = 9
    assert kernel.weights.tolist() == [[1, 2]]
    assert kernel.weights.dtype == np.int64
    assert Kernel("half", np.array([[0.5, 2]])).weights.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        kernel.weights[0, 0] = 3
    with pytest.raises(AttributeError):
        kernel.name = "other"


def test_numbers_that_int64_can_not_hold_stay_floats():
    assert Kernel("large", np.array([[2.0**60]])).weights.dtype == np.float64
    assert Kernel("large", np.array([[2**63]], np.uint64)).weights.dtype == np.float64
    assert Kernel("not finite", np.array([[np.nan, np.inf]])).weights.dtype == np.float64


def test_numpy_takes_a_kernel_for_its_weights():
    kernel = kernels.sobel_x
    assert np.asarray(kernel) is kernel.weights
    assert np.array(kernel).flags.writeable
    assert np.asarray(kernel, np.float32).dtype == np.float32
    assert np.add(kernel, 1).tolist() == (kernel.weights + 1).tolist()


def test_kernels_are_equal_by_name_scale_and_weights():
    one = Kernel("a", np.array([[1, 2]]))
    assert one == Kernel("a", np.array([[1, 2]]))
    assert hash(one) == hash(Kernel("a", np.array([[1, 2]])))
    assert one != Kernel("a", np.array([[1], [2]]))
    assert one != Kernel("b", np.array([[1, 2]]))
    assert one != "a"


@pytest.mark.parametrize("name", ["sobel_x", "gaussian"])
def test_kernels_survive_copying_and_pickling(name):
    assert copy.deepcopy(kernels[name]) == kernels[name]
    assert pickle.loads(pickle.dumps(kernels[name])) == kernels[name]


def test_printed():
    assert str(kernels.sobel_x) == (
        "sobel_x  3 x 3\n"
        "  -1   0   1\n"
        "  -2   0   2\n"
        "  -1   0   1\n"
        "formula  a3 + 2*a6 + a9 - a1 - 2*a4 - a7\n"
        "scale    1/8; response * scale is brightness per pixel\n"
        "factors  column 1 2 1, row -1 0 1\n"
        "source   I. Sobel, G. Feldman, A 3x3 isotropic gradient operator, 1968"
    )
    assert repr(kernels.top_edge) == "<Kernel top_edge, 3 x 3: a7 + a8 + a9 - a1 - a2 - a3>"


def test_printed_families_say_how_they_are_called():
    assert "call     gaussian(size=5, sigma=None)\n" in str(kernels.gaussian)


def test_large_kernels_print_their_corners():
    large = kernels["gaussian:31,5"]
    lines = str(large).splitlines()[1:8]
    assert [len(line) for line in lines] == [len(lines[0])] * 7
    assert lines[3].split() == ["..."] * 7
    corner = [f"{weight:.4g}" for weight in large.weights[0, :3]]
    assert lines[0].split() == [*corner, "...", *corner[::-1]]


@pytest.mark.parametrize("name", list(kernels))
def test_printed_kernels_fit_into_80_columns(name):
    assert max(map(len, str(kernels[name]).splitlines())) <= 80


# --- formulas -----------------------------------------------------------------------------------------------


def test_the_textbook_edge_has_its_true_sign():
    assert kernels.top_edge.weights.tolist() == [[-1, -1, -1], [0, 0, 0], [1, 1, 1]]
    assert kernels.top_edge.formula == "a7 + a8 + a9 - a1 - a2 - a3"
    assert (kernels.bottom_edge.weights == -kernels.top_edge.weights).all()
    assert (kernels.left_edge.weights == kernels.top_edge.weights.T).all()
    assert (kernels.right_edge.weights == -kernels.left_edge.weights).all()


@pytest.mark.parametrize("name", [name for name in kernels if not NO_FORMULA.search(kernels[name].formula)])
def test_the_formula_gives_what_the_weights_give(name):
    kernel = kernels[name]
    if "r" in kernel.formula:
        pytest.skip("a formula with a root stands for the weights, not for the sum")
    window = np.random.default_rng(7).integers(0, 256, kernel.shape)
    pixels = window.ravel().tolist()
    sum_ = eval(re.sub(r"a(\d+)", lambda place: str(pixels[int(place[1]) - 1]), kernel.formula))
    assert sum_ == pytest.approx(float((window * kernel.weights).sum()), rel=1e-14)


def test_most_kernels_have_a_formula_that_was_tried_above():
    assert sum(not NO_FORMULA.search(kernels[name].formula) for name in kernels) >= 50


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("0 0; 0 0", "0"),
        ("-1 -2", "-a1 - 2*a2"),
        ("1/3 1/3 1/3", "(a1 + a2 + a3) / 3"),
        ("0.5 0.25", "(2*a1 + a2) / 4"),
        ("1", "a1"),
        ("3.14159265 1", "each of the 2 pixels times its weight, added up"),
    ],
)
def test_formulas_of_own_kernels(text, formula):
    assert as_kernel(text).formula == formula


def test_formulas_of_large_and_of_not_finite_kernels_are_sentences():
    assert as_kernel(np.ones((6, 5))).formula == "each of the 30 pixels times its weight, added up"
    assert as_kernel([[math.nan, 1.0]]).formula == "each of the 2 pixels times its weight, added up"


# --- factors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(kernels))
def test_factors_are_there_exactly_where_the_rank_is_one(name):
    weights, factors = kernels[name].weights, kernels[name].factors
    assert (factors is not None) == (np.linalg.matrix_rank(weights, rtol=1e-10) == 1)
    if factors is not None:
        column, row = factors
        assert column.dtype == row.dtype == weights.dtype
        error = np.abs(np.outer(column, row) - weights)
        assert error.max() <= (0 if weights.dtype == np.int64 else 8 * np.finfo(float).eps * np.abs(weights).max())


def test_factors_of_known_kernels():
    column, row = kernels.sobel_y.factors
    assert (column.tolist(), row.tolist()) == ([-1, 0, 1], [1, 2, 1])
    assert kernels.laplacian.factors is None
    column, row = kernels.gaussian(9, 2).factors
    assert np.allclose(column, row, rtol=1e-15)
    assert kernels.identity.factors is not None


@pytest.mark.parametrize("top", [1, 1000, 2**40])
def test_random_products_are_factored_and_one_changed_weight_is_seen(top):
    random = np.random.default_rng(top)
    column, row = random.integers(-9, 10, 5), random.integers(-top, top + 1, 7)
    column[2] = row[3] = 1
    weights = np.outer(column, row)
    found = factors_of(weights)
    assert (np.outer(*found) == weights).all()
    weights[2, 3] += 1
    assert factors_of(weights) is None


def test_products_that_would_overflow_are_compared_exactly():
    # With 64-bit products 2**32 * 2**32 is 0, and this would pass for a product.
    assert factors_of(np.array([[1, 2**32], [2**32, 0]])) is None


def test_float_products_are_factored_within_their_rounding_and_one_changed_weight_is_seen():
    random = np.random.default_rng(3)
    weights = np.outer(random.normal(size=6), random.normal(size=4))
    assert Kernel("product", weights).factors is not None
    weights[1, 2] *= 1 + 1e-13
    assert Kernel("no product", weights).factors is None
    assert factors_of(weights, tolerance=1e-12) is not None


def test_zero_and_not_finite_kernels():
    column, row = Kernel("zero", np.zeros((2, 3))).factors
    assert np.outer(column, row).shape == (2, 3)
    assert not np.outer(column, row).any()
    assert Kernel("nan", np.array([[np.nan]])).factors is None
    assert Kernel("inf", np.array([[np.inf, 1.0]])).factors is None


@pytest.mark.parametrize(("size", "sigma"), [(31, 5.0), (201, 2.6), (61, 20.0)])
def test_a_gaussian_made_in_two_dimensions_has_factors_too(size, sigma):
    x = np.arange(size) - size // 2
    bell = np.exp(-(x**2 + x[:, None] ** 2) / (2 * sigma**2))  # its far tails are inexact, down to denormal numbers
    assert Kernel("bell", bell / bell.sum()).factors is not None
    assert factors_of((bell / bell.sum()).astype(np.float32), tolerance=8 * np.finfo(np.float32).eps) is not None


def test_no_weight_is_lost_beside_a_large_one():
    assert Kernel("small", np.array([[1.5, 0], [0, 1e-20]])).factors is None
    assert Kernel("small", np.array([[1.5, 1e-20], [1.5e-5, 1e-25]])).factors is not None


# --- the named kernels against numbers from elsewhere -----------------------------------------------------------


def test_there_are_many_and_each_has_formula_source_and_a_finite_scale():
    assert len(kernels) == len(set(kernels)) == 80
    for name in kernels:
        kernel = kernels[name]
        assert kernel.name == name
        assert kernel.formula
        assert kernel.source
        assert 0 < kernel.scale <= 1
        assert np.isfinite(kernel.weights).all()


# Written as numbers; scipy.ndimage 1.17 (sobel, prewitt, laplace on one impulse, turned by half), skimage.filters
# 0.25 (scharr's 3 10 3, roberts' diagonals), OpenCV 4.12 documentation (Sobel, Scharr, Laplacian with ksize 1).
KNOWN = {
    "sobel_x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "sobel_y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "prewitt_x": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "prewitt_y": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "scharr_x": [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]],
    "laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "kirsch_n": [[5, 5, 5], [-3, 0, -3], [-3, -3, -3]],
    "kirsch_se": [[-3, -3, -3], [-3, 0, 5], [-3, 5, 5]],
    "robinson_e": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "robinson_nw": [[2, 1, 0], [1, 0, -1], [0, -1, -2]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "line_rising": [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]],
    "line_falling": [[2, -1, -1], [-1, 2, -1], [-1, -1, 2]],
    "mexican_hat": [[0, 0, -1, 0, 0], [0, -1, -2, -1, 0], [-1, -2, 16, -2, -1], [0, -1, -2, -1, 0], [0, 0, -1, 0, 0]],
    "diag1_edge": [[0, -1, 1], [-1, 1, 0], [1, 0, 0]],
    "diag2_edge": [[1, -1, 0], [0, 1, -1], [0, 0, 1]],
}


@pytest.mark.parametrize("name", list(KNOWN))
def test_weights_are_the_published_ones(name):
    assert kernels[name].weights.tolist() == KNOWN[name]


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("sobel_x", lambda image: scipy.ndimage.sobel(image, axis=1)),
        ("sobel_y", lambda image: scipy.ndimage.sobel(image, axis=0)),
        ("prewitt_x", lambda image: scipy.ndimage.prewitt(image, axis=1)),
        ("laplacian", scipy.ndimage.laplace),
        ("box", lambda image: scipy.ndimage.uniform_filter(image, 3)),
        ("gaussian:9,1", lambda image: scipy.ndimage.gaussian_filter(image, 1.0, truncate=4)),
    ],
)
def test_scipy_has_the_same_kernel(name, function):
    impulse = np.zeros((15, 15))
    impulse[7, 7] = 1
    rows, cols = kernels[name].shape
    answer = function(impulse)[7 - rows // 2 : 8 + rows // 2, 7 - cols // 2 : 8 + cols // 2]
    np.testing.assert_allclose(answer[::-1, ::-1], kernels[name].weights, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "filter_"),
    [
        ("outline", ImageFilter.FIND_EDGES),
        ("detail", ImageFilter.DETAIL),
        ("edge_enhance", ImageFilter.EDGE_ENHANCE),
        ("smooth", ImageFilter.SMOOTH),
    ],
)
def test_pillow_has_the_same_kernel(name, filter_):
    (cols, rows), divisor, _, weights = filter_.filterargs
    np.testing.assert_allclose(np.reshape(weights, (rows, cols)) / divisor, kernels[name].weights, rtol=1e-15)


def test_the_nine_of_frei_and_chen_are_an_orthonormal_basis():
    nine = np.stack([kernels[f"frei_chen_{number}"].weights.ravel() for number in range(1, 10)])
    np.testing.assert_allclose(nine @ nine.T, np.eye(9), atol=1e-15)


@pytest.mark.parametrize("family", ["kirsch", "robinson"])
def test_each_point_of_the_compass_is_bright_on_its_side(family):
    sides = {"n": (0, -1), "ne": (1, -1), "e": (1, 0), "se": (1, 1), "s": (0, 1), "sw": (-1, 1), "w": (-1, 0),
             "nw": (-1, -1)}  # fmt: skip
    for point, (dx, dy) in sides.items():
        kernel = kernels[f"{family}_{point}"]
        x, y = offsets(kernel)
        moments = np.array([(kernel.weights * x).sum(), (kernel.weights * y).sum()])
        np.testing.assert_allclose(moments / np.abs(moments).max(), (dx, dy), atol=1e-15)


@pytest.mark.parametrize("name", SLOPES)
def test_a_slope_of_one_gives_one_and_flat_gives_zero(name):
    kernel = kernels[name]
    x, y = offsets(kernel)
    across, down = (kernel.weights * x).sum() * kernel.scale, (kernel.weights * y).sum() * kernel.scale
    assert math.hypot(across, down) == pytest.approx(1, rel=1e-12)
    assert kernel.weights.sum() == pytest.approx(0, abs=1e-12)
    if name.endswith("_x") and name != "roberts_x":
        assert across == pytest.approx(1)
    if name.endswith("_y") and name != "roberts_y":
        assert down == pytest.approx(1)


def test_farid_is_nearly_a_slope():
    x, _ = offsets(kernels.farid_x)
    assert (kernels.farid_x.weights * x).sum() == pytest.approx(0.992, abs=5e-4)
    assert (kernels.farid_y.weights == kernels.farid_x.weights.T).all()


@pytest.mark.parametrize("name", ["laplacian", "laplacian_8"])
def test_a_bowl_whose_second_derivatives_add_up_to_two_gives_two(name):
    x, y = offsets(kernels[name])
    assert (kernels[name].weights * (x**2 + y**2) / 2).sum() * kernels[name].scale == pytest.approx(2)


def test_second_derivatives_of_parabola_and_saddle_are_one():
    for name, picture in (("second_x", lambda x, y: x**2 / 2), ("second_y", lambda x, y: y**2 / 2),
                          ("second_xy", lambda x, y: x * y)):  # fmt: skip
        assert (kernels[name].weights * picture(*offsets(kernels[name]))).sum() * kernels[name].scale == 1


@pytest.mark.parametrize("name", ["five_point_x", "five_point_y"])
def test_five_points_are_exact_up_to_the_fourth_power(name):
    kernel = kernels[name]
    t = np.arange(-2, 3).reshape(kernel.shape)
    for power in range(5):
        assert (kernel.weights * (t + 1.0) ** power).sum() * kernel.scale == pytest.approx(power)


ONE = ["box", "binomial", "gaussian", "disk", "motion_blur", "unsharp", "savitzky_golay", "smooth", "identity",
       "sharpen", "sharpen_8", "detail", "edge_enhance", "emboss", "diag1_edge", "diag2_edge"]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["line_horizontal", "line_vertical", "line_rising", "line_falling", "outline", "kirsch_n"]
)
def test_a_detector_answers_with_the_step_between_what_it_looks_for_and_the_rest(name):
    picture = np.where(kernels[name].weights > 0, 50, 20)
    assert (kernels[name].weights * picture).sum() * kernels[name].scale == pytest.approx(30)


def test_sums_are_one_or_zero():
    for name in kernels:
        if not name.startswith(("frei_chen", "gabor")):
            assert kernels[name].weights.sum() == pytest.approx(1 if name in ONE else 0, abs=1e-12), name


# --- kernels with parameters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "sigma"), [(3, 0.5), (5, 1.1), (31, 5), (9, 1e-3), (8, 1e-3)])
def test_gaussian_is_that_of_opencv(size, sigma):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is of the dev extra")
    column = cv2.getGaussianKernel(size, sigma)
    np.testing.assert_allclose(kernels.gaussian(size, sigma).weights, column @ column.T, rtol=1e-12, atol=1e-300)


def test_gaussian_of_even_size_has_its_middle_between_pixels():
    # OpenCV asks for odd sizes; what it returns for even ones is no sampled bell curve.
    bell = np.exp(-(np.array([-1.5, -0.5, 0.5, 1.5]) ** 2) / 8)
    np.testing.assert_allclose(kernels.gaussian((1, 4), 2).weights[0], bell / bell.sum(), rtol=1e-14)


def test_gaussian_without_sigma_follows_the_rule_of_opencv():
    cv2 = pytest.importorskip("cv2", reason="OpenCV is of the dev extra")
    column = cv2.getGaussianKernel(31, 0)
    np.testing.assert_allclose(kernels.gaussian(31).weights, column @ column.T, rtol=1e-12)
    assert kernels.gaussian(5).formula.endswith("sigma = 1.1")
    assert kernels.gaussian((5, 9)).formula.endswith("sigma = 1.1 in y, 1.7 in x")


@pytest.mark.parametrize(
    "values", [(21, 4.0, 0.0, 10.0, 0.5, 0.0), (15, 3.0, 0.7, 6.0, 1.0, 1.2), (9, 2.0, -2.0, 5.0, 2.0, math.pi / 2)]
)
def test_gabor_is_that_of_opencv_turned_by_half(values):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is of the dev extra")
    size, *rest = values
    theirs = cv2.getGaborKernel((size, size), *rest)  # it numbers its pixels from the lower right
    np.testing.assert_allclose(kernels.gabor(*values).weights, theirs[::-1, ::-1], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "order"), [("sobel_5_x", (1, 0)), ("sobel_5_y", (0, 1))])
def test_sobel_of_size_five_is_that_of_opencv(name, order):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is of the dev extra")
    row, column = cv2.getDerivKernels(*order, 5)
    np.testing.assert_array_equal(kernels[name].weights, column @ row.T)


def test_box_and_binomial():
    assert kernels.box((2, 4)).weights.tolist() == [[0.125] * 4] * 2
    assert (kernels.binomial(5).weights * 256).tolist()[2] == [6, 24, 36, 24, 6]
    assert kernels.binomial((1, 2)).weights.tolist() == [[0.5, 0.5]]
    assert kernels.binomial((1, 2048)).weights.sum() == pytest.approx(1)


def test_disk_is_round():
    assert (kernels.disk(5).weights > 0).astype(int).tolist() == [
        [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0]]  # fmt: skip
    assert (kernels.disk(4).weights > 0).astype(int).tolist() == [
        [0, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 0]]  # fmt: skip


def test_motion_blur_lies_along_its_line():
    assert kernels.motion_blur(5).weights.tolist() == [[0.2] * 5]
    np.testing.assert_allclose(kernels.motion_blur(5, math.pi / 2).weights, np.full((5, 1), 0.2))
    down_right = kernels.motion_blur(9, math.pi / 4).weights
    assert down_right[0, 0] > 0
    assert down_right[-1, 0] == 0  # y grows downwards: the line falls to the right
    np.testing.assert_allclose(down_right, down_right[::-1, ::-1], atol=1e-15)
    assert kernels.motion_blur(4, 1.0).weights.sum() == pytest.approx(1)


def test_log_is_the_laplacian_of_a_gaussian():
    impulse = np.zeros((41, 41))
    impulse[20, 20] = 1
    theirs = scipy.ndimage.gaussian_laplace(impulse, 3.0, truncate=6)
    np.testing.assert_allclose(kernels.log(41, 3.0).weights, theirs, atol=2e-7)
    assert kernels.log.weights[4, 4] < 0


def test_dog_is_the_difference():
    both = kernels.gaussian(9, 1.0).weights - kernels.gaussian(9, 1.6).weights
    np.testing.assert_array_equal(kernels.dog(9).weights, both)


def test_gaussian_derivatives_are_turned_into_each_other():
    np.testing.assert_array_equal(
        kernels.gaussian_y((5, 7), (1, 2)).weights, kernels.gaussian_x((7, 5), (2, 1)).weights.T
    )
    assert kernels.gaussian_x(4).factors is not None


@pytest.mark.parametrize(("size", "degree"), [(5, 2), (7, 3), (9, 4)])
def test_savitzky_golay_in_one_dimension_is_that_of_scipy(size, degree):
    theirs = scipy.signal.savgol_coeffs(size, degree)
    np.testing.assert_allclose(kernels.savitzky_golay((1, size), degree).weights[0], theirs, atol=1e-12)


def test_savitzky_golay_leaves_its_polynomials_alone():
    kernel = kernels.savitzky_golay(7, 3)
    x, y = offsets(kernel)
    for i in range(4):
        for j in range(4 - i):
            picture = (x + 1.5) ** i * (y - 0.5) ** j
            assert (kernel.weights * picture).sum() == pytest.approx(1.5**i * (-0.5) ** j)


def test_unsharp_and_high_pass_are_what_they_say():
    np.testing.assert_allclose(
        kernels.unsharp(3, 1.0, 2.0).weights, 3 * kernels.identity.weights - 2 * kernels.gaussian(3, 1.0).weights
    )
    np.testing.assert_allclose(kernels.high_pass(3).weights, kernels.identity.weights - kernels.box(3).weights)


@pytest.mark.parametrize(
    "name",
    ["gaussian:31", "gaussian:31,5", "gaussian:31x15", "gaussian:31x15,2x0.5", "gaussian:sigma=2", "box:2x7", "gaussian",
     "gabor:15,theta=0.7853981633974483", "unsharp:5,1.1,0.5"],
)  # fmt: skip
def test_the_name_finds_the_kernel_again(name):
    kernel = kernels[name]
    assert kernels[kernel.name] == kernel
    assert as_kernel(name) == kernel
    assert name in kernels


def test_names_are_written_as_they_are_read():
    assert kernels.gaussian(31, 5).name == "gaussian:31,5"
    assert kernels.gaussian((3, 5), sigma=(1, 2.5)).name == "gaussian:3x5,1x2.5"
    assert kernels.gaussian(sigma=2).name == "gaussian:sigma=2"
    assert kernels.gaussian(5, None).name == "gaussian:5"
    assert kernels["gabor:15, theta=0.1"].name == "gabor:size=15,theta=0.1"
    assert kernels.gaussian().name == "gaussian"


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("gaussian:0", ValueError, "size (=0) must be from 1 to 2048"),
        ("gaussian:9999", ValueError, "size (=9999) must be from 1 to 2048"),
        ("gaussian:3x0", ValueError, "size (=(3, 0)) must be from 1 to 2048"),
        ("gaussian:3.5", TypeError, "size (=3.5) must be a whole number or (rows, cols)"),
        ("gaussian:3x3x3", TypeError, "size (=(3, 3, 3)) must be a whole number or (rows, cols)"),
        ("gaussian:3,0", ValueError, "sigma (=0) must be 0.001 or more, in pixels"),
        ("gaussian:3,nan", ValueError, "sigma (=nan) must be a number, a million at the most"),
        ("gaussian:3,1,2", TypeError, "gaussian has the parameters size=5, sigma=None; too many positional arguments"),
        ("gaussian:sgima=2", TypeError,
         "gaussian has the parameters size=5, sigma=None; got an unexpected keyword argument 'sgima'"),
        ("gaussian:", ValueError, 'kernel (="gaussian:"): "" must be a number, a pair such as 31x15, or name=number'),
        ("gaussian:a", ValueError, 'kernel (="gaussian:a"): "a" must be a number, a pair such as 31x15, or name=number'),
        ("gabor:theta=1,5", ValueError,
         'kernel (="gabor:theta=1,5"): "5" must be a number, a pair such as 31x15, or name=number'),
        ("sobel_x:3", ValueError, 'kernel (="sobel_x:3") must stand without numbers, since sobel_x has no parameters'),
        ("gabor:wavelength=-1", ValueError, "wavelength (=-1) must be over 0, in pixels"),
        ("dog:9,1,0.5", ValueError, "ratio (=0.5) must be over 1: how many times as wide the second gaussian is"),
        ("high_pass:4", ValueError, "size (=4) must be odd, so that there is a pixel in the middle"),
        ("savitzky_golay:5,5", ValueError,
         "degree (=5) must be a whole number from 0 to 4, less than size (=5)"),
        ("gaussian_x:3x1", ValueError,
         "size (=(3, 1)) must have two cols at least, since it is a difference along them"),
        ("motion_blur:3x4", ValueError, "size (=(3, 4)) must be one number, the length of the line in pixels"),
    ],
)  # fmt: skip
def test_bad_parameters_are_sentences(name, kind, sentence):
    assert said(kind, as_kernel, name) == sentence


# --- the registry -------------------------------------------------------------------------------------------


def test_the_registry_is_a_mapping_with_attributes():
    assert kernels.sobel_x is kernels["sobel_x"]
    assert "sobel_x" in kernels
    assert "sobel" not in kernels
    assert "gaussian:x" not in kernels
    assert 3 not in kernels
    assert list(kernels)[:4] == ["top_edge", "bottom_edge", "left_edge", "right_edge"]
    assert "gaussian" in dir(kernels)
    assert kernels.get("nothing") is None
    assert repr(kernels).startswith("<80 kernels: top_edge, bottom_edge,")


def test_unknown_names_get_the_nearest():
    sentence = 'kernel (="sobl_x") must be one of the 80 names in convista.kernels; did you mean "sobel_x"?'
    assert said(KernelNameError, lambda: kernels["sobl_x"]) == sentence
    assert said(AttributeError, lambda: kernels.sobl_x) == sentence
    assert issubclass(KernelNameError, KeyError)
    assert issubclass(KernelNameError, ValueError)


# --- the user's own -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["1 0 -1; 2 0 -2; 1 0 -1", "1,0,-1;2,0,-2;1,0,-1;", "1 0 -1\n2 0 -2\n1 0 -1\n", " 1, 0, -1 ;\n 2 0 -2;\n\n1 0 -1",
     "[[1, 0, -1], [2, 0, -2], [1, 0, -1]]", "[[ 1  0 -1]\n [ 2  0 -2]\n [ 1  0 -1]]", "# mine\n+1 0e0 -1.0 # top\n2 0 -2\n1 0 -1"],
)  # fmt: skip
def test_text_in_any_of_the_usual_forms(text):
    assert parse_kernel(text).tolist() == [[1, 0, -1], [2, 0, -2], [1, 0, -1]]


def test_text_with_fractions():
    assert parse_kernel("1/9 -1/4; .5 2.5e-1").tolist() == [[1 / 9, -0.25], [0.5, 0.25]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 2; 3", "kernel, row 2 has 1 entry, but row 1 has 2 entries; all rows must be equally long"),
        ("1 2; 3 x", 'kernel, row 2, entry 2 (="x") must be a number such as -1, 0.5 or 1/9'),
        ("1,,2", 'kernel, row 1, entry 2 (="") must be a number such as -1, 0.5 or 1/9'),
        ("1/0", 'kernel, row 1, entry 1 (="1/0") must not divide by zero'),
        ("1e999", 'kernel, row 1, entry 1 (="1e999") is too large for a float64'),
        ("nan 1", 'kernel, row 1, entry 1 (="nan") must be a number such as -1, 0.5 or 1/9'),
        ("1_0", 'kernel, row 1, entry 1 (="1_0") must be a number such as -1, 0.5 or 1/9'),
        (" ; ", 'kernel (=" ; ") has no numbers; write rows such as "1 0 -1; 2 0 -2; 1 0 -1"'),
        ("1;0;-1\n2;0;-2",
         'kernel has lines with a ";" inside, and each of several lines is a row; '
         "separate the numbers of a row by spaces or commas"),
    ],
)  # fmt: skip
def test_bad_text_is_quoted_with_its_place(text, sentence):
    assert said(ValueError, parse_kernel, text) == sentence


@pytest.mark.parametrize("ending", ["txt", "csv", "npy"])
def test_files(tmp_path, ending):
    weights = np.array([[1.0, 0.5], [-2.0, 0.0]])
    path = tmp_path / f"mine.{ending}"
    if ending == "npy":
        np.save(path, weights)
    else:
        np.savetxt(path, weights, delimiter="," if ending == "csv" else " ", header="by NumPy")
    for way in (path, str(path)):
        kernel = as_kernel(way)
        assert kernel.weights.tolist() == weights.tolist()
        assert kernel.name == "mine"
        assert kernel.source == f"file {path}"


def test_a_spreadsheet_file_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "excel.csv"
    path.write_bytes(b"\xef\xbb\xbf1,0\r\n0,1\r\n")
    assert read_kernel(path).tolist() == [[1, 0], [0, 1]]


def test_pickles_are_not_loaded(tmp_path):
    path = tmp_path / "objects.npy"
    np.save(path, np.array([[print, 1]], dtype=object), allow_pickle=True)
    sentence = f'kernel file (="{path}") must be an array saved by numpy.save, without pickle'
    assert said(ValueError, as_kernel, path) == sentence
    path.write_bytes(b"PK\x03\x04 no array")
    assert said(ValueError, as_kernel, path) == sentence
    path.write_bytes(b"")
    assert said(ValueError, as_kernel, path) == sentence


def test_a_header_that_promises_more_than_the_file_has_is_refused(tmp_path):
    path = tmp_path / "short.npy"
    np.save(path, np.ones((4, 4)))
    path.write_bytes(path.read_bytes().replace(b"(4, 4), }        ", b"(90000, 90000), }"))
    assert b"90000" in path.read_bytes()
    assert said(ValueError, as_kernel, path).startswith(f'kernel file (="{path}") must be an array saved by')


def test_bad_files_are_sentences(tmp_path, monkeypatch):
    latin = tmp_path / "latin.txt"
    latin.write_bytes(b"1 2 \xe4")
    assert said(ValueError, as_kernel, latin) == f'kernel file (="{latin}") must be text in UTF-8'
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("1,2\n3\n")
    assert said(ValueError, as_kernel, ragged) == (
        f'kernel file (="{ragged}"): kernel, row 2 has 1 entry, but row 1 has 2 entries; all rows must be equally long'
    )
    assert said(ValueError, as_kernel, tmp_path / "kernel.json") == (
        f'kernel file (="{tmp_path / "kernel.json"}") must end with one of .txt, .csv, .npy'
    )
    monkeypatch.setattr("convista.kernel.reading.MOST_BYTES", 4)
    assert said(ValueError, as_kernel, ragged) == f'kernel file (="{ragged}") must not be over 0 MiB'
    np.save(tmp_path / "large.npy", np.ones((2, 2)))
    monkeypatch.setattr("convista.kernel.reading.MOST_BYTES", 4000)
    monkeypatch.setattr("convista.kernel.reading.MOST_WEIGHTS", 3)
    assert said(ValueError, as_kernel, tmp_path / "large.npy") == (
        f'kernel file (="{tmp_path / "large.npy"}") must not have more than 3 numbers'
    )


def test_a_missing_file_and_a_missing_name_point_at_each_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("edges.txt").write_text("1 0 -1")
    assert said(FileNotFoundError, as_kernel, "sobel_x.txt") == (
        'kernel file (="sobel_x.txt") does not exist; the kernel of that name is "sobel_x"'
    )
    assert said(FileNotFoundError, as_kernel, "edge.txt") == (
        'kernel file (="edge.txt") does not exist; did you mean "edges.txt"?'
    )
    assert said(KernelNameError, as_kernel, "edges") == (
        'kernel (="edges") must be one of the 80 names in convista.kernels; did you mean "top_edge"? '
        'There is a file "edges.txt". A kernel may also be text ("1 0 -1; 2 0 -2") or a file (.txt, .csv, .npy)'
    )
    assert said(ValueError, as_kernel, "folder/edges") == (
        'kernel file (="folder/edges") must end with one of .txt, .csv, .npy'
    )


def test_numbers_of_any_kind():
    torch = pytest.importorskip("torch", reason="torch is of the train extra")
    expected = [[1, -1], [0, 2]]
    for thing in (
        expected,
        np.array(expected, np.int8),
        np.asfortranarray(expected, dtype=">f8"),
        torch.tensor(expected),
        torch.tensor(expected, dtype=torch.float32, requires_grad=True),
        [[torch.tensor(1), -1], [0, 2]],
    ):
        assert as_kernel(thing).weights.tolist() == expected
    assert as_kernel(np.array(expected) > 0).weights.tolist() == [[1, 0], [0, 1]]
    assert as_kernel(kernels.box) is kernels.box


@pytest.mark.parametrize(
    ("thing", "kind", "sentence"),
    [
        ([1, 0, -1], ValueError,
         "kernel (of shape (3,)) must have rows and cols, one of each at least; a single row is written [[1, 0, -1]]"),
        (np.ones((2, 2, 2)), ValueError,
         "kernel (of shape (2, 2, 2)) must have rows and cols, one of each at least; "
         "a single row is written [[1, 0, -1]]"),
        (np.ones((0, 3)), ValueError,
         "kernel (of shape (0, 3)) must have rows and cols, one of each at least; a single row is written [[1, 0, -1]]"),
        ([["a"]], TypeError, "kernel (of type <U1) must be made of real numbers"),
        ([[1j]], TypeError, "kernel (of type complex128) must be made of real numbers"),
        (None, TypeError, "kernel (of type object) must be made of real numbers"),
        (b"1 0", TypeError, "kernel (of type bytes) must be a name, text, a path, or rows and cols of numbers"),
    ],
)  # fmt: skip
def test_things_that_are_no_kernel(thing, kind, sentence):
    assert said(kind, as_kernel, thing) == sentence


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_factors_of_equal_and_of_binomial_weights_round_nothing(dtype):
    for weights in (np.full((3, 5), 1 / 15), np.full((1, 2), 0.5), np.outer([1, 2, 1], [1, 4, 6, 4, 1]) / 64):
        column, row = factors_of(weights.astype(dtype))
        assert np.array_equal(np.outer(column, row), weights.astype(dtype))
        assert np.array_equal(row, row.astype(int))
        assert row.dtype == column.dtype == dtype
