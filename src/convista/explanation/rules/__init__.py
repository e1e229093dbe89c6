"""The arithmetic of each op that is known: one number of its result as terms.

book       which rule belongs to which op; users add theirs here
call       an op's call, as a rule sees it
windows    where the numbers of a window lie in a tensor
sums       convolutions, linear layers, matrix products, means
pooling    windows of which one wins, or all count alike
gates      numbers that pass, whole, in part or not at all
functions  functions of one number
pairs      arithmetic of two numbers
norms      batch, group, layer and instance normalisation; softmax
moves      numbers that stay what they are and change their place
preparing  what happens to an image before a network sees it

docs/explanation.md has the table of all ops. Anything else is an opaque node: its numbers, and how they hang on its
inputs, but no arithmetic.
"""

from convista.explanation.rules import functions, gates, moves, norms, pairs, pooling, preparing, sums  # noqa: F401  # they enter the book
from convista.explanation.rules.book import RULES, explain, register_explainer

__all__ = ["RULES", "explain", "register_explainer"]
