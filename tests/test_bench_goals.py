"""What a group must reach, and how it is said whether it did."""

import pytest
from bench_fakes import result

from convista.bench.catalogue import cells
from convista.bench.goals import GROUPS, Goal, figures


def test_the_worst_peer_of_each_cell_decides():
    results = [result(cv2_filter2D=1.5, torch=9.0), result(cv2_filter2D=1.21, torch=2.0)]
    found = figures(Goal(least=1.3), results)
    assert found == [1.5, 1.21]
    assert Goal(least=1.3).verdict(found) == "missed (1.21 of 1.30)"
    assert Goal(least=1.2).verdict(found) == "met"


def test_a_goal_may_be_about_some_peers_only():
    found = figures(Goal(least=2, over="cv2"), [result(cv2_filter2D=3.0, torch=0.5)])
    assert found == [3.0]


def test_at_most_is_about_our_own_value():
    goal = Goal(most=0.35)
    assert goal.verdict(figures(goal, [result(ours=0.4), result(ours=0.2)])) == "missed (0.40 of 0.35)"
    assert goal.verdict(figures(goal, [result(ours=0.35)])) == "met"


def test_small_figures_keep_their_digits():
    assert Goal(least=1.5).verdict([0.0123]) == "missed (0.0123 of 1.50)"


def test_nothing_measured_is_not_met():
    nothing = result(left_out={"convista": "wrong numbers"})
    assert Goal(least=1.3).verdict(figures(Goal(least=1.3), [nothing])) == "not measured"


@pytest.mark.parametrize(
    ("ratio", "their_error", "counted"),
    [
        (1.5, 1e-7, []),  # slower and more exact: it is met in the table of high precision
        (0.9, 1e-7, [0.9]),  # quicker and more exact: a loss that no table may hide
        (1.5, 1e-6, [1.5]),
        (1.5, 0.9e-6, [1.5]),  # so little less is luck
    ],
)
def test_a_more_exact_peer_is_set_aside_only_where_it_is_slower(ratio, their_error, counted):
    one = result(cv2_filter2D=ratio, errors={"convista": 1e-6, "cv2.filter2D": their_error})
    assert figures(Goal(least=2, as_exact=True), [one]) == counted
    assert figures(Goal(least=2), [one]) == [ratio]


def test_a_goal_may_be_about_errors():
    goal = Goal(least=0.8, over="torch", of_errors=True)
    one = result(torch=3.0, errors={"convista": 2e-6, "torch": 1e-6, "cv2.filter2D": 1e-8})
    assert goal.verdict(figures(goal, [one])) == "missed (0.50 of 0.80)"
    exact = result(torch=3.0, errors={"convista": 0.0, "torch": 0.0})
    assert goal.verdict(figures(goal, [exact])) == "met"
    assert figures(goal, [result(torch=3.0)]) == []


def test_every_group_has_cells_and_every_cell_a_group():
    assert {cell.group for cell in cells()} == set(GROUPS)
