"""One number taken apart, for any torch model, and checked against the model's own.

tracing        one forward pass recorded; the model is left as it was found
recording      every op with its true arguments and results
aliases        tensors that share memory
trace          the recorded pass: nodes, explanations, receptive fields
records        what an explanation says
rules          the arithmetic of each op that is known
reach          which numbers an output depends on
route          the path of the largest contributions
verification   a whole trace held to its bounds
printing       all of it as text
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
