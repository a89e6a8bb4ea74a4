"""What is said of a job wherever jobs are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from casparian.app.ages import shown_duration
from casparian.core.stores.states import ENDED, SUCCEEDED, WAITING

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Job

#: Stands where a job that came to nothing has no number, so that no blank is taken for none.
NOTHING: Final = "–"


def rows_of(job: Job) -> str:
    """Say how many rows a job has published: of one that has failed, none."""
    if job.rows is not None:
        return f"{job.rows:,}"
    return NOTHING if _came_to_nothing(job) else ""


def refused_of(job: Job) -> str:
    """Say how many rows were refused: of a job that has failed, until its last attempt ended."""
    if job.quarantined:
        return f"{job.quarantined:,}"
    return NOTHING if _came_to_nothing(job) else ""


def _came_to_nothing(job: Job) -> bool:
    return job.status in ENDED and job.status not in SUCCEEDED


def tries_of(job: Job) -> str:
    """Say which attempt a job's newest is, and of how many if more may follow or all were used."""
    if job.attempt <= 1:
        return ""
    is_last = job.status in ENDED and job.attempt < job.max_attempts
    return f"{job.attempt}" if is_last else f"{job.attempt}/{job.max_attempts}"


def progress_of(job: Job) -> str:
    """Say how far a running job is, as its parser tells."""
    if job.status != "running" or job.progress_done is None:
        return ""
    if not job.progress_total:
        return f"{job.progress_done:,}"
    return f"{100 * job.progress_done // job.progress_total}%"


def took(job: Job, now: int) -> str:
    """Say how long a job's newest attempt took, or takes."""
    if job.started_at is None or job.status in WAITING:
        return ""
    return shown_duration((job.finished_at or now) - job.started_at)
