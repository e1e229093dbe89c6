"""One cell: who is refused, who is left out, and that the others are still measured."""

from dataclasses import replace

import pytest
from bench_fakes import TINY, FakePeer

from convista.bench import trial
from convista.bench.contender import Contender
from convista.bench.measuring import PAUSE
from convista.bench.peers import PEERS
from convista.bench.trial import measure


@pytest.fixture
def peers(monkeypatch):
    """Put fake peers beside the real ones, and return a cell that they take part in."""

    def put(**fakes):
        for name, fake in fakes.items():
            monkeypatch.setitem(PEERS, name, fake)
        return replace(TINY, peers=tuple(fakes))

    return put


def run(cell):
    return measure(cell, threads=1, rounds=2, least=0.0)


def test_a_right_peer_is_measured(peers):
    found = run(peers(right=FakePeer()))
    assert set(found.values) == set(found.errors) == {"convista", "right"}
    assert set(found.ratios) == {"right"}
    assert found.left_out == {}


@pytest.mark.parametrize(("threads", "spins", "pauses"), [(2, 0.25, {0.25}), (2, 0.0, {PAUSE}), (1, 0.25, {0.0})])
def test_a_turn_begins_when_all_other_threads_sleep(peers, monkeypatch, threads, spins, pauses):
    slept = []
    monkeypatch.setattr("convista.bench.measuring.time.sleep", slept.append)
    measure(peers(right=FakePeer(spins=spins)), threads=threads, rounds=2, least=0.0)
    assert set(slept) == pauses


def test_a_peer_with_wrong_numbers_is_not_timed(peers):
    found = run(peers(right=FakePeer(), wrong=FakePeer(wrong=1.0)))
    assert set(found.ratios) == {"right"}
    assert found.left_out["wrong"].startswith("wrong numbers: an error of 0.")
    assert found.left_out["wrong"].endswith(", allowed 0.0001")


def test_a_peer_that_fails_or_is_missing_is_told(peers):
    found = run(peers(failing=FakePeer(fault=RuntimeError("no\nmore")), missing=FakePeer(is_there=False)))
    assert found.left_out == {"failing": "RuntimeError: no", "missing": "fake-package is not installed"}


def test_we_ourselves_are_not_timed_with_wrong_numbers(peers, monkeypatch):
    cell = peers(right=FakePeer())
    monkeypatch.setattr("convista.bench.peers.ours.conv2d", lambda image, kernel, **_: image)
    found = run(cell)
    assert found.values == found.ratios == {}
    assert found.left_out["convista"].startswith("wrong numbers")


def test_what_this_release_lacks_is_a_sentence(peers, monkeypatch):
    monkeypatch.setattr("convista.bench.peers.ours.conv2d", lambda image, kernel, padding: None)
    found = run(replace(peers(right=FakePeer()), precision="high"))
    assert found.left_out == {"convista": "this convista has no precision= yet"}


def test_a_hopeless_peer_is_left_out_with_an_estimate(peers, monkeypatch):
    cell = replace(peers(right=FakePeer(), slow=FakePeer()), image=(1, 1, 512, 512))
    monkeypatch.setattr(trial, "_estimate", lambda contender, times: {"right": 0.1, "slow": 4.0}[contender.name])
    found = run(cell)
    assert found.left_out == {"slow": "about 4.0 s"}
    assert set(found.ratios) == {"right"}


def test_a_peer_that_is_slow_on_the_whole_image_only_is_left_out_too(monkeypatch):
    monkeypatch.setattr(trial, "once", lambda run: run())
    seconds = {"convista": 9.0, "quick": 0.1, "slow": 4.0, "roof": 9.0}
    entered = trial.Field({n: Contender(n, lambda s=s: s, is_roof=n == "roof") for n, s in seconds.items()})
    trial._drop_hopeless(entered)
    assert entered.left_out == {"slow": "4.0 s"}
    assert list(entered.contenders) == ["convista", "quick", "roof"]


def test_slow_peers_stay_where_all_are_slow():
    assert trial.hopeless({"a": 3.0, "b": 4.0}) == {}
    assert trial.hopeless({"a": 0.01, "b": 0.2}) == {}
    assert trial.hopeless({}) == {}


def test_forced_engines_are_peers_of_the_planner():
    cell = replace(TINY, peers=(trial.ENGINES,), group="planner")
    found = run(cell)
    assert {"engine plain", "engine direct"} <= set(found.ratios)


def test_an_engine_that_can_not_says_why():
    cell = replace(TINY, peers=(trial.ENGINES,), dtype="uint8", weights="sobel", result="int32")
    left_out = trial.Field()
    trial._enter(left_out, trial.ENGINES, cell, trial.numbers.make(cell), 1)
    assert left_out.left_out["engine torch"].startswith('engine (="torch") can\'t do this: integer sums')
