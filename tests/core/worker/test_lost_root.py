"""The output root goes away: what is seen meanwhile, and how it ends."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from casparian.app.cli import casparian
from casparian.core.sinks.errors import SinkError
from casparian.core.worker import endings, obstacles, options, publications, supervisor
from casparian.core.worker.left_over import left_over
from casparian.core.worker.reports import Notice

from .conftest import READ, Workshop


@pytest.fixture(params=["folder", "database"])
def database(request: pytest.FixtureRequest, workshop: Workshop) -> Path | None:
    """The database that takes the rows; None if a folder does."""
    return workshop.root / "all.db" if request.param == "database" else None


@pytest.fixture
def lost(workshop: Workshop, monkeypatch: pytest.MonkeyPatch, database: Path | None) -> str:
    """A job that was promoted just before the root of its outputs went away, as a disk does."""
    monkeypatch.setattr(publications, "_RETRY_S", (*[0.0] * 4, 30.0))
    workshop.parser(READ)
    job_id = workshop.job()

    def go(point: str) -> None:
        if point == "promoted":
            workshop.root.rename(workshop.folder / "away")

    with monkeypatch.context() as patch:
        patch.setattr(endings, "reached", go)
        workshop.drain(database=database)
    return job_id


def test_it_waits_and_says_why_wherever_one_looks(workshop: Workshop, lost: str) -> None:
    job = workshop.get(lost)
    assert (job.status, job.attempt) == ("promoting", 1)
    assert job.error is not None
    assert job.error.error_class == "unpublished"
    why = f"the output root {workshop.root}, where the set of job {lost} is staged, is not there"
    assert why in job.error.message
    assert "is its disk mounted?" in job.error.hint
    warned = [one.sentence for one in workshop.reports if isinstance(one, Notice) and one.warning]
    assert why in warned[0]
    assert len(warned) == 5, "then a worker that has nothing else to do leaves it to the next"
    [left] = left_over(workshop.store)
    assert left.is_promoted
    assert why in left.why
    store = ["--store", str(workshop.folder / "casparian.db")]
    for words in (["jobs"], ["job", "show", lost]):
        for form in ([], ["--json"]):
            told = [*words, *store, *form]
            shown = CliRunner().invoke(casparian, told, env={"COLUMNS": "300"}).stdout
            seen = why if form or "show" in words else "unpublished: the output root"
            assert seen in " ".join(shown.split()), shown


def test_once_it_is_back_the_set_is_published_and_nothing_runs_again(
    workshop: Workshop, lost: str, database: Path | None
) -> None:
    (workshop.folder / "away").rename(workshop.root)
    workshop.drain(database=database)
    job = workshop.get(lost)
    assert (job.status, job.error, job.attempt, job.fence) == ("completed", None, 1, 1)
    assert left_over(workshop.store) == []
    assert not [name for name in workshop.files() if ".staging" in name]


def test_if_it_is_gone_for_good_the_job_fails_once_the_root_is_made_anew_and_is_requeued(
    workshop: Workshop, lost: str, database: Path | None
) -> None:
    shutil.rmtree(workshop.folder / "away")
    job = workshop.get(lost)
    assert job.error is not None
    assert f"mkdir -p {workshop.root / '.staging'}" in job.error.hint
    (workshop.root / ".staging").mkdir(parents=True)
    workshop.drain(database=database)
    assert workshop.error(lost)[:2] == ("failed", "staging_lost")
    assert workshop.store.jobs.requeue(lost)
    workshop.drain(database=database)
    assert workshop.get(lost).status == "completed"


def test_a_worker_does_not_begin_where_a_disk_that_it_published_on_is_not_mounted(
    workshop: Workshop, database: Path | None
) -> None:
    workshop.parser(READ)
    workshop.job()
    workshop.drain(database=database)
    workshop.root.rename(workshop.folder / "disk")
    waiting = workshop.job("name,age\nBo,2\n")
    for there in (False, True):  # where a disk is to be mounted, an empty folder is
        if there:
            workshop.root.mkdir()
        with pytest.raises(SinkError, match="is not there now, or empty, though") as refused:
            workshop.drain(database=database)
        assert "is its disk mounted?" in refused.value.hint
        assert f"mkdir -p {workshop.root / '.staging'}" in refused.value.hint
        assert not there or [*workshop.root.iterdir()] == [], "nothing is made on its mount point"
    workshop.root.rmdir()
    (workshop.folder / "disk").rename(workshop.root)
    workshop.drain(database=database)
    assert workshop.get(waiting).status == "completed"


def test_one_that_is_gone_for_good_is_made_anew_by_hand(workshop: Workshop) -> None:
    workshop.parser(READ)
    workshop.job()
    workshop.drain()
    shutil.rmtree(workshop.root)
    (workshop.root / ".staging").mkdir(parents=True)
    waiting = workshop.job("name,age\nBo,2\n")
    workshop.drain()
    assert workshop.get(waiting).status == "completed"


def test_jobs_wait_for_a_root_that_goes_away_while_the_worker_runs(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.parser(READ)
    job_id = workshop.job()

    def checked(root: Path, **other: Any) -> None:
        options.check_root(root, **other)
        root.rename(workshop.folder / "disk")
        root.mkdir()

    monkeypatch.setattr(obstacles, "_FIRST_S", 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "check_root", checked)
        workshop.drain()
    waits = workshop.get(job_id)
    assert (waits.status, waits.attempt) == ("pending", 0)
    assert [*workshop.root.iterdir()] == [], "nothing is made on its mount point"
    [left] = left_over(workshop.store)
    assert f"the output root {workshop.root} is not there now, or empty" in left.why
    workshop.root.rmdir()
    (workshop.folder / "disk").rename(workshop.root)
    workshop.drain()
    assert workshop.get(job_id).status == "completed"
