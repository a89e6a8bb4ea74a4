"""What people do to jobs is done, or refused with the reason; nothing in between."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from casparian.core.publishing.manifest import Manifest, ManifestError, StagedOutput
from casparian.core.queueing.bulk import BulkReport, Order, carry_out, count_eligible
from casparian.core.queueing.comparison import compare_replacement
from casparian.core.queueing.enqueue import enqueue
from casparian.core.queueing.log_follow import fence_of_attempt, follow_log
from casparian.core.queueing.published import published_set
from casparian.core.queueing.verbs import JobVerb, do_verb
from casparian.core.stores.errors import StoreError
from casparian.core.stores.jobs import (
    Completion,
    Failure,
    Job,
    JobError,
    JobFilter,
    Promotion,
)
from casparian.core.stores.parsers import StoredParser
from casparian.core.stores.quarantine import QuarantinedRow, StoredReason
from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.worker.job_logs import log_path

from .conftest import register, write


@pytest.fixture
def job(store: SqliteStore, sales: StoredParser, data: Path) -> Job:
    [done] = enqueue(store, [write(data / "a.csv")], [sales]).jobs
    return now(store, done.job_id)


def now(store: SqliteStore, job_id: str | None) -> Job:
    found = store.jobs.get(str(job_id))
    assert found is not None
    return found


def claimed(store: SqliteStore) -> Job:
    [job] = store.jobs.claim_next("w1", limit=1, lease_ms=60_000)
    return job


def fail(store: SqliteStore, job: Job, *, permanent: bool = True) -> None:
    store.jobs.fail(job.lease, Failure(JobError("parser", "no"), permanent=permanent))


def complete(store: SqliteStore, job: Job, root: Path, rows: int, bad: list[int]) -> None:
    output = StagedOutput("o", rows, len(bad), "o.parquet", "o.quarantine.parquet")
    manifest = Manifest(
        job_id=job.job_id,
        fence=job.fence,
        parser=job.parser,
        parser_version=job.parser_version,
        source_hash=job.source_hash,
        contract_hash=None,
        input_path=job.input_path,
        input_hash=job.input_hash,
        root=str(root),
        outputs=(output,),
    )
    reason = StoredReason("a", "not_a_number", "it is none")
    quarantine = [QuarantinedRow("o", number, (reason,), "{}", 2, "0" * 64) for number in bad]
    store.jobs.promote([Promotion(job.lease, manifest.as_json())], lease_ms=60_000)
    [done] = store.jobs.complete(
        [Completion(job.lease, rows=rows, quarantined=len(bad), quarantine=quarantine)]
    )
    assert done


# ------------------------------------------------------------------------------- verbs


@pytest.mark.parametrize(
    ("verb", "why"),
    [
        ("retry", "the job is pending: only a scheduled job can be retried now"),
        ("requeue", "the job is pending: only an ended job can be requeued"),
        ("replay", "the job is pending: only a dead letter can be replayed"),
        ("delete", "the job is pending: only an ended job can be deleted: cancel it first"),
    ],
)
def test_a_refusal_says_why(store: SqliteStore, job: Job, verb: JobVerb, why: str) -> None:
    result = do_verb(store, verb, job)
    assert (result.done, result.status) == (False, "pending")
    assert result.why_not.startswith(why)


def test_each_verb_does_what_it_says(store: SqliteStore, job: Job) -> None:
    fail(store, claimed(store), permanent=False)
    assert do_verb(store, "retry", job).status == "pending"
    assert do_verb(store, "cancel", claimed(store)).status == "running"
    fail(store, now(store, job.job_id))
    result = do_verb(store, "cancel", job)
    assert (result.done, result.status) == (False, "cancelled")
    assert do_verb(store, "requeue", job).status == "pending"
    assert do_verb(store, "cancel", job).status == "cancelled"


def test_what_counts_is_the_job_as_it_stands_now(store: SqliteStore, job: Job) -> None:
    fail(store, claimed(store))
    result = do_verb(store, "cancel", job)  # seen as pending
    assert "the job is failed" in result.why_not


def test_a_replay_takes_the_parsers_current_bundle(store: SqliteStore, job: Job) -> None:
    for _ in range(job.max_attempts):
        fail(store, claimed(store), permanent=False)
        store.jobs.retry(job.job_id)
    current = register(store, version="1.1.0")
    result = do_verb(store, "replay", job)
    new = now(store, result.new_job_id)
    assert (new.source_hash, new.parser_version) == (current.source_hash, "1.1.0")
    assert (result.status, new.replay_of) == ("dead_letter", job.job_id)
    again = do_verb(store, "replay", job)
    assert f"job {new.job_id} is pending" in again.why_not


def test_a_refusal_of_the_store_stops_no_other_job(store: SqliteStore, job: Job) -> None:
    fail(store, claimed(store))
    store.jobs.requeue(job.job_id)
    fail(store, claimed(store))
    enqueue(store, [Path(job.input_path)], [store.parsers.latest("sales")])  # type: ignore[list-item]
    result = do_verb(store, "requeue", job)
    assert not result.done
    assert "does the same work now" in result.why_not


# -------------------------------------------------------------------- published, compared


def test_a_published_set_is_where_its_manifest_says(
    store: SqliteStore, job: Job, tmp_path: Path
) -> None:
    assert published_set(job) is None
    complete(store, claimed(store), tmp_path / "out", 10, [3])
    published = published_set(now(store, job.job_id))
    assert published is not None
    assert published.place == tmp_path / "out" / "sales" / "1.0.0" / job.job_id
    assert (published.is_there, published.is_database) == (False, False)
    assert (published.received("o"), published.received("p")) == (11, None)
    assert published.quarantine_file("o") is None, "it isn't there"
    published.place.mkdir(parents=True)
    (published.place / "o.quarantine.parquet").touch()
    assert published.quarantine_file("o") == published.place / "o.quarantine.parquet"


def test_a_manifest_of_a_newer_program_is_an_error(store: SqliteStore, job: Job) -> None:
    held = claimed(store)
    store.jobs.promote([Promotion(held.lease, '{"version": 99}')], lease_ms=60_000)
    store.jobs.complete([Completion(held.lease)])
    with pytest.raises(ManifestError):
        published_set(now(store, job.job_id))


def test_a_replacement_is_compared_by_the_numbers_of_rows(
    store: SqliteStore, job: Job, tmp_path: Path
) -> None:
    complete(store, claimed(store), tmp_path, 95, [1, 4, 7, 99])
    bundle = {"source_hash": "n" * 64, "parser_version": "2"}
    new = store.jobs.replace(job.job_id, **bundle, input_hash="x" * 64, input_size=1)
    assert compare_replacement(store, now(store, new)) is None, "it has not run yet"
    complete(store, claimed(store), tmp_path, 48, [4, 20])
    found = compare_replacement(store, now(store, new))
    assert found is not None
    assert (found.old_job_id, found.new_job_id) == (job.job_id, new)
    assert found.recovered == (("o", 1), ("o", 7))
    assert found.still_bad == (("o", 4),)
    assert found.gone == (("o", 99),), "there are 50 rows now"
    assert found.newly_bad == (("o", 20),)
    assert found.input_changed
    assert compare_replacement(store, now(store, job.job_id)) is None


# -------------------------------------------------------------------------------- logs


def test_a_log_is_followed_over_its_attempts_until_the_job_ends(
    store: SqliteStore, job: Job, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    other = SqliteStore(home / "casparian.db")
    steps = iter(range(10))
    held: list[Job] = []

    def log(text: str) -> None:
        path = log_path(home, held[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(text)

    def meanwhile() -> None:
        step = next(steps)
        if step in (1, 4):
            held.append(claimed(other))
            log(f"attempt {step}\n")
        elif step in (2, 5):
            log(f"more {step}\n")
        elif step == 3:
            log("last words\n")
            fail(other, held[-1], permanent=False)
            other.jobs.retry(job.job_id)
        elif step == 6:
            log("the end\n")
            fail(other, held[-1])

    told = list(follow_log(store, home, job.job_id, wait=meanwhile))
    texts = b"".join(one for one in told if isinstance(one, bytes))
    assert texts == b"attempt 1\nmore 2\nlast words\nattempt 4\nmore 5\nthe end\n"
    states = [(one.attempt, one.status) for one in told if isinstance(one, Job)]
    assert states == [(1, "running"), (2, "running"), (2, "failed")]
    attempts = store.jobs.attempts(job.job_id)
    assert [fence_of_attempt(attempts, number) for number in (1, 2)] == [1, 2]
    with pytest.raises(StoreError, match="there is no attempt 3"):
        fence_of_attempt(attempts, 3)
    other.close()


def test_the_log_of_a_job_that_never_ran_ends_with_it(
    store: SqliteStore, job: Job, tmp_path: Path
) -> None:
    def meanwhile() -> None:
        with SqliteStore(tmp_path / "home" / "casparian.db") as other:
            other.jobs.cancel(job.job_id)

    [told] = follow_log(store, tmp_path, job.job_id, wait=meanwhile)
    assert isinstance(told, Job)
    assert told.status == "cancelled"


def test_a_job_whose_bundle_was_removed_is_not_requeued(store: SqliteStore, job: Job) -> None:
    fail(store, claimed(store))
    store.parsers.remove(job.parser)
    result = do_verb(store, "requeue", now(store, job.job_id))
    assert (result.done, result.status) == (False, "failed")
    assert "not registered any more" in result.why_not


def test_attempts_are_counted_over_requeues(store: SqliteStore, job: Job) -> None:
    for _ in range(2):
        fail(store, claimed(store))
        store.jobs.requeue(job.job_id)
    attempts = store.jobs.attempts(job.job_id)
    assert [fence_of_attempt(attempts, number) for number in (1, 2)] == [1, 2]


# ---------------------------------------------------------------------------- many jobs


def test_all_that_match_and_that_a_verb_applies_to_are_done_and_counted_before(
    store: SqliteStore, sales: StoredParser, data: Path
) -> None:
    enqueue(store, [write(data / f"{n}.csv") for n in range(6)], [sales])
    for permanent in (True, True, False):
        fail(store, claimed(store), permanent=permanent)
    claimed(store)
    everything = JobFilter(input_glob="*.csv")
    assert count_eligible(store, everything, "requeue") == 2
    assert count_eligible(store, everything, "cancel") == 4
    assert count_eligible(store, JobFilter(statuses=("pending",)), "requeue") == 0
    report = carry_out(store, Order("requeue", matching=everything))
    assert (report.done, report.refused, report.total) == (2, 0, 2)
    assert store.jobs.counts() == {"pending": 4, "scheduled": 1, "running": 1}


def test_a_job_that_refuses_stops_none_of_the_others_and_says_why(
    store: SqliteStore, job: Job
) -> None:
    failed = claimed(store)
    fail(store, failed)
    told: list[BulkReport] = []
    jobs = (job._replace(job_id="gone"), now(store, job.job_id))
    report = carry_out(store, Order("requeue", jobs), told=told.append)
    assert (report.done, report.refused) == (1, 1)
    assert report.refusals[0].why_not == "the job is not there any more"
    assert [one.done for one in told] == [0, 1]


def test_an_ended_job_that_has_run_again_since_it_was_seen_is_left_alone(
    store: SqliteStore, job: Job, tmp_path: Path
) -> None:
    fail(store, claimed(store))
    seen = now(store, job.job_id)
    assert do_verb(store, "requeue", seen).done
    complete(store, claimed(store), tmp_path, 1, [])
    for verb in ("requeue", "delete"):
        result = do_verb(store, verb, seen, only_as_seen=True)  # type: ignore[arg-type]
        assert not result.done
        assert "is completed by now; it was failed when you looked" in result.why_not
    assert now(store, job.job_id).status == "completed"


def test_who_stops_it_has_done_what_was_told(store: SqliteStore, job: Job) -> None:
    stop = threading.Event()
    stop.set()
    assert carry_out(store, Order("cancel", (job,)), stop=stop).done == 0
    assert now(store, job.job_id).status == "pending"
