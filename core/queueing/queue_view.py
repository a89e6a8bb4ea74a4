"""What somebody who watches the queue sees of it at a moment: some of its jobs, and who works.

However many jobs there are, only those around one place are read, by the key that lists page by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.states import HELD, STATUSES
from casparian.core.worker.presence import dead_workers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from casparian.core.stores.jobs import Job, Sort
    from casparian.core.stores.parsers import Health
    from casparian.core.stores.states import JobStatus
    from casparian.core.stores.store import Store
    from casparian.core.stores.workers import Worker

Place = Literal["first", "last"] | int
"""Where in a list: at its beginning, at its end, or at a job's ``seq``, there or not."""

#: Parsers whose jobs are counted one by one; the others are only named.
_COUNTED: Final = 200


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at: jobs that pass a filter, up to ``reach`` of them each way of a place."""

    filter: JobFilter = field(default_factory=JobFilter)
    sort: Sort = "newest"
    place: Place = "first"
    reach: int = 100


@dataclass(frozen=True, slots=True)
class JobsAround:
    """Jobs in the order of their list, and whether there are others before and behind them."""

    jobs: tuple[Job, ...] = ()
    before: bool = False
    behind: bool = False


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

    @property
    def paused(self) -> frozenset[str]:
        """The parsers whose jobs wait."""
        return frozenset(one.name for one in self.parsers if one.paused_reason is not None)

    def is_orphaned(self, job: Job) -> bool:
        """Whether the worker that has a job is gone: another one will take it."""
        if job.status not in HELD:
            return False
        return job.worker_id in self.dead or all(
            worker.worker_id != job.worker_id for worker in self.workers
        )


def look_at_queue(store: Store, look: Look, home: Path) -> QueueView:
    """Look at the queue; ``home`` is CASPARIAN_HOME. Raises StoreError."""
    around = jobs_around(store, look)
    counts = store.jobs.counts()
    workers = store.workers.list()
    return QueueView(
        look=look,
        around=around,
        total=_total(store, look, around),
        counts=counts,
        parsers=_parsers(store),
        workers=workers,
        dead=frozenset(dead_workers(home, workers)),
    )


def jobs_around(store: Store, look: Look) -> JobsAround:
    """Return the jobs around a place. Raises StoreError."""
    jobs, reach = store.jobs, look.reach
    backwards: Sort = "oldest" if look.sort == "newest" else "newest"
    if look.place == "first":
        page = jobs.list(look.filter, sort=look.sort, limit=2 * reach)
        return JobsAround(page.jobs, before=False, behind=page.after is not None)
    if look.place == "last":
        page = jobs.list(look.filter, sort=backwards, limit=2 * reach)
        return JobsAround(page.jobs[::-1], before=page.after is not None, behind=False)
    step = 1 if look.sort == "newest" else -1
    below = jobs.list(look.filter, sort=look.sort, after=look.place + step, limit=reach)
    above = jobs.list(look.filter, sort=backwards, after=look.place, limit=reach)
    return JobsAround(
        above.jobs[::-1] + below.jobs,
        before=above.after is not None,
        behind=below.after is not None,
    )


def _total(store: Store, look: Look, around: JobsAround) -> int | None:
    """Return how many jobs pass, if that costs nothing."""
    if not around.before and not around.behind:
        return len(around.jobs)
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
