"""`QuestionScreen`: to which jobs something is to be done, with how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from casparian.app.tui.widgets.plain_text import plain
from casparian.core.queueing.verbs import JobVerb

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

Scope = Literal["these", "all"]
Asked = JobVerb | Literal["replace"]
"""What may be asked about: a verb, or quarantined rows' inputs parsed anew."""

#: Of each verb its title, and what it does.
WORDS: Final[dict[Asked, tuple[str, str]]] = {
    "replace": (
        "Replay",
        "The input is parsed anew, as it is now, with the parser's current bundle. What was "
        "published stays until the new set takes its place.",
    ),
    "requeue": (
        "Requeue",
        "An ended job runs again, with the bundle that it was queued for. What it published stays "
        "until its new set takes the place.",
    ),
    "retry": ("Retry now", "A scheduled job runs now, and not after its wait."),
    "replay": (
        "Replay",
        "A new job does the dead letter's work, with the parser's current bundle.",
    ),
    "cancel": (
        "Cancel",
        "A job that waits is cancelled at once; one that runs is ended within seconds.",
    ),
    "delete": (
        "Delete",
        "An ended job is forgotten, with its attempts and quarantined rows. What it published "
        "stays, and its input stays processed.",
    ),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: about which jobs, and which others match. ``able`` are those it applies to.

    If ``matching`` is empty, no others are asked about.
    """

    verb: Asked
    these: str
    able: int
    matching: str


class QuestionScreen(ModalScreen[Scope | None]):
    """Enter takes the jobs that were meant, ``a`` all that match, escape none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take('these')", "These", id="question.these"),
        Binding("a", "take('all')", "All that match", id="question.all"),
        Binding("escape,n,q", "dismiss(None)", "Neither", id="question.neither"),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self._count: int | None = None
        self._problem = ""

    def compose(self) -> ComposeResult:
        """What it does, and the choices."""
        title, does = WORDS[self.question.verb]
        with Vertical(id="question") as box:
            box.border_title = title
            yield Static(does, id="question-does", markup=False)
            yield Static(self._choices(), id="question-choices", markup=False)

    def counted(self, count: int | None, problem: str = "") -> None:
        """Say how many match."""
        self._count, self._problem = count, problem
        # Not there if the count is known before the question is drawn, which then says it at once.
        for choices in self.query("#question-choices").results(Static):
            choices.update(self._choices())

    def _choices(self) -> Text:
        asked, text = self.question, Text()
        text.append("   enter  ", "bold" if asked.able else "dim")
        text.append(plain(asked.these), "" if asked.able else "dim")
        if self._problem:
            many = f"it can't be said how many: {self._problem}"
        elif self._count is None:
            many = "counting all that match…"
        elif self._count:
            many = f"all {self._count:,} that match {asked.matching}"
        else:
            many = f"it applies to none of those that match {asked.matching}"
        if asked.matching:
            text.append("\n       a  ", "bold" if self._count else "dim")
            text.append(plain(many), "" if self._count else "dim")
        text.append("\n  escape  ", "bold")
        return text.append("none")

    def action_take(self, scope: Scope) -> None:
        """Answer, if there are such jobs."""
        if self.question.able if scope == "these" else self._count:
            self.dismiss(scope)
