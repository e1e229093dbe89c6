"""What a run is told to do, checked once."""

import math
import shlex
from dataclasses import fields

import numpy as np
import pytest

from convista.training import Settings


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"epochs": 0}, "epochs (=0) must be a whole number from 1 to 100000"),
        ({"batch": 3}, "batch (=3) must be a whole number from 4 to 100000"),
        ({"seed": -1}, "seed (=-1) must be a whole number from 0 to 9223372036854775807"),
        ({"threads": 0}, "threads (=0) must be a whole number from 1 to 1024"),
        ({"rate": 0}, "rate (=0) must be a number from 1e-08 to 1000"),
        ({"rate": math.nan}, "rate (=nan) must be a number from 1e-08 to 1000"),
        ({"label_smoothing": 1.0}, "label_smoothing (=1.0) must be a number from 0 to 0.9"),
        ({"shift": -1}, "shift (=-1) must be a number from 0 to 10000"),
        ({"patience": -1}, "patience (=-1) must be a whole number from 0 to 100000"),
        ({"tta": 37}, "tta (=37) must be a whole number from 0 to 36"),
        (
            {"sizes": "64,large"},
            "sizes (='64,large') must be whole numbers of pixels with commas between, such as 64,96",
        ),
        ({"sizes": (64, 0)}, "sizes (=(64, 0)) must be whole numbers of pixels with commas between, such as 64,96"),
        ({"optimizer": "adam"}, 'optimizer (="adam") must be one of adamw, sgd; did you mean "adamw"?'),
    ],
)
def test_a_choice_out_of_range_is_refused(choice, sentence):
    with pytest.raises(ValueError, match="must be") as caught:
        Settings(**choice)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "choice", [{"epochs": 2.0}, {"epochs": "2"}, {"seed": None}, {"rate": "fast"}, {"batch": True}, {"patience": None}]
)
def test_a_choice_of_the_wrong_kind_is_refused(choice):
    with pytest.raises(TypeError, match=r"must be a (whole )?number from"):
        Settings(**choice)


def test_numpy_numbers_are_numbers():
    assert Settings(epochs=np.int64(3), rate=np.float32(0.5)).epochs == 3


def test_every_choice_has_a_range():
    from convista.training.settings import _RANGES, CHOICES

    named = {"network", "sizes", "statistics", "weighted"}
    assert {field.name for field in fields(Settings)} == {*_RANGES, *CHOICES, *named}


def test_weighted_is_true_or_false_and_an_option_without_a_word():
    assert Settings(weighted=True).options() == "--seed 0 --weighted"
    assert Settings().options() == "--seed 0"
    with pytest.raises(TypeError, match=r"^weighted \(=1\) must be True or False$"):
        Settings(weighted=1)


def test_options_repeat_what_differs():
    settings = Settings(network="5x5/2 16, mean", epochs=2, rate=0.0123456789, threads=2, weight_decay=0.0)
    words = shlex.split(settings.options())
    assert "--weight-decay" in words
    told = {name[2:].replace("-", "_"): value for name, value in zip(words[::2], words[1::2], strict=True)}
    assert told == {
        "network": "5x5/2 16, mean", "epochs": "2", "rate": "0.0123456789", "seed": "0", "threads": "2",
        "weight_decay": "0",
    }  # fmt: skip


@pytest.mark.parametrize("told", ["64,96", " 64, 96", (64, 96), [64, 96], np.array([64, 96])])
def test_sizes_are_told_as_text_or_numbers(told):
    assert Settings(sizes=told).sizes == "64,96"
    assert Settings(sizes=told).sides == (64, 96)


def test_one_size_or_none():
    assert Settings(sizes=64).sides == (64,)
    assert Settings(sizes="").sides == Settings(sizes=()).sides == ()


def test_what_may_be_left_open():
    settings = Settings(batch=None, threads=None, rate="auto")
    assert (settings.batch, settings.threads, settings.rate) == (None, None, "auto")
    assert Settings(rate=1).peak == 1.0


def test_statistics_are_on_or_off():
    assert Settings(statistics=False).options() == "--seed 0 --no-statistics"
    with pytest.raises(TypeError, match="statistics \\(='no'\\) must be True or False"):
        Settings(statistics="no")


def test_epochs_are_decided_by_the_data():
    with pytest.raises(ValueError, match="epochs \\(=None\\) are not decided yet"):
        _ = Settings().rounds
    assert Settings(epochs=3).rounds == 3
