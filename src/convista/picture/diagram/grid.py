"""Where the cells of a diagram are, and the panels they stand in: a heading, a note, grids side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from convista.picture.diagram.shapes import Cells, Label, Labels, Point, Shape, words
from convista.picture.svg import text_width

HEADING, NOTE, TAG = 13, 11, 10
BOLD = 1.12  # how much wider bold letters are
_HEAD = 38  # from a panel's top to its grids
_TAGGED = 16  # more where each grid has a tag
GAP = 14  # between the grids of one panel


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows and cols of cells from an upper left corner.

    >>> grid = Grid(10, 20, rows=2, cols=3, side=8)
    >>> grid.place(1, 2), grid.centre(1, 2), (grid.right, grid.bottom)
    ((26, 28), (30.0, 32.0), (34, 36))
    """

    x: float
    y: float
    rows: int
    cols: int
    side: float
    wide: float = 0.0
    """Of a cell; 0: as high as wide."""

    @property
    def across(self) -> float:
        """How wide a cell is."""
        return self.wide or self.side

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.cols * self.across

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y + self.rows * self.side

    def place(self, row: int, col: int) -> Point:
        """Return a cell's upper left corner."""
        return self.x + col * self.across, self.y + row * self.side

    def centre(self, row: float, col: float) -> Point:
        """Return a cell's centre; of a fraction the point between cells."""
        return self.x + (col + 0.5) * self.across, self.y + (row + 0.5) * self.side

    def cells(
        self, places: Iterable[tuple[int, int]], fill: str = "", edge: str = "line", **look: float | str
    ) -> Cells:
        """Return the cells at places (row, col)."""
        corners = tuple(self.place(row, col) for row, col in places)
        return Cells(corners, self.across, self.side, fill, edge, **look)  # type: ignore[arg-type]

    def frame(self, first: tuple[int, int], last: tuple[int, int], **look: float | str) -> Cells:
        """Return the rectangle around two cells and all between them."""
        x, y = self.place(*first)
        right, bottom = self.place(last[0] + 1, last[1] + 1)
        return Cells(((x, y),), right - x, bottom - y, **look)  # type: ignore[arg-type]

    def texts(self, items: Iterable[tuple[tuple[int, int], str]], size: float, ink: str) -> Labels:
        """Return a text in the middle of each of some cells."""
        return Labels(
            tuple(Label(x, y + 0.35 * size, text) for (row, col), text in items for x, y in (self.centre(row, col),)),
            ink, size,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Panel:
    """Grids side by side under a heading."""

    x: float
    y: float
    heading: str
    note: str
    grids: tuple[Grid, ...]
    tags: tuple[str, ...] = field(default=())
    """A word above each grid."""

    @property
    def right(self) -> float:
        """The x of its right side, that of the words if they are wider."""
        spoken = max(text_width(self.heading, HEADING) * BOLD, text_width(self.note, NOTE))
        return max(self.grids[-1].right, self.x + spoken)

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return max(grid.bottom for grid in self.grids)

    def head(self) -> Iterator[Shape]:
        """Yield the words above the grids."""
        yield words(self.x, self.y + 13, self.heading, size=HEADING, bold=True)
        if self.note:
            yield words(self.x, self.y + 29, self.note, size=NOTE, ink="faint")
        for tag, grid in zip(self.tags, self.grids, strict=False):
            yield words(grid.x, grid.y - 5, tag, size=TAG, ink="faint")


def panel(
    x: float, y: float, shape: tuple[int, int, int], side: float, heading: str, note: str = "",
    tags: tuple[str, ...] = (), *, wide: float = 0.0,
) -> Panel:  # fmt: skip
    """Return a panel of (grids, rows, cols) cells; tags may be wider than their grid, which pushes the next on.

    >>> panel(10, 10, (2, 3, 3), 10, "input").grids[1]
    Grid(x=54, y=48, rows=3, cols=3, side=10, wide=0.0)
    """
    count, rows, cols = shape
    top = y + _HEAD + (_TAGGED if tags else 0)
    width = max([cols * (wide or side), *(text_width(tag, TAG) for tag in tags)])
    grids = tuple(Grid(x + place * (width + GAP), top, rows, cols, side, wide) for place in range(count))
    return Panel(x, y, heading, note, grids, tags)
