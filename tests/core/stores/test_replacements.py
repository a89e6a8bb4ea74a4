"""A job whose set takes another's place: at any time, one set stands for the same rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casparian.core.stores.errors import StoreError
from casparian.core.stores.jobs import Job
from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.stores.states import LIVE, STATUSES, JobStatus, permits
from casparian.core.stores.store import Store

from .clock import claim, failure, finish, new_job
from .test_jobs import in_state


def job(store: Store, job_id: str | None) -> Job:
    assert job_id is not None
    found = store.jobs.get(job_id)
    assert found is not None
    return found


def replaced(store: Store, job_id: str) -> str | None:
    return store.jobs.replace(
        job_id, source_hash="n" * 64, parser_version="1.1.0", input_hash="h" * 64, input_size=11
    )


def test_a_replacement_is_a_forced_job_for_the_same_input_that_names_what_it_replaces(
    store: Store,
) -> None:
    old = in_state(store, "completed_with_warnings")
    new = job(store, replaced(store, old))
    before = job(store, old)
    assert (new.replaces, new.replay_of, new.forced, new.status) == (old, old, True, "pending")
    assert (new.source_hash, new.parser_version) == ("n" * 64, "1.1.0")
    assert (new.input_path, new.input_hash, new.input_size) == (before.input_path, "h" * 64, 11)
    assert before.replaced_by is None, "not before the new set is published"
    finish(store, claim(store))
    assert job(store, old).replaced_by == new.job_id


@pytest.mark.parametrize("status", STATUSES)
def test_any_ended_job_can_be_replaced_and_no_other(store: Store, status: JobStatus) -> None:
    assert (replaced(store, in_state(store, status)) is not None) == permits("replace", status)


def test_there_is_one_replacement_at_a_time(store: Store) -> None:
    old = in_state(store, "completed_with_warnings")
    first = replaced(store, old)
    with pytest.raises(StoreError, match=f"job {first} is pending") as caught:
        replaced(store, old)
    assert f"casparian job cancel {first}" in caught.value.hint
    store.jobs.fail(claim(store), failure(permanent=True))
    assert job(store, replaced(store, old)).replaces == old, "the first one published nothing"


def test_a_job_that_was_replaced_is_followed_to_the_one_whose_set_stands(store: Store) -> None:
    old = in_state(store, "completed_with_warnings")
    last = old
    for _ in range(3):
        new = replaced(store, old)
        assert job(store, new).replaces == last
        finish(store, claim(store), quarantined=1)
        assert new is not None
        last = new
    failed = replaced(store, old)
    assert job(store, failed).replaces == last
    store.jobs.fail(claim(store), failure(permanent=True))
    assert failed is not None
    assert job(store, replaced(store, failed)).replaces == last, "it never came to replace it"


def test_a_job_that_was_replaced_is_not_run_again(store: Store) -> None:
    old = in_state(store, "completed")
    new = replaced(store, old)
    assert new is not None
    with pytest.raises(StoreError, match=f"job {new} is pending"):
        store.jobs.requeue(old)
    finish(store, claim(store))
    with pytest.raises(StoreError, match=f"the set of job {new} has taken its place") as caught:
        store.jobs.requeue(old)
    assert caught.value.hint == f"requeue that one: casparian job requeue {new}"
    assert store.jobs.requeue(new)
    with pytest.raises(StoreError, match=f"job {new} is pending"):
        replaced(store, old)
    store.jobs.fail(claim(store), failure(permanent=True))
    assert job(store, replaced(store, old)).replaces == new, "its first set still stands"


def test_of_two_replacements_that_failed_only_one_runs_again(store: Store) -> None:
    old = in_state(store, "completed")
    failed = []
    for _ in range(2):
        failed.append(replaced(store, old))
        store.jobs.fail(claim(store), failure(permanent=True))
    first, second = failed
    assert first is not None
    assert second is not None
    assert store.jobs.requeue(first)
    for other in (second, old):
        with pytest.raises(StoreError, match=f"job {first} is pending"):
            store.jobs.requeue(other)
    finish(store, claim(store))
    with pytest.raises(StoreError, match=f"the set of job {first} has taken its place"):
        store.jobs.requeue(second)


def test_a_replacement_is_not_run_again_beside_the_job_that_it_replaces(store: Store) -> None:
    old = in_state(store, "completed")
    new = replaced(store, old)
    assert new is not None
    store.jobs.fail(claim(store), failure(permanent=True))
    assert store.jobs.requeue(old)
    with pytest.raises(StoreError, match=f"job {old} is pending"):
        store.jobs.requeue(new)


def test_a_dead_letter_that_once_published_is_replaced_by_its_replay(store: Store) -> None:
    dead = in_state(store, "dead_letter")
    new = store.jobs.replay(dead, source_hash="n" * 64, parser_version="1.1.0")
    assert job(store, new).replaces == dead
    with pytest.raises(StoreError, match="is pending"):
        store.jobs.replay(dead, source_hash="n" * 64, parser_version="1.1.0")


def test_a_set_whose_job_was_pruned_is_not_replaced_by_guesswork(store: Store) -> None:
    old = in_state(store, "completed_with_warnings")
    new = replaced(store, old)
    finish(store, claim(store))
    now = 10 * job(store, old).created_at
    assert store.jobs.prune(before=now, statuses=("completed",)) == [new]
    with pytest.raises(StoreError, match="was pruned") as caught:
        replaced(store, old)
    assert "enqueue --force" in caught.value.hint


def test_work_that_is_done_is_told_from_work_that_is_queued(store: Store) -> None:
    assert not store.jobs.insert(new_job(1)).processed
    assert not store.jobs.insert(new_job(1)).processed
    finish(store, claim(store))
    assert store.jobs.insert(new_job(1)).processed


@pytest.mark.parametrize("status", ["failed", "cancelled", "dead_letter"])
def test_a_job_is_not_run_again_once_another_has_done_its_work(
    store: Store, status: JobStatus
) -> None:
    old = in_state(store, status)
    before = job(store, old)
    new = store.jobs.insert(new_job(parser=before.parser, input_hash=before.input_hash))
    assert new.is_new
    finish(store, claim(store))
    with pytest.raises(StoreError, match=f"job {new.job_id} has done the same work since"):
        store.jobs.requeue(old)
    if status == "dead_letter":
        with pytest.raises(StoreError, match="its set stands"):
            store.jobs.replay(old, source_hash=before.source_hash, parser_version="1.0.0")
        assert store.jobs.replay(old, source_hash="n" * 64, parser_version="1.1.0")
    assert store.jobs.requeue(new.job_id), "the one whose set stands may"


def test_a_job_that_was_forced_may_be_run_again_though_another_has_done_its_work(
    store: Store,
) -> None:
    done = job(store, in_state(store, "completed"))
    forced = store.jobs.insert(new_job(parser=done.parser, input_hash=done.input_hash, forced=True))
    store.jobs.fail(claim(store), failure(permanent=True))
    assert store.jobs.requeue(forced.job_id)


VERBS = ["replace", "requeue", "replay", "cancel", "finish", "fail", "die"]


@settings(max_examples=50)
@given(
    steps=st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 5)), min_size=25, max_size=40)
)
def test_whatever_people_and_workers_do_one_set_stands_for_the_same_rows(
    steps: list[tuple[str, int]],
) -> None:
    """Sets are published as manifests say: the new one comes, and the one that it replaces goes."""
    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder) / "s.db") as store:
        store.connection.raw.execute("PRAGMA synchronous = OFF")
        ids = [store.jobs.insert(new_job(1, max_attempts=1)).job_id]
        published: set[str] = set()
        for verb, number in steps:
            one = ids[number % len(ids)]
            new: str | None = None
            try:
                if verb == "replace":
                    new = replaced(store, one)
                elif verb == "replay":
                    new = store.jobs.replay(one, source_hash="n" * 64, parser_version="2")
                elif verb == "requeue":
                    store.jobs.requeue(one)
                elif verb == "cancel":
                    store.jobs.cancel(one)
            except StoreError:
                continue
            if new is not None:
                ids.append(new)
            works = verb in ("finish", "fail", "die")
            for held in store.jobs.claim_next("w", limit=9 * works, lease_ms=60_000):
                if verb == "finish":
                    finish(store, held.lease, quarantined=number % 2)
                    published.add(held.job_id)
                    published.discard(held.replaces or "")
                else:
                    store.jobs.fail(held.lease, failure(permanent=verb == "fail"))
            jobs = [job(store, job_id) for job_id in ids]
            assert len(published) <= 1
            assert not any(one.replaced_by for one in jobs if one.job_id in published)
            assert sum(one.status in LIVE for one in jobs) <= 1
