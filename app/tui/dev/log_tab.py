"""What the parser printed and logged: live while it runs, then from the run that is shown.

At the end stands what casparian has to say of the run, as `casparian run` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import Vertical

from casparian.app.tui.widgets.log_area import LogArea
from casparian.app.tui.widgets.log_lines import LogLine
from casparian.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from casparian.app.tui.dev.state import DevState
    from casparian.core.dev_session.results import RunResult
    from casparian.core.events import Level, Log


class LogTab(Vertical):
    """The log of one run."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._run: int | None = None
        self._next = 0
        self._said = False
        """Whether the notices of the run are there."""

    def compose(self) -> ComposeResult:
        """The log."""
        yield LogArea()

    def show(self, state: DevState) -> None:
        """Show the lines of the run under way, or of the one that is looked at."""
        running, result = state.running, state.result
        if running is not None and state.stepped is None and running.sample == state.shown:
            self._take(running.run, running.first_line, running.lines, "")
        elif result is not None:
            first = result.line_count - len(result.lines)
            self._take(result.run, first, result.lines, str(result.log_file) if first else "")
            self._say(result)

    def _say(self, result: RunResult) -> None:
        if self._said:
            return
        self._said = True
        python = result.python
        said: list[LogLine] = []
        if python is not None:
            said.append(_own("debug", f"it ran in {python.path} ({python.reason})"))
            said += [_own("warning", f"passed over: {one}") for one in python.passed_over]
        said += [_own("warning", notice) for notice in result.report.notices]
        self.query_one(LogArea).log_view.append(said)

    def _take(self, run: int, first: int, lines: Sequence[Log], whole: str) -> None:
        log = self.query_one(LogArea).log_view
        if run != self._run:
            self._run, self._next, self._said = run, 0, False
            log.reset(whole_log=whole)
        missing = first - self._next
        new = [LogLine(line.level, line.message) for line in lines[max(0, -missing) :]]
        if missing > 0:
            # Of what comes all at once the last lines are told, and of a run that is over as well.
            where = f"are in {whole}" if whole else "came too fast to be shown here"
            new.insert(0, LogLine("info", f"… {counted(missing, 'line')} {where}", None, missing))
        self._next = first + len(lines)
        if new:
            log.append(new)


def _own(level: Level, text: str) -> LogLine:
    return LogLine(level, f"casparian: {text}")
