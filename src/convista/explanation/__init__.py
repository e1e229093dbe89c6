"""One number taken apart, for any torch model, and checked against the model's own.

tracing        one forward pass recorded
restoring      the model is left as it was found
preparation    the way from an image file's pixels to a network's input, recorded, too
recording      every op with its true arguments and results
node           what is recorded of an op
kinds          what an op is called
naming         what a node is called: after the module
aliases        tensors that share memory
trace          the recorded pass: nodes, explanations, receptive fields
records        what an explanation says
rules          the arithmetic of each op that is known, and which these are
bounds         how far the model's number may be from the sum
sensitivity    what is said of an op whose arithmetic is not known
reach, stamps  which numbers an output depends on
field          the receptive field of one number
route          the path of the largest contributions
verification   a whole trace held to its bounds
printing       all of it as text
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
