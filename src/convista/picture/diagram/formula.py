"""The arithmetic of a shape with its numbers put in, and the facts of a convolution in words."""

from __future__ import annotations

from convista.picture.diagram.landing import Axis, Convolution
from convista.picture.diagram.words import same, say, times

AXES = ("depth", "rows", "cols")


def title(plan: Convolution, language: str) -> str:
    """Return what a convolution does in one line.

    >>> title(Convolution((Axis(5, 3, 2), Axis(5, 3, 2))), "en")
    '5 × 5 to 2 × 2, kernel 3 × 3, stride 2'
    """
    parts = [say("to", language, from_=times(plan.size), to=times(plan.output))]
    return say("and", language).join([*parts, *facts(plan, language)])


def facts(plan: Convolution, language: str) -> list[str]:
    """Return the kernel and whatever isn't as by default."""
    told = [say("transposed_fact", language)] if plan.transposed else []
    told.append(say("kernel_fact", language, size=times(plan.kernel)))
    for name, default in (("stride", 1), ("dilation", 1), ("output_padding", 0)):
        values = tuple(getattr(axis, name) for axis in plan.axes)
        if set(values) != {default}:
            told.append(say(f"{name}_fact", language, size=same(values)))
    edges = [(axis.before, axis.after) for axis in plan.axes]
    if any(map(any, edges)):
        told.insert(1 + plan.transposed, say("padding_fact", language, size=_edges(edges)))
    return told


def formulas(plan: Convolution, language: str) -> list[str]:
    """Return the sum that gives each axis' size: one line where all axes have the same.

    >>> formulas(Convolution((Axis(28, 3, 2, 1, 1), Axis(28, 3, 2, 1, 1))), "en")
    ['rows, cols: floor((28 + 1 + 1 - 3) / 2) + 1 = 14']
    >>> formulas(Convolution((Axis(14, 3, 2, 1, 1, transposed=True),)), "en")
    ['(14 - 1)·2 - 1 - 1 + 3 = 27']
    """
    names = AXES[-len(plan.axes) :]
    lines: dict[str, list[str]] = {}
    for name, axis in zip(names, plan.axes, strict=True):
        lines.setdefault(formula(axis), []).append(say(name, language))
    if len(plan.axes) == 1:
        return list(lines)
    return [f"{say('and', language).join(axes)}: {line}" for line, axes in lines.items()]


def formula(axis: Axis) -> str:
    """Return the sum that gives one axis' size.

    >>> formula(Axis(5, 3)), formula(Axis(9, 3, 2, dilation=2))
    ('5 - 3 + 1 = 3', 'floor((9 - (2·(3 - 1) + 1)) / 2) + 1 = 3')
    """
    span = str(axis.kernel) if axis.dilation == 1 else f"({axis.dilation}·({axis.kernel} - 1) + 1)"
    edges = [edge for edge in (axis.before, axis.after) if edge]
    if axis.transposed:
        cropped = "".join(f" - {edge}" for edge in edges)
        more = f" + {axis.output_padding}" if axis.output_padding else ""
        return f"({axis.size} - 1)·{axis.stride}{cropped} + {span}{more} = {axis.output}"
    room = "".join([str(axis.size), *(f" + {edge}" for edge in edges), f" - {span}"])
    return f"{room} + 1 = {axis.output}" if axis.stride == 1 else f"floor(({room}) / {axis.stride}) + 1 = {axis.output}"


def remarks(plan: Convolution, language: str) -> list[str]:
    """Return what a shape hides: numbers that no window reads, and the span of a dilated kernel."""
    names = AXES[-len(plan.axes) :] if len(plan.axes) > 1 else ("numbers",)
    told = [
        say("spans", language, kernel=axis.kernel, dilation=axis.dilation, span=axis.span)
        for axis in dict.fromkeys(plan.axes)
        if axis.dilation > 1
    ]
    left = [
        _counted(axis.left_over, name, language) for name, axis in zip(names, plan.axes, strict=True) if axis.left_over
    ]
    return [*dict.fromkeys(told), *([say("unread", language, what=say("and", language).join(left))] if left else [])]


def _counted(count: int, noun: str, language: str) -> str:
    one = {"rows": "row", "cols": "col", "depth": "sheet", "numbers": "number"}[noun]
    many = "sheets" if noun == "depth" else noun
    return f"{count} {say(one if count == 1 else many, language)}"


def _edges(edges: list[tuple[int, int]]) -> str:
    if all(before == after for before, after in edges):
        return same(tuple(before for before, _ in edges))
    each = [f"{before} + {after}" for before, after in edges]
    return each[0] if len(set(each)) == 1 else " × ".join(f"({one})" for one in each)
