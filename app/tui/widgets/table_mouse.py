"""What the mouse does to an `ArrowTable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.app.tui.widgets.table_cursor import TableCursor
from casparian.app.tui.widgets.table_drawing import HEADER_LINES

if TYPE_CHECKING:
    from textual import events

    from casparian.app.tui.widgets.table_painting import Selection


class TableMouse(TableCursor):
    """The part of the table that a hand on the mouse moves."""

    _dragged_from: Selection | None = None

    def action_open_cell(self) -> None:
        """See `ArrowTable`."""
        raise NotImplementedError

    def _cycle(self, column: int) -> None:
        raise NotImplementedError

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
