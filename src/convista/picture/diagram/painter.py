"""A scene as PNG or as GIF, drawn by Pillow: the same shapes as the SVG's at the same places."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from convista.picture.diagram.lettering import font, is_chinese
from convista.picture.diagram.palette import colour
from convista.picture.diagram.shapes import Bitmap, Cells, Labels, Path, Point, Scene, Shape
from convista.picture.raster import dashed

if TYPE_CHECKING:
    from PIL import Image

_FINER = 2  # pixels drawn along each side of one that is kept: Pillow's lines have hard edges
_COLOURS = 96  # of a GIF, with the blends at the edges of letters
MOST_PIXELS = 40_000_000


def scene_png(scene: Scene, *, dark: bool = False, scale: int = 2) -> bytes:
    r"""Return the scene as it is when nothing moves, `scale` pixels for each of its own, as a PNG file.

    >>> scene_png(Scene(20, 20, "Nothing", "", ()))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    sheet = Sheet(scene, dark=dark, scale=scale)
    return _file(sheet.painted(scene.still), "PNG", optimize=True)


def scene_gif(scene: Scene, *, dark: bool = False, scale: int = 1) -> bytes:
    """Return the scene's moments as a GIF file that begins again at its end.

    >>> scene_gif(Scene(20, 20, "Nothing", "", ()))[:3]
    b'GIF'
    """
    from PIL import Image

    sheet = Sheet(scene, dark=dark, scale=scale)
    first, *rest = [sheet.painted(moment) for moment in scene.moments or (scene.still,)]
    palette = first.quantize(_COLOURS)
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in (first, *rest)]
    later = {"save_all": True, "append_images": frames[1:], "duration": round(1000 * scene.seconds), "loop": 0}
    return _file(frames[0], "GIF", optimize=False, **(later if rest else {}))


class Sheet:
    """Paper with what is always there on it; each moment is painted on a copy."""

    def __init__(self, scene: Scene, *, dark: bool, scale: int) -> None:
        from PIL import Image

        if not 1 <= scale <= 8 or scene.width * scene.height * scale**2 > MOST_PIXELS:
            raise ValueError(
                f"scale (={scale}) must be 1 to 8 and a picture of {scene.width:.0f} x {scene.height:.0f} have no more "
                f"than {MOST_PIXELS:,} pixels; leave it out, or save as .svg"
            )
        self._zoom, self._dark = scale * _FINER, dark
        texts = [item.words for shape in _shapes(scene) if isinstance(shape, Labels) for item in shape.items]
        self._chinese = is_chinese(texts)
        size = round(scene.width) * self._zoom, round(scene.height) * self._zoom
        self._base = Image.new("RGB", size, colour("paper", dark=dark))
        self._draw_all(self._base, scene.base)

    def painted(self, shapes: Iterable[Shape]) -> Image.Image:
        """Return the paper with `shapes` on it."""
        sheet = self._base.copy()
        self._draw_all(sheet, shapes)
        return sheet.reduce(_FINER)

    def _draw_all(self, sheet: Image.Image, shapes: Iterable[Shape]) -> None:
        from PIL import ImageDraw

        pen = ImageDraw.Draw(sheet)
        for shape in shapes:
            if isinstance(shape, Cells):
                self._cells(pen, shape)
            elif isinstance(shape, Labels):
                self._labels(pen, shape)
            elif isinstance(shape, Path):
                self._path(pen, shape)
            else:
                self._bitmap(sheet, shape)

    def _cells(self, pen: Any, shape: Cells) -> None:
        for x, y in shape.places:
            corners = [(x, y), (x + shape.width, y), (x + shape.width, y + shape.height), (x, y + shape.height)]
            if shape.fill:
                pen.rectangle([self._at(corners[0]), self._at(corners[2])], self._colour(shape.fill))
            self._line(pen, [*corners, corners[0]], shape.edge, shape.thick, shape.dashes)

    def _path(self, pen: Any, shape: Path) -> None:
        if shape.fill:
            pen.polygon([self._at(point) for point in shape.points], self._colour(shape.fill))
        points = [*shape.points, shape.points[0]] if shape.fill else list(shape.points)
        self._line(pen, points, shape.edge, shape.thick, shape.dashes)

    def _line(self, pen: Any, points: list[Point], edge: str, thick: float, dashes: str) -> None:
        if not edge:
            return
        width = max(round(thick * self._zoom), 1)
        lengths = [float(length) for length in dashes.split()]
        for part in dashed(points, lengths) if lengths else [points]:
            places = [self._at(point) for point in part]
            pen.line(places, self._colour(edge), width, joint="curve")
            if part[0] == part[-1] and len(part) > 2:  # the corner that is both the first and the last
                pen.line([places[-2], places[0], places[1]], self._colour(edge), width, joint="curve")

    def _labels(self, pen: Any, shape: Labels) -> None:
        letters = font(shape.size * self._zoom, chinese=self._chinese)
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[shape.anchor]
        bold = round(shape.size * self._zoom / 40) if shape.bold else 0
        for item in shape.items:
            ink = self._colour(shape.ink)
            # Pillow's own letters have no sign of multiplication.
            text = item.words if self._chinese else item.words.replace("×", "x")
            pen.text(self._at((item.x, item.y)), text, ink, letters, anchor, stroke_width=bold)

    def _bitmap(self, sheet: Image.Image, shape: Bitmap) -> None:
        from PIL import Image

        (left, top), (right, bottom) = (
            tuple(map(round, self._at(point)))
            for point in ((shape.x, shape.y), (shape.x + shape.width, shape.y + shape.height))
        )
        blocks = Image.fromarray(shape.colours).resize((right - left, bottom - top), Image.Resampling.NEAREST)
        sheet.paste(blocks, (left, top))

    def _at(self, point: Point) -> Point:
        return point[0] * self._zoom, point[1] * self._zoom

    def _colour(self, role: str) -> str:
        return colour(role, dark=self._dark)


def _shapes(scene: Scene) -> list[Shape]:
    return [*scene.base, *scene.still, *(shape for moment in scene.moments for shape in moment)]


def _file(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
