"""The arithmetic of each op that is known: one number of its result as terms.

book       which rule belongs to which op; users add theirs here
call       an op's call, as a rule sees it
sums       convolutions, linear layers, matrix products, means
pooling    windows of which one wins, or all count alike
pointwise  functions of one number, and arithmetic of two
norms      batch, group, layer and instance normalisation; softmax
moves      numbers that stay what they are and change their place
"""

from convista.explanation.rules import moves, norms, pointwise, pooling, sums  # noqa: F401  # they enter the book
from convista.explanation.rules.book import RULES, explain, register_explainer

__all__ = ["RULES", "explain", "register_explainer"]
