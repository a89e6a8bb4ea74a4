"""What ``casparian run`` shows: log lines as they come, progress, and the report at the end."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from casparian.core.events import Batch, Log, Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.events import Event
    from casparian.core.run_report import RunReport

    from .run_progress import LiveProgress

_LEVEL_STYLE = {"warning": "yellow", "error": "bold red", "debug": "dim"}


class Display:
    """Shows the runs of one command.

    Args:
        inputs: how many runs there will be.
        as_json: one object on stdout at the end, log lines on stderr.
        interactive: the guest writes to the terminal itself.
    """

    def __init__(self, *, inputs: int, as_json: bool, interactive: bool) -> None:
        self._inputs = inputs
        self._as_json = as_json
        self._said: set[str] = set()
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)
        self._progress: LiveProgress | None = None
        if not interactive and sys.stderr.isatty():
            from .run_progress import LiveProgress

            # Lines keep clear of the bar only if they are written by the console that draws it.
            if sys.stdout.isatty() and not as_json:
                self.err = self.out
            self._progress = LiveProgress(self.err, inputs)

    def log(self, line: Log) -> None:
        """Show one captured line: what the parser prints is output, all else goes to stderr."""
        if line.level == "stdout" and not self._as_json:
            self.out.print(Text(line.message))
        elif line.level in ("stdout", "stderr"):
            self.err.print(Text(line.message))
        else:
            style = _LEVEL_STYLE.get(line.level, "")
            self.err.print(Text(f"{line.level.upper():<7} {line.message}", style))

    def event(self, event: Event) -> None:
        """Take note of how far the run is."""
        if self._progress is None:
            return
        if isinstance(event, Progress):
            self._progress.advance(event.done, event.total)
        elif isinstance(event, Batch):
            self._progress.rows(event.table.num_rows)

    def finished(self, report: RunReport) -> None:
        """One run is over."""
        if self._progress is not None:
            self._progress.next_input()
        if self._as_json:
            return
        for notice in report.notices:
            if notice not in self._said:
                self._said.add(notice)
                self.err.print(Text.assemble(("note: ", "yellow"), notice))
        from .run_report_view import print_report

        print_report(self.out, report, brief=self._inputs > 1)

    def close(self) -> None:
        """Take the progress bar away."""
        if self._progress is not None:
            self._progress.close()
            self._progress = None

    def all_finished(self, reports: Sequence[RunReport]) -> None:
        """Every run is over: the totals of several, or the JSON object."""
        if self._as_json:
            objects = [report.as_json() for report in reports]
            whole = objects[0] if self._inputs == 1 else {"runs": objects}
            print_json(whole)
        elif self._inputs > 1:
            from .run_report_view import print_totals

            print_totals(self.out, reports, self._inputs)


def print_json(whole: object) -> None:
    """One JSON object on stdout, always valid UTF-8: a file's name need not be."""
    text = json.dumps(whole, ensure_ascii=False)
    # What can't be encoded (bytes of a name that is no UTF-8) is escaped, as JSON escapes it.
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()
