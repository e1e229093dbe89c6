"""The planner's rates: measured, kept, read again, and never trusted when another version wrote them."""

import json
import math

import numpy as np
import pytest

import convista as cx
from convista.grid import calibration, rates
from convista.grid.planner import spoken_time


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVISTA_HOME", str(tmp_path))
    rates.rates.cache_clear()
    yield tmp_path
    rates.rates.cache_clear()


def test_without_a_measurement_the_defaults_stand_in(home):
    assert rates.rates() == rates.Rates()
    assert not rates.rates().measured


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"call": 1}'])
def test_what_cannot_be_read_is_measured_again_and_not_trusted(home, text):
    rates.file().parent.mkdir()
    rates.file().write_text(text)
    assert rates.rates() == rates.Rates()


def test_calibrating_measures_every_rate_and_later_plans_use_them(home, monkeypatch):
    monkeypatch.setattr(calibration, "ROUNDS", 1)
    monkeypatch.setattr(calibration, "LEAST_SECONDS", 1e-4)
    measured = calibration.calibrate()
    assert measured.measured
    assert json.loads(rates.file().read_text())["direct"] == measured.direct
    assert rates.rates() == measured
    assert all(0 < value < 1 for name, value in vars_of(measured).items() if name != "measured")
    rates.keep(rates.Rates(direct=1.0, measured=True))
    assert cx.plan((400, 400), np.ones((3, 3), "float32") + np.eye(3, dtype="float32")).engine != "direct"


def vars_of(measured):
    return {name: getattr(measured, name) for name in rates.Rates.__slots__}


def test_times_are_said_as_people_say_them():
    assert [spoken_time(each) for each in (1.234e-5, 0.456, 123.4, math.inf)] == [
        "12 us",
        "456 ms",
        "123 s",
        "the time to load it",
    ]
    said = dict(rates.Rates().spoken())
    assert said["call"] == "8.0 us"
    assert said["direct"] == "50.00 billion a second"
    assert "measured" not in said
