"""The rows that a run yielded: a table for each output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.widgets import Static, Tab, Tabs

from casparian.app.tui.widgets.plain_text import plain
from casparian.app.tui.widgets.row_numbers import RowNumbers
from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_source import (
    MemoryTable,
    ParquetTable,
    UnreadableTableError,
)
from casparian.core.dev_session.early_rows import early_table
from casparian.core.quarantine_rows import row_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt
    from textual.app import ComposeResult

    from casparian.app.tui.dev.state import Running
    from casparian.core.dev_session.events import EarlyRows
    from casparian.core.dev_session.results import OutputFiles, RunResult


class OutputTab(Vertical):
    """One output at a time; of an older run, if the newest has no rows."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._result: RunResult | None = None
        self._names: tuple[str, ...] = ()
        self._tabs: Tabs | None = None
        self._chosen = ""
        self._early: Mapping[str, EarlyRows] = {}
        self._coming = 0
        self._shown: EarlyRows | OutputFiles | None = None
        self._open: ParquetTable | None = None

    def compose(self) -> ComposeResult:
        """A line that tells if rows are old, and the table. Above are the names, if several."""
        yield Static(id="output-stale")
        yield TableArea(id="output-table")

    def show(self, result: RunResult | None, *, stale: bool, coming: Running | None = None) -> None:
        """Show a run's outputs; the one that was looked at stays in view.

        ``coming`` is a run that goes on: of an output whose first rows it has told of, they are
        shown in place of the older ones.
        """
        self._result = result
        self._early = {} if coming is None else coming.early
        self._coming = 0 if coming is None else coming.rows
        self._show_names()
        note = self.query_one("#output-stale", Static)
        note.display = stale and self._chosen not in self._early
        if note.display and result is not None:
            note.update(Text(f" ≈ rows of run {result.run}, the last that had any"))
        self._show_rows()

    def _show_names(self) -> None:
        known = () if self._result is None else (output.name for output in self._result.outputs)
        names = tuple(dict.fromkeys([*known, *self._early]))
        if names == self._names:
            return
        self._names = names
        if self._chosen not in names:
            self._chosen = names[0] if names else ""
        # Tabs that are told to go do so a while later, when others of their names may have come:
        # so other names get another row of tabs.
        old, self._tabs = self._tabs, None
        if len(names) > 1:
            active = f"output-{names.index(self._chosen)}"
            tabs = [Tab(Text(plain(name)), id=f"output-{at}") for at, name in enumerate(names)]
            self._tabs = Tabs(*tabs, active=active, classes="output-names")
        self.call_later(self._replace_tabs, old, self._tabs)

    async def _replace_tabs(self, old: Tabs | None, new: Tabs | None) -> None:
        if new is not None and new is self._tabs:
            await self.mount(new, before="#output-stale")
        if old is not None and old.is_attached:
            if old.has_focus and new is not None and new.is_attached:
                self.screen.set_focus(new)
            await old.remove()

    @on(Tabs.TabActivated, ".output-names")
    def _choose(self, event: Tabs.TabActivated) -> None:
        event.stop()
        if event.tabs is self._tabs:
            self._chosen = self._names[int((event.tab.id or "").removeprefix("output-"))]
            self._show_rows()

    def _show_rows(self) -> None:
        table = self.query_one(TableArea).table
        early = self._early.get(self._chosen)
        output = None if self._result is None else self._result.output(self._chosen)
        # How many have come is known of all outputs together.
        rows = 0 if early is None or len(self._names) > 1 else max(early.rows, self._coming)
        if (early or output) == self._shown:
            if early is not None:
                table.still_coming(rows)
            return
        self._shown = early or output
        before, self._open = self._open, None
        try:
            if early is not None:
                numbers = _numbers(early.left_out)
                table.show(MemoryTable(early_table(early)), coming=rows, numbers=numbers)
            elif output is None or output.rows is None:
                table.clear()
            else:
                self._open = ParquetTable(output.rows)
                table.show(self._open, numbers=_numbers_beside(output.quarantine))
        except UnreadableTableError as error:
            table.clear()
            self.notify(error.message, severity="error", markup=False)
        if before is not None:
            before.close()

    def show_next(self) -> bool:
        """Show the output after the one in view; whether there are several."""
        if self._tabs is None:
            return False
        self._tabs.action_next_tab()
        return True

    def on_unmount(self) -> None:
        """Let go of the file."""
        if self._open is not None:
            self._open.close()


def _numbers_beside(quarantine: Path | None) -> RowNumbers:
    """Return the rows' numbers in what the parser yielded: those of a reason, and of Quarantine."""
    if quarantine is None:
        return RowNumbers()
    try:
        return _numbers(row_numbers(quarantine))
    except (OSError, pa.ArrowException) as error:
        raise UnreadableTableError(f"cannot read {quarantine}: {error}") from error


def _numbers(rejected: npt.ArrayLike) -> RowNumbers:
    return RowNumbers(rejected, why="is quarantined")
