"""What the Prod pane asks of whoever has the store: a thread beside it, or a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from casparian.app.tui.quarantine.events import QuarantineEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from casparian.app.tui.quarantine.events import RowsWanted
    from casparian.core.queueing.bulk import BulkReport, Order
    from casparian.core.queueing.enqueue import EnqueueReport
    from casparian.core.queueing.enqueue_preview import EnqueuePreview
    from casparian.core.queueing.job_details import JobDetails
    from casparian.core.queueing.queue_view import Look, QueueView
    from casparian.core.queueing.throughput import Throughput
    from casparian.core.queueing.verbs import JobVerb
    from casparian.core.stores.jobs import Job, JobFilter
    from casparian.core.stores.quarantine import QuarantinedRow, Reason
    from casparian.core.stores.workers import Worker


@dataclass(frozen=True, slots=True)
class Seen:
    """The store was looked at. ``view`` is None if nothing has changed since the last time.

    ``at`` is milliseconds since 1970, UTC. ``throughput`` is None if it is as it was.
    """

    at: int
    view: QueueView | None
    throughput: Throughput | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """The store can't be looked at now; it is tried again after ``again_s`` seconds."""

    message: str
    hint: str
    again_s: float


@dataclass(frozen=True, slots=True)
class Counted:
    """How many jobs match and are such that a verb applies; None if there is a problem."""

    matching: JobFilter
    verb: JobVerb
    count: int | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Acted:
    """How far an order is; once it is over, ``problem`` says what broke it off."""

    order: Order
    report: BulkReport
    is_over: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ParserTold:
    """A parser was to be paused, or resumed; ``changed`` is false if it was so already."""

    name: str
    paused: bool
    changed: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job that is looked at, with the first of its quarantined rows; or why it isn't there."""

    wanted: str
    details: JobDetails | None
    rows: Sequence[QuarantinedRow] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WorkerTold:
    """What became of a worker that was to be started or stopped."""

    said: str
    is_problem: bool = False


@dataclass(frozen=True, slots=True)
class FilesWanted:
    """What is to be queued: files that a path or a glob names, for a parser, ``NAME@VERSION``."""

    parser: str
    text: str


@dataclass(frozen=True, slots=True)
class PathsFound:
    """What a path that is typed may become."""

    text: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Previewed:
    """What queueing files would do, as far as it is known; or why that can't be told."""

    wanted: FilesWanted
    preview: EnqueuePreview
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Queueing:
    """How far the queueing of files is; once it is over, ``problem`` says what broke it off."""

    wanted: FilesWanted
    report: EnqueueReport
    is_over: bool = False
    was_stopped: bool = False
    problem: str = ""


FilesEvent = PathsFound | Previewed | Queueing
HostEvent = (
    Seen
    | Trouble
    | Counted
    | Acted
    | ParserTold
    | JobSeen
    | WorkerTold
    | FilesEvent
    | QuarantineEvent
)


class ProdHost(Protocol):
    """Looks at a store, and tells of it; every call returns at once."""

    @property
    def where(self) -> str:
        """The store, as it is named."""
        ...

    @property
    def home(self) -> Path:
        """CASPARIAN_HOME: where the logs of jobs are."""
        ...

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""
        ...

    def start(self, on_event: Callable[[HostEvent], None]) -> None:
        """Begin to look; ``on_event`` is called from another thread."""
        ...

    def look(self, look: Look) -> None:
        """Say what is to be looked at; it is, at once, and from then on."""
        ...

    def look_at_job(self, beginning: str | None) -> None:
        """Say which job is looked at as well, by the beginning of its id; None is none."""
        ...

    def jobs_named(self, beginning: str) -> Sequence[Job] | None:
        """Return the first jobs whose ids begin so; None if the store can't be looked at.

        Unlike the others this reads the store: it is called on a thread that may wait.
        """
        ...

    def rest(self, resting: bool) -> None:
        """Look no more for a while, or again."""
        ...

    def every(self, seconds: float) -> None:
        """Say how often to look."""
        ...

    def count(self, matching: JobFilter, verb: JobVerb) -> None:
        """Count the jobs that match and that a verb applies to; the answer is an event."""
        ...

    def act(self, order: Order) -> None:
        """Do a verb to jobs; events tell how far it is."""
        ...

    def stop_acting(self) -> None:
        """Do no more of it."""
        ...

    def pause_parser(self, name: str, paused: bool) -> None:
        """Let the jobs of a parser wait, or run again."""
        ...

    def start_worker(self) -> None:
        """Start a worker that goes on by itself; an event tells what became of it."""
        ...

    def stop_worker(self, worker: Worker) -> None:
        """Ask a worker of this machine to stop."""
        ...

    def preview(self, wanted: FilesWanted | None) -> None:
        """Say what queueing files would do; what was asked before is asked no more."""
        ...

    def enqueue(self, wanted: FilesWanted) -> None:
        """Queue files; events tell how far it is."""
        ...

    def stop_enqueueing(self) -> None:
        """Queue no more of them."""
        ...

    def browse(self, wanted: JobFilter | None) -> None:
        """Say of which jobs the reasons of quarantined rows are counted; None is of none."""
        ...

    def read_rows(self, wanted: RowsWanted) -> None:
        """Read a page of quarantined rows; what was wanted before is wanted no more."""
        ...

    def export_rows(self, job_id: str, path: Path) -> None:
        """Write a job's quarantined rows to a new file; an event tells what became of it."""
        ...

    def replay_rows(self, job_id: str) -> None:
        """Have a job's input parsed anew; an event tells what became of it."""
        ...

    def replay_all_rows(self, wanted: JobFilter, reason: Reason) -> None:
        """Have the inputs of all jobs with a reason parsed anew; events tell how far it is."""
        ...

    def stop_replaying(self) -> None:
        """Queue no more of them."""
        ...

    def close(self) -> None:
        """End."""
        ...
