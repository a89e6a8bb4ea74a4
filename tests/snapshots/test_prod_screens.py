"""How the Prod pane's states and dialogs look, fed with what a test made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.prod import filter_bar, job_log, job_screen, pane
from casparian.app.tui.prod.host import (
    Counted,
    FilesWanted,
    JobSeen,
    PathsFound,
    Previewed,
    Seen,
    Trouble,
)
from casparian.app.tui.quarantine.events import QuarantineTrouble, ReasonsSeen, RowsSeen
from casparian.app.tui.register import screen as register_screen
from casparian.app.tui.register.screen import RegisterScreen
from casparian.core.queueing.enqueue_preview import EnqueuePreview, Skipped
from casparian.core.queueing.job_details import JobDetails
from casparian.core.queueing.queue_view import JobsAround
from casparian.core.queueing.reason_rows import RowInJob, page_table
from casparian.core.queueing.throughput import Rate, Throughput
from casparian.core.stores.jobs import Attempt, Job, JobError, JobFilter
from casparian.core.stores.quarantine import QuarantinedRow, Reason, ReasonCount, StoredReason

from ..app.tui.prod_pane import GivenViews, NoDev
from .test_prod_pane import NOW, view_of

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


@pytest.fixture
def taken(snap_compare, settled, monkeypatch: pytest.MonkeyPatch):
    """Take a picture of the pane once it was fed."""
    for module in (pane, job_log, job_screen, filter_bar, register_screen):
        monkeypatch.setattr(module, "now_ms", lambda: NOW)

    def take(fed: Fed, size: tuple[int, int] = (80, 24), theme: str = "textual-dark") -> bool:
        host = GivenViews(Path("/home/ada/.casparian_flow"))
        app = CasparianApp(NoDev(), lambda: host, first="prod")

        async def before(pilot) -> None:
            app.theme = theme
            await settled(pilot)
            host.tell(Seen(NOW, view_of(JOB)))
            await settled(pilot)
            await fed(pilot, host)
            await settled(pilot)

        return bool(snap_compare(app, terminal_size=size, run_before=before))

    return take


def test_wide(taken) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("down", "down")

    assert taken(fed, (200, 60))


@pytest.mark.parametrize(
    ("size", "theme"),
    [((120, 40), "textual-dark"), ((200, 60), "textual-light")],
    ids=["medium", "wide"],
)
def test_the_last_hour(taken, size: tuple[int, int], theme: str) -> None:
    rates = [Rate(n * n % 97 * 10, 3 if n in (11, 40, 41) else 0) for n in range(45)]

    async def fed(pilot, host: GivenViews) -> None:
        seen = Throughput(NOW // 60_000, (*[None] * 10, *[Rate()] * 5, *rates))
        host.tell(Seen(NOW, None, seen))

    assert taken(fed, size, theme)


def test_no_jobs(taken) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        host.tell(Seen(NOW, replace(view_of(JOB), around=JobsAround(), total=0, counts={})))

    assert taken(fed)


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("casparian.db: another process has held the store for 2 s: pid 4242", "wait for it"),
        ("there is no store yet: casparian.db", "casparian parser register makes it"),
        (
            "casparian.db: a newer casparian made this store: its version is 9, and this program "
            "knows up to 6",
            "upgrade casparian, or name another store",
        ),
    ],
    ids=["locked", "gone", "newer"],
)
def test_banner(taken, message: str, hint: str) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        host.tell(Trouble(message, hint, 2.0))

    assert taken(fed)


def test_a_filter_with_what_it_may_become(taken) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("slash", *"status:failed pa")

    assert taken(fed)


def test_a_question_with_how_many(taken) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("down", "down", "down", "down", "r")
        host.tell(Counted(JobFilter(), "requeue", 1_234))

    assert taken(fed)


def test_sorting(taken) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("s")

    assert taken(fed)


@pytest.mark.parametrize(
    ("size", "theme"),
    [((80, 24), "textual-dark"), ((120, 40), "textual-light")],
    ids=["narrow", "light"],
)
def test_a_job(taken, size: tuple[int, int], theme: str) -> None:
    text = "Traceback (most recent call last):\n  File \"parser.py\", line 7\nKeyError: 'total'"
    error = JobError("parser", "KeyError: 'total'", "look at the file", {"text": text})
    ended = {"attempt": 2, "fence": 2, "started_at": NOW - 60_000, "finished_at": NOW - 50_000}
    job = JOB._replace(status="failed", error=error, **ended)  # type: ignore[arg-type]
    reset = JobError("connection", "ConnectionError: reset")
    attempts = [
        Attempt(job.job_id, 1, 1, "w1", NOW - 80_000, NOW - 78_000, "scheduled", reset),
        Attempt(job.job_id, 2, 2, "w2", NOW - 60_000, NOW - 50_000, "failed", error),
    ]
    details = JobDetails(job, attempts, [], 0, None, "", None, None, None, [], None, [])

    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("enter")
        host.tell(JobSeen("00", details))

    assert taken(fed, size, theme)


def test_queueing_files(taken) -> None:
    skipped = (
        Skipped("/data/sales_01.csv", "already_processed", "ab" * 8),
        Skipped("/data/sales_11.csv", "in_queue", "cd" * 8),
    )

    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("n")
        pilot.app.screen.query_one(Input).value = "exports/"
        await pilot.pause()
        wanted: FilesWanted = pilot.app.screen.wanted
        host.tell(PathsFound(wanted.text, ["exports/2023/", "exports/sales_01.csv"]))
        host.tell(Previewed(wanted, EnqueuePreview(1_234, 1_213, 20, 1, skipped=skipped)))

    assert taken(fed)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["narrow", "medium"])
def test_registering_asks_before_it_breaks_a_contract(taken, size: tuple[int, int]) -> None:
    changes = [
        {"verdict": "breaking", "place": "sales.total", "sentence": "its type is text now"},
        {"verdict": "compatible", "place": "sales.note", "sentence": "it is new, and nullable"},
    ]
    told: list[dict[str, Any]] = [{"kind": "parser", "label": "parsers/sales"}]
    steps = ("bundle", "code", "environment", "imports", "load", "samples", "contract")
    told += [{"kind": "step", "step": step} for step in steps]
    told += [{"kind": "line", "text": "Resolved 12 packages in 3 ms"}]
    told += [{"kind": "confirm", "name": "sales", "version": "1.0.0", "changes": changes}]

    async def fed(pilot, host: GivenViews) -> None:
        class Run:
            def __init__(self, *_: object, **__: object) -> None:
                pass

            def start(self) -> None:
                pass

            close = start

        screen = RegisterScreen("casparian.db", Path("parsers/sales"))
        pilot.app.push_screen(screen)
        await pilot.pause()
        register_screen.RegisterRun, kept = Run, register_screen.RegisterRun  # type: ignore[misc]
        try:
            await pilot.press("enter")
        finally:
            register_screen.RegisterRun = kept  # type: ignore[misc]
        for one in told:
            screen._hear(one)

    assert taken(fed, size)


@pytest.mark.parametrize(
    ("size", "theme"),
    [((80, 24), "textual-dark"), ((120, 40), "textual-light")],
    ids=["narrow", "light"],
)
def test_bad_rows_by_reason(taken, size: tuple[int, int], theme: str) -> None:
    trim, tokens = "trim = true", 'null_tokens = ["n/a"]'
    age = Reason("sales", "sales", "age", "type_mismatch")
    counts = [
        ReasonCount(age, 12_345, 12_345, 321, tokens),
        ReasonCount(Reason("sales", "sales", "total", "below_min"), 71, 70, 4, ""),
        ReasonCount(Reason("orders", "lines", "a_column_with_a_long_name", "x"), 3, 3, 1, trim),
    ]
    job = JOB._replace(status="completed_with_warnings", finished_at=NOW, quarantined=3)
    rows = []
    for number, told in enumerate(("n/a", "unknown", "12,5")):
        reasons = [StoredReason("age", "type_mismatch", f"row {number + 1}: age: {told!r}", tokens)]
        raw = f'{{"name": "Ada", "age": "{told}", "city": "São Paulo"}}'
        size_of = 9_999 if number == 2 else len(raw.encode())
        stored = QuarantinedRow("sales", number, tuple(reasons), raw, size_of, "0" * 64)
        rows.append(RowInJob(job, stored))

    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("b")
        host.tell(ReasonsSeen(JobFilter(), counts))
        await pilot.pause()
        [*_, wanted] = host.rows_wanted
        host.tell(RowsSeen(wanted, rows, *page_table(rows), rows[-1].key))
        await pilot.pause()
        await pilot.press("enter", "down", "down")

    assert taken(fed, size, theme)


def test_no_bad_rows(taken) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("b")
        host.tell(QuarantineTrouble("there is no store yet: casparian.db"))
        await pilot.pause()
        host.tell(ReasonsSeen(JobFilter(), []))

    assert taken(fed)
