"""A network's file: safetensors, that is numbers and one JSON text. Reading it runs nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from convista.files import whole_file
from convista.network.model import Network
from convista.network.own import OwnNetworkError, is_own

_KEY = "convista.network"  # one entry, since safetensors writes several in any order


class NetworkFileError(ValueError):
    """A file that does not hold a network of convista, or not all of it."""


def save_network(network: Network, path: str | os.PathLike[str]) -> None:
    """Write the network, whole or not at all: the same weights give the same bytes."""
    with whole_file(path) as temporary:
        temporary.write_bytes(save(_tensors(network), {_KEY: _facts(network)}))  # save_file would make it private


def load_network(path: str | os.PathLike[str]) -> Network:
    """Read a network that `save_network` wrote; it stands in evaluation mode.

    The layers of a network of one's own are made by the function that the file names, which is imported from the
    current folder or what is installed, and called; nothing else in a file is ever run.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    NetworkFileError
        When the file is damaged, or no network of convista.
    convista.network.OwnNetworkError
        When the function that makes its layers is not to be found, or makes others.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path (={str(path)!r}) is not a file; a network's file is model.safetensors of a run")
    try:
        facts, tensors = _read(path)
        network = _rebuilt(facts, tensors)
    except OwnNetworkError as error:
        raise OwnNetworkError(f"{path} holds the weights of a network of your own: {error}") from error
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise NetworkFileError(f"{path} is damaged or holds no network of convista ({reason})") from error
    return network.eval()


def packed(network: Network) -> tuple[str, bytes]:
    """Return what a network's file holds, for another process: its facts as JSON, its tensors as safetensors."""
    return _facts(network), save(_tensors(network))


def unpacked(facts: str, tensors: bytes) -> Network:
    """Return the network that was packed; it stands in evaluation mode."""
    return _rebuilt(json.loads(facts), load(tensors)).eval()


def _facts(network: Network) -> str:
    return json.dumps({"text": network.text, "classes": network.classes, "image_shape": network.image_shape})


def _tensors(network: Network) -> dict[str, Tensor]:
    """Return the tensors, cloned: safetensors refuses those that share their memory, as a network's own may do."""
    return {name: tensor.contiguous().clone() for name, tensor in network.state_dict().items()}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    with safe_open(path, "pt") as file:
        facts = (file.metadata() or {}).get(_KEY)
        if facts is None:
            raise ValueError(f"its metadata has no {_KEY}")
        # Cloned: the file may go, or be cut short, while the network is in use.
        return json.loads(facts), {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118


def _rebuilt(facts: dict[str, Any], tensors: dict[str, Tensor]) -> Network:
    channels, rows, cols = facts["image_shape"]
    mean, std = tensors["mean"].flatten().tolist(), tensors["std"].flatten().tolist()
    text, classes, shape = str(facts["text"]), tuple(facts["classes"]), (channels, rows, cols)
    if is_own(text):
        with torch.random.fork_rng(devices=[]):  # first weights are drawn, and thrown away
            own = Network(text, classes=classes, image_shape=shape, mean=mean, std=std)
        return _own(own, tensors)
    with torch.device("meta"):  # shapes without numbers: a forged text can't ask for memory
        network = Network(text, classes=classes, image_shape=shape, mean=mean, std=std)
    network.load_state_dict(tensors, assign=True)
    return network


def _own(network: Network, tensors: dict[str, Tensor]) -> Network:
    """Give a network of one's own its weights; not the tensors themselves, since it may share some."""
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise OwnNetworkError(f'model (="{network.text}") makes other layers than it did ({reason})') from error
    return network
