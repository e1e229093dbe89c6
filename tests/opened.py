"""What tests of explanations share: functions as models, and the questions that every explanation must stand."""

import math

import numpy as np
import torch
from torch import nn

import convista as cx


class Function(nn.Module):
    """A model that is one function of tensors."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *tensors):
        return self.function(*tensors)


def checked(model, *tensors, samples=12, known=True, **told):
    """A trace in which every number is within its bound, every op known, and every term's input the node's own."""
    model = model if isinstance(model, nn.Module) else Function(model)
    trace = cx.trace(model, tensors, **told)
    verification = trace.verify(samples)
    assert verification.ok, str(verification)
    if known:
        assert trace.coverage().share == 1, str(trace.coverage())
    assert trace.difference == 0
    for node in trace.nodes:
        for explained in some(trace, node):
            assert_sources(trace, explained)
    return trace


def some(trace, node, count=2):
    """Explanations of the first and the last number of each result of a node."""
    for slot, shape in enumerate(node.shapes):
        for place in sorted({0, math.prod(shape) - 1})[:count] if math.prod(shape) else ():
            whole = tuple(int(part) for part in np.unravel_index(place, shape)) if shape else ()
            yield trace.explain(node.called(slot), whole[1:], sample=whole[0] if whole else 0)


def assert_sources(trace, explained):
    """Each term's input is the model's own number at its source."""
    for term in explained.terms[:40]:
        source = term.source
        if isinstance(source, cx.explanation.Source):
            own = trace.value(source.node, source.index, sample=source.sample)
            assert own == term.input or (math.isnan(own) and math.isnan(term.input)), (explained, term)
        if term.factor is not None and term.weight:
            assert trace.slot(term.factor.node) is not None


def last(trace, index, **told):
    """The explanation of a number of the last node."""
    return trace.explain(trace.nodes[-1].name, index, **told)


def weights_of(explained, name, shape):
    """The weights of all terms that come from a node, scattered into its shape."""
    found = np.zeros(shape)
    for term in explained.terms:
        if not isinstance(term.source, str) and term.source.node == name:
            found[(term.source.sample, *term.source.index)] += term.weight
    return found


def gradient(model, tensor, whole):
    """What autograd says of one number and one input: an oracle for the weights."""
    leaf = tensor.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(model(leaf)[whole], leaf)
    return found.double().numpy()
