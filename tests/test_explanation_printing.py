"""Explanations as text, and the command that prints them."""

import json
import math
import re

import numpy as np
import pytest
import torch
from PIL import Image
from test_cli import refused, run
from torch import nn

import convista as cx
from convista.explanation.records import Explanation, Source, Terms
from convista.network import Network, save_network

OWN = """
import torch

def small(channels=1, filters=2):
    return torch.nn.Sequential(torch.nn.Conv2d(channels, filters, 3), torch.nn.ReLU())

def words():
    return "a network"

class Large(torch.nn.Module):
    pass
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a network's file, a network of one's own, and images."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    net = Network("3x3/2 2, 3x3 classes, mean", classes=("a", "b"), image_shape=(1, 8, 8), mean=[99], std=[50])
    save_network(net, "net.safetensors")
    (tmp_path / "explained_net.py").write_text(OWN)
    Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save("grey.png")
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save("photo.png")
    return tmp_path


def test_an_explanation_is_a_sum_written_out():
    conv = nn.Conv2d(1, 1, 2, padding=1)
    conv.weight.data = torch.tensor([[[[1.0, 2.0], [3.0, 0.5]]]])
    conv.bias.data = torch.tensor([-1.0])
    text = str(cx.trace(conv, torch.tensor([[[[4.0, 5.0], [6.0, 7.0]]]])).explain("conv2d", (0, 0, 1)))
    assert (
        text
        == """\
conv2d[0, 0, 1] = 13.5   (conv2d, float32)
  2x2 window of 1 channel x weights + bias
         input         weight        product   from
             0 x            1 =            0   padding
             0 x            2 =            0   padding
             4 x            3 =           12   input[0, 0, 0]
             5 x          0.5 =          2.5   input[0, 0, 1]
            -1                =           -1   bias
  total         13.5   (float64)
  model         13.5   (float32)
  difference    0, bound 1.48e-05: within the bound"""
    )


def test_a_long_sum_shows_its_largest_terms_and_the_rest_together():
    torch.manual_seed(0)
    explained = cx.trace(nn.Conv2d(64, 2, 3), torch.randn(1, 64, 3, 3)).explain("conv2d", (1, 0, 0))
    lines = str(explained).splitlines()
    rest = next(line for line in lines if "together" in line)
    assert rest.endswith("the other 565 together")
    shown = [float(re.search(r"= +(\S+)", line)[1]) for line in lines[3:15]]
    assert len(shown) == 12
    assert [abs(product) for product in shown] == sorted(map(abs, shown), reverse=True)
    assert math.fsum([*shown, float(rest.split()[0])]) == pytest.approx(explained.total, abs=1e-5)
    assert max(map(len, lines)) <= 80


def test_long_names_and_notes_stay_within_the_page():
    name = "backbone.stages.3.blocks.11.attention.projection.layers.0.convolution"
    explained = Explanation(
        Source(name, (1023, 222, 111)),
        "conv2d",
        "words " * 30,
        Terms(()),
        1.0,
        1.0,
        0.0,
        "float32",
        (("note", "x " * 99),),
    )
    assert max(map(len, str(explained).splitlines())) <= 80
    net = nn.Sequential()
    inner = net
    for part in name.split("."):
        following = nn.Sequential()
        inner.add_module(part, following)
        inner = following
    inner.add_module("last", nn.Conv2d(1, 1, 1))
    inner.add_module("after", nn.ReLU())
    trace = cx.trace(net, torch.ones(1, 1, 200, 200))
    for text in (
        str(trace),
        str(trace.explain(trace.nodes[-1].name, (0, 99, 99))),
        str(trace.verify(2)),
        str(trace.back(trace.nodes[-1].name, (0, 99, 99))),
    ):
        assert max(map(len, text.splitlines())) <= 80


# --- the command ------------------------------------------------------------------------------------------------


def test_explain_prints_the_sum_the_field_and_the_way(here):
    out = run("explain", "net.safetensors", "grey.png", "--at", "layers.0.conv,1,2,3", "--back", "1").stdout
    assert out.startswith("layers.0.conv[1, 2, 3] = ")
    assert ": within the bound" in out
    assert "\n  reads of the image rows 5..12, cols 9..15: 56 of the 56 pixels in the box are read\n" in out
    assert re.search(r"%  +image\[0, \d+, \d+\] = \d+  \(input\)\n$", out)
    assert max(map(len, out.splitlines())) <= 80


def test_explain_lists_the_layers_where_none_is_asked_for(here):
    out = run("explain", "net.safetensors", "grey.png").stdout
    assert re.search(r"^layers.0.conv +conv2d +1 x 2 x 4 x 4$", out, re.MULTILINE)
    assert "In evaluation mode" in out
    nodes = json.loads(run("explain", "net.safetensors", "grey.png", "--json").stdout)
    assert nodes[0] == {"name": "image", "kind": "input", "shape": [1, 1, 16, 16]}


def test_explain_for_programs_has_every_term(here):
    told = ("explain", "net.safetensors", "grey.png", "--at", "layers.0.conv,0,0,0", "--back", "2", "--json")
    facts = json.loads(run(*told).stdout)
    assert facts["ok"] is True
    assert len(facts["terms"]) == 9
    assert sum(term["product"] for term in facts["terms"]) == pytest.approx(facts["total"])
    assert facts["terms"][0] == {
        "node": "padding",
        "index": None,
        "input": 0,
        "weight": facts["terms"][0]["weight"],
        "product": 0,
    }
    assert facts["receptive_field"]["pixels"] == 25
    assert facts["back"][-1]["node"] == "image"


def test_explain_opens_a_module_of_ones_own(here):
    first = run("explain", "explained_net:small:1,3", "grey.png", "--at", "1,2,0,0").stdout
    assert first.startswith("1[2, 0, 0] = ")
    assert run("explain", "explained_net:small:1,3", "grey.png", "--at", "1,2,0,0").stdout == first
    out = run("explain", "explained_net:small:3", "grey.png", "--input", "3x6x6", "--at", "0,1,3,3").stdout
    assert "3x3 window of 3 channels x weights + bias" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("net.safetensors", "grey.png", "--at", "layers.0.cnv,0,0,0"), '--at (="layers.0.cnv") is none of the 13 layers; did you mean "layers.0.conv"?; leave --at out to list them'),
        (("net.safetensors", "grey.png", "--at", "layers.0.conv;0"), 'did you mean "layers.0.conv"?'),
        (("net.safetensors", "grey.png", "--at", "layers.0.conv,a"), '--at (="layers.0.conv,a") must be LAYER,CHANNEL,ROW,COL, such as layers.0.conv,3,5,7'),
        (("net.safetensors", "grey.png", "--at", "layers.0.conv,9,0,0"), 'index (=(9, 0, 0)) of sample 0 is not in "layers.0.conv", which has 1 sample of 2 x 4 x 4'),
        (("net.safetensors", "grey.png", "--input", "1x8x8"), '--input (="1x8x8") is for modules of your own; the network of a run knows its form'),
        (("net.safetensors", "gray.png"), "gray.png"),
        (("explained_net:small", "grey.png", "--input", "8x8"), '--input (="8x8") must be CHANNELSxROWSxCOLS with 1 or 3 channels, such as 3x224x224'),
        (("explained_net:small", "photo.png", "--at", "0,0,0,0"), "--input CHANNELSxROWSxCOLS brings it to another form"),
        (("explained_net:smal", "grey.png"), 'model (="explained_net:smal") names nothing: explained_net has no smal'),
        (("explained_net:small:a b", "grey.png"), 'model (="explained_net:small:a b") has arguments (a b) that are no plain numbers, words in quotes or lists'),
        (("explained_net:small:1,2,3", "grey.png"), 'model (="explained_net:small:1,2,3") can\'t be called with (1,2,3): '),
        (("explained_net:words", "grey.png"), 'model (="explained_net:words") returned a str; it must return a torch.nn.Module'),
    ],
)  # fmt: skip
def test_what_explain_refuses(here, words, sentence):
    assert sentence in refused("explain", *words)


def test_explain_fails_where_the_sum_is_not_the_number(here, monkeypatch):
    from convista.explanation import register_explainer
    from convista.explanation.rules import RULES

    monkeypatch.setitem(RULES, "conv2d", None)
    register_explainer("conv2d", lambda index, *_: [(-1, (), 77.0)])
    out = run("explain", "explained_net:small", "grey.png", "--at", "0,0,0,0", code=1).stdout
    assert "OUTSIDE IT" in out
