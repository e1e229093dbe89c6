"""What a training run is told to do: checked once, then only read."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, fields
from numbers import Integral, Real
from types import MappingProxyType

from convista.errors import one_of


@dataclass(frozen=True)
class Settings:
    """The choices of a training run; each default belongs to the recipe for the built-in sample.

    Raises
    ------
    ValueError, TypeError
        When a choice is out of its range; the sentence says the range.

    Examples
    --------
    >>> Settings(epochs=3).epochs
    3
    >>> Settings(batch=2)
    Traceback (most recent call last):
    ValueError: batch (=2) must be a whole number from 4 to 100000
    """

    network: str = "auto"
    """A named network, a line of text that builds one, module:function of your own, or "auto": by the images' size."""
    epochs: int | None = None
    """How often each training image is seen; None: 10 to 40 times, by the number of steps that makes."""
    batch: int | None = None
    """Images a step, at most; None: 128 to 512, by the number of images. From 4: batch normalisation needs several."""
    rate: float | str = 0.02
    """The highest learning rate of the cycle, or "auto": what `find_rate` suggests."""
    seed: int = 0
    """Fixes the first weights, the order of the images and how they are moved."""
    threads: int | None = None
    """For torch; None chooses by the size of the network."""
    optimizer: str = "adamw"
    """"adamw", or "sgd" with Nesterov's momentum."""
    schedule: str = "one_cycle"
    """How the learning rate goes: "one_cycle" up and down, or "constant"."""
    momentum: float = 0.9
    """Of a constant schedule; one cycle moves it against the learning rate."""
    weight_decay: float = 0.05
    """Not on norms and biases."""
    clip: float = 0.0
    """The gradient's largest length; 0: as long as it is."""
    average: float = 0.0
    """Decay of a moving average of the weights, which is then judged and saved; 0: the weights themselves."""
    precision: str = "auto"
    """Of convolutions in training: "float32", "bfloat16", or "auto": the quicker in three steps of each."""
    label_smoothing: float = 0.1
    """The probability that the target spreads over all classes."""
    rotation: float = 10.0
    """Images are turned by up to so many degrees."""
    zoom: float = 0.1
    """Their rows and columns are stretched by up to this share."""
    shear: float = 0.1
    """They are slanted by up to so many pixels sideways per pixel down."""
    shift: float = 2.0
    """They are moved by up to so many pixels."""
    weighted: bool = False
    """Whether each class counts alike in the loss, however many images it has."""
    flip: str = "auto"
    """"none", "horizontal", "both", or "auto": horizontal where images are coloured and no class is a single sign."""
    colour: float = 0.0
    """Brightness and contrast change by up to this share."""
    erase: float = 0.0
    """Share of the images of which a rectangle is made grey."""
    mixup: float = 0.0
    """Two images and their labels are mixed, by a share from Beta(mixup, mixup)."""
    cutmix: float = 0.0
    """A rectangle of another image is put in, by a share from Beta(cutmix, cutmix), and the labels are mixed."""
    sizes: str = "auto"
    """The longer side of the images in pixels, "64,96": the epochs are divided among these; "none": as they are;
    "auto": images of over 64 pixels begin at two thirds of that."""
    patience: int = 0
    """Training ends after so many epochs in which the validation loss reached no new low; 0: after all epochs."""
    tta: int = 0
    """Views of each image that are judged together at the end, beside the plain judgement; 0: none."""
    statistics: bool = True
    """Whether activations and gradients are watched."""

    def __post_init__(self) -> None:
        if not isinstance(self.network, str):
            raise TypeError(f"network (={self.network!r}) must be a name or a line of text")
        if not isinstance(self.weighted, bool):
            raise TypeError(f"weighted (={self.weighted!r}) must be True or False")
        for name, words in CHOICES.items():
            one_of(name, getattr(self, name), words)
        object.__setattr__(self, "sizes", _sizes(self.sizes))
        if not isinstance(self.statistics, bool):
            raise TypeError(f"statistics (={self.statistics!r}) must be True or False")
        for name, (kind, least, most) in _RANGES.items():
            value = getattr(self, name)
            if name not in _OPEN or value != _OPEN[name]:
                object.__setattr__(self, name, _number(name, value, kind, least, most))

    @property
    def rounds(self) -> int:
        """The epochs, once they are decided."""
        if self.epochs is None:
            raise ValueError("epochs (=None) are not decided yet; `convista.training.resolve` does")
        return self.epochs

    @property
    def peak(self) -> float:
        """The learning rate, once it is a number."""
        return float(self.rate)

    @property
    def sides(self) -> tuple[int, ...]:
        """The sizes as numbers.

        >>> Settings(sizes="64, 96").sides, Settings(sizes="none").sides
        ((64, 96), ())
        """
        return () if self.sizes in _NO_SIZES else tuple(map(int, self.sizes.split(",")))

    def words(self) -> dict[str, str]:
        """Return every choice as text, in the order above.

        >>> Settings(seed=1).words()["seed"]
        '1'
        """
        return {name: str(value).removesuffix(".0") for name, value in vars(self).items()}

    def options(self) -> str:
        """Return the command line's options for what differs from the defaults, and the seed in any case.

        >>> Settings(batch=64, network="5x5/2 16, mean").options()
        "--network '5x5/2 16, mean' --batch 64 --seed 0"
        """
        told = [f.name for f in fields(self) if f.name == "seed" or getattr(self, f.name) != f.default]
        words = self.words()
        flags = {"weighted": "--weighted", "statistics": "--no-statistics"}
        pairs = ((f"--{name.replace('_', '-')}", words[name]) for name in told if name not in flags)
        return shlex.join([word for pair in pairs for word in pair] + [flags[name] for name in told if name in flags])


CHOICES = MappingProxyType(
    {
        "optimizer": ("adamw", "sgd"),
        "schedule": ("one_cycle", "constant"),
        "precision": ("auto", "float32", "bfloat16"),
        "flip": ("auto", "none", "horizontal", "both"),
    }
)
"""The words that a choice may be."""

_OPEN = MappingProxyType({"epochs": None, "threads": None, "batch": None, "rate": "auto"})
"""What leaves a number open, to be decided by rule."""

_RANGES: dict[str, tuple[type, float, float]] = {
    "epochs": (int, 1, 100_000),
    "batch": (int, 4, 100_000),
    "rate": (float, 1e-8, 1000),
    "seed": (int, 0, 2**63 - 1),
    "threads": (int, 1, 1024),
    "weight_decay": (float, 0, 100),
    "label_smoothing": (float, 0, 0.9),
    "rotation": (float, 0, 180),
    "zoom": (float, 0, 3),
    "shear": (float, 0, 10),
    "shift": (float, 0, 10_000),
    "momentum": (float, 0, 0.9999),
    "clip": (float, 0, 1e9),
    "average": (float, 0, 0.99999),
    "colour": (float, 0, 1),
    "erase": (float, 0, 1),
    "mixup": (float, 0, 100),
    "cutmix": (float, 0, 100),
    "patience": (int, 0, 100_000),
    "tta": (int, 0, 36),
}


_NO_SIZES = ("auto", "none")


def _sizes(told: object) -> str:
    """Return sizes as they are written: "64,96" of that, of 96 or of (64, 96)."""
    if isinstance(told, str) and told in _NO_SIZES:
        return str(told)
    parts = told.split(",") if isinstance(told, str) else told if isinstance(told, Iterable) else [told]
    words = [str(part).strip() for part in parts]
    if words in ([""], []):
        return "none"
    if not all(word.isdecimal() and word.isascii() and 1 <= int(word) <= 100_000 for word in words):
        raise ValueError(f"sizes (={told!r}) must be whole numbers of pixels with commas between, such as 64,96")
    return ",".join(str(int(word)) for word in words)


def _number(name: str, value: object, kind: type, least: float, most: float) -> float:
    """Return `value` as Python's own int or float; NumPy's are welcome, True and False are not."""
    rule = f"{name} (={value!r}) must be a {'whole ' if kind is int else ''}number from {least} to {most}"
    if isinstance(value, bool) or not isinstance(value, Integral if kind is int else Real):
        raise TypeError(rule)
    number: float = kind(value)
    if not least <= number <= most:
        raise ValueError(rule)
    return number
