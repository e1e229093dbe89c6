"""Rounds side by side, on a clock that tests can turn."""

import gc

import pytest

from convista.bench.measuring import ratios, rounds_of, spread


class Machine:
    """Runs that take as long as they say, on a machine that is slow at times."""

    def __init__(self):
        self.now, self.slow, self.order = 0.0, 1.0, []

    def clock(self):
        return self.now

    def run(self, name, seconds):
        def work():
            self.order.append(name)
            self.now += seconds * self.slow

        return work


def measured(machine, **seconds):
    runs = {name: machine.run(name, each) for name, each in seconds.items()}
    return rounds_of(runs, 3, least=0.0, clock=machine.clock)


def test_the_ratio_is_theirs_over_ours():
    found = ratios(measured(Machine(), convista=1.0, cv2=3.0, torch=0.5))
    assert {name: each.median for name, each in found.items()} == {"cv2": 3.0, "torch": 0.5}


def test_a_slow_moment_slows_both_sides():
    machine = Machine()
    ours = machine.run("convista", 1.0)

    def ours_then_slower():
        ours()
        machine.slow = 1.0 + len(machine.order) // 4

    found = rounds_of({"convista": ours_then_slower, "cv2": machine.run("cv2", 3.0)}, 9, 0.0, clock=machine.clock)
    assert ratios(found)["cv2"].median == pytest.approx(3.0, rel=0.35)
    assert max(found["cv2"]) > 3 * min(found["cv2"])


def test_everyone_has_a_turn_in_each_round_in_changing_order():
    machine = Machine()
    runs = {name: machine.run(name, 1.0) for name in "abcd"}
    rounds_of(runs, 9, 0.0, clock=machine.clock)
    rounds = [machine.order[start : start + 4] for start in range(4, 40, 4)]
    assert all(sorted(each) == ["a", "b", "c", "d"] for each in rounds)
    before_b = {turn[turn.index("b") - 1] for turn in rounds if turn[0] != "b"}
    assert before_b == {"a", "c", "d"}


def test_between_turns_there_is_a_pause(monkeypatch):
    pauses = []
    monkeypatch.setattr("convista.bench.measuring.time.sleep", pauses.append)
    machine = Machine()
    rounds_of({"a": machine.run("a", 1.0)}, 3, 0.0, pause=0.25, clock=machine.clock)
    assert pauses == [0.25] * 3


def test_a_quick_call_is_repeated_until_the_clock_can_tell():
    machine = Machine()
    found = rounds_of({"convista": machine.run("convista", 0.001)}, 2, 0.02, clock=machine.clock)
    assert len(machine.order) == 1 + 2 * (1 + 20)  # a first call tells how many, and each turn begins with one untimed
    assert found["convista"] == pytest.approx([0.001, 0.001])


def test_garbage_is_collected_again_afterwards_also_after_a_fault():
    def fail():
        raise RuntimeError

    with pytest.raises(RuntimeError):
        rounds_of({"convista": fail}, 1)
    assert gc.isenabled()


def test_a_spread_of_one_round_is_that_round():
    assert spread([2.0]).low == spread([2.0]).high == 2.0


def test_without_us_there_is_no_ratio():
    assert ratios({"cv2": [1.0]}) == {}
