"""What a worker says on a terminal or in a service's log: one line for each thing that happens."""

from __future__ import annotations

import time
from collections import Counter
from textwrap import indent
from typing import TYPE_CHECKING

import click

from casparian.core.safe_text import one_line, safe
from casparian.core.stores.states import ENDED, SUCCEEDED
from casparian.core.worker.reports import JobEnded, JobStarted, Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.stores.jobs import Job
    from casparian.core.worker.left_over import LeftOver
    from casparian.core.worker.options import WorkerOptions
    from casparian.core.worker.reports import Report

COLOURS = {
    "completed": "green",
    "completed_with_warnings": "yellow",
    "scheduled": "yellow",
    "pending": "yellow",
    "cancelled": "magenta",
    "failed": "red",
    "dead_letter": "red",
}


def announce(worker_id: str, options: WorkerOptions) -> None:
    """Say what a worker is about to do."""
    slots = "1 job" if options.concurrency == 1 else f"{options.concurrency} jobs"
    click.echo(
        f"worker {worker_id[:8]}: {slots} at once; store {options.store}; "
        f"output {options.database or options.root}",
        err=True,
    )


def show_left_over(left: Sequence[LeftOver]) -> None:
    """Say which jobs a worker leaves there, why, and what to try."""
    for one in left:
        jobs = "1 job is" if one.jobs == 1 else f"{one.jobs:,} jobs are"
        click.secho(safe(f"{jobs} left: {one.why}"), fg="yellow", err=True)
        if one.hint:
            click.echo(safe(f"  try: {one.hint}"), err=True)


class Tally:
    """Keeps count of how jobs ended: of each of them, so it is for queues that come to an end."""

    def __init__(self) -> None:
        self.ended: dict[str, str] = {}
        """How each job stands that ended for good, by its id."""

    def report(self, report: Report) -> None:
        """Take a report."""
        if isinstance(report, JobEnded):
            if report.status in ENDED:
                self.ended[report.job.job_id] = report.status
            else:
                self.ended.pop(report.job.job_id, None)

    @property
    def failed(self) -> int:
        """How many jobs ended otherwise than well."""
        return sum(status not in SUCCEEDED for status in self.ended.values())

    def counts(self) -> dict[str, int]:
        """Return how many jobs ended how."""
        return dict(Counter(self.ended.values()))


def show_report(report: Report) -> None:
    """Print a report."""
    if isinstance(report, Notice):
        click.secho(
            f"{_clock()}  {safe(report.sentence)}",
            fg="yellow" if report.warning else None,
            err=True,
        )
    elif isinstance(report, JobStarted):
        click.secho(f"{_clock()}  started    {_which(report.job)}", dim=True, err=True)
    else:
        _show_ended(report)


def _show_ended(report: JobEnded) -> None:
    word = {"completed_with_warnings": "completed", "scheduled": "retry", "pending": "again"}
    name = word.get(report.status, report.status)
    click.secho(f"{_clock()}  {name:<9}  ", fg=COLOURS.get(report.status), nl=False, err=True)
    tail = f"  {report.seconds:.1f} s"
    if report.status in SUCCEEDED:
        rows = f"{report.rows:,} row{'' if report.rows == 1 else 's'}"
        bad = f", {report.quarantined:,} quarantined" if report.quarantined else ""
        tail = f"  {rows}{bad}{tail}"
    click.echo(f"{_which(report.job)}{tail}", err=True)
    if report.message:
        click.echo(_indented(report.message), err=True)
    if report.hint:
        click.secho(_indented(f"try: {report.hint}"), dim=True, err=True)


def _which(job: Job) -> str:
    return f"{job.job_id[:8]}  {job.parser}@{job.parser_version}  {one_line(job.input_path)}"


def _indented(text: str) -> str:
    return indent(safe(text), " " * 21)


def _clock() -> str:
    return time.strftime("%H:%M:%S")
