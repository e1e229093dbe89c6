"""From an image file's pixels to a network's input: every step explained, the last one what the network was given."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import convista as cx
from convista.explanation import prepare
from convista.explanation.rules.preparing import triangle
from convista.image import fitted, read_image
from convista.network import Network


def picture(rows, cols, colour=False, dtype=np.uint8, seed=0):
    shape = (rows, cols, 3) if colour else (rows, cols)
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


@settings(max_examples=25)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.booleans()),
    st.tuples(st.sampled_from([1, 3]), st.integers(1, 24), st.integers(1, 24)),
    st.sampled_from([np.uint8, np.uint16]),
)
def test_the_steps_end_at_what_prediction_uses_and_all_are_within_their_bounds(size, shape, dtype):
    image = picture(*size, dtype=dtype if not size[2] else np.uint8)
    prepared = prepare(image, shape)
    np.testing.assert_array_equal(prepared.tensor[0].numpy(), fitted(image, shape))
    trace = cx.trace(torch.nn.Identity(), prepared)
    assert trace.verify(20).ok, trace.verify(20)
    assert trace.coverage().share == 1


@given(st.integers(0, 30), st.integers(1, 31), st.integers(1, 31))
def test_the_shares_of_resizing_are_pillows(at, old, new):
    eye = Image.fromarray(np.eye(old, dtype=np.float32))
    table = np.asarray(eye.resize((old, new), Image.Resampling.BILINEAR))
    taps, shares = triangle(at % new, old, new)
    wanted = np.zeros(old)
    wanted[taps] = shares
    np.testing.assert_allclose(table[at % new], wanted, atol=1e-6)


@pytest.fixture
def network():
    torch.manual_seed(1)
    return Network("3x3/2 4, 3x3 classes, mean", classes=("a", "b"), image_shape=(1, 8, 8), mean=[99], std=[50]).eval()


def test_the_way_of_a_file_goes_on_to_its_own_pixels(network, tmp_path):
    Image.fromarray(picture(20, 12, colour=True)).save(tmp_path / "photo.png")
    trace = cx.trace(network, tmp_path / "photo.png")
    assert [node.name for node in trace.nodes[:8]] == [
        "image", "image.cols", "image.rows", "image.frame", "image.grey", "input", "to", "sub",
    ]  # fmt: skip
    assert trace.verify(10).ok
    assert trace.coverage().share == 1
    logits = network.logits(fitted(read_image(tmp_path / "photo.png"), (1, 8, 8))[None])
    assert trace.output.tolist() == logits.tolist()
    assert {step.explanation.source.node for step in trace.back("layers.mean", (1, 0, 0)).pixels} == {"image"}


def test_a_field_reaches_the_files_pixels_through_resizing(network):
    prepared = prepare(picture(16, 16), (1, 8, 8))
    field = cx.trace(network, prepared).receptive_field("layers.0.conv", (0, 1, 1))
    assert field.mask.shape == (1, 16, 16)
    # three pixels of eight, from 1 to 3, of which each reads four of sixteen
    assert field.box == (range(1, 9), range(1, 9))
    assert field.pixels.sum() == 64


def test_around_a_narrow_image_its_border_is_read(network):
    trace = cx.trace(network, prepare(picture(8, 4), (1, 8, 8)))
    explained = trace.explain("image.frame", (0, 3, 0))
    assert explained.formula == "around the image: the mean of its outermost pixels, rounded"
    assert len(explained.terms) == 20
    assert trace.receptive_field("image.frame", (0, 3, 0)).pixels.sum() == 20
    assert trace.receptive_field("image.frame", (0, 3, 3)).pixels.sum() == 1


@pytest.mark.parametrize(("colour", "shape"), [(True, (1, 5, 5)), (False, (3, 5, 5)), (True, (3, 5, 5))])
def test_channels_read_each_other(colour, shape):
    trace = cx.trace(torch.nn.Identity(), prepare(picture(5, 5, colour), shape))
    mask = trace.receptive_field("input", (0, 2, 1)).mask
    assert mask.sum() == (3 if colour and shape[0] == 1 else 1)


def test_pixels_over_a_number():
    trace = cx.trace(torch.nn.Identity(), prepare(picture(3, 3), divisor=255))
    assert [node.name for node in trace.nodes] == ["image", "image.scaled", "input"]
    assert trace.explain("input", (0, 1, 1)).parents == (("image.scaled", (0, 1, 1)),)
    assert trace.verify().ok
    assert trace.output.dtype == torch.float32


def test_a_planted_fault_of_a_step_is_found(monkeypatch):
    from convista.explanation.rules import preparing

    trace = cx.trace(torch.nn.Identity(), prepare(picture(5, 5, colour=True), (1, 5, 5)))
    assert trace.verify().ok
    monkeypatch.setattr(preparing, "GREY", (0.33, 0.33, 0.34))
    assert not trace.verify().ok


def test_floats_have_no_known_black_and_white():
    with pytest.raises(ValueError) as refused:
        prepare(np.zeros((2, 2), np.float32), (1, 2, 2))
    assert str(refused.value) == (
        "image can't be prepared: it holds float32 numbers, whose black and white are not known; save it as 8 or 16 bit"
    )
