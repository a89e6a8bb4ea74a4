"""What a queue promises, in the order of a job's life."""

from __future__ import annotations

import datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from casparian.core.stores.errors import AmbiguousJobError, StoreError, UnknownJobError
from casparian.core.stores.jobs import (
    Claim,
    Completion,
    Inserted,
    JobError,
    JobFilter,
    Lease,
    Measure,
    Promotion,
    Replay,
)
from casparian.core.stores.quarantine import QuarantinedRow, StoredReason
from casparian.core.stores.standing_sets import Promoted
from casparian.core.stores.states import ENDED, STATUSES, JobStatus
from casparian.core.stores.store import Store
from casparian.core.stores.workers import NewWorker

from .clock import LEASE_MS, Clock, claim, failure, finish, new_job, publish
from .conftest import Opener

# ------------------------------------------------------------------------------ queueing


def test_a_job_that_was_queued_is_there_as_it_was_given(store: Store, clock: Clock) -> None:
    done = store.jobs.insert(new_job(1, priority=3))
    job = store.jobs.get(done.job_id)
    assert done.is_new
    assert job is not None
    assert (job.status, job.priority, job.attempt, job.fence) == ("pending", 3, 0, 0)
    assert (job.input_path, job.created_at) == ("/data/sales_1.csv", clock.now)


def test_the_same_work_is_queued_once(store: Store) -> None:
    first = store.jobs.insert(new_job(1))
    again = store.jobs.insert(new_job(1, input_path="/data/copy.csv"))
    assert (again.is_new, again.job_id) == (False, first.job_id)
    finish(store, claim(store))
    assert store.jobs.insert(new_job(1)).job_id == first.job_id, "once done, it is done"
    assert store.jobs.insert(new_job(1, source_hash="t" * 64)).is_new, "another bundle"
    assert store.jobs.insert(new_job(1, forced=True)).is_new


def test_work_that_failed_may_be_queued_again(store: Store) -> None:
    first = store.jobs.insert(new_job(1))
    store.jobs.fail(claim(store), failure(permanent=True))
    again = store.jobs.insert(new_job(1))
    assert again.is_new
    assert again.job_id != first.job_id


def test_of_many_jobs_the_same_work_is_queued_once(store: Store) -> None:
    done = store.jobs.insert_many([new_job(1), new_job(2), new_job(1)])
    assert [one.is_new for one in done] == [True, True, False]
    assert done[0].job_id == done[2].job_id


def test_many_jobs_are_queued_all_or_none(store: Store) -> None:
    with pytest.raises(StoreError):
        store.jobs.insert_many([new_job(1), new_job(2, input_size=None)])
    assert store.jobs.counts() == {}


# ------------------------------------------------------------------------------ claiming


def test_jobs_are_claimed_by_priority_and_then_in_their_order(store: Store) -> None:
    store.jobs.insert_many(
        [new_job(1), new_job(2, priority=-1), new_job(3, parser="other"), new_job(4)]
    )
    claimed = store.jobs.claim_next("w", limit=3, lease_ms=LEASE_MS)
    assert [job.input_path[-5] for job in claimed] == ["2", "1", "3"]
    assert [job.status for job in claimed] == ["running"] * 3


def test_jobs_of_several_versions_are_claimed_in_their_common_order(store: Store) -> None:
    bundles = ["b" * 64, "a" * 64, "c" * 64]
    store.jobs.insert_many([new_job(n, source_hash=bundles[n % 3]) for n in range(8)])
    store.jobs.insert(new_job(8, source_hash="c" * 64, priority=-1))
    claimed = store.jobs.claim_next("w", limit=5, lease_ms=LEASE_MS)
    claimed += store.jobs.claim_next("w", limit=5, lease_ms=LEASE_MS)
    assert [job.input_path[-5] for job in claimed] == [*"801234567"]


def test_no_job_is_claimed_twice(opener: Opener) -> None:
    one, other = opener(), opener()
    one.jobs.insert_many([new_job(number) for number in range(7)])
    claimed = [
        job.job_id
        for store in (one, other, one, other)
        for job in store.jobs.claim_next("w", limit=2, lease_ms=LEASE_MS)
    ]
    assert len(claimed) == len(set(claimed)) == 7


def test_one_parsers_jobs_can_be_claimed_alone(store: Store) -> None:
    store.jobs.insert_many([new_job(1), new_job(2, parser="other")])
    [job] = store.jobs.claim_next("w", limit=5, lease_ms=LEASE_MS, parser="other")
    assert job.parser == "other"


def test_bundles_can_be_left_to_other_workers(store: Store) -> None:
    mended = {"source_hash": "t" * 64}
    new = [new_job(1, priority=-1), new_job(2, **mended), new_job(3, parser="other", **mended)]
    store.jobs.insert_many(new)
    left = ("s" * 64, "of nobody")
    claimed = store.jobs.claim_next("w", limit=5, lease_ms=LEASE_MS, without=left)
    assert [job.input_path[-5] for job in claimed] == ["2", "3"], "another version doesn't wait"
    assert not store.jobs.claim_next("w", limit=5, lease_ms=LEASE_MS, without=left)
    [job] = store.jobs.claim_next("v", limit=5, lease_ms=LEASE_MS)
    assert (job.parser, job.attempt, job.fence) == ("sales", 1, 1)


def test_what_a_retired_worker_held_is_anothers_at_once(store: Store) -> None:
    store.workers.announce(NewWorker("w1", "host", 7, 1, "0.1.0"))
    store.jobs.insert_many([new_job(1), new_job(2)])
    promoted, running = claim(store), claim(store)
    assert store.jobs.promote([Promotion(promoted, "{}")], lease_ms=LEASE_MS) == [
        Promoted("granted")
    ]
    assert store.jobs.stale_promoting() == store.jobs.requeue_stale() == []
    store.workers.retire("w1")
    assert [job.lease for job in store.jobs.stale_promoting()] == [promoted]
    assert [job.job_id for job in store.jobs.requeue_stale()] == [running.job_id]


def test_a_job_for_later_waits_for_its_time(store: Store, clock: Clock) -> None:
    store.jobs.insert(new_job(1, run_at=clock.now + 500))
    assert store.jobs.counts() == {"scheduled": 1}
    assert not store.jobs.claim_next("w", limit=1, lease_ms=LEASE_MS)
    clock.forward(500)
    assert store.jobs.claim_next("w", limit=1, lease_ms=LEASE_MS)


def test_the_fence_grows_with_every_claim_and_never_shrinks(store: Store) -> None:
    store.jobs.insert(new_job(1))
    fences = []
    for _ in range(3):
        lease = claim(store)
        fences.append(lease.fence)
        assert store.jobs.release(lease)
    assert fences == [1, 2, 3]
    store.jobs.cancel(lease.job_id)
    assert store.jobs.requeue(lease.job_id)
    assert claim(store).fence == 4


# ------------------------------------------------------------------------------- leases


def outdated(store: Store, clock: Clock) -> tuple[Lease, Lease]:
    """Return the lease of a worker that was asleep, and that of the one that took over."""
    store.jobs.insert(new_job(1))
    old = claim(store, "asleep")
    clock.forward(LEASE_MS + 1)
    assert store.jobs.requeue_stale()
    return old, claim(store, "awake")


def test_a_worker_that_was_asleep_can_do_nothing_to_a_job_that_another_one_holds(
    store: Store, clock: Clock
) -> None:
    old, new = outdated(store, clock)
    before = store.jobs.get(new.job_id)
    assert not store.jobs.heartbeat([old], lease_ms=LEASE_MS)[0].held
    assert not store.jobs.progress(old, 1, 2)
    assert store.jobs.promote([Promotion(old, "{}")], lease_ms=LEASE_MS) == [Promoted("refused")]
    assert store.jobs.complete([Completion(old)]) == [False]
    assert store.jobs.fail(old, failure()) is None
    assert not store.jobs.release(old)
    assert store.jobs.get(new.job_id) == before
    finish(store, new)


def test_a_worker_that_was_asleep_cannot_complete_what_another_one_promoted(
    store: Store, clock: Clock
) -> None:
    old, new = outdated(store, clock)
    assert store.jobs.promote([Promotion(new, "{}")], lease_ms=LEASE_MS) == [Promoted("granted")]
    assert store.jobs.complete([Completion(old)]) == [False]
    assert store.jobs.complete([Completion(new)]) == [True]
    assert store.jobs.complete([Completion(new)]) == [False], "once is enough"


def test_a_heartbeat_prolongs_the_lease_and_is_seen(store: Store, clock: Clock) -> None:
    store.jobs.insert(new_job(1))
    lease = claim(store)
    clock.forward(LEASE_MS - 1)
    [beat] = store.jobs.heartbeat([lease], lease_ms=LEASE_MS)
    assert beat.held
    assert not beat.cancel_requested
    clock.forward(LEASE_MS - 1)
    assert not store.jobs.requeue_stale()
    job = store.jobs.get(lease.job_id)
    assert job is not None
    assert job.last_heartbeat_at == clock.now - LEASE_MS + 1


def test_progress_is_seen(store: Store) -> None:
    store.jobs.insert(new_job(1))
    lease = claim(store)
    assert store.jobs.progress(lease, 5, 10)
    job = store.jobs.get(lease.job_id)
    assert job is not None
    assert (job.progress_done, job.progress_total) == (5, 10)


# ------------------------------------------------------------------------------- ending


def test_a_completed_job_has_its_counts_quarantine_and_history(store: Store) -> None:
    store.jobs.insert(new_job(1))
    lease = claim(store)
    reason = StoredReason("age", "type_mismatch", "row 1000: age: 'x' is not an int64", "")
    row = QuarantinedRow("people", 999, (reason,), '{"age": "x"}', 12, "0" * 64)
    finish(store, lease, rows=999, quarantined=1, quarantine=[row])
    job = store.jobs.get(lease.job_id)
    assert job is not None
    assert (job.status, job.rows, job.quarantined) == ("completed_with_warnings", 999, 1)
    assert list(store.quarantine.list_for_job(lease.job_id)) == [row]
    assert store.jobs.exists_for_hash(job.input_hash, job.source_hash) == lease.job_id
    assert [attempt.outcome for attempt in store.jobs.attempts(lease.job_id)] == [job.status]


def test_a_transient_failure_is_retried_after_1_4_and_16_seconds_and_then_is_a_dead_letter(
    store: Store, clock: Clock
) -> None:
    store.jobs.insert(new_job(1))
    for longest in (1_000, 4_000, 16_000):
        lease = claim(store)
        failed = store.jobs.fail(lease, failure())
        assert failed is not None
        assert failed.status == "scheduled"
        assert failed.run_at is not None
        assert longest / 2 <= failed.run_at - clock.now <= longest
        assert not store.jobs.claim_next("w", limit=1, lease_ms=LEASE_MS)
        clock.forward(longest)
    lease = claim(store)
    failed = store.jobs.fail(lease, failure())
    assert failed is not None
    assert failed.status == "dead_letter"
    job = store.jobs.get(lease.job_id)
    assert job is not None
    assert job.error is not None
    assert (job.attempt, job.error.message) == (4, "ValueError: no such column")
    assert len(store.jobs.attempts(lease.job_id)) == 4


def test_every_attempt_is_told_of_a_job_that_has_completed_and_ran_again(
    store: Store, clock: Clock
) -> None:
    def told() -> list[tuple[object, ...]]:
        return [
            (one.fence, one.attempt, one.worker_id, one.started_at, one.ended_at, one.outcome)
            for one in store.jobs.attempts(job_id)
        ]

    begun = clock.now
    job_id = store.jobs.insert(new_job()).job_id
    lease = claim(store, "w1")
    clock.forward(7)
    finish(store, lease)
    first = (1, 1, "w1", begun, begun + 7, "completed")
    assert told() == [first]
    clock.forward(1)
    assert store.jobs.requeue(job_id)
    assert told() == [first]
    lease = claim(store, "w2")
    assert told() == [first, (2, 1, "w2", begun + 8, None, None)]
    finish(store, lease, quarantined=1)
    second = (2, 1, "w2", begun + 8, begun + 8, "completed_with_warnings")
    assert told() == [first, second]
    assert store.jobs.requeue(job_id)
    store.jobs.cancel(job_id)
    assert store.jobs.requeue(job_id)
    assert told() == [first, second]


def test_a_claim_tells_all_of_a_job_as_it_stands_in_the_store(store: Store, clock: Clock) -> None:
    """Also of one that has been through much, whatever its path is called."""
    path = '/data/"a"\\b\n\u2028\U0001f600.csv'
    job_id = store.jobs.insert(new_job(1, input_path=path, priority=-(2**40))).job_id
    finish(store, claim(store), place="/out/1", rows=7, quarantined=2)
    assert store.jobs.requeue(job_id)
    finish(store, claim(store), place="/out/2", rows=7, quarantined=2)  # in place of its first
    assert store.jobs.requeue(job_id)
    store.jobs.insert(new_job(2, forced=True, max_crashes=9, parser="other"))
    claimed = []
    for _ in range(2):
        clock.forward(3_600_000)
        for job in store.jobs.claim_next("w2", limit=2, lease_ms=LEASE_MS):
            claimed.append(job)
            assert job == store.jobs.get(job.job_id)
            store.jobs.heartbeat([job.lease], lease_ms=LEASE_MS)
            store.jobs.progress(job.lease, 1, 2)
            store.jobs.fail(job.lease, failure(crashed=True, quarantined=3))
    assert [job.crash_count for job in claimed] == [0, 0, 1, 1]
    assert [bool(job.replacing) for job in claimed] == [True, False] * 2


def test_a_permanent_failure_ends_the_job_at_once(store: Store) -> None:
    store.jobs.insert(new_job(1))
    failed = store.jobs.fail(claim(store), failure(permanent=True))
    assert failed is not None
    assert failed.status == "failed"


def test_a_job_that_is_given_back_has_lost_no_attempt(store: Store) -> None:
    store.jobs.insert(new_job(1))
    lease = claim(store)
    assert store.jobs.release(lease)
    job = store.jobs.get(lease.job_id)
    assert job is not None
    assert (job.status, job.attempt, job.crash_count) == ("pending", 0, 0)


def test_a_job_whose_worker_died_is_pending_again_at_once_then_later_then_poison(
    store: Store, clock: Clock
) -> None:
    store.jobs.insert(new_job(1))
    seen = []
    for _ in range(3):
        lease = claim(store, "doomed")
        [job] = store.jobs.requeue_stale(dead_workers=["doomed"])
        seen.append((job.status, job.crash_count))
        clock.forward(60_000)
    assert seen == [("pending", 1), ("scheduled", 2), ("dead_letter", 3)]
    job = store.jobs.get(lease.job_id)  # type: ignore[assignment]
    assert job.error is not None
    assert job.error.error_class == "poison"


def test_the_holder_sees_which_of_its_jobs_are_to_be_cancelled(store: Store) -> None:
    for number in (1, 2):
        store.jobs.insert(new_job(number))
    first, second = claim(store), claim(store)
    assert store.jobs.cancel_requests([first, second]) == []
    store.jobs.cancel(second.job_id)
    assert store.jobs.cancel_requests([first, second]) == [second]
    assert store.jobs.cancel_requests([Lease(second.job_id, second.fence + 1)]) == []


def test_a_guest_that_crashes_counts_as_a_crash_and_the_third_is_poison(
    store: Store, clock: Clock
) -> None:
    store.jobs.insert(new_job(1))
    seen = []
    for _ in range(3):
        failed = store.jobs.fail(claim(store), failure(crashed=True, blames_parser=True))
        assert failed is not None
        seen.append(failed.status)
        clock.forward(60_000)
    assert seen == ["pending", "scheduled", "dead_letter"]
    [job] = store.jobs.list().jobs
    assert job.error is not None
    assert job.error.error_class == "poison"
    assert "crashed 3 times" in job.error.message
    assert store.parsers.health()["sales"].consecutive_failures == 1


def test_a_failed_job_keeps_its_quarantine_until_it_runs_again(store: Store) -> None:
    store.jobs.insert(new_job(1))
    row = QuarantinedRow("sales", 3, (StoredReason("a", "not_a_number", "row 4"),), "{}", 2, "ab")
    lease = claim(store)
    store.jobs.fail(lease, failure(permanent=True, quarantine=[row]))
    assert list(store.quarantine.list_for_job(lease.job_id)) == [row]
    store.jobs.requeue(lease.job_id)
    store.jobs.fail(claim(store), failure(permanent=True))
    assert not store.quarantine.list_for_job(lease.job_id)


def test_a_failed_job_says_how_many_rows_its_last_attempt_refused_if_that_is_known(
    store: Store,
) -> None:
    store.jobs.insert(new_job(1))
    row = QuarantinedRow("sales", 3, (StoredReason("a", "not_a_number", "row 4"),), "{}", 2, "ab")

    def known(**failed: Any) -> int | None:
        lease = claim(store)
        store.jobs.fail(lease, failure(permanent=True, **failed))
        job = store.jobs.get(lease.job_id)
        assert job is not None
        assert job.rows is None, "nothing is published"
        assert store.jobs.requeue(lease.job_id)
        return job.quarantined

    assert known(quarantine=[row]) == 1
    assert known() is None, "it ended without a word of it"
    assert known(quarantine=[row], quarantined=20_000) == 20_000, "more than are kept"
    assert known(quarantined=0) == 0
    [job] = store.jobs.list().jobs
    assert job.quarantined is None, "what is queued again has refused none"


def test_why_a_promoted_set_can_not_be_published_is_seen_until_it_is(store: Store) -> None:
    store.jobs.insert(new_job(1))
    lease = claim(store)
    error = JobError("unpublished", "there is no such folder", "bring it back")
    assert not store.jobs.hindered(lease, error), "it is not being published yet"
    store.jobs.promote([Promotion(lease, "{}")], lease_ms=LEASE_MS)
    assert not store.jobs.hindered(Lease(lease.job_id, 7), error)
    assert store.jobs.hindered(lease, error)
    job = store.jobs.get(lease.job_id)
    assert job is not None
    assert (job.status, job.error) == ("promoting", error)
    assert store.jobs.complete([Completion(lease)]) == [True]
    job = store.jobs.get(lease.job_id)
    assert job is not None
    assert (job.status, job.error) == ("completed", None)
    assert not store.jobs.hindered(lease, error)


def test_a_set_that_somebody_removed_before_it_was_published_is_a_failure(store: Store) -> None:
    store.jobs.insert(new_job(1))
    lease = claim(store)
    error = JobError("staging_lost", "the staged set is gone")
    assert not store.jobs.vanished(lease, error), "it is not being published yet"
    store.jobs.promote([Promotion(lease, "{}")], lease_ms=LEASE_MS)
    assert store.jobs.vanished(lease, error)
    job = store.jobs.get(lease.job_id)
    assert job is not None
    assert (job.status, job.error) == ("failed", error)
    assert store.jobs.attempts(lease.job_id)[0].outcome == "failed"


def test_a_job_whose_worker_died_before_its_first_heartbeat_is_taken_back(
    store: Store, clock: Clock
) -> None:
    store.jobs.insert(new_job(1))
    claim(store)
    clock.forward(LEASE_MS)
    assert not store.jobs.requeue_stale(), "the lease still holds"
    clock.forward(1)
    assert [job.status for job in store.jobs.requeue_stale()] == ["pending"]


def test_a_job_that_is_being_published_is_rolled_forward_and_never_run_again(
    store: Store, clock: Clock
) -> None:
    store.jobs.insert(new_job(1))
    lease = claim(store)
    store.jobs.promote([Promotion(lease, '{"files": 1}')], lease_ms=LEASE_MS)
    assert not store.jobs.stale_promoting()
    clock.forward(LEASE_MS + 1)
    assert not store.jobs.requeue_stale()
    [job] = store.jobs.stale_promoting()
    assert (job.manifest, job.lease) == ('{"files": 1}', lease)
    assert store.jobs.complete([Completion(job.lease)]) == [True]


# ------------------------------------------------------------------------ what people do


def test_a_waiting_job_is_cancelled_at_once(store: Store, clock: Clock) -> None:
    for run_at in (0, clock.now + 5):
        job_id = store.jobs.insert(new_job(run_at, run_at=run_at)).job_id
        assert store.jobs.cancel(job_id) == "cancelled"
    assert not store.jobs.claim_next("w", limit=9, lease_ms=LEASE_MS)


@pytest.mark.parametrize("how", ["worker", "guest", "parser"])
def test_a_cancelled_job_is_told_as_cancelled_whatever_else_became_of_it(
    store: Store, clock: Clock, how: str
) -> None:
    store.jobs.insert(new_job(1))
    lease = claim(store)
    clock.forward(11_000)
    store.jobs.heartbeat([lease], lease_ms=LEASE_MS)
    heard = clock.now
    store.jobs.cancel(lease.job_id)
    clock.forward(160_000)
    if how == "worker":
        store.jobs.requeue_stale()
    else:
        store.jobs.fail(lease, failure(crashed=how == "guest"))
    job = store.jobs.get(lease.job_id)
    assert job is not None
    assert job.error is not None
    assert job.error.error_class == "cancelled"
    assert job.error.message.startswith("the job was cancelled while it ran; ")
    if how == "worker":
        since = datetime.datetime.fromtimestamp(heard / 1000, datetime.UTC)
        assert f"was not heard of since {since:%Y-%m-%d %H:%M:%S} UTC" in job.error.message
        assert job.error.details["last_heard_at"] == heard
    [attempt] = store.jobs.attempts(lease.job_id)
    assert (attempt.outcome, attempt.error) == ("cancelled", job.error)


@pytest.mark.parametrize("how", ["fail", "release", "die"])
def test_a_running_job_is_asked_to_end_and_then_is_cancelled_however_it_ends(
    store: Store, how: str
) -> None:
    store.jobs.insert(new_job(1))
    lease = claim(store)
    assert store.jobs.cancel(lease.job_id) == "running"
    assert store.jobs.heartbeat([lease], lease_ms=LEASE_MS)[0].cancel_requested
    assert store.jobs.promote([Promotion(lease, "{}")], lease_ms=LEASE_MS) == [Promoted("refused")]
    if how == "fail":
        store.jobs.fail(lease, failure())
    elif how == "release":
        store.jobs.release(lease)
    else:
        store.jobs.requeue_stale(dead_workers=["w1"])
    job = store.jobs.get(lease.job_id)
    assert job is not None
    assert job.status == "cancelled"


def test_it_is_too_late_to_cancel_what_is_being_published(store: Store) -> None:
    store.jobs.insert(new_job(1))
    lease = claim(store)
    store.jobs.promote([Promotion(lease, "{}")], lease_ms=LEASE_MS)
    assert store.jobs.cancel(lease.job_id) is None


def test_a_retry_runs_a_scheduled_job_now_and_no_other(store: Store) -> None:
    job_id = store.jobs.insert(new_job(1)).job_id
    assert not store.jobs.retry(job_id)
    store.jobs.fail(claim(store), failure())
    assert store.jobs.retry(job_id)
    assert claim(store).job_id == job_id


def in_state(store: Store, status: JobStatus) -> str:
    """Make a job that is in a state."""
    job_id = store.jobs.insert(new_job(1)).job_id
    if status in ("pending", "scheduled", "cancelled"):
        if status == "cancelled":
            store.jobs.cancel(job_id)
        if status == "scheduled":
            store.jobs.fail(claim(store), failure())
        return job_id
    lease = claim(store)
    if status == "promoting":
        store.jobs.promote([Promotion(lease, "{}")], lease_ms=LEASE_MS)
    elif status == "failed":
        store.jobs.fail(lease, failure(permanent=True))
    elif status == "dead_letter":
        for _ in range(4):
            store.jobs.fail(lease, failure())
            if store.jobs.retry(job_id):
                lease = claim(store)
    elif status != "running":
        finish(store, lease, quarantined=int(status == "completed_with_warnings"))
    return job_id


@pytest.mark.parametrize("status", STATUSES)
def test_any_ended_job_can_be_requeued_and_no_other(store: Store, status: JobStatus) -> None:
    job_id = in_state(store, status)
    before = store.jobs.get(job_id)
    assert before is not None
    assert before.status == status
    assert store.jobs.requeue(job_id) == (status in ENDED)
    job = store.jobs.get(job_id)
    assert job is not None
    if status in ENDED:
        assert (job.status, job.attempt, job.crash_count) == ("pending", 0, 0)
        assert (job.fence, job.error, job.finished_at) == (before.fence, None, None)
    else:
        assert job == before


def test_a_job_is_not_requeued_beside_another_one_for_the_same_work(store: Store) -> None:
    first = store.jobs.insert(new_job(1)).job_id
    store.jobs.fail(claim(store), failure(permanent=True))
    store.jobs.insert(new_job(1))
    with pytest.raises(StoreError, match="does the same work now"):
        store.jobs.requeue(first)


def test_a_dead_letter_is_replayed_as_a_new_job_that_names_it(store: Store) -> None:
    dead = in_state(store, "dead_letter")
    new = store.jobs.replay(dead, source_hash="n" * 64, parser_version="1.1.0")
    assert new is not None
    job, before = store.jobs.get(new), store.jobs.get(dead)
    assert job is not None
    assert before is not None
    assert (job.replay_of, job.source_hash, job.status) == (dead, "n" * 64, "pending")
    assert (job.input_path, before.status) == (before.input_path, "dead_letter")
    assert store.jobs.replay(new, source_hash="n" * 64, parser_version="1") is None


# ------------------------------------------------------------------------------ breakers


def test_five_final_failures_in_a_row_that_are_the_parsers_fault_pause_it(store: Store) -> None:
    store.jobs.insert_many([new_job(number) for number in range(9)])
    opened = []
    for number in range(5):
        failed = store.jobs.fail(claim(store), failure(permanent=True))
        assert failed is not None
        opened.append(failed.paused)
        if number == 1:  # neither a transient failure nor another's fault counts
            store.jobs.fail(claim(store), failure(permanent=True, blames_parser=False))
    assert opened == [False, False, False, False, True]
    health = store.parsers.health()["sales"]
    assert (health.consecutive_failures, health.paused_reason) == (5, "5 consecutive failures")
    assert not store.jobs.claim_next("w", limit=1, lease_ms=LEASE_MS)
    assert store.jobs.counts()["pending"] == 3
    assert store.parsers.resume("sales")
    failed = store.jobs.fail(claim(store), failure(permanent=True))
    assert failed is not None
    assert not failed.paused, "one failure after it is no five"


def test_a_success_between_failures_starts_the_count_again(store: Store) -> None:
    store.jobs.insert_many([new_job(number) for number in range(9)])
    for number in range(9):
        if number == 4:
            finish(store, claim(store))
        else:
            failed = store.jobs.fail(claim(store), failure(permanent=True))
            assert failed is not None
            assert not failed.paused


def test_a_paused_parser_holds_no_other_up(store: Store) -> None:
    store.jobs.insert_many([new_job(1), new_job(2, parser="other")])
    store.parsers.pause("sales", "by hand")
    claimed = store.jobs.claim_next("w", limit=2, lease_ms=LEASE_MS)
    assert [job.parser for job in claimed] == ["other"]


# ------------------------------------------------------------------------ looking at jobs


def test_a_job_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    ids = [store.jobs.insert(new_job(number)).job_id for number in range(20)]
    assert store.jobs.find(ids[3]).job_id == ids[3]
    assert store.jobs.find(ids[3][:12]).job_id == ids[3]
    first = ids[0][0]
    if sum(one.startswith(first) for one in ids) > 1:
        with pytest.raises(AmbiguousJobError):
            store.jobs.find(first)
    for nothing in ("", "xyz", "%"):
        with pytest.raises(UnknownJobError):
            store.jobs.find(nothing)


def everything(store: Store, wanted: JobFilter, *, limit: int, sort: str = "newest") -> list[int]:
    """Return the places of all jobs, page by page."""
    found: list[int] = []
    after: int | None = None
    while True:
        page = store.jobs.list(wanted, sort=sort, after=after, limit=limit)  # type: ignore[arg-type]
        assert len(page.jobs) <= limit
        found += [job.seq for job in page.jobs]
        if page.after is None:
            return found
        after = page.after


def test_pages_hold_every_job_once_and_in_order(store: Store) -> None:
    store.jobs.insert_many([new_job(n, parser="ab"[n % 2]) for n in range(10)])
    for job in store.jobs.claim_next("w", limit=3, lease_ms=LEASE_MS):
        store.jobs.fail(job.lease, failure(permanent=True))
    for wanted in (JobFilter(), JobFilter(statuses=("failed", "pending"))):
        assert everything(store, wanted, limit=3) == list(range(10, 0, -1))
        assert everything(store, wanted, limit=4, sort="oldest") == list(range(1, 11))
    assert everything(store, JobFilter(parser="a"), limit=2) == [9, 7, 5, 3, 1]
    assert everything(store, JobFilter(statuses=("failed",)), limit=5) == [3, 2, 1]
    assert everything(store, JobFilter(statuses=("failed",), parser="a"), limit=1) == [3, 1]


def test_pages_of_states_are_those_of_all_jobs_without_the_others(store: Store) -> None:
    store.jobs.insert_many([new_job(n, parser="abc"[n % 3], priority=n % 2) for n in range(24)])
    for job in store.jobs.claim_next("w", limit=8, lease_ms=LEASE_MS)[:6]:
        store.jobs.fail(job.lease, failure(permanent=True))
    for job in store.jobs.list(JobFilter(statuses=("pending",), parser="c"), limit=3).jobs:
        store.jobs.cancel(job.job_id)
    states: list[JobStatus] = ["pending", "running", "failed", "cancelled", "completed"]
    for statuses, text, parser in product(
        (states[:2], states[2:], *([one] for one in states)), (None, "1"), (None, "b")
    ):
        there = store.jobs.list(JobFilter(text=text), limit=100).jobs
        newest = [
            job.seq
            for job in there
            if job.status in statuses and (parser is None or job.parser == parser)
        ]
        wanted = JobFilter(statuses=statuses, text=text, parser=parser)
        assert everything(store, wanted, limit=2) == newest
        assert everything(store, wanted, limit=5, sort="oldest") == newest[::-1]
        assert store.jobs.count(wanted) == len(newest)
        ranked = store.jobs.ranked(wanted, "attempt", descending=True, most=100)
        assert ranked is not None
        assert sorted(ranked) == newest[::-1]


def test_what_queueing_would_find_there_is_told_and_changes_nothing(store: Store) -> None:
    first = store.jobs.insert(new_job(1))
    jobs = [new_job(1), new_job(2), new_job(2, input_path="/data/copy.csv"), new_job(3)]
    jobs += [new_job(1, forced=True)]
    told = store.jobs.would_insert(jobs, also=[(new_job(3).input_hash, new_job(3).source_hash)])
    assert told[0] == Inserted(first.job_id, is_new=False)
    assert told[1:] == [None, Inserted("", is_new=False), Inserted("", is_new=False), None]
    assert store.jobs.counts() == {"pending": 1}
    finish(store, claim(store), "/out/1")
    assert store.jobs.would_insert([new_job(1)]) == [
        Inserted(first.job_id, is_new=False, processed=True)
    ]


def test_a_dead_letter_tells_as_which_jobs_it_was_replayed(store: Store, clock: Clock) -> None:
    dead = store.jobs.insert(new_job(1, max_attempts=1)).job_id
    store.jobs.fail(claim(store), failure())
    assert store.jobs.replays(dead) == []
    again = store.jobs.replay(dead, source_hash="s" * 64, parser_version="1.0.0")
    assert store.jobs.replays(dead) == [Replay(clock.now, str(again))]


def test_jobs_are_ranked_by_a_column_what_has_no_value_last(store: Store, clock: Clock) -> None:
    store.jobs.insert_many([new_job(n, parser="ba"[n % 2]) for n in range(5)])
    for rows, wait in ((7, 300), (9, 100), (7, 200)):
        lease = claim(store)
        clock.forward(wait)
        finish(store, lease, f"/out/{lease.job_id}", rows=rows)
    claim(store)
    clock.forward(150)

    def ranked(by: Measure, *, descending: bool, most: int = 5, **wanted: Any) -> Any:
        return store.jobs.ranked(JobFilter(**wanted), by, descending=descending, most=most)

    assert ranked("rows", descending=True) == [2, 3, 1, 5, 4]
    assert ranked("rows", descending=False) == [3, 1, 2, 5, 4]
    assert ranked("duration", descending=True) == [1, 3, 4, 2, 5], "until now, if it runs"
    assert ranked("input", descending=False, parser="a") == [2, 4]
    assert ranked("rows", descending=True, statuses=("completed", "pending")) == [2, 3, 1, 5]
    assert ranked("rows", descending=True, most=4) is None
    assert [job.seq for job in store.jobs.of([4, 2, 99, 5])] == [4, 2, 5]
    assert list(store.jobs.parsers()) == ["a", "b"]


def test_filters_look_at_the_input_the_error_the_time_and_the_worker(
    store: Store, clock: Clock
) -> None:
    store.jobs.insert(new_job(1))
    clock.forward(1_000)
    store.jobs.insert(new_job(2, input_path="/data/50%_off.csv"))
    store.jobs.fail(claim(store, "w7"), failure(permanent=True))
    running = claim(store, "w8")

    def found(wanted: JobFilter) -> list[int]:
        return [job.seq for job in store.jobs.list(wanted, sort="oldest").jobs]

    assert found(JobFilter(text="no such column")) == [1]
    assert found(JobFilter(text="SALES_1")) == [1]
    assert found(JobFilter(text="0%_")) == [2]
    assert found(JobFilter(text="_ff")) == []
    assert found(JobFilter(input_glob="*/sales_*")) == [1]
    assert found(JobFilter(since=clock.now)) == [2]
    assert found(JobFilter(until=clock.now)) == [1]
    assert found(JobFilter(worker_id="w8")) == [2] == [store.jobs.get(running.job_id).seq]  # type: ignore[union-attr]


def test_counts_are_those_of_the_jobs(store: Store) -> None:
    store.jobs.insert_many([new_job(number, parser="ab"[number % 2]) for number in range(6)])
    store.jobs.fail(claim(store, parser="a"), failure(permanent=True))
    finish(store, claim(store, parser="b"))
    assert store.jobs.counts() == {"pending": 4, "failed": 1, "completed": 1}
    assert store.jobs.counts("a") == {"pending": 2, "failed": 1}


def test_pruned_jobs_are_gone_but_what_was_processed_is_not_forgotten(
    store: Store, clock: Clock
) -> None:
    store.jobs.insert_many([new_job(number) for number in range(3)])
    finish(store, claim(store))
    store.jobs.fail(claim(store), failure(permanent=True))
    clock.forward(10)
    assert store.jobs.prune(before=clock.now - 10) == []
    assert len(store.jobs.prune(before=clock.now, statuses=("failed",))) == 1
    [pruned] = store.jobs.prune(before=clock.now)
    assert store.jobs.counts() == {"pending": 1}
    assert store.jobs.get(pruned) is None
    assert store.jobs.attempts(pruned) == []
    assert not store.jobs.insert(new_job(0)).is_new


def test_an_ended_job_is_deleted_with_all_that_belongs_to_it_and_no_other(store: Store) -> None:
    live, done = (store.jobs.insert(new_job(number)).job_id for number in range(2))
    assert not store.jobs.delete(live)
    store.jobs.cancel(live)
    finish(store, claim(store))
    assert store.jobs.delete(done)
    assert not store.jobs.delete(done)
    assert store.jobs.get(done) is None
    assert store.jobs.attempts(done) == []
    assert store.jobs.counts() == {"cancelled": 1}
    assert not store.jobs.insert(new_job(1)).is_new, "its input stays processed"


@pytest.mark.parametrize(
    "wanted",
    [
        JobFilter(),
        JobFilter(statuses=("pending", "cancelled")),
        JobFilter(parser="p1"),
        JobFilter(input_glob="*2"),
        JobFilter(text="1", statuses=("cancelled", "failed"), parser="p1"),
        JobFilter(since=1, until=2),
    ],
)
def test_jobs_that_pass_are_counted_as_they_are_listed(store: Store, wanted: JobFilter) -> None:
    for number in range(12):
        job_id = store.jobs.insert(new_job(number, parser=f"p{number % 2}")).job_id
        if number % 3 == 0:
            store.jobs.cancel(job_id)
    assert store.jobs.count(wanted) == len(store.jobs.list(wanted).jobs)


def test_another_connections_changes_are_noticed(opener: Opener) -> None:
    one, other = opener(), opener()
    one.changed()
    assert not one.changed()
    other.jobs.insert(new_job(1))
    assert one.changed()
    assert not one.changed()


def test_what_was_done_is_there_after_opening_again(opener: Opener, tmp_path: Path) -> None:
    store = opener()
    job_id = store.jobs.insert(new_job(1)).job_id
    store.close()
    assert opener().jobs.get(job_id) is not None


# ------------------------------------------------------------------------ a worker's turn


def test_a_turn_completes_promotes_and_claims_or_does_none_of_it(store: Store) -> None:
    store.jobs.insert_many(new_job(n) for n in range(5))
    first, second, third = (claim(store) for _ in range(3))
    publish(store, first)
    turn: dict[str, Any] = {
        "completions": [Completion(first, 7)],
        "promotions": [Promotion(second, "{}"), Promotion(third._replace(fence=9), "{}")],
        "lease_ms": LEASE_MS,
    }
    bad_limit: Any = object()
    with pytest.raises(TypeError):
        store.jobs.advance(**turn, claim=Claim("w2", bad_limit))
    assert store.jobs.counts() == {"pending": 2, "running": 2, "promoting": 1}
    done = store.jobs.advance(**turn, claim=Claim("w2", 0))
    assert done.completed == [True]
    assert [one.outcome for one in done.promoted] == ["granted", "refused"]
    assert [job.worker_id for job in done.claimed] == ["w2", "w2"], "one in place of each set"
    assert store.jobs.counts() == {"running": 3, "promoting": 1, "completed": 1}
    assert store.jobs.advance(**turn).completed == [False]
