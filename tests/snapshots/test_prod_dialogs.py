"""How the dialogs of the Prod pane look."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import Input

from casparian.app.tui.prod.host import (
    Counted,
    FilesWanted,
    PathsFound,
    Previewed,
    Queueing,
    WorkerTold,
)
from casparian.core.queueing.enqueue import EnqueueReport
from casparian.core.queueing.enqueue_preview import EnqueuePreview, Skipped
from casparian.core.queueing.problems import FileProblem
from casparian.core.stores.jobs import JobFilter

from ..app.tui.prod_pane import GivenViews
from .fed_prod import every_state, nasty, view
from .looks import ALL, NARROW


def test_a_question_with_how_many(prod_looks_as) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("down", "down", "down", "down", "r")
        host.tell(Counted(JobFilter(), "requeue", 1_234))

    assert prod_looks_as(fed, ALL)


def test_a_question_about_a_file_with_a_long_name(prod_looks_as) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("down", "D")
        host.tell(Counted(JobFilter(), "delete", None, "the store is locked by [pid 42]"))

    assert prod_looks_as(fed, seen=nasty())


def test_sorting(prod_looks_as) -> None:
    async def fed(pilot, _host: GivenViews) -> None:
        await pilot.press("s")

    assert prod_looks_as(fed, ALL)


def test_sorting_of_too_many(prod_looks_as) -> None:
    async def fed(pilot, _host: GivenViews) -> None:
        await pilot.press("s")

    assert prod_looks_as(fed, NARROW, seen=every_state())


def test_starting_a_worker(prod_looks_as) -> None:
    async def fed(pilot, _host: GivenViews) -> None:
        await pilot.press("W")

    assert prod_looks_as(fed, ALL)


def test_stopping_a_worker(prod_looks_as, monkeypatch) -> None:
    monkeypatch.setattr("casparian.app.tui.prod.worker_deeds.why_not_stop", lambda _: "")

    async def fed(pilot, _host: GivenViews) -> None:
        await pilot.press("K")

    assert prod_looks_as(fed)


def test_a_worker_that_could_not_be_started(prod_looks_as) -> None:
    said = "the worker ended at once with 2: CASPARIAN_CONCURRENCY: 'many' is no whole number"

    async def fed(_pilot, host: GivenViews) -> None:
        host.tell(WorkerTold(said, is_problem=True))

    assert prod_looks_as(fed, NARROW)


def queueing(text: str, *told):
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("n")
        pilot.app.screen.query_one(Input).value = text
        await pilot.pause()
        wanted: FilesWanted = pilot.app.screen.wanted
        for one in told:
            if isinstance(one, EnqueuePreview | str):
                problem = one if isinstance(one, str) else ""
                found = EnqueuePreview() if isinstance(one, str) else one
                one = Previewed(wanted, found, problem)
            elif isinstance(one, Queueing):
                await pilot.press("enter")
                one = replace(one, wanted=wanted)
            host.tell(one)

    return fed


def test_queueing_files_before_any_is_named(prod_looks_as) -> None:
    assert prod_looks_as(queueing(""))


def test_queueing_files(prod_looks_as) -> None:
    skipped = (
        Skipped("/data/sales_01.csv", "already_processed", "ab" * 8),
        Skipped("/data/sales_11.csv", "in_queue", "cd" * 8),
    )
    found = PathsFound("exports/", ["exports/2023/", "exports/sales_01.csv"])
    preview = EnqueuePreview(1_234, 1_213, 20, 1, skipped=skipped, is_over=True)
    assert prod_looks_as(queueing("exports/", found, preview), ALL)


def test_queueing_files_that_are_not_there(prod_looks_as) -> None:
    said = "no file matches exports/*.tsv"
    assert prod_looks_as(queueing("exports/*.tsv", said), NARROW)


def test_queueing_files_with_names_that_are_long_or_strange(prod_looks_as) -> None:
    long = "/data/" + "a_folder_with_a_long_name/" * 4 + "sales_2024_01.csv"
    names = [
        "exports/売上高.csv",
        "exports/[bold]x[bold].csv",
        "exports/👨‍👩‍👧.csv",
        "exports/" + "long" * 20,
    ]
    skipped = (
        Skipped("/d/[red]\x1b[31m売上高" + "_long" * 20 + ".csv", "already_processed", "ab" * 8),
    )
    problems = (FileProblem(long, "unreadable", "it can't be read: permission denied"),)
    preview = EnqueuePreview(
        3, 1, 1, skipped=skipped, problems=problems, problem_count=1, is_over=True
    )
    found = PathsFound("exports/", names)
    assert prod_looks_as(queueing("exports/", found, preview), seen=nasty())


def test_files_are_being_queued(prod_looks_as) -> None:
    report = EnqueueReport(queued=512, already_processed=20)
    assert prod_looks_as(queueing("exports/", Queueing(FilesWanted("", ""), report)), NARROW)


def test_files_that_could_not_be_queued(prod_looks_as) -> None:
    problems = [
        FileProblem(f"/data/sales_{n}.csv", "unreadable", "permission denied") for n in range(4)
    ]
    report = EnqueueReport(queued=3, problems=problems, problem_count=4)
    over = Queueing(FilesWanted("", ""), report, is_over=True)
    assert prod_looks_as(queueing("exports/", over))


def test_asking_for_a_job(prod_looks_as) -> None:
    async def fed(pilot, _host: GivenViews) -> None:
        await pilot.press("o", *"00a7")

    assert prod_looks_as(fed, NARROW, seen=view())
