"""How jobs end, on their way to the store: kept until the store has taken it, in batches."""

from __future__ import annotations

import shutil
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from casparian.core.publishing.fault_points import reached
from casparian.core.publishing.manifest import REASONS, Manifest, staging_text
from casparian.core.publishing.roll_forward import sweep_staging
from casparian.core.stores.jobs import Completion, Failure, JobError, Promotion
from casparian.core.worker.failures import failed
from casparian.core.worker.rejected_rows import read_rejected
from casparian.core.worker.reports import JobEnded, Notice
from casparian.core.worker.tasks import place_of_job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from casparian.core.stores.jobs import Claim, Job
    from casparian.core.stores.standing_sets import Promoted
    from casparian.core.stores.states import JobStatus
    from casparian.core.stores.store import Store
    from casparian.core.worker.leases import LeaseKeeper
    from casparian.core.worker.messages import JobFailed
    from casparian.core.worker.options import WorkerOptions
    from casparian.core.worker.reports import Report
    from casparian.core.worker.runner_process import RunnerProcess, Work

#: So long a published set may wait for one that is to be promoted, to be completed with it
#: (seconds). Its job is promoting meanwhile, as it was while it was being published.
_MOMENT_S: Final = 0.05
_CANCELLED: Final = JobError("cancelled", "the job was cancelled while it ran")


@dataclass(frozen=True, slots=True)
class _Failed:
    work: Work
    error: JobError
    permanent: bool
    blames_parser: bool = False
    crashed: bool = False
    quarantined: int | None = None


class _Published(NamedTuple):
    """A job whose set is at its place, how many rows it has, and where it was staged."""

    work: Work
    rows: int
    quarantined: int
    staging: str


class Claimed(NamedTuple):
    """Jobs that were claimed, for how many there was room, and when it was asked for them."""

    jobs: Sequence[Job]
    room: int
    asked: float
    """By the monotonic clock: leases are trusted from then on."""


class Endings:
    """What became of jobs, until it is in the store. `flush` may raise StoreUnreachableError; what
    it hadn't done yet it does the next time."""

    def __init__(
        self,
        store: Store,
        leases: LeaseKeeper,
        options: WorkerOptions,
        on_report: Callable[[Report], None],
    ) -> None:
        self._store = store
        self._leases = leases
        self._options = options
        self._on_report = on_report
        self._staged: list[tuple[Work, RunnerProcess]] = []
        self._granted: list[tuple[Work, RunnerProcess]] = []
        self._claimed: list[Claimed] = []
        self._visible: list[Work] = []
        self._complete_at = 0.0
        self._others: deque[Callable[[], None]] = deque()

    @property
    def waiting(self) -> bool:
        """Whether anything isn't in the store yet."""
        return bool(self._staged or self._visible or self._others)

    @property
    def held_back(self) -> int:
        """How many staged sets wait until another of the same input is published."""
        return len(self._staged)

    def staged(self, work: Work, runner: RunnerProcess) -> None:
        """A set is staged, and is to be promoted."""
        self._staged.append((work, runner))

    def promoted(self) -> list[tuple[Work, RunnerProcess]]:
        """Return, once, what `flush` got promoted."""
        granted, self._granted = self._granted, []
        return granted

    def claimed(self) -> list[Claimed]:
        """Return, once, what `flush` claimed."""
        claimed, self._claimed = self._claimed, []
        return claimed

    def forget(self, work: Work) -> None:
        """The runner of a job that waits for its promotion has died; its set stays staged."""
        self._staged = [pair for pair in self._staged if pair[0] is not work]

    def visible(self, work: Work) -> None:
        """A set is published, and the job is to be completed."""
        if not self._visible:
            self._complete_at = time.monotonic() + _MOMENT_S
        self._visible.append(work)

    @property
    def due_at(self) -> float | None:
        """When a published set has waited long enough (monotonic clock); None if none waits."""
        return self._complete_at if self._visible else None

    def failed(self, work: Work, message: JobFailed) -> None:
        """A job has failed."""
        error = JobError(message.error_class, message.message, message.hint, message.details)
        ended = _Failed(
            work,
            error,
            message.permanent,
            message.blames_parser,
            message.crashed,
            message.quarantined,
        )
        self._others.append(lambda: self._fail(ended))

    def cancelled(self, work: Work) -> None:
        """A job was ended because somebody cancelled it."""
        self._others.append(lambda: self._fail(_Failed(work, _CANCELLED, True)))

    def released(self, work: Work) -> None:
        """A job is given back, as if it had not been claimed."""
        self._others.append(lambda: self._release(work))

    def vanished(self, work: Work, error: JobError) -> None:
        """A promoted set isn't there any more."""
        self._others.append(lambda: self._vanish(work, error))

    def hindered(self, work: Work, error: JobError) -> None:
        """A promoted set can't be published for now, and is tried again."""
        self._others.append(lambda: self._hinder(work, error))

    def lost(self, work: Work) -> None:
        """Another may hold the job by now: nothing of this claim counts any more."""
        self._leases.drop(work.lease)
        if not work.is_promoted:
            shutil.rmtree(self._staging(work), ignore_errors=True)
        self._on_report(
            Notice(
                f"job {work.job.job_id}: its lease was lost, and its run ended; "
                "another worker has it",
                warning=True,
            )
        )

    def flush(self, claim: Claim | None = None, *, more_to_come: bool = False) -> None:
        """Put into the store what waits: all sets at once, then how other jobs ended.

        Where sets wait, jobs are claimed with them: as many as ``claim`` says, and one more in
        place of each set that waits for its promotion no longer.

        If there is ``more_to_come``, published sets wait a moment for one that is to be promoted:
        to write twice to the disk is what a job costs the store most of all.
        """
        waits = more_to_come and time.monotonic() < self._complete_at
        if self._staged or (self._visible and not waits):
            self._advance(claim)
        while self._others:
            self._others[0]()
            self._others.popleft()

    # -------------------------------------------------------------- what flush does

    def _advance(self, claim: Claim | None) -> None:
        staged = self._staged
        published = [self._published(work) for work in self._visible]
        promotions = [
            Promotion(work.lease, work.manifest or "", place_of_job(work.job, self._options))
            for work, _ in staged
        ]
        completions = [
            Completion(
                one.work.lease,
                one.rows,
                one.quarantined,
                read_rejected(Path(one.staging) / REASONS) if one.quarantined else (),
            )
            for one in published
        ]
        asked = time.monotonic()
        done = self._store.jobs.advance(
            completions=completions,
            promotions=promotions,
            claim=claim,
            lease_ms=self._options.lease_ms,
        )
        self._staged, self._visible = [], []
        if claim is not None:
            self._claimed.append(Claimed(done.claimed, done.room, asked))
        if staged:
            reached("promoted")
            self._promoted(staged, done.promoted)
        if published:
            reached("completed")
            self._completed(published, done.completed)

    def _published(self, work: Work) -> _Published:
        if work.counts is not None:
            return _Published(work, *work.counts, self._staging(work))
        # It was staged by another worker, perhaps below another root, or its runner has died.
        manifest = Manifest.from_json(work.manifest or "")
        return _Published(work, manifest.rows, manifest.quarantined, str(manifest.staging))

    def _promoted(
        self, staged: Sequence[tuple[Work, RunnerProcess]], done: Sequence[Promoted]
    ) -> None:
        for (work, runner), promoted in zip(staged, done, strict=True):
            if promoted.outcome == "later":
                self._staged.append((work, runner))
            elif promoted.granted:
                work.job = work.job._replace(replacing=promoted.replaced)
                self._granted.append((work, runner))
            else:
                runner.work = None
                if promoted.outcome == "superseded":
                    self.failed(work, _superseded(str(promoted.other)))
                else:
                    self.cancelled(work)

    def _completed(self, published: Sequence[_Published], done: Sequence[bool]) -> None:
        for (work, rows, quarantined, staging), completed in zip(published, done, strict=True):
            self._leases.drop(work.lease)
            sweep_staging(staging)
            if completed:  # otherwise another has rolled it forward, and told of it
                status: JobStatus = "completed_with_warnings" if quarantined else "completed"
                self._report(work, status, rows=rows, quarantined=quarantined)

    def _fail(self, ended: _Failed) -> None:
        work = ended.work
        failed = self._store.jobs.fail(
            work.lease,
            Failure(
                ended.error,
                permanent=ended.permanent,
                blames_parser=ended.blames_parser,
                crashed=ended.crashed,
                quarantine=read_rejected(Path(self._staging(work)) / REASONS),
                quarantined=ended.quarantined,
            ),
        )
        if failed is None:
            self.lost(work)
            return
        self._leases.drop(work.lease)
        shutil.rmtree(self._staging(work), ignore_errors=True)
        self._report(work, failed.status, message=ended.error.message, hint=ended.error.hint)
        if failed.paused:
            name = work.job.parser
            self._on_report(
                Notice(
                    f"[CIRCUIT_BREAKER] Parser '{name}' paused after 5 consecutive failures",
                    warning=True,
                )
            )

    def _release(self, work: Work) -> None:
        released = self._store.jobs.release(work.lease)
        self._leases.drop(work.lease)
        shutil.rmtree(self._staging(work), ignore_errors=True)
        if released:
            job = self._store.jobs.get(work.job.job_id)
            self._report(work, "pending" if job is None else job.status)

    def _vanish(self, work: Work, error: JobError) -> None:
        gone = self._store.jobs.vanished(work.lease, error)
        self._leases.drop(work.lease)
        if gone:
            self._report(work, "failed", message=error.message, hint=error.hint)

    def _hinder(self, work: Work, error: JobError) -> None:
        self._store.jobs.hindered(work.lease, error)

    def _staging(self, work: Work) -> str:
        return staging_text(self._options.root, *work.lease)

    def _report(
        self,
        work: Work,
        status: JobStatus,
        *,
        rows: int = 0,
        quarantined: int = 0,
        message: str = "",
        hint: str = "",
    ) -> None:
        seconds = time.monotonic() - work.started
        self._on_report(JobEnded(work.job, status, rows, quarantined, message, hint, seconds))


def _superseded(other: str) -> JobFailed:
    return failed(
        "superseded",
        f"job {other}, which was queued later for the same input, has published already",
        hint=f"its set stands: casparian job show {other}",
    )
