"""Several processes that train one network: what they exchange, with processes that really run."""

import os
import socket
import subprocess
import sys
import textwrap

import pytest
import torch

from convista.training.workers import ALONE, Workers, launched


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def together(script, count=2):
    """Run a script in so many processes as torchrun would; return what each printed, and its exit code."""
    port = free_port()
    shared = os.environ | {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    head = "import torch\nfrom convista.training.workers import *\nfrom convista.training.workers import joined\n"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", head + textwrap.dedent(script)],
            env=shared | {"RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(count)
    ]  # fmt: skip
    told = [process.communicate(timeout=60) for process in processes]
    return [(out, process.returncode, err) for (out, err), process in zip(told, processes, strict=True)]


def test_one_process_alone_needs_no_others(monkeypatch):
    network, generator = torch.nn.Linear(2, 1), torch.Generator()
    assert launched() is ALONE
    assert ALONE.sum(network, 0.25) == 0.25
    assert ALONE.generator(generator) is generator
    for name, value in (("RANK", "1"), ("WORLD_SIZE", "3"), ("MASTER_ADDR", "here")):
        monkeypatch.setenv(name, value)
    assert (launched().rank, launched().size, launched().leads) == (1, 3, False)


@pytest.mark.parametrize(("images", "workers"), [(8, 2), (7, 2), (10, 3), (2, 2)])
def test_the_shares_of_a_batch_are_all_of_it(images, workers):
    shares = [Workers(rank, workers).share(torch.arange(images)) for rank in range(workers)]
    assert torch.cat(shares).tolist() == list(range(images))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_the_sum_of_the_parts_is_the_gradient_of_the_whole_batch():
    script = """
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
    net.register_buffer("seen", torch.zeros(2))
    net.register_buffer("count", torch.tensor(7))
    images, labels = torch.randn(7, 6), torch.randint(3, (7,))
    loss = torch.nn.functional.cross_entropy(net(images), labels)
    loss.backward()
    whole = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    with joined() as workers:
        mine = workers.share(torch.arange(7))
        part = torch.nn.functional.cross_entropy(net(images[mine]), labels[mine]) * len(mine) / 7
        part.backward()
        net.seen += 2 * workers.rank
        summed = workers.sum(net, part.item())
        for p, g in zip(net.parameters(), whole):
            torch.testing.assert_close(p.grad, g)
        assert abs(summed - loss.item()) < 1e-6, (summed, loss)
        assert net.seen.tolist() == [1, 1] and net.count == 7
        drawn = torch.rand(3, generator=workers.generator(torch.Generator().manual_seed(3)))
        print(drawn.tolist(), workers.any(workers.rank == 1), workers.any(False), workers.told(workers.rank))
    """
    told = together(script)
    assert [code for _, code, _ in told] == [0, 0], told
    (first, _, _), (second, _, _) = told
    assert first.split("]")[0] != second.split("]")[0]
    assert {out.split("]")[1] for out, _, _ in told} == {" True False 0\n"}


def test_what_stops_the_leader_stops_all_and_nobody_waits():
    script = """
    with joined() as workers:
        print(workers.led(lambda: workers.rank + 40))
        try:
            workers.led(lambda: 1 / 0)
        except Exception as error:
            print(type(error).__name__, error)
    """
    assert [out for out, _, _ in together(script)] == [
        "40\nZeroDivisionError division by zero\n",
        "40\nLeaderStoppedError division by zero\n",
    ]


def test_means_are_counted_and_first_weights_are_the_leaders():
    script = """
    with joined() as workers:
        print(workers.mean((1.0 + workers.rank, 5.0), 3 - 2 * workers.rank))
        torch.manual_seed(workers.rank)
        net = torch.nn.Linear(2, 1)
        workers.alike(net)
        print(net.weight.tolist())
        print(workers.only(lambda: "kept"), workers.led(lambda: workers.rank))
    """
    (first, _, _), (second, _, _) = together(script)
    assert first.splitlines()[0] == second.splitlines()[0] == "[1.25, 5.0]"
    assert first.splitlines()[1] == second.splitlines()[1]
    assert [first.splitlines()[2], second.splitlines()[2]] == ["kept 0", "None 0"]


def test_workers_that_read_other_files_are_told():
    script = """
    with joined() as workers:
        workers.agree("labels", 3)
        try:
            workers.agree("images", workers.rank)
        except ValueError as error:
            print(error)
    """
    sentence = "the workers don't read the same images; give all of them the same files\n"
    assert [out for out, _, _ in together(script)] == [sentence, sentence]


def test_a_worker_that_is_gone_is_a_sentence():
    script = """
    import os
    with joined() as workers:
        workers.any(False)
        if workers.rank == 1:
            os._exit(9)
        workers.any(False)
    """
    (_, code, err), (_, gone, _) = together(script)
    assert gone == 9
    assert code == 1
    assert "WorkerLostError: another worker of this run is gone" in err
