"""A network's file."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from convista.network import Network, load_network, save_network
from convista.network.saved import NetworkFileError


@pytest.fixture
def net():
    network = Network("3x3/2 4, 3x3 5, mean", classes=("3", "7"), image_shape=(1, 8, 6), mean=[40], std=[80])
    network.layers[0].norm.running_mean.fill_(0.25)
    return network.eval()


@pytest.fixture
def path(net, tmp_path):
    save_network(net, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_what_is_read_is_what_was_written(net, path):
    again = load_network(path)
    assert (again.text, again.classes, again.image_shape) == (net.text, net.classes, net.image_shape)
    pairs = zip(net.state_dict().items(), again.state_dict().items(), strict=True)
    assert all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)
    images = np.random.default_rng(0).integers(0, 256, (5, 1, 8, 6), dtype=np.uint8)
    assert again.predict(images) == net.predict(images)


def test_a_read_network_judges_and_can_learn_on(path):
    network = load_network(path)
    assert not network.training
    network(torch.zeros(2, 1, 8, 6)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_equal_networks_give_equal_bytes(net, path, tmp_path):
    save_network(net.to(memory_format=torch.channels_last), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_reading_leaves_the_random_numbers_alone(path):
    before = torch.get_rng_state()
    load_network(path)
    assert torch.equal(before, torch.get_rng_state())


def test_the_network_outlives_its_file(path):
    network = load_network(path)
    wanted = network.predict(np.zeros((8, 6)))
    path.write_bytes(b"")
    assert network.predict(np.zeros((8, 6))) == wanted


def test_the_file_is_as_open_to_others_as_any(path):
    (path.parent / "other").touch()
    assert path.stat().st_mode == (path.parent / "other").stat().st_mode


def test_only_the_finished_file_is_left(path):
    assert [entry.name for entry in path.parent.iterdir()] == ["model.safetensors"]


def forge(path, **changes):
    """Write the file anew with other words about the same numbers."""
    with safe_open(path, "pt") as file:
        facts = json.loads(file.metadata()["convista.network"])
    save_file(load_file(path), path, {"convista.network": json.dumps({**facts, **changes})})


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: path.write_bytes(path.read_bytes()[:20]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x80\x04pickled"),
        lambda path: save_file({"a": torch.zeros(3)}, path),
        lambda path: save_file({"a": torch.zeros(3)}, path, {"convista.network": "no JSON"}),
        lambda path: save_file({"a": torch.zeros(3)}, path, {"convista.network": "[]"}),
        lambda path: forge(path, text="3x3/2 5, 3x3 5, mean"),
        lambda path: forge(path, text="3x3/2 4096, 4096x4096/2 4096, mean"),
        lambda path: forge(path, text=7),
        lambda path: forge(path, classes=["3", "7", "8"]),
        lambda path: forge(path, image_shape=[2, 8, 6]),
        lambda path: forge(path, image_shape=[1]),
    ],
)
def test_a_damaged_or_foreign_file_is_a_sentence(path, harm):
    harm(path)
    with pytest.raises(NetworkFileError) as caught:
        load_network(path)
    assert str(caught.value).startswith(f"{path} is damaged or holds no network of convista (")
    assert "\n" not in str(caught.value)


def test_no_file_is_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        load_network(tmp_path)
    assert (
        str(caught.value) == f"path (={str(tmp_path)!r}) is not a file; a network's file is model.safetensors of a run"
    )
