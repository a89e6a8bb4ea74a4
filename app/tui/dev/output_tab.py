"""The rows that a run yielded: a table for each output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.widgets import Static, Tab, Tabs

from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_source import ParquetTable, UnreadableTableError

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from casparian.core.dev_session.results import RunResult


class OutputTab(Vertical):
    """One output at a time; of an older run, if the newest has no rows."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._result: RunResult | None = None
        self._names: tuple[str, ...] = ()
        self._chosen = ""
        self._open: ParquetTable | None = None

    def compose(self) -> ComposeResult:
        """The outputs' names, a line that tells if they are old, the table."""
        yield Tabs(id="output-names")
        yield Static(id="output-stale")
        yield TableArea(id="output-table")

    def show(self, result: RunResult | None, *, stale: bool) -> None:
        """Show a run's outputs; the one that was looked at stays in view."""
        note = self.query_one("#output-stale", Static)
        note.display = stale
        if stale and result is not None:
            note.update(Text(f" ≈ rows of run {result.run}, the last that had any"))
        if result is self._result:
            return
        self._result = result
        names = () if result is None else tuple(output.name for output in result.outputs)
        tabs = self.query_one("#output-names", Tabs)
        tabs.display = len(names) > 1
        if names != self._names:
            self._names = names
            if self._chosen not in names:
                self._chosen = names[0] if names else ""
            with self.prevent(Tabs.TabActivated, Tabs.Cleared):
                tabs.clear()
                for name in names:
                    tabs.add_tab(Tab(Text(name), id=f"output-{name}"))
                if self._chosen:
                    tabs.active = f"output-{self._chosen}"
        self._show_rows()

    @on(Tabs.TabActivated, "#output-names")
    def _choose(self, event: Tabs.TabActivated) -> None:
        event.stop()
        self._chosen = (event.tab.id or "").removeprefix("output-")
        self._show_rows()

    def _show_rows(self) -> None:
        table = self.query_one(TableArea).table
        before, self._open = self._open, None
        output = None if self._result is None else self._result.output(self._chosen)
        try:
            if output is None or output.rows is None:
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
