"""Whoever watches the queue reads the jobs around one place, however many there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.queueing.queue_view import Look, Place, jobs_around, look_at_queue
from casparian.core.stores.jobs import JobFilter, NewJob, Sort
from casparian.core.stores.parsers import StoredParser
from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.stores.workers import NewWorker


@pytest.fixture
def many(store: SqliteStore, sales: StoredParser) -> SqliteStore:
    store.jobs.insert_many(
        NewJob("sales", "1.0.0", sales.source_hash, f"/d/{n}.csv", str(n)) for n in range(20)
    )
    return store


@pytest.mark.parametrize("sort", ["newest", "oldest"])
@pytest.mark.parametrize(
    ("place", "expected", "before", "behind"),
    [
        ("first", range(6), False, True),
        ("last", range(14, 20), True, False),
        (10, range(7, 13), True, True),
        (1, range(4), False, True),
        (19, range(16, 20), True, False),
    ],
)
def test_jobs_around_a_place_are_in_the_order_of_their_list(
    many: SqliteStore, sort: Sort, place: Place, expected: range, before: bool, behind: bool
) -> None:
    whole = many.jobs.list(sort=sort, limit=100).jobs
    at = place if isinstance(place, str) else whole[place].seq
    found = jobs_around(many, Look(sort=sort, place=at, reach=3))
    assert found.jobs == tuple(whole[n] for n in expected)
    assert (found.before, found.behind) == (before, behind)


def test_the_place_of_a_job_that_is_gone_is_between_its_neighbours(many: SqliteStore) -> None:
    whole = many.jobs.list(limit=100).jobs
    many.jobs.cancel(whole[10].job_id)
    pending = JobFilter(statuses=("pending",))
    found = jobs_around(many, Look(pending, place=whole[10].seq, reach=2))
    assert found.jobs == (whole[8], whole[9], whole[11], whole[12])


def test_jobs_that_pass_are_counted_where_that_costs_nothing(
    many: SqliteStore, tmp_path: Path
) -> None:
    def total(wanted: JobFilter) -> int | None:
        return look_at_queue(many, Look(wanted, reach=2), tmp_path).total

    assert total(JobFilter()) == 20
    assert total(JobFilter(statuses=("pending", "failed"), parser="sales")) == 20
    assert total(JobFilter(input_glob="*1*")) is None
    assert total(JobFilter(input_glob="*/17.csv")) == 1


def test_a_job_is_orphaned_if_its_worker_has_gone_or_is_unknown(
    many: SqliteStore, tmp_path: Path
) -> None:
    many.workers.announce(NewWorker("there", "elsewhere", 1, 1, "1"))
    many.workers.announce(NewWorker("retired", "elsewhere", 2, 1, "1"))
    [kept] = many.jobs.claim_next("there", limit=1, lease_ms=60_000)
    [left] = many.jobs.claim_next("retired", limit=1, lease_ms=60_000)
    many.workers.retire("retired")
    view = look_at_queue(many, Look(), tmp_path)
    assert not view.is_orphaned(kept)
    assert view.is_orphaned(left)
    assert not any(view.is_orphaned(job) for job in view.around.jobs if job.status == "pending")
