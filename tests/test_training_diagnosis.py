"""What went wrong, in sentences: said of runs that go wrong, and not of those that don't."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from shapes import dataset
from test_training_loop import QUICK, Notes

from convista.dataset import Split, load_dataset
from convista.training import Epoch, Settings, Statistics, Steps, diagnosis, fit
from convista.training.diagnosis import RULES, diagnose
from convista.training.signs import Evidence

CHAPTER = Settings(
    network="chapter",
    schedule="constant",
    rate=0.06,
    batch=64,
    epochs=1,
    weight_decay=0,
    precision="float32",
)
"""The textbook's network and numbers that it begins with."""


@pytest.fixture(scope="module")
def digits():
    return half(load_dataset("mnist_sample"))


def half(data):
    """Every other training image: a run of a second or two."""
    train = data.train
    return replace(data, train=Split(train.images[::2].copy(), train.labels[::2].copy(), train.paths[::2]))


# Real runs -----------------------------------------------------------------------------------------------------------


def test_the_chapters_run_that_dies_is_told_while_it_dies_and_at_the_end(digits):
    notes = Notes()
    facts = fit(digits, CHAPTER, watcher=notes).facts  # AdamW; the chapter's is Adam
    assert facts.accuracy < 0.6
    silent = facts.findings[0]
    assert (silent.rule, silent.severe) == ("silent", True)
    assert re.fullmatch(
        r"Since step \d+, (9\d|100) % of what leaves activation \d of 4 \(layers\.\d\.relu\) is nearly zero \(below 0\.05\), and "
        r"the loss stopped moving: 0\.(69|7\d)\d? on average, where guessing gives 0\.693\. The learning rate was 0\.06: try "
        r"0\.006, a warm-up \(the one_cycle schedule\), or batch normalisation\.",
        silent.english,
    )
    assert len(notes.said) == 1
    assert notes.said[0].startswith("Since step ")


def test_its_plain_descent_that_will_not_begin_is_told(digits):
    facts = fit(digits, replace(CHAPTER, optimizer="sgd")).facts
    assert [finding.rule for finding in facts.findings] == ["slow"]
    assert re.match(
        r"For the first \d\d of 97 steps the loss was that of guessing \(0\.693\), while up to [789]\d % of what leaves "
        r"activation 4 of 4",
        facts.findings[0].english,
    )


@pytest.mark.parametrize(
    "changes", [{}, {"batch": 64, "rate": 0.06}, {"optimizer": "sgd", "rate": 0.06, "batch": 64}], ids=str
)
def test_nothing_is_said_of_runs_in_good_order(digits, changes):
    notes = Notes()
    facts = fit(digits, Settings(epochs=1, precision="float32", **changes), watcher=notes).facts
    assert facts.accuracy > 0.97
    assert facts.findings == ()
    assert notes.said == []


# Each rule on both sides of its threshold ----------------------------------------------------------------------------

GUESS = math.log(4)


def statistics(looks=20, layers=2, **changes):
    shape = (looks, layers, 2)
    told = Statistics(
        every=5,
        steps=np.arange(looks) * 5 + 1,
        layers=tuple(f"relu{i}" for i in range(layers)),
        mean=np.zeros(shape, np.float32),
        std=np.ones(shape, np.float32),
        near_zero=np.full(shape, 0.5, np.float32),
        histogram=np.zeros((*shape, 80), np.int16),
        weights=("first", "last"),
        gradient=np.ones((looks, 2), np.float32),
        update=np.full((looks, 2), 0.01, np.float32),
    )
    return replace(told, **changes)


def evidence(loss=None, losses=(0.5, 0.4, 0.3), train=(0.5, 0.4, 0.3), gentler=1.0, rate=0.06, **changes):
    loss = np.linspace(GUESS, 0.2, 100) ** 1 if loss is None else np.asarray(loss)
    steps = Steps(tuple(loss.tolist()), (rate,) * len(loss), (0.9,) * len(loss))
    history = tuple(Epoch(i + 1, t, v, 0.5, 1.0) for i, (v, t) in enumerate(zip(losses, train, strict=True)))
    return Evidence(Settings(schedule="constant"), 4, steps, history, statistics(**changes), gentler)


def rules(**changes):
    return [finding.rule for finding in diagnose(evidence(**changes))]


def near_zero(share, since, layer=1):
    values = np.full((20, 2, 2), 0.5, np.float32)
    values[since:, layer, 1] = share
    return values


FLAT = np.full(100, GUESS)


def test_a_run_in_good_order_has_no_finding():
    assert rules() == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"loss": FLAT, "near_zero": near_zero(0.91, 4)}, ["silent"]),
        ({"loss": FLAT, "near_zero": near_zero(0.89, 4)}, ["stuck"]),
        ({"loss": FLAT, "near_zero": near_zero(0.91, 16)}, ["stuck"]),  # for 20 steps only
        ({"near_zero": near_zero(0.95, 4)}, []),  # it learns none the less
        ({"loss": FLAT * 0.96}, ["stuck"]),
        ({"loss": FLAT * 0.94}, []),
        ({"loss": FLAT, "losses": (), "train": ()}, []),  # within the first epoch
        ({"gentler": 1 / 3}, ["lost"]),
        ({"std": np.r_[np.ones(5), np.full(5, 3), np.full(10, 0.2)].reshape(20, 1, 1) * np.ones((1, 2, 2))}, ["collapse"]),
        ({"std": np.r_[np.ones(5), np.full(5, 3), np.full(10, 0.4)].reshape(20, 1, 1) * np.ones((1, 2, 2))}, []),
        ({"std": np.r_[np.ones(5), np.full(15, 0.05)].reshape(20, 1, 1) * np.ones((1, 2, 2))}, []),  # it never rose
        ({"update": np.r_[0.31, np.full(39, 0.01)].reshape(20, 2)}, ["leap"]),
        ({"update": np.r_[0.29, np.full(39, 0.01)].reshape(20, 2)}, []),
        ({"update": np.r_[1e9, np.full(39, 0.01)].reshape(20, 2)}, []),  # from zero any step is infinite
        ({"gradient": np.tile([0.0009, 1.0], (20, 1))}, ["faint"]),
        ({"gradient": np.tile([0.002, 1.0], (20, 1))}, []),
        ({"loss": np.r_[FLAT[:20], FLAT[:80] / 3], "near_zero": near_zero(0.75, 0)}, ["slow"]),
        ({"loss": np.r_[FLAT[:20], FLAT[:80] / 3], "near_zero": near_zero(0.65, 0)}, []),
        ({"loss": np.r_[FLAT[:10], FLAT[:90] / 3], "near_zero": near_zero(0.75, 0)}, []),
        ({"losses": (0.5, 0.4, 0.47), "train": (0.5, 0.4, 0.3)}, ["overfitted"]),
        ({"losses": (0.5, 0.4, 0.45), "train": (0.5, 0.4, 0.3)}, []),
        ({"losses": (0.5, 0.4, 0.47), "train": (0.5, 0.4, 0.41)}, []),  # both rise: another matter
    ],
)  # fmt: skip
def test_each_rule_holds_from_its_threshold_on(changes, found):
    assert rules(**changes) == found


def test_the_evidence_is_in_the_sentence():
    finding = diagnose(evidence(loss=FLAT, near_zero=near_zero(0.93, 6)))[0]
    assert finding.english == (
        "Since step 31, 93 % of what leaves activation 2 of 2 (relu1) is nearly zero (below 0.05), and the loss stopped "
        "moving: 1.386 on average, where guessing gives 1.386. The learning rate was 0.06: try 0.006, a warm-up (the "
        "one_cycle schedule), or batch normalisation."
    )
    assert finding.chinese == (
        "自第 31 步起，第 2 个激活层（共 2 个，relu1）的输出有 93 % 接近零（小于 0.05），损失不再变化：平均 1.386，"
        "而随机猜测为 1.386。当时学习率为 0.06：请试 0.006、预热（one_cycle 计划），或批归一化。"
    )


def test_a_run_that_has_its_warm_up_is_not_told_to_take_one():
    told = evidence(loss=FLAT, near_zero=near_zero(0.93, 6))
    finding = diagnose(replace(told, settings=Settings()))[0]
    assert "one_cycle" not in finding.english + finding.chinese
    assert "try 0.006, or batch normalisation." in finding.english


def test_without_statistics_the_loss_still_speaks():
    assert [f.rule for f in diagnose(replace(evidence(loss=FLAT), statistics=None))] == ["stuck"]


def test_before_the_first_step_there_is_nothing_to_say():
    nothing = Evidence(Settings(), 4, Steps((), (), ()), (), statistics(looks=0), 1.0)
    assert diagnose(nothing) == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_has_a_source_and_says_the_same_in_both_languages(rule):
    assert rule.source
    places = [{name.removeprefix("zh_") for name in re.findall(r"{(\w+)}", words)} for words in rule.words]
    assert places[0] == places[1]
    assert [bool(re.search("[\u4e00-\u9fff]", words)) for words in rule.words] == [False, True]
    assert set(rule.unless) <= {rule.name for rule in RULES}


def test_each_thing_is_said_once(monkeypatch):
    spoken, notes = [], Notes()

    def always(told):
        spoken.append(told)
        return (
            diagnosis.Finding("silent", True, "It is silent.", "无声"),
            diagnosis.Finding("slow", False, "slow", "慢"),
        )

    monkeypatch.setattr("convista.training.loop.diagnose", always)
    fit(dataset(), QUICK, watcher=notes)
    assert notes.said == ["It is silent."]
    assert len(spoken) == 3  # after 8, 16 and 24 of the 24 looks
