"""What changed since an earlier run of the sample: columns, rows, and what is quarantined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

from casparian.app.tui.dev.diff_text import Looks, said_of
from casparian.app.tui.dev.state import came_to_rows
from casparian.app.tui.dev.tab_keys import IN_DIFF
from casparian.app.tui.widgets.part_style import part_style
from casparian.app.tui.widgets.saying import say

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from casparian.app.tui.dev.state import DevState
    from casparian.core.dev_session.events import Compared
    from casparian.core.dev_session.results import RunResult

#: What may have become of a row.
_KINDS: Final = ("added", "removed", "changed")


class DiffTab(VerticalScroll, can_focus=True):
    """The comparison of the run that is shown with the one before it."""

    BINDINGS: ClassVar[list[BindingType]] = IN_DIFF
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"diff--{name}" for name in _KINDS}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._shown: Compared | None = None
        self._before: RunResult | None = None

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
            say(text, _waiting(state))
        elif state.comparison is not self._shown:
            self._shown = state.comparison
            self._before = state.compared_with
            text.update(self._said())

    def notify_style_update(self) -> None:
        """Colours have changed."""
        super().notify_style_update()
        if self._shown is not None:
            self.query_one("#diff-text", Static).update(self._said(), layout=False)

    def _said(self) -> Text:
        assert self._shown is not None
        looks = Looks(**{name: part_style(self, f"diff--{name}") for name in _KINDS})
        return _said(self._shown, self._before, looks)


def _waiting(state: DevState) -> str:
    if state.result is None:
        return "there is no run yet"
    if not came_to_rows(state.result):
        return _nothing_to_compare(state.result)
    if state.against == "registered":
        if state.result.report.stopped_after is not None:
            return "a preview isn't compared with the registered version: r runs all of it"
        return "the registered version is run on this sample …"
    if state.compared_with is None:
        if state.result.report.stopped_after is not None:
            return (
                "a preview is compared with another preview only, and there is none before it; "
                "r runs all of it, which is compared with the last such run"
            )
        return (
            "there is no earlier run of this sample that had rows; "
            "v compares with the registered version"
        )
    return "…"


def _nothing_to_compare(result: RunResult) -> str:
    if result.ended in ("cancelled", "superseded"):
        return f"run {result.run} was ended before it was done: r runs it again"
    return f"run {result.run} failed before it had a row to compare: 4 shows why"


def _said(compared: Compared, before: RunResult | None, looks: Looks) -> Text:
    words = Text().append(f"run {compared.after} against {_named(compared, before)}\n", "dim")
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
            words.append_text(said_of(output, looks))
    return words


def _named(compared: Compared, before: RunResult | None) -> str:
    if before is None or before.reason != "registered":
        return f"run {compared.before}  (v: against the registered version)"
    version = before.report.parser_version or ""
    return f"{before.report.parser_name} {version}, as registered  (v: against the run before)"
