"""A table's lines: header and rows, drawn from a page of cells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.strip import Strip

from casparian.app.tui.widgets.cells import Cell
from casparian.app.tui.widgets.plain_text import cut, width_of
from casparian.app.tui.widgets.table_view import MARK_GLYPHS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt
    from rich.style import Style

    from casparian.app.tui.widgets.arranging import Sort
    from casparian.app.tui.widgets.column_layout import ColumnLayout
    from casparian.app.tui.widgets.row_numbers import RowNumbers
    from casparian.app.tui.widgets.table_view import Mark, Marks

WAITING: Final = Cell("…", 1)


@dataclass(frozen=True, slots=True)
class Look:
    """The styles of a table's parts."""

    base: Style
    header: Style
    type: Style
    gutter: Style
    null: Style
    waiting: Style
    cursor: Style
    cursor_row: Style
    selection: Style
    match: Style
    marks: Mapping[Mark, Style]


@dataclass(slots=True)
class Page:
    """Rows from one place on, with the cells of the columns that were looked at."""

    first: int
    rows: npt.NDArray[np.int64]
    cells: dict[int, list[Cell]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """The cursor's cell and the corner across from it, by place and column."""

    place: int
    column: int
    anchor: tuple[int, int] | None = None

    @property
    def places(self) -> range:
        """The selected rows."""
        other = self.anchor[0] if self.anchor else self.place
        return range(min(self.place, other), max(self.place, other) + 1)

    @property
    def columns(self) -> range:
        """The selected columns."""
        other = self.anchor[1] if self.anchor else self.column
        return range(min(self.column, other), max(self.column, other) + 1)


@dataclass(frozen=True, slots=True)
class Painter:
    """Draws the lines of one paint."""

    look: Look
    layout: ColumnLayout
    gutter: int
    """Cells of the row numbers at the left, which stay while columns scroll."""
    left: int
    width: int
    columns: range
    selection: Selection | None
    sort: Sort | None
    marks: Marks
    numbers: RowNumbers
    sought: str

    def names(self) -> Strip:
        """Return the header's first line."""
        cells = []
        for column in self.columns:
            name = self.layout.names[column]
            if self.sort is not None and self.sort.column == column:
                arrow = " ▼" if self.sort.descending else " ▲"
                name = cut(name, self.layout.width(column) - 2)[0] + arrow
            cells.append((column, name))
        return self._header_line(cells, self.look.header)

    def types(self) -> Strip:
        """Return the header's second line."""
        cells = [(column, self.layout.types[column]) for column in self.columns]
        return self._header_line(cells, self.look.type)

    def row(self, page: Page, place: int) -> Strip:
        """Return the line of the row that stands at this place."""
        look, at = self.look, place - page.first
        row = int(page.rows[at])
        chosen = self.selection
        here = chosen is not None and chosen.place == place
        base = look.base + look.cursor_row if here else look.base
        own = self.marks.rows.get(row)
        mark = self.marks.of_row(row)
        if own is not None:
            base += look.marks[own]
        selected: Sequence[int] = ()
        if chosen is not None and chosen.anchor is not None and place in chosen.places:
            selected = chosen.columns
        parts: list[Segment] = []
        for column in self.columns:
            cell = page.cells[column][at]
            style = base
            if cell.null:
                style += look.null
            elif cell is WAITING:
                style += look.waiting
            bad = self.marks.cells.get((row, column))
            if bad is not None:
                style += look.marks[bad]
            if column in selected:
                style += look.selection
            if here and chosen is not None and chosen.column == column:
                style += look.cursor
            self._add_cell(parts, column, cell, style)
        called = self.numbers.number(row) + 1
        number = f"{MARK_GLYPHS[mark] if mark else ' '}{called:>{self.gutter - 3},} │"
        gutter = look.gutter if mark is None else look.gutter + look.marks[mark]
        return self._line(Segment(number, gutter), parts, look.base)

    def empty(self, said: str = "") -> Strip:
        """Return a line below the last row."""
        return Strip([Segment(said, self.look.waiting)]).crop_extend(0, self.width, self.look.base)

    def _add_cell(self, parts: list[Segment], column: int, cell: Cell, style: Style) -> None:
        width = self.layout.width(column)
        text, taken = cell.text, cell.width
        if taken > width or not text.isascii():
            text, taken = cut(text, width)
        blank = " " * (width - taken)
        shown = f" {blank}{text} " if self.layout.numbers[column] else f" {text}{blank} "
        lowered = shown.lower()
        findable = self.sought and not cell.null and len(lowered) == len(shown)
        at = lowered.find(self.sought) if findable else -1
        if at < 0:
            parts.append(Segment(shown, style))
            return
        while at >= 0:
            end = at + len(self.sought)
            parts += [Segment(shown[:at], style), Segment(shown[at:end], style + self.look.match)]
            shown = shown[end:]
            at = shown.lower().find(self.sought)
        parts.append(Segment(shown, style))

    def _header_line(self, cells: list[tuple[int, str]], style: Style) -> Strip:
        parts = []
        for column, said in cells:
            width = self.layout.width(column)
            text, taken = cut(said, width)
            blank = " " * (width - taken)
            right = self.layout.numbers[column]
            parts.append(Segment(f" {blank}{text} " if right else f" {text}{blank} ", style))
        return self._line(Segment(f"{'│':>{self.gutter}}", style), parts, style)

    def _line(self, gutter: Segment, parts: list[Segment], base: Style) -> Strip:
        room = max(0, self.width - self.gutter)
        skipped = self.left - self.layout.start(self.columns.start) if self.columns else 0
        body = _joined(parts)
        if skipped > 0:
            body = list(Segment.divide(body, [skipped, skipped + self.width + 1]))[1]
        body = Segment.adjust_line_length(body, room, base)
        # Strips are dear: one a line.
        return Strip([gutter, *body], self.gutter + room)


def _joined(parts: list[Segment]) -> list[Segment]:
    """Neighbours of one style as one."""
    joined: list[Segment] = []
    texts: list[str] = []
    style = None
    for part in parts:
        if part.style is not style and texts:
            joined.append(Segment("".join(texts), style))
            texts = []
        style = part.style
        texts.append(part.text)
    if texts:
        joined.append(Segment("".join(texts), style))
    return joined


def gutter_of(last_number: int) -> int:
    """Return the cells that numbers up to this (from 0) take: mark, number, blank and line."""
    return width_of(f"{max(0, last_number) + 1:,}") + 3
