"""The queue: what a store of jobs promises.

A *lease* is what ``claim_next`` hands out: the job and its *fence*, a number that grows with every
claim of the job and never shrinks. Whatever a holder asks for is done only while its lease is the
newest: a worker that slept can't finish, or publish for, a job that another one holds. A refusal is
an answer, not an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from casparian.core.stores.jobs import (
        Advanced,
        Attempt,
        Beat,
        Claim,
        Completion,
        Failed,
        Failure,
        Inserted,
        Job,
        JobError,
        JobFilter,
        JobPage,
        Lease,
        Measure,
        NewJob,
        Promotion,
        Replay,
        Sort,
    )
    from casparian.core.stores.standing_sets import Promoted, StandingSet, StandsFor
    from casparian.core.stores.states import JobStatus


class JobStore(Protocol):
    """The queue. Each call is one transaction: it has happened, whole and durably, or not at all.

    Raises StoreUnreachableError where the store can't be used; the call may be made again.
    """

    def insert(self, job: NewJob) -> Inserted:
        """Queue a job, unless one for the same content and bundle is live, or its set stands.

        Then the path of this one shares that set. It is queued all the same if another set stands
        for the path: that has to be replaced.
        """
        ...

    def insert_many(self, jobs: Iterable[NewJob]) -> list[Inserted]:
        """Queue jobs in their order, all or none; the same rules hold among them."""
        ...

    def would_insert(
        self, jobs: Sequence[NewJob], *, also: Collection[tuple[str, str]] = ()
    ) -> list[Inserted | None]:
        """Return what `insert_many` would find to be there already; None for what would be queued.

        Changes nothing. ``also`` are the input and source hashes of jobs that would be queued
        before these; whatever does the same work as one of them, or of these, has no job's id yet.
        """
        ...

    def claim_next(
        self,
        worker_id: str,
        *,
        limit: int,
        lease_ms: int,
        parser: str | None = None,
        without: Sequence[str] = (),
    ) -> list[Job]:
        """Take up to ``limit`` pending jobs, each for this worker alone, with a new fence.

        The order is by priority, then as they were queued. Jobs of a paused parser wait, and no
        attempt of theirs is burnt; those of the bundles in ``without`` are left to others.
        Scheduled jobs whose time has come count as pending.
        """
        ...

    def heartbeat(self, leases: Sequence[Lease], *, lease_ms: int) -> list[Beat]:
        """Prolong leases, and learn which are lost and which jobs are to be cancelled."""
        ...

    def cancel_requests(self, leases: Sequence[Lease]) -> list[Lease]:
        """Return those of the leases whose running jobs are to be cancelled; changes nothing."""
        ...

    def progress(self, lease: Lease, done: int, total: int | None) -> bool:
        """Note how far a job is. False if the lease is lost."""
        ...

    def promote(self, promotions: Sequence[Promotion], *, lease_ms: int) -> list[Promoted]:
        """Pass the point of no return, before anything is visible.

        Refused for a job that is to be cancelled, or whose lease is lost. From then on the set
        stands for the job's input path, and for others that have its content. What stood for them,
        of the same parser and version, is to go, and is no longer counted as processed; so is the
        set that the job ``replaces``, of whatever version, and an older one of its own that is at
        another place. While one job publishes for an input no other is promoted for it, and one
        that was asked for (queued, or requeued) before the job whose set stands is superseded.
        """
        ...

    def advance(
        self,
        *,
        completions: Sequence[Completion] = (),
        promotions: Sequence[Promotion] = (),
        claim: Claim | None = None,
        lease_ms: int,
    ) -> Advanced:
        """Complete, promote and claim, in this order and in one transaction: a worker's turn.

        Each as ``complete``, ``promote`` and ``claim_next`` do it. There is room for one more job
        than ``claim`` says for each promotion that need not be tried again later.
        """
        ...

    def would_replace(self, job_id: str, place: str) -> Sequence[StandingSet]:
        """Return the sets that would go if a job's set came to a place now; changes nothing."""
        ...

    def stand_for(self, parser: str, input_paths: Sequence[str]) -> Sequence[StandsFor]:
        """Return what stands for paths, of all versions of a parser."""
        ...

    def publishes_below(self, root: Path) -> bool:
        """Whether a set stands, or is about to, in a folder or in a database directly in it."""
        ...

    def complete(self, completions: Sequence[Completion]) -> list[bool]:
        """End promoting jobs whose sets are visible, with quarantine and history.

        Whoever rolled the set forward may say so, once: the second time is refused.
        """
        ...

    def fail(self, lease: Lease, failure: Failure) -> Failed | None:
        """End an attempt: the job is retried later, or has failed, or is a dead letter.

        None if the lease is lost.
        """
        ...

    def vanished(self, lease: Lease, error: JobError) -> bool:
        """End a promoting job whose staged set somebody removed: it has failed.

        The sets that were to go stand again. False if the lease is lost, or the job isn't
        promoting.
        """
        ...

    def hindered(self, lease: Lease, error: JobError) -> bool:
        """Note why a promoted set can't be published for now: the job's error until it is.

        It stays promoting, and is tried again. False if the lease is lost, or it isn't promoting.
        """
        ...

    def release(self, lease: Lease) -> bool:
        """Give a running job back untouched: its attempt doesn't count. False if it is lost."""
        ...

    def cancel(self, job_id: str) -> JobStatus | None:
        """Cancel a waiting job, or ask for a running one to be ended. None if it is too late."""
        ...

    def retry(self, job_id: str) -> bool:
        """Let a scheduled job run now. False in any other state."""
        ...

    def requeue(self, job_id: str) -> bool:
        """Run an ended job again: same id, attempts and crashes afresh, the fence kept.

        False in any other state. Raises StoreError if another job does the same work now, or has
        done it since this one failed, or if the job's set was replaced, or is about to be.
        """
        ...

    def requeue_stale(self, *, dead_workers: Sequence[str] = ()) -> list[Job]:
        """Take running jobs back whose lease ran out, or whose worker is dead or has retired.

        Counts a crash of each: pending after the first, scheduled after, and with its last one a
        dead letter. Returns the jobs as they are now.
        """
        ...

    def stale_promoting(self, *, dead_workers: Sequence[str] = ()) -> list[Job]:
        """Return promoting jobs whose holder is gone: whoever asks is to roll them forward.

        It is gone if its lease ran out, or it is known to be dead, or has retired.
        """
        ...

    def replay(self, job_id: str, *, source_hash: str, parser_version: str) -> str | None:
        """Queue a new job for a dead letter's input, linked to it, with the bundle given.

        Its set takes the place of whatever the dead letter once published. Returns the new job's
        id; None unless the job is a dead letter. Raises StoreError as `replace` does.
        """
        ...

    def replace(
        self,
        job_id: str,
        *,
        source_hash: str,
        parser_version: str,
        input_hash: str,
        input_size: int,
    ) -> str | None:
        """Queue a new job for an ended job's input, whose set is to take the place of its set.

        A job that was replaced already is followed to the one whose set stands now, so that no
        row is ever there twice. Returns the new job's id; None unless that job has ended. Raises
        StoreError while a replacement is live, or if the job whose set stands was pruned.
        """
        ...

    def get(self, job_id: str) -> Job | None:
        """Return a job, or None."""
        ...

    def find(self, beginning: str) -> Job:
        """Return the one job whose id begins so.

        Raises UnknownJobError or AmbiguousJobError.
        """
        ...

    def attempts(self, job_id: str) -> list[Attempt]:
        """Return every claim of a job, the first first."""
        ...

    def replays(self, job_id: str) -> list[Replay]:
        """Return as which jobs a job was replayed, each time that it was a dead letter."""
        ...

    def counts(self, parser: str | None = None) -> dict[JobStatus, int]:
        """Return how many jobs there are in each state; in constant time."""
        ...

    def exists_for_hash(self, input_hash: str, source_hash: str) -> str | None:
        """Return the job that is live, or whose set stands, for this content and bundle."""
        ...

    def prune(
        self, *, before: int, statuses: Sequence[JobStatus] = (), limit: int = 1_000
    ) -> list[str]:
        """Forget up to ``limit`` jobs that ended before a time; returns their ids.

        That their inputs were processed is not forgotten, nor where their sets stand.
        """
        ...

    def delete(self, job_id: str) -> bool:
        """Forget an ended job, as `prune` does. False in any other state."""
        ...

    def count(self, filter_: JobFilter) -> int:
        """Return how many jobs pass; of a state or a parser alone in constant time."""
        ...

    def list(
        self,
        filter_: JobFilter | None = None,
        *,
        sort: Sort = "newest",
        after: int | None = None,
        limit: int = 100,
    ) -> JobPage:
        """Return a page of jobs; ``after`` is the ``after`` of the page before."""
        ...

    def parsers(self) -> Sequence[str]:
        """Return the names of the parsers that have jobs, registered or not, in their order."""
        ...

    def ranked(
        self, filter_: JobFilter, by: Measure, *, descending: bool, most: int
    ) -> Sequence[int] | None:
        """Return the ``seq`` of every job that passes, sorted; None if there are more than most.

        What has no value comes last, and of equals the newest first. All that pass are read.
        """
        ...

    def of(self, seqs: Sequence[int]) -> Sequence[Job]:
        """Return the jobs of these ``seq``, in this order; those that are gone are left out."""
        ...
