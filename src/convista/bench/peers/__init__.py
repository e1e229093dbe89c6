"""Who is measured, each at its best known setting.

`ours` is convista itself; `opencv`, `arrays` (SciPy, scikit-image, Pillow), `tensors` (torch, kornia), `graphs`
(onnxruntime, OpenVINO) and `jitted` (jax) are the others; `roofs` is what the machine itself can do. In each of them
a function (cell, data, threads) -> Contender prepares all that may be prepared once: weights, the input in the
library's own layout, compilation.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from convista.bench.cell import Cell
    from convista.bench.contender import Contender
    from convista.bench.data import Data

    Builder = Callable[[Cell, Data, int], Contender]


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to do the work, and where it is prepared."""

    package: str
    """What pip calls it."""
    module: str
    """What Python calls it."""
    place: str
    """module:function below this one."""
    setting: str
    """What makes it quick, in words."""

    @property
    def is_there(self) -> bool:
        """Whether it can be imported."""
        return find_spec(self.module) is not None

    def builder(self) -> Builder:
        """Return the function that prepares it."""
        module, _, function = self.place.partition(":")
        found: Builder = getattr(import_module(f"{__name__}.{module}"), function)
        return found


_CV2, _TORCH, _NHWC = ("opencv-python-headless", "cv2"), ("torch", "torch"), "weights (and colour) channels_last"

PEERS: dict[str, Peer] = {
    "cv2.filter2D": Peer(*_CV2, "opencv:filter2d", "setNumThreads, dst= for the out= table"),
    "cv2.filter2D, stacked": Peer(*_CV2, "opencv:stacked", "all images as one tall image, valid part viewed"),
    "cv2.filter2D, loop": Peer(*_CV2, "opencv:loop", "one call an image"),
    "cv2.sepFilter2D": Peer(*_CV2, "opencv:sep_filter2d", "the two factors given"),
    "cv2.GaussianBlur": Peer(*_CV2, "opencv:gaussian_blur", "ksize and sigma given"),
    "cv2.Sobel": Peer(*_CV2, "opencv:sobel", "ksize given"),
    "cv2.blur": Peer(*_CV2, "opencv:blur", "the same as a normalized boxFilter"),
    "scipy.ndimage": Peer("scipy", "scipy", "arrays:correlate", "correlate, output= for the out= table"),
    "scipy.fftconvolve": Peer("scipy", "scipy", "arrays:fftconvolve", "scipy.fft.set_workers, padded by numpy"),
    "scipy.oaconvolve": Peer("scipy", "scipy", "arrays:oaconvolve", "scipy.fft.set_workers, padded by numpy"),
    "ndimage.correlate1d": Peer("scipy", "scipy", "arrays:correlate1d", "twice, the factors given"),
    "ndimage.gaussian_filter": Peer("scipy", "scipy", "arrays:gaussian_filter", "sigma and radius given"),
    "skimage.gaussian": Peer("scikit-image", "skimage", "arrays:skimage_gaussian", "float32, preserve_range"),
    "PIL.Kernel": Peer("pillow", "PIL", "arrays:pillow_kernel", "ImageFilter.Kernel, 3x3 and 5x5"),
    "torch": Peer(*_TORCH, "tensors:torch_nchw", "inference_mode, NCHW"),
    "torch channels_last": Peer(*_TORCH, "tensors:torch_channels_last", f"inference_mode, {_NHWC}"),
    "torch two passes": Peer(*_TORCH, "tensors:torch_two_passes", "inference_mode, K x 1 then 1 x K"),
    "kornia": Peer("kornia", "kornia", "tensors:kornia_filter2d", "filters.filter2d, inference_mode"),
    "onnxruntime": Peer("onnxruntime", "onnxruntime", "graphs:onnxruntime", "intra_op threads, OrtValues: no copies"),
    "openvino": Peer("openvino", "openvino", "graphs:openvino", "LATENCY, float32, output tensor given"),
    "jax shift-and-add": Peer("jax", "jax", "jitted:shift_and_add", "jit, weights as constants, up to 9x9"),
    "jax lax.conv": Peer("jax", "jax", "jitted:lax_conv", "jit"),
    "sgemm": Peer("numpy", "numpy", "roofs:sgemm", "numpy.matmul of 2048 x 2048, scaled to as many flops"),
    "np.positive": Peer("numpy", "numpy", "roofs:plain_copy", "a copy by plain stores, into an array that is there"),
    "np.copyto": Peer("numpy", "numpy", "roofs:copy", "into an array that is there"),
}  # fmt: skip
"""By the name in the tables."""
