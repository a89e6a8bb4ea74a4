"""Slow questions of a widget, answered by threads: the newest counts, older ones are dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pyarrow as pa
from textual.message import Message

from casparian.app.tui.widgets.arranging import StaleError
from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.widget import Widget

Kind = TypeVar("Kind", bound=str)


class Answered(Message, bubble=False):
    """A thread has an answer, or the error that it met."""

    def __init__(self, kind: str, number: int, answer: object) -> None:
        super().__init__()
        self.kind = kind
        self.number = number
        self.answer = answer


class Questions(Generic[Kind]):
    """What a widget asked and waits for: of each kind, only the newest question."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._numbers: dict[str, int] = {}
        self._words: dict[str, str] = {}

    def ask(self, kind: Kind, words: str, work: Callable[[Callable[[], bool]], Any]) -> None:
        """Have a thread do ``work``, whose argument says whether the answer is wanted no more.

        ``words`` say what is waited for. The widget gets `Answered`; a question of the same kind
        before it gets no answer.
        """
        number = self._numbers.get(kind, 0) + 1
        self._numbers[kind] = number
        self._words[kind] = words

        def stale() -> bool:
            return self._numbers[kind] != number or not self._widget.is_attached

        def answer() -> None:
            try:
                found = work(stale)
            except StaleError:
                return
            except (CasparianError, pa.ArrowException, MemoryError) as error:
                found = error
            self._widget.post_message(Answered(kind, number, found))

        self._widget.run_worker(answer, thread=True, group=f"table-{kind}", exclusive=True)

    def take(self, answered: Answered) -> bool:
        """Whether this is what is waited for; then it is waited for no more."""
        if self._numbers.get(answered.kind) != answered.number:
            return False
        self._words.pop(answered.kind, None)
        return True

    def forget(self, *kinds: Kind) -> None:
        """Want no answer to these any more."""
        for kind in kinds:
            if kind in self._numbers:
                self._numbers[kind] += 1
            self._words.pop(kind, None)

    def is_waiting(self, kind: Kind) -> bool:
        """Whether an answer is waited for."""
        return kind in self._words

    @property
    def waiting_for(self) -> str:
        """What is waited for, in words; empty if nothing is."""
        return next((words for words in self._words.values() if words), "")
