"""The progress bar of ``casparian process``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from casparian.core.safe_text import one_line, safe
from casparian.core.stores.states import ENDED, SUCCEEDED
from casparian.core.worker.reports import JobEnded, Notice

from .worker_lines import COLOURS

if TYPE_CHECKING:
    from casparian.core.worker.reports import Report

    from .worker_lines import Tally


class WorkerProgress:
    """A bar over the jobs; above it a line for each that did not end well."""

    def __init__(self, tally: Tally, *, total: int) -> None:
        self._tally = tally
        self._bar = Progress(
            TextColumn("processing"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[last]}", style="dim", markup=False),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("jobs", total=total, last="")
        self._bar.start()

    def report(self, report: Report) -> None:
        """Take a report."""
        self._tally.report(report)
        if isinstance(report, Notice):
            self._bar.console.print(
                Text(safe(report.sentence), "yellow" if report.warning else "dim")
            )
        elif isinstance(report, JobEnded):
            done = len(self._tally.ended)
            total = max(int(self._bar.tasks[0].total or 0), done)
            last = one_line(report.job.input_path.rpartition("/")[2])
            self._bar.update(self._task, completed=done, total=total, last=last)
            if report.status in ENDED and report.status not in SUCCEEDED:
                self._bar.console.print(
                    Text(f"{report.status}  ", COLOURS.get(report.status, ""))
                    + Text(f"{one_line(report.job.input_path)}: {safe(report.message)}", "default")
                )

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()
