"""`ArrowTable`: the visible lines of a table of any length, drawn straight from Arrow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from rich.style import Style
from textual import events, on
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView

from casparian.app.tui.widgets import table_taking as taking
from casparian.app.tui.widgets.answers import Answered, Questions
from casparian.app.tui.widgets.arranging import Found, Sort, arranged, find
from casparian.app.tui.widgets.cells import type_text
from casparian.app.tui.widgets.copying import Copy, Form
from casparian.app.tui.widgets.exporting import check_export
from casparian.app.tui.widgets.table_filter import parse_filter
from casparian.app.tui.widgets.table_keys import TABLE_BINDINGS
from casparian.app.tui.widgets.table_pages import ReadPage, TablePages, read_page
from casparian.app.tui.widgets.table_painting import Look, Page, Painter, Selection
from casparian.app.tui.widgets.table_taking import CellValue, Written
from casparian.app.tui.widgets.table_view import MARK_GLYPHS, Marks, TableStatus, TableView
from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType
    from textual.strip import Strip

    from casparian.app.tui.widgets.table_source import TableSource

HEADER_LINES: Final = 2

Asked = Literal["find", "filter", "jump", "export"]
_Question = Literal["arrange", "page", "find", "copy", "export", "cell"]


class ArrowTable(ScrollView, can_focus=True):
    """A table of a `TableSource`; only what is on screen is ever turned into text.

    Rows have two numbers: their *place* on screen order, and their *row* in the source. Both are
    counted from 0, and shown from 1.
    """

    ALLOW_SELECT = False  # of the terminal's kind; there is a selection of cells
    BINDING_GROUP_TITLE = "Table"
    BINDINGS: ClassVar[list[BindingType]] = [*TABLE_BINDINGS]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "arrow-table--header",
        "arrow-table--type",
        "arrow-table--gutter",
        "arrow-table--null",
        "arrow-table--waiting",
        "arrow-table--cursor",
        "arrow-table--cursor-row",
        "arrow-table--selection",
        "arrow-table--match",
        *(f"arrow-table--{mark}" for mark in MARK_GLYPHS),
    }

    @dataclass
    class StatusChanged(Message):
        """What is to be said of the table is another now."""

        table: ArrowTable
        status: TableStatus

        def can_replace(self, message: Message) -> bool:
            """Only the newest is worth showing."""
            return isinstance(message, ArrowTable.StatusChanged) and message.table is self.table

        @property
        def control(self) -> ArrowTable:
            """The table."""
            return self.table

    @dataclass
    class RowHighlighted(Message):
        """The cursor is on another row. ``row`` is the source's."""

        table: ArrowTable
        row: int

        @property
        def control(self) -> ArrowTable:
            """The table."""
            return self.table

    @dataclass
    class CellSelected(Message):
        """Enter or a double click on a cell, with the whole value that stands there."""

        table: ArrowTable
        value: CellValue

        @property
        def control(self) -> ArrowTable:
            """The table."""
            return self.table

    @dataclass
    class Copied(Message):
        """Something went to the clipboard."""

        table: ArrowTable
        copy: Copy

        @property
        def control(self) -> ArrowTable:
            """The table."""
            return self.table

    @dataclass
    class ColumnWanted(Message):
        """A key asked for what is in a column of the rows that are shown."""

        table: ArrowTable
        column: int

        @property
        def control(self) -> ArrowTable:
            """The table."""
            return self.table

    @dataclass
    class PromptWanted(Message):
        """A key asked for a text, which `ArrowTable.answer` takes."""

        table: ArrowTable
        asked: Asked

        @property
        def control(self) -> ArrowTable:
            """The table."""
            return self.table

    def __init__(
        self,
        source: TableSource | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._view = TableView.empty() if source is None else TableView.plain(source)
        self._pages = TablePages(self._view)
        self._selection = Selection(0, 0)
        self._sought = ""
        self._note = self._problem = ""
        self._cursor_in_sight = True
        self._painting: tuple[Painter, Page] | None = None
        self._dragged_from: Selection | None = None
        self._questions: Questions[_Question] = Questions(self)

    def on_mount(self) -> None:
        """Say what is there."""
        self._tell()

    @property
    def view(self) -> TableView:
        """What is shown, and how."""
        return self._view

    def show(
        self,
        source: TableSource,
        *,
        marks: Marks | None = None,
        out_of: int | None = None,
        coming: int | None = None,
    ) -> None:
        """Show another source; filter, order and cursor stay as far as its columns allow it.

        ``out_of`` says how many rows there are in all, if the source is a part of them, and
        ``coming`` how many have come if there are more to come. What was shown before stays until
        the new rows are filtered and sorted.
        """
        old, new = self._view, TableView.plain(source, marks=marks, out_of=out_of, coming=coming)
        sort = None
        if old.sort is not None:
            name = old.source.schema.field(old.sort.column).name
            if source.schema.names.count(name) == 1:
                sort = replace(old.sort, column=source.schema.names.index(name))
        self._note = self._problem = ""
        self._arrange(new, old.filter, sort)

    def still_coming(self, rows: int) -> None:
        """Say that so many rows have come by now, of which the first are shown."""
        if self._view.coming not in (None, rows):
            self._view = replace(self._view, coming=rows)
            self._tell()

    def clear(self) -> None:
        """Show nothing."""
        self._questions.forget("arrange", "copy", "export", "cell")
        self._sought = ""
        self._begin(TableView.empty())

    def mark(self, marks: Marks) -> None:
        """Mark rows and cells of what is shown."""
        self._view = replace(self._view, marks=marks)
        self.refresh()

    def filter_by(self, written: str) -> None:
        """Show only rows that a filter keeps; empty for all. An error is shown, never raised."""
        self._arrange(self._view.plainly(), written.strip(), self._view.sort)

    def sort_by(self, column: int | None, *, descending: bool = False) -> None:
        """Sort by a column; None for the order in which the rows came."""
        sort = None if column is None else Sort(column, descending)
        self._arrange(self._view.plainly(), self._view.filter, sort)

    def find(self, text: str, *, backwards: bool = False) -> None:
        """Go to the next cell that contains a text, whatever its case, and highlight them all."""
        self._sought = text.lower()
        self.refresh()
        if not text:
            self._tell(note="")
            return
        view, at = self._view, self._selection
        self._questions.ask(
            "find",
            "searching…",
            lambda stale: find(
                view.source,
                view.shown,
                text,
                place=at.place,
                column=at.column,
                backwards=backwards,
                stale=stale,
            ),
        )
        self._tell()

    def jump_to(self, row: int) -> bool:
        """Go to one of the source's rows, counted from 0; whether it is shown."""
        place = self._view.shown.place_of(row)
        if place is None:
            total = self._view.source.num_rows
            there = "is filtered out" if 0 <= row < total else f"isn't there: {total:,} is the last"
            self._tell(problem=f"row {row + 1:,} {there}" if total else "there are no rows")
            return False
        self.move_to(place, self._selection.column)
        return True

    def answer(self, asked: Asked, written: str) -> None:
        """Do what was asked for by `PromptWanted`, with what a person wrote."""
        if asked == "find":
            self.find(written)
        elif asked == "filter":
            self.filter_by(written)
        elif asked == "export":
            self.export_to(Path(written.strip()).expanduser())
        else:
            digits = written.strip().replace(",", "").replace("_", "")
            if digits.isdecimal() and int(digits) > 0:
                self.jump_to(int(digits) - 1)
            elif digits:
                self._tell(problem=f"{written.strip()!r} is no row's number")

    def export_to(self, path: Path) -> None:
        """Write the rows that are shown to a file, in their order."""
        view = self._view
        try:
            check_export(path)
        except CasparianError as error:
            self._tell(problem=_said(error))
            return
        self._questions.ask(
            "export", "writing…", lambda stale: Written(taking.exported(view, path, stale), path)
        )
        self._tell()

    @property
    def status(self) -> TableStatus:
        """What is to be said of it."""
        view, at = self._view, self._selection
        schema = view.source.schema
        there = bool(view.shown.count and len(schema))
        field = schema.field(at.column) if there else None
        sorted_by = ""
        if view.sort is not None:
            way = "▼" if view.sort.descending else "▲"
            sorted_by = f"{self._pages.layout.names[view.sort.column]} {way}"
        selected = ""
        if at.anchor is not None:
            selected = f"{len(at.places):,} × {len(at.columns):,} cells"
        return TableStatus(
            counts=view.counted(),
            place=at.place if there else None,
            column=self._pages.layout.names[at.column] if there else "",
            type="" if field is None else type_text(field),
            filter=view.filter,
            sorted_by=sorted_by,
            selected=selected,
            busy=self._questions.waiting_for,
            note=self._note,
            problem=self._problem,
        )

    @property
    def cursor(self) -> tuple[int, int] | None:
        """The source's row and the column under the cursor; None in an empty table."""
        if not self._view.shown.count or not len(self._view.source.schema):
            return None
        place = self._selection.place
        return int(self._view.shown.at(place, place + 1)[0]), self._selection.column

    def move_to(self, place: int, column: int, *, extend: bool = False) -> None:
        """Put the cursor on a cell, by its place; ``extend`` selects all on the way."""
        last_place = max(0, self._view.shown.count - 1)
        last_column = max(0, len(self._view.source.schema) - 1)
        place, column = min(max(0, place), last_place), min(max(0, column), last_column)
        old = self._selection
        anchor = (old.anchor or (old.place, old.column)) if extend else None
        self._selection = Selection(place, column, anchor)
        self._cursor_in_sight = True
        self._reveal()
        self.refresh()
        if self._note or self._problem:
            self._note = self._problem = ""
        self._tell()
        if place != old.place:
            self._tell_row()

    def action_move(self, rows: int, columns: int, extend: bool = False) -> None:
        """Move the cursor."""
        at = self._selection
        self.move_to(at.place + rows, at.column + columns, extend=extend)

    def action_page(self, pages: int) -> None:
        """Move the cursor, and the page with it."""
        rows = pages * max(1, self._room.height - 1)
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False)
        self.action_move(rows, 0)

    def action_to(self, place: int | None, column: int | None) -> None:
        """Move the cursor to the first (0) or last (-1) row or column."""
        at, last = self._selection, self._view.shown.count - 1
        columns = len(self._view.source.schema) - 1
        self.move_to(
            at.place if place is None else (last if place < 0 else place),
            at.column if column is None else (columns if column < 0 else column),
        )

    def action_marked(self, backwards: bool) -> None:
        """Go to the next marked row that is shown, around the end."""
        places = sorted(
            place
            for row in self._view.marks.marked_rows()
            if (place := self._view.shown.place_of(row)) is not None
        )
        if not places:
            self._tell(note="no row is marked")
            return
        here = self._selection.place
        if backwards:
            before = [place for place in places if place < here]
            target = before[-1] if before else places[-1]
        else:
            target = next((place for place in places if place > here), places[0])
        row = int(self._view.shown.at(target, target + 1)[0])
        bad = sorted(column for at, column in self._view.marks.cells if at == row)
        self.move_to(target, bad[0] if bad else self._selection.column)

    def action_select_all(self) -> None:
        """Select every cell that is shown; the cursor stays in sight."""
        at, view = self._selection, self._view
        if view.shown.count:
            self._selection = replace(
                at,
                place=0,
                column=0,
                anchor=(view.shown.count - 1, len(view.source.schema) - 1),
            )
            self.refresh()
            self._tell()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave keys to others that mean nothing now."""
        if action == "find_again":
            return bool(self._sought)
        if action == "back":
            return bool(self._selection.anchor or self._sought or self._view.filter)
        if action in {"open_cell", "statistics", "copy", "copy_rows", "select_all", "sort"}:
            return True if self.cursor is not None else None
        return True

    def action_ask(self, asked: Asked) -> None:
        """Have somebody ask for a text; for a file only where the app lets any be written."""
        check = getattr(self.app, "why_not_write", None)
        reason = check() if check is not None and asked == "export" else ""
        if reason:
            self._tell(problem=reason)
            return
        self.post_message(self.PromptWanted(self, asked))

    def action_find_again(self, backwards: bool) -> None:
        """Go to the next cell, or the one before, that has what was sought."""
        self.find(self._sought, backwards=backwards)

    def action_sort(self) -> None:
        """Sort by the cursor's column: upwards, downwards, not."""
        self._cycle(self._selection.column)

    def action_back(self) -> None:
        """End the selection, the search, the filter: the first that there is."""
        if self._selection.anchor is not None:
            self._selection = replace(self._selection, anchor=None)
        elif self._sought:
            self._questions.forget("find")
            self._sought = ""
        else:
            self.filter_by("")
        self.refresh()
        self._tell(note="")

    def action_open_cell(self) -> None:
        """Fetch the whole value under the cursor, and tell it."""
        view, at = self._view, self._selection
        self._questions.ask("cell", "", lambda _: taking.value_at(view, at.place, at.column))

    def action_statistics(self) -> None:
        """Have somebody show what is in the cursor's column."""
        self.post_message(self.ColumnWanted(self, self._selection.column))

    def action_copy(self) -> None:
        """Copy the cell, or the selected ones as TSV."""
        view, at = self._view, self._selection
        if at.anchor is not None:
            self._copy(lambda stale: taking.copied_rows(view, at.places, at.columns, "TSV", stale))
        else:
            self._copy(lambda _: taking.copied_value(view, at.place, at.column))

    def action_copy_rows(self, form: Form) -> None:
        """Copy the cursor's row, or the selected ones."""
        view, at = self._view, self._selection
        columns = range(len(view.source.schema)) if at.anchor is None else at.columns
        self._copy(lambda stale: taking.copied_rows(view, at.places, columns, form, stale))

    def _copy(self, work: Callable[[Callable[[], bool]], Copy]) -> None:
        self._questions.ask("copy", "copying…", work)
        self._tell()

    def _cycle(self, column: int) -> None:
        sort = self._view.sort
        if sort is None or sort.column != column:
            self.sort_by(column)
        else:
            self.sort_by(None if sort.descending else column, descending=not sort.descending)

    def _arrange(self, view: TableView, written: str, sort: Sort | None) -> None:
        """Show a view as soon as it is filtered and sorted; until then what was shown stays."""
        self._questions.forget("arrange")
        try:
            keep = parse_filter(written, view.source.schema)
        except CasparianError as error:
            if view.source is not self._view.source:
                self._begin(view)
            self._tell(problem=_said(error))
            return
        view = replace(view, filter=written, sort=sort)
        if keep is None and sort is None:
            self._begin(view)
            return
        words = " and ".join(["filtering"] * (keep is not None) + ["sorting"] * (sort is not None))
        self._questions.ask(
            "arrange",
            f"{words}…",
            lambda stale: replace(view, shown=arranged(view.source, keep, sort, stale)),
        )
        self._tell()

    def _begin(self, view: TableView) -> None:
        """Show a view; the cursor stays on its row and column if they are there."""
        old, at = self._view, self._selection
        self._questions.forget("page", "find")
        place, column = at.place, at.column
        if view.source is old.source:
            if old.shown.count:
                row = int(old.shown.at(place, place + 1)[0])
                found = view.shown.place_of(row)
                place = 0 if found is None else found
            self._pages.change(view)
        else:
            names = view.source.schema.names
            if column < len(old.source.schema):
                name = old.source.schema.names[column]
                column = names.index(name) if name in names else 0
            self._pages = TablePages(view)
        self._view = view
        place = min(place, max(0, view.shown.count - 1))
        self._selection = Selection(place, min(column, max(0, len(view.source.schema) - 1)))
        self._note = self._problem = ""
        self._look_ahead()
        self._lay_out()
        self._tell()
        self._tell_row()

    @on(Answered)
    def _take_answer(self, answered: Answered) -> None:
        if not self._questions.take(answered):
            return
        answer = answered.answer
        if isinstance(answer, CasparianError):
            self._tell(problem=_said(answer))
        elif isinstance(answer, Exception):
            self._tell(problem=str(answer) or type(answer).__name__)
        elif isinstance(answer, TableView):
            self._begin(answer)
        elif isinstance(answer, Copy):
            self.app.copy_to_clipboard(answer.text)
            self.post_message(self.Copied(self, answer))
            self._tell(note=answer.sentence)
        elif isinstance(answer, ReadPage):
            if self._pages.bring(answer):
                self._lay_out()
            self._tell()
        elif isinstance(answer, CellValue):
            self.post_message(self.CellSelected(self, answer))
        elif isinstance(answer, Written):
            self._tell(note=f"wrote {answer.rows:,} rows to {answer.path}")
        elif isinstance(answer, Found):
            self.move_to(answer.place, answer.column)
            wrapped = ", past the end of the table" if answer.wrapped else ""
            self._tell(note=f"found in {self.status.column}{wrapped}")
        else:
            self._tell(problem=f"{self._sought!r} is nowhere in the rows shown")

    def _tell(self, *, note: str | None = None, problem: str | None = None) -> None:
        if note is not None or problem is not None:
            self._note, self._problem = note or "", problem or ""
        self.post_message(self.StatusChanged(self, self.status))

    def _tell_row(self) -> None:
        if self.cursor is not None:
            self.post_message(self.RowHighlighted(self, self.cursor[0]))

    # Drawing

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
            self._sought,
        )
        return painter, page

    @property
    def _look(self) -> Look:
        def part(name: str) -> Style:
            """Only what this part adds, with its colours as they come out on the background."""
            names = f"arrow-table--{name}"
            full = self.get_component_rich_style(names)
            own = self.get_component_rich_style(names, partial=True)
            return own + Style(
                color=full.color if own.color else None,
                bgcolor=full.bgcolor if own.bgcolor else None,
            )

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

    # The mouse

    def _cell_at(self, event: events.MouseEvent) -> tuple[int, int] | None:
        """The place (-1 is the header) and column under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None or offset.x < self._pages.gutter:
            return None
        column = self._pages.layout.at(offset.x - self._pages.gutter + self.scroll_offset.x)
        if column is None:
            return None
        if offset.y < HEADER_LINES:
            return -1, column
        place = offset.y - HEADER_LINES + self.scroll_offset.y
        return (place, column) if place < self._view.shown.count else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor there; a selection begins, or with shift goes on."""
        cell = self._cell_at(event)
        if event.button != 1 or cell is None or cell[0] < 0:
            return
        self.move_to(*cell, extend=event.shift)
        self._dragged_from = self._selection
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select what the mouse is drawn over."""
        if self._dragged_from is None:
            return
        cell = self._cell_at(event)
        at = self._selection
        if cell is not None and cell[0] >= 0 and cell != (at.place, at.column):
            self.move_to(*cell, extend=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End drawing."""
        if self._dragged_from is not None:
            self._dragged_from = None
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Sort by a header; open a cell that is clicked twice."""
        cell = self._cell_at(event)
        if event.button != 1 or cell is None:
            return
        if cell[0] < 0:
            self._cycle(cell[1])
        elif event.chain == 2:
            self.action_open_cell()


def _said(error: CasparianError) -> str:
    return f"{error.message} · {error.hint}" if error.hint else error.message
