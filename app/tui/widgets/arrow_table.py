"""`ArrowTable`: the visible lines of a table of any length, drawn straight from Arrow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from textual import on

from casparian.app.tui.widgets import table_messages as messages
from casparian.app.tui.widgets import table_taking as taking
from casparian.app.tui.widgets.answers import Answered, Questions
from casparian.app.tui.widgets.arranging import Found, Sort, find
from casparian.app.tui.widgets.cells import type_text
from casparian.app.tui.widgets.copying import Copy, Form
from casparian.app.tui.widgets.exporting import check_export
from casparian.app.tui.widgets.table_filter import parse_filter
from casparian.app.tui.widgets.table_keys import TABLE_BINDINGS
from casparian.app.tui.widgets.table_mouse import TableMouse
from casparian.app.tui.widgets.table_pages import ReadPage, TablePages
from casparian.app.tui.widgets.table_painting import Selection
from casparian.app.tui.widgets.table_taking import CellValue, Unarranged, Written
from casparian.app.tui.widgets.table_view import MARK_GLYPHS, Marks, TableStatus, TableView
from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType

    from casparian.app.tui.widgets.row_numbers import RowNumbers
    from casparian.app.tui.widgets.table_source import TableSource


class ArrowTable(TableMouse, can_focus=True):
    """A table of a `TableSource`; only what is on screen is ever turned into text.

    Rows have a *place* on screen and are a *row* of the source, both counted from 0. What people
    see and write is a row's *number*, from 1: the same as its row, unless others came between.
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

    StatusChanged: TypeAlias = messages.StatusChanged
    RowHighlighted: TypeAlias = messages.RowHighlighted
    CellSelected: TypeAlias = messages.CellSelected
    Copied: TypeAlias = messages.Copied
    ColumnWanted: TypeAlias = messages.ColumnWanted
    PromptWanted: TypeAlias = messages.PromptWanted

    def __init__(
        self,
        source: TableSource | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        view = TableView.empty() if source is None else TableView.plain(source)
        super().__init__(view, name=name, id=id, classes=classes)
        self._note = self._problem = ""
        self._questions = Questions(self)

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
        numbers: RowNumbers | None = None,
    ) -> None:
        """Show another source; filter, order and cursor stay as far as its columns allow it.

        ``out_of`` says how many rows there are in all, if the source is a part of them, and
        ``coming`` how many have come if there are more to come. What was shown before stays until
        the new rows are filtered and sorted.
        """
        old = self._view
        new = TableView.plain(source, marks=marks, out_of=out_of, coming=coming, numbers=numbers)
        sort = None
        if old.sort is not None:
            name = old.source.schema.field(old.sort.column).name
            if source.schema.names.count(name) == 1:
                sort = replace(old.sort, column=source.schema.names.index(name))
        self._note = self._problem = ""
        if coming is None and old.coming is not None:
            # Even if it takes a while until the new rows are shown, of these there are no more.
            self._view = replace(old, coming=None)
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

    def filter_by(self, written: str) -> bool:
        """Show only rows that a filter keeps; empty for all. An error is shown, never raised."""
        return self._arrange(self._view.plainly(), written.strip(), self._view.sort)

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

    def answer(self, asked: messages.Asked, written: str) -> bool:
        """Do what was asked for by `PromptWanted`, with what a person wrote.

        False if that makes no sense, which is shown.
        """
        if asked == "filter":
            return self.filter_by(written)
        if asked == "export":
            return not written.strip() or self.export_to(Path(written.strip()).expanduser())
        if asked == "find":
            self.find(written)
            return True
        digits = written.strip().replace(",", "").replace("_", "")
        if digits.isdecimal() and int(digits) > 0:
            self.jump_to(int(digits) - 1)
        elif digits:
            self._tell(problem=f"{written.strip()!r} is no row's number")
            return False
        return True

    def export_to(self, path: Path) -> bool:
        """Write the rows that are shown to a file, in their order; False if it can't be one."""
        view = self._view
        try:
            check_export(path)
        except CasparianError as error:
            self._tell(problem=_said(error))
            return False
        self._questions.ask(
            "export", "writing…", lambda stale: Written(taking.exported(view, path, stale), path)
        )
        self._tell()
        return True

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave keys to others that mean nothing now."""
        if action == "find_again":
            return bool(self._sought)
        if action == "back":
            return bool(self._selection.anchor or self._sought or self._view.filter)
        if action in {"open_cell", "statistics", "copy", "copy_rows", "select_all", "sort"}:
            return True if self.cursor is not None else None
        return True

    def action_ask(self, asked: messages.Asked) -> None:
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

    def _arrange(self, view: TableView, written: str, sort: Sort | None) -> bool:
        """Show a view as soon as it is filtered and sorted; until then what was shown stays.

        False if the filter makes no sense, which is shown.
        """
        self._questions.forget("arrange")
        try:
            keep = parse_filter(written, view.source.schema)
        except CasparianError as error:
            if view.source is not self._view.source:
                self._begin(view)
            self._tell(problem=_said(error))
            return False
        view = replace(view, filter=written, sort=sort)
        if keep is None and sort is None:
            self._begin(view)
            return True
        words = " and ".join(["filtering"] * (keep is not None) + ["sorting"] * (sort is not None))
        self._questions.ask(
            "arrange",
            f"{words}…",
            lambda stale: taking.arranged_view(view, keep, sort, stale),
        )
        self._tell()
        return True

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
        if isinstance(answer, Exception):
            self._tell(problem=_said(answer))
        elif isinstance(answer, TableView):
            self._begin(answer)
        elif isinstance(answer, Unarranged):
            if answer.view.source is not self._view.source:
                self._begin(answer.view.plainly())
            self._tell(problem=_said(answer.error))
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


def _said(error: Exception) -> str:
    if not isinstance(error, CasparianError):
        return str(error) or type(error).__name__
    return f"{error.message} · {error.hint}" if error.hint else error.message
