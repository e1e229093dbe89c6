"""How other programs do the works of training.py, each as its own tutorial does; the last line printed is the accuracy.

    python training_peers.py PROGRAM WORK DATA SEED THREADS

Needs nothing of convista: it runs in an environment of the peers' own.
"""

from __future__ import annotations

import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn


def widths(work: str) -> tuple[list[int], bool, int, int, int, float]:
    """Return the chapter's network for a work (channels, norms, first kernel), its epochs, batch and rate."""
    if work.startswith("sample"):
        return [1, 4, 8, 16, 32], False, 3, 2, 64, 0.01
    return [1, 8, 16, 32, 64], True, 5, 5, 512, 0.02


def network(work: str, classes: int) -> nn.Module:
    """Return the chapter's network: halvings, the last of which answers."""
    channels, norms, first, *_ = widths(work)
    layers: list[nn.Module] = []
    for number, (before, after) in enumerate(pairwise(channels)):
        size = first if number == 0 else 3
        layers += [nn.Conv2d(before, after, size, 2, size // 2, bias=not norms)]
        layers += [nn.BatchNorm2d(after)] * norms + [nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(channels[-1], classes, 3, 2, 1), nn.Flatten())


def read(data: Path) -> tuple[torch.Tensor, ...]:
    """Return images 0..1 and labels of both splits, every PNG file decoded once by Pillow."""
    from PIL import Image

    classes = sorted(entry.name for entry in (data / "train").iterdir())
    found: list[torch.Tensor] = []
    for split in ("train", "valid"):
        files = [(f, n) for n, name in enumerate(classes) for f in sorted((data / split / name).iterdir())]
        with ThreadPoolExecutor(int(os.environ.get("OMP_NUM_THREADS", "1"))) as pool:
            images = list(pool.map(lambda pair: np.asarray(Image.open(pair[0]).convert("L")), files))
        found += [torch.from_numpy(np.stack(images))[:, None], torch.tensor([label for _, label in files])]
    return tuple(found)


def plain(work: str, data: Path) -> float:
    """Train in a plain loop of PyTorch, images as bytes in memory."""
    train, labels, valid, truth = read(data)
    *_, epochs, batch, rate = widths(work)
    net = network(work, int(labels.max()) + 1).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01, fused=True)
    steps = epochs * -(-len(labels) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(labels)).split(batch):
            loss = nn.functional.cross_entropy(net(train[chosen].float() / 255), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    net.eval()
    with torch.inference_mode():
        said = torch.cat([net(part.float() / 255).argmax(1) for part in valid.split(1000)])
    return float((said == truth).float().mean())


def fastai(work: str, data: Path) -> float:
    """Train as fastai's chapter does."""
    from fastai.vision.all import (
        CategoryBlock,
        DataBlock,
        GrandparentSplitter,
        ImageBlock,
        Learner,
        PILImageBW,
        Resize,
        accuracy,
        aug_transforms,
        get_image_files,
        parent_label,
        resnet18,
        vision_learner,
    )  # fmt: skip

    colour, whole = work.startswith("trashnet"), "as it comes" in work or "as they come" in work
    block = DataBlock(
        blocks=(ImageBlock() if whole else ImageBlock(PILImageBW), CategoryBlock),
        get_items=get_image_files, splitter=GrandparentSplitter("train", "valid"), get_y=parent_label,
        item_tfms=Resize(96) if colour else None, batch_tfms=aug_transforms(do_flip=colour) if whole else None,
    )  # fmt: skip
    *_, epochs, batch, rate = widths(work)
    loaders = block.dataloaders(data, bs=64 if whole else batch, num_workers=0)
    if whole:
        learner, epochs, rate = vision_learner(loaders, resnet18, pretrained=False, metrics=accuracy), 10, 3e-3
    else:
        learner = Learner(loaders, network(work, loaders.c), loss_func=nn.functional.cross_entropy, metrics=accuracy)
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(epochs, rate)
    return float(learner.validate()[1])


def lightning(work: str, data: Path) -> float:
    """Train with Lightning's Trainer on tensors in memory."""
    import lightning as L
    from torch.utils.data import DataLoader, TensorDataset

    train, labels, valid, truth = read(data)
    *_, epochs, batch, rate = widths(work)

    class Module(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = network(work, int(labels.max()) + 1)

        def training_step(self, pair: list[torch.Tensor], _: int) -> torch.Tensor:
            return nn.functional.cross_entropy(self.net(pair[0].float() / 255), pair[1])

        def configure_optimizers(self) -> dict[str, object]:
            optimizer = torch.optim.AdamW(self.parameters(), lr=rate)
            steps = int(self.trainer.estimated_stepping_batches)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    module = Module()
    loader = DataLoader(TensorDataset(train, labels), batch, shuffle=True)
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    L.Trainer(accelerator="cpu", max_epochs=epochs, **quiet).fit(module, loader)
    module.eval()
    with torch.inference_mode():
        said = torch.cat([module.net(part.float() / 255).argmax(1) for part in valid.split(1000)])
    return float((said == truth).float().mean())


def yolo(work: str, data: Path) -> float:  # noqa: ARG001  # one network for any work
    """Train Ultralytics' smallest classifier from scratch."""
    from ultralytics import YOLO

    place = Path("yolo-data")
    place.mkdir(exist_ok=True)
    for there, here in (("train", "train"), ("val", "valid")):
        link = place / there
        if not link.exists():
            link.symlink_to(data / here)
    model = YOLO("yolo11n-cls.yaml")
    model.train(data=str(place.resolve()), epochs=1, imgsz=32, batch=64, device="cpu", workers=0, plots=False)
    return float(model.val(workers=0, plots=False).top1)


if __name__ == "__main__":
    program, work, data, seed, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    random.seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002  # the generator that the peers draw from
    torch.manual_seed(int(seed))
    print({"plain": plain, "fastai": fastai, "lightning": lightning, "yolo": yolo}[program](work, Path(data)))
