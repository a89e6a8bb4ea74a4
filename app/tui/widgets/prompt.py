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
        self._refused = ""
        self._words = Static(classes="prompt-words", markup=False)
        self._input = Input(compact=True, select_on_focus=False)
        self._problem = Static(classes="prompt-problem", markup=False)
        self._problem.display = False

    def compose(self) -> ComposeResult:
        """What is asked, where to answer, and what is wrong with the answer."""
        yield self._words
        yield self._input
        yield self._problem

    def ask(
        self,
        asked: Asked,
        words: str,
        hint: str,
        before: str = "",
        *,
        proposed: bool = False,
        problem: str = "",
    ) -> None:
        """Ask for a text; ``before`` is what it was so far.

        If it is only ``proposed`` it is selected: what is typed takes its place. ``problem`` is
        what is wrong with it, and is said until something is typed.
        """
        self._asked = asked
        self._words.update(f"{words} ›")
        self._input.placeholder = hint
        self._input.value = before
        self._input.cursor_position = len(before)
        if proposed:
            self._input.select_all()
        self._refused = before
        self._problem.update(f"✗ {problem}")
        self._problem.display = bool(problem)
        self.display = True
        self._input.focus()

    @on(Input.Changed)
    def _typed(self, changed: Input.Changed) -> None:
        changed.stop()
        if changed.value != self._refused:
            self._problem.display = False

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
