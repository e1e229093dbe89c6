"""A run on the terminal and as a picture."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from bench_fakes import result

from convista.bench.chart import chart
from convista.bench.record import Record
from convista.bench.report import cell_lines, goal_lines, quantity, worst_lines


def a_record(*results):
    return Record({}, {}, {}, results)


def text(lines):
    found = list(lines)
    assert max(map(len, found), default=0) <= 80
    return "\n".join(found)


def test_a_cell_has_our_time_and_each_peer_the_quickest_first():
    one = result(
        ours=0.0123, torch=9.0, cv2_filter2D=0.5, errors={"convista": 1e-6, "cv2.filter2D": 1e-7, "torch": 1e-6},
        left_out={"jax": "about 3.0 s"},
    )  # fmt: skip
    assert text(cell_lines(one, 2, 9)) == (
        "[2/9] 256 K=3 reflect, 1 thread: 12.3 ms, error 1.0e-06\n"
        "    cv2.filter2D 0.5* (0.5-0.5), torch 9 (9-9)\n"
        "    jax left out: about 3.0 s"
    )


def test_a_cell_that_we_lost_is_told():
    lost = replace(result(left_out={"convista": "wrong numbers"}), values={})
    assert text(cell_lines(lost, 1, 1)) == "[1/1] 256 K=3 reflect, 1 thread: not measured: wrong numbers"


def test_goals_are_printed_with_what_was_reached():
    stack = {"cell": "stack", "group": "stack"}
    record = a_record(
        result(cv2_filter2D=1.51), result(cv2_filter2D=1.21), result(left_out={"convista": "wrong"}),
        result(**stack, torch=9.0, cv2=1.0), result(**stack, torch=8.0, cv2=3.0),
        result(group="call", cv2=0.1),
    )  # fmt: skip
    assert text(goal_lines(record)) == (
        "theirs / ours (over 1: we are quicker) thr  worst median verdict\n"
        "1 channel, same, K = 3, to 2048          1   1.21   1.36 missed (1.21 of 1.30)\n"
        "  1 of 3 cells not measured\n"
        "1 channel, same, K = 3, to 2048          1      -      - not measured\n"
        "  (error, torch)\n"
        "10,000 images of 28 x 28 (torch)         1   8.00   8.50 met\n"
        "10,000 images of 28 x 28 (cv2)           1   1.00   2.00 missed (1.00 of 2.00)\n"
        "one image of 28 x 28                     1   0.10   0.10 no goal"
    )


def test_peers_that_are_all_more_exact_leave_nothing_to_compare():
    one = result(group="k15-63", cv2_filter2D=1.5, errors={"convista": 1e-6, "cv2.filter2D": 1e-7})
    assert "no peer is as exact" in text(goal_lines(a_record(one)))


def test_the_worst_plans_are_printed_with_the_share_within_a_tenth():
    record = a_record(*(result(cell=f"plan {n}", group="planner", engine=n / 10) for n in range(5, 13)))
    assert text(worst_lines(record)).splitlines()[:2] == [
        "the planner against each forced engine, 1 thread: 38% of 8 within 10 %:",
        "   0.50  plan 5: engine",
    ]


@pytest.mark.parametrize(
    ("value", "said"), [(0.5, "500 ms"), (1.0, "1.00 s"), (9.99e-7, "0.999 us"), (0.1234, "123 ms"), (120, "120 s")]
)
def test_quantities(value, said):
    assert quantity(value, "s") == said


def test_the_picture_shows_each_librarys_quickest_way():
    rows = [
        result(cell=f"1024 K={side} reflect", ours=0.001, cv2_filter2D=2.0, torch=5.0, kornia=3.0) for side in (3, 31)
    ]
    svg = chart(a_record(*rows))
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    for words in ("prefers-color-scheme:dark", "logarithmic x and y axis", "convista: 2 points, from 1,049 to 1,049",
                  "OpenCV: 2 points, from 524.3", "torch: 2 points, from 349.5"):  # fmt: skip
        assert words in svg
    assert "kornia" not in svg


def test_without_its_cells_there_is_no_picture():
    with pytest.raises(ValueError) as refusal:
        chart(a_record(result()))
    assert str(refusal.value) == (
        '--picture is made of cells such as "1024 K=3 reflect", and none is there; measure them, too'
    )
