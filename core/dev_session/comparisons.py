"""Questions of what changed between two runs, answered by children: one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.dev_session.events import Compared
from casparian.core.dev_session.messages import Comparison, ComparisonDone
from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.dev_session.child_process import ChildProcess
    from casparian.core.dev_session.children import Children
    from casparian.core.dev_session.history import History


class ComparisonLost(CasparianError):
    """Two runs could not be compared: their rows, or the process that did it, are gone."""


class Comparisons:
    """Has the newest question answered; one that waits gives way to a newer one."""

    def __init__(
        self, children: Children, history: History, tell: Callable[[Compared], None]
    ) -> None:
        self._children = children
        self._history = history
        self._tell = tell
        self._waiting: Comparison | None = None

    def ask(self, before_run: int, after_run: int) -> None:
        """Find out what changed between two runs."""
        before, after = self._history.get(before_run), self._history.get(after_run)
        if before is None or after is None:
            gone = before_run if before is None else after_run
            self._lost(before_run, after_run, f"the rows of run {gone} aren't kept any more")
            return
        rows = {
            output.name: output.rows + output.rows_quarantined for output in after.report.outputs
        }
        self._waiting = Comparison(before.run, after.run, before.outputs, after.outputs, rows)

    def go_on(self) -> None:
        """Have the question answered that waits, unless another one is being answered."""
        asked = self._waiting
        if asked is None:
            return
        if any(isinstance(child.task, Comparison) for child in self._children.all):
            return
        self._waiting = None
        try:
            self._children.give(asked)
        except OSError as error:
            self._lost(asked.before, asked.after, f"no process can be started: {error}")

    def done(self, child: ChildProcess, answer: ComparisonDone) -> None:
        """A child has answered."""
        self._children.release(child, answer)
        self._tell(Compared(answer.before, answer.after, answer.changes, answer.problem))

    def lost(self, asked: Comparison, said: str) -> None:
        """The child that was to answer has ended."""
        self._lost(asked.before, asked.after, f"the process that compared two runs {said}")

    def _lost(self, before: int, after: int, why: str) -> None:
        self._tell(Compared(before, after, None, ComparisonLost(why)))
