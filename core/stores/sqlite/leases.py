"""The queue in SQLite, as workers see it: who holds which job, and how an attempt ends."""

from __future__ import annotations

import datetime
import json
import random
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from casparian.core.stores.jobs import Advanced, Beat, Claim, Failed, JobError, Lease
from casparian.core.stores.retries import (
    BREAKER_FAILURES,
    after_crash,
    after_failure,
    delay_ms,
)
from casparian.core.stores.sqlite import standing_sets, statements
from casparian.core.stores.sqlite.job_counts import count
from casparian.core.stores.sqlite.job_rows import error_text, job_of, jobs_of_claim
from casparian.core.stores.sqlite.many_rows import of_all
from casparian.core.stores.sqlite.parsers import pause
from casparian.core.stores.sqlite.quarantine import replace_rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from casparian.core.stores.jobs import Completion, Failure, Job, Promotion
    from casparian.core.stores.sqlite.connection import Connection
    from casparian.core.stores.standing_sets import Promoted
    from casparian.core.stores.states import JobStatus


_PLACE: Final = attrgetter("priority", "seq")


class SqliteLeases:
    """Claims, and what the holder of a lease may do; see ``JobStore`` for what each promises."""

    def __init__(
        self, connection: Connection, uniform: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._connection = connection
        self._uniform = uniform
        self._more_may_be_there = False

    def claim_next(
        self,
        worker_id: str,
        *,
        limit: int,
        lease_ms: int,
        parser: str | None = None,
        without: Sequence[str] = (),
    ) -> list[Job]:
        """Take up to ``limit`` pending jobs, each for this worker alone, with a new fence."""
        if limit < 1:
            return []
        if not self._more_may_be_there:
            [there] = self._connection.read(statements.WORK_THERE, {"now": self._connection.now()})
            if not there[0]:
                return []  # an idle worker never takes the write lock
        return self.advance(
            claim=Claim(worker_id, limit, parser, without), lease_ms=lease_ms
        ).claimed

    def heartbeat(self, leases: Sequence[Lease], *, lease_ms: int) -> list[Beat]:
        """Prolong leases, and learn which are lost and which jobs are to be cancelled."""

        def work(raw: sqlite3.Connection, now: int) -> list[Beat]:
            beats = []
            for lease in leases:
                values = {**_named(lease), "lease_ms": lease_ms, "now": now}
                rows = raw.execute(statements.BEAT, values).fetchall()
                beats.append(Beat(lease, bool(rows), bool(rows and rows[0]["cancel_requested"])))
            return beats

        return self._connection.write(work) if leases else []

    def cancel_requests(self, leases: Sequence[Lease]) -> list[Lease]:
        """Return those of the leases whose running jobs are to be cancelled."""
        if not leases:
            return []
        ids = json.dumps([lease.job_id for lease in leases])
        rows = self._connection.read(statements.CANCEL_REQUESTS, {"job_ids": ids})
        wanted = {Lease(row["job_id"], row["fence"]) for row in rows}
        return [lease for lease in leases if lease in wanted]

    def progress(self, lease: Lease, done: int, total: int | None) -> bool:
        """Note how far a job is. False if the lease is lost."""
        values = {**_named(lease), "done": done, "total": total}
        return self._updates_one(statements.PROGRESS, values)

    def promote(self, promotions: Sequence[Promotion], *, lease_ms: int) -> list[Promoted]:
        """Pass the point of no return, before anything is visible."""

        def work(raw: sqlite3.Connection, now: int) -> list[Promoted]:
            return standing_sets.promote(raw, promotions, lease_ms=lease_ms, now=now)

        return self._connection.write(work)

    def complete(self, completions: Sequence[Completion]) -> list[bool]:
        """End promoting jobs whose sets are visible, with quarantine and history."""

        def work(raw: sqlite3.Connection, now: int) -> list[bool]:
            return _complete(raw, completions, now)

        return self._connection.write(work)

    def advance(
        self,
        *,
        completions: Sequence[Completion] = (),
        promotions: Sequence[Promotion] = (),
        claim: Claim | None = None,
        lease_ms: int,
    ) -> Advanced:
        """Complete, promote and claim, in this order and in one transaction: a worker's turn."""

        def work(raw: sqlite3.Connection, now: int) -> Advanced:
            completed = _complete(raw, completions, now) if completions else []
            promoted = (
                standing_sets.promote(raw, promotions, lease_ms=lease_ms, now=now)
                if promotions
                else []
            )
            if claim is None:
                return Advanced(completed, promoted, [])
            room = claim.limit + sum(one.outcome != "later" for one in promoted)
            claimed = _claim(raw, claim, room, lease_ms, now) if room > 0 else []
            return Advanced(completed, promoted, claimed, room)

        advanced = self._connection.write(work)
        if claim is not None:
            self._more_may_be_there = len(advanced.claimed) == advanced.room
        return advanced

    def fail(self, lease: Lease, failure: Failure) -> Failed | None:
        """End an attempt: the job is retried later, or has failed, or is a dead letter."""

        def work(raw: sqlite3.Connection, now: int) -> Failed | None:
            rows = raw.execute(statements.HELD, _named(lease)).fetchall()
            if not rows:
                return None
            job = job_of(rows[0])
            if failure.crashed:
                status, run_at = self._end_crashed(raw, job, failure.error, now)
            else:
                status, run_at = self._end_failed(raw, job, failure, now)
            if failure.quarantine or lease.fence > 1:
                replace_rows(raw, lease.job_id, failure.quarantine)
            known = failure.quarantined
            if known is None and failure.quarantine:
                known = len(failure.quarantine)
            if known is not None or job.quarantined is not None:
                raw.execute(statements.REFUSED, {**_named(lease), "quarantined": known})
            final = status in ("failed", "dead_letter")
            paused = failure.blames_parser and final and _blame(raw, job.parser, now)
            return Failed(status, run_at, paused)

        return self._connection.write(work)

    def vanished(self, lease: Lease, error: JobError) -> bool:
        """End a promoting job whose staged set somebody removed: it has failed."""

        def work(raw: sqlite3.Connection, now: int) -> bool:
            text = error_text(error)
            _end_attempts(raw, [(*lease, "promoting", now, "failed", text)])
            values = {**_named(lease), "error": text, "now": now}
            rows = raw.execute(statements.VANISHED, values).fetchall()
            if rows:
                standing_sets.put_back(raw, rows[0])
            return bool(rows)

        return self._connection.write(work)

    def hindered(self, lease: Lease, error: JobError) -> bool:
        """Note why a promoted set can't be published for now. False if the lease is lost."""
        return self._updates_one(statements.HINDERED, {**_named(lease), "error": error_text(error)})

    def release(self, lease: Lease) -> bool:
        """Give a running job back untouched: its attempt doesn't count."""

        def work(raw: sqlite3.Connection, now: int) -> bool:
            rows = raw.execute(statements.HELD, _named(lease)).fetchall()
            if not rows:
                return False
            outcome = "cancelled" if rows[0]["cancel_requested"] else "released"
            _end_attempts(raw, [(*lease, "running", now, outcome, None)])
            raw.execute(statements.RELEASE, {**_named(lease), "now": now})
            return True

        return self._connection.write(work)

    def requeue_stale(self, *, dead_workers: Sequence[str] = ()) -> list[Job]:
        """Take running jobs back whose lease ran out, or whose worker is known to be dead."""
        if not self._stale(statements.STALE_RUNNING, dead_workers):
            return []  # the usual case needs no write lock

        def work(raw: sqlite3.Connection, now: int) -> list[Job]:
            values = {"now": now, "dead_workers": json.dumps(list(dead_workers))}
            rows = raw.execute(statements.STALE_RUNNING, values).fetchall()
            return [self._crashed(raw, job_of(row), now) for row in rows]

        return self._connection.write(work)

    def stale_promoting(self, *, dead_workers: Sequence[str] = ()) -> list[Job]:
        """Return promoting jobs whose holder is gone."""
        return self._stale(statements.STALE_PROMOTING, dead_workers)

    def _stale(self, statement: str, dead_workers: Sequence[str]) -> list[Job]:
        values = {"now": self._connection.now(), "dead_workers": json.dumps(list(dead_workers))}
        return [job_of(row) for row in self._connection.read(statement, values)]

    def _end_failed(
        self, raw: sqlite3.Connection, job: Job, failure: Failure, now: int
    ) -> tuple[JobStatus, int | None]:
        status = after_failure(
            permanent=failure.permanent,
            attempt=job.attempt,
            max_attempts=job.max_attempts,
            cancel_requested=job.cancel_requested,
        )
        run_at = now + delay_ms(job.attempt, self._uniform) if status == "scheduled" else None
        _end(raw, job, status, failure.error, run_at=run_at, now=now, crashed=False)
        return status, run_at

    def _end_crashed(
        self, raw: sqlite3.Connection, job: Job, error: JobError, now: int
    ) -> tuple[JobStatus, int | None]:
        crashes = job.crash_count + 1
        status = after_crash(
            crashes=crashes, max_crashes=job.max_crashes, cancel_requested=job.cancel_requested
        )
        error = replace(error, details={**error.details, "crashes": crashes})
        if status == "dead_letter":
            times = "once" if crashes == 1 else f"{crashes} times"
            error = replace(
                error,
                error_class="poison",
                message=f"the job has crashed {times}; the last time: {error.message}",
                hint="run its parser over its input in dev mode: casparian run",
            )
        run_at = now + delay_ms(crashes - 1, self._uniform) if status == "scheduled" else None
        _end(raw, job, status, error, run_at=run_at, now=now, crashed=True)
        return status, run_at

    def _crashed(self, raw: sqlite3.Connection, job: Job, now: int) -> Job:
        heard = job.last_heartbeat_at or job.started_at or now
        when = datetime.datetime.fromtimestamp(heard / 1_000, datetime.UTC)
        error = JobError(
            "crash",
            f"the worker {job.worker_id} died or froze while it held this job: it was not heard of "
            f"since {when:%Y-%m-%d %H:%M:%S} UTC",
            "look at the job's log and at what the machine did then: memory, reboot, suspend",
            {"worker_id": job.worker_id, "last_heard_at": heard},
        )
        self._end_crashed(raw, job, error, now)
        row = raw.execute("SELECT * FROM cf_jobs WHERE seq = ?", (job.seq,)).fetchone()
        return job_of(row)

    def _updates_one(self, statement: str, values: Mapping[str, object]) -> bool:
        return self._connection.write(
            lambda raw, now: raw.execute(statement, {**values, "now": now}).rowcount == 1
        )


def _named(lease: Lease) -> dict[str, Any]:
    return lease._asdict()


def _claim(raw: sqlite3.Connection, claim: Claim, room: int, lease_ms: int, now: int) -> list[Job]:
    """Take pending jobs, each with a new fence; the first first."""
    if raw.execute(statements.SOME_DUE, (now,)).fetchall():
        raw.execute(statements.DUE, {"now": now})
    wanted = {
        "parser": claim.parser,
        "without": json.dumps(list(claim.without)) if claim.without else "[]",
    }
    ready = raw.execute(statements.READY, wanted).fetchall()
    if not ready:
        return []
    statement = statements.CLAIM
    if len(ready) == 1:  # as ever so often
        statement, wanted = statements.CLAIM_OF_BUNDLE, dict(ready[0])
    values = {
        **wanted,
        "worker_id": claim.worker_id,
        "limit": room,
        "lease_ms": lease_ms,
        "now": now,
    }
    texts = [text for (text,) in raw.execute(statement, values).fetchall()]
    jobs = jobs_of_claim(texts, claim.worker_id, lease_until=now + lease_ms, now=now)
    count(raw, [(job.parser, "pending") for job in jobs], by=-1)
    return sorted(jobs, key=_PLACE)


def _complete(raw: sqlite3.Connection, completions: Sequence[Completion], now: int) -> list[bool]:
    """End promoting jobs; False for each that is refused."""
    ends = [(*one.lease, one.rows, one.quarantined) for one in completions]
    found = of_all(raw, statements.COMPLETE, ends, once=(now,))
    jobs = {(row[0], row[1]): row for row in found}
    answers: list[bool] = []
    counted: list[tuple[str, JobStatus]] = []
    for completion in completions:
        job = jobs.pop(completion.lease, None)  # the second time it is refused
        answers.append(job is not None)
        if job is None:
            continue
        job_id, fence, parser, had_in_its_way = job
        counted.append((parser, _status(completion)))
        if completion.quarantine or fence > 1:
            replace_rows(raw, job_id, completion.quarantine)
        if had_in_its_way:
            _take_place(raw, job_id)
    count(raw, counted)
    for parser in {parser for parser, _ in counted}:
        raw.execute(statements.SUCCESS, {"parser": parser, "now": now})
    return answers


def _take_place(raw: sqlite3.Connection, job_id: str) -> None:
    """Note that a completed job's set and work have taken the place of others'."""
    job = raw.execute("SELECT * FROM cf_jobs WHERE job_id = ?", (job_id,)).fetchone()
    if job["replaces"] is not None:
        raw.execute(statements.REPLACED, dict(job))
    work = (job_id, job["input_hash"], job["source_hash"])
    standing_sets.unprocess(raw, of_all(raw, statements.DONE_BEFORE, [work]))


def _status(completion: Completion) -> JobStatus:
    return "completed_with_warnings" if completion.quarantined else "completed"


def _end(
    raw: sqlite3.Connection,
    job: Job,
    status: JobStatus,
    error: JobError,
    *,
    run_at: int | None,
    now: int,
    crashed: bool,
) -> None:
    """End a running job's attempt with an error; a dead letter keeps all that a replay needs."""
    if status == "cancelled" and error.error_class != "cancelled":
        # It would have run again but for that: the first thing to say is that somebody ended it.
        told = f"the job was cancelled while it ran; {error.error_class}: {error.message}"
        error = JobError("cancelled", told, details=error.details)
    text = error_text(error)
    values = {
        **_named(job.lease),
        "status": status,
        "run_at": job.run_at if run_at is None else run_at,
        "error": text,
        "crash_count": job.crash_count + crashed,
        "now": now,
    }
    outcome = "crashed" if crashed and status != "cancelled" else status
    _end_attempts(raw, [(*job.lease, "running", now, outcome, text)])
    raw.execute(statements.END_ATTEMPT, values)
    if status == "dead_letter":
        payload = {
            "parser": job.parser,
            "parser_version": job.parser_version,
            "source_hash": job.source_hash,
            "input_path": job.input_path,
            "input_hash": job.input_hash,
        }
        values["reason"] = "poison" if crashed else "attempts"
        values["payload"] = json.dumps(payload)
        raw.execute(statements.DEAD_LETTER, values)


def _end_attempts(raw: sqlite3.Connection, ended: Sequence[tuple[object, ...]]) -> None:
    """Keep how attempts end, as long as their jobs say the rest of them."""
    of_all(raw, statements.ATTEMPT_ENDS, ended)


def _blame(raw: sqlite3.Connection, parser: str, now: int) -> bool:
    """Count a final failure that is the parser's own; True if it opens the circuit breaker."""
    [row] = raw.execute(statements.BLAME, {"parser": parser, "now": now}).fetchall()
    failures = int(row["consecutive_failures"])
    if failures < BREAKER_FAILURES:
        return False
    return pause(raw, parser, f"{failures} consecutive failures", now)
