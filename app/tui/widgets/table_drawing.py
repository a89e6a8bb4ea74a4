"""How an `ArrowTable` is laid out and drawn: of any number of rows, those that are in sight."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView

from casparian.app.tui.widgets.part_style import part_style
from casparian.app.tui.widgets.table_pages import TablePages, read_page
from casparian.app.tui.widgets.table_painting import Look, Page, Painter, Selection
from casparian.app.tui.widgets.table_view import MARK_GLYPHS, TableView

if TYPE_CHECKING:
    from rich.style import Style
    from textual.strip import Strip

    from casparian.app.tui.widgets.answers import Questions

HEADER_LINES: Final = 2

Question = Literal["arrange", "page", "find", "copy", "export", "cell"]
"""What takes so long that a thread does it."""


class TableDrawing(ScrollView):
    """The part of the table that a terminal sees."""

    def __init__(
        self,
        view: TableView,
        *,
        name: str | None,
        id: str | None,  # noqa: A002
        classes: str | None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._view = view
        self._pages = TablePages(view)
        self._selection = Selection(0, 0)
        self._sought = ""
        self._cursor_in_sight = True
        self._painting: tuple[Painter, Page] | None = None
        self._questions: Questions[Question]

    def _tell(self, *, note: str | None = None, problem: str | None = None) -> None:
        """Say what is to be said of the table now."""
        raise NotImplementedError

    @property
    def _room(self) -> Size:
        """Cells for columns, and lines for rows."""
        size = self.scrollable_content_region.size
        return Size(max(1, size.width - self._pages.gutter), max(1, size.height - HEADER_LINES))

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self._lay_out()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Remember whether the cursor was scrolled out of sight."""
        super().watch_scroll_y(old_value, new_value)
        self._cursor_in_sight = self._selection.place in range(
            self.scroll_offset.y, self.scroll_offset.y + self._room.height
        )

    def _look_ahead(self) -> None:
        """Read and measure what is at hand of the page: then it is laid out only once."""
        room, (left, first) = self._room, self.scroll_offset
        first = max(0, min(first, self._view.shown.count - room.height))
        self._pages.look(first, room.height, left, room.width)

    def _lay_out(self) -> None:
        """Give the scrollbars what they stand for, and keep the cursor where it was: in sight."""
        self._pages.layout.fit(self._room.width)
        self.virtual_size = Size(self._pages.width, self._view.shown.count + HEADER_LINES)
        if self._cursor_in_sight:
            self._reveal()
        self.refresh()

    def _reveal(self) -> None:
        """Scroll as little as shows the cursor's cell."""
        layout, room, at = self._pages.layout, self._room, self._selection
        layout.fit(room.width)
        top, left = self.scroll_offset.y, self.scroll_offset.x
        top = min(max(top, at.place - room.height + 1), at.place)
        if at.column < len(layout.names):
            start, end = layout.start(at.column), layout.start(at.column + 1)
            left = min(max(left, end - room.width), start)
        self.scroll_to(left, top, animate=False)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        if self._painting is None:
            self._painting = self._paint()
        painter, page = self._painting
        if not len(self._view.source.schema):
            return painter.empty()  # not even a header
        if y == 0:
            return painter.names()
        if y == 1:
            return painter.types()
        place = self.scroll_offset.y + y - HEADER_LINES
        if place < page.first + len(page.rows):
            return painter.row(page, place)
        return painter.empty()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of one paint, which all see the same page."""
        self._painting = None
        return super().render_lines(crop)

    def _paint(self) -> tuple[Painter, Page]:
        """What this paint draws; what has to be read for it is asked for."""
        room, (left, first) = self._room, self.scroll_offset
        width = room.width + self._pages.gutter
        before = self._pages.width
        page, columns, missing = self._pages.page(first, room.height, left, room.width)
        if missing:
            source = self._view.source
            self._questions.ask("page", "reading…", partial(read_page, source, page, missing))
            self.call_later(self._tell)
        if self._pages.width != before:
            self.call_later(self._lay_out)
        painter = Painter(
            self._look,
            self._pages.layout,
            self._pages.gutter,
            left,
            width,
            columns,
            self._selection,
            self._view.sort,
            self._view.marks,
            self._view.numbers,
            self._sought,
        )
        return painter, page

    @property
    def _look(self) -> Look:
        def part(name: str) -> Style:
            return part_style(self, f"arrow-table--{name}")

        base = self.rich_style
        return Look(
            base=base,
            header=base + part("header"),
            type=base + part("type"),
            gutter=base + part("gutter"),
            null=part("null"),
            waiting=part("waiting"),
            cursor=part("cursor"),
            cursor_row=part("cursor-row"),
            selection=part("selection"),
            match=part("match"),
            marks={mark: part(mark) for mark in MARK_GLYPHS},
        )
