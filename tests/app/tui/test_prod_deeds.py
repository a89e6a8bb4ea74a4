"""What is done to jobs in the Prod pane has the same effect as its command."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from casparian.app.tui.prod import job_deeds
from casparian.app.tui.prod.question import Question, QuestionScreen
from casparian.core.stores.jobs import Job

from ..queued import Queued, call
from .cheap_apps import until
from .prod_pane import lines_of, looked, prod_app, table_of

#: Whatever differs between two stores that hold the same.
MOMENTS = {
    "job_id",
    "lease_until",
    "created_at",
    "requeued_at",
    "run_at",
    "started_at",
    "finished_at",
    "replay_of",
    "replaces",
}


def fill(store: Queued) -> str:
    """A job in each state that a verb leads out of; returns their ids by the path of the input."""
    store.add("/data/failed.csv")
    store.fail(store.claim())
    store.dead_letter("/data/dead.csv")
    store.add("/data/scheduled.csv")
    store.fail(store.claim(), permanent=False)
    store.add("/data/running.csv")
    store.claim()
    return store.add("/data/pending.csv")


def by_path(store: Queued) -> dict[str, Job]:
    return {job.input_path: job for job in store.jobs.list().jobs}


def content(store: Queued) -> list[dict[str, Any]]:
    """All jobs as they are, but for ids and times."""
    jobs = [job._asdict() for job in store.jobs.list().jobs]
    return [{key: value for key, value in job.items() if key not in MOMENTS} for job in jobs]


async def go_to(pilot: Pilot[None], path: str) -> None:
    table = table_of(pilot.app)
    while table.job is None or table.job.input_path != path:
        await pilot.press("down")


async def asked(pilot: Pilot[None], said: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, QuestionScreen))
    await until(pilot, lambda: any(said in line for line in lines_of(pilot.app)))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("key", "command", "path"),
    [
        ("r", "requeue", "/data/failed.csv"),
        ("t", "retry", "/data/scheduled.csv"),
        ("y", "replay", "/data/dead.csv"),
        ("x", "cancel", "/data/pending.csv"),
        ("x", "cancel", "/data/running.csv"),
        ("D", "delete", "/data/failed.csv"),
    ],
)
async def test_one_action_same_effect_as_its_command(
    queued: Queued, tmp_path: Path, key: str, command: str, path: str
) -> None:
    with Queued(tmp_path / "other.db") as other:
        other.register()
        for store in (queued, other):
            fill(store)
        done = call("job", command, by_path(other)[path].job_id, "--store", tmp_path / "other.db")
        assert done.return_value == 0
        app = prod_app(queued)
        async with app.run_test(size=(120, 40)) as pilot:
            await looked(pilot)
            await go_to(pilot, path)
            before = content(queued)
            await pilot.press(key)
            await asked(pilot, f"the job {by_path(queued)[path].job_id[:8]}")
            assert content(queued) == before, "nothing is done before it is answered"
            await pilot.press("enter")
            await until(pilot, lambda: app._notifications)
        assert content(queued) == content(other)


@pytest.mark.asyncio
async def test_what_cannot_be_done_to_a_job_says_why(queued: Queued) -> None:
    fill(queued)
    app = prod_app(queued)
    async with app.run_test(size=(80, 24)) as pilot:
        await looked(pilot)
        for key, why in (
            ("r", "only an ended job can be requeued"),
            ("t", "only a scheduled job can be retried now"),
            ("y", "only a dead letter can be replayed"),
            ("D", "only an ended job can be deleted"),
            ("X", "nothing is being done"),
        ):
            await pilot.press(key)
            await until(pilot, lambda why=why: any(why in n.message for n in app._notifications))
        assert not isinstance(app.screen, QuestionScreen)


@pytest.mark.asyncio
async def test_marked_jobs_or_all_that_match_with_their_count_in_the_question(
    queued: Queued,
) -> None:
    for number in range(30):
        queued.add(f"/data/{number}.csv")
    for _ in range(5):
        queued.fail(queued.claim())
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await looked(pilot)
        await go_to(pilot, "/data/5.csv")
        await pilot.press("space", "space", "space")  # 5 is pending, 4 and 3 have failed
        await pilot.press("r")
        await asked(pilot, "the 2 marked jobs that it applies to, of 3")
        await asked(pilot, "all 5 that match (no filter")
        await pilot.press("enter")
        await until(pilot, lambda: queued.jobs.counts()["failed"] == 3)
        await until(pilot, lambda: len(pane.state.marked) == 1)
        await pilot.press("escape", "slash", *"status:failed", "enter")
        await until(pilot, lambda: "3 jobs" in str(table_of(app).border_subtitle))
        await pilot.press("D")
        await asked(pilot, "all 3 that match status:failed")
        await pilot.press("a")
        await until(pilot, lambda: queued.jobs.counts() == {"pending": 27})
        await until(pilot, lambda: any("no job matches" in line for line in lines_of(app)))
        assert "3 jobs forgotten" in [note.message for note in app._notifications]


@pytest.mark.asyncio
async def test_a_job_that_changed_while_the_question_stood_is_left_alone_and_that_is_said(
    queued: Queued,
) -> None:
    job_id = queued.add()
    queued.fail(queued.claim())
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await pilot.press("r")
        await asked(pilot, "all 1 that match")
        queued.jobs.requeue(job_id)
        queued.finish(queued.claim())
        await pilot.press("enter")
        await until(pilot, lambda: app._notifications)
        [note] = app._notifications
        assert "it was failed when you looked" in note.message
        found = queued.jobs.get(job_id)
        assert found is not None
        assert found.status == "completed"


@pytest.mark.asyncio
async def test_a_parser_is_paused_and_resumed_as_by_its_commands(queued: Queued) -> None:
    queued.add()

    def health() -> tuple[bool, str]:
        found = queued.parsers.health()["sales"]
        return found.paused_at is not None, found.paused_reason

    call("parser", "pause", "sales")
    by_command = health()
    queued.parsers.resume("sales")
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await looked(pilot)
        await pilot.press("P")
        await until(pilot, lambda: pane.state.view and pane.state.view.paused == {"sales"})
        assert health() == by_command
        await pilot.press("P")
        await until(pilot, lambda: pane.state.view and not pane.state.view.paused)
        assert health() == (False, "")


@pytest.mark.asyncio
async def test_while_another_process_locks_the_store_it_is_seen_that_something_is_to_be_done(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_deeds, "_SOON", 0.05)
    queued.add("/data/a.csv")
    other = sqlite3.connect(queued.connection.path, isolation_level=None)
    app = prod_app(queued)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await looked(pilot)
        other.execute("BEGIN IMMEDIATE")
        await pilot.press("x")
        await asked(pilot, "the job")
        await pilot.press("enter")
        await until(pilot, lambda: any("Cancel: 0 of 1" in line for line in lines_of(app)))
        assert pane.why_not_cancel() == "cancel is still under way: X stops it"
        other.execute("ROLLBACK")
        await until(pilot, lambda: by_path(queued)["/data/a.csv"].status == "cancelled")
        await until(pilot, lambda: pane.state.acting is None)
    other.close()


@pytest.mark.asyncio
async def test_read_only_nothing_can_be_done(queued: Queued) -> None:
    fill(queued)
    app = prod_app(queued, read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await looked(pilot)
        await pilot.press("x")
        await until(pilot, lambda: app._notifications)
        await pilot.press("P")
        await until(pilot, lambda: len(app._notifications) == 2)
        assert all("--read-only" in note.message for note in app._notifications)
    assert "sales" not in queued.parsers.health()


def test_a_count_that_is_known_before_the_question_is_drawn_is_in_it() -> None:
    screen = QuestionScreen(Question("delete", "this job", 1, "all"))
    screen.counted(7)
    assert "all 7 that match" in screen._choices().plain
