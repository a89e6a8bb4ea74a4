"""`FilterBar`: a line to type a filter in, with what it may become, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from casparian.app.ages import now_ms
from casparian.app.tui.widgets.plain_text import plain
from casparian.core.queueing.filters import FIELDS, FilterError, completions, parse_filter

if TYPE_CHECKING:
    from collections.abc import Collection

    from textual.app import ComposeResult
    from textual.binding import BindingType


class FilterBar(Vertical):
    """Hidden until it asks. Tab takes the first of what it proposes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", tooltip="Take what is proposed", id="filter.tab"),
        Binding("escape", "give_up", "Never mind", tooltip="Leave it as it was", id="filter.close"),
    ]

    @dataclass
    class Answered(Message):
        """A filter that makes sense; None if the person thought better of it."""

        text: str | None

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.display = False
        self._parsers: Collection[str] = ()
        self._workers: Collection[str] = ()

    def compose(self) -> ComposeResult:
        """The line, and what is said of it."""
        with Horizontal():
            yield Static("filter ›", classes="prompt-words", markup=False)
            yield Input(
                compact=True,
                select_on_focus=False,
                suggester=_Completions(self),
                placeholder="status:failed parser:sales input:*2024* since:1h or a text",
            )
        yield Static(id="filter-said", markup=False)

    def ask(self, before: str, *, parsers: Collection[str], workers: Collection[str]) -> None:
        """Ask for a filter; ``before`` is what it was so far."""
        self._parsers, self._workers = parsers, workers
        line = self.query_one(Input)
        line.value = before
        line.cursor_position = len(before)
        self._say(before)
        self.display = True
        line.focus()

    def proposed(self, text: str) -> list[str]:
        """Return what a filter may become."""
        return completions(text, parsers=self._parsers, workers=self._workers)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._say(event.value)

    def _say(self, text: str) -> None:
        """Say what the last word may become; else what is wrong."""
        said, is_problem = Text(no_wrap=True, overflow="ellipsis"), False
        proposed = self.proposed(text)
        head = text.rpartition(" ")[0]
        if proposed:
            for at, other in enumerate(proposed):
                word = other[len(head) + 1 if head else 0 :]
                said.append("tab " if not at else "  ", "dim")
                said.append(plain(word), "" if at else "bold")
            if len(proposed) == 1 and (field := proposed[0].split(" ")[-1].rstrip(":")) in FIELDS:
                said.append(f"  {FIELDS[field]}", "dim")
        else:
            error = self._problem(text)
            if error is not None:
                said, is_problem = _told(error), True
            elif text:
                said.append("enter shows the jobs that match · escape leaves it", "dim")
        self._tell(said, is_problem=is_problem)

    def _tell(self, said: Text, *, is_problem: bool) -> None:
        """Show it; what is wrong takes as many lines as it needs."""
        line = self.query_one("#filter-said", Static)
        has_room = line.has_class("-problem") or is_problem
        line.set_class(is_problem, "-problem")
        line.update(said, layout=has_room)

    @staticmethod
    def _problem(text: str) -> FilterError | None:
        try:
            parse_filter(text, now=now_ms())
        except FilterError as error:
            return error
        return None

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        error = self._problem(text)
        if error is None:
            self._close(text)
        else:
            self._tell(_told(error), is_problem=True)

    def action_complete(self) -> None:
        """Take the first proposal."""
        line = self.query_one(Input)
        proposed = self.proposed(line.value)
        if proposed:
            line.value = proposed[0]
            line.cursor_position = len(line.value)

    def action_give_up(self) -> None:
        """Leave the filter as it was."""
        self._close(None)

    def _close(self, text: str | None) -> None:
        self.display = False
        self.post_message(self.Answered(text))


def _told(error: FilterError) -> Text:
    said = Text(plain(f"✗ {error.message}"), "bold")
    return said.append(plain(f" · {error.hint}" if error.hint else ""), "dim")


class _Completions(Suggester):
    """Shows the first proposal behind the cursor."""

    def __init__(self, bar: FilterBar) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._bar = bar

    async def get_suggestion(self, value: str) -> str | None:
        """Return what the filter may become."""
        proposed = self._bar.proposed(value) if value else []
        return proposed[0] if proposed else None
