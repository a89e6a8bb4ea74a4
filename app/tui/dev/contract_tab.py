"""What the contract declares against what came, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.widgets import Static

from casparian.app.tui.dev.accepting import without_contract
from casparian.app.tui.dev.tab_keys import IN_CONTRACT, ColumnsTable, cursor_moved
from casparian.app.tui.widgets.arrow_table import ArrowTable
from casparian.app.tui.widgets.saying import say
from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_source import MemoryTable
from casparian.app.tui.widgets.table_view import Mark, Marks
from casparian.core.dev_session.seen import SeenColumn, seen_columns, seen_table

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from casparian.core.dev_session.results import RunResult


class ContractTab(Vertical):
    """A line for each column; those with bad cells are marked."""

    BINDINGS: ClassVar[list[BindingType]] = IN_CONTRACT

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._shown: tuple[RunResult | None, bool] = (None, False)
        self._columns: list[SeenColumn] = []
        self._at = 0

    @property
    def place(self) -> tuple[str, str] | None:
        """The output and the column under the cursor."""
        if self._at >= len(self._columns):
            return None
        column = self._columns[self._at]
        return column.output, column.name

    @on(ArrowTable.RowHighlighted)
    def _look_at_row(self, event: ArrowTable.RowHighlighted) -> None:
        event.stop()
        self._at = event.row
        cursor_moved(self)

    def compose(self) -> ComposeResult:
        """A sentence, and the columns."""
        yield Static(id="contract-sentence")
        yield TableArea(table=ColumnsTable(), id="contract-columns")

    def show(self, result: RunResult | None, *, stale: bool = False) -> None:
        """Show a run's columns; ``stale``: it is not the newest, which had none."""
        before, self._shown = self._shown, (result, stale)
        if result is before[0]:
            if result is not None and stale != before[1]:
                say(self.query_one("#contract-sentence", Static), _sentence(result, stale))
            return
        table = self.query_one(TableArea).table
        sentence = self.query_one("#contract-sentence", Static)
        self._columns = []
        if result is None:
            say(sentence, "")
            table.clear()
            return
        say(sentence, _sentence(result, stale))
        try:
            self._columns = columns = seen_columns(result)
        except (OSError, pa.ArrowException) as error:
            table.clear()
            self.notify(f"the run's rows can't be read: {error}", severity="error", markup=False)
            return
        rows: dict[int, Mark] = {
            at: "bad" for at, column in enumerate(columns) if column.bad or column.violates
        }
        table.show(MemoryTable(seen_table(columns)), marks=Marks(rows=rows))


def _sentence(result: RunResult, stale: bool) -> Text:
    """Say what the columns are held to, and of which run they are if that is not the newest."""
    text = Text()
    if stale:
        text.append(f"≈ columns of run {result.run}, the last that had any · ")
    if result.contract is not None:
        said = f"contract {result.contract.hash[:12]}"
        error = result.report.error
        if result.report.quarantine_total or (error is not None and error.kind == "contract"):
            said += " · a lets a marked column pass"
    elif result.knows_contract:
        said = (
            "no contract: types are inferred, and nothing is quarantined "
            "(casparian contract infer proposes one)"
        )
    else:
        said = without_contract(result)
    return text.append(said, "dim")
