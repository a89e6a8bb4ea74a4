"""``casparian stats``: how the queue does."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from casparian.core.safe_text import one_line

from .ages import Since, clock_time, iso, now_ms, shown_ago, shown_duration
from .db_command import store_option
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from rich.table import Table

    from casparian.core.queueing.summary import ParserSummary, QueueSummary

_MOST_FAILURES = 20
_MOST_NAME = 24
_WIDE = 100


@click.command("stats", cls=JsonCommand)
@click.option(
    "--since",
    type=Since(),
    default="24h",
    metavar="TIME",
    help="Of jobs that ended since then: 30m, 12h, 7d ago, or 2026-01-31 (UTC). Default: 24h.",
)
@store_option()
@json_option()
def command(since: int, store: str | None, as_json: bool) -> int:
    """Show how the queue does: what waits, what was done, what went wrong, and who works.

    Jobs that were pruned are in no sum.
    """
    from casparian.core.queueing.summary import summarise_queue

    from .opened_store import opened_store

    with opened_store(store, read_only=True) as opened:
        summary = summarise_queue(opened, since=since, now=now_ms())
    if as_json:
        from .run_display import print_json

        print_json(summary_json(summary))
    else:
        _print(summary)
    return 0


def summary_json(summary: QueueSummary) -> dict[str, Any]:
    """Return a summary; times in ISO 8601, spans in milliseconds, shares from 0 to 1."""
    from .obstacle_view import obstacle_json

    oldest = summary.oldest_pending_at
    return {
        "since": iso(summary.since),
        "counts": dict(summary.counts),
        "oldest_pending_at": iso(oldest),
        "oldest_pending_ms": None if oldest is None else summary.now - oldest,
        "total": _parser_json(summary.total, summary),
        "parsers": [_parser_json(parser, summary) for parser in summary.parsers],
        "failures": [asdict(failure) for failure in summary.failures],
        "paused": [
            {
                "parser": health.name,
                "reason": health.paused_reason,
                "paused_at": iso(health.paused_at),
            }
            for health in summary.paused
        ],
        "obstacles": [obstacle_json(one) for one in summary.obstacles],
        "workers": [
            {
                "worker_id": worker.worker_id,
                "host": worker.host,
                "pid": worker.pid,
                "slots": worker.slots,
                "busy": worker.busy,
                "version": worker.version,
                "started_at": iso(worker.started_at),
                "last_seen": iso(worker.last_seen),
            }
            for worker in summary.workers
        ],
    }


def _parser_json(parser: ParserSummary, summary: QueueSummary) -> dict[str, Any]:
    return {
        **asdict(parser),
        "quarantine_share": parser.quarantine_share,
        "jobs_per_hour": _per_hour(parser, summary),
    }


def _per_hour(parser: ParserSummary, summary: QueueSummary) -> float:
    hours = max(summary.now - summary.since, 1) / 3_600_000
    return round(parser.ended / hours, 3)


def _print(summary: QueueSummary) -> None:
    from rich.console import Console
    from rich.text import Text

    from .jobs_table import counts_line, output_width
    from .next_steps import can_show_marks
    from .obstacle_view import obstacle_text

    marks = can_show_marks()
    width = output_width()
    console = Console(highlight=False, soft_wrap=True, width=width)
    console.print(counts_line(summary.counts, marks=marks))
    if summary.oldest_pending_at is not None:
        age = shown_duration(summary.now - summary.oldest_pending_at)
        console.print(f"the oldest pending job waits {age}")
    for health in summary.paused:
        told = f"{health.name} is paused: {health.paused_reason}"
        console.print(Text(f"! {told}; casparian parser resume {health.name}", "yellow"))
    for obstacle in summary.obstacles:
        console.print(obstacle_text(obstacle, summary.now))
    console.print(f"\nended since {clock_time(summary.since)}", style="bold")
    if summary.parsers:
        console.print(_parsers(summary, width))
    else:
        console.print("  none")
    if summary.failures:
        console.print("\nfailures", style="bold")
        for failure in summary.failures[:_MOST_FAILURES]:
            message = one_line(" ".join(failure.message.split())[:120])
            console.print(
                Text(f"  {failure.jobs:>6,}  {failure.parser}  {failure.error_class}: ")
                + Text(f"{message}", "red")
                + Text(f"  (job {failure.job_id[:8]})", "dim")
            )
        if len(summary.failures) > _MOST_FAILURES:
            console.print(Text(f"  … {len(summary.failures) - _MOST_FAILURES:,} more kinds", "dim"))
    console.print("\nworkers", style="bold")
    for worker in summary.workers:
        console.print(
            f"  {worker.worker_id}  {worker.host} pid {worker.pid}  "
            f"{worker.busy} of {worker.slots} slots busy, last heard of "
            f"{shown_ago(summary.now - worker.last_seen)}"
        )
    if not summary.workers:
        console.print("  none: casparian worker")


def _parsers(summary: QueueSummary, width: int) -> Table:
    from rich.filesize import decimal
    from rich.table import Table

    from .jobs_table import shortened

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    titles = ("parser", "done", "warnings", "failed", "jobs/h", "rows", "bad", "input", "each")
    shown = len(titles) if width >= _WIDE else len(titles) - 2
    for title in titles[:shown]:
        table.add_column(title, justify="left" if title == "parser" else "right", no_wrap=True)
    several = len(summary.parsers) > 1
    for parser in [*summary.parsers, *([summary.total] if several else [])]:
        share = parser.quarantine_share
        each = parser.busy_ms / parser.ended if parser.ended else 0
        cells = (
            f"  {shortened(parser.parser, _MOST_NAME) or 'all'}",
            f"{parser.completed + parser.with_warnings:,}",
            f"{parser.with_warnings:,}",
            f"{parser.failed + parser.dead_letter:,}",
            f"{_per_hour(parser, summary):,.1f}",
            f"{parser.rows:,}",
            "" if share is None else f"{share:.2%}",
            decimal(parser.input_bytes),
            shown_duration(each),
        )
        table.add_row(*cells[:shown], style="" if parser.parser else "bold")
    return table
