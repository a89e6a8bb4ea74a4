"""The rows that were refused: by reason, then row by row, the bad cells marked, the hint below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.table import Table
from rich.text import Text
from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from casparian.app.tui.dev.tab_keys import IN_QUARANTINE, BadRowsTable, cursor_moved
from casparian.app.tui.widgets.arrow_table import ArrowTable
from casparian.app.tui.widgets.saying import say
from casparian.app.tui.widgets.splitter import Splitter
from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_source import MemoryTable
from casparian.app.tui.widgets.table_view import Marks
from casparian.core.quarantine_rows import QuarantineRows, rows_of_group
from casparian.core.words import counted

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from casparian.core.dev_session.results import RunResult
    from casparian.core.quarantine import ReasonGroup

#: Rows of a group that are shown; the run's file has all of them.
_MOST: Final = 5_000


class QuarantineTab(Horizontal):
    """The groups at the left, the rows of the one under the cursor at the right."""

    BINDINGS: ClassVar[list[BindingType]] = IN_QUARANTINE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._result: RunResult | None = None
        self._groups: tuple[ReasonGroup, ...] = ()
        self._rows: QuarantineRows | None = None
        self._at = 0

    def compose(self) -> ComposeResult:
        """Groups, rows, and why the row under the cursor is bad."""
        groups = OptionList(id="quarantine-groups")
        groups.border_title = "Reasons"
        yield groups
        yield Splitter("quarantine-groups", "left")
        with Vertical():
            yield TableArea(table=BadRowsTable(), id="quarantine-rows")
            yield Static(id="quarantine-why")

    @property
    def place(self) -> tuple[str, str] | None:
        """The output and the column of the reason under the cursor."""
        at = self.query_one("#quarantine-groups", OptionList).highlighted
        if at is None or at >= len(self._groups):
            return None
        return self._groups[at].output, self._groups[at].column

    @property
    def row(self) -> tuple[int, list[str | None]] | None:
        """The number of the row under the cursor, from 1, and its cells."""
        if self._rows is None or self._at >= self._rows.table.num_rows:
            return None
        number, *cells = self._rows.table.slice(self._at, 1).to_pylist()[0].values()
        return number, cells

    def show(self, result: RunResult | None) -> None:
        """Show what a run refused."""
        if result is self._result:
            return
        self._result = result
        self._groups = () if result is None else result.report.groups
        groups = self.query_one("#quarantine-groups", OptionList)
        chosen = groups.highlighted or 0
        groups.clear_options()
        # Of several outputs each may have a column of that name.
        several = result is not None and len(result.outputs) > 1
        groups.add_options([Option(_prompt(group, several)) for group in self._groups])
        rejected = 0 if result is None else result.report.quarantine_total
        groups.border_subtitle = counted(rejected, "row") if rejected else "none"
        if self._groups:
            groups.highlighted = min(chosen, len(self._groups) - 1)
        else:
            self._fill(None)

    @on(OptionList.OptionHighlighted, "#quarantine-groups")
    def _choose(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_index >= len(self._groups):
            return  # of a result that is not shown any more: the newer one tells its own
        cursor_moved(self)
        group, result = self._groups[event.option_index], self._result
        output = None if result is None else result.output(group.output)
        if output is None or output.quarantine is None:
            self._fill(None)
            return
        path = output.quarantine
        named = group.column != "…"  # what came after the first thousand groups has no names
        self.run_worker(
            lambda: self._read(path, group if named else None),
            group="quarantine-rows",
            exclusive=True,
            thread=True,
            exit_on_error=False,
        )

    def _read(self, path: Any, group: ReasonGroup | None) -> None:
        try:
            rows = rows_of_group(
                path,
                column=None if group is None else group.column,
                error_type=None if group is None else group.error_type,
                limit=_MOST,
            )
        except FileNotFoundError:
            return  # the run's files have gone: a newer run is about to be shown
        except OSError as error:
            self.app.call_from_thread(
                self.notify, f"{path}: {error}", severity="error", markup=False
            )
            return
        self.app.call_from_thread(self._fill_if_shown, path, rows)

    def _fill_if_shown(self, path: Any, rows: QuarantineRows) -> None:
        """Take rows from a thread, unless another run is looked at by now."""
        outputs = () if self._result is None else self._result.outputs
        if any(output.quarantine == path for output in outputs):
            self._fill(rows)

    def _fill(self, rows: QuarantineRows | None) -> None:
        self._rows = rows
        table = self.query_one(TableArea).table
        if rows is None:
            table.clear()
            say(self.query_one("#quarantine-why", Static), "")
            return
        names = rows.table.column_names
        cells = {
            (bad.row, names.index(bad.column)): "bad" for bad in rows.bad if bad.column in names
        }
        table.show(MemoryTable(rows.table), marks=Marks(cells=cells), out_of=rows.total)  # type: ignore[arg-type]
        self._explain(0)

    @on(ArrowTable.RowHighlighted)
    def _look_at_row(self, event: ArrowTable.RowHighlighted) -> None:
        event.stop()
        self._explain(event.row)

    def _explain(self, row: int) -> None:
        self._at = row
        words = Text()
        for bad in [] if self._rows is None else self._rows.bad:
            if bad.row != row:
                continue
            if words:
                words.append("\n")
            words.append(bad.message)
            if bad.hint:
                words.append("  would pass with ", "dim")
                words.append(bad.hint, "bold")
        self.query_one("#quarantine-why", Static).update(words)
        cursor_moved(self)

    def next_row(self, by: int) -> None:
        """Go to the next bad row, or the one before."""
        self.query_one(TableArea).table.action_move(by, 0)


def _prompt(group: ReasonGroup, several: bool) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    name = Text(style="bold")
    if several:
        name.append(f"{group.output}.", "not bold dim")
    name.append(group.column)
    name.append(f"  {group.error_type}")
    table.add_row(name, Text(f"{group.count:,}"))
    if group.hint:
        table.add_row(Text(f"  {group.hint}", "dim"), Text())
    return table
