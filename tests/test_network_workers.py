"""Image files judged by a cluster: the answers of one machine, in their order, or a sentence."""

import os
import signal
import sys
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image

from convista.network import Network, workers
from convista.network.saved import packed, unpacked

distributed = pytest.importorskip("distributed", reason="needs dask.distributed")
QUIET = dict(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50)


@pytest.fixture(scope="module")
def net():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Network("3x3/2 4, mean", classes=("3", "7", "8"), image_shape=(1, 8, 6), mean=[40], std=[80])
    return network.eval()


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Thirty images, one of them damaged, one not there, named by where they lie from here."""
    folder, random = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    names = [f"{number:02}.png" for number in range(30)]
    for name in names:
        Image.fromarray(random.integers(0, 256, (8, 6), dtype=np.uint8)).save(folder / name)
    (folder / "07.png").write_bytes((folder / "08.png").read_bytes()[:60])
    (folder / "11.png").unlink()
    return [os.path.relpath(folder / name) for name in names]


@pytest.fixture(scope="module")
def cluster():
    """Two workers within this process."""
    with distributed.LocalCluster(**QUIET, processes=False) as two:
        yield two


def same(found, expected):
    assert found == expected  # paths as they were given, labels, probabilities, reasons, in order
    for one, other in zip(found, expected, strict=True):
        assert (one.probabilities is None) == (other.probabilities is None)
        if one.probabilities is not None:
            np.testing.assert_array_equal(one.probabilities, other.probabilities)


@pytest.mark.parametrize("batch", [1, 4, 100])
def test_the_answers_are_those_of_one_machine_in_order(net, paths, cluster, batch):
    expected = list(net.predict_files(paths, batch=batch))
    assert [number for number, one in enumerate(expected) if one.prediction is None] == [7, 11]
    same(list(net.predict_files(paths, batch=batch, scheduler=cluster.scheduler_address)), expected)


def test_no_more_groups_are_given_out_than_the_workers_can_do_soon(net, paths, cluster, monkeypatch):
    given, real = [], distributed.Client.submit
    monkeypatch.setattr(distributed.Client, "submit", lambda *a, **o: given.append(a) or real(*a, **o))
    answers = net.predict_files(paths, batch=1, scheduler=cluster.scheduler_address)
    list(islice(answers, 3))
    assert len(given) == 1 + 2 * 2 + 2  # the network; two for each worker, and one more for each that was waited for
    answers.close()


def test_a_packed_network_is_the_same(net, paths):
    again = unpacked(*packed(net))
    assert not again.training
    same(list(again.predict_files(paths)), list(net.predict_files(paths)))


def refused(net, paths, address):
    with pytest.raises((ValueError, RuntimeError)) as caught:
        list(net.predict_files(paths, scheduler=address))
    return str(caught.value)


def test_a_cluster_that_is_not_there_is_a_sentence(net, paths, monkeypatch):
    client = distributed.Client
    monkeypatch.setattr(distributed, "Client", lambda address, timeout, **o: client(address, timeout="0.2s", **o))
    assert refused(net, paths, "tcp://127.0.0.1:9").startswith(
        'scheduler (="tcp://127.0.0.1:9") can\'t be reached; an address is like tcp://127.0.0.1:8786, and "local" is '
        "this machine: "
    )


def test_a_cluster_without_workers_is_a_sentence(net, paths):
    with distributed.LocalCluster(**QUIET | {"n_workers": 0}, processes=False) as none:
        address = none.scheduler_address
        assert refused(net, paths, address) == (
            f'scheduler (="{address}") has no workers; start one: dask worker {address}'
        )


def test_what_fails_on_a_worker_is_a_sentence(net, paths, cluster, monkeypatch):
    monkeypatch.setattr(workers, "unpacked", broken)
    address = cluster.scheduler_address
    assert refused(net, paths, address) == (
        f"a worker of scheduler (=\"{address}\") failed (ModuleNotFoundError: No module named 'torch'); workers need "
        "the same convista and torch as here"
    )


def broken(*_):
    raise ModuleNotFoundError("No module named 'torch'")


@pytest.mark.parametrize("whole", [True, False], ids=["the scheduler", "the workers"])
def test_a_cluster_that_goes_on_the_way_is_a_sentence(net, paths, monkeypatch, whole):
    monkeypatch.setattr(workers, "PATIENCE", 0.1)
    cluster = distributed.LocalCluster(**QUIET, processes=False)
    address = cluster.scheduler_address
    answers = net.predict_files(paths, batch=1, scheduler=address)
    next(answers)
    if whole:
        cluster.close()
    else:
        cluster.scale(0)
        cluster.sync(cluster._correct_state)
    with pytest.raises(RuntimeError) as caught:
        list(answers)
    assert str(caught.value) == f'scheduler (="{address}") is gone, and with it what it had to do; start again'
    cluster.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_worker_that_dies_changes_nothing(net, paths):
    with distributed.LocalCluster(**QUIET, processes=True) as cluster:
        answers = net.predict_files(paths, batch=2, scheduler=cluster.scheduler_address)
        found = [next(answers)]
        os.kill(cluster.workers[0].pid, signal.SIGKILL)
        found += answers
    same(found, list(net.predict_files(paths, batch=2)))
