"""A network as one readable line."""

import pytest

from convista.network.description import GRAMMAR, NAMED, Convolution, Description, describe


def test_a_line_becomes_small_records():
    assert describe("5x3/2 16, 3x3 classes") == Description(
        (Convolution((5, 3), 2, 16), Convolution((3, 3), 1, None)), mean=False
    )


def test_padding_is_half_the_kernel():
    assert Convolution((5, 4), 1, 8).padding == (2, 2)


def test_the_simple_network_is_the_chapters():
    layers = describe("simple").convolutions
    assert [layer.filters for layer in layers] == [8, 16, 32, 64, None]
    assert {(layer.kernel, layer.stride) for layer in layers} == {((3, 3), 2)}


@pytest.mark.parametrize(
    "line",
    [
        *NAMED.values(),
        "7x7/4 4, mean",
        "3x3 classes, mean",
        "1x1 4, res 5x3, 3x3 classes, mean",
        "1x5 4,3x3/3   2 , mean",
        "no  norm ,1x1 4, res 3x3, mean",
    ],
)
def test_text_and_records_go_round(line):
    assert describe(str(describe(line))) == describe(line)


def test_only_the_words_in_front_leave_the_norm_out():
    assert not describe("no norm, 3x3 8, mean").norm
    assert describe("3x3 8, mean").norm


@pytest.mark.parametrize("text", list(NAMED.values()))
def test_named_lines_are_written_as_they_are_printed(text):
    assert str(describe(text)) == text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("3x3 8, 3x3/2 clases", 'the item "3x3/2 clases" is not understood in "3x3 8, 3x3/2 clases"; did you mean "classes"?'),
        ("3x3 8, meen", 'the item "meen" is not understood in "3x3 8, meen"; did you mean "mean"?'),
        ("3x3 8, 3 16, mean", 'the item "3 16" is not understood in "3x3 8, 3 16, mean"'),
        ("3x3 8,, mean", 'the item "" is not understood in "3x3 8,, mean"'),
        ("", 'the item "" is not understood in ""'),
        ("3x3 8, no norm, mean", 'the item "no norm" must be the first'),
        ("no norm", 'the item "" is not understood in "no norm"'),
        ("3x3 8, mean, 3x3 classes", 'the item "mean" must be the last'),
        ("classes", 'the item "classes" is not understood in "classes"'),
        ("3x3/0 8, mean", 'the item "3x3/0 8" has a number outside 1 to 4096'),
        ("3x3 0, mean", 'the item "3x3 0" has a number outside 1 to 4096'),
        ("0x3 8, mean", 'the item "0x3 8" has a number outside 1 to 4096'),
        ("3x3 8000, mean", 'the item "3x3 8000" has a number outside 1 to 4096'),
        ("mean", 'the item "mean" needs at least one convolution before it'),
        ("res 3x3, mean", 'the item "res 3x3" needs at least one convolution before it'),
        ("3x3 8, res 4x3, mean", 'the item "res 4x3" needs odd sizes from 1 to 4096, which keep the size of the image'),
        ("3x3 8, res 3x3", 'the item "res 3x3" can\'t end a network: put "mean" after it, or "classes" in place of the number'),
        ("3x3 classes, 3x3 8, mean", 'the item "3x3 classes" must be the last convolution'),
        ("3x3 8", 'the item "3x3 8" can\'t end a network: put "mean" after it, or "classes" in place of the number'),
    ],
)  # fmt: skip
def test_a_faulty_item_is_quoted(text, fault):
    with pytest.raises(ValueError, match="^network: ") as caught:
        describe(text)
    assert str(caught.value) == f"network: {fault}; a network is {GRAMMAR}"


def test_a_wrong_name_names_the_near_one():
    with pytest.raises(ValueError, match="^network ") as caught:
        describe("simpel")
    assert (
        str(caught.value)
        == f'network (="simpel") must be one of chapter, simple, small, medium, resnet; did you mean "simple"?; or {GRAMMAR}'
    )
