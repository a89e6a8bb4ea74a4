"""What changed since an earlier run of the sample: columns, rows, and what is quarantined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from casparian.app.tui.dev.state import DevState
    from casparian.core.dev_session.changes import OutputChanges
    from casparian.core.dev_session.events import Compared
    from casparian.core.dev_session.results import RunResult


class DiffTab(VerticalScroll, can_focus=True):
    """The comparison of the run that is shown with the one before it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._shown: Compared | None = None

    def compose(self) -> ComposeResult:
        """Sentences."""
        yield Static(id="diff-text", markup=False)

    def wanted(self, state: DevState) -> int | None:
        """Return the run to compare with, if that isn't known yet."""
        before, known = state.compared_with, state.comparison
        if before is None or (known is not None and known.before == before.run):
            return None
        return before.run

    def show(self, state: DevState) -> None:
        """Show what is known."""
        text = self.query_one("#diff-text", Static)
        if state.comparison is None:
            self._shown = None
            text.update(_waiting(state))
        elif state.comparison is not self._shown:
            self._shown = state.comparison
            text.update(_said(state.comparison, state.compared_with))


def _waiting(state: DevState) -> str:
    if state.result is None:
        return "there is no run yet"
    if state.against == "registered":
        return "the registered version is run on this sample …"
    if state.compared_with is None:
        return "there is no earlier run of this sample; v compares with the registered version"
    return "…"


def _said(compared: Compared, before: RunResult | None) -> Text:
    words = Text(f"run {compared.after} against {_named(compared, before)}\n", "dim")
    error = None if before is None else before.report.error
    if error is not None:
        words.append(f"that run failed: {error.type}: {error.message}\n")
    if compared.problem is not None:
        return words.append(compared.problem.message)
    changes = compared.changes
    if changes is None or changes.is_same:
        return words.append("nothing changed")
    for output in changes.outputs:
        if not output.is_same:
            _say_output(words, output)
    return words


def _named(compared: Compared, before: RunResult | None) -> str:
    if before is None or before.reason != "registered":
        return f"run {compared.before}  (v: against the registered version)"
    version = before.report.parser_version or ""
    return f"{before.report.parser_name} {version}, as registered  (v: against the run before)"


def _say_output(words: Text, output: OutputChanges) -> None:
    words.append(f"\n{output.name}\n", "bold")
    for column in output.columns:
        sign = {"added": "+", "removed": "−", "retyped": "~"}[column.kind]
        types = " → ".join(part for part in (column.before, column.after) if part)
        words.append(f"  {sign} column {column.name}  {types}\n")
    words.append(f"  {output.rows_before:,} → {output.rows_after:,} rows")
    rows = output.rows
    if rows is None:
        words.append(f"  not compared: {output.not_compared}", "dim")
    else:
        for sign, count in (("+", rows.added), ("−", rows.removed), ("~", rows.changed)):
            if count:
                words.append(f"  {sign}{count:,}", "bold")
        for name, count in rows.cells:
            words.append(f"\n    ~ {name} in {count:,} rows")
    bad = output.quarantine
    if bad.newly_quarantined or bad.newly_valid or bad.gone:
        words.append(
            f"\n  newly quarantined {bad.newly_quarantined:,}, newly valid {bad.newly_valid:,}"
            f", quarantined rows that don't come any more {bad.gone:,}"
        )
    words.append("\n")
