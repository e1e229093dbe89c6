"""The network that takes pixels."""

import numpy as np
import pytest
import torch
from PIL import Image

from convista.image import fitted
from convista.network import Network, Prediction


@pytest.fixture
def net():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Network("3x3/2 4, mean", classes=("3", "7", "8"), image_shape=(1, 8, 6), mean=[40], std=[80])
    return network.eval()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (7, 1, 8, 6), dtype=np.uint8)


def test_the_scaling_is_inside(net, images):
    pixels = torch.from_numpy(images)
    torch.testing.assert_close(net(pixels), net.layers((pixels.float() - 40) / 80))
    torch.testing.assert_close(net(pixels), net(pixels.float()))


def test_predictions_are_the_softmax_of_the_logits_in_order(net, images):
    probabilities = net(torch.from_numpy(images)).softmax(dim=1).tolist()
    wanted = [Prediction(net.classes[int(np.argmax(row))], max(row)) for row in probabilities]
    got = net.predict(images)
    assert [p.label for p in got] == [p.label for p in wanted]
    assert [p.probability for p in got] == pytest.approx([p.probability for p in wanted], rel=1e-6)


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_the_batch_does_not_matter(net, images, batch):
    labels = [p.label for p in net.predict(images, batch=batch)]
    assert labels == [p.label for p in net.predict(images)]


def test_a_batch_of_nothing_is_refused(net, images):
    with pytest.raises(ValueError, match=r"^batch \(=0\) must be 1 or more$"):
        net.predict(images, batch=0)


@pytest.mark.parametrize(
    "form",
    [
        lambda image: image[0],
        lambda image: image,
        lambda image: image.transpose(1, 2, 0),
        lambda image: image[None],
        lambda image: [image[0]],
        lambda image: torch.from_numpy(image),
        lambda image: image.astype(np.float64),
        lambda image: Image.fromarray(image[0]),
        lambda image: np.stack([image[0]] * 3, axis=2),
        lambda image: (thing for thing in [image]),
    ],
    ids=["grey", "channel first", "channel last", "batch", "list", "tensor", "float", "PIL", "colour", "iterator"],
)
def test_an_image_in_any_form_gets_the_same_answer(net, images, form):
    assert net.predict(form(images[2])) == net.predict(images[2:3])


def test_paths_folders_and_mixtures_keep_their_order(net, images, tmp_path):
    for number, image in enumerate(images):
        Image.fromarray(image[0]).save(tmp_path / f"{number}.png")
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / ".hidden.png").write_text("no image")
    wanted = net.predict(images)
    assert net.predict(tmp_path) == wanted
    assert net.predict(str(tmp_path / "4.png")) == wanted[4:5]
    assert net.predict([tmp_path / "6.png", images[0, 0], tmp_path]) == [wanted[6], wanted[0], *wanted]


def test_links_out_of_the_folder_are_not_followed(net, images, tmp_path):
    Image.fromarray(images[0, 0]).save(tmp_path / "secret.png")
    inside = tmp_path / "inside"
    inside.mkdir()
    Image.fromarray(images[1, 0]).save(inside / "own.png")
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    assert net.predict(inside) == net.predict(images[1:2])


def test_each_module_has_its_mode_and_no_gradient_is_left(net, images):
    net.train()
    net.layers[0].norm.eval()
    before, seen = {name: tensor.clone() for name, tensor in net.state_dict().items()}, []
    net.layers[0].relu.register_forward_hook(
        lambda module, _, output: seen.append((net.training, module.training, output.requires_grad))
    )
    net.predict(images)
    assert seen == [(False, False, False)]
    assert [net.training, net.layers[0].training, net.layers[0].norm.training] == [True, True, False]
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


@pytest.mark.parametrize(
    ("thing", "error", "sentence"),
    [
        (
            np.zeros((5, 8, 6)),
            ValueError,
            "things (shape (5, 8, 6)) must be an image (rows, cols), (rows, cols, 3) or (channels, rows, cols), or "
            "images (images, channels, rows, cols), with 1 or 3 channels: no reading fits; "
            "many grey images are images[:, None]",
        ),
        (
            np.zeros((3, 8, 3)),
            ValueError,
            "things (shape (3, 8, 3)) must be an image (rows, cols), (rows, cols, 3) or (channels, rows, cols), or "
            "images (images, channels, rows, cols), with 1 or 3 channels: two readings fit; "
            "give (1, channels, rows, cols)",
        ),
        (7, TypeError, "things (a int) must be a path, an array, a PIL image, or several of these"),
    ],
)
def test_what_is_no_image_is_refused(net, thing, error, sentence):
    with pytest.raises(error) as caught:
        net.predict(thing)
    assert str(caught.value) == sentence


def test_a_folder_without_images_says_so(net, tmp_path):
    with pytest.raises(FileNotFoundError, match="is a folder without images"):
        net.predict(tmp_path)


def test_a_network_that_leaves_more_than_one_number_a_class_is_refused():
    with pytest.raises(ValueError, match="^network") as caught:
        Network("simple", classes=("3", "7"), image_shape=(1, 64, 40), mean=[0], std=[1])
    assert str(caught.value) == (
        'network (="simple") leaves 2x2 numbers for each class of images of 64x40 pixels, not one; '
        'end it with "mean", or give it more layers of stride 2'
    )


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.full((8, 6), 300), "things (dtype int64, 0 to 300) must hold pixels from 0 to 255"),
        (np.full((8, 6), -1.0), "things (dtype float64, -1 to 0) must hold pixels from 0 to 255"),
        (np.full((8, 6), np.nan), "things (dtype float64, nan to nan) must hold pixels from 0 to 255"),
        (
            np.full((8, 6), 0.5),
            "things (dtype float64, at most 0.5) must hold pixels from 0 to 255, not 0 to 1: multiply by 255",
        ),
    ],
)
def test_numbers_that_are_no_pixels_are_refused(net, array, sentence):
    with pytest.raises(ValueError, match="^things") as caught:
        net.predict(array)
    assert str(caught.value) == sentence


def test_a_file_of_floats_is_refused_by_name(net, tmp_path):
    np.save(tmp_path / "a.npy", np.full((8, 6), 0.5))
    with pytest.raises(ValueError, match=r'a\.npy"\) can\'t be judged: it holds float64 numbers'):
        net.predict(tmp_path / "a.npy")


def test_other_sizes_are_fitted_as_training_images_are(net, images):
    large = np.random.default_rng(1).integers(0, 256, (31, 17, 3), dtype=np.uint8)
    assert net.predict(large) == net.predict(fitted(large, net.image_shape))


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_files_are_answered_in_order_and_the_unreadable_with_a_reason(net, images, tmp_path, batch):
    for number, image in enumerate(images):
        Image.fromarray(image[0]).save(tmp_path / f"{number}.png")
    (tmp_path / "3.png").write_bytes(b"")
    np.save(tmp_path / "5.npy", np.zeros((8, 6)))
    paths = [tmp_path / name for name in ("0.png", "1.png", "2.png", "3.png", "4.png", "5.npy", "6.png", "7.png")]
    answers = list(net.predict_files(paths, batch=batch))
    assert [answer.path for answer in answers] == paths
    assert [answer.reason for answer in answers if answer.prediction is None] == [
        "it is empty (0 bytes)",
        "it holds float64 numbers, whose black and white are not known; save it as 8 or 16 bit",
        "it is not there",
    ]
    for number in (0, 1, 2, 4, 6):
        (expected,) = net.predict(images[number])
        assert answers[number].prediction.label == expected.label
        assert answers[number].probabilities == pytest.approx(net.probabilities(images[number])[0], rel=1e-5)


def test_no_image_has_no_probabilities(net):
    assert net.probabilities([]).shape == (0, 3)
    assert net.predict([]) == list(net.predict_files([])) == []


def test_a_terminal_sees_how_far_it_is_and_a_file_does_not(net, images, monkeypatch):
    import io
    import itertools
    import time
    from types import SimpleNamespace

    from convista import progress

    for watched in (True, False):
        stream = io.StringIO()
        stream.isatty = lambda watched=watched: watched
        monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream))
        monkeypatch.setattr(time, "monotonic", itertools.count(1).__next__)
        net.predict(images, batch=3)
        net.predict(iter(images), batch=3)
        lines = [line for line in stream.getvalue().split("\r\x1b[2K") if line]
        assert lines == [f"predicting  {far}" for far in ("42 %", "85 %", "100 %", "3", "6", "7")] * watched


def test_images_are_counted_before_they_are_read(images, tmp_path):
    from convista.network.inputs import count_of

    for name in ("a.png", "b.png"):
        (tmp_path / name).touch()
    grey = Image.fromarray(images[0, 0])
    assert [count_of(things) for things in (images, images[0], grey, tmp_path, "a.png", [tmp_path, images, [grey]])] == [7, 1, 1, 2, 1, 10]  # fmt: skip
    assert count_of(image for image in images) is count_of([iter(images)]) is None
