"""A sum written out."""

from __future__ import annotations

from collections.abc import Sequence

from convista.picture.diagram.values import exact
from convista.picture.diagram.words import say


def written(products: Sequence[float], bias: float, language: str, *, most: int) -> str:
    """Return the terms with their signs; more than `most` as one number, their sum.

    >>> written([1, -2, 0.5], 0, "en", most=3), written([1, -2, 0.5], -3, "en", most=2)
    ('1 - 2 + 0.5', '3 products, together -0.5 - 3 (bias)')
    """
    if len(products) > most:
        told = f"{say('many_terms', language, count=f'{len(products):,}')} {exact(sum(products))}"
    else:
        told = exact(products[0]) + "".join(map(_signed, products[1:]))
    return f"{told} {'-' if bias < 0 else '+'} {say('bias', language, bias=exact(abs(bias)))}" if bias else told


def _signed(value: float) -> str:
    text = exact(value)
    return f" - {text[1:]}" if text.startswith("-") else f" + {text}"
