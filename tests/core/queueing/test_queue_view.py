"""Whoever watches the queue reads the jobs around one place, however many there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casparian.core.queueing import job_order
from casparian.core.queueing.job_order import NEWEST, OLDEST, JobOrder, order_by, spot_of
from casparian.core.queueing.queue_view import Look, jobs_around, look_at_queue
from casparian.core.stores.jobs import (
    Completion,
    Failure,
    Job,
    JobError,
    JobFilter,
    NewJob,
    Promotion,
    Sort,
)
from casparian.core.stores.parsers import StoredParser
from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.stores.states import STATUSES
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
    many: SqliteStore, sort: Sort, place: int | str, expected: range, before: bool, behind: bool
) -> None:
    whole = many.jobs.list(sort=sort, limit=100).jobs
    at = place if isinstance(place, str) else spot_of(whole[place])  # type: ignore[call-overload]
    order = NEWEST if sort == "newest" else OLDEST
    found, _ = jobs_around(many, Look(order=order, place=at, reach=3))
    assert found.jobs == tuple(whole[n] for n in expected)
    assert (found.before, found.behind) == (before, behind)


def test_the_place_of_a_job_that_is_gone_is_between_its_neighbours(many: SqliteStore) -> None:
    whole = many.jobs.list(limit=100).jobs
    many.jobs.cancel(whole[10].job_id)
    pending = JobFilter(statuses=("pending",))
    found, _ = jobs_around(many, Look(pending, place=spot_of(whole[10]), reach=2))
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
    assert (view.counts["running"], view.orphaned) == (2, {"running": 1}), "of all, shown or not"
    assert look_at_queue(many, Look(reach=1), tmp_path).orphaned == {"running": 1}
    many.jobs.requeue_stale()
    assert not look_at_queue(many, Look(), tmp_path).orphaned


@pytest.fixture
def mixed(store: SqliteStore, sales: StoredParser) -> SqliteStore:
    """Jobs of three parsers, one of which is not registered, in several states."""
    for n in range(24):
        parser = ("sales", "invoices", "gone")[n % 3]
        store.jobs.insert(NewJob(parser, "1", "s", f"/d/{(n * 7) % 24:02}.csv", str(n)))
    for n, lease in enumerate(
        job.lease for job in store.jobs.claim_next("w", limit=12, lease_ms=1)
    ):
        if n < 6:
            assert store.jobs.promote([Promotion(lease, "{}")], lease_ms=1)[0].granted
            store.jobs.complete([Completion(lease, rows=n % 3 * 10, quarantined=n % 2)])
        elif n < 9:
            store.jobs.fail(lease, Failure(JobError("parser", "no"), permanent=True))
    return store


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("by", ["state", "parser", "input", "attempt", "rows", "quarantined"])
def test_a_list_in_any_order_is_walked_through_from_either_end(
    mixed: SqliteStore, by: job_order.Key, descending: bool
) -> None:
    def value(job: Job) -> Any:
        name = {"state": "status", "input": "input_path"}.get(by, by)
        found = getattr(job, name)
        return STATUSES.index(found) if by == "state" else found

    jobs = mixed.jobs.list(limit=100).jobs  # of equals the newest is first
    there = [job for job in jobs if value(job) is not None]
    expected = sorted(there, key=value, reverse=descending)
    expected += [job for job in jobs if value(job) is None]
    order = JobOrder(by, descending)
    whole, _ = jobs_around(mixed, Look(order=order, reach=100))
    assert [job.seq for job in whole.jobs] == [job.seq for job in expected]
    at, place = 0, jobs_around(mixed, Look(order=order, reach=2))[0]
    assert not place.before
    while place.behind:
        at += 2
        place, _ = jobs_around(mixed, Look(order=order, place=spot_of(expected[at]), reach=3))
        assert place.jobs == tuple(expected[max(0, at - 3) : at + 3])
        assert place.before == (at > 3)
    last, _ = jobs_around(mixed, Look(order=order, place="last", reach=2))
    assert last.jobs == tuple(expected[-4:])
    assert (last.before, last.behind) == (True, False)


def test_an_order_that_no_index_serves_is_refused_for_a_long_list_and_that_is_said(
    mixed: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_order, "MOST_SORTED", 6)
    view = look_at_queue(mixed, Look(order=order_by("rows")), tmp_path)
    assert view.order == NEWEST
    done = Look(JobFilter(statuses=("completed", "completed_with_warnings")), order_by("rows"))
    view = look_at_queue(mixed, done, tmp_path)
    assert view.order == order_by("rows")
    assert [job.rows for job in view.around.jobs] == [20, 20, 10, 10, 0, 0]
    assert look_at_queue(mixed, Look(order=order_by("state")), tmp_path).order.by == "state"


def test_a_running_job_is_as_long_as_it_runs_so_far(mixed: SqliteStore) -> None:
    found, _ = jobs_around(mixed, Look(order=order_by("duration")))
    started = [job.started_at is not None for job in found.jobs]
    assert started == sorted(started, reverse=True), "those that have never run come last"
