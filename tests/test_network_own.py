"""A network of one's own: any torch module, made by a function that is named."""

import subprocess
import sys
from functools import partial

import numpy as np
import own_networks
import pytest
import torch
from torch import nn

from convista.network import Network, OwnNetworkError, is_own, load_network, save_network, text_of


def network(function, classes=("cross", "ring"), shape=(1, 16, 16)):
    return Network(f"own_networks:{function}", classes=classes, image_shape=shape, mean=[30.0], std=[60.0])


@pytest.mark.parametrize("function", ["plain", "fixed", "lazy", "Shared", "Bare", "positional"])
def test_any_module_answers_and_comes_back_from_its_file(function, tmp_path):
    made = network(function)
    images = np.random.default_rng(0).integers(0, 256, (3, 1, 16, 16), np.uint8)
    wanted = made.predict(images)
    save_network(made, tmp_path / "net.safetensors")
    loaded = load_network(tmp_path / "net.safetensors")
    assert loaded.text == made.text == f"own_networks:{function}"
    assert loaded.predict(images) == wanted
    assert not loaded.training


def test_shared_weights_stay_shared(tmp_path):
    save_network(network("Shared"), tmp_path / "net.safetensors")
    layers = load_network(tmp_path / "net.safetensors").layers
    assert layers.third.weight is layers.second.weight


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("nothing", 'model (="own_networks:nothing") names nothing: own_networks has no nothing'),
        (
            "MADE",
            'model (="own_networks:MADE") is a module that is made already; name the function or class that makes it',
        ),
        ("functional", 'model (="own_networks:functional") is neither a function nor a torch.nn.Module class'),
        (
            "wants",
            'model (="own_networks:wants") asks for (channels, classes, depth); it may ask for channels and classes, or for nothing',
        ),
        ("a_list", 'model (="own_networks:a_list") returned a list; it must return a torch.nn.Module'),
        (
            "ten_numbers",
            'model (="own_networks:ten_numbers") answers images of shape (1, 16, 16) with (1, 10); it must be one number a class, (1, 2)',
        ),
        (
            "wrong_size",
            'model (="own_networks:wrong_size") can\'t take images of shape (1, 16, 16): mat1 and mat2 shapes cannot be multiplied (1x256 and 9x2)',
        ),
    ],
)
def test_what_is_no_network_is_a_sentence(function, sentence):
    with pytest.raises(OwnNetworkError) as caught:
        network(function)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("os:abort", 'model (="os:abort") names a module of Python itself, which holds no network'),
        (
            "no_such_nets:tiny",
            'model (="no_such_nets:tiny") can\'t be imported: there is no no_such_nets in this folder or installed; '
            "go to the folder of no_such_nets.py, or install it",
        ),
    ],
)
def test_what_can_not_be_imported_is_a_sentence(text, sentence):
    with pytest.raises(OwnNetworkError) as caught:
        Network(text, classes=("a", "b"), image_shape=(1, 16, 16), mean=[0], std=[1])
    assert str(caught.value) == sentence


def test_a_module_with_a_fault_says_the_fault(tmp_path, monkeypatch):
    (tmp_path / "broken_nets.py").write_text("import no_such_package\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OwnNetworkError, match="can't be imported: No module named 'no_such_package'"):
        Network("broken_nets:tiny", classes=("a", "b"), image_shape=(1, 16, 16), mean=[0], std=[1])
    assert str(tmp_path) not in sys.path


def test_the_current_folder_is_looked_in(tmp_path):
    (tmp_path / "here_nets.py").write_text(
        "from torch import nn\ndef tiny(classes): return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))\n"
    )
    code = (
        "import sys; sys.path = [p for p in sys.path if p]\nfrom convista.network import Network\n"
        "print(Network('here_nets:tiny', classes=('a', 'b'), image_shape=(1, 8, 8), mean=[0], std=[1]).text)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "here_nets:tiny"


def test_a_file_whose_function_is_gone_or_changed_says_so(tmp_path, monkeypatch):
    save_network(network("plain"), tmp_path / "net.safetensors")
    monkeypatch.setattr(own_networks, "plain", own_networks.fixed)
    with pytest.raises(OwnNetworkError) as caught:
        load_network(tmp_path / "net.safetensors")
    assert str(caught.value).startswith(
        f"{tmp_path}/net.safetensors holds the weights of a network of your own: "
        'model (="own_networks:plain") makes other layers than it did ('
    )
    monkeypatch.delattr(own_networks, "plain")
    with pytest.raises(OwnNetworkError) as caught:
        load_network(tmp_path / "net.safetensors")
    assert str(caught.value).endswith("names nothing: own_networks has no plain")


def test_loading_draws_no_random_number(tmp_path):
    save_network(network("plain"), tmp_path / "net.safetensors")
    before = torch.get_rng_state()
    load_network(tmp_path / "net.safetensors")
    assert torch.equal(torch.get_rng_state(), before)


def test_functions_have_a_text_if_they_can_be_found_again():
    assert text_of(own_networks.plain) == text_of("own_networks:plain") == "own_networks:plain"
    assert text_of(own_networks.Shared) == "own_networks:Shared"
    for fault in (lambda: None, partial(own_networks.plain, 1), 3):
        with pytest.raises(
            ValueError, match=r"must be a function or class that stands by its name in a module\'s file"
        ):
            text_of(fault)
    with pytest.raises(TypeError, match="is a module that is made already; give the function or class"):
        text_of(nn.Flatten())
    with pytest.raises(ValueError, match='model \\(="5x5 3, mean"\\) must be module:function, such as mynets:tiny'):
        text_of("5x5 3, mean")
    assert not is_own("5x5/2 16, mean")
