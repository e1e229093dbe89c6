"""Kernels: windows with numbers in them. Named ones with formula, scale and source; and any of the user's own.

record      Kernel: weights, and what is known about them
formula     the sum that a kernel computes, written out from its weights
factors     a kernel as the product of a column and a row, where it is one
families    kernels with parameters: gaussian, box, gabor ...
named       kernels without parameters: edges, derivatives, lines, sharpening ...
reading     kernels from text and files
registry    all of them by name; anything to a Kernel

Signs: x grows to the right, y grows downwards, and a kernel is laid on the image without flipping it. So `sobel_x`
answers with a positive number where brightness grows to the right.
"""

from convista.kernel.factors import factors_of
from convista.kernel.families import Family
from convista.kernel.formula import formula_of
from convista.kernel.reading import parse_kernel, read_kernel
from convista.kernel.record import Kernel
from convista.kernel.registry import KernelNameError, as_kernel, kernels

__all__ = [
    "Family",
    "Kernel",
    "KernelNameError",
    "as_kernel",
    "factors_of",
    "formula_of",
    "kernels",
    "parse_kernel",
    "read_kernel",
]
