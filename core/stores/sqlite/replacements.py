"""Jobs whose sets take the place of other jobs' sets: never two sets of the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.stores.errors import StoreError
from casparian.core.stores.sqlite import statements
from casparian.core.stores.sqlite.job_rows import job_of
from casparian.core.stores.states import SUCCEEDED

if TYPE_CHECKING:
    import sqlite3

    from casparian.core.stores.jobs import Job


def standing(raw: sqlite3.Connection, job: Job) -> Job:
    """Return the job whose set stands now for the rows of ``job``; itself if it is none's.

    Raises StoreError if that job was pruned.
    """
    while True:
        if job.replaced_by is not None:
            job = _there(raw, job.replaced_by, job)
        elif job.replaces is None or job.status in SUCCEEDED:
            return job
        else:
            base = _there(raw, job.replaces, job)
            if base.replaced_by == job.job_id:
                return job  # it has published before, and its set stands while it runs again
            if base.replaced_by is None:
                return base  # it never came to replace it
            job = base


def refuse_beside_another(raw: sqlite3.Connection, job: Job) -> None:
    """Raise StoreError if another live job is to publish the rows of ``job``."""
    values = {"job_id": job.job_id, "replaces": job.replaces}
    found = raw.execute(statements.LIVE_REPLACEMENT, values).fetchone()
    if found is not None:
        raise StoreError(
            f"job {job.job_id} already has a replacement under way: job {found['job_id']} is "
            f"{found['status']}",
            hint=f"wait for it, or cancel it: casparian job cancel {found['job_id']}",
        )


def refuse_replaced(raw: sqlite3.Connection, job: Job) -> None:
    """Raise StoreError if a run of ``job`` would bring rows that another job's set has already."""
    newer = job.replaced_by
    if newer is None and job.replaces is not None:
        row = raw.execute(
            "SELECT replaced_by FROM cf_jobs WHERE job_id = ?", (job.replaces,)
        ).fetchone()
        newer = row["replaced_by"] if row and row["replaced_by"] != job.job_id else None
    if newer is not None:
        raise StoreError(
            f"job {job.job_id} can't be requeued: the set of job {newer} has taken its place",
            hint=f"requeue that one: casparian job requeue {newer}",
        )
    refuse_beside_another(raw, job)


def refuse_done(
    raw: sqlite3.Connection, job: Job, stands: str, *, input_hash: str, source_hash: str
) -> None:
    """Raise StoreError if this work is done already, by another job than the one that stands.

    Args:
        raw: a transaction's connection.
        job: is to run again, or anew by another job.
        stands: the job whose set goes when the new one comes.
        input_hash: of the input that would be read.
        source_hash: of the bundle that would read it.
    """
    row = raw.execute(
        "SELECT job_id FROM cf_processing_history "
        f"WHERE {statements.OF_INPUT} AND source_hash = :source_hash",
        {"input_hash": input_hash, "source_hash": source_hash},
    ).fetchone()
    if row is not None and row["job_id"] not in (job.job_id, stands):
        raise StoreError(
            f"job {job.job_id} is not run again: job {row['job_id']} has done the same work since, "
            "and its set stands",
            hint=f"to do that one again: casparian job requeue {row['job_id']}",
        )


def _there(raw: sqlite3.Connection, job_id: str, asked: Job) -> Job:
    row = raw.execute("SELECT * FROM cf_jobs WHERE job_id = ?", (job_id,)).fetchone()
    if row is None:
        raise StoreError(
            f"job {asked.job_id} can't be replaced: job {job_id}, whose set stands for the same "
            "rows, was pruned",
            hint="queue the input again: casparian enqueue --force; its set replaces that one",
        )
    return job_of(row)
