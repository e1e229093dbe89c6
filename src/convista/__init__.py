"""A glass box for convolution: apply any kernel, train a small CNN, open any number it computed.

The rooms, in reading order; each is a module of that name:

errors      sentences for bad input
files       files that are either whole or absent
progress    one line on a terminal that says how far a long job is
image       image files in and out; PIL, arrays and tensors to one array form
window      where a kernel lands: sizes, padding, receptive fields; integers only
kernel      named kernels, each with formula, scale and source
grid        a kernel at one place, and at every place at once; which engine, and why
features    kernels as a scikit-learn transformer
store       images on the disk that are larger than memory
dataset     labelled images: the built-in sample, folders, IDX files, downloads
network     small CNNs, from one readable line of text to the saved file
training    the loop, the schedule, and what a run knows about itself
explanation  one number taken apart, for any torch model
picture     records and arrays to figures and terminal text
drawing     what there is to draw: sums, kernels, layers, networks
studio      the report
run         a run folder: train into it, load from it
comparison  techniques, and runs, side by side
classifier  a small network as a scikit-learn classifier
exchange    a network in the formats of other programs
interop     the signatures of scipy.ndimage, cv2 and torch.nn.functional on our engine
book        the names that a textbook's notebook expects
bench       speed as a claim that anyone can check
cli         the command line

Public names stand in ``__init__.pyi`` and are loaded on first use: importing convista loads no torch, no numba
and no matplotlib.
"""

import lazy_loader as lazy

from convista._version import __version__

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
__all__ += ["__version__"]
