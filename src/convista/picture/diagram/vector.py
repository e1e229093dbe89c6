"""A scene as SVG: still, or with its moments one after the other by CSS, which stands still for who asks for that."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import singledispatch

from convista.picture.diagram.palette import style
from convista.picture.diagram.shapes import Bitmap, Cells, Labels, Path, Scene, Shape
from convista.picture.png import data_uri
from convista.picture.svg import element, number, svg_root


def scene_svg(scene: Scene, *, animated: bool = False) -> str:
    """Return the scene as an SVG file; the same scene is the same text.

    >>> from convista.picture.diagram.shapes import box
    >>> svg = scene_svg(Scene(20, 20, "A box", "One.", (box(4, 4, 8, 8, fill="input"),)))
    >>> '<rect x="4" y="4" width="8" height="8" class="cvf-input"/>' in svg
    True
    """
    moving = animated and len(scene.moments) > 1
    shown = [*scene.base, *scene.still, *(shape for moment in scene.moments for shape in moment if moving)]
    sheet = _sheet(shown) + (_motion(scene) if moving else "")
    paper = element("rect", width=number(scene.width), height=number(scene.height), **{"class": "cvf-paper"})
    told = element("title", scene.title) + element("desc", scene.description)
    still = [_group(scene.still, f'class="cvstill{len(scene.moments)}"')] if moving else list(_elements(scene.still))
    pieces = [told, paper, *_elements(scene.base), *still, *(_moments(scene) if moving else ())]
    language = scene.language if scene.language != "en" else ""
    return svg_root(scene.width, scene.height, pieces, style=sheet, language=language)


def _sheet(shapes: Iterable[Shape]) -> str:
    fills, edges = {"paper"}, set()
    for shape in shapes:
        fills.add(getattr(shape, "ink", "") or getattr(shape, "fill", ""))
        edges.add(getattr(shape, "edge", ""))
    return style(_roles(fills), _roles(edges))


def _roles(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name and not name.startswith("#"))


def _motion(scene: Scene) -> str:
    """Return CSS whose names carry the number of moments: two diagrams in one page may have the same style or not."""
    count, seconds = len(scene.moments), scene.seconds
    share = math.ceil(1e4 / count) / 100
    return (
        f"\n.cvm{count}{{visibility:hidden;animation:cv{count} {seconds * count:.2f}s step-end infinite}}"
        f"@keyframes cv{count}{{0%{{visibility:visible}}{share:g}%{{visibility:hidden}}}}"
        f".cvstill{count}{{display:none}}"
        f"@media(prefers-reduced-motion:reduce){{.cvm{count}{{animation:none}}.cvstill{count}{{display:inline}}}}"
    )


def _moments(scene: Scene) -> Iterator[str]:
    for order, moment in enumerate(scene.moments):
        look = f'class="cvm{len(scene.moments)}" style="animation-delay:{order * scene.seconds:.2f}s"'
        yield _group(moment, look)


def _group(shapes: Iterable[Shape], look: str) -> str:
    return f"<g {look}>{''.join(_elements(shapes))}</g>"


def _elements(shapes: Iterable[Shape]) -> Iterator[str]:
    return (text for shape in shapes if (text := _element(shape)))


@singledispatch
def _element(shape: Shape) -> str:
    raise TypeError(f"shape (a {type(shape).__name__}) has no SVG")


@_element.register
def _(shape: Cells) -> str:
    look = _look(shape.fill, shape.edge, shape.thick, shape.dashes)
    if len(shape.places) == 1:
        ((x, y),) = shape.places
        return element("rect", x=number(x), y=number(y), width=number(shape.width), height=number(shape.height), **look)
    wide, high = number(shape.width), number(shape.height)
    back = number(-shape.width)
    path = "".join(f"M{number(x)} {number(y)}h{wide}v{high}h{back}z" for x, y in shape.places)
    return element("path", d=path, **look) if path else ""


@_element.register
def _(shape: Labels) -> str:
    look = {"class": f"cvf-{shape.ink}" if not shape.ink.startswith("#") else "",
            "fill": shape.ink if shape.ink.startswith("#") else "",
            "font_size": number(shape.size) if shape.size != 12 else "",
            "text_anchor": shape.anchor if shape.anchor != "start" else "",
            "font_weight": "600" if shape.bold else ""}  # fmt: skip
    texts = [({"x": number(item.x), "y": number(item.y)}, item.words) for item in shape.items if item.words]
    if len(texts) == 1:
        return element("text", texts[0][1], **texts[0][0], **look)
    start = element("g", **look).removesuffix("/>") + ">"
    return start + "".join(element("text", words, **place) for place, words in texts) + "</g>" if texts else ""


@_element.register
def _(shape: Path) -> str:
    closed = "z" if shape.fill else ""
    path = "M" + " ".join(f"{number(x)} {number(y)}" for x, y in shape.points) + closed
    return element("path", d=path, **_look(shape.fill, shape.edge, shape.thick, shape.dashes), stroke_linejoin="round")


@_element.register
def _(shape: Bitmap) -> str:
    place = {"x": number(shape.x), "y": number(shape.y), "width": number(shape.width), "height": number(shape.height)}
    address = data_uri(shape.colours, channels_last=True)
    return element("image", href=address, preserveAspectRatio="none", style="image-rendering:pixelated", **place)


def _look(fill: str, edge: str, thick: float, dashes: str) -> dict[str, object]:
    classes = [f"cv{kind}-{role}" for kind, role in (("f", fill), ("s", edge)) if role and not role.startswith("#")]
    return {
        "class": " ".join(classes),
        "fill": "none" if not fill else fill if fill.startswith("#") else "",
        "stroke": edge if edge.startswith("#") else "",
        "stroke_width": f"{thick:g}" if edge and thick != 1 else "",
        "stroke_dasharray": dashes,
    }
