"""The transformer: scikit-learn's rules about parameters, input and names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from convista.features.recipe import Array, Recipe
from convista.window import Padding, whole

EDGES = ("top_edge", "bottom_edge", "left_edge", "right_edge")


class KernelFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """What a bank of kernels answers to each image, rectified and pooled, as features.

    Parameters
    ----------
    kernels : str, Kernel, array_like, or a list of them
        The bank: names (``"sobel_x"``, ``"gaussian:5"``), texts (``"1 0 -1; 2 0 -2; 1 0 -1"``), `Kernel` objects or
        arrays (rows, cols), all of one size; or one array (filters, rows, cols). They meet each channel on its own.
        An array (filters, channels, rows, cols), as a network learns it, adds the channels up.
    image_shape : (rows, cols) or (rows, cols, channels), optional
        How a flat row of X is an image. Without it a square number of columns is a square image, and any other
        number is an image of one row; ``image_shape_`` says which it was.
    stride : int or (int, int)
        Pixels between two stops; rows, cols.
    padding : {"same", "valid", "full"}, int, pair or pair of pairs
        Pixels put around; see `convista.conv2d`. With "same" there is a stop at every pixel, of which a stride takes
        every so many.
    padding_mode : {"replicate", "zeros", "reflect", "symmetric", "circular"}
        What stands beyond the edge. With "zeros" the frame of a bright image is an edge.
    rectify : {"relu", "abs", "both", "none"} or None
        Negative answers become 0, or lose their sign, or make features of their own, or stay.
    pool : int or (int, int)
        So many rows and cols of the grid become one feature; 1 or None for each on its own. A window that reaches
        over the end holds what there is, so that nothing is lost.
    pooling : {"max", "mean"}
        What becomes of them.
    threads : int, optional
        At most so many; see `convista.conv2d`.

    Attributes
    ----------
    image_shape_ : tuple of int
        (rows, cols) or (rows, cols, channels).
    grid_shape_ : tuple of int
        (grids, rows, cols): ``features.reshape(-1, *grid_shape_)`` makes pictures of features.
    n_features_in_ : int
        Numbers an image.

    Raises
    ------
    ValueError, TypeError
        From `fit`: a shape that X doesn't have, a kernel that doesn't fit, a word that isn't known; NaN, sparse X.
    convista.errors.MissingExtraError
        When scikit-learn is not installed.

    Notes
    -----
    X is (samples, columns), or images (samples, rows, cols) or (samples, rows, cols, channels). Features are float64
    where X is float64 or holds integers of 32 bits or more, else float32; columns go by channel, kernel, sign, row
    and col. Images are taken in blocks, so that beside X and the features little memory is needed.

    Source of the idea: J. Howard, S. Gugger, Deep Learning for Coders with fastai and PyTorch, 2020, chapter 13.

    Examples
    --------
    A dark row above a bright one; each pixel beyond the edge repeats the one on it.

    >>> edges = KernelFeatures(["top_edge", "bottom_edge"], image_shape=(2, 2))
    >>> edges.fit_transform([[0.0, 0.0, 5.0, 5.0]])
    array([[15.,  0.]])
    >>> edges.get_feature_names_out()
    array(['top_edge_r0_c0', 'bottom_edge_r0_c0'], dtype=object)
    """

    def __init__(
        self,
        kernels: Any = EDGES,
        *,
        image_shape: Sequence[int] | None = None,
        stride: int | Sequence[int] = 1,
        padding: Padding = "same",
        padding_mode: str = "replicate",
        rectify: str | None = "relu",
        pool: int | Sequence[int] | None = 2,
        pooling: str = "max",
        threads: int | None = None,
    ) -> None:
        self.kernels = kernels
        self.image_shape = image_shape
        self.stride = stride
        self.padding = padding
        self.padding_mode = padding_mode
        self.rectify = rectify
        self.pool = pool
        self.pooling = pooling
        self.threads = threads

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803, ARG002 - scikit-learn's names
        """Find out what the columns of X are, and check that the kernels fit; y is not used."""
        images, shape = _flat(X)
        columns = validate_data(self, images).shape[1]
        self.image_shape_ = _image_shape(self.image_shape, shape, columns)
        asked = {name: value for name, value in self.get_params(deep=False).items() if name != "image_shape"}
        self._recipe = Recipe.read(self.image_shape_, **asked)
        self.grid_shape_ = (len(self._recipe.names), *self._recipe.pooled_size)
        return self

    def transform(self, X: Any) -> Array:  # noqa: N803 - scikit-learn's name
        """Return the features of each image: (samples, features)."""
        check_is_fitted(self)
        images, shape = _flat(X)
        if shape not in (None, self.image_shape_):
            raise ValueError(
                f"X holds images {shape}, but {type(self).__name__} was fitted on images {self.image_shape_}"
            )
        return self._recipe.features(validate_data(self, images, reset=False))

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Return a name for each feature: kernel, channel, sign, and its place in the pooled grid.

        `input_features` is only compared with what `fit` saw.
        """
        check_is_fitted(self)
        _check_input_features(self, input_features)
        grids, rows, cols = self._recipe.names, *map(range, self._recipe.pooled_size)
        return np.array([f"{name}_r{row}_c{col}" for name in grids for row in rows for col in cols], dtype=object)


def _flat(X: Any) -> tuple[Any, tuple[int, ...] | None]:  # noqa: N803 - scikit-learn's name
    """Return images as rows of numbers, and their shape; what has no rows and cols goes on to scikit-learn as it is."""
    if hasattr(X, "shape") and len(X.shape) not in (3, 4):
        return X, None
    images = np.asarray(X)
    if images.ndim not in (3, 4):
        return X, None
    return images.reshape(len(images), math.prod(images.shape[1:])), images.shape[1:]


def _image_shape(asked: Sequence[int] | None, given: tuple[int, ...] | None, columns: int) -> tuple[int, ...]:
    """Return (rows, cols) or (rows, cols, channels): what was asked for, what X has, or a guess."""
    if asked is None:
        side = math.isqrt(columns)
        return given or ((side, side) if side * side == columns else (1, columns))
    try:
        shape = tuple(whole("image_shape", size, 1) for size in asked)
    except TypeError:
        shape = ()
    if len(shape) not in (2, 3):
        raise ValueError(f"image_shape (={asked!r}) must be (rows, cols) or (rows, cols, channels)")
    if given not in (None, shape):
        raise ValueError(f"image_shape (={shape}) must be what X holds, images {given}; for such X it can be left out")
    if math.prod(shape) != columns:
        numbers = " x ".join(map(str, shape))
        raise ValueError(
            f"image_shape (={shape}) makes {numbers} = {math.prod(shape)} numbers an image; X has {columns}"
        )
    return shape


def _check_input_features(fitted: KernelFeatures, names: Any) -> None:
    """Refuse names that `fit` didn't see, in scikit-learn's words, which its checks look for."""
    if names is None:
        return
    given, seen = np.asarray(names, dtype=object), getattr(fitted, "feature_names_in_", None)
    if seen is not None and not np.array_equal(seen, given):
        raise ValueError("input_features is not equal to feature_names_in_")
    if len(given) != fitted.n_features_in_:
        raise ValueError(
            f"input_features should have length equal to number of features ({fitted.n_features_in_}), got {len(given)}"
        )
