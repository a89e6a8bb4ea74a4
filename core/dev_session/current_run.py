"""A run that is going on, as the session sees it, and the result that it becomes."""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from casparian.core.dev_session.broken_runs import parser_missing
from casparian.core.dev_session.log_lines import LOG_NAME, MOST_LINES
from casparian.core.dev_session.messages import Done, Task
from casparian.core.dev_session.results import RunResult, failed_report

if TYPE_CHECKING:
    from casparian.core.dev_session.belongings import Subject
    from casparian.core.dev_session.child_process import ChildProcess
    from casparian.core.dev_session.request import SessionRequest
    from casparian.core.dev_session.results import Ending, Reason
    from casparian.core.events import GuestError, Log
    from casparian.core.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run that is to be done."""

    sample: Path
    reason: Reason
    changed: tuple[Path, ...] = ()
    saved_at: float | None = None
    """When the change was saved (seconds since the epoch)."""
    parser: Path | None = None
    """What is run in place of the session's parser."""
    first_rows: int | None = None
    """After so many rows the parser is stopped; None: it runs to its end."""


@dataclass(slots=True, eq=False)
class CurrentRun:
    """A run from its start to its end."""

    task: Task
    wanted: Wanted
    revision: int
    child: ChildProcess | None
    """None: it never came to one."""
    started_at: float = field(default_factory=time.time)
    began: float = field(default_factory=time.monotonic)
    lines: deque[Log] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    line_count: int = 0
    is_cancelled: bool = False

    def take_lines(self, first: int, lines: tuple[Log, ...]) -> None:
        """Keep the last lines."""
        if first > self.line_count:
            self.lines.clear()  # some are missing in between
        self.lines.extend(lines)
        self.line_count = first + len(lines)

    def ended(self, done: Done) -> RunResult:
        """Return the result of a run that came to its end, by itself or because it was asked to."""
        report = done.report
        is_load = report.error is not None and report.error.phase == "load"
        if is_load and not self.task.parser.exists():
            gone = replace(report, error=parser_missing(self.task.parser))
            done = replace(done, report=gone)
        is_stopped = self.is_cancelled and done.report.status == "interrupted"
        return self._result("cancelled" if is_stopped else "finished", done)

    def broken_off(self, ending: Ending, error: GuestError | None = None) -> RunResult:
        """Return the result of a run of which nothing more is known."""
        report = failed_report(self.task, error)
        return self._result(ending, Done(self.task.run, report, (), None, None, None))

    def _result(self, ending: Ending, done: Done) -> RunResult:
        now = time.time()
        saved_at = self.wanted.saved_at
        return RunResult(
            run=self.task.run,
            sample=self.task.sample,
            reason=self.wanted.reason,
            revision=self.revision,
            ended=ending,
            report=done.report,
            folder=self.task.folder,
            outputs=done.outputs,
            log_file=self.task.folder / LOG_NAME,
            lines=tuple(self.lines),
            line_count=self.line_count,
            started_at=self.started_at,
            duration_ms=1000 * (time.monotonic() - self.began),
            since_save_ms=None if saved_at is None else 1000 * (now - saved_at),
            size=folder_size(self.task.folder),
            contract=done.contract,
            python=done.python,
        )


def task_of(
    run: int,
    wanted: Wanted,
    request: SessionRequest,
    subject: Subject,
    folder: Path,
    script_python: Interpreter | None,
) -> Task:
    """Return what a child is told to do for a run, whose rows and log go into a folder."""
    parser = subject.parser
    assert parser is not None, "without a parser nothing is started"
    return Task(
        run=run,
        parser=wanted.parser or parser,
        sample=wanted.sample,
        folder=folder,
        contract=None if wanted.parser is not None else subject.contract,
        python_of=parser,
        explicit_python=request.python,
        script_python=script_python,
        timeout=request.timeout,
        quarantine_threshold=request.quarantine_threshold,
        max_quarantine_rows=request.max_quarantine_rows,
        is_cold=request.is_cold,
        first_rows=wanted.first_rows,
    )


def folder_size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(place, name).stat().st_size
            except FileNotFoundError:
                continue  # a temporary file that has just gone
    return total
