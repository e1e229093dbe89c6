"""The textbook's names: its chapter walked line by line, and each name by itself."""

import copy
import os
import pathlib
import pickle
import re
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")
import torch
from matplotlib import pyplot

import convista.book
from convista import dataset
from convista.book import Image, Path, URLs, pd, tensor, untar_data


@pytest.fixture(autouse=True)
def _tidy(monkeypatch):
    monkeypatch.setattr(Path, "BASE_PATH", None)
    yield
    pyplot.close("all")


@pytest.fixture
def folder(tmp_path):
    """A folder of folders, one with eleven files."""
    for name in ("valid", "train"):
        (tmp_path / name / "3").mkdir(parents=True)
    for number in range(11):
        (tmp_path / "train" / "3" / f"{number}.png").touch()
    return Path(tmp_path)


CHAPTER = """
from convista.book import *

path = untar_data(URLs.MNIST_SAMPLE)
Path.BASE_PATH = path
listed = repr(path.ls())
threes = (path/'train'/'3').ls().sorted()
im3 = Image.open(path/'train'/'3'/'12.png')
drawn = show_image(im3)

im3_t = tensor(im3)
top_edge = tensor([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]).float()
first = (im3_t[0:3, 0:3] * top_edge).sum()
styled = pd.DataFrame(im3_t[:10, :20]).style.set_properties(**{'font-size': '6pt'}).background_gradient('Greys')
second = (im3_t[4:7, 6:9] * top_edge).sum()
third = (im3_t[7:10, 17:20] * top_edge).sum()

def apply_kernel(row, col, kernel):
    return (im3_t[row-1:row+2, col-1:col+2] * kernel).sum()

fourth = apply_kernel(5, 7, top_edge)
rng = range(1, 27)
top_edge3 = tensor([[apply_kernel(i, j, top_edge) for j in rng] for i in rng])
edges = show_image(top_edge3)

batch = torch.stack([tensor(Image.open(p)) for p in threes[:4]]).float() / 255
banks = F.conv2d(batch[:, None], top_edge[None, None])
x = np.linspace(-1, 1)
figure, axes = plt.subplots()
layer = nn.Conv2d(1, 8, 3)
"""


def test_the_chapter(sample):
    names = {}
    exec(CHAPTER, names)
    assert names["listed"] == "(#3) [Path('LICENSE.md'),Path('train'),Path('valid')]"
    assert repr(names["threes"]).startswith("(#6131) [Path('train/3/10.png'),Path('train/3/10000.png'),")
    assert [names[name].item() for name in ("first", "second", "third", "fourth")] == [0, 762, -29, 762]
    assert (names["im3_t"].dtype, names["im3_t"].shape) == (torch.uint8, (28, 28))
    assert (names["top_edge3"].dtype, names["top_edge3"].shape) == (torch.float32, (26, 26))
    assert names["top_edge3"][4, 6] == 762
    assert names["batch"].shape == (4, 28, 28)
    assert names["drawn"].images[0].get_cmap().name == names["edges"].images[0].get_cmap().name == "Greys"
    assert names["styled"].to_html().count("background-color") > 2
    assert names["drawn"].figure is not names["edges"].figure


def test_the_names():
    assert sorted(convista.book.__all__) == [
        "F", "Image", "Path", "URLs", "nn", "np", "pd", "plt", "show_image", "tensor", "torch", "untar_data"]  # fmt: skip
    assert convista.book.F is torch.nn.functional
    assert convista.book.nn is torch.nn
    assert convista.book.plt is pyplot
    assert callable(convista.book.Image.open)


def test_pythons_own_path_stays_as_it_is():
    assert not hasattr(pathlib.Path, "ls")
    assert not hasattr(pathlib.Path, "BASE_PATH")


def test_a_path_prints_relative_to_the_base(folder):
    path = folder / "train" / "3"
    assert repr(path) == f"Path({path.as_posix()!r})"
    Path.BASE_PATH = folder
    assert repr(path) == "Path('train/3')"
    assert (repr(folder), repr(folder.parent)) == ("Path('.')", f"Path({folder.parent.as_posix()!r})")
    assert str(path) == os.fspath(path) == f"{folder}{os.sep}train{os.sep}3"
    Path.BASE_PATH = str(folder / "train")
    assert repr(path) == "Path('3')"


def test_a_path_stays_one_of_its_kind(folder):
    others = [folder / "x", "x" / folder, folder.parent, folder.with_suffix(".png"), folder.resolve(), Path.cwd(),
              Path("a", "b"), next(folder.iterdir()), next(iter(folder.glob("*"))), folder.joinpath("a"),
              folder.relative_to(folder.parent), pickle.loads(pickle.dumps(folder)), copy.deepcopy(folder)]  # fmt: skip
    assert {type(other) for other in others} == {Path}


def test_a_path_equals_pythons(folder):
    theirs = pathlib.Path(folder)
    assert folder == theirs
    assert hash(folder) == hash(theirs)
    assert {folder: 1}[theirs] == 1
    assert isinstance(folder, pathlib.Path)
    assert (theirs < folder / "a") is True


def test_ls_is_a_sorted_list_that_prints_compactly(folder):
    Path.BASE_PATH = folder
    assert repr(folder.ls()) == str(folder.ls()) == "(#2) [Path('train'),Path('valid')]"
    files = (folder / "train" / "3").ls()
    assert [file.name for file in files] == sorted(f"{number}.png" for number in range(11))
    ten = ",".join(f"Path('train/3/{number}.png')" for number in (0, 1, 10, 2, 3, 4, 5, 6, 7, 8))
    assert repr(files) == f"(#11) [{ten}...]"
    assert repr((folder / "valid" / "3").ls()) == "(#0) []"


def test_the_list_can_be_sorted_and_sliced(folder):
    files = (folder / "train" / "3").ls()
    numbers = files.sorted(key=lambda file: int(file.stem), reverse=True)
    assert [file.stem for file in numbers] == [str(number) for number in range(10, -1, -1)]
    assert [file.stem for file in files[:2]] == ["0", "1"]  # the list itself is as it was
    assert type(files) is type(numbers) is type(files[:2])
    assert files[-1] == folder / "train" / "3" / "9.png"


def test_ls_of_nothing_is_pythons_error(folder):
    with pytest.raises(FileNotFoundError, match=re.escape(str(folder / "nowhere"))):
        (folder / "nowhere").ls()


@pytest.mark.parametrize(
    ("made", "dtype", "values"),
    [
        (lambda: tensor(1, 2, 3), torch.int64, [1, 2, 3]),
        (lambda: tensor(3), torch.int64, 3),
        (lambda: tensor(3.0), torch.float32, 3.0),
        (lambda: tensor(True), torch.bool, True),
        (lambda: tensor(np.float64(2.5)), torch.float32, 2.5),
        (lambda: tensor([1.5, 2]), torch.float32, [1.5, 2]),
        (lambda: tensor(range(3)), torch.int64, [0, 1, 2]),
        (lambda: tensor([]), torch.float32, []),
        (lambda: tensor(((1, 2), (3, 4))), torch.int64, [[1, 2], [3, 4]]),
        (lambda: tensor(np.arange(3)), torch.int64, [0, 1, 2]),
        (lambda: tensor(np.arange(3, dtype=np.uint8)), torch.uint8, [0, 1, 2]),
        (lambda: tensor(np.arange(3.0)), torch.float32, [0, 1, 2]),
        (lambda: tensor(np.arange(3, dtype=">f8")), torch.float32, [0, 1, 2]),
        (lambda: tensor(np.arange(3, dtype=np.uint16)), torch.int32, [0, 1, 2]),
        (lambda: tensor(np.arange(3, dtype=np.uint32)), torch.int64, [0, 1, 2]),
        (lambda: tensor(np.arange(6).reshape(2, 3)[:, ::-1]), torch.int64, [[2, 1, 0], [5, 4, 3]]),
        (lambda: tensor(pd.Series([1, 2])), torch.int64, [1, 2]),
        (lambda: tensor(pd.DataFrame([[1.0, 2.0]])), torch.float32, [[1, 2]]),
        (lambda: tensor([torch.tensor(1), torch.tensor(2)]), torch.int64, [1, 2]),
        (lambda: tensor(torch.tensor(1.5), torch.tensor(2.5)), torch.float32, [1.5, 2.5]),
        (lambda: tensor([[torch.tensor(1), torch.tensor(2)], [torch.tensor(3), 4]]), torch.int64, [[1, 2], [3, 4]]),
        (lambda: tensor([torch.tensor([1, 2]), torch.tensor([3, 4])]), torch.int64, [[1, 2], [3, 4]]),
        (lambda: tensor(torch.tensor([1.0], dtype=torch.float64)), torch.float32, [1]),
        (lambda: tensor([1, 2], dtype=torch.float64), torch.float64, [1, 2]),
        (lambda: tensor(Image.fromarray(np.array([[0, 255]], np.uint8))), torch.uint8, [[0, 255]]),
        (lambda: tensor(Image.new("RGB", (1, 1), (1, 2, 3))), torch.uint8, [[[1, 2, 3]]]),
    ],
)  # fmt: skip
def test_tensor(made, dtype, values):
    result = made()
    assert result.dtype == dtype
    assert result.tolist() == values


def test_a_tensor_passes_through_and_keeps_its_gradient():
    weights = torch.ones(2, requires_grad=True)
    assert tensor(weights) is weights
    tensor([[w * 2 for w in weights]]).sum().backward()
    assert weights.grad.tolist() == [2, 2]
    assert tensor([3.0], requires_grad=True).requires_grad


def test_an_array_is_copied():
    array = np.zeros(2, np.float32)
    array.flags.writeable = False
    tensor(array)[0] = 1
    assert array[0] == 0


def test_rows_of_different_lengths_are_a_sentence():
    sentence = "x (nested lists) must be rectangular: row 0 has 2 entries, row 1 has 1"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        tensor([[1, 2], [3]])


def test_untar_data_gives_the_books_path(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(dataset, "untar_data", lambda *arguments: asked.append(arguments) or tmp_path)
    assert type(untar_data(URLs.CIFAR, "here")) is Path
    assert untar_data(URLs.MNIST) == tmp_path
    assert asked == [("cifar10", "here"), ("mnist", None)]


def test_each_url_is_a_known_data_set():
    from convista.dataset.known import KNOWN

    assert {URLs.MNIST_SAMPLE, URLs.MNIST, URLs.FASHION_MNIST, URLs.CIFAR} <= set(KNOWN)


def test_an_unknown_url_is_a_sentence():
    sentence = (
        "URLs has no MNIST_SAMPEL; it has CIFAR, FASHION_MNIST, MNIST, MNIST_SAMPLE; "
        'did you mean "MNIST_SAMPLE"?'
    )  # fmt: skip
    with pytest.raises(AttributeError, match=f"^{re.escape(sentence)}$"):
        _ = URLs.MNIST_SAMPEL


@pytest.mark.parametrize(("package", "extra"), [("torch", "train"), ("pandas", "plot"), ("matplotlib", "plot")])
def test_a_missing_extra_is_a_sentence(package, extra):
    script = f"import sys; sys.modules[{package!r}] = None; import convista.book"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1] == (
        f'convista.errors.MissingExtraError: convista.book needs {package}; type: pip install "convista[{extra}]"'
    )
