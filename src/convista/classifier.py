"""A small network as a scikit-learn classifier: fit, predict, predict_proba, in pipelines and cross-validation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from convista.dataset import Dataset, Split
from convista.errors import need

for _package, _extra in (("torch", "train"), ("safetensors", "train"), ("sklearn", "sklearn")):
    need(_package, _extra, "ImageClassifier")

from sklearn.base import BaseEstimator, ClassifierMixin  # noqa: E402 - after the sentence that says what it needs
from sklearn.utils import check_random_state  # noqa: E402
from sklearn.utils.multiclass import check_classification_targets  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402

from convista.network import Network  # noqa: E402
from convista.training import Settings, fit  # noqa: E402

FEWEST_EPOCHS, FEWEST_STEPS, LARGEST_BATCH, SMALLEST_BATCH = 10, 200, 256, 8
BATCHES = 8
"""At least so many in an epoch, unless they became too small."""
AUGMENTED_FROM = 16
"""Pixels of the shorter side: smaller images lose what they show when they are moved."""
STILL = {"rotation": 0.0, "zoom": 0.0, "shear": 0.0, "shift": 0.0}


class ImageClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """A small CNN that learns to tell images apart, by scikit-learn's rules.

    Parameters
    ----------
    network : str
        A name, or a line of text; see `convista.build`. "auto": by the size of the images.
    epochs : int, optional
        How often each image is seen. None: 10, and more where those were fewer than 200 steps.
    batch : int, optional
        Images a step. None: 256, or an eighth of the images, but at least 8.
    rate : float
        The highest learning rate.
    image_shape : (rows, cols) or (rows, cols, channels), optional
        How a flat row of X is an image, channels last. Without it a square number of columns is a square image, any
        other number an image of one row; ``image_shape_`` says which it was.
    channels_last : bool, optional
        Whether images of four axes are (samples, rows, cols, channels), or (samples, channels, rows, cols); must be
        said where X has four axes.
    augment : bool or "auto"
        Whether each batch is turned, stretched, slanted and moved a little. "auto": images of 16 pixels or more.
    random_state : int, RandomState or None
        Fixes the first weights, the order and the augmentation: an int gives the same network again.
    threads : int
        For torch.
    recipe : dict, optional
        Further choices of `convista.training.Settings`, such as ``{"average": 0.99}``.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    network_ : convista.network.Network
        The trained network, for pixels 0..255.
    image_shape_ : (rows, cols, channels)
    pixels_ : (float, float)
        The numbers of X that became black and white: (0, 255) of uint8, else the least and the greatest.
    loss_curve_ : list of float
        The training loss of each epoch.
    n_features_in_ : int
        Numbers an image.

    Notes
    -----
    X is (samples, rows, cols), (samples, columns), or of four axes. The network sees 256 levels: other numbers than
    uint8 are scaled so that ``pixels_`` are 0 and 255, rounded, and cut where they lie beyond.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> images, digits = load_digits(n_class=3, return_X_y=True)  # 8 x 8
    >>> model = ImageClassifier("3x3 8, 3x3/2 16, mean", epochs=5).fit(images[:400], digits[:400])
    >>> model.score(images[400:], digits[400:]) > 0.9
    True
    """

    def __init__(
        self,
        network: str = "auto",
        *,
        epochs: int | None = None,
        batch: int | None = None,
        rate: float | str = Settings.rate,
        image_shape: Sequence[int] | None = None,
        channels_last: bool | None = None,
        augment: bool | str = "auto",
        random_state: Any = 0,
        threads: int = 1,
        recipe: Mapping[str, Any] | None = None,
    ) -> None:
        self.network = network
        self.epochs = epochs
        self.batch = batch
        self.rate = rate
        self.image_shape = image_shape
        self.channels_last = channels_last
        self.augment = augment
        self.random_state = random_state
        self.threads = threads
        self.recipe = recipe

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 - scikit-learn's name
        """Train a new network on images and their labels."""
        flat, shape = self._flat(X)
        flat, y = validate_data(self, flat, y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        self.image_shape_ = _image_shape(self.image_shape, shape, flat.shape[1])
        self.pixels_ = (0.0, 255.0) if flat.dtype == np.uint8 else (float(flat.min()), float(flat.max()))
        images = self._pixels(flat)
        trained = fit(_dataset(images, labels.astype(np.int64), self.classes_), self._settings(len(images)))
        self.network_: Network = trained.network
        self.loss_curve_ = [epoch.train_loss for epoch in trained.facts.history]
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        """Return the probability of each class (samples, classes), in the order of ``classes_``."""
        check_is_fitted(self)
        flat, shape = self._flat(X)
        if shape not in (None, self.image_shape_):
            raise ValueError(
                f"X holds images {shape}, but {type(self).__name__} was fitted on images {self.image_shape_}"
            )
        images = self._pixels(validate_data(self, flat, reset=False))
        return self.network_.logits(images).double().softmax(dim=1).numpy()

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803 - scikit-learn's name
        """Return the label of each image."""
        best: NDArray[np.int64] = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def _flat(self, X: Any) -> tuple[Any, tuple[int, int, int] | None]:  # noqa: N803 - scikit-learn's name
        """Return images as rows of numbers, channels last, and their shape; what has two axes goes on as it is."""
        if hasattr(X, "shape") and len(X.shape) not in (3, 4):
            return X, None
        images = np.asarray(X)
        if images.ndim not in (3, 4):
            return X, None
        images = images[..., None] if images.ndim == 3 else self._channels_last(images)
        rows, cols, channels = images.shape[1:]
        return images.reshape(len(images), -1), (rows, cols, channels)

    def _channels_last(self, images: NDArray[Any]) -> NDArray[Any]:
        if self.channels_last is None:
            raise ValueError(
                f"X (shape {images.shape}) can be read as (samples, rows, cols, channels) or (samples, channels, rows, "
                "cols); say channels_last=True or channels_last=False"
            )
        return images if self.channels_last else np.moveaxis(images, 1, -1)

    def _pixels(self, flat: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the images (samples, channels, rows, cols) in 256 levels."""
        if flat.dtype != np.uint8 or self.pixels_ != (0.0, 255.0):
            low, high = self.pixels_
            scale = 255 / (high - low) if high > low else 0.0
            flat = ((np.clip(flat, low, high) - low) * scale).round().astype(np.uint8)
        return np.ascontiguousarray(np.moveaxis(flat.reshape(-1, *self.image_shape_), -1, 1))

    def _settings(self, images: int) -> Settings:
        """Return what the parameters say, and the rules where they are None."""
        batch = self.batch or max(SMALLEST_BATCH, min(LARGEST_BATCH, images // BATCHES))
        epochs = self.epochs or max(FEWEST_EPOCHS, math.ceil(FEWEST_STEPS / math.ceil(images / batch)))
        still = min(self.image_shape_[:2]) < AUGMENTED_FROM if self.augment == "auto" else not self.augment
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(2**31 - 1)
        chosen: dict[str, Any] = {
            "network": self.network,
            "epochs": epochs,
            "batch": batch,
            "rate": self.rate,
            "seed": int(seed),
        }
        chosen |= {"threads": self.threads, "precision": "float32"}
        return Settings(**chosen | (STILL if still else {}) | dict(self.recipe or {}))


def _dataset(images: NDArray[np.uint8], labels: NDArray[np.int64], classes: NDArray[Any]) -> Dataset:
    """Return the images to learn from; judged is one of them, since nothing is chosen by that."""
    train = Split(images, labels, ("",) * len(images))
    valid = Split(images[:1], labels[:1], ("",))
    return Dataset("X", Path(), tuple(map(str, classes)), train, valid, ())


def _image_shape(asked: Sequence[int] | None, given: tuple[int, int, int] | None, columns: int) -> tuple[int, int, int]:
    """Return (rows, cols, channels): what was asked for, what X has, or a guess."""
    if asked is None:
        side = math.isqrt(columns)
        return given or ((side, side, 1) if side * side == columns else (1, columns, 1))
    shape = tuple(asked) if isinstance(asked, Sequence) else ()
    if len(shape) not in (2, 3) or not all(isinstance(size, int) and size > 0 for size in shape):
        raise ValueError(f"image_shape (={asked!r}) must be (rows, cols) or (rows, cols, channels)")
    rows, cols, channels = (*shape, 1)[:3]
    if given not in (None, (rows, cols, channels)):
        raise ValueError(f"image_shape (={shape}) must be what X holds, images {given}; for such X it can be left out")
    if rows * cols * channels != columns:
        raise ValueError(f"image_shape (={shape}) makes {rows * cols * channels} numbers an image; X has {columns}")
    return rows, cols, channels
