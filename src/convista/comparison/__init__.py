"""Runs side by side: one technique after another on the same data, and any two runs against each other.

ladder    the techniques, each on top of those before it
records   what came of each: attempts, rungs, the whole study
studying  every rung trained with every seed; goes on where it was stopped
pair      two runs: what they were told otherwise, and whether their results differ by more than chance
page      a study as one HTML page
words     what that page says
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
