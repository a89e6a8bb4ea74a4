"""How the Prod pane looks, fed with a view that a test made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.prod import job_log, pane
from casparian.app.tui.prod.host import Seen
from casparian.core.queueing.queue_view import JobsAround, Look, ParserLine, QueueView
from casparian.core.stores.jobs import Job, JobError
from casparian.core.stores.parsers import Health
from casparian.core.stores.workers import Worker

from ..app.queued import Queued
from ..app.tui.prod_pane import GivenViews, NoDev

NOW = 1_710_000_000_000


def view_of(job: Job) -> QueueView:
    """A view with a job in each of some states."""

    def other(seq: int, **changed: object) -> Job:
        made = job._replace(seq=seq, job_id=f"{seq:016x}", created_at=NOW - 90_000)
        return made._replace(**changed)  # type: ignore[arg-type]

    held = {"status": "running", "started_at": NOW - 60_000, "lease_until": NOW + 1, "attempt": 2}
    ended = {"started_at": NOW - 60_000, "finished_at": NOW - 50_000}
    error = JobError("parser", "KeyError: 'total'")
    jobs = (
        other(7),
        other(6, **held, worker_id="w1", progress_done=45, progress_total=100),
        other(5, **{**held, "lease_until": NOW - 1}, worker_id="w1"),
        other(4, **held, worker_id="gone"),
        other(3, **ended, status="failed", error=error),
        other(2, **ended, status="completed_with_warnings", rows=123_456, quarantined=12),
        other(1, **ended, status="completed", rows=1_000),
    )
    worker = Worker("w1", "tower", 4242, 4, "1", "", 0, NOW - 900_000, NOW - 12_000, 2, None)
    return QueueView(
        look=Look(),
        around=JobsAround(jobs),
        total=7,
        counts={"pending": 1, "running": 3, "failed": 1, "completed": 1},
        parsers=[
            ParserLine("invoices", "0.3.0", Health("invoices", 5, NOW, "5 failures"), {}),
            ParserLine("sales", "1.0.0", None, {"pending": 1, "running": 3}),
        ],
        workers=[worker],
    )


@pytest.fixture
def queued(tmp_path: Path) -> Iterator[Queued]:
    with Queued(tmp_path / "casparian.db") as store:
        store.register()
        yield store


@pytest.mark.parametrize(
    ("size", "theme"), [((80, 24), "textual-dark"), ((120, 40), "textual-light")]
)
def test_prod_pane(snap_compare, settled, queued: Queued, tmp_path: Path, monkeypatch, size, theme):
    for module in (pane, job_log):
        monkeypatch.setattr(module, "now_ms", lambda: NOW)
    job = queued.jobs.get(queued.add("/data/exports/sales_2024_01.csv"))
    assert job is not None
    host = GivenViews(tmp_path)
    app = CasparianApp(NoDev(), lambda: host, first="prod")

    async def before(pilot) -> None:
        pilot.app.theme = theme
        await settled(pilot)
        host.tell(Seen(NOW, view_of(job)))
        await settled(pilot)
        await pilot.press("down", "down", "down", "down", "space")
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=before)
