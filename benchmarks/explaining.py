"""What an explanation costs: memory and time of a trace beside a plain forward pass, and of one number taken apart.

    python -m benchmarks.explaining
    python -m benchmarks.explaining --json explaining.json

The network is ResNet50's: 53 convolutions, 25.6 million weights, built here of torch's own modules with random weights,
on one image of 224x224 pixels. Memory is the peak of the process (VmHWM) above what it held with the model loaded and
run once. Times are medians; a trace runs the model twice, plain and recorded, and the recorded pass is given by itself.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

import convista as cx
from convista.bench.machine import here


@dataclass
class Figures:
    """What came of it."""

    parameters: int
    nodes: int
    model_megabytes: float
    trace_megabytes: float
    """The peak above the model."""
    forward_seconds: float
    trace_seconds: float
    copies_seconds: float
    """Copying every result once, which a trace can't do without."""
    explain_conv_milliseconds: float
    worst_explain_milliseconds: float
    """Of all convolutions."""
    back_seconds: float
    field_seconds: float
    verified: str
    coverage: float


class Bottleneck(nn.Module):
    """Three convolutions, and what came in added to what they make."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        filters = 4 * width
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, filters, 1, bias=False), nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        changed = stride > 1 or channels != filters
        shortcut = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))
        self.downsample = shortcut if changed else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(out)))))
        out += x if self.downsample is None else self.downsample(x)
        result: Tensor = self.relu(out)
        return result


def resnet50() -> nn.Sequential:
    """Return the network of the paper (arXiv:1512.03385, table 1)."""
    stages, channels = nn.Sequential(), 64
    for number, (width, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        made = nn.Sequential()
        for block in range(blocks):
            made.append(Bottleneck(channels, width, 2 if block == 0 and number else 1))
            channels = 4 * width
        stages.append(made)
    stem = (nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
    return nn.Sequential(*stem, stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000)).eval()


def main() -> None:
    """Measure, tell, write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the record here")
    parser.add_argument("--rounds", type=int, default=5, help="of each timing")
    asked = parser.parse_args()
    figures = measure(asked.rounds)
    for name, value in asdict(figures).items():
        print(f"{name:28} {value:,.3f}" if isinstance(value, float) else f"{name:28} {value}")
    if asked.json:
        machine, packages = here()
        asked.json.write_text(
            json.dumps({"machine": str(machine), "packages": str(packages), **asdict(figures)}, indent=1)
        )


def measure(rounds: int) -> Figures:
    """Return all figures."""
    torch.manual_seed(0)
    net, x = resnet50(), torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        forward = median(lambda: net(x), rounds)
    before = reset_peak()
    trace = cx.trace(net, x)
    peak = status("VmHWM") - before
    traced = median(lambda: cx.trace(net, x), rounds)
    outputs = [tensor for node in trace.nodes for tensor in node.outputs if tensor is not None]
    copies = median(lambda: [tensor.clone() for tensor in outputs], rounds)
    convs = [node for node in trace.nodes if node.kind == "conv2d"]
    times = [median(lambda node=node: trace.explain(node.name, (7, 3, 3)), 5) for node in convs]
    index = (1, 3, 3)
    back = median(lambda: trace.back(convs[-1].name, index, top=5), 1)
    field = median(lambda: trace.receptive_field(convs[-1].name, index), 1)
    return Figures(
        sum(parameter.numel() for parameter in net.parameters()), len(trace.nodes),
        sum(parameter.nbytes for parameter in net.parameters()) / 1e6, peak, forward, traced, copies,
        1000 * statistics.median(times), 1000 * max(times), back, field,
        str(trace.verify(samples=16)).splitlines()[-1], trace.coverage().share,
    )  # fmt: skip


def median(function: Callable[[], object], rounds: int) -> float:
    """Return the median of so many runs, in seconds, after one that doesn't count."""
    function()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def reset_peak() -> float:
    """Make the process's peak of memory what it holds now, and return that, in MB; Linux knows how."""
    Path("/proc/self/clear_refs").write_text("5")
    return status("VmRSS")


def status(key: str) -> float:
    """Return a line of /proc/self/status in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024 / 1e6


if __name__ == "__main__":
    main()
