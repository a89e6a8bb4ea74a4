"""What the stores of known files and of sums over jobs promise."""

from __future__ import annotations

from casparian.core.stores.files import FileIdentity, KnownFile
from casparian.core.stores.jobs import Failure, JobError
from casparian.core.stores.statistics import FailureTally, Tally
from casparian.core.stores.store import Store

from .clock import Clock, claim, failure, finish, new_job


def known(path: str, size: int = 1, sha256: str = "a" * 64) -> KnownFile:
    most = 2**63 - 1
    return KnownFile(path, FileIdentity(size, 1_710_000_000_000_000_001, -5, most), sha256)


def test_a_file_is_known_as_it_was_remembered(store: Store) -> None:
    one, other = known("/data/a.csv"), known("/data/b 'ü'.csv", 2)
    store.files.remember([one, other])
    assert store.files.known(["/data/a.csv", "/data/b 'ü'.csv", "/data/none.csv"]) == {
        one.path: one,
        other.path: other,
    }
    assert store.files.known([]) == {}


def test_what_is_remembered_takes_the_place_of_what_was_known(store: Store) -> None:
    store.files.remember([known("/data/a.csv")])
    newer = known("/data/a.csv", 7, "b" * 64)
    store.files.remember([newer])
    assert store.files.known(["/data/a.csv"]) == {"/data/a.csv": newer}


def test_files_that_were_not_remembered_for_long_are_forgotten(store: Store, clock: Clock) -> None:
    store.files.remember([known("/old"), known("/again")])
    clock.forward(10)
    store.files.remember([known("/again"), known("/new")])
    assert store.files.forget(before=clock.now) == 1
    assert store.files.known(["/old", "/again", "/new"]).keys() == {"/again", "/new"}
    clock.forward(10)
    assert store.files.forget(before=clock.now, limit=1) == 1


def test_sums_are_those_of_the_jobs_that_ended_in_a_time(store: Store, clock: Clock) -> None:
    store.jobs.insert_many([new_job(number, parser="ab"[number % 2]) for number in range(6)])
    finish(store, claim(store, parser="a"), rows=100)
    clock.forward(50)
    begin = clock.now
    for quarantined in (1, 2):
        lease = claim(store, parser="b")
        clock.forward(1_000)
        finish(store, lease, rows=10, quarantined=quarantined)
    store.jobs.fail(claim(store, parser="a"), failure(permanent=True, quarantined=8))
    end = clock.now + 1
    clock.forward(1)
    store.jobs.cancel(claim(store, parser="b").job_id)
    assert store.statistics.ended(since=begin, until=end) == [
        Tally("a", "failed", 1, 0, 0, 10, 0),
        Tally("b", "completed_with_warnings", 2, 20, 3, 20, 2_000),
    ]
    assert [tally.jobs for tally in store.statistics.ended(since=0)] == [1, 1, 2]
    assert store.statistics.ended(since=end) == []


def test_jobs_are_counted_by_the_bundle_that_they_are_for(store: Store) -> None:
    store.jobs.insert_many([new_job(number, source_hash="ab"[number % 2]) for number in range(5)])
    finish(store, done := claim(store))
    running = claim(store)
    jobs = {lease: store.jobs.get(lease.job_id) for lease in (done, running)}
    assert [job and job.source_hash for job in jobs.values()] == ["a", "b"]
    assert store.statistics.by_bundle() == {
        "a": {"completed": 1, "pending": 2},
        "b": {"pending": 1, "running": 1},
    }


def test_failures_are_counted_by_class_with_the_newest_as_example(
    store: Store, clock: Clock
) -> None:
    store.jobs.insert_many([new_job(number) for number in range(4)])
    for message in ("first", "second", "third"):
        lease = claim(store)
        error = JobError("timeout" if message == "first" else "parser", message)
        store.jobs.fail(lease, Failure(error, permanent=True))
        clock.forward(10)
    assert store.statistics.failures(since=0) == [
        FailureTally("sales", "parser", 2, lease.job_id, "third"),
        FailureTally("sales", "timeout", 1, store.jobs.list(sort="oldest").jobs[0].job_id, "first"),
    ]
    assert store.statistics.failures(since=clock.now) == []


def test_the_pending_job_that_waits_longest_is_told(store: Store, clock: Clock) -> None:
    assert store.statistics.oldest_pending() is None
    begin = clock.now
    store.jobs.insert(new_job(1))
    clock.forward(10)
    store.jobs.insert(new_job(2, parser="another"))
    store.jobs.insert(new_job(3))
    assert store.statistics.oldest_pending() == begin
    claim(store)
    assert store.statistics.oldest_pending() == begin + 10
