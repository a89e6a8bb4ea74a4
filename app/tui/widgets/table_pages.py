"""The part of a table that is on screen: cells, fetched and measured as they come in sight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.app.tui.widgets.arranging import StaleError
from casparian.app.tui.widgets.cells import Cell, cells_of
from casparian.app.tui.widgets.column_layout import ColumnLayout
from casparian.app.tui.widgets.table_painting import WAITING, Page, gutter_of
from casparian.app.tui.widgets.table_source import UnreadableTableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from casparian.app.tui.widgets.table_source import TableSource
    from casparian.app.tui.widgets.table_view import TableView

#: Of so many columns the first rows are looked at before the first paint.
_SAMPLED_COLUMNS: Final = 64
_SAMPLED_ROWS: Final = 24


@dataclass(frozen=True, slots=True)
class ReadPage:
    """Cells that a thread has read for a page."""

    page: Page
    cells: Mapping[int, list[Cell]]


class TablePages:
    """The page of a view that is on screen. Never waits for a file."""

    def __init__(self, view: TableView) -> None:
        self._view = view
        self.layout = ColumnLayout(view.source.schema)
        self.gutter = gutter_of(view.last_number)
        """Cells that row numbers take."""
        self._page: Page | None = None
        rows = view.shown.at(0, _SAMPLED_ROWS)
        for column in range(min(_SAMPLED_COLUMNS, len(view.source.schema))):
            cells = self._at_hand(column, rows)
            if cells is not None:
                self._see(column, cells)

    @property
    def width(self) -> int:
        """Cells that all of it takes."""
        return self.gutter + self.layout.total

    def page(self, first: int, rows: int, left: int, room: int) -> tuple[Page, range, list[int]]:
        """Return what stands on screen, the columns in sight, and those that a thread must read.

        Args:
            first: the place of the first row.
            rows: how many fit.
            left: cells of columns that are left of the screen.
            room: cells for columns.
        """
        page = self.look(first, rows, left, room)
        missing: list[int] = []
        while True:
            self.layout.fit(room)
            columns = self.layout.visible(left, room)
            new = [column for column in columns if column not in page.cells]
            if not new:
                return page, columns, missing
            for column in new:
                cells = self._at_hand(column, page.rows)
                if cells is None:
                    page.cells[column] = [WAITING] * len(page.rows)
                    missing.append(column)
                else:
                    self._put(page, column, cells)

    def look(self, first: int, rows: int, left: int, room: int) -> Page:
        """Take what is at hand of the same, and measure it; returns the page."""
        shown = self._view.shown.at(first, first + rows)
        page = self._page
        if page is None or page.first != first or len(page.rows) != len(shown):
            page = self._page = Page(first, shown)
        away: set[int] = set()
        while True:
            self.layout.fit(room)
            columns = self.layout.visible(left, room)
            new = [each for each in columns if each not in page.cells and each not in away]
            if not new:
                return page
            for column in new:
                cells = self._at_hand(column, page.rows)
                if cells is None:
                    away.add(column)
                else:
                    self._put(page, column, cells)

    def bring(self, read: ReadPage) -> bool:
        """Take what a thread has read for a page; whether that is still on screen."""
        if read.page is not self._page:
            return False
        for column, cells in read.cells.items():
            self._put(read.page, column, cells)
        return True

    def change(self, view: TableView) -> None:
        """Show other rows of the same source."""
        self._view = view
        self._page = None

    def _at_hand(self, column: int, rows: npt.NDArray[np.int64]) -> list[Cell] | None:
        """A column's cells, if they are there at once; what can't be read, a thread finds out."""
        source = self._view.source
        if not source.at_hand([column], rows):
            return None
        try:
            return cells_of(source.take(column, rows))
        except UnreadableTableError:
            return None

    def _put(self, page: Page, column: int, cells: list[Cell]) -> None:
        page.cells[column] = cells
        self._see(column, cells)

    def _see(self, column: int, cells: Sequence[Cell]) -> None:
        self.layout.see(column, max((cell.width for cell in cells), default=0))


def read_page(
    source: TableSource, page: Page, columns: Sequence[int], stale: Callable[[], bool]
) -> ReadPage:
    """Read cells that aren't at hand: for threads. Raises `UnreadableTableError`."""
    cells: dict[int, list[Cell]] = {}
    for column in columns:
        if stale():
            raise StaleError
        cells[column] = cells_of(source.take(column, page.rows))
    return ReadPage(page, cells)
