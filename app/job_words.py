"""What is said of a job wherever jobs are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.app.ages import shown_duration
from casparian.core.stores.states import WAITING

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Job


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
