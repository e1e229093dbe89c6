"""Picture: a diagram that shows itself in a notebook and can be saved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from convista.errors import one_of
from convista.files import whole_file
from convista.picture.diagram.page import scene_page
from convista.picture.diagram.painter import scene_gif, scene_png
from convista.picture.diagram.shapes import Scene
from convista.picture.diagram.vector import scene_svg

ENDINGS = (".svg", ".png", ".gif", ".html")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A diagram; made by `convista.draw`. In a notebook it shows itself.

    Examples
    --------
    >>> from convista.picture import draw_arithmetic
    >>> picture = draw_arithmetic(5, 3, stride=2)
    >>> picture
    <Picture: 5 × 5 to 2 × 2, kernel 3 × 3, stride 2; 4 moments>
    >>> picture.svg().startswith("<svg")
    True
    """

    scene: Scene
    animated: bool = False
    """Whether it moves in a notebook and as SVG, unless told otherwise there."""

    @property
    def title(self) -> str:
        """What it shows."""
        return self.scene.title

    @property
    def description(self) -> str:
        """The same in whole sentences, for who can't see it."""
        return self.scene.description

    def svg(self, *, animated: bool | None = None) -> str:
        """Return it as SVG, light or dark as the reader's system is."""
        return scene_svg(self.scene, animated=self.animated if animated is None else animated)

    def png(self, *, dark: bool = False, scale: int = 2) -> bytes:
        """Return it as a PNG file, `scale` pixels for each of its own."""
        return scene_png(self.scene, dark=dark, scale=scale)

    def gif(self, *, dark: bool = False, scale: int = 1) -> bytes:
        """Return its moments, one after the other, as a GIF file."""
        return scene_gif(self.scene, dark=dark, scale=scale)

    def html(self) -> str:
        """Return a page of its own, which needs no network: the diagram and, if it can move, a switch that stops it."""
        return scene_page(self.scene)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        animated: bool | None = None,
        dark: bool = False,
        scale: int | None = None,
    ) -> Path:
        """Write it to a file, of the kind that the name's ending says.

        Parameters
        ----------
        path
            Ends with ``.svg``, ``.png``, ``.gif`` or ``.html``.
        animated
            Whether an SVG moves; None: as the picture was drawn. A GIF always does, a PNG never.
        dark
            PNG and GIF on dark paper; an SVG has both and takes the reader's.
        scale
            Pixels of a PNG or a GIF for each of the picture's; None: 2 and 1.

        Returns
        -------
        Path
            Of the file.
        """
        place = Path(path)
        ending = one_of("path ending", place.suffix.lower(), ENDINGS)
        content: str | bytes
        if ending == ".svg":
            content = self.svg(animated=animated)
        elif ending == ".html":
            content = self.html()
        elif ending == ".png":
            content = self.png(dark=dark, scale=scale or 2)
        else:
            content = self.gif(dark=dark, scale=scale or 1)
        with whole_file(place) as temporary:
            temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return place

    def __repr__(self) -> str:
        moments = f"; {len(self.scene.moments)} moments" if self.scene.moments else ""
        return f"<Picture: {self.title}{moments}>"

    def _repr_svg_(self) -> str:
        return self.svg()
