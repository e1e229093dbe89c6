"""`torchrun -m convista train`: two processes that really train together, and one of them that is really killed."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from shapes import CLASSES, dataset

import convista as cx

if sys.platform != "linux":
    pytest.skip("how processes are found is written for Linux", allow_module_level=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images of two classes as files."""
    root, data = tmp_path_factory.mktemp("shapes"), dataset(train=120, valid=31)
    for name, split in (("train", data.train), ("valid", data.valid)):
        for number, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
            place = root / name / CLASSES[label] / f"{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[0]).save(place)
    return root


def start(folder, out):
    words = [folder, "--out", out, "--epochs", "30", "--batch", "15", "--network", "5x5/2 8, 3x3/2 16, mean"]
    words += ["--precision", "float32", "--average", "0.9", "--seed", "3"]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    return subprocess.Popen(
        [*launch, "convista", "train", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "300"}, cwd=Path(out).parent,
    )  # fmt: skip


def of_rank(number, launcher):
    """Return the process of a worker."""
    for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
        if f"\0RANK={number}\0".encode() in Path(f"/proc/{child}/environ").read_bytes():
            return int(child)
    raise LookupError(number)


def test_two_train_one_network_and_a_killed_one_costs_nothing(folder, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    out, err = start(folder, whole).communicate(timeout=120)
    assert out.count("epoch  train loss") == 1, (out, err)  # one speaks
    assert len(re.findall(r"^ +\d+  ", out, re.MULTILINE)) == 30
    assert "; processes 2" in (whole / "log.txt").read_text()
    run = cx.open_run(whole)
    assert run.accuracy > 0.9
    alone = cx.train(folder, out=tmp_path / "alone", epochs=30, batch=15, network="5x5/2 8, 3x3/2 16, mean", seed=3)
    assert len(alone.facts.steps.loss) == len(run.facts.steps.loss) == 240
    assert abs(alone.accuracy - run.accuracy) < 0.1

    process = start(folder, killed)
    while "epoch 1:" not in ((killed / "log.txt").read_text() if (killed / "log.txt").exists() else ""):
        time.sleep(0.02)
        assert process.poll() is None
    os.kill(of_rank(1, process.pid), signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "convista: another worker of this run is gone; what was learned" in err
    assert not (killed / "report.html").exists()

    out, err = start(folder, killed).communicate(timeout=120)
    assert re.search(r"goes on after step \d+ of 240", out), (out, err)
    assert (killed / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
