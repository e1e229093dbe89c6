"""One cycle."""

import math
from itertools import pairwise

import pytest

from convista.training.schedule import END, START, WARM_UP, one_cycle


def test_the_rate_starts_low_peaks_after_the_warm_up_and_ends_near_nothing():
    assert one_cycle(0, peak=2).rate == pytest.approx(2 * START)
    assert one_cycle(WARM_UP, peak=2).rate == pytest.approx(2)
    assert one_cycle(1, peak=2).rate == pytest.approx(2 * END)


def test_half_way_up_and_down_it_has_half_the_height():
    assert one_cycle(WARM_UP / 2, peak=1).rate == pytest.approx((1 + START) / 2)
    assert one_cycle((1 + WARM_UP) / 2, peak=1).rate == pytest.approx((1 + END) / 2)


def test_a_third_of_the_way_up_is_where_the_cosine_is():
    height = (1 - math.cos(math.pi / 3)) / 2  # a quarter
    assert one_cycle(WARM_UP / 3, peak=1).rate == pytest.approx(START + (1 - START) * height)


def test_momentum_is_lowest_where_the_rate_is_highest():
    assert [round(one_cycle(done, 1).momentum, 6) for done in (0, WARM_UP, 1)] == [0.95, 0.85, 0.95]


def test_it_rises_then_falls_without_a_jump():
    rates = [one_cycle(step / 1000, 1).rate for step in range(1001)]
    peak = rates.index(max(rates))
    assert peak == 250
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(abs(a - b) for a, b in pairwise(rates)) < 0.01
