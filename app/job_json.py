"""A job as JSON: times in ISO 8601, UTC."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .ages import iso

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Attempt, Job, JobError


def is_late(job: Job, now: int) -> bool:
    """Whether a job's worker has not been heard of in time: another one will take it."""
    return job.lease_until is not None and job.lease_until < now


def job_json(job: Job, now: int) -> dict[str, Any]:
    """Return a job; ``late`` as `is_late` says."""
    return {
        "job_id": job.job_id,
        "status": job.status,
        "parser": job.parser,
        "parser_version": job.parser_version,
        "source_hash": job.source_hash,
        "input_path": job.input_path,
        "input_hash": job.input_hash,
        "input_size": job.input_size,
        "priority": job.priority,
        "forced": job.forced,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "crash_count": job.crash_count,
        "fence": job.fence,
        "progress_done": job.progress_done,
        "progress_total": job.progress_total,
        "rows": job.rows,
        "quarantined": job.quarantined,
        "cancel_requested": job.cancel_requested,
        "worker_id": job.worker_id,
        "late": is_late(job, now),
        "error": error_json(job.error),
        "replay_of": job.replay_of,
        "replaces": job.replaces,
        "replaced_by": job.replaced_by,
        "created_at": iso(job.created_at),
        "run_at": iso(job.run_at or None),
        "started_at": iso(job.started_at),
        "finished_at": iso(job.finished_at),
        "last_heartbeat_at": iso(job.last_heartbeat_at),
        "lease_until": iso(job.lease_until),
    }


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt."""
    return {
        "attempt": attempt.attempt,
        "fence": attempt.fence,
        "worker_id": attempt.worker_id,
        "started_at": iso(attempt.started_at),
        "ended_at": iso(attempt.ended_at),
        "outcome": attempt.outcome,
        "error": error_json(attempt.error),
    }


def error_json(error: JobError | None) -> dict[str, Any] | None:
    """Return an error."""
    return None if error is None else asdict(error)
