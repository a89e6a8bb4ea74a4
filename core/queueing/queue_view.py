"""What somebody who watches the queue sees of it at a moment: some of its jobs, and who works.

However many jobs there are, only those around one place are read, by the key that lists page by.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from casparian.core.queueing.job_order import NEWEST, JobOrder, JobsAround, Place, around
from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.states import HELD, STATUSES
from casparian.core.worker.presence import dead_workers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from casparian.core.stores.jobs import Job
    from casparian.core.stores.parsers import Health
    from casparian.core.stores.states import JobStatus
    from casparian.core.stores.store import Store
    from casparian.core.stores.workers import Worker

#: Jobs that are looked at for their worker, if some seem to have none.
_MOST_HELD: Final = 500
#: Parsers whose jobs are counted one by one; the others are only named.
_COUNTED: Final = 200


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at: jobs that pass a filter, up to ``reach`` of them each way of a place."""

    filter: JobFilter = field(default_factory=JobFilter)
    order: JobOrder = NEWEST
    place: Place = "first"
    reach: int = 100


@dataclass(frozen=True, slots=True)
class ParserLine:
    """A registered parser: its newest version, how it fares, and its jobs by state."""

    name: str
    version: str
    health: Health | None
    counts: Mapping[JobStatus, int]

    @property
    def paused_reason(self) -> str | None:
        """Why its jobs wait; None if they don't."""
        paused = self.health is not None and self.health.paused_at is not None
        return self.health.paused_reason if paused and self.health is not None else None


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue at a moment.

    ``total`` is how many jobs pass the filter, None if that would mean to look at each. ``counts``
    are all jobs by state. ``dead`` are workers of this machine that are known to have died,
    ``workers`` those that have not said goodbye.
    """

    look: Look
    around: JobsAround
    total: int | None
    counts: Mapping[JobStatus, int]
    parsers: Sequence[ParserLine]
    workers: Sequence[Worker]
    dead: frozenset[str] = frozenset()
    order: JobOrder = NEWEST
    """That of the jobs: another one than was wanted if there are too many for it."""
    orphaned: Mapping[JobStatus, int] = field(default_factory=dict)
    """How many of ``counts`` are orphaned, of all jobs."""

    @property
    def paused(self) -> frozenset[str]:
        """The parsers whose jobs wait."""
        return frozenset(one.name for one in self.parsers if one.paused_reason is not None)

    def is_orphaned(self, job: Job) -> bool:
        """Whether the worker that has a job is gone: another one will take it."""
        return _is_orphaned(job, self.workers, self.dead)


def look_at_queue(store: Store, look: Look, home: Path) -> QueueView:
    """Look at the queue; ``home`` is CASPARIAN_HOME. Raises StoreError."""
    found, order = jobs_around(store, look)
    counts = store.jobs.counts()
    workers = store.workers.list()
    dead = frozenset(dead_workers(home, workers))
    return QueueView(
        look=look,
        around=found,
        total=_total(store, look, found),
        counts=counts,
        parsers=_parsers(store),
        workers=workers,
        dead=dead,
        order=order,
        orphaned=_orphaned(store, counts, workers, dead),
    )


def _is_orphaned(job: Job, workers: Iterable[Worker], dead: Collection[str]) -> bool:
    if job.status not in HELD:
        return False
    return job.worker_id in dead or all(worker.worker_id != job.worker_id for worker in workers)


def _orphaned(
    store: Store, counts: Mapping[JobStatus, int], workers: Sequence[Worker], dead: Collection[str]
) -> dict[JobStatus, int]:
    """Count the orphaned jobs by state; as a rule there are none, which costs nothing to see."""
    held = sum(counts.get(status, 0) for status in HELD)
    if held <= sum(one.busy for one in workers if one.worker_id not in dead):
        return {}
    jobs = store.jobs.list(JobFilter(statuses=tuple(HELD)), limit=_MOST_HELD).jobs
    since = store.workers.list()  # after the jobs: who has one was there before
    return dict(Counter(job.status for job in jobs if _is_orphaned(job, since, dead)))


def jobs_around(store: Store, look: Look) -> tuple[JobsAround, JobOrder]:
    """Return the jobs around a place, and the order they are in: the newest first if they are too
    many for the one that is wanted. Raises StoreError.
    """
    found = around(store.jobs, look.filter, look.order, look.place, look.reach)
    if found is not None:
        return found, look.order
    newest = around(store.jobs, look.filter, NEWEST, look.place, look.reach)
    assert newest is not None, "the newest can always be first"
    return newest, NEWEST


def _total(store: Store, look: Look, found: JobsAround) -> int | None:
    """Return how many jobs pass, if that costs nothing."""
    if not found.before and not found.behind:
        return len(found.jobs)
    wanted = look.filter
    if wanted != JobFilter(statuses=wanted.statuses, parser=wanted.parser):
        return None
    counts = store.jobs.counts(wanted.parser)
    return sum(counts.get(status, 0) for status in set(wanted.statuses or STATUSES))


def _parsers(store: Store) -> list[ParserLine]:
    health = store.parsers.health()
    registered = store.parsers.list()
    return [
        ParserLine(
            one.name,
            one.version,
            health.get(one.name),
            store.jobs.counts(one.name) if at < _COUNTED else {},
        )
        for at, one in enumerate(registered)
    ]
