"""How the queue does as a whole: what waits, what was done in a time, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.stores.states import SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casparian.core.stores.obstacles import Obstacle
    from casparian.core.stores.parsers import Health
    from casparian.core.stores.states import JobStatus
    from casparian.core.stores.statistics import FailureTally, Tally
    from casparian.core.stores.store import Store
    from casparian.core.stores.workers import Worker


@dataclass(frozen=True, slots=True)
class ParserSummary:
    """A parser's jobs that ended in a time.

    ``rows`` and ``quarantined`` are of the completed ones whose sets stand, ``input_bytes`` the
    size of the inputs of all of them; ``busy_ms`` is how long the last attempts of all took,
    summed.
    """

    parser: str
    completed: int
    with_warnings: int
    failed: int
    dead_letter: int
    cancelled: int
    rows: int
    quarantined: int
    input_bytes: int
    busy_ms: int

    @property
    def ended(self) -> int:
        """How many jobs have ended."""
        return self.completed + self.with_warnings + self.failed + self.dead_letter + self.cancelled

    @property
    def quarantine_share(self) -> float | None:
        """Which share of the rows is in quarantine; None without rows."""
        received = self.rows + self.quarantined
        return self.quarantined / received if received else None


@dataclass(frozen=True, slots=True)
class QueueSummary:
    """The queue at a moment. Times are milliseconds since 1970.

    ``counts`` are all jobs by state; the rest is of jobs that ended after ``since``.
    ``oldest_pending_at`` is when the job that waits longest was queued; ``obstacles`` keep jobs
    from being run.
    """

    since: int
    now: int
    counts: Mapping[JobStatus, int]
    oldest_pending_at: int | None
    parsers: Sequence[ParserSummary]
    failures: Sequence[FailureTally]
    paused: Sequence[Health]
    obstacles: Sequence[Obstacle]
    workers: Sequence[Worker]

    @property
    def total(self) -> ParserSummary:
        """The sums over all parsers."""
        return _summed("", [*self.parsers])


def summarise_queue(store: Store, *, since: int, now: int) -> QueueSummary:
    """Look at the queue. Raises StoreError."""
    tallies: dict[str, list[Tally]] = {}
    for tally in store.statistics.ended(since=since):
        tallies.setdefault(tally.parser, []).append(tally)
    health = store.parsers.health().values()
    return QueueSummary(
        since=since,
        now=now,
        counts=store.jobs.counts(),
        oldest_pending_at=store.statistics.oldest_pending(),
        parsers=[_of_parser(name, found) for name, found in tallies.items()],
        failures=store.statistics.failures(since=since),
        paused=[one for one in health if one.paused_at is not None],
        obstacles=store.obstacles.list(),
        workers=store.workers.list(),
    )


def _of_parser(name: str, tallies: Sequence[Tally]) -> ParserSummary:
    jobs: dict[str, int] = {tally.status: tally.jobs for tally in tallies}
    return ParserSummary(
        parser=name,
        completed=jobs.get("completed", 0),
        with_warnings=jobs.get("completed_with_warnings", 0),
        failed=jobs.get("failed", 0),
        dead_letter=jobs.get("dead_letter", 0),
        cancelled=jobs.get("cancelled", 0),
        rows=sum(tally.rows for tally in tallies),
        quarantined=sum(tally.quarantined for tally in tallies),
        input_bytes=sum(tally.input_bytes for tally in tallies if tally.status in SUCCEEDED),
        busy_ms=sum(tally.busy_ms for tally in tallies),
    )


def _summed(name: str, parts: Sequence[ParserSummary]) -> ParserSummary:
    return ParserSummary(
        parser=name,
        completed=sum(part.completed for part in parts),
        with_warnings=sum(part.with_warnings for part in parts),
        failed=sum(part.failed for part in parts),
        dead_letter=sum(part.dead_letter for part in parts),
        cancelled=sum(part.cancelled for part in parts),
        rows=sum(part.rows for part in parts),
        quarantined=sum(part.quarantined for part in parts),
        input_bytes=sum(part.input_bytes for part in parts),
        busy_ms=sum(part.busy_ms for part in parts),
    )
