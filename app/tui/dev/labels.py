"""What stands above a run: the header of the pane, and the names of the tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.app.tui.dev.header import Heading
from casparian.app.tui.dev.state import mood_of

if TYPE_CHECKING:
    from casparian.app.tui.dev.state import DevState
    from casparian.core.dev_session.results import RunResult


def heading_of(state: DevState) -> Heading:
    """Say which parser it is, which Python runs it, and whether saves are waited for."""
    result = state.result
    name = "" if state.parser is None else state.parser.name
    version = python = ""
    if result is not None:
        report = result.report
        if report.parser_version is None and state.table is not None:
            report = state.table.report  # half typed, it tells nothing of itself
        name = f"{report.parser_name} ({name})"
        version = report.parser_version or ""
        python = str(report.python) if report.python.name else ""
    watch = state.watching
    said = watch.problem or ("watching" if not watch.paused else "paused: p goes on")
    if watch.paused and watch.pending:
        said = "paused, and changed since: r runs it"
    return Heading("Dev", name, version, python, said, bool(watch.problem))


def tab_labels(result: RunResult | None) -> dict[str, str]:
    """Return the names of those tabs that say how much is behind them."""
    rejected = 0 if result is None else result.report.quarantine_total
    return {
        "quarantine": f"Quarantine {rejected:,}" if rejected else "Quarantine",
        "error": "Error ✗" if mood_of(result) == "failed" else "Error",
    }
