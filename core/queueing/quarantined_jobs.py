"""The jobs that have rows in quarantine, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.core.stores.jobs import JobFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.stores.jobs import Job
    from casparian.core.stores.quarantine import StoredGroup
    from casparian.core.stores.store import Store

_PAGE: Final = 200
#: Failed jobs, most of which have none, are looked at up to so many.
_MOST_LOOKED_AT: Final = 2_000


@dataclass(frozen=True, slots=True)
class QuarantinedJob:
    """A job, how many rows the store has of its quarantine, and their kinds."""

    job: Job
    rows: int
    groups: Sequence[StoredGroup]


@dataclass(frozen=True, slots=True)
class QuarantinedJobs:
    """Jobs with quarantine; ``more`` says that there may be others."""

    jobs: Sequence[QuarantinedJob]
    more: bool


def quarantined_jobs(store: Store, *, parser: str | None, limit: int) -> QuarantinedJobs:
    """Return up to ``limit`` jobs, of a parser or of all. Those that were replaced are left out."""
    wanted = JobFilter(
        statuses=("completed_with_warnings", "failed", "dead_letter", "cancelled"), parser=parser
    )
    found: list[QuarantinedJob] = []
    after: int | None = None
    looked_at = 0
    while looked_at < _MOST_LOOKED_AT:
        page = store.jobs.list(wanted, after=after, limit=_PAGE)
        looked_at += len(page.jobs)
        counts = store.quarantine.counts([job.job_id for job in page.jobs])
        for job in page.jobs:
            if not counts[job.job_id] or job.replaced_by is not None:
                continue
            if len(found) == limit:
                return QuarantinedJobs(found, more=True)
            groups = store.quarantine.groups(job.job_id)
            found.append(QuarantinedJob(job, counts[job.job_id], groups))
        after = page.after
        if after is None:
            return QuarantinedJobs(found, more=False)
    return QuarantinedJobs(found, more=True)
