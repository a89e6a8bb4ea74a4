"""`TableArea`: a table with what is said of it, and a line to type in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.widgets import Static

from casparian.app.tui.widgets.arrow_table import ArrowTable
from casparian.app.tui.widgets.cell_screen import CellScreen
from casparian.app.tui.widgets.plain_text import plain
from casparian.app.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from casparian.app.tui.widgets.table_messages import Asked
    from casparian.app.tui.widgets.table_view import TableStatus

_PROMPTS: Final[Mapping[Asked, tuple[str, str]]] = {
    "find": ("find", "a text in any cell"),
    "filter": ("filter", "a text, or age > 30, name ~ ada, x is null; and, or"),
    "jump": ("row", "its number"),
    "export": ("write to", "a new file: .csv, .jsonl or .parquet"),
}


class TableArea(Vertical):
    """An `ArrowTable` that needs nothing around it. ``table`` is where rows are shown."""

    def __init__(
        self,
        *,
        table: ArrowTable | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.table = ArrowTable() if table is None else table
        self._prompt: Prompt[Asked] = Prompt()
        self._status = Static(classes="table-status", markup=False)

    def compose(self) -> ComposeResult:
        """The table, the prompt while it is wanted, and what is said."""
        yield self.table
        yield self._prompt
        yield self._status

    @on(ArrowTable.PromptWanted)
    def _ask(self, wanted: ArrowTable.PromptWanted) -> None:
        wanted.stop()
        words, hint = _PROMPTS[wanted.asked]
        before = self.table.view.filter if wanted.asked == "filter" else ""
        self._prompt.ask(wanted.asked, words, hint, before)

    @on(Prompt.Answered)
    def _answer(self, answered: Prompt.Answered) -> None:
        answered.stop()
        if answered.text is None or self.table.answer(answered.asked, answered.text):
            self.table.focus()
        else:  # what is wrong stands below, and what was typed can be mended
            self._prompt.ask(answered.asked, *_PROMPTS[answered.asked], answered.text)

    @on(ArrowTable.CellSelected)
    def _open(self, selected: ArrowTable.CellSelected) -> None:
        self.app.push_screen(CellScreen(selected.value))

    @on(ArrowTable.ColumnWanted)
    def _look_through(self, wanted: ArrowTable.ColumnWanted) -> None:
        from casparian.app.tui.widgets.column_screen import ColumnScreen  # few tables are asked

        wanted.stop()
        self.app.push_screen(ColumnScreen(self.table.view, wanted.column))

    @on(ArrowTable.StatusChanged)
    def _say(self, changed: ArrowTable.StatusChanged) -> None:
        self._status.set_class(bool(changed.status.problem), "-problem")
        self._status.update(status_text(changed.status), layout=False)


def status_text(status: TableStatus) -> Text:
    """Return a status as one line: the counts, then the most urgent first."""
    said = [status.counts]
    if status.busy:
        said.append(status.busy)
    if status.problem:
        said.append(f"✗ {status.problem}")
    elif status.note:
        said.append(status.note)
    if status.filter:
        said.append(f"filter: {status.filter}")
    if status.sorted_by:
        said.append(f"by {status.sorted_by}")
    if status.selected:
        said.append(status.selected)
    elif status.place is not None and not (status.note or status.problem):
        said.append(f"{status.column} {status.type}")
    return Text(plain(" · ".join(said)), no_wrap=True, overflow="ellipsis")
