"""Jobs, and what is said of them to a store and by it (`job_store`).

Times are milliseconds since 1970 in UTC. What a queue makes of each job, or takes, is a named
tuple: to make a frozen dataclass of 35 fields takes longer than to claim the job that it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casparian.core.stores.quarantine import QuarantinedRow
    from casparian.core.stores.standing_sets import Promoted, StandingSet
    from casparian.core.stores.states import JobStatus

Sort = Literal["newest", "oldest"]
Measure = Literal["input", "attempt", "rows", "quarantined", "duration"]
"""What jobs are sorted by though no index leads to it; ``duration`` is that of the newest attempt,
of one that runs until now.
"""


class NewJob(NamedTuple):
    """A job to be queued: an input, and the bundle (``source_hash``) that it is pinned to.

    ``input_hash`` is the sha256 of the input's bytes. Unless ``forced``, a second job for the same
    input and bundle is refused while one is live or has succeeded. Smaller ``priority`` is first.
    """

    parser: str
    parser_version: str
    source_hash: str
    input_path: str
    input_hash: str
    input_size: int = 0
    priority: int = 0
    forced: bool = False
    run_at: int = 0
    """Not before this time; 0 is now."""
    max_attempts: int = 4
    max_crashes: int = 3
    replay_of: str | None = None
    replaces: str | None = None
    """The job whose published set gives way to this one's."""


class Inserted(NamedTuple):
    """What became of a new job: its id, or that of the job that does the same work already.

    If it isn't new, ``processed`` says whether that work is done; else that job is live. A job
    that is ``forgotten`` has done it, and was pruned since.
    """

    job_id: str
    is_new: bool
    processed: bool = False
    forgotten: bool = False


class Lease(NamedTuple):
    """The right to work on a job, for whoever claimed it last."""

    job_id: str
    fence: int


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed: a class of error, a sentence, and what to try."""

    error_class: str
    message: str
    hint: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt ended.

    ``crashed`` says that the guest died without a word: it counts as a crash, not as a failure.
    ``blames_parser`` counts for the parser's circuit breaker, once the job has failed for good.
    ``quarantine`` is kept with the job, and so is ``quarantined``, how many rows were refused until
    it ended: more than are kept if there are many, None if that isn't known.
    """

    error: JobError
    permanent: bool
    blames_parser: bool = False
    crashed: bool = False
    quarantine: Sequence[QuarantinedRow] = ()
    quarantined: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """What a failure led to; ``paused`` says that it opened the parser's circuit breaker."""

    status: JobStatus
    run_at: int | None = None
    paused: bool = False


class Promotion(NamedTuple):
    """A staged set that is ready; ``manifest`` is what rolls it forward.

    ``place`` is where it is to be, as a `StandingSet` has it.
    """

    lease: Lease
    manifest: str
    place: str = ""


class Completion(NamedTuple):
    """A published set: how many rows it has, and those in quarantine."""

    lease: Lease
    rows: int = 0
    quarantined: int = 0
    quarantine: Sequence[QuarantinedRow] = ()


class Claim(NamedTuple):
    """What a worker has room for, as `claim_next` takes it."""

    worker_id: str
    limit: int
    parser: str | None = None
    without: Sequence[str] = ()


class Advanced(NamedTuple):
    """What became of a turn: its completions, its promotions, and what was claimed in it."""

    completed: list[bool]
    promoted: list[Promoted]
    claimed: list[Job]
    room: int = 0
    """For how many jobs there was room."""


class Beat(NamedTuple):
    """The answer to a heartbeat: whether the lease still holds, and what the holder is to do."""

    lease: Lease
    held: bool
    cancel_requested: bool = False


class Job(NamedTuple):
    """A job as it stands in the store."""

    job_id: str
    seq: int
    """Its place in the order of queueing, and in that of lists."""
    status: JobStatus
    parser: str
    parser_version: str
    source_hash: str
    input_path: str
    input_hash: str
    input_size: int
    priority: int
    forced: bool
    run_at: int
    attempt: int
    max_attempts: int
    crash_count: int
    max_crashes: int
    fence: int
    worker_id: str | None
    lease_until: int | None
    last_heartbeat_at: int | None
    cancel_requested: bool
    progress_done: int | None
    progress_total: int | None
    rows: int | None
    quarantined: int | None
    manifest: str | None
    error: JobError | None
    replay_of: str | None
    replaces: str | None
    replaced_by: str | None
    """The job whose published set took the place of this one's."""
    replacing: tuple[StandingSet, ...]
    """The sets that go when the set of its last promotion comes."""
    created_at: int
    requeued_at: int | None
    started_at: int | None
    finished_at: int | None

    @property
    def lease(self) -> Lease:
        """The lease of its newest claim."""
        return Lease(self.job_id, self.fence)


JOB_FIELDS: Final = Job._fields
"""The names of what a job has, in their order."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claim of a job, and how it ended; ``outcome`` is None while it lasts."""

    job_id: str
    fence: int
    attempt: int
    worker_id: str
    started_at: int
    ended_at: int | None
    outcome: str | None
    error: JobError | None


@dataclass(frozen=True, slots=True)
class Replay:
    """That a dead letter was replayed: when, and as which job."""

    at: int
    job_id: str


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs; what is left out lets all pass.

    ``text`` is found in the input's path or the error's message; ``input_glob`` is a glob over the
    path; ``since`` and ``until`` bound the time of queueing.
    """

    statuses: Sequence[JobStatus] = ()
    parser: str | None = None
    input_glob: str | None = None
    text: str | None = None
    since: int | None = None
    until: int | None = None
    worker_id: str | None = None


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs; ``after`` is the key of the next one, None if this is the last."""

    jobs: tuple[Job, ...]
    after: int | None
