"""`LogArea`: a log with what is said of it, and a line to type in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.widgets import Static

from casparian.app.tui.widgets.log_view import LogView
from casparian.app.tui.widgets.plain_text import plain
from casparian.app.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from casparian.app.tui.widgets.log_status import LogStatus


class LogArea(Vertical):
    """A `LogView` that needs nothing around it. ``log_view`` is where lines go."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.log_view = LogView()
        self._prompt: Prompt[Literal["find"]] = Prompt()
        self._status = Static(classes="log-status", markup=False)

    def compose(self) -> ComposeResult:
        """The log, the prompt while it is wanted, and what is said."""
        yield self.log_view
        yield self._prompt
        yield self._status

    @on(LogView.PromptWanted)
    def _ask(self, wanted: LogView.PromptWanted) -> None:
        wanted.stop()
        self._prompt.ask("find", "find", "a text")

    @on(Prompt.Answered)
    def _answer(self, answered: Prompt.Answered) -> None:
        answered.stop()
        self.log_view.focus()
        if answered.text is not None:
            self.log_view.find(answered.text)

    @on(LogView.StatusChanged)
    def _say(self, changed: LogView.StatusChanged) -> None:
        self._status.update(log_status_text(changed.status), layout=False)


def log_status_text(status: LogStatus) -> Text:
    """Return a log's status as one line."""
    said = [status.counts]
    if not status.following:
        said.append(f"+{status.new:,} lines · End follows" if status.new else "stays put")
    elif status.total:
        said.append("following")
    if status.note:
        said.append(status.note)
    return Text(plain(" · ".join(said)), no_wrap=True, overflow="ellipsis")
