"""New jobs in SQLite: queued, unless what they would do is done, or about to be, already."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from casparian.core.stores.jobs import Inserted
from casparian.core.stores.sqlite import set_statements, statements
from casparian.core.stores.sqlite.job_counts import count
from casparian.core.stores.sqlite.many_rows import BATCH, of_all
from casparian.core.stores.sqlite.standing_sets import share, shares

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence

    from casparian.core.stores.jobs import NewJob


def insert_all(raw: sqlite3.Connection, jobs: Sequence[NewJob], *, now: int) -> list[Inserted]:
    """Queue jobs in their order, within a transaction."""
    done: list[Inserted] = []
    for start in range(0, len(jobs), BATCH):
        part = jobs[start : start + BATCH]
        if len(part) > 1 and _all_new(raw, part):
            done += _insert_new(raw, part, now=now)
        else:
            done += [insert(raw, job, now=now) for job in part]
    return done


def there_already(
    raw: sqlite3.Connection, job: NewJob, queued: Collection[tuple[str, str]]
) -> Inserted | None:
    """Return the job whose set a new one would share, as `insert` decides it."""
    values = job._asdict()
    rows = raw.execute(statements.SAME_WORK, values).fetchall()
    if (job.input_hash, job.source_hash) in queued and not (rows and not rows[0]["processed"]):
        stands = raw.execute(set_statements.STANDS_FOR_PATH, values).fetchall()
        return None if stands else Inserted("", is_new=False)
    if not rows or not shares(raw, values, rows[0]):
        return None
    return Inserted(rows[0]["job_id"], is_new=False, processed=bool(rows[0]["processed"]))


def insert(raw: sqlite3.Connection, job: NewJob, *, now: int) -> Inserted:
    """Queue a job, unless it can share what another one has done or does; within a transaction."""
    if not job.forced:
        work = {"input_hash": job.input_hash, "source_hash": job.source_hash}
        there = raw.execute(statements.SAME_WORK, work).fetchall()
        if there and share(raw, job._asdict(), there[0]):
            processed, forgotten = bool(there[0]["processed"]), bool(there[0]["forgotten"])
            return Inserted(there[0]["job_id"], False, processed, forgotten)
    [inserted] = _insert_new(raw, [job], now=now)
    return inserted


def _all_new(raw: sqlite3.Connection, jobs: Sequence[NewJob]) -> bool:
    """Say whether no job is the same work as one that is there, or as another of them."""
    if len({(job.input_hash, job.source_hash) for job in jobs}) < len(jobs):
        return False
    unforced = [job for job in jobs if not job.forced]
    bundles = {job.source_hash for job in unforced}
    works: list[tuple[str, ...]]
    if len(bundles) == 1:
        works, once = [(job.input_hash,) for job in unforced], tuple(bundles)
    else:
        works, once = [(job.input_hash, job.source_hash) for job in unforced], ()
    return not of_all(raw, statements.SAME_WORK_AS_ANY, works, once=once)


def _insert_new(raw: sqlite3.Connection, jobs: Sequence[NewJob], *, now: int) -> list[Inserted]:
    ids = _new_ids(len(jobs))
    inputs = [(id_, *job[3:6]) for id_, job in zip(ids, jobs, strict=True)]
    kind = _kind(jobs[0], now)
    if all(job[:3] == jobs[0][:3] and job[6:] == jobs[0][6:] for job in jobs):
        of_all(raw, statements.INSERT, inputs, once=kind)
        count(raw, [(kind[1], kind[0])] * len(jobs))
    else:
        kinds = [_kind(job, now) for job in jobs]
        of_all(raw, statements.INSERT, [(*a, *b) for a, b in zip(inputs, kinds, strict=True)])
        count(raw, [(kind[1], kind[0]) for kind in kinds])
    return [Inserted(id_, True) for id_ in ids]


def _kind(job: NewJob, now: int) -> tuple[Any, ...]:
    """Return what a new job has beside its input (``job[3:6]``), as `statements.INSERT` has it."""
    status = "scheduled" if job.run_at > now else "pending"
    return status, *job[:3], *job[6:], now


def _new_ids(number: int) -> list[str]:
    """Return ids of jobs that are queued together: random, and beside each other in an index.

    Whatever is kept by the ids of jobs that come and go together is then on few pages, and each
    page that a transaction changes is written to the disk.
    """
    digits = secrets.token_hex(2 + 7 * number)  # all at once: each time the system is asked
    beginning = digits[:3]
    return [beginning + digits[place : place + 13] for place in range(4, len(digits), 14)]
