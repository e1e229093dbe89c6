"""What there is to draw, read from what a user holds: `draw`.

drawing     which picture belongs to which thing
layer       a live torch layer: where its kernel lands, and its numbers
network     a whole network, by its trace

The diagrams themselves are in `convista.picture.diagram`; here torch layers, sums and traces become their records.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
