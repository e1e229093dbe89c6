"""The techniques that make training stable and close the gap, as a ladder: each rung keeps all below it.

The order is the textbook chapter's, from the network that does not train to one that is close to perfect (J. Howard,
S. Gugger, "Deep learning for coders with fastai and PyTorch", chapter 13), then what came after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from convista.errors import one_of
from convista.network import NAMED

BODY = "5x5/2 8, 3x3/2 16, 3x3/2 32, 3x3/2 64"
"""The chapter's four halvings; a fifth convolution, or the mean, answers."""
ONE_NUMBER_LEFT = range(17, 33)
"""Pixels of images that five halvings bring down to one."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One technique: its name, what it changes, and why that should help."""

    name: str
    chinese: str
    why: tuple[str, str]
    """In English and Chinese."""
    change: Mapping[str, Any]
    """Settings that this rung and those above it have; see `convista.training.Settings`."""


def _rung(name: str, chinese: str, why: tuple[str, str], **change: Any) -> Rung:
    return Rung(name, chinese, why, MappingProxyType(change))


GROUND: Mapping[str, Any] = MappingProxyType(
    {
        "network": "chapter", "optimizer": "sgd", "schedule": "constant", "momentum": 0.0, "rate": 0.06, "batch": 64,
        "weight_decay": 0.0, "label_smoothing": 0.0, "rotation": 0.0, "zoom": 0.0, "shear": 0.0, "shift": 0.0,
        "flip": "none", "average": 0.0, "precision": "float32",
    }
)  # fmt: skip
"""What the lowest rung stands on: nothing but steps down the gradient."""

LADDER: tuple[Rung, ...] = (
    _rung("sgd", "普通 SGD", (
        "the chapter's network and rate: steps of one length down the gradient of few images",
        "本章的网络与学习率：用少量图像的梯度，以固定步长下降",
    )),
    _rung("larger batch", "更大的批次", (
        "gradients of more images vary less from step to step",
        "更多图像的梯度在各步之间波动更小",
    ), batch=512),
    _rung("one cycle", "一周期学习率", (
        "the rate warms up from little and anneals to nothing, momentum goes against it",
        "学习率先由小升高再退火至零，动量与之相反",
    ), schedule="one_cycle"),
    _rung("batch norm", "批归一化", (
        "activations keep their mean and spread from layer to layer, so a higher rate is safe",
        "激活值逐层保持均值与幅度，因此可以用更高的学习率",
    ), network="norm", rate=0.1),
    _rung("deeper", "更深的网络", (
        "pairs of convolutions see more of the image before each halving",
        "每次缩小之前用两层卷积看到更大的范围",
    ), network="small"),
    _rung("adamw", "AdamW", (
        "each weight has a step of its own length; weights that nothing needs decay",
        "每个权重有自己的步长；不需要的权重会衰减",
    ), optimizer="adamw", rate=0.02, weight_decay=0.05, batch=256),
    _rung("label smoothing", "标签平滑", (
        "no answer is asked to be wholly sure, so a wrong label pulls less",
        "不要求答案完全确定，错误标签的影响因此减小",
    ), label_smoothing=0.1),
    _rung("augmentation", "数据增强", (
        "every image is turned, stretched, slanted and moved a little, anew each time",
        "每次都将图像略作旋转、缩放、倾斜与平移",
    ), rotation=10.0, zoom=0.1, shear=0.1, shift=2.0, flip="auto"),
    _rung("average", "权重平均", (
        "the moving average of the weights is judged, not where the last step fell",
        "评估权重的滑动平均，而不是最后一步的位置",
    ), average=0.98),
)  # fmt: skip


def names() -> list[str]:
    """Return the rungs' names, the lowest first.

    >>> names()[:3]
    ['sgd', 'larger batch', 'one cycle']
    """
    return [rung.name for rung in LADDER]


def chosen(only: Sequence[str] | None) -> tuple[Rung, ...]:
    """Return the rungs of these names, in the ladder's order; None: all.

    >>> [rung.name for rung in chosen(["deeper", "sgd"])]
    ['sgd', 'deeper']
    """
    for name in only or ():
        one_of("rungs", name, names())
    return tuple(rung for rung in LADDER if only is None or rung.name in only)


def recipe(rung: Rung, image_shape: tuple[int, int, int]) -> dict[str, Any]:
    """Return all settings of a rung: its own and those of every rung below it, for images of this shape.

    >>> recipe(LADDER[0], (1, 28, 28))["network"]
    'no norm, 5x5/2 8, 3x3/2 16, 3x3/2 32, 3x3/2 64, 3x3/2 classes'
    >>> recipe(LADDER[3], (3, 96, 96))["network"], recipe(LADDER[3], (3, 96, 96))["schedule"]
    ('5x5/2 8, 3x3/2 16, 3x3/2 32, 3x3/2 64, mean', 'one_cycle')
    """
    settings = dict(GROUND)
    for lower in LADDER[: LADDER.index(rung) + 1]:
        settings |= lower.change
    return settings | {"network": _network(settings["network"], image_shape)}


def _network(name: str, image_shape: tuple[int, int, int]) -> str:
    """Return a rung's network as a line that fits the images."""
    if name in NAMED and name != "chapter":
        return NAMED[name]
    fits = all(size in ONE_NUMBER_LEFT for size in image_shape[1:])
    line = f"{BODY}, {'3x3/2 classes' if fits else 'mean'}"
    return line if name == "norm" else f"no norm, {line}"


def differences(told: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield each setting that not all were told alike, with what each was told.

    >>> list(differences([{"rate": 0.1, "seed": 0}, {"rate": 0.2, "seed": 0}]))
    [('rate', (0.1, 0.2))]
    """
    for name in dict.fromkeys(name for settings in told for name in settings):
        values = tuple(settings.get(name) for settings in told)
        if any(value != values[0] for value in values):
            yield name, values
