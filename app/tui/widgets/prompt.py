"""`Prompt`: a line that asks for a text, and is gone again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

Asked = TypeVar("Asked", bound=str)


class Prompt(Horizontal, Generic[Asked]):
    """One line of input. Hidden until it asks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "give_up", "Never mind", tooltip="Close without an answer", id="prompt.close"
        )
    ]

    @dataclass
    class Answered(Message):
        """``text`` is None if the person thought better of it."""

        asked: Any
        text: str | None

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self._asked: Asked | None = None
        self._words = Static(classes="prompt-words", markup=False)
        self._input = Input(compact=True, select_on_focus=False)

    def compose(self) -> ComposeResult:
        """What is asked, and where to answer."""
        yield self._words
        yield self._input

    def ask(self, asked: Asked, words: str, hint: str, before: str = "") -> None:
        """Ask for a text; ``before`` is what it was so far."""
        self._asked = asked
        self._words.update(f"{words} ›")
        self._input.placeholder = hint
        self._input.value = before
        self._input.cursor_position = len(before)
        self.display = True
        self._input.focus()

    @on(Input.Submitted)
    def _submit(self, submitted: Input.Submitted) -> None:
        submitted.stop()
        self._close(submitted.value)

    def action_give_up(self) -> None:
        """Close without an answer."""
        self._close(None)

    def _close(self, text: str | None) -> None:
        asked, self._asked = self._asked, None
        self.display = False
        if asked is not None:
            self.post_message(self.Answered(asked, text))
