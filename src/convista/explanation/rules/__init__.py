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

======================  ===================================================================================
convolution             conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
products                linear, matmul, mm, bmm, mv, dot, addmm, baddbmm, einsum (of one tensor or two)
pooling                 max_pool, avg_pool, adaptive_max_pool and adaptive_avg_pool of 1, 2 and 3 axes; max, min, amax,
                        amin; mean, sum
normalisation           batch_norm, instance_norm, group_norm, layer_norm, softmax, log_softmax
activations             relu, relu6, leaky_relu, prelu, threshold, hardtanh, hardswish, hardsigmoid, clamp, elu, celu,
                        selu, gelu, silu, mish, softplus, softsign, sigmoid, logsigmoid, tanh, dropout
functions               exp, log, sqrt, rsqrt, pow, square, abs, neg, reciprocal, sin, cos, erf
arithmetic              add, sub, mul, div, maximum, minimum, comparisons; one of the two may be a plain number
places                  cat, stack, chunk, split, unbind, view, reshape, flatten, permute, transpose, squeeze, expand,
                        slices and other indices, pad of every mode, pixel_shuffle, roll, flip, repeat, gather, where,
                        masked_fill, writes into a slice, changes of type, embedding
resizing                interpolate of every mode
======================  ===================================================================================

Anything else is an opaque node: its numbers, and how they hang on its inputs, but no arithmetic.
"""

from convista.explanation.rules import functions, gates, moves, norms, pairs, pooling, preparing, sums  # noqa: F401  # they enter the book
from convista.explanation.rules.book import RULES, explain, register_explainer

__all__ = ["RULES", "explain", "register_explainer"]
