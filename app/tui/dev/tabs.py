"""The tabs of the Dev pane. They need Arrow and much else, which is imported once the pane is
painted: see `DevScreen`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from casparian.app.tui.dev import accepting
from casparian.app.tui.dev.contract_tab import ContractTab
from casparian.app.tui.dev.diff_tab import DiffTab
from casparian.app.tui.dev.error_tab import ErrorTab
from casparian.app.tui.dev.log_tab import LogTab
from casparian.app.tui.dev.output_tab import OutputTab
from casparian.app.tui.dev.quarantine_tab import QuarantineTab
from casparian.core.lean_arrow import keep_pandas_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from textual.widget import Widget

    from casparian.app.tui.dev.state import DevState
    from casparian.core.dev_session.results import RunResult


def get_ready() -> None:
    """Do now, on a thread, what the first result would otherwise have the screen wait for."""
    keep_pandas_out()
    importlib.import_module("pyarrow.parquet")


class RunTabs:
    """What shows a run, by the names of the tabs."""

    def __init__(self) -> None:
        self.output = OutputTab()
        self.quarantine = QuarantineTab()
        self.log = LogTab()
        self.error = ErrorTab()
        self.contract = ContractTab()
        self.diff = DiffTab()
        self._of_error: RunResult | None = None
        self._shown: dict[str, DevState] = {}
        self._shows: dict[str, Callable[[DevState], None]] = {
            "output": lambda state: self.output.show(
                state.table, stale=state.is_stale, coming=state.coming
            ),
            "quarantine": lambda state: self.quarantine.show(state.result),
            "log": self.log.show,
            "error": self._show_error,
            "contract": lambda state: self.contract.show(
                state.with_columns, stale=state.with_columns is not state.result
            ),
            "diff": self.diff.show,
        }

    def by_name(self) -> Iterator[tuple[str, Widget]]:
        """Yield each with the name of its tab."""
        for name in self._shows:
            yield name, getattr(self, name)

    def show(self, state: DevState, *, only: str = "") -> None:
        """Show a state, in one tab or in all; what is shown already costs nothing."""
        for name, show in self._shows.items():
            if only in ("", name) and self._shown.get(name) is not state:
                self._shown[name] = state
                show(state)

    def _show_error(self, state: DevState) -> None:
        result = state.result
        if result is not self._of_error:
            self._of_error = result
            folder = None if state.parser is None else state.parser.parent
            self.error.show(None if result is None else result.report.error, folder=folder)

    def place(self, tab: str) -> tuple[str, str] | None:
        """The output and the column that are looked at in a tab."""
        if tab == "quarantine":
            return self.quarantine.place
        return self.contract.place if tab == "contract" else None

    @staticmethod
    def looked_at(tab: str, state: DevState) -> RunResult | None:
        """The run whose columns or reasons a tab shows: it may be an older one."""
        return state.with_columns if tab == "contract" else state.result

    def why_not_accept(self, tab: str, state: DevState, parser: Path) -> str:
        """See `accepting`."""
        return accepting.why_not_accept(self.looked_at(tab, state), self.place(tab), parser)
