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
        before = _before(state)
        known = state.comparison
        if before is None or (known is not None and known.before == before):
            return None
        return before

    def show(self, state: DevState) -> None:
        """Show what is known."""
        text = self.query_one("#diff-text", Static)
        if state.comparison is None:
            self._shown = None
            before = _before(state)
            text.update("there is no earlier run of this sample" if before is None else "…")
        elif state.comparison is not self._shown:
            self._shown = state.comparison
            text.update(_said(state.comparison))


def _before(state: DevState) -> int | None:
    result = state.result
    if result is None:
        return None
    earlier = [r.run for r in state.history if r.sample == result.sample and r.run < result.run]
    return earlier[-1] if earlier else None


def _said(compared: Compared) -> Text:
    words = Text(f"run {compared.after} against run {compared.before}\n", "dim")
    if compared.problem is not None:
        return words.append(compared.problem.message)
    changes = compared.changes
    if changes is None or changes.is_same:
        return words.append("nothing changed")
    for output in changes.outputs:
        if not output.is_same:
            _say_output(words, output)
    return words


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
