"""Which of several processes speaks."""

import pytest

from convista.training.launch import WorkerLostError, rank_and_size, speaks

TOLD = {"RANK": "1", "WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1"}


@pytest.fixture
def told(monkeypatch):
    def tell(**changed):
        for name, value in (TOLD | changed).items():
            monkeypatch.setenv(name, value)

    return tell


def test_the_first_of_several_speaks_and_the_others_of_a_lost_one_only(told):
    told()
    assert rank_and_size() == (1, 3)
    assert [speaks(), speaks(ValueError()), speaks(WorkerLostError())] == [False, False, True]
    told(RANK="0")
    assert [speaks(), speaks(ValueError()), speaks(WorkerLostError())] == [True, True, True]


@pytest.mark.parametrize("changed", [{"WORLD_SIZE": "1"}, {"RANK": "first"}, {"WORLD_SIZE": ""}])
def test_one_that_no_torchrun_started_is_alone(told, changed):
    told(**changed)
    assert rank_and_size() == (0, 1)
    assert speaks()


def test_a_cluster_that_sets_ranks_only_starts_no_group(told, monkeypatch):
    told()
    monkeypatch.delenv("MASTER_ADDR")
    assert rank_and_size() == (0, 1)
