"""The queue in SQLite: what a person or a program asks of jobs. What holders of leases ask of
theirs stands in ``leases``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from casparian.core.stores.errors import AmbiguousJobError, StoreError, UnknownJobError
from casparian.core.stores.jobs import Inserted, JobFilter, JobPage, NewJob, Replay
from casparian.core.stores.sqlite import set_statements, statements
from casparian.core.stores.sqlite.job_rows import (
    attempt_of,
    count_query,
    job_of,
    page_query,
    ranking_query,
)
from casparian.core.stores.sqlite.leases import SqliteLeases
from casparian.core.stores.sqlite.new_jobs import insert, insert_all, there_already
from casparian.core.stores.sqlite.replacements import (
    refuse_beside_another,
    refuse_done,
    refuse_replaced,
    standing,
)
from casparian.core.stores.sqlite.standing_sets import would_replace
from casparian.core.stores.standing_sets import StandsFor
from casparian.core.stores.states import ENDED, STATUSES, SUCCEEDED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from casparian.core.stores.jobs import Attempt, Job, Measure, Sort
    from casparian.core.stores.standing_sets import StandingSet
    from casparian.core.stores.states import JobStatus

_SHOWN = 5


class SqliteJobs(SqliteLeases):
    """See :class:`casparian.core.stores.job_store.JobStore`."""

    def insert(self, job: NewJob) -> Inserted:
        """Queue a job, unless one for the same input and bundle is live or has succeeded."""
        return self.insert_many([job])[0]

    def insert_many(self, jobs: Iterable[NewJob]) -> list[Inserted]:
        """Queue jobs in their order, all or none."""
        wanted = list(jobs)  # the transaction may run again

        def work(raw: sqlite3.Connection, now: int) -> list[Inserted]:
            return insert_all(raw, wanted, now=now)

        return self._connection.write(work)

    def would_insert(
        self, jobs: Sequence[NewJob], *, also: Collection[tuple[str, str]] = ()
    ) -> list[Inserted | None]:
        """Return what would be there already; None for what would be queued."""

        def work(raw: sqlite3.Connection) -> list[Inserted | None]:
            queued, found = set(also), list[Inserted | None]()
            for job in jobs:
                there = None if job.forced else there_already(raw, job, queued)
                if there is None:
                    queued.add((job.input_hash, job.source_hash))
                found.append(there)
            return found

        return self._connection.look(work)

    def cancel(self, job_id: str) -> JobStatus | None:
        """Cancel a waiting job, or ask for a running one to be ended."""

        def work(raw: sqlite3.Connection, now: int) -> JobStatus | None:
            rows = raw.execute(statements.CANCEL, {"job_id": job_id, "now": now}).fetchall()
            status: JobStatus | None = rows[0]["status"] if rows else None
            return status

        return self._connection.write(work)

    def retry(self, job_id: str) -> bool:
        """Let a scheduled job run now."""
        return self._updates_one(statements.RETRY, {"job_id": job_id})

    def requeue(self, job_id: str) -> bool:
        """Run an ended job again: same id, attempts and crashes afresh, the fence kept.

        Raises StoreError if another live job does the same work already, or replaces its set.
        """

        def work(raw: sqlite3.Connection, now: int) -> bool:
            found = raw.execute("SELECT * FROM cf_jobs WHERE job_id = ?", (job_id,)).fetchone()
            if found is None or found["status"] not in ENDED:
                return False
            if not found["forced"]:
                other = raw.execute(
                    f"SELECT job_id FROM cf_jobs WHERE {statements.OF_INPUT} "
                    "AND source_hash = :source_hash AND "
                    "+status IN ('pending', 'scheduled', 'running', 'promoting')",
                    dict(found),
                ).fetchone()
                if other is not None:
                    raise StoreError(
                        f"job {job_id} can't be requeued: job {other[0]} does the same work now"
                    )
            again = job_of(found)
            refuse_replaced(raw, again)
            chosen = again.forced and again.replay_of is None  # to be done a second time
            if again.status not in SUCCEEDED and not chosen:
                stands = standing(raw, again).job_id
                refuse_done(
                    raw,
                    again,
                    stands,
                    input_hash=again.input_hash,
                    source_hash=again.source_hash,
                )
            raw.execute(statements.KEEP_ATTEMPT, (job_id,))
            done = raw.execute(statements.REQUEUE, {"job_id": job_id, "now": now})
            return done.rowcount == 1

        return self._connection.write(work)

    def replay(self, job_id: str, *, source_hash: str, parser_version: str) -> str | None:
        """Queue a new job for a dead letter's input, linked to it."""

        def work(raw: sqlite3.Connection, now: int) -> str | None:
            row = raw.execute(
                "SELECT * FROM cf_jobs WHERE job_id = ? AND status = 'dead_letter'", (job_id,)
            ).fetchone()
            if row is None:
                return None
            dead = job_of(row)
            new = _again(
                dead,
                raw,
                source_hash=source_hash,
                parser_version=parser_version,
                input_hash=dead.input_hash,
                input_size=dead.input_size,
            )
            inserted = insert(raw, new, now=now)
            link = {"job_id": job_id, "fence": dead.fence, "new_id": inserted.job_id, "now": now}
            raw.execute(statements.REPLAYED, link)
            return inserted.job_id

        return self._connection.write(work)

    def replace(
        self,
        job_id: str,
        *,
        source_hash: str,
        parser_version: str,
        input_hash: str,
        input_size: int,
    ) -> str | None:
        """Queue a new job for an ended job's input, whose set is to take the place of its set."""

        def work(raw: sqlite3.Connection, now: int) -> str | None:
            row = raw.execute("SELECT * FROM cf_jobs WHERE job_id = ?", (job_id,)).fetchone()
            if row is None or row["status"] not in ENDED:
                return None
            new = _again(
                job_of(row),
                raw,
                source_hash=source_hash,
                parser_version=parser_version,
                input_hash=input_hash,
                input_size=input_size,
            )
            return insert(raw, new, now=now).job_id

        return self._connection.write(work)

    def would_replace(self, job_id: str, place: str) -> list[StandingSet]:
        """Return the sets that would go if a job's set came to a place now; changes nothing."""
        if not self._connection.read(statements.MAY_REPLACE, (job_id,)):
            return []  # as ever so often
        return self._connection.look(lambda raw: would_replace(raw, job_id, place))

    def stand_for(self, parser: str, input_paths: Sequence[str]) -> list[StandsFor]:
        """Return what stands for paths, of all versions of a parser."""
        values = {"parser": parser, "input_paths": json.dumps(list(input_paths))}
        return [
            StandsFor(*row) for row in self._connection.read(set_statements.STAND_FOR_PATHS, values)
        ]

    def publishes_below(self, root: Path) -> bool:
        """Whether a set stands, or is about to, below a folder. All sets are looked at if none."""
        folder = f"{root}/"
        values = {"folder": folder, "database": f"sqlite://{folder}"}
        return bool(self._connection.read(set_statements.STANDS_BELOW, values))

    def get(self, job_id: str) -> Job | None:
        """Return a job, or None."""
        rows = self._connection.read("SELECT * FROM cf_jobs WHERE job_id = ?", (job_id,))
        return job_of(rows[0]) if rows else None

    def find(self, beginning: str) -> Job:
        """Return the one job whose id begins so. Raises UnknownJobError or AmbiguousJobError."""
        rows = self._connection.read(
            "SELECT * FROM cf_jobs WHERE job_id >= ? AND job_id < ? ORDER BY job_id LIMIT ?",
            (beginning, beginning + "\U0010ffff", _SHOWN + 1),
        )
        if not beginning or not rows:
            raise UnknownJobError(
                f"there is no job {beginning!r}", hint="casparian jobs lists those there are"
            )
        if len(rows) > 1:
            first = [row["job_id"] for row in rows[:_SHOWN]]
            ids = ", ".join(first)
            more = " and more" if len(rows) > _SHOWN else ""
            raise AmbiguousJobError(
                f"several jobs' ids begin with {beginning!r}: {ids}{more}",
                hint="give more of the id",
                job_ids=first,
            )
        return job_of(rows[0])

    def attempts(self, job_id: str) -> list[Attempt]:
        """Return every claim of a job, the first first."""
        rows = self._connection.read(statements.ATTEMPTS, {"job_id": job_id})
        return [attempt_of(row) for row in rows]

    def replays(self, job_id: str) -> list[Replay]:
        """Return as which jobs a job was replayed."""
        rows = self._connection.read(
            "SELECT replayed_at, replayed_as FROM cf_dead_letter "
            "WHERE job_id = ? AND replayed_as IS NOT NULL ORDER BY fence",
            (job_id,),
        )
        return [Replay(row[0], row[1]) for row in rows]

    def counts(self, parser: str | None = None) -> dict[JobStatus, int]:
        """Return how many jobs there are in each state."""
        rows = self._connection.read(
            f"SELECT status, sum(jobs) FROM ({statements.COUNTS}) "
            "WHERE :parser IS NULL OR parser = :parser GROUP BY status",
            {"parser": parser},
        )
        return {row[0]: row[1] for row in rows}

    def exists_for_hash(self, input_hash: str, source_hash: str) -> str | None:
        """Return the job that is live, or has succeeded, for this input and bundle."""
        rows = self._connection.read(
            statements.SAME_WORK, {"input_hash": input_hash, "source_hash": source_hash}
        )
        return rows[0]["job_id"] if rows else None

    def prune(
        self, *, before: int, statuses: Sequence[JobStatus] = (), limit: int = 1_000
    ) -> list[str]:
        """Forget up to ``limit`` jobs that ended before a time; returns their ids."""
        wanted = json.dumps(sorted(set(statuses or ENDED) & ENDED))

        def work(raw: sqlite3.Connection, _now: int) -> list[str]:
            values = {"before": before, "statuses": wanted, "limit": limit}
            ids = [row["job_id"] for row in raw.execute(statements.PRUNE, values).fetchall()]
            _forget_parts(raw, ids)
            return ids

        return self._connection.write(work)

    def delete(self, job_id: str) -> bool:
        """Forget an ended job, as `prune` does."""

        def work(raw: sqlite3.Connection, _now: int) -> bool:
            done = raw.execute(statements.DELETE, {"job_id": job_id}).rowcount == 1
            if done:
                _forget_parts(raw, [job_id])
            return done

        return self._connection.write(work)

    def count(self, filter_: JobFilter) -> int:
        """Return how many jobs pass; of a state or a parser alone in constant time."""
        if filter_ == JobFilter(statuses=filter_.statuses, parser=filter_.parser):
            counts = self.counts(filter_.parser)
            return sum(counts.get(status, 0) for status in set(filter_.statuses or STATUSES))
        sql, values = count_query(filter_)
        return int(self._connection.read(sql, values)[0][0])

    def list(
        self,
        filter_: JobFilter | None = None,
        *,
        sort: Sort = "newest",
        after: int | None = None,
        limit: int = 100,
    ) -> JobPage:
        """Return a page of jobs."""
        sql, values = page_query(filter_ or JobFilter(), sort, after, limit + 1)
        jobs = tuple(job_of(row) for row in self._connection.read(sql, values))
        more = len(jobs) > limit
        return JobPage(jobs[:limit], jobs[limit - 1].seq if more else None)

    def parsers(self) -> Sequence[str]:
        """Return the names of the parsers that have jobs."""
        rows = self._connection.read(
            f"SELECT DISTINCT parser FROM ({statements.COUNTS}) ORDER BY parser"
        )
        return [row[0] for row in rows]

    def ranked(
        self, filter_: JobFilter, by: Measure, *, descending: bool, most: int
    ) -> Sequence[int] | None:
        """Return the places of all jobs that pass, sorted; None if there are more than most."""
        sql, values = ranking_query(filter_, by, descending=descending, limit=most + 1)
        rows = self._connection.read(sql, values | {"now": self._connection.now()})
        return None if len(rows) > most else [row[0] for row in rows]

    def of(self, seqs: Sequence[int]) -> Sequence[Job]:
        """Return the jobs of these places, in this order."""
        rows = self._connection.read(
            "SELECT * FROM cf_jobs WHERE seq IN (SELECT value FROM json_each(?))",
            (json.dumps(list(seqs)),),
        )
        found = {row["seq"]: row for row in rows}
        return [job_of(found[seq]) for seq in seqs if seq in found]


def _forget_parts(raw: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Forget what belongs to jobs that are gone."""
    for table in ("cf_ended_attempts", "cf_quarantine", "cf_dead_letter"):
        raw.executemany(f"DELETE FROM {table} WHERE job_id = ?", [(id_,) for id_ in ids])


def _again(
    job: Job,
    raw: sqlite3.Connection,
    *,
    source_hash: str,
    parser_version: str,
    input_hash: str,
    input_size: int,
) -> NewJob:
    """Return a job for the input of an ended one, in place of whatever set stands for it."""
    stands = standing(raw, job)
    if stands.status not in ENDED:
        raise StoreError(
            f"job {job.job_id} has been replaced: job {stands.job_id} is {stands.status}",
            hint="wait until it has ended",
        )
    refuse_beside_another(raw, stands)
    refuse_done(raw, job, stands.job_id, input_hash=input_hash, source_hash=source_hash)
    return NewJob(
        parser=job.parser,
        parser_version=parser_version,
        source_hash=source_hash,
        input_path=job.input_path,
        input_hash=input_hash,
        input_size=input_size,
        priority=job.priority,
        forced=True,
        max_attempts=job.max_attempts,
        max_crashes=job.max_crashes,
        replay_of=job.job_id,
        replaces=stands.job_id,
    )
