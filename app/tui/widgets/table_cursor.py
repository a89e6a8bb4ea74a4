"""Where one is in an `ArrowTable`, what is selected there, and how keys move it."""

from __future__ import annotations

from dataclasses import replace

from casparian.app.tui.widgets.table_drawing import TableDrawing
from casparian.app.tui.widgets.table_painting import Selection


class TableCursor(TableDrawing):
    """The part of the table that keeps its place; it tells when that is in another row."""

    _note = _problem = ""

    def _tell_row(self) -> None:
        """Say in which row the cursor is now."""
        raise NotImplementedError

    def jump_to(self, number: int) -> bool:
        """Go to the row of this number, counted from 0; whether it is shown."""
        view = self._view
        row = view.numbers.row(number)
        place = None if row is None else view.shown.place_of(row)
        if place is None:
            last = view.last_number
            there = f"isn't there: {last + 1:,} is the last"
            if row is None:
                there = view.numbers.why
            elif 0 <= number <= last:
                there = "is filtered out"
            self._tell(problem=f"row {number + 1:,} {there}" if last >= 0 else "there are no rows")
            return False
        self.move_to(place, self._selection.column)
        return True

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
