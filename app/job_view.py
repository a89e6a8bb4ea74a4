"""A job as ``casparian job show`` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from casparian.core.safe_text import one_line, safe
from casparian.core.stores.states import HELD
from casparian.core.words import counted

from .ages import clock_time, now_ms, shown_age, shown_duration
from .comparison_view import comparison_json, comparison_lines
from .job_json import attempt_json, is_late, job_json
from .job_states import SHOWN, shown_state
from .next_steps import can_show_marks
from .obstacle_view import obstacle_json, obstacle_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casparian.core.queueing.job_details import JobDetails
    from casparian.core.queueing.published import PublishedSet
    from casparian.core.stores.jobs import Attempt, Job, JobError

_LEFT = 12


def details_json(details: JobDetails) -> dict[str, Any]:
    """Return a job and all that belongs to it."""
    published = details.published
    return {
        "job": job_json(details.job, now_ms()),
        "attempts": [attempt_json(attempt) for attempt in details.attempts],
        "quarantine": {
            "rows": details.quarantined_rows,
            "groups": [
                {
                    "output": group.output,
                    "column": group.column,
                    "error_type": group.error_type,
                    "cells": group.cells,
                    "first_row": group.first_row,
                    "message": group.message,
                }
                for group in details.quarantine
            ],
        },
        "published": None if published is None else _published_json(published),
        "log": None if details.log is None else str(details.log),
        "comparison": None if details.comparison is None else comparison_json(details.comparison),
        "paused_reason": details.paused_reason,
        "obstacles": [obstacle_json(one) for one in details.obstacles],
    }


def _published_json(published: PublishedSet) -> dict[str, Any]:
    return {
        "place": str(published.place),
        "is_database": published.is_database,
        "is_there": published.is_there,
        "outputs": [
            {
                "name": output.name,
                "rows": output.rows,
                "quarantined": output.quarantined,
                "file": output.file,
                "quarantine_file": output.quarantine_file,
                "table": output.table,
            }
            for output in published.outputs
        ],
    }


def print_details(details: JobDetails) -> None:
    """Print a job for people."""
    console = Console(highlight=False, soft_wrap=True)
    marks, now = can_show_marks(), now_ms()
    job = details.job
    head = Text.assemble(
        (f"job {job.job_id}", "bold"),
        "  ",
        (shown_state(job.status, marks=marks), SHOWN[job.status].style),
    )
    console.print(head)
    for title, text in facts(details, now):
        console.print(Text.assemble((f"  {title:<{_LEFT}}", "dim"), one_line(text)))
    for obstacle in details.obstacles:
        console.print(obstacle_text(obstacle, now))
    if details.attempts:
        console.print("\nattempts", style="bold")
        for number, attempt in enumerate(details.attempts, 1):
            console.print(attempt_line(number, attempt, now))
    if job.error is not None:
        _print_error(console, job.error)
    if details.quarantined_rows:
        console.print(f"\nquarantine: {counted(details.quarantined_rows, 'row')}", style="bold")
        for group in details.quarantine:
            cells = "cell" if group.cells == 1 else "cells"
            where = f"{group.output}.{group.column}"
            console.print(Text(f"  {where}  {group.error_type}  {group.cells:,} {cells}: "), end="")
            console.print(Text(safe(group.message), "yellow"))
        console.print(
            Text(f"  casparian quarantine list --job {job.job_id[:8]}", "dim"),
        )
    if details.comparison is not None:
        console.print()
        for line in comparison_lines(details.comparison):
            console.print(Text(line))


def facts(details: JobDetails, now: int) -> Iterator[tuple[str, str]]:
    """Yield what is known of a job: a title, or none where it goes on, and a text."""
    job = details.job
    yield "parser", f"{job.parser} {job.parser_version}  (bundle {job.source_hash[:12]})"
    if details.paused_reason is not None:
        yield "", f"paused: {details.paused_reason}; casparian parser resume {job.parser}"
    yield "input", job.input_path
    yield "", f"{job.input_size:,} bytes, sha256 {job.input_hash[:12]}"
    yield "queued", f"{clock_time(job.created_at)}  ({shown_age(now - job.created_at)} ago)"
    if job.priority:
        yield "priority", str(job.priority)
    if job.status == "scheduled":
        yield "runs", f"{clock_time(job.run_at)}  (in {shown_duration(max(job.run_at - now, 0))})"
    yield from _running(job, now)
    if job.finished_at is not None:
        took = "" if job.started_at is None else shown_duration(job.finished_at - job.started_at)
        yield "ended", clock_time(job.finished_at) + (f"  (took {took})" if took else "")
    if job.rows is not None:
        yield "rows", f"{job.rows:,}, {job.quarantined or 0:,} quarantined"
    elif job.quarantined:
        yield "rows", f"none published; {job.quarantined:,} were refused until it ended"
    yield from _published(details)
    for title, other in (
        ("replay of", job.replay_of),
        ("replaces", job.replaces),
        ("replaced by", job.replaced_by),
    ):
        if other is not None:
            yield title, other
    if details.log is not None:
        yield "log", str(details.log)


def _running(job: Job, now: int) -> Iterator[tuple[str, str]]:
    if job.status not in HELD:
        return
    heard = job.last_heartbeat_at or job.started_at or job.created_at
    late = ", LATE: its lease has run out" if is_late(job, now) else ""
    yield "worker", f"{job.worker_id}  (last heard of {shown_age(now - heard)} ago{late})"
    if job.progress_done is not None:
        total = "" if job.progress_total is None else f" of {job.progress_total:,}"
        yield "progress", f"{job.progress_done:,}{total}"
    if job.cancel_requested:
        yield "", "it is to be cancelled"


def _published(details: JobDetails) -> Iterator[tuple[str, str]]:
    if details.published_problem:
        yield "published", details.published_problem
    published = details.published
    if published is None:
        return
    if details.job.replaced_by is None:
        gone = "" if published.is_there else "  (not there any more)"
        yield "published", f"{published.place}{'' if published.is_database else '/'}{gone}"
    for output in published.outputs:
        where = output.table if published.is_database else output.file
        bad = f", {output.quarantined:,} quarantined" if output.quarantined else ""
        yield "", f"{where or output.name}  {output.rows:,} rows{bad}"


def attempt_line(number: int, attempt: Attempt, now: int) -> Text:
    """Return an attempt as a line."""
    took = shown_duration((attempt.ended_at or now) - attempt.started_at)
    outcome = "under way" if attempt.outcome is None else attempt.outcome.replace("_", " ")
    line = Text(
        f"  {number}  {clock_time(attempt.started_at)}  {attempt.worker_id}  {outcome} after {took}"
    )
    if attempt.error is not None:
        line.append(f"  {attempt.error.error_class}: {_first_line(attempt.error.message)}", "red")
    return line


def _print_error(console: Console, error: JobError) -> None:
    console.print("\nerror", style="bold")
    console.print(Text(f"  {error.error_class}: {safe(error.message)}", "red"))
    if error.hint:
        console.print(Text(f"  try: {safe(error.hint)}"))
    text = str(error.details.get("text") or "").rstrip()
    if text and text != error.message:
        console.print()
        for line in text.splitlines():
            console.print(Text(f"  {safe(line)}", "dim"))


def _first_line(text: str) -> str:
    return one_line(" ".join(text.split())[:200])
