"""The feature list on one page: each test is one thing that convista does, as its user would type it."""

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import convista as cx


@pytest.fixture(scope="module")
def path(sample):
    return sample / "train" / "3" / "12.png"


@pytest.fixture(scope="module")
def three(path):
    return cx.read_image(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return cx.train("mnist_sample", epochs=1, seed=0, out=tmp_path_factory.mktemp("runs") / "tiny")


def test_one_window_is_a_sum_that_can_be_read(three):
    stop = cx.apply_kernel(three, 5, 7, cx.kernels.top_edge)
    assert float(stop) == 762
    assert str(stop).endswith("0 + 0 + 0 + 0 + 0 + 0 + 254 + 254 + 254\n= 762")


def test_all_windows_at_once_are_the_same_numbers(three):
    assert cx.conv2d(three, cx.kernels.top_edge)[4, 6] == 762


def test_every_engine_says_the_same(three):
    expected = cx.conv2d(three, "gaussian:5", engine="plain")
    for engine in ("direct", "torch"):
        np.testing.assert_allclose(cx.conv2d(three, "gaussian:5", engine=engine), expected, rtol=1e-5)


def test_the_planner_says_why(three):
    assert cx.plan(three, "top_edge").why


def test_a_transposed_convolution_makes_it_larger_again(three):
    small = cx.conv2d(three, "box", stride=2, padding=1)
    assert cx.conv_transpose2d(small, np.ones((3, 3)), stride=2, padding=1, output_padding=1).shape == three.shape


def test_a_kernel_can_be_named_written_or_made():
    assert "a7 + a8 + a9 - a1 - a2 - a3" in str(cx.kernels.top_edge)
    for kernel in ("sobel_x", "-1 0 1; -2 0 2; -1 0 1", [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], cx.kernels["sobel_x"]):
        assert cx.conv2d([[0, 0, 1]] * 3, kernel) == [[4]]
    assert cx.kernels.gaussian(31, 5).shape == (31, 31)


def test_what_comes_in_comes_out(three):
    assert isinstance(cx.conv2d(torch.from_numpy(three), "box"), torch.Tensor)
    assert isinstance(cx.conv2d(Image.fromarray(three), "box"), np.ndarray)
    assert isinstance(cx.conv2d(three.tolist(), "box"), list)


def test_other_libraries_calls_work_by_changing_the_import(three):
    from convista.interop import cv2, functional, ndimage

    kernel = np.ones((3, 3), np.float32)
    assert cv2.filter2D(three, cv2.CV_32F, kernel).shape == ndimage.correlate(three, kernel).shape == (28, 28)
    assert functional.conv2d(torch.ones(1, 1, 28, 28), torch.ones(8, 1, 3, 3)).shape == (1, 8, 26, 26)


def test_sizes_are_arithmetic():
    assert cx.window.output_size(28, 3, stride=2, padding=1) == 14
    assert cx.window.receptive_field([(3, 2, 1)] * 2).size == 7


def test_a_network_is_a_line_of_text():
    net = cx.build("3x3/2 8, 3x3/2 16, mean", channels=1, classes=10)
    assert net(torch.zeros(5, 1, 28, 28)).shape == (5, 10)


def test_a_network_learns_and_its_run_is_kept(run):
    assert run.accuracy > 0.98
    assert [epoch.number for epoch in run.history] == [1]
    names = {"config.json", "checkpoint.safetensors", "model.safetensors", "history.csv", "report.html", "log.txt"}
    names |= {"results.json", "statistics.npz", "curves.png", "confusion.png", "reliability.png"}
    assert {file.name for file in run.folder.iterdir()} == names


def test_a_trained_network_answers(run, path, three):
    answers = cx.load(run.folder).predict([path, three])
    assert [answer.label for answer in answers] == ["3", "3"]
    assert all(0.5 < answer.probability <= 1 for answer in answers)


def test_the_report_is_one_page(run):
    page = run.report().read_text(encoding="utf-8")
    assert f"{int(run.facts.confusion.trace()):,} of 2,038 right" in page
    assert 'src="http' not in page


def test_pictures_are_shown(three):
    import matplotlib.pyplot as plt

    assert cx.show_image(three).images[0].get_cmap().name == "Greys"
    assert "background-color" in cx.show_pixels(three, rows=(4, 7), cols=(6, 9))._repr_html_()
    assert len(cx.show_grid(cx.conv2d(three, [cx.kernels.top_edge, cx.kernels.left_edge])).axes) == 3
    plt.close("all")


def test_a_textbooks_notebook_finds_its_names():
    names: dict[str, object] = {}
    exec("from convista.book import *", names)
    assert names.keys() >= {
        "tensor",
        "untar_data",
        "URLs",
        "Path",
        "Image",
        "show_image",
        "pd",
        "np",
        "plt",
        "torch",
        "nn",
        "F",
    }


def test_the_command_line_does_it_too(path):
    from convista.cli.entry import app

    result = CliRunner().invoke(app, ["apply", str(path), "--kernel", "top_edge", "--at", "8,18"])
    assert result.output.endswith("= -29\n")


def test_bad_input_gets_a_sentence(three):
    with pytest.raises(ValueError, match='must be one of zeros, reflect, .*; did you mean "reflect"'):
        cx.conv2d(three, "box", padding_mode="refelct")
