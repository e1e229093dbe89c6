"""results.json and the pictures: every figure of the run, for programs and for slides."""

import json
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from imagined_run import HOSTILE, calibration, facts, reliability, sample
from PIL import Image

from convista.run.folder import PICTURES as NAMES
from convista.studio import PICTURES, results, results_json, write_pictures
from convista.studio.scores import each_class
from convista.training.facts import Epoch, Mistake

PLAIN = json.loads(results_json(facts()))


def test_the_figures_are_those_of_the_facts():
    told = facts()
    assert PLAIN["schema"] == 1
    assert (PLAIN["accuracy"]["right"], PLAIN["accuracy"]["images"]) == (2041, 2045)
    assert PLAIN["accuracy"]["interval"] == pytest.approx([0.99499, 0.99924], abs=1e-5)
    assert PLAIN["confusion"] == told.confusion.tolist()
    assert PLAIN["history"][1] == {"number": 2, "train_loss": 0.125, "valid_loss": 0.0625, "accuracy": 0.998, "seconds": 1.5}  # fmt: skip
    assert PLAIN["steps"] == {name: list(getattr(told.steps, name)) for name in ("loss", "rate", "momentum")}
    assert PLAIN["data"]["counts"]["train"] == [1200, 1300, 40]
    assert PLAIN["confused"][0] == {"truth": "3", "predicted": HOSTILE, "images": 2, "share": pytest.approx(2 / 1010)}
    assert PLAIN["mistakes"][1] == {
        "path": "valid/6.png", "label": "nine", "predicted": "3", "probability": 0.75, "label_probability": 0.2
    }  # fmt: skip
    assert PLAIN["basis"]["weights"] == "after the last step"
    assert PLAIN["basis"]["machine"] == told.machine


def test_each_class_is_counted_by_hand():
    first, second, third = PLAIN["classes"]
    assert (first["images"], first["recall"], first["precision"]) == (1010, 1008 / 1010, 1008 / 1010)
    assert (second["recall"], second["precision"]) == (1027 / 1028, 1027 / 1029)
    assert (third["images"], third["recall"], third["precision"]) == (7, 6 / 7, 1.0)
    never = each_class(facts(confusion=np.array([[3, 0, 0], [1, 0, 0], [0, 0, 0]])))
    assert [(one.recall, one.precision) for one in never] == [(1.0, 0.75), (0.0, None), (None, None)]


def test_calibration_keeps_its_bins_and_empty_ones_are_null():
    told = PLAIN["calibration"]
    assert (told["temperature"], told["fitted"], told["before"]["images"]) == (0.625, 1023, 1022)
    assert told["before"]["counts"][12:] == [0, 20, 1000]
    assert told["before"]["confidence"][12:] == [None, 0.9, 0.95]
    assert json.loads(results_json(facts(calibration=calibration(after=None))))["calibration"]["after"] is None


def test_what_is_no_number_is_null_and_what_is_no_utf_8_comes_back():
    name = b"valid/caf\xe9.png".decode("utf-8", "surrogateescape")
    odd = facts(
        history=(Epoch(1, float("nan"), float("inf"), 0.5, 1.0),),
        mistakes=(Mistake(sample(name, "3", 1), "7", 0.9, 0.1),),
    )
    read = json.loads(results_json(odd).encode("ascii"))
    assert (read["history"][0]["train_loss"], read["history"][0]["valid_loss"]) == (None, None)
    assert read["mistakes"][0]["path"] == name


def test_the_seed_and_the_averaged_weights_are_told():
    basis = results(facts(settings={"seed": "7"}, ema=True, went_back=True))["basis"]
    assert (basis["seeds"], basis["weights"], basis["went_back"]) == ([7], "moving average after the last step", True)


def test_the_run_folder_knows_the_pictures():
    assert tuple(PICTURES) == NAMES


def test_the_pictures_are_written_and_show_the_facts(tmp_path):
    write_pictures(facts(), tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(PICTURES)
    with Image.open(tmp_path / "confusion.png") as opened:
        pixels = np.asarray(opened.convert("RGB")).astype(int)
    blue, orange = (np.abs(pixels - colour).sum(axis=2).min() < 12 for colour in ((117, 159, 209), (220, 155, 108)))
    assert blue
    assert orange


@pytest.mark.parametrize("name", PICTURES)
def test_another_run_has_other_pictures(name):
    changed = replace(
        facts(),
        history=facts().history[:1],
        confusion=np.diag([9, 9, 9]),
        calibration=calibration(before=reliability(0.1, 0.9)),
    )
    one, other = (np.asarray(Image.open(BytesIO(PICTURES[name](told)))) for told in (facts(), changed))
    assert one.shape != other.shape or (one != other).any()
