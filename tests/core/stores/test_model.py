"""The queue against a plain Python model: random operations, workers that wake up late, a clock.

The model knows no SQL: it holds each job's state, who claimed it last and what was accepted. Each
weakened variant of a statement, as other queues have it, must be found by it.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from casparian.core.stores.jobs import Completion, Job, JobError, Lease, Promotion
from casparian.core.stores.sqlite import statements
from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.stores.standing_sets import Promoted
from casparian.core.stores.states import ENDED

from .clock import Clock, failure, new_job

LEASE_MS = 3_000
WORKERS = ("w0", "w1", "w2")


@dataclass
class Modelled:
    """What must be true of a job."""

    parser: str
    status: str
    newest: Lease | None = None
    worker: str = ""
    lease_until: int = 0
    run_at: int = 0
    attempt: int = 0
    crashes: int = 0
    cancel: bool = False
    promoted: list[int] = field(default_factory=list)
    completed: int = 0
    runs: int = 1
    """How often it may be published: once, and once more each time a person requeues it."""


class Queue(RuleBasedStateMachine):
    folder: Path
    """Holds a fresh store, ``empty.db``."""
    most_jobs = 8
    connections = len(WORKERS)
    leases = Bundle("leases")
    ids = Bundle("ids")

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        path = self.folder / "casparian.db"
        for left in self.folder.glob("casparian.db*"):
            left.unlink()
        shutil.copy(self.folder / "empty.db", path)
        self.stores = [SqliteStore(path, clock=self.clock) for _ in range(self.connections)]
        for store in self.stores:
            # Durability is not what is looked at here.
            store.connection.raw.execute("PRAGMA synchronous = OFF")
        self.jobs: dict[str, Modelled] = {}
        self.paused: set[str] = set()
        self.number = 0

    def teardown(self) -> None:
        for store in self.stores:
            store.close()

    def store(self, worker: int = 0) -> SqliteStore:
        return self.stores[worker % self.connections]

    def is_newest(self, lease: Lease, *states: str) -> bool:
        job = self.jobs.get(lease.job_id)
        return job is not None and job.newest == lease and job.status in states

    # ---------------------------------------------------------------- people

    @precondition(lambda self: self.number < self.most_jobs)
    @rule(target=ids, parser=st.sampled_from(["a", "b"]), later=st.sampled_from([0, 0, 500]))
    def insert(self, parser: str, later: int) -> str:
        self.number += 1
        run_at = self.clock.now + later if later else 0
        new = new_job(self.number, parser=parser, run_at=run_at, max_attempts=2, max_crashes=2)
        done = self.store().jobs.insert(new)
        assert done.is_new
        status = "scheduled" if later else "pending"
        self.jobs[done.job_id] = Modelled(parser, status, run_at=run_at)
        return done.job_id

    @rule(job_id=ids)
    def cancel(self, job_id: str) -> None:
        job = self.jobs.get(job_id)
        found = self.store().jobs.cancel(job_id)
        if job is None or job.status not in ("pending", "scheduled", "running"):
            assert found is None
            return
        if job.status != "running":
            job.status = "cancelled"
        job.cancel = True
        assert found == job.status

    @rule(job_id=ids)
    def requeue(self, job_id: str) -> None:
        job = self.jobs.get(job_id)
        done = self.store().jobs.requeue(job_id)
        assert done == (job is not None and job.status in ENDED)
        if done:
            assert job is not None
            job.status, job.attempt, job.crashes, job.cancel = "pending", 0, 0, False
            job.runs += 1

    @rule(job_id=ids)
    def retry(self, job_id: str) -> None:
        job = self.jobs.get(job_id)
        done = self.store().jobs.retry(job_id)
        assert done == (job is not None and job.status == "scheduled")
        if done:
            assert job is not None
            job.status = "pending"

    @rule(parser=st.sampled_from(["a", "b"]))
    def pause_or_resume(self, parser: str) -> None:
        if parser in self.paused:
            assert self.store().parsers.resume(parser)
            self.paused.remove(parser)
        elif self.store().parsers.pause(parser, "by hand"):
            self.paused.add(parser)

    @rule()
    def prune(self) -> None:
        before = self.clock.now - 30_000
        for job_id in self.store().jobs.prune(before=before):
            assert self.jobs.pop(job_id).status in ENDED

    @rule(milliseconds=st.sampled_from([1, 20, 400, 1_000, LEASE_MS + 1, 40_000]))
    def time_passes(self, milliseconds: int) -> None:
        self.clock.forward(milliseconds)

    # --------------------------------------------------------------- workers

    @rule(target=leases, worker=st.integers(0, 2), limit=st.integers(1, 3))
    def claim(self, worker: int, limit: int) -> object:
        for job in self.jobs.values():
            if job.status == "scheduled" and job.run_at <= self.clock.now:
                job.status = "pending"
        free = [
            job
            for job in self.jobs.values()
            if job.status == "pending" and job.parser not in self.paused
        ]
        claimed = self.store(worker).jobs.claim_next(
            WORKERS[worker], limit=limit, lease_ms=LEASE_MS
        )
        assert len(claimed) == min(limit, len(free)), "as many as there is room and work for"
        for one in claimed:
            job = self.jobs[one.job_id]
            assert job.status == "pending"
            assert job.parser not in self.paused
            assert one.fence > (job.newest.fence if job.newest else 0), "never down, never again"
            job.attempt += 1
            assert one.attempt == job.attempt
            job.status, job.newest, job.worker = "running", one.lease, WORKERS[worker]
            job.cancel = False
            job.lease_until = self.clock.now + LEASE_MS
        return multiple(*[one.lease for one in claimed])

    @rule(lease=leases, worker=st.integers(0, 2))
    def beat(self, lease: Lease, worker: int) -> None:
        [beat] = self.store(worker).jobs.heartbeat([lease], lease_ms=LEASE_MS)
        assert beat.held == self.is_newest(lease, "running", "promoting")
        if beat.held:
            job = self.jobs[lease.job_id]
            assert beat.cancel_requested == job.cancel
            job.lease_until = self.clock.now + LEASE_MS

    @rule(lease=leases, worker=st.integers(0, 2))
    def promote(self, lease: Lease, worker: int) -> None:
        [answer] = self.store(worker).jobs.promote(
            [Promotion(lease, str(lease.fence))], lease_ms=LEASE_MS
        )
        done = answer.granted
        assert answer == Promoted("granted" if done else "refused")
        job = self.jobs.get(lease.job_id)
        assert done == (self.is_newest(lease, "running") and job is not None and not job.cancel), (
            "a set is published by the newest holder alone"
        )
        if done:
            assert job is not None
            job.status = "promoting"
            job.promoted.append(lease.fence)
            job.lease_until = self.clock.now + LEASE_MS
            assert len(job.promoted) <= job.runs

    @rule(lease=leases, worker=st.integers(0, 2), bad=st.booleans())
    def complete(self, lease: Lease, worker: int, bad: bool) -> None:
        [done] = self.store(worker).jobs.complete([Completion(lease, 5, int(bad))])
        assert done == self.is_newest(lease, "promoting"), "only what was promoted is completed"
        if done:
            self.completed(lease, bad=bad)

    @rule(
        lease=leases,
        worker=st.integers(0, 2),
        how=st.sampled_from(["permanent", "transient", "crash"]),
        blame=st.booleans(),
    )
    def fail(self, lease: Lease, worker: int, how: str, blame: bool) -> None:
        outcome = failure(permanent=how == "permanent", blames_parser=blame, crashed=how == "crash")
        failed = self.store(worker).jobs.fail(lease, outcome)
        assert (failed is not None) == self.is_newest(lease, "running")
        if failed is None:
            return
        job = self.jobs[lease.job_id]
        if how == "crash":
            job.crashes += 1
            expected = "dead_letter" if job.crashes >= 2 else "pending"
        elif how == "permanent":
            expected = "failed"
        else:
            expected = "dead_letter" if job.attempt >= 2 else "scheduled"
        assert failed.status == ("cancelled" if job.cancel else expected)
        job.status = failed.status
        job.run_at = failed.run_at or 0
        if failed.paused:
            self.paused.add(job.parser)

    @rule(lease=leases, worker=st.integers(0, 2))
    def vanish(self, lease: Lease, worker: int) -> None:
        done = self.store(worker).jobs.vanished(lease, JobError("staging_lost", "it is gone"))
        assert done == self.is_newest(lease, "promoting"), "only what was promoted can be lost"
        if done:
            self.jobs[lease.job_id].status = "failed"

    @rule(lease=leases, worker=st.integers(0, 2))
    def release(self, lease: Lease, worker: int) -> None:
        done = self.store(worker).jobs.release(lease)
        assert done == self.is_newest(lease, "running")
        if done:
            job = self.jobs[lease.job_id]
            job.status = "cancelled" if job.cancel else "pending"
            job.attempt -= 1

    @rule(dead=st.none() | st.sampled_from(WORKERS))
    def sweep(self, dead: str | None) -> None:
        gone = [
            job_id
            for job_id, job in self.jobs.items()
            if job.status == "running" and (job.lease_until < self.clock.now or job.worker == dead)
        ]
        dead_workers = [] if dead is None else [dead]
        found = self.store().jobs.requeue_stale(dead_workers=dead_workers)
        assert sorted(job.job_id for job in found) == sorted(gone)
        for one in found:
            self.crashed(one)

    @rule(target=leases)
    def adopt(self) -> object:
        """Whoever sees a set half-published finishes it, with the lease that promoted it."""
        found = self.store().jobs.stale_promoting()
        expected = [
            job_id
            for job_id, job in self.jobs.items()
            if job.status == "promoting" and job.lease_until < self.clock.now
        ]
        assert sorted(job.job_id for job in found) == sorted(expected)
        for one in found:
            assert one.manifest == str(one.fence), "it is the manifest of the set that was promoted"
        return multiple(*[one.lease for one in found])

    @precondition(lambda self: bool(self.outdated()))
    @rule(data=st.data(), worker=st.integers(0, 2))
    def a_sleeper_wakes(self, data: st.DataObject, worker: int) -> None:
        self.refused(data.draw(st.sampled_from(self.outdated())), worker)

    def refused(self, lease: Lease, worker: int = 0) -> None:
        """Whatever the holder of an outdated lease still wants is refused."""
        jobs = self.store(worker).jobs
        assert not jobs.heartbeat([lease], lease_ms=LEASE_MS)[0].held
        assert not jobs.progress(lease, 1, None)
        assert jobs.promote([Promotion(lease, "late")], lease_ms=LEASE_MS) == [Promoted("refused")]
        assert jobs.complete([Completion(lease)]) == [False]
        assert jobs.fail(lease, failure()) is None
        assert not jobs.release(lease)
        assert not jobs.vanished(lease, JobError("staging_lost", "late"))

    def outdated(self) -> list[Lease]:
        return [
            Lease(job_id, fence)
            for job_id, job in self.jobs.items()
            if job.newest
            for fence in range(1, job.newest.fence)
        ]

    def completed(self, lease: Lease, *, bad: bool) -> None:
        job = self.jobs[lease.job_id]
        job.status = "completed_with_warnings" if bad else "completed"
        job.completed += 1
        assert job.completed <= job.runs, "once for every time that it was asked for"

    def crashed(self, found: Job) -> None:
        job = self.jobs[found.job_id]
        job.crashes += 1
        expected = "dead_letter" if job.crashes >= 2 else "pending"
        assert found.status == ("cancelled" if job.cancel else expected)
        assert found.crash_count == job.crashes
        job.status = found.status

    # ------------------------------------------------------------ what always holds

    @invariant()
    def the_store_is_as_the_model(self) -> None:
        if not hasattr(self, "jobs"):
            return
        found = {job.job_id: job for job in self.store().jobs.list(limit=10_000).jobs}
        assert found.keys() == self.jobs.keys()
        for job_id, job in self.jobs.items():
            stored = found[job_id]
            fence = job.newest.fence if job.newest else 0
            assert (stored.status, stored.fence) == (job.status, fence)
            assert (stored.attempt, stored.crash_count) == (job.attempt, job.crashes)
        counted = Counter(job.status for job in self.jobs.values())
        assert self.store().jobs.counts() == counted


class Zombies(Queue):
    """The same over one job, with workers that fall asleep more often."""

    most_jobs = 1
    connections = 1
    pause_or_resume = prune = retry = a_sleeper_wakes = vanish = None  # type: ignore[assignment]

    @rule()
    def the_holder_falls_asleep(self) -> None:
        self.time_passes(LEASE_MS + 1)
        self.sweep(None)

    @invariant()
    def no_outdated_lease_is_good_for_anything(self) -> None:
        for lease in self.outdated()[-2:] if hasattr(self, "jobs") else []:
            self.refused(lease)

    @invariant()
    def what_is_to_be_cancelled_is_not_published(self) -> None:
        for job in self.jobs.values() if hasattr(self, "jobs") else []:
            if job.status == "running" and job.cancel and job.newest:
                self.promote(job.newest, 0)


FEW = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
MANY = settings(
    FEW,
    max_examples=2_000,
    stateful_step_count=40,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    database=None,
)
SOON = 1
"""A seed with which none of them takes long to find; with any, all are found."""


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a store once, for every run to begin with."""
    with SqliteStore(tmp_path / "empty.db") as store:
        store.connection.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    monkeypatch.setattr(Queue, "folder", tmp_path, raising=False)


def test_the_queue_keeps_its_promises_whoever_wakes_up_when() -> None:
    run_state_machine_as_test(Queue, settings=FEW)


def test_so_it_does_where_workers_often_fall_asleep() -> None:
    run_state_machine_as_test(Zombies, settings=FEW)


def weakened(old: str, new: str, *names: str) -> dict[str, str]:
    found = {name: getattr(statements, name) for name in names}
    assert all(old in statement for statement in found.values())
    return {name: statement.replace(old, new) for name, statement in found.items()}


#: What each leaves out, of one statement or of all that say it.
WEAKENED = {
    "completes by id": weakened(
        "AND cf_jobs.fence = given.fence\n        AND +cf_jobs.status = 'promoting'", "", "COMPLETE"
    ),
    "completes by state": weakened("AND cf_jobs.fence = given.fence", "", "COMPLETE"),
    "promotes by state": weakened("job.fence = given.fence", "1", "TO_PROMOTE")
    | weakened("AND cf_jobs.fence = given.fence", "", "PROMOTE"),
    "promotes what is to be cancelled": weakened("AND job.cancel_requested = 0", "", "TO_PROMOTE")
    | weakened("AND cf_jobs.cancel_requested = 0", "", "PROMOTE"),
    "the attempt is the fence": weakened(
        "attempt = attempt - 1,", "attempt = attempt - 1, fence = fence - 1,", "RELEASE"
    ),
    "promoting jobs are run again": weakened(
        "status = 'running'", "status IN ('running', 'promoting')", "STALE_RUNNING"
    ),
    "beats whatever the fence": weakened("AND fence = :fence", "", "BEAT"),
    "claims of paused parsers": weakened("health.paused_at IS NOT NULL", "0", "CLAIM", "READY"),
    "requeue forgets the fence": weakened("attempt = 0,", "attempt = 0, fence = 0,", "REQUEUE"),
}


@pytest.mark.parametrize("weakness", WEAKENED)
def test_the_model_finds_a_weakened_statement(
    weakness: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Queue if "CLAIM" in WEAKENED[weakness] else Zombies
    seeded = seed(SOON)(type(machine.__name__, (machine,), {}))
    for name, weak in WEAKENED[weakness].items():
        monkeypatch.setattr(statements, name, weak)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is that gives it away
        run_state_machine_as_test(seeded, settings=MANY)
