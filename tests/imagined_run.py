"""The facts of a training run that never was, with names that would break a careless page."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from convista.bilingual import Bilingual
from convista.training.facts import (
    Averaged,
    Calibration,
    Epoch,
    Facts,
    Finding,
    Layer,
    Mistake,
    Reliability,
    Sample,
    Steps,
)  # fmt: skip
from convista.training.statistics import BINS, Statistics
from convista.training.sweep import Sweep

HOSTILE = "<script>alert(\"7\")</script> & '7'"


def sample(path: str, label: str, seed: int, shape: tuple[int, ...] = (1, 6, 6)) -> Sample:
    return Sample(path, label, np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def statistics(layers: int = 2, looks: int = 6) -> Statistics:
    """Activations that spread as time goes on."""
    figures = np.linspace(0.1, 0.6, looks * layers * 2, dtype=np.float32).reshape(looks, layers, 2)
    histogram = np.zeros((looks, layers, 2, BINS), np.int16)
    for look in range(looks):
        histogram[look, :, 0, BINS // 2 - look : BINS // 2 + look + 1] = 10 * (look + 1)
        histogram[look, :, 1, BINS // 2 : BINS // 2 + look + 1] = 10 * (look + 1)
    weights = tuple(f"layers.{layer}.weight" for layer in range(layers))
    return Statistics(
        every=2,
        steps=np.arange(looks) * 2 + 1,
        layers=tuple(f"layers.{layer}.<relu>" for layer in range(layers)),
        mean=figures,
        std=figures,
        near_zero=figures,
        histogram=histogram,
        weights=weights,
        gradient=figures[:, :, 0],
        update=figures[:, :, 1] / 100,
    )


def reliability(error: float, sure: float) -> Reliability:
    """Three full bins of fifteen: 2 images at 50 %, 20 at 90 %, 1000 at `sure`."""
    bins = {7: (2, 0.5, 0.5), 13: (20, 0.9, 0.95), 14: (1000, sure, 0.998)}
    columns = zip(*(bins.get(place, (0, np.nan, np.nan)) for place in range(15)), strict=True)
    return Reliability(*columns, error=error, chance=0.002, loss=0.04)


def calibration(**changes: Any) -> Calibration:
    return replace(Calibration(reliability(0.05, 0.95), reliability(0.01, 0.99), 0.625, 1023), **changes)


def facts(**changes: Any) -> Facts:
    classes = ("3", HOSTILE, "nine")
    steps = 12
    told = Facts(
        data="threes & others",
        folder=Path("pictures/<threes>"),
        classes=classes,
        counts={"train": (1200, 1300, 40), "valid": (1010, 1028, 7)},
        image_shape=(1, 6, 6),
        samples=tuple(sample(f"train/{i}.png", name, i) for i, name in enumerate(classes)),
        remarks=(
            Bilingual('valid/"a" & b.png was left out: it is <truncated>.', '未使用：valid/"a" & b.png，它<不完整>。'),
            "In <English> alone.",
        ),
        network="3x3/2 2, 3x3/2 classes",
        layers=(
            Layer("layers.0", "Conv2d", (2, 3, 3), 18),
            Layer("layers.1", "BatchNorm2d", (2, 3, 3), 4),
            Layer("layers.2", "Linear", (3,), 1234),
        ),
        parameters=1256,
        first_kernels=np.linspace(-0.5, 0.25, 18, dtype=np.float32).reshape(2, 1, 3, 3),
        history=(Epoch(1, 0.5, 0.25, 0.9, 1.25), Epoch(2, 0.125, 0.0625, 0.998, 1.5)),
        steps=Steps(
            tuple(0.5**i for i in range(steps)),
            tuple(0.01 * i / steps for i in range(steps)),
            tuple(0.95 - 0.01 * i for i in range(steps)),
        ),
        confusion=np.array([[1008, 2, 0], [1, 1027, 0], [1, 0, 6]]),
        mistakes=(
            Mistake(sample("valid/5.png", "3", 5), HOSTILE, 0.99999, 0.000001),
            Mistake(sample("valid/6.png", "nine", 6), "3", 0.75, 0.2),
        ),
        calibration=calibration(),
        ema=False,
        went_back=False,
        settings={"epochs": "2", "label_smoothing": "0.1", "odd one": "<1>"},
        command="convista train 'threes & others' --epochs 2",
        started="2026-11-22T23:10:00+01:00",
        seconds=3671.0,
        machine={"processor": "One", "cores": "2"},
        versions={"convista": "0.1.0", "python": "3.11.7"},
        statistics=statistics(),
        findings=(
            Finding("silent", True, "Since step 5 <relu> is silent.", "自第 5 步起 <relu> 无声。"),
            Finding("slow", False, "It began slowly.", "起步很慢。"),
        ),
        averaged=Averaged(9, 1, False, 3, 2042 / 2045),
        sweep=Sweep((0.001, 0.01, 0.1), (2.0, 1.0, 3.0), (2.0, 1.5, 2.4)),
    )
    return replace(told, **changes)
