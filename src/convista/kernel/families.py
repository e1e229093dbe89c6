"""Kernels with parameters. Each is a kernel with its defaults, and called it gives others: ``gaussian(31, 5)``.

x and y are counted in pixels from the middle of the window, x to the right and y downwards; in a window of even
size the middle lies between pixels. A size is one number or ``(rows, cols)``.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convista.kernel.parameters import Sigma, Size, check_number, middle_of, parameter_text, sigma_of, size_of
from convista.kernel.record import Kernel

Numbers: TypeAlias = NDArray[np.floating[Any]]
Made: TypeAlias = tuple[Numbers, str]


@dataclass(frozen=True, eq=False, repr=False)
class Family(Kernel):
    """A kernel with parameters: as it stands it has the defaults; call it for others.

    >>> from convista.kernel import kernels
    >>> kernels.box.shape, kernels.box(5).shape, kernels["box:2x7"].name
    ((3, 3), (5, 5), 'box:2x7')
    """

    make: Callable[..., Made] = field(kw_only=True)

    @property
    def parameters(self) -> str:
        """The parameters and their defaults, as they stand in a call."""
        return ", ".join(f"{name}={each.default}" for name, each in inspect.signature(self.make).parameters.items())

    def __call__(self, *values: Any, **named: Any) -> Kernel:
        """Return the kernel of these parameters; its name has them, so that it can be found by it again."""
        try:
            chosen = inspect.signature(self.make).bind(*values, **named).arguments
        except TypeError as error:
            raise TypeError(f"{self.name} has the parameters {self.parameters}; {error}") from None
        weights, formula = self.make(**chosen)
        return Kernel(self._name(chosen), weights, formula, self.source, self.scale, self.unit)

    def _name(self, chosen: dict[str, Any]) -> str:
        """Return gaussian:31,5 or, where one before it is left out, gaussian:sigma=5."""
        given = {name: parameter_text(value) for name, value in chosen.items() if value is not None}
        leading = list(inspect.signature(self.make).parameters)[: len(given)]
        texts = given.values() if leading == list(given) else (f"{name}={text}" for name, text in given.items())
        return f"{self.name}:{','.join(texts)}" if given else self.name

    def _facts(self) -> list[tuple[str, str]]:
        return [("call", f"{self.name}({self.parameters})"), *super()._facts()]


def family(make: Callable[..., Made]) -> Family:
    """Return the family that `make` makes; it is called what the function is called."""
    weights, formula = make()
    source, unit = ABOUT[make]
    return Family(make.__name__, weights, formula, source, 1.0, unit, make=make)


def box(size: Size = 3) -> Made:
    """Return the mean of the window."""
    rows, cols = size_of(size)
    return np.full((rows, cols), 1 / (rows * cols)), f"the mean of the {rows * cols} pixels"


def binomial(size: Size = 5) -> Made:
    """Return the products of the numbers of Pascal's triangle: the gaussian made by averaging neighbours again."""
    rows, cols = size_of(size)
    return np.outer(_pascal(rows), _pascal(cols)), (
        f"C({rows - 1}, row) * C({cols - 1}, col) / 2^{rows + cols - 2}, C being the binomial coefficient"
    )


def gaussian(size: Size = 5, sigma: Sigma = None) -> Made:
    """Return the bell curve, cut off at the window and divided by its sum.

    Without `sigma` it is 0.3 * ((size - 1) / 2 - 1) + 0.8 along each axis. That is OpenCV's stated rule; OpenCV
    itself has fixed numbers instead for the sizes 1, 3, 5 and 7.
    """
    shape = size_of(size)
    (down, up), text = _bells(shape, sigma)
    return np.outer(down, up), f"exp(-(x^2 + y^2) / (2 sigma^2)), divided by its sum; {text}"


def gaussian_x(size: Size = 7, sigma: Sigma = None) -> Made:
    """Return the derivative of the gaussian along x, such that a slope of one gives one."""
    rows, cols = size_of(size)
    if cols < 2:
        raise ValueError(f"size (={size}) must have two cols at least, since it is a difference along them")
    (down, up), text = _bells((rows, cols), sigma)
    x = _offsets(cols)
    slope = x * up / (x * x * up).sum()
    return np.outer(down, slope), f"x * exp(-(x^2 + y^2) / (2 sigma^2)), such that a slope of 1 gives 1; {text}"


def gaussian_y(size: Size = 7, sigma: Sigma = None) -> Made:
    """Return the derivative of the gaussian along y, such that a slope of one gives one."""
    rows, cols = size_of(size)
    if rows < 2:
        raise ValueError(f"size (={size}) must have two rows at least, since it is a difference along them")
    weights, text = gaussian_x((cols, rows), sigma[::-1] if isinstance(sigma, Sequence) else sigma)
    return weights.T, text.replace("x *", "y *")


def disk(size: Size = 5) -> Made:
    """Return the mean of the pixels whose centres lie in the circle, or ellipse, that touches the window's sides."""
    rows, cols = size_of(size)
    x, y = _offsets(cols), _offsets(rows)[:, None]
    inside = (2 * x / cols) ** 2 + (2 * y / rows) ** 2 <= 1  # (rows, cols)
    return inside / inside.sum(), f"the mean of the {inside.sum()} pixels inside the circle"


def motion_blur(size: int = 9, theta: float = 0.0) -> Made:
    """Return the mean along a line of `size` pixels, turned by `theta` radians from x towards y (clockwise)."""
    length, cols = size_of(size)
    if length != cols:
        raise ValueError(f"size (={size}) must be one number, the length of the line in pixels")
    check_number("theta", theta)
    along = _offsets(length)
    weights = np.zeros((length + 2, length + 2))
    x, y = (np.round(along * turn(theta) + (length + 1) / 2, 9) for turn in (np.cos, np.sin))
    for row, y_share in ((np.floor(y), 1 - y % 1), (np.floor(y) + 1, y % 1)):
        for col, x_share in ((np.floor(x), 1 - x % 1), (np.floor(x) + 1, x % 1)):
            np.add.at(weights, (row.astype(int), col.astype(int)), y_share * x_share / length)
    used = weights != 0
    return weights[used.any(axis=1)][:, used.any(axis=0)], (
        f"the mean of {length} points one pixel apart on a line, each shared among its four nearest pixels; "
        f"theta = {parameter_text(theta)}"
    )


def log(size: Size = 9, sigma: float | None = None) -> Made:
    """Return the Laplacian of the gaussian, less its mean. Without `sigma` it is a sixth of the smaller size - 1."""
    shape = size_of(size)
    sigma = sigma_of((min(shape) - 1) / 6 if sigma is None else sigma)
    (down, up), text = _bells(shape, sigma)
    squares = _offsets(shape[1]) ** 2 + _offsets(shape[0])[:, None] ** 2  # (rows, cols)
    weights = np.outer(down, up) * (squares - 2 * sigma**2) / sigma**4
    return weights - weights.mean(), f"(x^2 + y^2 - 2 sigma^2) / sigma^4 * gaussian, less its mean; {text}"


def dog(size: Size = 9, sigma: float = 1.0, ratio: float = 1.6) -> Made:
    """Return the difference of two gaussians, the narrow one less the one `ratio` times as wide."""
    check_number("ratio", ratio)
    if ratio <= 1:
        raise ValueError(f"ratio (={ratio}) must be over 1: how many times as wide the second gaussian is")
    narrow, wide = sigma_of(sigma), sigma_of(sigma * ratio)
    weights = gaussian(size, narrow)[0] - gaussian(size, wide)[0]
    return weights, f"gaussian of sigma {parameter_text(narrow)} - gaussian of sigma {parameter_text(wide)}"


def gabor(
    size: Size = 21,
    sigma: float = 4.0,
    theta: float = 0.0,
    wavelength: float = 10.0,
    gamma: float = 0.5,
    psi: float = 0.0,
) -> Made:
    """Return a wave under a bell curve: it runs along `theta` radians, turned from x towards y (clockwise).

    `wavelength` is in pixels; `psi` is where the wave stands in the middle (0: crest, pi/2: falling through zero);
    `gamma` is the bell's width along the wave over its width along the crests: under 1 the crests are long.
    """
    shape, sigma = size_of(size), sigma_of(sigma)
    for name, value in (("theta", theta), ("wavelength", wavelength), ("gamma", gamma), ("psi", psi)):
        check_number(name, value)
    if wavelength <= 0:
        raise ValueError(f"wavelength (={wavelength}) must be over 0, in pixels")
    x, y = _offsets(shape[1]), _offsets(shape[0])[:, None]
    along, across = x * np.cos(theta) + y * np.sin(theta), y * np.cos(theta) - x * np.sin(theta)  # (rows, cols)
    bell = np.exp(-(along**2 + (gamma * across) ** 2) / (2 * sigma**2))
    return bell * np.cos(2 * np.pi * along / wavelength + psi), (
        "exp(-(u^2 + gamma^2 v^2) / (2 sigma^2)) * cos(2 pi u / wavelength + psi), u = x cos(theta) + y sin(theta), "
        f"v = y cos(theta) - x sin(theta); sigma = {parameter_text(sigma)}, theta = {parameter_text(theta)}, "
        f"wavelength = {parameter_text(wavelength)}, gamma = {parameter_text(gamma)}, psi = {parameter_text(psi)}"
    )


def unsharp(size: Size = 5, sigma: Sigma = None, amount: float = 1.0) -> Made:
    """Return the pixel plus `amount` times what a gaussian takes from it."""
    check_number("amount", amount)
    weights = -amount * gaussian(size, sigma)[0]
    weights[middle_of(size)] += 1 + amount
    (_, text) = _bells(size_of(size), sigma)
    return weights, f"pixel + {parameter_text(amount)} * (pixel - gaussian); {text}"


def high_pass(size: Size = 3) -> Made:
    """Return the pixel less the mean of its window."""
    weights, text = box(size)
    weights[middle_of(size)] -= 1
    return -weights, f"pixel - {text}"


def savitzky_golay(size: Size = 5, degree: int = 2) -> Made:
    """Return the middle value of the polynomial in x and y, of total degree `degree`, that fits the window best."""
    rows, cols = size_of(size, most=101)
    most = min((side for side in (rows, cols) if side > 1), default=1) - 1
    if not isinstance(degree, int) or not 0 <= degree <= most:
        raise ValueError(f"degree (={degree}) must be a whole number from 0 to {most}, less than size (={size})")
    x, y = np.meshgrid(_offsets(cols) / cols, _offsets(rows) / rows)  # (rows, cols); small numbers fit better
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    terms: Numbers = np.stack([(x**i * y**j).ravel() for i, j in powers], axis=1)  # (pixels, terms)
    inverse: Numbers = np.linalg.pinv(terms)  # (terms, pixels); its first row gives the constant term
    return inverse[0].reshape(rows, cols), (
        f"the value in the middle of the polynomial of degree {degree} in x and y nearest to the pixels"
    )


def _offsets(size: int) -> Numbers:
    """Return how far each pixel is from the middle: -1 0 1, or -0.5 0.5."""
    return np.arange(size) - (size - 1) / 2


def _bells(shape: tuple[int, int], sigma: Sigma) -> tuple[tuple[Numbers, Numbers], str]:
    """Return the gaussians along rows and cols, each of sum one, and what their sigmas are."""
    if sigma is None:
        both = [0.3 * ((size - 1) * 0.5 - 1) + 0.8 for size in shape]
    else:
        both = [sigma_of(each) for each in (sigma if isinstance(sigma, Sequence) else (sigma, sigma))]
    if len(both) != 2:
        raise ValueError(f"sigma (={sigma}) must be one number or (rows, cols)")
    down, up = (_bell(size, each) for size, each in zip(shape, both, strict=True))
    in_y, in_x = map(parameter_text, both)
    return (down, up), f"sigma = {in_y}" + (f" in y, {in_x} in x" if in_x != in_y else "")


def _bell(size: int, sigma: float) -> Numbers:
    squares = _offsets(size) ** 2
    bell = np.exp((squares.min() - squares) / (2 * sigma**2))  # the largest is 1, however small sigma is
    return np.asarray(bell / bell.sum())


def _pascal(size: int) -> Numbers:
    return np.array([math.comb(size - 1, k) / 2 ** (size - 1) for k in range(size)])


ABOUT: dict[Callable[..., Made], tuple[str, str]] = {
    box: ("the moving average; OpenCV documentation, blur", "brightness"),
    binomial: ("P. J. Burt, Fast filter transforms for image processing, 1981; size 5: OpenCV's pyrDown", "brightness"),
    gaussian: ("normal distribution; sigma where none is given: OpenCV docs, getGaussianKernel", "brightness"),
    gaussian_x: ("J. Canny, A computational approach to edge detection, 1986", "brightness per pixel"),
    gaussian_y: ("J. Canny, A computational approach to edge detection, 1986", "brightness per pixel"),
    disk: ("the blur of a lens out of focus; MATLAB documentation, fspecial (there weighted by area)", "brightness"),
    motion_blur: ("the blur of a camera in steady motion; compare MATLAB documentation, fspecial", "brightness"),
    log: ("D. Marr, E. Hildreth, Theory of edge detection, 1980", "brightness per pixel^2"),
    dog: ("D. Marr, E. Hildreth, Theory of edge detection, 1980, with their ratio 1.6", "brightness"),
    gabor: ("J. G. Daugman, 1985; parameters as in OpenCV's getGaborKernel", ""),
    unsharp: ("unsharp masking, after a darkroom technique; compare scikit-image, unsharp_mask", "brightness"),
    high_pass: ("R. C. Gonzalez, R. E. Woods, Digital Image Processing, 1992", "brightness"),
    savitzky_golay: ("A. Savitzky, M. J. E. Golay, 1964, in two dimensions", "brightness"),
}
"""Where each comes from, and what its response is in."""
