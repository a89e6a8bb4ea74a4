"""The rows that a run yielded: a table for each output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.widgets import Static, Tab, Tabs

from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_source import (
    MemoryTable,
    ParquetTable,
    UnreadableTableError,
)
from casparian.core.dev_session.early_rows import early_table

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        self._chosen = ""
        self._early: Mapping[str, EarlyRows] = {}
        self._coming = 0
        self._shown: EarlyRows | OutputFiles | None = None
        self._open: ParquetTable | None = None

    def compose(self) -> ComposeResult:
        """The outputs' names, a line that tells if they are old, the table."""
        yield Tabs(id="output-names")
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
        tabs = self.query_one("#output-names", Tabs)
        tabs.display = len(names) > 1
        if names == self._names:
            return
        self._names = names
        if self._chosen not in names:
            self._chosen = names[0] if names else ""
        with self.prevent(Tabs.TabActivated, Tabs.Cleared):
            tabs.clear()
            for name in names:
                tabs.add_tab(Tab(Text(name), id=f"output-{name}"))
            if self._chosen:
                tabs.active = f"output-{self._chosen}"

    @on(Tabs.TabActivated, "#output-names")
    def _choose(self, event: Tabs.TabActivated) -> None:
        event.stop()
        self._chosen = (event.tab.id or "").removeprefix("output-")
        self._show_rows()

    def _show_rows(self) -> None:
        table = self.query_one(TableArea).table
        early = self._early.get(self._chosen)
        output = None if self._result is None else self._result.output(self._chosen)
        rows = 0 if early is None else max(early.rows, self._coming)
        if (early or output) == self._shown:
            table.still_coming(rows)
            return
        self._shown = early or output
        before, self._open = self._open, None
        try:
            if early is not None:
                table.show(MemoryTable(early_table(early)), coming=rows)
            elif output is None or output.rows is None:
                table.clear()
            else:
                self._open = ParquetTable(output.rows)
                table.show(self._open)
        except UnreadableTableError as error:
            table.clear()
            self.notify(error.message, severity="error", markup=False)
        if before is not None:
            before.close()

    def on_unmount(self) -> None:
        """Let go of the file."""
        if self._open is not None:
            self._open.close()
