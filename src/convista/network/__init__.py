"""Small CNNs: layers from one readable line of text, the network that takes pixels, its file.

description   the line of text, parsed once
layers        descriptions to torch layers
own           layers that a function of the user's own makes
model         layers with their classes and their scaling; predictions
inputs        what a user calls images to arrays
answers       what a network says, and of which files it can't
saved         the file: numbers and plain JSON, nothing that runs
"""
# ruff: noqa: E402  -- a missing torch is said first, with the command to type

from convista.errors import need

for _package in ("torch", "safetensors"):
    need(_package, "train", "a network")

from convista.network.answers import FileAnswer as FileAnswer
from convista.network.answers import Prediction as Prediction
from convista.network.description import NAMED as NAMED
from convista.network.layers import build as build
from convista.network.model import Network as Network
from convista.network.own import OwnNetworkError as OwnNetworkError
from convista.network.own import is_own as is_own
from convista.network.own import named_with_arguments as named_with_arguments
from convista.network.own import own_module as own_module
from convista.network.own import text_of as text_of
from convista.network.saved import load_network as load_network
from convista.network.saved import save_network as save_network
