"""A job opened in the Prod pane shows all of it, live, and leads to the Dev pane."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from textual.pilot import Pilot

from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.prod.job_screen import JobScreen
from casparian.app.tui.prod.job_text import overview
from casparian.app.tui.prod.pane import ProdScreen
from casparian.app.tui.prod.timeline import moments
from casparian.app.tui.widgets.log_area import LogArea
from casparian.app.tui.widgets.table_area import TableArea
from casparian.core.publishing.manifest import Manifest, StagedOutput
from casparian.core.queueing.job_details import job_details
from casparian.core.stores.jobs import NewJob
from casparian.core.worker.job_logs import log_path

from ..queued import Queued, bad_row
from .cheap_apps import until
from .prod_pane import lines_of, looked, prod_app


def screen_of(pilot: Pilot[None]) -> JobScreen:
    assert isinstance(pilot.app.screen, JobScreen)
    return pilot.app.screen


async def opened(pilot: Pilot[None]) -> JobScreen:
    await looked(pilot)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, JobScreen))
    await until(pilot, lambda: screen_of(pilot).details is not None)
    await pilot.pause()
    return screen_of(pilot)


def write_log(home: Path, queued: Queued, job_id: str, text: str) -> None:
    job = queued.jobs.get(job_id)
    assert job is not None
    path = log_path(home, job)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.asyncio
async def test_a_failed_job_shows_attempts_error_traceback_and_the_log_of_each_attempt(
    queued: Queued, tmp_path: Path
) -> None:
    job_id = queued.add("/data/sales_2024.csv")
    lease = queued.claim("worker-1")
    write_log(tmp_path / "home", queued, job_id, "first\n")
    queued.fail(lease, "ConnectionError: reset", permanent=False)
    queued.jobs.retry(job_id)
    lease = queued.claim("worker-2")
    write_log(tmp_path / "home", queued, job_id, "second\nof two\n")
    text = "Traceback (most recent call last):\n  File \"parser.py\", line 7\nKeyError: 'total'"
    queued.fail(lease, "KeyError: 'total'", details={"text": text})
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        shown = "\n".join(lines_of(app))
        for part in (
            f"job {job_id}",
            "✗ failed",
            "○ created",
            "▶ attempt 1    by worker worker-1",
            "✗ scheduled",
            "▶ attempt 2    by worker worker-2",
            "none: types are inferred",
            "parser: KeyError: 'total'",
            "try: look at the file",
            'File "parser.py", line 7',
        ):
            assert part in shown
        await pilot.press("2")
        log = screen.query_one(LogArea).log_view
        await until(pilot, lambda: log.status.total == 2)
        screen.query_one("#job-attempts").focus()
        await pilot.press("up")
        await until(pilot, lambda: log.status.total == 1)
        await pilot.press("1", "r", "enter")
        await until(pilot, lambda: screen.details and screen.details.job.status == "pending")
        assert any("○ pending" in line for line in lines_of(app)), "it is shown live"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ProdScreen))


@pytest.mark.asyncio
async def test_what_a_job_published_and_what_it_refused_are_shown_as_tables(
    queued: Queued, tmp_path: Path
) -> None:
    job_id = queued.add("/data/a.csv")
    lease = queued.claim()
    job = queued.jobs.get(job_id)
    assert job is not None
    manifest = Manifest(
        job_id=job_id,
        fence=lease.fence,
        parser=job.parser,
        parser_version=job.parser_version,
        source_hash=job.source_hash,
        contract_hash=None,
        input_path=job.input_path,
        input_hash=job.input_hash,
        root=str(tmp_path / "out"),
        outputs=(StagedOutput("sales", 3, 2, "sales.parquet", "sales.quarantine.parquet"),),
    )
    manifest.place.mkdir(parents=True)
    pq.write_table(pa.table({"city": ["Rome", "Oslo", "Bern"]}), manifest.place / "sales.parquet")
    rows = [bad_row(1), bad_row(4, ("age", "type_mismatch"), ("name", "too_long"))]
    queued.finish(lease, manifest.as_json(), rows=3, quarantined=2, quarantine=rows)
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("4")
        await until(pilot, lambda: any("Bern" in line for line in lines_of(app)))
        assert any("sales  3 rows !2" in line for line in lines_of(app))
        await pilot.press("3")
        await until(
            pilot,
            lambda: any("sales.age  type_mismatch  2 cells" in line for line in lines_of(app)),
        )
        table = screen.query_one("#job-rows", TableArea).table
        assert table.view.source.num_rows == 2
        assert any("Quarantine 2" in line for line in lines_of(app))


@pytest.mark.asyncio
async def test_a_job_is_opened_by_the_beginning_of_its_id(queued: Queued) -> None:
    job_id = queued.add()
    queued.add("/data/b.csv")
    app = prod_app(queued)
    async with app.run_test(size=(80, 24)) as pilot:
        await looked(pilot)
        await pilot.press("o", *job_id[:12], "enter")
        await until(pilot, lambda: isinstance(app.screen, JobScreen) and app.screen.details)
        assert f"job {job_id}" in lines_of(app)[0]
        await pilot.press("escape", "o", *"nothing", "enter")
        await until(pilot, lambda: any("there is no job 'nothing'" in x for x in lines_of(app)))
        assert app.focused.value == "nothing", "what was typed can be mended"  # type: ignore[union-attr]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ProdScreen))


@pytest.mark.asyncio
async def test_where_several_ids_begin_so_it_is_said_and_asked_again(queued: Queued) -> None:
    queued.add("/data/first.csv")
    [first] = queued.jobs.list(limit=1).jobs
    job_ids = sorted(
        one.job_id
        for one in queued.jobs.insert_many(
            NewJob("sales", "1.0.0", first.source_hash, f"/{n}.csv", f"{n}" * 64, 1)
            for n in range(2)
        )
    )
    same = 0
    while job_ids[0][same] == job_ids[1][same]:  # those that are queued together begin alike
        same += 1
    app = prod_app(queued)
    async with app.run_test(size=(160, 24)) as pilot:
        pane = await looked(pilot)
        await pilot.press("o", *job_ids[0][:same], "enter")
        told = max(8, same + 1)
        problem = f"several jobs' ids begin so: {job_ids[0][:told]}"
        await until(pilot, lambda: any(problem in x for x in lines_of(app)))
        assert app.screen is pane, "no screen of a job that isn't one"
        await pilot.press(job_ids[1][same])
        await until(pilot, lambda: not any(problem in x for x in lines_of(app)))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, JobScreen) and app.screen.details)
        assert f"job {job_ids[1]}" in lines_of(app)[0]


@pytest.mark.asyncio
async def test_its_input_is_tried_in_the_dev_pane_with_its_parser(
    queued: Queued, tmp_path: Path
) -> None:
    sample = tmp_path / "sales_2024.csv"
    sample.write_text("a\n1\n")
    queued.add(sample)
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("d")
        await until(pilot, lambda: app._notifications)
        assert "declares the name 'sales'" in next(iter(app._notifications)).message
        parser = tmp_path / "mine" / "parser.py"
        parser.parent.mkdir()
        parser.write_text('class Parser:\n    name = "sales"\n    def parse(self, ctx): ...\n')
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DevScreen))
        await until(pilot, lambda: app._dev.chosen)  # type: ignore[attr-defined]
        await until(pilot, lambda: app.screen.query("#diff-text"))
        assert app._dev.chosen == [(parser, (sample,))]  # type: ignore[attr-defined]


def test_the_timeline_tells_a_jobs_whole_life(queued: Queued, tmp_path: Path) -> None:
    def told(job_id: str, later: int = 0) -> list[str]:
        job = queued.jobs.get(job_id)
        assert job is not None
        return [
            f"{one.title} {one.text}"
            for one in moments(job_details(queued, job, tmp_path), job.created_at + later)
        ]

    dead = queued.dead_letter()
    bundle = queued.parsers.latest("sales")
    assert bundle is not None
    again = queued.jobs.replay(dead, source_hash=bundle.source_hash, parser_version="1.0.0")
    assert again is not None
    created, attempt, ended, replayed = told(dead)
    assert created == "created "
    assert attempt.startswith("attempt 1 by worker w1, ")
    assert ended.startswith("dead letter after ")
    assert ended.endswith(": parser: ValueError: no")
    assert replayed == f"replayed as job {again}"
    assert told(again)[0].startswith(f"created as a replay of job {dead}")
    queued.claim()
    assert told(again, later=90_000)[-1].startswith("running so far ")
    other = queued.add("/data/b.csv")
    queued.finish(queued.claim(), rows=3)
    assert [line.split()[0] for line in told(other)] == [
        "created",
        "attempt",
        "promoted",
        "completed",
    ]
    queued.jobs.requeue(other)
    assert "requeued attempts count afresh" in told(other)
    queued.jobs.cancel(other)
    assert told(other)[-1].startswith("cancelled")
    ran = queued.add("/data/c.csv")
    lease = queued.claim()
    queued.jobs.cancel(ran)
    assert queued.jobs.release(lease)
    ended = [line for line in told(ran) if line.startswith("cancelled")]
    assert len(ended) == 1, "it is told once, by the attempt that it ended"
    assert ended[0].startswith("cancelled after ")


def test_the_timeline_of_a_job_that_was_cancelled_and_then_lost_says_cancelled_first(
    queued: Queued, tmp_path: Path
) -> None:
    job_id = queued.add("/data/a.csv")
    queued.claim("gone")
    queued.jobs.cancel(job_id)
    queued.jobs.requeue_stale(dead_workers=["gone"])
    job = queued.jobs.get(job_id)
    assert job is not None
    details = job_details(queued, job, tmp_path)
    *_, last = moments(details, job.created_at)
    assert (last.mark, last.title) == ("-", "cancelled")
    assert last.text.startswith("after ")
    assert ", last heard of after " in last.text
    assert ": the job was cancelled while it ran; crash: the worker gone " in last.text
    said = overview(details, job.created_at).plain
    assert "cancelled: the job was cancelled while it ran; crash: " in said
    assert "it was not heard of since " in said


def test_what_is_known_of_a_paused_parser_stands_beside_it(queued: Queued, tmp_path: Path) -> None:
    job = queued.jobs.get(queued.add())
    assert job is not None
    queued.parsers.pause("sales", "5 consecutive failures")
    parser, paused, contract = overview(job_details(queued, job, tmp_path), 0).plain.split("\n")[:3]
    assert parser.startswith("parser ")
    assert paused.strip().startswith("paused: 5 consecutive failures")
    assert contract.startswith("contract ")
