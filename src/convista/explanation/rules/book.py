"""Which rule belongs to which op. Rules take the op's arguments under torch's own names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch.utils._pytree import tree_map_only

from convista.explanation.node import Ref
from convista.explanation.records import Parts, Terms
from convista.explanation.rules.call import Call, array, bias_group, place

Rule = Callable[..., Parts]
Explainer = Callable[..., Iterable[tuple[int, tuple[int, ...], float]]]

RULES: dict[str, Rule] = {}
"""By the op in a word, or by torch's whole name for it, which goes first."""


class UnknownArithmeticError(LookupError):
    """An op, or a way of calling it, of which no rule knows."""


def rule(*kinds: str) -> Callable[[Rule], Rule]:
    """Enter a rule into the book under these words."""

    def enter(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(kinds, function))
        return function

    return enter


def explain(call: Call) -> Parts:
    """Return a number's parts by the rule of its op.

    Raises
    ------
    UnknownArithmeticError
        When there is none, or it does not know these arguments.
    """
    node = call.node
    if node.dtypes[call.slot].is_complex:
        raise UnknownArithmeticError(f"the arithmetic of `{node.op}` with complex numbers is not known here")
    found = RULES.get(node.op) or RULES.get(node.kind)
    if found is None:
        raise UnknownArithmeticError(f"the arithmetic of `{node.op}` is not known here")
    try:
        return found(call, *node.args, **node.kwargs)
    except (TypeError, NotImplementedError) as error:
        raise UnknownArithmeticError(
            f"the arithmetic of `{node.op}` with these arguments is not known here ({error})"
        ) from error


def register_explainer(op: str, explainer: Explainer) -> None:
    """Teach convista the arithmetic of an op that it does not know, as a weighted sum.

    Parameters
    ----------
    op
        As torch calls it, ``"torch.cumsum"`` or ``"mylib::blur"``, or in a word, ``"cumsum"``; the nodes of a trace
        say it (`Node.op`, `Node.kind`). A whole name goes before a word.
    explainer
        Called with the index asked for (the sample in front), then with the op's own arguments, tensors as NumPy
        arrays. It yields ``(argument, index, weight)``: which tensor argument, counted from 0, which number of it,
        times what. With argument -1 the weight is added as it is.

    Notes
    -----
    What it yields is held to the model's own number like everything else.

    Examples
    --------
    >>> import torch, convista as cx
    >>> def cumsum(index, input, dim):
    ...     for place in range(index[dim] + 1):
    ...         yield 0, (*index[:dim], place, *index[dim + 1 :]), 1.0
    >>> cx.explanation.register_explainer("cumsum", cumsum)
    >>> class Sum(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.cumsum(1)
    >>> trace = cx.trace(Sum(), torch.tensor([[1.0, 2.0, 4.0]]))
    >>> explained = trace.explain("cumsum", (2,))
    >>> [term.product for term in explained.terms], explained.ok
    ([1.0, 2.0, 4.0], True)
    """

    def taught(call: Call, *args: Any, **kwargs: Any) -> Parts:
        refs, groups = call.node.refs, []
        told_args, told_kwargs = tree_map_only(Ref, lambda ref: array(ref.tensor), (args, kwargs))
        for argument, index, weight in explainer(call.index, *told_args, **told_kwargs):
            if argument < 0:
                groups.append(bias_group(float(weight)))
            else:
                ref = refs[argument]
                groups.append(call.group(ref, [place(tuple(ref.tensor.shape), tuple(index))], [weight]))
        return Parts(Terms(groups), "weights x inputs, by a registered rule")

    RULES[op] = taught
