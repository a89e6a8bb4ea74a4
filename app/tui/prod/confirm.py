"""`ConfirmScreen`: something is about to be done; enter does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class ConfirmScreen(ModalScreen[bool]):
    """A title, what would be done, and two answers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss(True)", "Yes", id="confirm.yes"),
        Binding("escape,n,q", "dismiss(False)", "No", id="confirm.no"),
    ]

    def __init__(self, title: str, words: str) -> None:
        super().__init__()
        self._title = title
        self._words = words

    def compose(self) -> ComposeResult:
        """What it does, and the answers."""
        with Vertical(id="question") as box:
            box.border_title = self._title
            yield Static(self._words, id="question-does", markup=False)
            answers = Text("   enter  ", "bold").append("yes", "not bold")
            answers.append("\n  escape  ", "bold").append("no", "not bold")
            yield Static(answers, markup=False)
