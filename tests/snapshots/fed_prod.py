"""A queue with a job in each of some states, and the app that is fed with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from casparian.core.queueing.queue_view import JobsAround, Look, ParserLine, QueueView
from casparian.core.stores.jobs import Job, JobError
from casparian.core.stores.parsers import Health
from casparian.core.stores.workers import Worker

from ..app.tui.prod_pane import GivenViews

NOW = 1_710_000_000_000
HOME = Path("/home/ada/.casparian_flow")

Fed = Callable[[Any, GivenViews], Awaitable[None]]

JOB = Job(
    job_id="00000000000000a7",
    seq=1,
    status="pending",
    parser="sales",
    parser_version="1.0.0",
    source_hash="5" * 64,
    input_path="/data/exports/sales_2024_01.csv",
    input_hash="a" * 64,
    input_size=12_345,
    priority=0,
    forced=False,
    run_at=0,
    attempt=0,
    max_attempts=4,
    crash_count=0,
    max_crashes=3,
    fence=0,
    worker_id=None,
    lease_until=None,
    last_heartbeat_at=None,
    cancel_requested=False,
    progress_done=None,
    progress_total=None,
    rows=None,
    quarantined=None,
    manifest=None,
    error=None,
    replay_of=None,
    replaces=None,
    replaced_by=None,
    replacing=(),
    created_at=NOW - 90_000,
    requeued_at=None,
    started_at=None,
    finished_at=None,
)
HELD = {
    "status": "running",
    "started_at": NOW - 60_000,
    "lease_until": NOW + 1,
    "attempt": 2,
    "fence": 2,
}
ENDED = {"started_at": NOW - 60_000, "finished_at": NOW - 50_000, "attempt": 1, "fence": 1}
ERROR = JobError("parser", "KeyError: 'total'")
WORKER = Worker("w1", "tower", 4242, 4, "1", "", 0, NOW - 900_000, NOW - 12_000, 2, None)


def job(seq: int, **changed: Any) -> Job:
    """Another job."""
    return JOB._replace(seq=seq, job_id=f"{seq * 0x1234567:08x}00000000", **changed)


def view() -> QueueView:
    """A view with a job in each of some states."""
    jobs = (
        job(7),
        job(6, **HELD, worker_id="w1", progress_done=45, progress_total=100),
        job(5, **{**HELD, "lease_until": NOW - 1}, worker_id="w1"),
        job(4, **HELD, worker_id="gone"),
        job(3, **ENDED, status="failed", error=ERROR),
        job(2, **ENDED, status="completed_with_warnings", rows=123_456, quarantined=12),
        job(1, **ENDED, status="completed", rows=1_000),
    )
    return QueueView(
        look=Look(),
        around=JobsAround(jobs),
        total=7,
        counts={"pending": 1, "running": 3, "failed": 1, "completed": 1},
        parsers=[
            ParserLine("invoices", "0.3.0", Health("invoices", 5, NOW, "5 failures"), {}),
            ParserLine("sales", "1.0.0", None, {"pending": 1, "running": 3}),
        ],
        workers=[WORKER],
    )


def every_state() -> QueueView:
    """A view with a job in every state there is, and more jobs than fit."""
    later = {"status": "scheduled", "run_at": NOW + 16_000, "attempt": 1}
    dead = JobError("timeout", "it ran for more than 3,600 s")
    jobs = (
        *(job(30 - at) for at in range(10)),
        job(19, **later, error=JobError("connection", "ConnectionError: reset by peer")),
        job(18, **HELD, worker_id="w1", cancel_requested=True, progress_done=9),
        job(17, **{**HELD, "status": "promoting"}, worker_id="w1", rows=20),
        job(16, **ENDED, status="cancelled"),
        job(15, **{**ENDED, "attempt": 4}, status="dead_letter", error=dead),
        *(job(14 - at, **ENDED, status="completed", rows=1_000 * at) for at in range(14)),
    )
    return replace(
        view(),
        around=JobsAround(jobs),
        total=1_234_567,
        counts={
            "pending": 1_200_000,
            "scheduled": 1,
            "running": 1,
            "promoting": 1,
            "completed": 34_560,
            "cancelled": 1,
            "dead_letter": 1,
            "failed": 2,
        },
    )


def nasty() -> QueueView:
    """A view of texts that are long, wide, right to left, or mean something to a terminal."""
    name = "a_parser_whose_name_is_as_long_as_names_may_be_and_then_some_more"
    error = JobError(
        "parser",
        "ValueError: [bold]no[/bold] \x1b[31mred\x1b[0m\x07 line\nbreak "
        "שלום 価格 👨‍👩‍👧 " + "and so on " * 20,
    )
    inputs = (
        "/data/" + "a_folder_with_a_long_name/" * 6 + "sales_2024_01.csv",
        "/data/[bold]sales[/bold] [red]2024.csv",
        "/data/\x1b[31mred\x1b[0m\x07\nsales\t2024.csv",
        "/data/売上高の一覧表/二〇二四年一月の売上高.csv",
        "/data/👨‍👩‍👧 family 👍🏽.csv",
        "/data/מכירות/ינואר 2024.csv",
        "/data/e\u0301te\u0301 " * 12 + ".csv",
    )
    failed: dict[str, Any] = {**ENDED, "status": "failed", "error": error}
    jobs = tuple(
        job(9 - at, **failed, input_path=path, parser=name if at % 2 else "sales")
        for at, path in enumerate(inputs)
    )
    reason = "[red]5 failures[/red] " * 9
    return replace(
        view(),
        around=JobsAround(jobs),
        parsers=[
            ParserLine(name, "2024.10.17.post1", Health(name, 5, NOW, reason), {"failed": 7}),
            ParserLine("sales", "1.0.0", Health("sales", 3), {"pending": 1_234_567}),
        ],
        workers=[
            replace(
                WORKER, host="a-machine-with-a-long-name.in.the.cellar.example.org", pid=4_194_303
            ),
            replace(WORKER, worker_id="w2", host="[bold]tower[/bold]", slots=128, busy=128),
        ],
    )
