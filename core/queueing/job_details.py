"""All that is known of a job, put together for somebody who looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.publishing.manifest import ManifestError
from casparian.core.queueing.comparison import compare_replacement
from casparian.core.queueing.published import published_set
from casparian.core.stores.states import WAITING
from casparian.core.worker.job_logs import log_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from casparian.core.queueing.comparison import Comparison
    from casparian.core.queueing.published import PublishedSet
    from casparian.core.stores.jobs import Attempt, Job, Replay
    from casparian.core.stores.obstacles import Obstacle
    from casparian.core.stores.parsers import StoredParser
    from casparian.core.stores.quarantine import StoredGroup
    from casparian.core.stores.store import Store


@dataclass(frozen=True, slots=True)
class JobDetails:
    """A job, and what belongs to it.

    ``log`` is the path of its newest attempt's log, None if it has never run. ``published`` is
    None if it has published nothing, or if ``published_problem`` says why that can't be read.
    ``comparison`` is there if it has replaced another job's set. ``obstacles`` keep a job that
    waits from being run.
    """

    job: Job
    attempts: Sequence[Attempt]
    quarantine: Sequence[StoredGroup]
    quarantined_rows: int
    published: PublishedSet | None
    published_problem: str
    log: Path | None
    comparison: Comparison | None
    paused_reason: str | None
    obstacles: Sequence[Obstacle]
    bundle: StoredParser | None
    """What it is pinned to; None if that was removed."""
    replays: Sequence[Replay]


def job_details(store: Store, job: Job, home: Path) -> JobDetails:
    """Look all of it up; ``home`` is CASPARIAN_HOME. Raises StoreError."""
    published, problem = None, ""
    try:
        published = published_set(job)
    except ManifestError as error:
        problem = error.message
    health = store.parsers.health().get(job.parser)
    return JobDetails(
        job=job,
        attempts=store.jobs.attempts(job.job_id),
        quarantine=store.quarantine.groups(job.job_id),
        quarantined_rows=store.quarantine.counts([job.job_id])[job.job_id],
        published=published,
        published_problem=problem,
        log=log_path(home, job) if job.fence else None,
        comparison=compare_replacement(store, job),
        paused_reason=None if health is None or health.paused_at is None else health.paused_reason,
        obstacles=[one for one in store.obstacles.list() if one.source_hash == job.source_hash]
        if job.status in WAITING
        else [],
        bundle=store.parsers.get(job.source_hash),
        replays=store.jobs.replays(job.job_id),
    )
